"""Figures of what a check found: topographies of components, and rows of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mne
import numpy as np

from .unmixing import find_maps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .._typing import FloatArray
    from ..components import ComponentCheck

# Okabe and Ito's colours, which all eyes tell apart; the class is written beside, too.
COLORS = {
    "brain": "#0072B2",
    "muscle": "#D55E00",
    "eye": "#E69F00",
    "heart": "#CC79A7",
    "line": "#56B4E9",
    "channel": "#009E73",
    "other": "#7F7F7F",
}
COLUMNS = 5


def plot_components(check: ComponentCheck, most: int = 20, *, show: bool = True) -> Figure:
    """Plot topographies of components, sorted by how much of each is kept.

    Parameters
    ----------
    check : ComponentCheck
        The components.
    most : int
        How many at most: those with the largest variance.
    show : bool
        Whether to show the figure.

    Returns
    -------
    fig : matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt
    from mne.viz.utils import plt_show

    if most < 1:
        raise ValueError(f"most must be 1 or more, got {most!r}.")
    largest = np.argsort(-check.before, kind="stable")[:most]
    chosen = largest[np.argsort(check.kept[largest], kind="stable")]
    n_rows = -(-len(chosen) // COLUMNS)
    fig = plt.figure(figsize=(9.5, 0.5 + 1.95 * n_rows), layout="constrained")
    cells = fig.subplots(2 * n_rows, COLUMNS, squeeze=False, height_ratios=[10, 1] * n_rows)
    for axes in cells.flat:
        axes.set_axis_off()
    maps, info = _place_maps(check)
    for number, component in enumerate(chosen):
        row, column = divmod(number, COLUMNS)
        head, bar = cells[2 * row : 2 * row + 2, column]
        _draw_head(head, maps[:, component], info)
        label = check.labels[component]
        probability = check.probabilities[component].max()
        head.set_title(f"{component}: {label} {probability:.2f}", fontsize="small")
        _draw_kept(bar, float(check.kept[component]), COLORS[label])
    fig.suptitle(
        f"{len(chosen)} of {len(check.before)} components, least kept first. Bars: variance kept, "
        "coloured by ICLabel's class.",
        x=0.01,
        ha="left",
        fontsize="medium",
    )
    plt_show(show)
    return fig


def _place_maps(check: ComponentCheck) -> tuple[FloatArray, mne.Info]:
    """Give topographies at electrodes that are in different places."""
    info = mne.pick_info(
        check.ica.info, [check.ica.info["ch_names"].index(n) for n in check.ica.ch_names]
    )
    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    first = np.sort(np.unique(places.round(4), axis=0, return_index=True)[1])
    return find_maps(check.ica)[first], mne.pick_info(info, first)


def _draw_head(axes: Axes, topography: FloatArray, info: mne.Info) -> None:
    limit = float(np.abs(topography).max())
    mne.viz.plot_topomap(
        topography, info, axes=axes, cmap="RdBu_r", vlim=(-limit, limit), contours=0, show=False
    )


def _draw_kept(axes: Axes, kept: float, color: str) -> None:
    """Draw a bar whose full length is all, and write the number beside it."""
    axes.set_axis_on()
    axes.barh(0, 1, color="0.9")
    axes.barh(0, min(kept, 1.0), color=color)
    axes.set(xlim=(0, 1.0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"kept {100 * kept:.1f} %", fontsize="small", labelpad=1)
