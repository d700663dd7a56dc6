"""Many clients at once on this machine's server: errors, time to first token, throughput, memory.

    python benchmarks/serve_load.py [--seconds 300] [--clients 64] [--chats 0.25]

Starts `thymos serve` as a process of its own, twice. First one client asks one thing after another, with one worker, so
that nothing is computed together; then all clients ask at once. Both ask the same mix: `/v1/label` with one row, and
streamed conversations with the agent. Stops by itself.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from _common import ROOT, machine_line, rows

ALONE_SHARE = 0.2  # of the seconds, for the client that asks alone
LOOKS = 12  # at the memory, in the course of a load
STARTING = 300.0  # s that a server may take to load its model


@dataclass
class Tally:
    """What clients met.

    Attributes:
        label: s of each answer of `/v1/label`.
        chat: s of each whole conversation.
        first: s to the first words of each.
        busy: answers with 429.
        errors: everything else that is no answer.
        memory: MB that the server had in the course of it.
    """

    label: list[float] = field(default_factory=list)
    chat: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    busy: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def answers(self) -> int:
        return len(self.label) + len(self.chat)


@contextmanager
def served(home: Path, flags: Sequence[str]) -> Iterator[str]:
    """Start a server; give its address once it answers."""
    command = [sys.executable, "-c", "from thymos.agent.cli import main; main()", "serve", "--port", "0", "--quiet"]
    process = subprocess.Popen([*command, "--home", str(home), *flags], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split()[-1].rstrip("/")
        httpx.get(f"{address}/healthz", timeout=STARTING).raise_for_status()
        yield address
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


async def ask(client: httpx.AsyncClient, text: str, chat: bool, tally: Tally) -> None:
    """Ask one thing and note how it went."""
    start = time.perf_counter()
    try:
        if not chat:
            answer = await client.post("/v1/label", json={"texts": [text]})
            if answer.status_code == 200 and "labels" in answer.json()["predictions"][0]:
                tally.label.append(time.perf_counter() - start)
            else:
                await note(answer, tally)
            return
        said = f'She wrote: "{text[:200]}" What does she feel?'
        body = {"model": "thymos", "messages": [{"role": "user", "content": said}], "stream": True}
        async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                await answer.aread()
                await note(answer, tally)
                return
            first, last = await read(answer, start)
        if last != "[DONE]" or first is None:
            tally.errors.append(f"a stream ended with {last[:200]}")
            return
        tally.first.append(first)
        tally.chat.append(time.perf_counter() - start)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        tally.errors.append(repr(error)[:200])


async def read(answer: httpx.Response, start: float) -> tuple[float | None, str]:
    """Read a stream; return when its first words came, and its last event."""
    first, last = None, ""
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            last = line.removeprefix("data: ")
            if first is None and '"content"' in last and json.loads(last)["choices"][0]["delta"].get("content"):
                first = time.perf_counter() - start
    return first, last


async def note(answer: httpx.Response, tally: Tally) -> None:
    if answer.status_code == 429:
        tally.busy += 1
        await asyncio.sleep(min(5.0, float(answer.headers["retry-after"])))
    else:
        tally.errors.append(f"{answer.status_code} {answer.text[:200]}")


async def load(address: str, clients: int, seconds: float, chats: float, texts: Sequence[str]) -> tuple[Tally, float]:
    """Let clients ask until the time is over; return what they met and how long it took."""
    tally = Tally()
    start = time.perf_counter()
    limits = httpx.Limits(max_connections=clients)

    async def one(number: int, client: httpx.AsyncClient) -> None:
        chance = random.Random(number)
        turn, every = number, round(1 / chats) if chats else sys.maxsize  # the same mix however few there are
        while time.perf_counter() - start < seconds:
            await ask(client, chance.choice(texts), turn % every == 0, tally)
            turn += 1

    async def look() -> None:
        while time.perf_counter() - start < seconds:
            tally.memory.append(await asyncio.to_thread(memory, address))
            await asyncio.sleep(max(1.0, seconds / LOOKS))

    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        await asyncio.gather(look(), *(one(number, client) for number in range(clients)))
    return tally, time.perf_counter() - start


def memory(address: str) -> float:
    """Resident memory of the server, MB."""
    page = httpx.get(f"{address}/metrics", timeout=60).text
    line = next(line for line in page.splitlines() if line.startswith("thymos_memory_bytes "))
    return float(line.split()[1]) / 1e6


def batch_rows(address: str) -> float:
    """Mean rows of a batch so far."""
    page = httpx.get(f"{address}/metrics", timeout=60).text
    told = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("thymos_batch_rows_"))
    return float(told["thymos_batch_rows_sum"]) / max(1.0, float(told["thymos_batch_rows_count"]))


def percentiles(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered):.3f} s, p95 {late:.3f} s of {len(ordered):,}"


def told(name: str, tally: Tally, seconds: float) -> float:
    """Print what clients met; return answers per second."""
    speed = tally.answers / seconds
    print(f"\n{name}: {tally.answers:,} answers in {seconds:.0f} s, {speed:.2f}/s")
    print(f"  errors {len(tally.errors)}, 429 {tally.busy}")
    print(f"  label: {percentiles(tally.label)}")
    print(f"  chat, to the first words: {percentiles(tally.first)}")
    print(f"  chat, to the end: {percentiles(tally.chat)}")
    for error in list(dict.fromkeys(tally.errors))[:5]:
        print(f"  error: {error}")
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--chats", type=float, default=0.25, help="share of conversations, above 0")
    options = parser.parse_args()
    print(machine_line())
    texts = rows(500)
    speeds = []
    for name, clients, seconds, flags in (
        ("one at a time", 1, options.seconds * ALONE_SHARE, ["--workers", "1"]),
        (f"{options.clients} at once", options.clients, options.seconds, ["--workers", str(options.clients)]),
    ):
        with tempfile.TemporaryDirectory() as home, served(Path(home), flags) as address:
            asyncio.run(load(address, min(4, clients), min(10.0, seconds), 0.5, texts))  # warm
            tally, took = asyncio.run(load(address, clients, seconds, options.chats, texts))
            speeds.append(told(name, tally, took))
            course = " ".join(f"{each:,.0f}" for each in (*tally.memory, memory(address)))
            print(f"  memory over time, MB: {course}; {batch_rows(address):.1f} rows a batch")
    print(f"\nat once / one at a time: {speeds[1] / speeds[0]:.2f}x")


if __name__ == "__main__":
    main()
