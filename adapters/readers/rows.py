"""Records to samples: the one place where columns get their meaning.

Takes records and resolved columns; gives samples and bad rows, numbered. Knows nothing of file formats.
A bad row whose words are sound (only its picture is missing, say) was still said, so it enters the context
of later rows; words that are themselves the trouble, or come out of order, do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thymos.adapters.corpus import BadRow
from thymos.adapters.media import MediaPlace
from thymos.adapters.readers import cells
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.dialogues import Dialogues
from thymos.adapters.readers.records import Broken, Item, Record, excerpt
from thymos.adapters.sample import Face, Physiology, Sample, Speech, Turn
from thymos.prompts.errors import RowError


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How rows are read.

    Attributes:
        context_turns: earlier turns that a row brings along, at most.
        max_chars: longest cell that is used (text, id, speaker, dialogue, label), in characters.
        label_separator: what stands between several labels in one cell, or None.
        base_dir: folder that relative media paths start from.
        gold_only: whether ids and gold labels are all that is wanted: nothing else can spoil a row then.
    """

    context_turns: int
    max_chars: int
    label_separator: str | None
    base_dir: Path
    gold_only: bool = False


class RowBuilder:
    """Turns the records of one pass into rows; holds the row number and the open dialogues."""

    def __init__(self, columns: Columns, options: RowOptions) -> None:
        self._columns = columns
        self._options = options
        self._dialogues = Dialogues(options.context_turns)
        self._row = 0

    def build(self, item: Item) -> Sample | BadRow | None:
        """Return the row of a record; None for an utterance that is only heard."""
        if isinstance(item, Record) and item.context_only:
            self._overhear(item.values)
            return None
        self._row += 1
        if isinstance(item, Broken):
            return BadRow(self._row, item.reason, item.id, item.excerpt)
        try:
            return self._sample(item)
        except RowError as error:
            text = item.values.get(self._columns.text or "")
            shown = excerpt(text) if isinstance(text, str) and text else None
            return BadRow(self._row, str(error), self._readable_id(item), shown)

    def skip(self, item: Item) -> None:
        """Count a row that nobody asked for, so that the others have the numbers that they have in the whole file."""
        self._row += not (isinstance(item, Record) and item.context_only)

    def _sample(self, record: Record) -> Sample:
        values, columns = record.values, self._columns
        row_id = self._name(values, columns.id) or record.id or str(self._row)
        if self._options.gold_only:
            return Sample(id=row_id, gold=self._gold(values), metadata=values)
        text, speaker, context = self._said(values)
        speech = self._media(values, columns.speech)
        face = self._media(values, columns.face)
        body = self._media(values, columns.physiology, folders=True)
        if text is None and not (speech or face or body):
            raise RowError("text must not be empty where nothing else is there, got none; fill it or drop the row")
        return Sample(
            id=row_id,
            text=text,
            speaker=speaker,
            context=context,
            dialogue=self._name(values, columns.dialogue),
            speech=Speech(path=speech.path, start=speech.start, end=speech.end) if speech else None,
            face=Face(path=face.path, box=face.box, start=face.start, end=face.end) if face else None,
            physiology=Physiology(path=body.path, start=body.start, end=body.end) if body else None,
            gold=self._gold(values),
            metadata=values,
        )

    def _overhear(self, values: Mapping[str, Any]) -> None:
        try:
            self._said(values)
        except RowError:
            return  # flawed words are left out of the context; this is no row, so there is none to report

    def _said(self, values: Mapping[str, Any]) -> tuple[str | None, str | None, tuple[Turn, ...]]:
        """Return words, speaker and what was said before, and remember them for the rows to come."""
        columns = self._columns
        text = cells.words(values.get(columns.text), self._options.max_chars) if columns.text else None
        speaker = self._name(values, columns.speaker)
        key = self._name(values, columns.dialogue)
        if key is None:
            return text, speaker, ()
        number = None
        if columns.turn is not None:
            number = cells.number(columns.turn, values.get(columns.turn))
            self._dialogues.check_turn(key, number)
        earlier = self._dialogues.before(key)
        self._dialogues.add(key, Turn(text, speaker) if text is not None else None, number)
        return text, speaker, earlier

    def _name(self, values: Mapping[str, Any], column: str | None) -> str | None:
        return cells.name(column, values.get(column), self._options.max_chars) if column else None

    def _media(self, values: Mapping[str, Any], column: str | None, *, folders: bool = False) -> MediaPlace | None:
        return cells.media(column, values.get(column), self._options.base_dir, folders=folders) if column else None

    def _gold(self, values: Mapping[str, Any]) -> tuple[str, ...] | None:
        column, options = self._columns.label, self._options
        return cells.labels(column, values.get(column), options.label_separator, options.max_chars) if column else None

    def _readable_id(self, record: Record) -> str | None:
        try:
            return self._name(record.values, self._columns.id) or record.id
        except RowError:
            return None
