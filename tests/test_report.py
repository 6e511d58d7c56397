"""Tests of the figure and the report of what denoising did."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import mne
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import colors
from matplotlib import pyplot as plt

from mne_artdenoise import report as r
from mne_artdenoise.provenance import add_line
from mne_artdenoise.synthesis import simulate_raw


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Leave no figure open."""
    yield
    plt.close("all")


@pytest.fixture
def make_denoised(make_info):
    """Make a simulated recording, what a good denoiser makes of it, and the truth."""

    def make(n_channels: int = 8, sfreq: float = 200.0, duration: float = 5.0, left: float = 0.1):
        raw, truth, artifact = simulate_raw(make_info(n_channels, sfreq), duration, rng=0)
        clean = raw.copy()
        clean._data -= (1 - left) * artifact.get_data()
        return raw, clean, truth

    return make


def find_axes(fig, title: str):
    return next(axes for axes in fig.axes if axes.get_title(loc="left") == title)


def find_lines(axes, color: str) -> list[np.ndarray]:
    return [
        line.get_ydata()
        for line in axes.get_lines()
        if line.get_color() == color and len(line.get_xdata()) > 2
    ]


@pytest.mark.parametrize(
    ("n_channels", "sfreq", "duration"), [(2, 100.0, 1.0), (4, 127.3, 2.0), (70, 250.0, 3.0)]
)
@pytest.mark.parametrize("with_truth", [False, True])
def test_figure_can_be_drawn_for_any_montage(
    make_denoised, n_channels, sfreq, duration, with_truth
):
    raw, clean, truth = make_denoised(n_channels, sfreq, duration)
    fig = r.plot_denoising(raw, clean, truth=truth if with_truth else None, show=False)
    fig.canvas.draw()
    assert len(find_axes(fig, "Before and after").get_yticks()) == min(n_channels, 10)


def test_traces_differ_by_what_is_shown_as_removed(make_denoised):
    raw, clean, _ = make_denoised()
    fig = r.plot_denoising(raw, clean, show=False)
    left = find_axes(fig, "Before and after")
    before, after = (np.array(find_lines(left, color)) for color in (r.BEFORE, r.AFTER))
    removed = np.array(find_lines(find_axes(fig, "Removed"), r.REMOVED))
    offsets = left.get_yticks()[:, np.newaxis]
    np.testing.assert_allclose(before - after, removed - offsets, atol=1e-6)
    rows = [raw.ch_names.index(label.get_text()) for label in left.get_yticklabels()]
    np.testing.assert_allclose(
        removed - offsets, 1e6 * (raw.get_data() - clean.get_data())[rows], atol=1e-6
    )


def test_the_seconds_asked_for_are_shown(make_denoised):
    raw, clean, _ = make_denoised(duration=20.0)
    fig = r.plot_denoising(raw, clean, duration=3.0, start=4.0, show=False)
    time = find_axes(fig, "Removed").get_lines()[0].get_xdata()
    assert (time[0], len(time)) == (4.0, 600)


def test_truth_adds_its_spectrum_its_artifact_and_the_gain(make_denoised):
    raw, clean, truth = make_denoised()
    without = r.plot_denoising(raw, clean, show=False)
    fig = r.plot_denoising(raw, clean, truth=truth, show=False)
    for title, expected in [("Removed", 8), ("Power, mean over channels", 1)]:
        assert len(find_lines(find_axes(fig, title), r.TRUTH)) == expected
        assert not find_lines(find_axes(without, title), r.TRUTH)
    assert "SNR -3.0 dB before, 17.0 dB after: gain 20.0 dB." in fig.get_suptitle()
    assert "SNR" not in without.get_suptitle()


def test_maps_need_electrodes_in_four_places(make_denoised):
    few = r.plot_denoising(*make_denoised(3)[:2], show=False)
    many = r.plot_denoising(*make_denoised(5)[:2], show=False)
    titles = ["slow, 1 to 7 Hz", "alpha, 8 to 13 Hz", "fast, 20 to 45 Hz"]
    assert not {axes.get_title() for axes in few.axes} & set(titles)
    assert {axes.get_title() for axes in many.axes} >= set(titles)


def test_electrodes_in_one_place_and_without_a_place_can_be_drawn(make_denoised):
    raw, clean, _ = make_denoised(8)
    for inst in (raw, clean):
        inst.info["chs"][1]["loc"][:3] = inst.info["chs"][0]["loc"][:3]
        inst.info["chs"][2]["loc"][:3] = np.nan
    r.plot_denoising(raw, clean, show=False).canvas.draw()


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_nothing_removed_and_flat_channels_can_be_drawn(make_raw, level):
    raw = make_raw(6)
    raw._data[1] = level
    r.plot_denoising(raw, raw, show=False).canvas.draw()


def test_epochs_stand_one_after_the_other_with_borders(make_epochs):
    epochs = make_epochs(4)
    fig = r.plot_denoising(epochs, epochs, show=False)
    borders = [x.get_xdata()[0] for x in find_axes(fig, "Removed").get_lines()]
    assert {1.0, 2.0, 3.0} <= set(borders)


def test_evoked_can_be_drawn(make_evoked):
    r.plot_denoising(make_evoked(), make_evoked(seed=1), show=False).canvas.draw()


def test_recordings_are_left_alone(make_denoised):
    raw, clean, truth = make_denoised()
    copies = [inst.get_data().copy() for inst in (raw, clean, truth)]
    r.plot_denoising(raw, clean, truth=truth, show=False)
    for inst, copy in zip((raw, clean, truth), copies, strict=True):
        assert np.array_equal(inst.get_data(), copy)


def test_colours_can_be_told_apart_in_grey():
    weights = [0.2126, 0.7152, 0.0722]
    grey = [np.dot(colors.to_rgb(color), weights) for color in (r.BEFORE, r.AFTER)]
    assert grey[0] - grey[1] > 0.25


class StandInCheck:
    """A check that found three components."""

    def summary(self) -> str:
        return "3 brain components <kept>"


@pytest.mark.filterwarnings("ignore:The denoiser should not be trusted")  # seconds are few
def test_report_gets_figure_numbers_and_check(make_denoised):
    raw, clean, truth = make_denoised()
    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, raw, clean, StandInCheck(), truth=truth)
    page = "".join(report.html)
    for text in ("Before and after", "Numbers", "Components", "gain 20.0 dB"):
        assert text in page
    assert "&lt;kept&gt;" in page
    assert not plt.get_fignums()


@pytest.mark.filterwarnings("ignore:The denoiser should not be trusted")  # seconds are few
def test_report_without_check_or_truth_can_be_saved(make_denoised, tmp_path):
    raw, clean, _ = make_denoised()
    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, raw, clean, title="Cleaning")
    assert "Components" not in "".join(report.html)
    report.save(tmp_path / "report.html", open_browser=False, verbose=False)
    assert "Cleaning" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:The denoiser should not be trusted")  # seconds are few
def test_the_model_and_its_options_are_told(make_denoised, make_record):
    raw, clean, _ = make_denoised()
    parameters = {"spatial": True, "gate": False, "strength": 0.5, "overlap": 0.5}
    add_line(clean, make_record(id="some-v1"), parameters)
    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, raw, clean)
    page = "".join(report.html)
    assert "some-v1 (mne-artdenoise, version " in page
    assert "spatial filters on, gate off, strength 0.5)" in page
