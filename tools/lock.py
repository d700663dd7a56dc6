"""Write requirements.lock: exactly what pyproject.toml needs, at the versions installed here.

Takes the environment it runs in; prints the lock on standard output. Walks the installed packages' own
requirements, so nothing that merely happens to be installed gets in. `make lock` calls it.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LEFT_OUT = {"triton"}  # kernels for NVIDIA GPUs, 0.6 GB; openai-whisper names it and runs without
ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# Every package that `make` installs, at the version it was tested with. Written by `make lock`; to move to
# newer versions: .venv/bin/pip install -U NAME ..., then make lock, make test, make test-slow.
# It is complete but for GPU kernels, hence --no-deps. torch is pinned without a build tag, so that pip may take the
# build that this machine offers.
"""


def closure(roots: Iterable[str]) -> dict[str, str]:
    """Return name -> version of the roots and of all they need here, extras and markers obeyed."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = [Requirement(root) for root in roots]
    while todo:
        wanted = todo.pop()
        if wanted.name in LEFT_OUT:
            continue
        found = distribution(wanted.name)
        pins[canonicalize_name(wanted.name)] = re.sub(r"\+.*", "", found.version)  # 2.13.0+cpu -> 2.13.0
        for extra in ("", *wanted.extras):
            if (found.name, extra) in seen:
                continue
            seen.add((found.name, extra))
            needs = map(Requirement, found.requires or ())
            todo += [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]
    return pins


def main() -> None:
    """Print the lock of the environment that runs this."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    meta = project["project"]
    roots = [
        *project["build-system"]["requires"],
        *meta["dependencies"],
        *meta["optional-dependencies"]["dev"],
    ]
    pins = (f"{name}=={version}\n" for name, version in sorted(closure(roots).items()))
    sys.stdout.write(HEADER + "".join(pins))


if __name__ == "__main__":
    main()
