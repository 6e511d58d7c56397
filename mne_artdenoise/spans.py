"""The spans of a recording that may be denoised: which they are, in memory or on disk; a leaf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import mne
import numpy as np

from ._compat import annotations_starts_stops
from ._typing import FloatArray, IntArray
from .wording import to_line

if TYPE_CHECKING:
    from ._typing import Instance

Place: TypeAlias = tuple[int, int, int]
SKIPPED = ("BAD", "EDGE")  # the start of a description, in any case; bad_acq_skip included

PIECE = 2**21  # values read at once where everything is looked at: 16 MB


def find_places(X: Instance, shape: tuple[int, ...]) -> tuple[Place, ...]:
    """Find epoch, first and last sample (excluded) of each span, of data of this 3-D shape."""
    n_epochs, _, n_times = shape
    if not isinstance(X, mne.io.BaseRaw):
        return tuple((epoch, 0, n_times) for epoch in range(n_epochs))
    places, reached = [], 0
    # Onsets are sorted; spans may overlap, reach beyond the end, or have no length.
    starts, stops = annotations_starts_stops(X, SKIPPED)
    for start, stop in zip([*starts.tolist(), n_times], [*stops.tolist(), n_times], strict=True):
        if reached < min(start, n_times):
            places.append((0, reached, min(start, n_times)))
        reached = max(reached, start, stop)
    if not places:
        raise ValueError(
            f"Annotations that start with {' or '.join(SKIPPED)} cover all {n_times} samples: "
            "nothing remains to denoise. Change them first: raw.annotations.delete or .rename."
        )
    return tuple(places)


class StoredSpan:
    """Some channels of a Raw that is not loaded, between two samples.

    What is indexed is read from disk, each time again: ``span[:, start:stop]``. So the memory that
    a step needs is that of the stretch it works on, not that of the recording.

    Parameters
    ----------
    raw : Raw
        The recording.
    picks : ndarray, shape (n_channels,)
        The channels.
    start, stop : int
        First and last sample (excluded).
    """

    ndim = 2
    dtype = np.dtype(np.float64)

    def __init__(self, raw: mne.io.BaseRaw, picks: IntArray, start: int, stop: int) -> None:
        self.raw, self.picks = raw, picks
        self.start, self.stop = start, stop

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of channels and of samples."""
        return len(self.picks), self.stop - self.start

    def take_rows(self, rows: IntArray | slice) -> StoredSpan:
        """Keep some of the channels; nothing is read."""
        return StoredSpan(self.raw, self.picks[rows], self.start, self.stop)

    def __getitem__(self, key: tuple[IntArray | slice, slice]) -> FloatArray:
        rows, columns = key
        first, last, step = columns.indices(self.stop - self.start)
        picks = self.picks[rows]
        if last <= first:
            return np.empty((len(picks), 0))
        with tell_unreadable(self.raw):
            volts = self.raw[picks, self.start + first : self.start + last][0]
        return np.asarray(volts[:, ::step], dtype=np.float64)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        return np.asarray(self[:, :], dtype=dtype)


@contextmanager
def tell_unreadable(inst: Instance) -> Iterator[None]:
    """Turn whatever a reader of MNE-Python says of damaged data into an OSError with the file."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        names = getattr(inst, "filenames", None) or (getattr(inst, "filename", None),)
        name = ", ".join(str(name) for name in names if name) or type(inst).__name__
        raise OSError(f"{name} cannot be read: {to_line(error)}. Is the file whole?") from error


def read_pieces(segment: FloatArray | StoredSpan) -> Iterator[tuple[int, FloatArray]]:
    """Go through a segment, in memory or not, piece by piece: (first sample, piece)."""
    n_channels, n_times = segment.shape
    size = max(1, PIECE // max(1, n_channels))
    for start in range(0, n_times, size):
        yield start, segment[:, start : start + size]


def count_wrong(
    segments: Sequence[FloatArray], largest: float
) -> tuple[IntArray, tuple[int, int, int, float] | None]:
    """Count what is not finite or beyond ``largest``, per channel, and find the first of it.

    Parameters
    ----------
    segments : sequence of ndarray, shape (n_channels, n_times)
        The segments, in memory or not.
    largest : float
        The largest absolute value that is right.

    Returns
    -------
    counts : ndarray, shape (n_channels,)
        How many values are wrong in each channel.
    first : tuple of (int, int, int, float) | None
        Segment, sample, channel and value of the first of them.
    """
    counts, first = np.zeros(segments[0].shape[0], dtype=int), None
    for number, segment in enumerate(segments):
        for start, piece in read_pieces(segment):
            wrong = ~(np.abs(piece) <= largest)  # true for NaN
            if wrong.any():
                counts += wrong.sum(axis=1)
                sample, row = (int(index) for index in np.argwhere(wrong.T)[0])
                first = first or (number, start + sample, row, float(piece[row, sample]))
    return counts, first


def take_rows(segment: FloatArray, rows: slice | IntArray) -> FloatArray:
    """Keep some channels of a segment, in memory or on disk."""
    if isinstance(segment, StoredSpan):
        return cast("FloatArray", segment.take_rows(rows))
    return lock(segment[rows])


def lock(x: FloatArray) -> FloatArray:
    """Give a read-only view, so that no later step can write into the user's recording."""
    view = x.view()
    view.flags.writeable = False
    return view


def refuse_complex(found: FloatArray) -> None:
    """Refuse what is no signal in volts with a ValueError."""
    if np.iscomplexobj(found):
        raise ValueError("Complex data not supported: denoise the signal in volts.")
