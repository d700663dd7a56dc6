"""`thymos models`: which models can be used here, and why the others cannot.

Takes nothing or one name; gives a table or a card. Must not load a model.
"""

from importlib.metadata import PackageNotFoundError, version

from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from thymos.adapters.inspection import ModelReport, embedded_models, hub_models, inspect_model

NAMING = (
    "A model is named by one of the names above, a folder written by save_pretrained, a .gguf file, "
    "or a hub id (owner/name)."
)
ENGINES = {
    "fast": "fast (Thymos' own forward pass)",
    "general": "general (transformers' forward pass)",
    None: "none",
}


def models(name: str | None = None, /) -> None:
    """List the models that can be used here, and why others cannot; or tell about one.

    Looks at names and small files only: nothing is downloaded, loaded or run.

        thymos models
        thymos models smollm2-135m
        thymos models ./my-finetuned-model

    Args:
        name: Embedded name, folder, .gguf file or hub id to tell about.
    """
    if name is None:
        Console().print(_table([*embedded_models(), *hub_models()]))
    else:
        Console().print(_card(inspect_model(name)))


def low_bit_loading() -> str:
    """Say whether a model can be loaded with 4-bit or 8-bit weights here."""
    try:
        return f"4-bit and 8-bit loading: yes, with bitsandbytes {version('bitsandbytes')}."
    except PackageNotFoundError:
        return "4-bit and 8-bit loading: no, bitsandbytes is not installed; run `make`."


def _table(reports: list[ModelReport]) -> RenderableType:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("name", "role", "where", "size", "licence"):
        table.add_column(column, no_wrap=column in ("name", "size"))
    table.add_column("usable here", ratio=1)
    for report in reports:
        table.add_row(
            Text(report.name),
            Text(report.role),
            Text(report.kind if report.kind != "hub" else "Hugging Face cache"),
            _size(report),
            Text(report.licence or "unknown"),
            Text(_usable(report), style="" if report.usable else "yellow"),
        )
    return Group(table, Text(), Text(NAMING), Text(low_bit_loading()))


def _card(report: ModelReport) -> RenderableType:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, line in {
        "name": f"{report.name} ({report.kind})",
        "role": report.role,
        "where": str(report.where or "not on this machine"),
        "architecture": report.architecture or "unknown",
        "size": _size(report),
        "licence": report.licence or "unknown",
        "engine": ENGINES[report.engine],
        "usable here": _usable(report),
    }.items():
        table.add_row(heading, Text(line))
    return table


def _size(report: ModelReport) -> str:
    return "unknown" if report.size is None else decimal(report.size)


def _usable(report: ModelReport) -> str:
    return "yes" if report.usable else f"no: {report.refusal}"
