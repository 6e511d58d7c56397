"""The gain of the main methods along channels, ratio and length, as one figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from compare import Mean
from grid import SWEPT, Cell
from methods import DEFAULT

# Each with its colour, told apart by colour-blind people too (Okabe & Ito).
SHOWN = {
    DEFAULT: "#0072B2",
    "ICA (Picard) + ICLabel": "#D55E00",
    "GEDAI": "#009E73",
    "ASR (mne-denoise)": "#CC79A7",
    "wavelet threshold": "#E69F00",
    "oracle": "#999999",
}


def draw_grid(
    sweeps: Sequence[tuple[str, list[Cell], Callable[[Cell], str]]],
    means: dict[str, dict[str, Mean]],
    path: Path,
) -> None:
    """Draw a panel per sweep, three to a row."""
    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(SWEPT), 3, figsize=(10, 8), sharey="row", layout="constrained")
    for axis, (title, cells, label) in zip(axes.flat, sweeps, strict=True):
        there = [cell for cell in cells if cell.name in means]
        places = np.arange(len(there))
        for number, (name, colour) in enumerate(SHOWN.items()):
            draw_line(axis, places + 0.04 * (number - 2.5), there, means, name, colour)
        axis.set_xticks(places, [label(cell) for cell in there])
        axis.set_title(title, fontsize=10)
        axis.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    for axis in axes[:, 0]:
        axis.set_ylabel("SNR gain, dB")
    handles, names = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_line(
    axis: mpl.axes.Axes,
    places: np.ndarray,
    cells: list[Cell],
    means: dict[str, dict[str, Mean]],
    name: str,
    colour: str,
) -> None:
    """Draw one method along a sweep, with its intervals, where it cleaned every cell."""
    found = [means[cell.name].get(name) for cell in cells]
    if not found or any(mean is None for mean in found):
        return
    values = np.array([(mean.value, mean.low, mean.high) for mean in found]).T
    errors = np.abs(values[1:] - values[0])
    style = ":" if name == "oracle" else "-"
    axis.errorbar(places, values[0], errors, color=colour, marker="o", ms=3, ls=style, label=name)
