"""Whether a sentence says of the cues that it cites what was measured of them.

Takes a sentence and what an explanation rests on; gives yes or no. Quotations, numbers and labels are compared, not
what the words between them make of them.
"""

import re

from thymos.agent.reasoning.cues import likeliest
from thymos.agent.reasoning.values import Sentence
from thymos.agent.reasoning.wording import capital, percent, points, quoted
from thymos.agent.reasoning.writing import Material

_NUMBER = re.compile(r"\d+(?:\.\d+)? (?:%|points)")


def supported(sentence: Sentence, material: Material) -> bool:
    """Say whether quotations are cited cues, numbers theirs or the decision's, and labels theirs or the likeliest."""
    before, after = material.before, material.after
    top = likeliest(before)
    leading = sorted(after, key=lambda name: -after[name])[:2]
    cues = [cue for cue in material.cues if f"cue:{cue.number}" in sentence.citations]
    left = sentence.text
    for words in sorted((quoted(cue) for cue in cues), key=len, reverse=True):
        left = left.replace(words, " ").replace(capital(words), " ")
    numbers = {percent(before[top]), *(percent(after[name]) for name in leading)}
    numbers |= {percent(before[top] - cue.weight) for cue in cues} | {points(cue.weight) for cue in cues}
    labels = {top, *leading, *(cue.without for cue in cues)}
    named = {name for name in after if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", left, re.IGNORECASE)}
    return '"' not in left and set(_NUMBER.findall(left)) <= numbers and named <= labels
