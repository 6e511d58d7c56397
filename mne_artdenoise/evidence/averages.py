"""Butterfly plots of averages before and after, and the topographies of spatial filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from .._typing import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..comparison import Comparison
    from ..spatial import SpatialFilter

MOST_MAPS = 4  # directions of a band that are shown: the others hold less artifact
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
    import matplotlib.pyplot as plt

    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    first = np.sort(np.unique(places.round(4), axis=0, return_index=True)[1])
    bands = [band for band in fitted.bands if len(band.ratios)]
    if not bands or len(first) < MOST_MAPS or not np.isfinite(places).all():
        return None
    fig = plt.figure(figsize=(8, 0.6 + 1.9 * len(bands)), layout="constrained")
    heads = fig.subplots(len(bands), MOST_MAPS, squeeze=False)
    shown = mne.pick_info(info, first)
    for axes in heads.flat:
        axes.set_axis_off()
    for row, band in zip(heads, bands, strict=True):
        for axes, ratio, topography in zip(row, band.ratios, band.mixing.T, strict=False):
            _draw_map(axes, topography[first], shown)
            axes.set_title(f"artifact/brain {ratio:.1f}", fontsize="small")
        more = len(band.ratios) - MOST_MAPS
        told = f"{band.low:g} to {band.high:g} Hz" + (f"\n(and {more} more)" if more > 0 else "")
        row[0].text(-0.25, 0.5, told, transform=row[0].transAxes, ha="right", va="center")
    fig.suptitle("What the filters remove, band by band", x=0.01, ha="left")
    return fig


def _draw_map(axes: Any, topography: FloatArray, info: mne.Info) -> None:
    limit = max(float(np.abs(topography).max()), 1e-30)
    mne.viz.plot_topomap(
        topography, info, axes=axes, cmap="RdBu_r", vlim=(-limit, limit), contours=0, show=False
    )
