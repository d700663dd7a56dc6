"""`Gold`: the gold labels of a corpus by id, checked, in the taxonomy they are scored in.

Takes samples; gives labels, the ids that had to be left out with the reason, and a hash of the split. Knows
nothing of predictions.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Taxonomy

_SHOWN = 10  # unknown labels named in an error


@dataclass(slots=True)
class Gold:
    """Gold labels and what had to be left out, ids in corpus order.

    Attributes:
        labels: id -> gold labels in the taxonomy scored in.
        sha256: of all gold rows as they stand in the corpus, see `split_hash`.
        excluded: rows that were named as not to be scored.
        bad: rows that could not be read.
        unlabelled: rows without a gold label.
        unknown: rows with a label outside the taxonomy, left out on request.
        unmapped: rows none of whose labels is known in the taxonomy scored in.
    """

    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sha256: str = ""
    excluded: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)


def read_gold(
    samples: Iterable[Sample | BadRow],
    taxonomy: Taxonomy,
    translation: LabelMap | None = None,
    *,
    drop_unknown: bool = False,
    exclude: Collection[str] = (),
) -> Gold:
    """Collect the gold labels of a corpus.

    Args:
        samples: the corpus.
        taxonomy: the label set that gold labels must be from before they are translated.
        translation: into the taxonomy scored in; None if the labels are in it already.
        drop_unknown: leave rows out that have a label outside the taxonomy; else they are an error.
        exclude: ids of rows that are left out, or of dialogues, whose turns are called by it, a dash and a number.

    Returns:
        The labels, with what was left out.

    Raises:
        InputError: an id occurs twice, no row has a label, a label is outside the taxonomy, or a row has
            several labels in a single-label taxonomy.
    """
    gold, raw = Gold(), dict[str, tuple[str, ...]]()
    seen: set[str] = set()
    strange: Counter[str] = Counter()
    known = frozenset(taxonomy.names)
    for sample in samples:
        if isinstance(sample, BadRow):
            gold.bad.append(sample.id if sample.id is not None else f"row {sample.row}")
            continue
        if sample.id in seen:
            raise InputError(
                f"gold ids must be unique, got {sample.id!r} twice; give each row its own id (--id-column)"
            )
        seen.add(sample.id)
        if sample.id in exclude or sample.id.rpartition("-")[0] in exclude:
            gold.excluded.append(sample.id)
            continue
        if sample.gold is None or (not sample.gold and taxonomy.kind is Kind.SINGLE):
            gold.unlabelled.append(sample.id)
            continue
        raw[sample.id] = sample.gold
        if outside := [name for name in sample.gold if name not in known]:
            strange.update(outside)
            gold.unknown.append(sample.id)
            continue
        _place(gold, sample.id, sample.gold, taxonomy, translation)
    if strange and not drop_unknown:
        raise _outside(strange, taxonomy)
    if not raw and gold.unlabelled:
        raise InputError(
            f"gold rows must have gold labels, got none in {len(gold.unlabelled)} rows; name their column "
            "(--label-column)"
        )
    gold.sha256 = split_hash(raw)
    return gold


def gold_of_cell(value: object, separator: str | None = None) -> tuple[str, ...] | None:
    """Read the gold labels of one cell of a table.

    Args:
        value: a label, several with the separator between them, a list, or a list in JSON.
        separator: what stands between several labels in a cell of text; None: the cell is one label.

    Returns:
        Label names; () when the cell says there are none (an empty list), None when it says nothing.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):  # no JSON: a label that begins with a bracket; the taxonomy decides
            value = json.loads(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        value = value.split(separator) if separator else [value]
    names = value if isinstance(value, list | tuple) else [value]
    return tuple(str(name).strip() for name in names)


def split_hash(gold: Mapping[str, Sequence[str]]) -> str:
    """Hash gold rows so that equal splits are recognised whatever their file format or row order.

    Args:
        gold: id -> gold labels.

    Returns:
        SHA-256, as 64 hex digits, of one JSON line `["id",["label",...]]` a row: ids sorted, labels sorted.
    """
    digest = hashlib.sha256()
    for row in sorted(gold):
        digest.update(json.dumps([row, sorted(gold[row])], separators=(",", ":")).encode("ascii") + b"\n")
    return digest.hexdigest()


def _place(gold: Gold, row: str, labels: tuple[str, ...], taxonomy: Taxonomy, translation: LabelMap | None) -> None:
    """Put one row's labels where they belong."""
    if taxonomy.kind is Kind.SINGLE and len(set(labels)) > 1:
        raise InputError(
            f"gold of row {row!r} must be one label of the single-label taxonomy {taxonomy.name!r}, got "
            f"{', '.join(labels)}; use a multi-label taxonomy or mend the row"
        )
    reached = translation.labels(labels) if translation else labels
    if labels and not reached:
        gold.unmapped.append(row)
    else:
        gold.labels[row] = reached


def _outside(strange: Counter[str], taxonomy: Taxonomy) -> InputError:
    """Name the commonest labels that the taxonomy lacks."""
    shown = ", ".join(f"{name!r} ({n} times)" for name, n in strange.most_common(_SHOWN))
    more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
    return InputError(
        f"gold labels must be of taxonomy {taxonomy.name!r} ({', '.join(taxonomy.names)}), got {shown}"
        f"{more}; name their own taxonomy (--gold-taxonomy) or leave these rows out (--drop-unknown-gold)"
    )
