"""`thymos adapters`: which adapters are here, what is known of one, and what can be done with its folder.

Takes names of adapters; gives tables and folders. Only `merge` loads weights.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from thymos.prompts.errors import InputError, ModelError, OutputError

if TYPE_CHECKING:
    from thymos.adapters.llm.adapter import AdapterCard

Flag = Annotated[bool, Parameter(negative="", show_default=False)]

command = App(
    name="adapters",
    help_epilogue="""
Examples:

```
thymos adapters list
thymos adapters info goemotions
thymos adapters merge runs/mine/adapter -o my-model
thymos adapters calibrate runs/mine/adapter -o runs/mine/again --data corpora
thymos adapters describe runs/mine/adapter --scores out.scores.json
thymos adapters push-folder runs/mine/adapter me/my-adapter --dry-run
```
""",
)


@command.command(name="list")
def list_(folder: Path | None = None, /) -> None:
    """List the adapters that come with Thymos, or what was tuned in a folder.

    Args:
        folder: Where to look, at any depth; those that ship unless given.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from thymos.adapters.llm.adapter import adapter_folder, default_adapter, read_card, shipped_adapters
    from thymos.adapters.llm.files import CARD
    from thymos.prompts.template import EXPLAINING, WRITING

    named = {name: adapter_folder(name) for name in shipped_adapters()}
    if folder is not None:
        if not folder.is_dir():
            raise InputError(f"folder must be there, got {str(folder)!r}; give the one with your runs")
        named = {str(path.parent): path.parent for path in sorted(folder.rglob(CARD))}
    texts = {WRITING: "writing", EXPLAINING: "explaining"}
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("adapter", "base model", "for", "licence", "size"):
        table.add_column(column)
    unread: list[str] = []
    for name, where in named.items():
        try:
            card = read_card(where)
        except ModelError:
            unread.append(f"{where}, whose {CARD} is damaged or no adapter's (an encoder's, say)")
            continue
        if card is not None:
            mark = " (default)" if default_adapter(card.base) == name else ""
            purpose = texts.get(card.prompt) or ", ".join(card.confidence)
            cells = (name + mark, card.base, purpose, card.licence, _size(where))
            table.add_row(*(Text(cell) for cell in cells))
    Console().print(table if table.row_count else Text("There is no adapter; `thymos finetune` makes one."))
    for line in unread:
        Console(stderr=True).print(Text(f"not listed: {line}"))


@command.command
def info(adapter: str, /) -> None:
    """Show the card of an adapter.

    Args:
        adapter: Shipped name, folder or hub id; a model that was tuned as a whole, or merged, will do.
    """
    from rich.console import Console
    from rich.markdown import Markdown

    where, _ = _known(adapter)
    text = (where / "README.md").read_text(encoding="utf-8")
    if text.startswith("---\n"):  # the hub's front matter repeats what the card says
        text = text.partition("\n---\n")[2]
    Console().print(Markdown(text))


@command.command
def merge(adapter: str, /, *, output: Annotated[Path, Parameter(alias="-o")]) -> None:
    """Put an adapter into its base model and save that as a folder of its own.

    The folder works as `thymos label --model FOLDER` and with whatever else reads transformers' format.

    Args:
        adapter: Shipped name, folder or hub id.
        output: Folder to write; must be new.
    """
    from rich.console import Console

    from thymos.finetune.merge import merge_adapter

    merge_adapter(adapter, output)
    Console().print(f"wrote {output}", markup=False, highlight=False)


@command.command
def calibrate(
    adapter: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    data: Path = Path(),
    votes: Annotated[bool | None, Parameter(show_default=False)] = None,
) -> None:
    """Fit temperature, thresholds, label sets and votes again on the dev splits; the weights stay.

    Args:
        adapter: Shipped name, folder or hub id; a model that was tuned as a whole, or merged, will do.
        output: Folder to write; must be new.
        data: Folder that the paths of its recipe are relative to.
        votes: Whether training rows may vote: by their recordings where the adapter listens, else by their words; as
            its recipe says unless given.
    """
    from rich.console import Console

    from thymos.finetune.recalibrate import recalibrate

    figures = recalibrate(adapter, output, data, votes=votes)
    console = Console(markup=False, highlight=False)
    for name, told in figures.items():
        weight = told.get("votes_weight")
        said = f"macro F1 on dev {told['macro_f1']:.3f}"
        if weight is not None:
            said += f", with votes {told['macro_f1_with_votes']:.3f} at weight {weight:g}"
        if heard := told.get("frame_votes_weights"):
            weights = ", ".join(f"{encoder} {each:g}" for encoder, each in heard.items())
            said += f", with recordings' votes {told['macro_f1_with_frame_votes']:.3f} at weights {weights}"
        console.print(f"{name}: {said}, temperature {told['temperature']:.3f}")
    console.print(f"wrote {output}")


@command.command
def describe(adapter: Path, /, *, scores: list[Path]) -> None:
    """Take figures of `thymos eval` up into the model card.

    Args:
        adapter: Folder of the adapter.
        scores: Score file; may be repeated. Those told before are replaced.
    """
    from rich.console import Console

    from thymos.finetune.describe import describe as take_up

    where, card = _known(str(adapter))
    take_up(where, card, scores)
    Console().print(f"wrote {where / 'README.md'}", markup=False, highlight=False)


@command.command(name="push-folder")
def push_folder(adapter: Path, repository: str, /, *, public: Flag = False, dry_run: Flag = False) -> None:
    """Send the folder of an adapter to the Hugging Face hub.

    Args:
        adapter: Folder of the adapter.
        repository: Hub id, owner/name; made if it is not there.
        public: Let everybody see a new repository.
        dry_run: Say what would be sent, and send nothing.
    """
    from rich.console import Console

    where, _ = _known(str(adapter))
    sent = sorted(path for path in where.iterdir() if path.suffix in {".json", ".safetensors", ".md", ".jinja"})
    console = Console(markup=False, highlight=False)
    for path in sent:
        console.print(f"{path.name}  {path.stat().st_size:,} bytes")
    if not dry_run:
        _push(where, repository, [path.name for path in sent], public)
        console.print(f"sent to {repository}")


def _push(folder: Path, repository: str, names: list[str], public: bool) -> None:
    """Send files; translate what can go wrong."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api: Any = HfApi()
    try:
        api.create_repo(repository, private=not public, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, allow_patterns=names)
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise OutputError(
            f"hub must take the folder, got {type(error).__name__} for {repository!r}; check the id, the network and "
            "`hf auth login`"
        ) from error


def _known(adapter: str) -> tuple[Path, "AdapterCard"]:
    """Return the folder and card of an adapter, or of a whole model that Thymos saved."""
    from thymos.adapters.llm.adapter import read_card, tuned_folder
    from thymos.adapters.llm.files import CARD

    where = tuned_folder(adapter)
    card = read_card(where)
    if card is None:
        raise ModelError(f"adapter must have a {CARD}, got {adapter}, which Thymos did not save; tune it with Thymos")
    return where, card


def _size(folder: Path) -> str:
    from rich.filesize import decimal

    return decimal(sum(path.stat().st_size for path in folder.glob("*.safetensors")))
