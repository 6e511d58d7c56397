"""Windows of the course of single artifacts, labelled and known by person: what generators learn.

A window is one waveform without a topography, of a mean square of one. Real ones come from a bank
(electrodes on muscles and eyes, electrocardiograms, independent components) or from labelled spans.
Nobody recorded chewing or shivers for a bank: there the activity of real muscles, its own rise and
fall evened out, gets the strokes or the tremor of the formula. Jumps of electrodes are drawn by
formula for half of the people of that label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from .._typing import FloatArray, IntArray
from ..archive import Arrays, check_numbers, read_archive, write_archive
from ..rate import to_model_rate
from .bank import Bank
from .electrodal import make_electrode_pops
from .electrodes import Electrodes
from .motor_units import draw_strokes, draw_tremor

LABELS = ("muscle", "eye", "electrode", "chewing", "shiver", "heart")
SFREQ = 128.0  # the lowest rate of the recordings learned from: all of them fill this band
DURATION = 4.0  # seconds; the slowest chewing has three strokes in it
# Hertz where an artifact of this label is: elsewhere its recordings hold brain, or something else.
BANDS: dict[str, tuple[float, float]] = {
    "muscle": (12.0, 60.0),
    "eye": (0.5, 15.0),
    "electrode": (0.5, 60.0),
    "chewing": (12.0, 60.0),
    "shiver": (12.0, 60.0),
    "heart": (0.5, 45.0),
}
# Of the windows of a recording the liveliest, for in the others it rests.
LIVELY = {"muscle": 0.5, "eye": 0.5, "electrode": 0.5, "heart": 1.0}
# Kinds in a bank, of waveforms and of components, by label.
WAVES = {"muscle": "muscle", "eye": "eye", "electrode": "motion", "heart": "heart"}
FIELDS = {"muscle": "muscle", "eye": "eye", "electrode": "channel", "heart": "heart"}
EVEN_OVER = 0.25  # seconds over which the rise and fall of a muscle is evened out
CHEWING, SHIVER = (0.94, 2.17), (8.0, 12.0)  # hertz


@dataclass(frozen=True, eq=False, repr=False)
class Segments:
    """Labelled windows of waveforms, each of a mean square of one.

    Attributes
    ----------
    sfreq : float
        Sampling rate in hertz.
    labels : tuple of str
        Names of the labels.
    windows : ndarray, shape (n_windows, n_times)
        The waveforms.
    classes : ndarray of int, shape (n_windows,)
        Index in ``labels`` of each.
    people : ndarray of str, shape (n_windows,)
        Whom each is of.
    """

    sfreq: float
    labels: tuple[str, ...]
    windows: FloatArray
    classes: IntArray
    people: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.windows)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{label} {np.sum(mine)} of {len(np.unique(self.people[mine]))}"
            for label, mine in ((name, self.find(name)) for name in self.labels)
        )
        return f"<Segments | {self.sfreq:g} Hz, windows of people: {parts}>"

    def find(self, label: str) -> npt.NDArray[np.bool_]:
        """Tell which windows have a label.

        Parameters
        ----------
        label : str
            The label; an unknown one is a ValueError that lists them.

        Returns
        -------
        mine : ndarray of bool, shape (n_windows,)
        """
        if label not in self.labels:
            raise ValueError(f"Unknown label {label!r}. Known labels: {str(self.labels)[1:-1]}.")
        return np.asarray(self.classes == self.labels.index(label))

    def __or__(self, other: object) -> Segments:
        if not isinstance(other, Segments):
            return NotImplemented
        if (self.sfreq, self.labels) != (other.sfreq, other.labels):
            raise ValueError("Only segments of one sampling rate and of the same labels can join.")
        parts = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("windows", "classes", "people")
        )
        return Segments(self.sfreq, self.labels, *parts)

    def take(self, which: npt.NDArray[np.bool_] | IntArray) -> Segments:
        """Take some of the windows.

        Parameters
        ----------
        which : ndarray of bool, shape (n_windows,) | ndarray of int, shape (n_taken,)
            Those to take.

        Returns
        -------
        taken : Segments
        """
        parts = self.windows[which], self.classes[which], self.people[which]
        return Segments(self.sfreq, self.labels, *parts)

    def draw(self, count: int, label: str, rng: np.random.Generator) -> IntArray:
        """Draw windows of a label: any person as likely as any other.

        Parameters
        ----------
        count, label : int, str
            How many, and of what; a label without windows is a ValueError.
        rng : Generator
            Draws them.

        Returns
        -------
        drawn : ndarray of int, shape (count,)
            Their indices.
        """
        mine = np.flatnonzero(self.find(label))
        people, person = np.unique(self.people[mine], return_inverse=True)
        if not len(people):
            raise ValueError(f"There is no window of {label!r} to draw.")
        weights = 1 / np.bincount(person)[person]
        return np.asarray(rng.choice(mine, count, p=weights / weights.sum()))

    def save(self, fname: str | Path) -> None:
        """Write to a file without pickled objects.

        Parameters
        ----------
        fname : str | Path
            The file, ``.npz``. Windows are written as float32.
        """
        arrays = {
            "sfreq": self.sfreq,
            "labels": np.array(self.labels),
            "windows": self.windows.astype(np.float32),
            "classes": self.classes,
            "people": self.people,
        }
        write_archive(fname, arrays)

    @classmethod
    def load(cls, fname: str | Path) -> Segments:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        fname : str | Path
            The file. One that was not written whole is a ValueError.

        Returns
        -------
        segments : Segments
        """
        return read_archive(fname, "Segments", cls._build)

    @classmethod
    def _build(cls, arrays: Arrays) -> Segments:
        labels = tuple(str(label) for label in arrays["labels"])
        windows, classes, people = arrays["windows"], arrays["classes"], arrays["people"]
        check_numbers(windows, "windows", (None, None))
        if classes.dtype.kind != "i" or people.dtype.kind != "U":
            raise ValueError(f"classes are {classes.dtype} and people {people.dtype}")
        if not len(windows) == len(classes) == len(people) or np.any(classes >= len(labels)):
            raise ValueError(f"windows, classes and people do not fit the {len(labels)} labels")
        return cls(float(arrays["sfreq"]), labels, windows, classes, people)


