"""A `Preview` as the text of `thymos label --dry-run`. Takes the value, gives lines; prints nothing."""

from thymos.agent.cli.pace import duration
from thymos.agent.runs.preview import Preview

_RULE = "-" * 40
# Escape sequences in a corpus must not reach the terminal: control characters are shown as pictures.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {127: 0x2421}


def describe(found: Preview) -> str:
    """Return prompt, rows, tokens, time and memory, one a line."""
    prompt = "no good row to show" if found.prompt is None else found.prompt.translate(_VISIBLE)
    lines = ["prompt of the first row, exactly:", _RULE, prompt, _RULE]
    lines.append(f"rows    {'' if found.counted else 'about '}{found.rows:,}")
    if found.first_bad is not None:
        lines.append(
            f"bad     {found.bad:,} of the {found.looked_at:,} rows looked at, the first in row "
            f"{found.first_bad.row}: {found.first_bad.reason.translate(_VISIBLE)}"
        )
    lines.append(f"tokens  about {found.tokens:,}")
    if found.seconds is not None:
        lines.append(f"time    about {duration(found.seconds)}, at {found.rows_per_second:,.1f} rows/s")
    lines.append(f"memory  {found.memory / 1e6:,.0f} MB in use after labelling a few rows")
    lines.append("nothing was written")
    return "\n".join(lines)
