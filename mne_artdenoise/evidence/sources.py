"""What can be measured between the time courses of components before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft, rfftfreq

from .._typing import FloatArray
from ..comparison import BANDS, Comparison, average_spectra, compare
from .unmixing import find_maps, prepare

if TYPE_CHECKING:
    from mne.preprocessing import ICA

EDGES = (3.5, 7.0, 14.0, 25.0, 45.0)  # hertz, between bands in each of which loss is looked for
PIECE = 0.5  # seconds
SHARES = (1e-3, 1e-2, 0.1, 0.5)  # removed, between kinds of pieces

BoolArray: TypeAlias = npt.NDArray[np.bool_]


def measure_own(pair: Comparison, old: FloatArray, new: FloatArray) -> FloatArray:
    """Measure the variance before of what is left of components and of what moved with it.

    Let ``y`` be what is left in a band and ``r`` what was removed. If a share of the component
    was removed, ``r`` holds ``b y`` with ``b = <r, y> / <y, y>``, and ``(1 + b) y`` was there
    before. If ``r`` is artifact that the ICA had left in the component, it does not move with
    ``y``: ``b`` is 0. As denoisers come and go in time, ``b`` is found by itself for half seconds
    from which about as large a share was removed.

    Parameters
    ----------
    pair : Comparison
        What tells the spans and the rate.
    old, new : ndarray, shape (n_epochs, n_components, n_times)
        The components before and after.

    Returns
    -------
    own : ndarray, shape (n_components,)
        Not more than was there, nor less than is left; where nothing is left, what was there.
    """
    both = zip(pair.join(old), pair.join(new), strict=True)
    return np.array([_measure_own(one, other, pair.signal.sfreq) for one, other in both])


def _measure_own(before: FloatArray, after: FloatArray, sfreq: float) -> float:
    n_times = len(before)
    piece = max(1, min(round(PIECE * sfreq), n_times))
    starts = np.arange(0, n_times - piece + 1, piece)
    spectra = rfft(after - after.mean()), rfft(before - before.mean())
    band = np.digitize(rfftfreq(n_times, 1 / sfreq), EDGES)
    own = left = 0.0
    for number in range(int(band.max()) + 1):
        y, x = (irfft(np.where(band == number, s, 0), n=n_times) for s in spectra)
        kept, there, shared, gone = (
            np.add.reduceat(product, starts)
            for product in (y * y, x * x, (x - y) * y, (x - y) ** 2)
        )
        # Not of what was there: that is less where the two oppose each other, which would choose.
        both = kept + gone
        share = np.divide(gone, both, out=np.zeros_like(gone), where=both > 0)
        for members in _part(share):
            power = float(kept[members].sum())
            moved = float(shared[members].sum()) / power if power > 0 else 0.0
            most = max(float(there[members].sum()), power)
            own += min(max(power * (1 + moved) ** 2, power), most) if power > 0 else most
            left += power
    # In units of the variance, of which bands and pieces keep all but the last piece.
    most = max(float(before.var()), float(after.var()))
    return min(own / left * float(after.var()), most) if left > 0 else float(before.var())


def _part(share: FloatArray) -> list[BoolArray]:
    """Part pieces by the share that was removed from them."""
    kinds = np.digitize(share, SHARES)
    return [kinds == kind for kind in np.unique(kinds)]


def correlate_rows(old: FloatArray, new: FloatArray) -> FloatArray:
    """Correlate rows, with 0 where one of them is flat.

    Parameters
    ----------
    old, new : ndarray, shape (n_rows, n_times)
        Signals.

    Returns
    -------
    correlation : ndarray, shape (n_rows,)
    """
    old, new = (x - x.mean(axis=1, keepdims=True) for x in (old, new))
    norm = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
    product = np.einsum("ij,ij->i", old, new)
    return np.asarray(np.divide(product, norm, out=np.zeros_like(product), where=norm > 0))


def compare_bands(pair: Comparison, old: FloatArray, new: FloatArray) -> FloatArray:
    """Compare the power of components in each of ``comparison.BANDS`` that the rate reaches.

    Parameters
    ----------
    pair, old, new
        As in `measure_own`.

    Returns
    -------
    kept : ndarray, shape (n_components, n_bands)
        Power after over power before.
    """
    frequencies, before = average_spectra(pair, old)
    _, after = average_spectra(pair, new)
    inside = [(frequencies >= low) & (frequencies <= high) for low, high in BANDS]
    columns = [
        after[:, band].sum(axis=1) / np.maximum(before[:, band].sum(axis=1), 1e-300)
        for band in inside
        if band.any()
    ]
    return np.array(columns).reshape(-1, old.shape[1]).T


def measure_outside(ica: ICA, pair: Comparison, sources: FloatArray) -> float:
    """Measure the share of the variance before that no component holds.

    Parameters
    ----------
    ica : mne.preprocessing.ICA
        The components.
    pair : Comparison
        The recordings that it unmixed.
    sources : ndarray, shape (n_epochs, n_components, n_times)
        The components before.
    """
    x = pair.join(pair.before)
    rest = x - x.mean(axis=1, keepdims=True)
    total = float(np.square(rest).sum())
    waves = pair.join(sources)
    rest -= find_maps(ica) @ (waves - waves.mean(axis=1, keepdims=True))
    return float(np.square(rest).sum()) / max(total, 1e-300)


def measure_removed(before: Any, after: Any) -> float:
    """Measure the share of the variance that was removed, 1 to 100 Hz, average reference.

    Parameters
    ----------
    before, after : Raw | Epochs
        The same recording.
    """
    pair = compare(before, after)
    names = pair.signal.ch_names
    pair = compare(*(prepare(inst, names) for inst in (before, after)))
    total = pair.join(pair.before).var(axis=1).sum()
    return float(pair.join(pair.removed).var(axis=1).sum() / total) if total > 0 else 0.0
