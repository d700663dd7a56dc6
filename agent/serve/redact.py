"""Personal data out of logs: addresses, numbers and names become `[email]`, `[phone]`, `[iban]`, `[name]`.

Takes log records; gives them back with less in them. Rules alone, so what they do not know stays; the server's own
lines hold no texts in the first place. Knows nothing of who logs.
"""

import logging
import re

from thymos.agent.personal import EMAIL, IBAN, PHONE, is_phone

_NAME = re.compile(
    r"(?i:\b(my name is|my name's|i am called|they call me|ich hei(?:ß|ss)e|je m'appelle|me llamo)\s+)"
    r"([^\W\d_][\w'’-]*(?:\s+[A-ZÀ-Þ][\w'’-]*){0,2})"
)


def redacted(text: str) -> str:
    """Return a text without what the rules take for personal data."""
    text = EMAIL.sub("[email]", text)
    text = IBAN.sub("[iban]", text)
    text = PHONE.sub(_phone, text)
    return _NAME.sub(lambda match: f"{match[1]} [name]", text)


class Redaction(logging.Filter):
    """Puts every record that passes through `redacted`, its traceback too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; let it pass."""
        record.msg = redacted(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        return True


def _phone(match: re.Match[str]) -> str:
    return "[phone]" if is_phone(match[0]) else match[0]
