"""From pressing Enter to the first labelled rows, and the memory it takes, by the command as installed.

    python benchmarks/start_up.py [--rounds 5]

Each round is a process of its own: `thymos label` on 16 rows. Peak memory is the kernel's maximum resident set.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import machine_line, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=16)
    options = parser.parse_args()
    print(machine_line())
    command = [
        str(Path(sys.executable).parent / "thymos"),
        "label",
        "in.txt",
        "-o",
        "out.csv",
        "--overwrite",
        "--quiet",
    ]
    times = []
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "in.txt").write_text("\n".join(rows(options.rows)), encoding="utf-8")
        for turn in range(options.rounds + 1):
            start = time.perf_counter()
            subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
            print(f"  round {turn}: {times[-1]:.2f} s" + (" (not counted)" if turn == 0 else ""))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(f"start to {options.rows} labelled rows: {statistics.median(times[1:]):.2f} s; peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
