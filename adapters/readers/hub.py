"""Hub ids: a data set of the Hugging Face hub, streamed through `datasets` at one commit.

Takes `owner/name` and a split; gives records, class ids as their names. This is the only reader that uses the
network, and only when a hub id was named.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from thymos.adapters.readers.arrow import BATCH, class_names, read_batch
from thymos.adapters.readers.records import Item, reason
from thymos.prompts.errors import InputError

PREFIX = "hub:"
_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?::(?P<split>[\w.-]+))?")
_TIMEOUT = 10.0  # s, to learn whether the hub answers at all


def hub_id(text: str, known_suffixes: tuple[str, ...]) -> tuple[str, str | None] | None:
    """Return name and split when `text` names a hub data set rather than a file, else None.

    Without the prefix it must look like `owner/name`, end like no file and lie in no folder that exists.
    """
    found = _ID.fullmatch(text.removeprefix(PREFIX))
    if found is None:
        if text.startswith(PREFIX):
            raise InputError(f"hub id must look like hub:owner/name or hub:owner/name:split, got {text!r}")
        return None
    name = found["name"]
    if not text.startswith(PREFIX) and (name.endswith(known_suffixes) or Path(name).parent.exists()):
        return None
    return name, found["split"]


class HubRecords:
    """The rows of one split of a hub data set."""

    def __init__(self, name: str, split: str | None) -> None:
        """Ask the hub for the data set.

        Raises:
            InputError: the hub cannot be reached, has no such data set, or the split must be named.
        """
        self._name = name
        with _translated(name):
            self._revision = _revision(name)
            self._split, self._data = _streamed(name, self._revision, split)
            self._names = class_names(self._data.features)

    same_columns = False

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Column names, or None when the data set does not declare them."""
        return tuple(self._data.column_names) if self._data.column_names else None

    def __iter__(self) -> Iterator[Item]:
        """Yield every row; when the network fails midway the run fails, to be resumed."""
        with _translated(self._name):
            for table in self._data.with_format("arrow").iter(BATCH):
                yield from read_batch(table, self._names)

    def digest(self) -> Mapping[str, object]:
        """Return id, commit and split: the commit fixes the content."""
        return {"hub": self._name, "revision": self._revision, "split": self._split}

    def measure(self, weigh: Callable[[Item], int]) -> None:
        """Return None: a stream's length is not known."""
        return


def _revision(name: str) -> str:
    from huggingface_hub import HfApi

    return str(HfApi().dataset_info(name, timeout=_TIMEOUT).sha)


def _streamed(name: str, revision: str, split: str | None) -> tuple[str, Any]:
    from datasets import load_dataset

    found = load_dataset(name, revision=revision, streaming=True)
    if split is None and len(found) == 1:
        split = str(next(iter(found)))
    if split is None or split not in found:
        raise InputError(
            f"split must be one of {', '.join(found)}, got {split or 'none'}; "
            f"name it: {PREFIX}{name}:{next(iter(found))}"
        )
    return split, found[split]


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn what `datasets` and the hub client raise into one sentence."""
    from huggingface_hub.errors import HfHubHTTPError

    # The client's transport (requests, httpx, ...) differs by version; its own error stands second here.
    transport = cast(type[Exception], HfHubHTTPError.__mro__[1])
    try:
        yield
    except (OSError, ValueError, RuntimeError, transport) as error:
        raise InputError(
            f"corpus must be a file here or a data set that the hub gives, got {name!r}: there is no such "
            f"file, and of the hub: {reason(error)}; pass a file, or check the id, the network and "
            "HF_HUB_OFFLINE"
        ) from error
