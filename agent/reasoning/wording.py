"""How cues and numbers stand in a sentence, whoever writes it.

Takes values; gives words.
"""

from thymos.agent.reasoning.values import Cue

_RECORDINGS = {"speech": "the voice", "face": "the face", "physiology": "the body"}
_SHOWN = 80  # characters of a cue or an example in a sentence


def quoted(cue: Cue) -> str:
    """Return what a cue is, in words."""
    if cue.kind == "turn":
        return f'the turn "{short(cue.text)}"'
    if cue.kind in _RECORDINGS:
        return _RECORDINGS[cue.kind] + (f" ({cue.text})" if cue.text else "")
    words = short(cue.text)
    return f'"{words.rstrip(",.;:") or words}"'


def capital(text: str) -> str:
    """Return a text whose first letter is a capital."""
    return text[:1].upper() + text[1:]


def short(text: str) -> str:
    """Return a text as one line of no great length."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"


def percent(probability: float) -> str:
    """Return a probability in percent."""
    return f"{round(100 * min(1.0, max(0.0, probability)))} %"


def points(weight: float) -> str:
    """Return a difference of probabilities in points of a percent."""
    return f"{abs(100 * weight):.1f} points"
