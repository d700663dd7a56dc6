"""`thymos serve`: the agent over HTTP, for programs (OpenAI's protocol, labels, jobs) and for people (a page).

Takes flags; loads the agent, then listens. The work is done in `thymos.agent.serve`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from thymos.agent.serve.keys import KeyFile
    from thymos.agent.serve.settings import Settings

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
_Count = Annotated[int, Parameter(validator=Number(gte=1))]
_CountOrZero = Annotated[int, Parameter(validator=Number(gte=0))]
_Seconds = Annotated[float, Parameter(validator=Number(gt=0))]
_Names = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]

LIMITS = Group("Limits", sort_key=2)
MEGABYTE = 1_000_000  # bytes

command = App(
    name="serve",
    help_epilogue="""
The page is at http://127.0.0.1:8420/, the list of operations at /docs, figures for Prometheus at /metrics. Beyond this
machine it listens only where there are keys; once there is a key, every request needs one.

Examples:

```
thymos serve
thymos serve --port 9000 --taxonomy ekman --redact
thymos serve keys add laptop
thymos serve --host 0.0.0.0 --name thymos.example.org
curl http://127.0.0.1:8420/v1/label -H 'Content-Type: application/json' -d '{"texts": ["We won!"]}'
```
""",
)
keys = App(name="keys", help="Make, list and remove the keys that clients need.")
command.command(keys)


@Parameter(name="*", group=LIMITS)
@dataclass(frozen=True)
class LimitFlags:
    """What one request may bring, and how much is done at once.

    Attributes:
        workers: answers that are worked on at once; what they score is computed together.
        queue: answers that may wait; one more is refused with 429.
        batch_rows: rows scored together at most; 1 computes one request after another.
        connections: open at once.
        max_upload: size of a recording or picture, MB.
        max_corpus: size of a corpus, MB.
        max_seconds: length of a recording, s.
        max_pixels: of a picture.
        max_rows: of one `/v1/label`.
        max_jobs: that wait or run.
        stop_after: that running answers have when the server is asked to stop, s.
    """

    workers: _Count = 32
    queue: _CountOrZero = 128
    batch_rows: _Count = 128
    connections: _Count = 512
    max_upload: _Count = 50
    max_corpus: _Count = 500
    max_seconds: _Seconds = 1800.0
    max_pixels: _Count = 80_000_000
    max_rows: _Count = 1000
    max_jobs: _Count = 100
    stop_after: _Seconds = 20.0


@command.default
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8420,
    home: Annotated[Path | None, Parameter(show_default=False)] = None,
    keys: Annotated[Path | None, Parameter(show_default=False)] = None,
    name: _Names = (),
    allow_host: _Names = (),
    model: str = "smollm2-135m",
    adapter: str = "auto",
    taxonomy: str = "goemotions",
    kb: Annotated[Path | None, Parameter(name="--kb", show_default=False)] = None,
    device: str | None = None,
    llm: str | None = None,
    redact: Flag = False,
    quiet: Flag = False,
    limits: LimitFlags = LimitFlags(),
) -> None:
    """Serve the agent: a page for people, and an API for programs.

    Args:
        host: Address to listen at; another than this machine's own needs keys.
        port: Likewise; 0 takes a free one.
        home: Folder of threads, jobs and keys; $THYMOS_HOME or the user's data folder unless given.
        keys: File of the keys; `keys.json` in the home folder unless given.
        name: Further name that this server is called by; may be repeated.
        allow_host: Host from which pictures may be fetched by their address; none unless given, may be repeated.
        model: Built-in name, folder, GGUF file or hub id.
        adapter: Shipped name, folder or hub id of a LoRA adapter; `auto` takes the one that ships for the model.
        taxonomy: Label set where none is asked for.
        kb: Folder of the knowledge base.
        device: `cpu`, `cuda`, ...; the best there is unless given.
        llm: Model that chooses tools and writes, or the address of an OpenAI-compatible server.
        redact: Leave e-mail addresses, phone numbers, IBANs and names out of logs.
        quiet: Log warnings only.
        limits: see the group Limits.
    """
    from thymos.agent.serve.build import build_app
    from thymos.agent.serve.listen import check_reach, run, set_up_logging

    settings = settings_of(
        limits,
        home=home,
        host=host,
        port=port,
        names=name,
        image_hosts=allow_host,
        model=model,
        adapter=adapter,
        taxonomy=taxonomy,
        redact=redact,
        keys=keys,
    )
    check_reach(settings)
    set_up_logging(redact=redact, level="WARNING" if quiet else "INFO")
    run(build_app(settings, kb=kb, device=device, llm=llm), settings, on_ready=_say_where)


def settings_of(flags: LimitFlags, *, home: Path | None, **told: Any) -> "Settings":
    """Return what flags mean.

    Args:
        flags: the group Limits.
        home: folder of threads, jobs and keys, or None.
        told: the other fields of `Settings`.
    """
    from thymos.agent.chat.threads import default_home
    from thymos.agent.serve.settings import Limits, Settings

    limits = Limits(
        workers=flags.workers,
        waiting=flags.queue,
        batch_rows=flags.batch_rows,
        connections=flags.connections,
        attachment_bytes=flags.max_upload * MEGABYTE,
        message_bytes=2 * flags.max_upload * MEGABYTE,  # base64 takes a third more, and there may be two
        corpus_bytes=flags.max_corpus * MEGABYTE,
        audio_seconds=flags.max_seconds,
        pixels=flags.max_pixels,
        rows=flags.max_rows,
        jobs=flags.max_jobs,
        stop_seconds=flags.stop_after,
    )
    return Settings(home=home or default_home(), limits=limits, **told)


@keys.command
def add(name: str, /, *, home: Path | None = None, keys: Path | None = None) -> None:
    """Make a key and print it, this once.

    Args:
        name: Whose it is.
        home: Folder of the server.
        keys: File of the keys.
    """
    from rich.console import Console

    Console(stderr=True).print("This key is shown once; only its hash is kept.")
    Console().print(_file(home, keys).add(name), markup=False, highlight=False, soft_wrap=True)


@keys.command(name="list")
def list_(*, home: Path | None = None, keys: Path | None = None) -> None:
    """List the keys by name.

    Args:
        home: Folder of the server.
        keys: File of the keys.
    """
    from rich.console import Console

    for key in _file(home, keys).list():
        Console().print(f"{key.name}  {key.created}", markup=False, highlight=False)


@keys.command
def remove(name: str, /, *, home: Path | None = None, keys: Path | None = None) -> None:
    """Let a key open nothing any more; a server that runs sees it at once.

    Args:
        name: Whose it is.
        home: Folder of the server.
        keys: File of the keys.
    """
    _file(home, keys).remove(name)


def _file(home: Path | None, keys: Path | None) -> "KeyFile":
    from thymos.agent.chat.threads import default_home
    from thymos.agent.serve.keys import KeyFile
    from thymos.agent.serve.settings import Settings

    return KeyFile(Settings(home=home or default_home(), keys=keys).key_file)


def _say_where(settings: "Settings", port: int) -> None:
    """Print the address, for people and for programs that wait for it."""
    from rich.console import Console

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    Console().print(f"Thymos is at http://{host}:{port}/", markup=False, highlight=False, soft_wrap=True)
