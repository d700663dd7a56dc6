"""Personal data out of logs: addresses, numbers and names become `[email]`, `[phone]`, `[iban]`, `[name]`.

Takes log records; gives them back with less in them. Rules alone, so what they do not know stays; the server's own
lines hold no texts in the first place. Knows nothing of who logs.
"""

import logging
import re

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")  # ISO 13616
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|00)?\(?\d{1,4}\)?(?:[ /().-]{0,2}\d{2,5}){2,5}(?![\w:-])")
_NAME = re.compile(
    r"(?i:\b(my name is|my name's|i am called|they call me|ich hei(?:ß|ss)e|je m'appelle|me llamo)\s+)"
    r"([^\W\d_][\w'’-]*(?:\s+[A-ZÀ-Þ][\w'’-]*){0,2})"
)
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d\b")
_LEAST_DIGITS = 7  # of a phone number; shorter ones are counts, ports, years


def redacted(text: str) -> str:
    """Return a text without what the rules take for personal data."""
    text = _EMAIL.sub("[email]", text)
    text = _IBAN.sub("[iban]", text)
    text = _PHONE.sub(_phone, text)
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
    digits = sum(letter.isdigit() for letter in match[0])
    return "[phone]" if digits >= _LEAST_DIGITS and not _DATE.match(match[0]) else match[0]
