"""Panels of the figure of a denoised recording: traces, spectra and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mne
import numpy as np

from ..channels import find_positioned
from ..comparison import BANDS, Comparison, average_spectra, choose_channels, measure_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

    from .._typing import FloatArray

# Okabe and Ito's colours, which all eyes tell apart; in grey they are light, dark and between.
BEFORE, AFTER, REMOVED, TRUTH = "#E69F00", "#0072B2", "#D55E00", "#000000"
BAND_NAMES = ("slow", "alpha", "fast")
FEWEST_MAPPED = 4  # a map of the head from fewer electrodes is guesswork
HIGHEST = 100.0  # hertz, of the spectra


def plot_traces(panel: SubFigure, pair: Comparison, first: int, last: int) -> None:
    """Plot some channels before and after (left), and what was removed (right), on one scale."""
    left, right = panel.subplots(1, 2, sharex=True, sharey=True)
    rows = choose_channels(pair)
    before, after, *truth = (
        np.hstack(list(x[:, rows]))[:, first:last] * 1e6
        for x in (pair.before, pair.after, pair.truth)
        if x is not None
    )
    # One level for both, so that an offset that was removed is seen.
    level = np.median(after, axis=1, keepdims=True)
    step = _choose_step(before - level, after - level)
    offsets = -step * np.arange(len(rows))[:, np.newaxis]
    time = np.arange(first, last) / pair.signal.sfreq
    _draw_rows(left, time, before - level + offsets, BEFORE, "before")
    _draw_rows(left, time, after - level + offsets, AFTER, "after")
    for clean in truth:
        _draw_rows(right, time, before - clean + offsets, TRUTH, "true artifact")
    _draw_rows(right, time, before - after + offsets, REMOVED, "removed")
    names = [pair.signal.ch_names[row] for row in rows]
    left.set(yticks=offsets[:, 0], yticklabels=names, xlim=(time[0], time[-1]))
    n_epochs, _, n_times = pair.before.shape
    borders = np.arange(1, n_epochs) * n_times
    for axes in (left, right):
        for border in borders[(borders > first) & (borders < last)]:
            axes.axvline(border / pair.signal.sfreq, color="0.7", linewidth=0.8, zorder=0)
        axes.set_xlabel("Time (s)" if n_epochs == 1 else "Time (s), epochs one after the other")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        legend = axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        for line in legend.get_lines():
            line.set_linewidth(2.5)
    left.set_title("Before and after", loc="left")
    right.set_title("Removed", loc="left")
    _draw_scale(right, step)


def _choose_step(before: FloatArray, after: FloatArray) -> float:
    """Choose the distance of neighbouring traces in microvolts: 1, 2 or 5 times a power of ten."""
    brain = 6 * np.median(after.std(axis=1))
    room = max(brain, min(0.4 * np.abs(before).max(), 3 * brain), 1e-3)
    scale = 10.0 ** np.floor(np.log10(room))
    return float(scale * min((1, 2, 5, 10), key=lambda digit: abs(np.log(digit * scale / room))))


def _draw_rows(axes: Axes, time: FloatArray, x: FloatArray, color: str, label: str) -> None:
    lines = axes.plot(time, x.T, color=color, linewidth=0.8)
    lines[0].set_label(label)


def _draw_scale(axes: Axes, step: float) -> None:
    """Draw how long the distance of two traces is, right of the last ones."""
    low, high = axes.get_ylim()
    place = axes.get_yaxis_transform()
    axes.plot([1.01, 1.01], [low, low + step], color="k", lw=2, transform=place, clip_on=False)
    axes.text(1.02, low + step / 2, f"{step:g} µV", transform=place, va="center")
    axes.set_ylim(low, high)


def plot_spectra(panel: SubFigure, pair: Comparison) -> None:
    """Plot power spectra, mean over channels."""
    axes = panel.subplots()
    curves = [(pair.before, BEFORE, "before", "-"), (pair.after, AFTER, "after", "-")]
    if pair.truth is not None:
        curves.append((pair.truth, TRUTH, "truth", "--"))
    for x, color, label, style in curves:
        frequencies, power = average_spectra(pair, x)
        shown = (frequencies >= 0.5) & (frequencies <= HIGHEST)
        mean = power[:, shown].mean(axis=0) * 1e12
        axes.loglog(frequencies[shown], mean, style, color=color, label=label, linewidth=1.4)
    for low, high in BANDS:
        axes.axvspan(low, high, color="0.94", zorder=0)
    ticks = [1, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="Frequency (Hz)", ylabel="Power (µV²/Hz)")
    axes.set_xlim(1, min(HIGHEST, pair.signal.sfreq / 2))
    axes.set_title("Power, mean over channels", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def plot_maps(panel: SubFigure, pair: Comparison) -> None:
    """Plot how much of the power was removed at each electrode, one head per band."""
    shares = measure_shares(pair)
    keep, _ = find_positioned(pair.signal.info)
    places = np.array([pair.signal.info["chs"][row]["loc"][:3] for row in keep]).reshape(-1, 3)
    # Of electrodes in one place (T3 is T7) a map takes one.
    keep = keep[np.sort(np.unique(places.round(4), axis=0, return_index=True)[1])]
    panel.suptitle("Share of power removed", x=0.02, ha="left", fontsize="large")
    if len(keep) < FEWEST_MAPPED or not shares:
        panel.text(0.5, 0.5, f"A map needs {FEWEST_MAPPED} electrodes with positions.", ha="center")
        return
    info = mne.pick_info(pair.signal.info, keep)
    heads = panel.subplots(1, len(shares), squeeze=False)[0]
    for axes, ((low, high), share), name in zip(heads, shares.items(), BAND_NAMES, strict=False):
        image, _ = mne.viz.plot_topomap(
            100 * share[keep],
            info,
            axes=axes,
            cmap="Oranges",
            vlim=(0, 100),
            contours=0,
            show=False,
        )
        axes.set_title(f"{name}, {low:g} to {high:g} Hz", fontsize="medium")
        axes.set_xlabel(f"median {100 * np.median(share):.1f} %")
    panel.colorbar(image, ax=list(heads), shrink=0.6, label="%", location="right")
