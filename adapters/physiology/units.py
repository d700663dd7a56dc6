"""Kinds of signals and their units: what a column's name means, and one unit for each kind.

Takes names and values as recorders write them; gives `Channel`s in the unit of `UNITS`, with a flag where the values
look like another unit's. Knows nothing of files.
"""

import re

import numpy as np
from numpy.typing import ArrayLike

from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

# The unit each kind comes in. A photoplethysmograph has none of its own; `device` is never converted.
UNITS = {
    "ecg": "mV",
    "bvp": "device",
    "eda": "uS",
    "respiration": "device",
    "temperature": "degC",
    "emg": "mV",
    "eeg": "uV",
    "heart-rate": "1/min",
}
_NAMES = {
    "ecg": ("ecg", "ekg", "electrocardiogram", "cardiac"),
    "bvp": ("bvp", "ppg", "pulse", "pleth", "plethysmogram", "photoplethysmogram"),
    "eda": ("eda", "gsr", "scl", "electrodermal", "skinconductance", "skin_conductance"),
    "respiration": ("respiration", "respiratory", "resp", "rsp", "breathing"),
    "temperature": ("temperature", "temp", "skt", "skintemperature", "skin_temperature"),
    "emg": ("emg", "electromyogram"),
    "eeg": ("eeg", "electroencephalogram"),
    "heart-rate": ("heart_rate", "heartrate", "hr"),
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
_SPELLINGS = {
    **dict.fromkeys(("us", "µs", "μs", "microsiemens", "umho", "microsiemen"), "uS"),
    **dict.fromkeys(("ms_", "millisiemens"), "mS"),
    **dict.fromkeys(("s", "siemens"), "S"),
    **dict.fromkeys(("ns", "nanosiemens"), "nS"),
    **dict.fromkeys(("v", "volt", "volts"), "V"),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), "mV"),
    **dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), "uV"),
    **dict.fromkeys(("degc", "°c", "c", "celsius", "deg_c", "deg c"), "degC"),
    **dict.fromkeys(("degf", "°f", "f", "fahrenheit", "deg_f", "deg f"), "degF"),
    **dict.fromkeys(("k", "kelvin"), "K"),
    **dict.fromkeys(("bpm", "1/min", "beats/min", "/min", "min-1"), "1/min"),
    **dict.fromkeys(("hz", "1/s"), "1/s"),
    **dict.fromkeys(("device", "a.u.", "au", "arbitrary", "adu", "counts", "nu", "n/a", "arbitrary units"), "device"),
}
# kind's unit = value * factor + offset
_TO = {
    ("S", "uS"): (1e6, 0.0),
    ("mS", "uS"): (1e3, 0.0),
    ("nS", "uS"): (1e-3, 0.0),
    ("V", "mV"): (1e3, 0.0),
    ("uV", "mV"): (1e-3, 0.0),
    ("V", "uV"): (1e6, 0.0),
    ("mV", "uV"): (1e3, 0.0),
    ("K", "degC"): (1.0, -273.15),
    ("degF", "degC"): (5 / 9, -160 / 9),
    ("1/s", "1/min"): (60.0, 0.0),
}
_SHAPES = frozenset({"ecg", "emg", "eeg"})  # read for their shape: the recorder's own unit will do where it says so
# What a body can show at the skin, of the middle of the values; beyond it the unit is likely another.
_PLAUSIBLE = {
    "eda": (0.0, 100.0),
    "temperature": (10.0, 45.0),
    "heart-rate": (20.0, 250.0),
    "ecg": (-50.0, 50.0),
    "emg": (-100.0, 100.0),
    "eeg": (-5e4, 5e4),
}
_HEADER = re.compile(r"(.*?)\s*(?:\[([^\[\]]*)\]|\(([^()]*)\))")


def kind_and_unit(header: str) -> tuple[str, str | None] | None:
    """Return what a column's name says: kind and unit, or None for a column of something else.

    `eda_uS`, `temp [degC]`, `ECG (mV)`, `hr` and `skin_temperature` are understood; `eda` alone says no unit.
    """
    match = _HEADER.fullmatch(header.strip())
    name, unit = (match[1], match[2] if match[2] is not None else match[3]) if match else (header.strip(), None)
    if kind := kind_of(name):
        return kind, unit
    stem, mark, ending = name.rpartition("_")
    if unit is None and mark and known_unit(ending) and (kind := kind_of(stem)):
        return kind, ending
    return None