def cut_segments(bank: Bank, *, rng: int | np.random.Generator | None = None) -> Segments:
    """Cut labelled windows from a bank.

    Parameters
    ----------
    bank : Bank
        Real sources and components, as ``make_bank`` or a recipe made them. Split it by person
        first.
    rng : int | Generator | None
        Seed or generator: of strokes, tremor and jumps.

    Returns
    -------
    segments : Segments
        Of the labels for which the bank has material.
    """
    rng = np.random.default_rng(rng)
    rows = [
        (label, person, window)
        for label in ("muscle", "eye", "electrode", "heart")
        for person, signal in _find_signals(bank, label)
        for window in cut_lively(signal, bank.sfreq, label)
    ]
    rows += [("electrode", person, jump) for person, jump in _draw_jumps(rows, rng)]
    muscles = [(person, window) for label, person, window in rows if label == "muscle"]
    for label in ("chewing", "shiver"):
        rows += [(label, person, _modulate(wave, label, rng)) for person, wave in muscles]
    return gather(rows)


def gather(rows: Iterable[tuple[str, str, FloatArray]]) -> Segments:
    """Gather rows of label, person and window; silent windows are left out."""
    kept = [
        (LABELS.index(label), person, window / size)
        for label, person, window in rows
        if (size := float(np.sqrt(np.mean(window**2)))) > 0
    ]
    if not kept:
        raise ValueError("There is no artifact to cut windows from.")
    classes, people, windows = zip(*kept, strict=True)
    stacked = np.array(windows, dtype=np.float32)
    return Segments(SFREQ, LABELS, stacked, np.array(classes), np.array(people, dtype=np.str_))


def cut_lively(signal: FloatArray, sfreq: float, label: str) -> FloatArray:
    """Cut one waveform into its liveliest windows, half overlapping, (n_windows, n_times)."""
    x = prepare(signal, sfreq, label)
    # Components and electrodes have either sign: blinks and heartbeats are turned upwards.
    x = x if np.mean(x**3) > 0 else -x
    size = round(DURATION * SFREQ)
    starts = range(0, len(x) - size + 1, size // 2)
    windows = np.array([x[start : start + size] for start in starts]).reshape(-1, size)
    power = np.square(windows).sum(axis=1)
    keep = int(np.ceil(LIVELY[label] * len(windows)))
    return np.asarray(windows[np.sort(np.argsort(power)[len(windows) - keep :])])


def prepare(signal: FloatArray, sfreq: float, label: str) -> FloatArray:
    """Bring a waveform (n_times,) to the rate of windows, and to the band of a label."""
    return limit_band(to_model_rate(np.asarray(signal, float)[None], sfreq, SFREQ)[0], SFREQ, label)


def limit_band(x: FloatArray, sfreq: float, label: str) -> FloatArray:
    """Take away from signals (..., n_times) what an artifact of a label does not hold."""
    low, high = BANDS[label]
    both = high < 0.45 * sfreq  # else there is nothing above
    edges, kind = ((low, high), "bandpass") if both else (low, "highpass")
    sos = butter(2, edges, kind, fs=sfreq, output="sos")
    pad = min(x.shape[-1] - 1, round(2 * sfreq / low))
    return np.asarray(sosfiltfilt(sos, x, axis=-1, padlen=pad))


def _find_signals(bank: Bank, label: str) -> Iterator[tuple[str, FloatArray]]:
    """Find the waveforms of a label, and whom they are of."""
    for item in bank.sources:
        if item.kind == WAVES[label]:
            yield item.subject, item.signal
    for field in bank.fields:
        if field.kind == FIELDS[label]:
            for signal in field.sources:
                yield field.subject, signal


def _draw_jumps(
    rows: list[tuple[str, str, FloatArray]], rng: np.random.Generator
) -> Iterator[tuple[str, FloatArray]]:
    """Draw jumps of electrodes by formula: of as many people and windows as there are real ones."""
    count = sum(label == "electrode" for label, _, _ in rows)
    people = len({person for label, person, _ in rows if label == "electrode"})
    electrode = Electrodes(("E",), np.array([[0.0, 0.03, 0.14]]), SFREQ)
    size = round(DURATION * SFREQ)
    for number in range(count):
        jump = limit_band(
            make_electrode_pops(electrode, 3 * size, rng, rate=20.0), SFREQ, "electrode"
        )
        yield f"formula {number % people}", jump[0, size : 2 * size]


def _modulate(wave: FloatArray, label: str, rng: np.random.Generator) -> FloatArray:
    """Give the activity of a real muscle the strokes of chewing or the tremor of a shiver."""
    # A running sum rounds: of silence after much, it may be a trifle below zero.
    power = uniform_filter1d(wave**2, round(EVEN_OVER * SFREQ), mode="reflect")
    size = np.sqrt(np.maximum(power, 0.0))
    even = wave / np.maximum(size, 0.05 * np.sqrt(np.mean(wave**2)))
    limits, draw = (CHEWING, draw_strokes) if label == "chewing" else (SHIVER, draw_tremor)
    # Episodes longer than the window: their ends are seen now and then.
    course = draw(len(wave), SFREQ, 1.0, 3 * DURATION, rng.uniform(*limits), rng)
    return np.asarray(even * course)
