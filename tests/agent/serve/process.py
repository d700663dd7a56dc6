"""A server as a process of its own, around the fake agent: `python -m tests.agent.serve.process HOME PAUSE`.

Prints its address. Tests kill it.
"""

import sys
from pathlib import Path

from tests.agent.serve.conftest import settings
from tests.agent.serve.fakes import FakeAgent, FakeWriter, reasons_of
from thymos.agent.serve.app import create_app
from thymos.agent.serve.listen import run
from thymos.agent.serve.settings import Settings


def say(told: Settings, port: int) -> None:
    print(f"http://127.0.0.1:{port}", flush=True)


def main(home: Path, pause: float) -> None:
    (home / "media").mkdir(parents=True, exist_ok=True)
    agent = FakeAgent(home / "media", labeler_pause=pause)
    told = settings(home, job_chunk=4, stop_seconds=5)
    run(create_app(agent, told, writer=FakeWriter(), reasons=reasons_of), told, on_ready=say)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