def kind_of(name: str) -> str | None:
    """Return the kind that a name means (`GSR` -> `eda`), or None."""
    plain = re.sub(r"[\s\-]+", "_", name.strip().casefold())
    return _KINDS.get(plain)


def kind_in(label: str) -> str | None:
    """Return the kind that a word of a longer label means (`ECG Lead II` -> `ecg`), or None."""
    found = kind_of(label)
    words = re.findall(r"[a-z]+", label.casefold())
    return found or next((_KINDS[word] for word in words if word in _KINDS), None)


def known_unit(unit: str) -> str | None:
    """Return the usual spelling of a unit, or None for one that is not known."""
    plain = unit.strip()
    if plain in ("mS", "S", "uS", "nS", "V", "mV", "uV", "K"):  # mS is no spelling of us, ms would be a time
        return plain
    return _SPELLINGS.get(plain.casefold())


def channel_of(
    kind: str, values: ArrayLike, rate: float, unit: str | None, start: float = 0.0
) -> tuple[Channel, tuple[str, ...]]:
    """Return a channel in the unit of its kind, and flags where the values look like another unit's.

    Args:
        kind: one of `UNITS`.
        values: shape (samples,); what is not finite becomes NaN.
        rate: Hz.
        unit: as the recorder writes it; None where it says none.
        start: of the first sample, s.

    Raises:
        RowError: the rate is none, or the unit is missing, unknown or of another kind of quantity.
    """
    if not (np.isfinite(rate) and 0 < rate <= 1e6):
        raise RowError(f"rate of {kind} must be above 0 and at most 1,000,000 Hz, got {rate:g}; correct it in the file")
    if not np.isfinite(start):
        raise RowError(f"start of {kind} must be a finite time in s, got {start:g}; correct it in the file")
    factor, offset, named = _conversion(kind, unit)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = np.array(values, dtype=np.float64).reshape(-1) * factor + offset
    numbers[~(np.abs(numbers) < 1e30)] = np.nan
    flags = _doubt(kind, numbers) if named == UNITS[kind] else ()
    if kind == "heart-rate" and not (unit or "").strip():
        flags = ("unit of heart-rate is not told; beats a minute are assumed", *flags)
    return Channel(kind, numbers.astype(np.float32), float(rate), named, float(start)), flags


def _conversion(kind: str, unit: str | None) -> tuple[float, float, str]:
    """Return factor, offset and the unit that they lead to."""
    wanted = UNITS[kind]
    if wanted == "device":
        return 1.0, 0.0, wanted
    if unit is None or not unit.strip():
        if kind == "heart-rate":
            return 1.0, 0.0, wanted
        raise RowError(
            f"unit of {kind} must be told by the file, got none; name the column {kind}_{wanted} "
            "or give it in the sidecar"
        )
    known = known_unit(unit)
    if known == wanted:
        return 1.0, 0.0, wanted
    if known == "device" and kind in _SHAPES:
        return 1.0, 0.0, known
    if known is None or (known, wanted) not in _TO:
        usable = [wanted, *(given for given, to in _TO if to == wanted), *(["device"] if kind in _SHAPES else [])]
        raise RowError(
            f"unit of {kind} must be one of {', '.join(usable)}, got {unit.strip()[:20]!r}; convert it first"
        )
    return *_TO[known, wanted], wanted


def _doubt(kind: str, values: np.ndarray) -> tuple[str, ...]:
    known = values[np.isfinite(values)]
    if kind not in _PLAUSIBLE or not len(known):
        return ()
    middle, (low, high) = float(np.median(known)), _PLAUSIBLE[kind]
    if low <= middle <= high:
        return ()
    return (f"check the unit of {kind}: its middle is {middle:.4g} {UNITS[kind]}, a body shows {low:g} to {high:g}",)
