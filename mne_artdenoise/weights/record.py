"""The record of a pretrained model: everything that inference replays, to and from JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

SIZE_LIMIT = 512 * 2**20  # bytes; ten times any network meant here, little enough to hold in memory
CONFIG_LIMIT = 2000  # characters of JSON, some ten times what any config here has
SCALINGS = ("recording", "window")  # what scale.py can do
# What estimation.py can read from a network; "response" and "nothing" of what does other things.
ESTIMATES = ("artifact", "clean", "response", "nothing")


class FrozenMapping(Mapping[str, Any]):
    """A mapping that cannot change, so that a record can be hashed, compared and pickled."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._entries = {key: freeze(value) for key, value in entries.items()}

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


def freeze(value: Any) -> Any:
    """Turn lists into tuples and mappings into frozen ones, all the way down."""
    if isinstance(value, Mapping):
        return FrozenMapping(value)
    if isinstance(value, list | tuple):
        return tuple(freeze(entry) for entry in value)
    return value


def thaw(value: Any) -> Any:
    """Undo `freeze`, into what JSON can write."""
    if isinstance(value, Mapping):
        return {key: thaw(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(entry) for entry in value]
    return value


@dataclass(frozen=True)
class ModelRecord:
    """What a pretrained model is, and what it expects of a recording.

    Parameters
    ----------
    id : str
        Name of the model: architecture, what sets its training apart, version.
    network : str
        Name of its architecture in ``mne_artdenoise.weights.load.NETWORKS``.
    config : mapping
        Arguments of the architecture's config.
    channels : "any" | tuple of str
        The channels that it knows, in its order. Recordings are mapped to named ones by spherical
        splines, and the correction back.
    sfreq : float
        Sampling rate it works at, in hertz.
    window : int
        Samples of one window. A model of named channels takes windows of this length only.
    stride : int
        Windows start and end at multiples of so many samples.
    context : int
        Samples to either side that can change an output sample.
    l_freq : float | None
        Edge of the high-pass filter of its input, in hertz; None for no filter.
    scaling : "recording" | "window"
        What its input is divided by: one number for the whole recording, or also the deviation of
        each window, less its mean; both are given back to what comes out.
    band : tuple of float, length 2
        Frequencies in which it can see an artifact, in hertz. One that estimates the clean signal
        is shown nothing above.
    kinds : tuple of str
        Artifacts that it was trained on.
    estimates : "artifact" | "clean" | "response" | "nothing"
        What it puts out. Of a clean signal, only the difference to the input is used. Responses to
        events are for `ERPDenoiser`, a generator of artifacts estimates nothing: no
        `ArtifactDenoiser` takes these.
    file : str
        Name of the file with its weights.
    sha256 : str
        Full SHA-256 of that file.
    size : int
        Bytes of that file.
    licence : str
        Licence of the weights.
    data_licences : tuple of str
        Licences of what it was trained on.
    recipe : str
        Script that trained it, from the root of the repository.
    scores : mapping
        What was measured of it.
    weaknesses : tuple of str
        Where it is known to do badly.
    description : str
        One sentence about it.

    Notes
    -----
    A record that breaks a rule cannot be made: ValueError names the field, what it holds and what
    it needs.
    """

    id: str
    network: str
    config: Mapping[str, Any]
    channels: str | tuple[str, ...]
    sfreq: float
    window: int
    stride: int
    context: int
    l_freq: float | None
    scaling: str
    band: tuple[float, float]
    kinds: tuple[str, ...]
    estimates: str
    file: str
    sha256: str
    size: int
    licence: str
    data_licences: tuple[str, ...]
    recipe: str
    scores: Mapping[str, Any]
    weaknesses: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, freeze(getattr(self, field.name)))
        check_record(self)


def is_text(value: Any) -> bool:
    """Tell whether this is a string with something in it."""
    return isinstance(value, str) and bool(value.strip())


def are_texts(value: Any) -> bool:
    """Tell whether this is one string or more, none twice."""
    several = isinstance(value, tuple) and bool(value) and all(is_text(entry) for entry in value)
    return several and len(set(value)) == len(value)


def is_count(value: Any) -> bool:
    """Tell whether this is an integer from 0; JSON's true is not one."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: Any) -> bool:
    """Tell whether this is a finite number from 0; JSON's true is not one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def is_mapping(value: Any) -> bool:
    """Tell whether this maps names to what JSON can write."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        return False
    try:
        json.dumps(thaw(value), allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def is_config(value: Any) -> bool:
    """Tell whether this maps names to a handful of numbers, of which no huge network is made."""
    return is_mapping(value) and len(json.dumps(thaw(value))) <= CONFIG_LIMIT


def matches(pattern: str) -> Callable[[Any], bool]:
    """Make a rule: a string that matches in full."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


