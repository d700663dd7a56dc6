"""One run in a process of its own: `python -m tests.agent.runs.session OUT ROWS PAUSE [FILE_SIZE]`.

With a file size in bytes the system refuses to write beyond it, as a full disk would. Says `working` when the
first chunk is saved. Prints the peak memory at the end, in MiB.
"""

import resource
import signal
import sys
from pathlib import Path

from tests.agent.runs.fakes import CountingCorpus, HashLabeler
from thymos.agent.runs.progress import Progress
from thymos.agent.runs.run import run
from thymos.prompts.errors import ThymosError

CHUNK = 512


def main(out: str, rows: str, pause: str, file_size: str = "") -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job is born ignoring it, and stays so
    if file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_size), int(file_size)))

    def tell(progress: Progress) -> None:
        if progress.rows == CHUNK:
            print("working", flush=True)

    corpus, labeler = CountingCorpus(int(rows)), HashLabeler(pause=float(pause))
    try:
        run(corpus, _Forgetful(labeler), Path(out), chunk_rows=CHUNK, on_progress=tell)
    except ThymosError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


class _Forgetful(HashLabeler):
    """Keeps no list of what it was given, which would grow with the corpus."""

    def __init__(self, labeler: HashLabeler) -> None:
        super().__init__(pause=labeler.pause)

    def label_batch(self, samples):  # type: ignore[no-untyped-def]
        answers = super().label_batch(samples)
        self.batches.clear()
        return answers


if __name__ == "__main__":
    main(*sys.argv[1:])
