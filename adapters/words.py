r"""What a word is made of in any script, for regular expressions: Python's own `\w` leaves out signs on letters.

Signs are vowels in Hindi, Bengali, Tamil or Thai, and points in Hebrew or Arabic; without them words fall apart.
"""

import unicodedata

_SELECTORS = range(0xFE00, 0xFE10)  # they choose how a smiley is drawn

# To stand in a character class, behind a character of `\w`.
SIGNS = "".join(
    chr(each)
    for each in range(0x300, 0x20000)
    if unicodedata.category(chr(each)) in ("Mn", "Mc") and each not in _SELECTORS
)