# One rule per field: the test, and what it needs, as a reader of the error is told.
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "id": (
        matches(r"[a-z0-9]+(-[a-z0-9]+)*-v[1-9][0-9]*"),
        "lower-case words joined by hyphens and ending in a version, such as 'any-montage-v1'",
    ),
    "network": (is_text, "the name of an architecture"),
    "config": (
        is_config,
        f"the arguments of the network's config, at most {CONFIG_LIMIT} characters of JSON",
    ),
    "channels": (lambda value: value == "any" or are_texts(value), "'any' or channel names"),
    "sfreq": (lambda value: is_number(value) and value > 0, "a sampling rate in hertz"),
    "window": (lambda value: is_count(value) and value > 0, "a number of samples from 1"),
    "stride": (lambda value: is_count(value) and value > 0, "a number of samples from 1"),
    "context": (is_count, "a number of samples from 0"),
    "l_freq": (
        lambda value: value is None or (is_number(value) and value > 0),
        "a frequency in hertz, or null for no filter",
    ),
    "scaling": (lambda value: value in SCALINGS, f"one of {', '.join(SCALINGS)}"),
    "band": (
        lambda value: isinstance(value, tuple) and len(value) == 2 and all(map(is_number, value)),
        "two frequencies in hertz",
    ),
    "kinds": (are_texts, "the kinds of artifact that it was trained on"),
    "estimates": (lambda value: value in ESTIMATES, f"one of {', '.join(ESTIMATES)}"),
    # A bare name: it is joined to folders and addresses, and must not climb out of them.
    "file": (matches(r"[a-z0-9][a-z0-9._-]*\.safetensors"), "a bare file name in .safetensors"),
    "sha256": (matches(r"[0-9a-f]{64}"), "64 hexadecimal digits in lower case"),
    "size": (
        lambda value: is_count(value) and 0 < value <= SIZE_LIMIT,
        f"a number of bytes from 1 to {SIZE_LIMIT}",
    ),
    "licence": (is_text, "the licence of the weights"),
    "data_licences": (are_texts, "the licences of the training data"),
    "recipe": (is_text, "the script that trained it"),
    "scores": (is_mapping, "a mapping of measured figures"),
    "weaknesses": (are_texts, "where the model is known to do badly"),
    "description": (is_text, "a sentence about the model"),
}


def check_record(record: ModelRecord) -> None:
    """Refuse a record that breaks a rule with a ValueError that says which."""
    for name, (holds, needed) in RULES.items():
        value = getattr(record, name)
        if not holds(value):
            raise ValueError(f"model record {record.id!r}: {name} is {value!r}, needs {needed}")
    nyquist = record.sfreq / 2
    low, high = record.band
    broken = []
    if record.window % record.stride:
        broken.append(f"window {record.window} is no multiple of stride {record.stride}")
    if record.window <= 2 * record.context:
        broken.append(f"window {record.window} must exceed twice the context {record.context}")
    if record.l_freq is not None and record.l_freq >= nyquist:
        broken.append(f"l_freq {record.l_freq} must be below half of sfreq, {nyquist}")
    if not low < high <= nyquist:
        broken.append(f"band {record.band} must rise and end at half of sfreq, {nyquist}, or below")
    if broken:
        raise ValueError(f"model record {record.id!r}: " + "; ".join(broken))


def parse_record(text: str, source: str = "the text") -> ModelRecord:
    """Read a record from JSON; ValueError names ``source`` and what is wrong."""
    try:
        entries = json.loads(text, object_pairs_hook=_refuse_doubles)
    except ValueError as error:
        raise ValueError(f"{source} is not the JSON of a model record: {error}") from error
    if not isinstance(entries, dict):
        raise ValueError(f"{source} holds {type(entries).__name__}, needs an object of the fields")
    names = [field.name for field in fields(ModelRecord)]
    missing = [name for name in names if name not in entries]
    unknown = [name for name in entries if name not in names]
    if missing or unknown:
        raise ValueError(f"{source}: missing fields {missing}, unknown fields {unknown}")
    try:
        return ModelRecord(**entries)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def format_record(record: ModelRecord) -> str:
    """Write a record as JSON: what `parse_record` reads, and the text of a file in ``records/``."""
    entries = {field.name: thaw(getattr(record, field.name)) for field in fields(record)}
    return json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json keeps the last of two equal names in silence: the reader would believe the first.
    entries = dict(pairs)
    if len(entries) != len(pairs):
        names = [name for name, _ in pairs]
        doubles = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the names {doubles} stand there more than once")
    return entries
