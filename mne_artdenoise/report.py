"""What denoising did to a recording, as a figure and as a section of a report."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import mne
import numpy as np

from mne_artdenoise.checks import check_preservation
from mne_artdenoise.checks.residue import FEWEST_BLINKS, find_blinks, find_forehead
from mne_artdenoise.comparison import Comparison, compare, find_window, tabulate
from mne_artdenoise.components import ComponentCheck
from mne_artdenoise.evidence.averages import plot_butterfly, plot_filter, plot_removed
from mne_artdenoise.evidence.panels import (
    AFTER,
    BEFORE,
    REMOVED,
    TRUTH,
    plot_maps,
    plot_spectra,
    plot_traces,
)
from mne_artdenoise.evidence.tables import (
    write_checks,
    write_components,
    write_numbers,
    write_verdict,
)
from mne_artdenoise.provenance import read_lines
from mne_artdenoise.verdict import Verdict, judge_denoising

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mne_artdenoise._typing import Instance
    from mne_artdenoise.checks import CheckRow
    from mne_artdenoise.denoiser import ArtifactDenoiser

__all__ = ["AFTER", "BEFORE", "REMOVED", "TRUTH", "add_denoising", "plot_denoising"]

BLINK_HALF = 0.6  # seconds on either side of a blink


class Check(Protocol):
    """What a check of the components tells a report."""

    def summary(self) -> str:
        """Say in words what was found."""


def plot_denoising(
    before: Instance,
    after: Instance,
    *,
    truth: Instance | None = None,
    duration: float = 10.0,
    start: float | None = None,
    show: bool = True,
) -> Figure:
    """Plot a recording before and after denoising, and what was removed from it.

    Parameters
    ----------
    before, after : Raw | Epochs | Evoked
        The same recording, of the same channels and times (else ValueError). Channels marked bad
        are left out, spans annotated "BAD" or "EDGE" do not count in spectra and maps.
    truth : Raw | Epochs | Evoked | None
        The clean recording, if it is known.
    duration : float
        Seconds that are shown of up to ten channels, which are spread over the head, more of them
        where much was removed. Epochs are shown one after the other.
    start : float | None
        First second that is shown, counted from the first sample. None is where most was removed.
    show : bool
        Whether to show the figure.

    Returns
    -------
    fig : matplotlib.figure.Figure
        Traces before and after, the part removed, mean power spectra, and maps of how much of the
        power was removed in three bands.
    """
    import matplotlib.pyplot as plt
    from mne.viz.utils import plt_show

    pair = compare(before, after, truth)
    window = find_window(pair, duration, start)
    fig = plt.figure(figsize=(11, 8.5), layout="constrained")
    grid = fig.add_gridspec(2, 2, height_ratios=[1.75, 1], width_ratios=[1, 1.3])
    plot_traces(fig.add_subfigure(grid[0, :]), pair, *window)
    plot_spectra(fig.add_subfigure(grid[1, 0]), pair)
    plot_maps(fig.add_subfigure(grid[1, 1]), pair)
    fig.suptitle(_describe(pair), x=0.01, ha="left", fontsize="medium")
    plt_show(show)
    return fig


def add_denoising(
    report: mne.Report,
    before: Instance,
    after: Instance,
    check: Check | None = None,
    *,
    truth: Instance | None = None,
    rows: Sequence[CheckRow] | None = None,
    verdict: Verdict | None = None,
    denoiser: ArtifactDenoiser | None = None,
    title: str = "Denoising",
) -> None:
    """Add what denoising did to a report: figures, numbers, checks and components.

    Parameters
    ----------
    report : mne.Report
        The report, added to in place.
    before, after
        As in `plot_denoising`.
    check : ComponentCheck | None
        What `check_components` found: the verdict tells how much of the brain is left.
    truth
        As in `plot_denoising`.
    rows : sequence of CheckRow | None
        What `check_preservation` found; None finds out, an empty sequence leaves the table out.
    verdict : Verdict | None
        What `judge_denoising` found; None judges a Raw or Epochs by ``check`` and ``rows``.
    denoiser : ArtifactDenoiser | None
        The fitted denoiser: the topographies of its filters are shown. None shows topographies of
        what was removed.
    title : str
        Heading of the section.
    """
    import matplotlib.pyplot as plt

    place = {"section": title, "tags": ("denoising",)}
    pair = compare(before, after, truth)
    rows = check_preservation(before, after) if rows is None else rows
    if verdict is None and not isinstance(before, mne.Evoked):
        found = check if isinstance(check, ComponentCheck) else None
        verdict = judge_denoising(before, after, check=found, rows=rows, components=False)
    if verdict is not None:
        report.add_html(write_verdict(verdict), title="Verdict", **place)
    figures = {
        "Before and after": plot_denoising(before, after, truth=truth, show=False),
        "Average": _plot_average(pair),
        "Spatial filters": _plot_filters(denoiser, before),
        "What was removed": plot_removed(pair) if denoiser is None else None,
    }
    if isinstance(check, ComponentCheck):
        figures["Topographies of components"] = check.plot(show=False)
    for name, fig in figures.items():
        if fig is not None:
            report.add_figure(fig, title=name, **place)
            plt.close(fig)
    table = write_numbers({**_tell_models(after), **tabulate(pair)})
    report.add_html(table, title="Numbers", **place)
    if rows:
        report.add_html(write_checks(rows), title="Checks", **place)
    if isinstance(check, ComponentCheck):
        report.add_html(write_components(check), title="Components", **place)
    elif check is not None:
        text = f"<pre>{html.escape(check.summary())}</pre>"
        report.add_html(text, title="Components", **place)


def _plot_average(pair: Comparison) -> Figure | None:
    """Plot the average of the blinks of a recording, or of its epochs."""
    n_epochs, _, n_times = pair.before.shape
    if n_epochs > 1:
        half = n_times // 2
        return plot_butterfly(pair, [(epoch, half) for epoch in range(n_epochs)], half, "Epochs")
    half = round(BLINK_HALF * pair.signal.sfreq)
    rows = find_forehead(pair)
    blinks = find_blinks(pair, rows) if len(rows) else []
    blinks = [(epoch, at) for epoch, at in blinks if half <= at < n_times - half]
    if len(blinks) < FEWEST_BLINKS:
        return None
    return plot_butterfly(pair, blinks, half, f"Average of {len(blinks)} blinks")


def _plot_filters(denoiser: ArtifactDenoiser | None, before: Instance) -> Figure | None:
    if denoiser is None or not hasattr(denoiser, "filter_"):
        return None
    if isinstance(before, np.ndarray):
        raise TypeError("Recordings must be Raw, Epochs or Evoked to compare, got ndarray.")
    picks = [before.ch_names.index(name) for name in denoiser.ch_names_]
    return plot_filter(denoiser.filter_, mne.pick_info(before.info, picks))


def _describe(pair: Comparison) -> str:
    rows = tabulate(pair)
    text = f"{rows['EEG channels']} EEG channels, {rows['Duration']}. Removed {rows['Removed']}"
    return f"{text}. SNR {rows['SNR']}." if "SNR" in rows else f"{text} of {rows['Before']}."


def _tell_models(after: Instance) -> dict[str, str]:
    """Tell what denoised a recording, oldest first, as far as its description says."""
    if isinstance(after, np.ndarray):
        return {}
    told = [
        f"{entry.get('model')} (mne-artdenoise, version {entry.get('version')}; "
        f"spatial filters {_tell_switch(entry.get('spatial'))}, "
        f"gate {_tell_switch(entry.get('gate'))}, strength {entry.get('strength')})"
        for entry in read_lines(after.info)
    ]
    return {"Denoised by": ", then ".join(told)} if told else {}


def _tell_switch(value: object) -> str:
    return "on" if value else "off"
