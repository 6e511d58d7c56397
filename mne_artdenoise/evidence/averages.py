"""Butterfly plots of averages before and after, and the topographies of what is removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from scipy.fft import rfft, rfftfreq

from .._typing import FloatArray
from ..comparison import BANDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..comparison import Comparison
    from ..spatial import SpatialFilter

MOST_MAPS = 4  # directions of a band that are shown: the others hold less artifact
LEAST_SHARE = 1e-3  # of the power of a band: less removed has no topography worth a look
COLORS = ("#E69F00", "#0072B2", "#D55E00")  # before, after, removed


def plot_butterfly(
    pair: Comparison, cuts: list[tuple[int, int]], half: int, title: str, zero: float = 0.0
) -> Figure:
    """Plot averages of all channels before, after, and of what was removed.

    Parameters
    ----------
    pair : Comparison
        The recordings.
    cuts : list of (int, int)
        Epoch and middle sample of what is averaged.
    half : int
        Samples on either side of the middle.
    title : str
        What is averaged.
    zero : float
        Seconds at the middle sample.

    Returns
    -------
    fig : matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(10, 3.2), layout="constrained")
    panels = fig.subplots(1, 3, sharex=True, sharey=True)
    time = np.arange(-half, half) / pair.signal.sfreq + zero
    sets = (pair.before, pair.after, pair.removed)
    for axes, x, color, name in zip(
        panels, sets, COLORS, ("before", "after", "removed"), strict=True
    ):
        average = np.mean([x[epoch][:, at - half : at + half] for epoch, at in cuts], axis=0)
        average = 1e6 * (average - average[:, : max(1, half // 3)].mean(axis=1, keepdims=True))
        axes.plot(time, average.T, color=color, linewidth=0.7)
        axes.set_title(name, loc="left")
        axes.set_xlabel("Time (s)")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("µV")
    fig.suptitle(f"{title}, {len(pair.signal.ch_names)} channels", x=0.01, ha="left")
    return fig


def plot_filter(fitted: SpatialFilter, info: mne.Info) -> Figure | None:
    """Plot the topographies that a spatial filter removes, one row per band.

    Parameters
    ----------
    fitted : SpatialFilter
        The filter.
    info : mne.Info
        Its channels.

    Returns
    -------
    fig : matplotlib.figure.Figure | None
        None where no band removes anything, or there are fewer than four places to draw.
    """
    rows = [
        (
            f"{band.low:g} to {min(band.high, info['sfreq'] / 2):g} Hz"
            + _count_more(len(band.ratios)),
            [f"artifact/brain {ratio:{'.0f' if ratio >= 10 else '.1f'}}" for ratio in band.ratios],
            band.mixing,
        )
        for band in fitted.bands
        if len(band.ratios)
    ]
    return _plot_rows(rows, info, "What the filters remove, band by band")


def plot_removed(pair: Comparison) -> Figure | None:
    """Plot the main topographies of what was removed, by whatever means, one row per band.

    Parameters
    ----------
    pair : Comparison
        The recordings.

    Returns
    -------
    fig : matplotlib.figure.Figure | None
        None where next to nothing was removed, or there are fewer than four places to draw.
    """
    rows = []
    for low, high in BANDS:
        removed, before = (_covary(pair, x, low, high) for x in (pair.removed, pair.before))
        share = np.trace(removed) / max(float(np.trace(before)), 1e-300)
        if share >= LEAST_SHARE:
            power, maps = np.linalg.eigh(removed)
            told = f"{low:g} to {high:g} Hz\n{100 * share:.0f} % of the power"
            parts = [f"{100 * part:.0f} % of it" for part in power[::-1] / power.sum()]
            rows.append((told, parts, maps[:, ::-1]))
    title = "Main topographies of what was removed, band by band"
    return _plot_rows(rows, pair.signal.info, title)


def _covary(pair: Comparison, x: FloatArray, low: float, high: float) -> FloatArray:
    """Find the covariance between channels within a band, but for a factor."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for span in pair.cut(x):
        hertz = rfftfreq(span.shape[1], 1 / pair.signal.sfreq)
        spectrum = rfft(span - span.mean(axis=1, keepdims=True))
        inside = spectrum[:, (hertz >= low) & (hertz <= high)]
        total += (inside @ inside.conj().T).real / span.shape[1]
    return total


def _count_more(count: int) -> str:
    return f"\n(and {count - MOST_MAPS} more)" if count > MOST_MAPS else ""


def _plot_rows(
    rows: Sequence[tuple[str, Sequence[str], FloatArray]], info: mne.Info, title: str
) -> Figure | None:
    """Plot topographies, the columns of an array per row, each with its name."""
    import matplotlib.pyplot as plt

    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    first = np.sort(np.unique(places.round(4), axis=0, return_index=True)[1])
    first = first[np.isfinite(places[first]).all(axis=1) & places[first].any(axis=1)]
    if not rows or len(first) < MOST_MAPS:
        return None
    fig = plt.figure(figsize=(8, 0.6 + 1.9 * len(rows)), layout="constrained")
    heads = fig.subplots(len(rows), MOST_MAPS, squeeze=False)
    shown = mne.pick_info(info, first)
    for axes in heads.flat:
        axes.set_axis_off()
    for row, (told, names, maps) in zip(heads, rows, strict=True):
        for axes, name, topography in zip(row, names, maps.T, strict=False):
            _draw_map(axes, topography[first], shown)
            axes.set_title(name, fontsize="small")
        row[0].text(-0.25, 0.5, told, transform=row[0].transAxes, ha="right", va="center")
    fig.suptitle(title, x=0.01, ha="left")
    return fig


def _draw_map(axes: Any, topography: FloatArray, info: mne.Info) -> None:
    limit = max(float(np.abs(topography).max()), 1e-30)
    mne.viz.plot_topomap(
        topography, info, axes=axes, cmap="RdBu_r", vlim=(-limit, limit), contours=0, show=False
    )
