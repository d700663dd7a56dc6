"""What personal data look like: patterns of addresses, numbers and names at networks.

Takes text; says what kind of personal data is in it. Rules alone, so what they do not know is missed. Knows nothing of
what is done with what is found.
"""

import re

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")  # ISO 13616
PHONE = re.compile(r"(?<![\w.:-])(?:\+|00)?\(?\d{1,4}\)?(?:[ /().-]{0,2}\d{2,5}){2,5}(?![\w:-])")
URL = re.compile(r"\b(?:https?://|www\.)\S{3,}|\b[\w-]{2,63}\.(?:com|org|net|io|co|de|uk|fr|info)\b(?:/\S*)?", re.I)
HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z_]\w{1,29}\b")
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d\b")
_LEAST_DIGITS = 7  # of a phone number; shorter ones are counts, ports, years


def is_phone(found: str) -> bool:
    """Say whether what `PHONE` found is a number to call, and no count or date."""
    return sum(letter.isdigit() for letter in found) >= _LEAST_DIGITS and not _DATE.match(found)


def personal_in(text: str) -> str:
    """Return what kind of personal data a text holds, "" where none is found."""
    for kind, pattern in (("e-mail address", EMAIL), ("IBAN", IBAN), ("web address", URL), ("handle", HANDLE)):
        if pattern.search(text):
            return kind
    return "phone number" if any(is_phone(match[0]) for match in PHONE.finditer(text)) else ""
