"""Tests of what a report shows of checks, components, filters and verdicts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import matplotlib as mpl
import mne
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

from mne_artdenoise import report as r
from mne_artdenoise.checks import CheckRow
from mne_artdenoise.comparison import compare
from mne_artdenoise.components import ComponentCheck
from mne_artdenoise.evidence import averages
from mne_artdenoise.evidence.averages import plot_butterfly, plot_filter
from mne_artdenoise.evidence.quality import Quality
from mne_artdenoise.evidence.tables import write_checks, write_components, write_verdict
from mne_artdenoise.spatial import fit_filter
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.verdict import Verdict


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Leave no figure open."""
    yield
    plt.close("all")


@pytest.fixture
def make_check(make_raw):
    """Make a check of three components of a fitted ICA: eye, muscle and brain."""

    def make(n_channels: int = 8) -> ComponentCheck:
        raw = make_raw(n_channels, duration=8.0)
        ica = mne.preprocessing.ICA(3, max_iter=5, random_state=0, verbose=False)
        with warnings.catch_warnings(action="ignore"):  # five iterations are few
            ica.fit(raw, verbose=False)
        probabilities = np.zeros((3, 7))
        probabilities[range(3), [2, 1, 0]] = 0.9
        after = np.array([0.1, 0.3, 0.98]) * 1e-10
        return ComponentCheck(
            ica=ica, probabilities=probabilities, before=np.full(3, 1e-10), after=after,
            removed=1e-10 - after, own=np.full(3, 1e-10), correlation=np.ones(3),
            kept_by_band=np.full((3, 3), 0.5), outside=0.01,
        )  # fmt: skip

    return make


def test_rows_are_written_with_sign_and_word():
    rows = [
        CheckRow("One", "good", "All <is> well."),
        CheckRow("Two", "doubtful", "Not so."),
        CheckRow("Three", "cannot tell", "Too short."),
    ]
    page = write_checks(rows)
    for text in ("✓ good", "! doubtful", "– cannot tell", "All &lt;is&gt; well."):
        assert text in page


def test_components_are_written_least_kept_first(make_check):
    page = write_components(make_check())
    places = [page.index(f"<td>{name}</td>") for name in ("eye", "muscle", "brain")]
    assert places == sorted(places)
    assert "Brain kept: 98.0 %" in page


@pytest.mark.parametrize("harms", [(), ("Alpha <is> gone.",)])
def test_a_verdict_says_whether_something_speaks_against_it(harms):
    quality = Quality(20, 60.0, 1e-5, (), (), 0.0, -2.0, True)
    page = write_verdict(
        Verdict(
            0.98, 0.3, 0.9, "Removed 30 %.", harms, (), ("Few channels.",) * bool(harms), quality
        )
    )
    assert ("Nothing speaks against it." in page) == (not harms)
    assert ("<b>Harm:</b> Alpha &lt;is&gt; gone." in page) == bool(harms)
    assert ("<b>Do not trust:</b> Few channels." in page) == bool(harms)


def test_report_with_components_holds_all_sections(make_check, make_info):
    raw, truth, artifact = simulate_raw(make_info(8, 200.0), 20.0, snr_db=None, rng=1)

    class Denoiser:
        """A denoiser that is fitted."""

        ch_names_ = raw.ch_names
        filter_ = fit_filter([raw.get_data()], [artifact.get_data()], 200.0)

    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, raw, truth, make_check(), denoiser=Denoiser())
    page = "".join(report.html)
    for title in (
        *("Verdict", "Before and after", "Average", "Spatial filters"),
        *("Topographies of components", "Numbers", "Checks", "Components"),
    ):
        assert title in page
    assert not plt.get_fignums()
    assert "What was removed" not in page  # the filters tell it better
    short = mne.Report(title="Test", verbose=False)
    r.add_denoising(short, raw, truth, rows=())
    assert "what was found" not in "".join(short.html)
    assert "What was removed" in "".join(short.html)


def test_filters_are_drawn_band_by_band(make_info):
    raw, _, artifact = simulate_raw(make_info(8, 200.0), 20.0, snr_db=None, rng=1)
    fitted = fit_filter([raw.get_data()], [artifact.get_data()], 200.0)
    fig = plot_filter(fitted, raw.info)
    used = [band for band in fitted.bands if len(band.ratios)]
    assert sum(bool(axes.get_title()) for axes in fig.axes) == sum(
        min(4, len(band.ratios)) for band in used
    )
    nothing = fit_filter([raw.get_data()], [0 * artifact.get_data()], 200.0)
    assert plot_filter(nothing, raw.info) is None


def test_what_was_removed_is_drawn_with_its_topography(make_info, monkeypatch):
    info = make_info(20, 200.0)
    times = np.arange(2000) / 200.0
    blink, muscle = np.linspace(-1, 1, 20), np.cos(np.arange(20.0))
    brain = 1e-5 * np.random.default_rng(0).standard_normal((20, 2000))
    slow = 5e-5 * np.outer(blink, np.sin(2 * np.pi * 3 * times))
    fast = 5e-5 * np.outer(muscle, np.sin(2 * np.pi * 30 * times))
    raw, clean = (mne.io.RawArray(x, info, verbose=False) for x in (brain + slow + fast, brain))
    drawn = []
    monkeypatch.setattr(averages, "_draw_map", lambda axes, x, info: drawn.append(x))
    fig = averages.plot_removed(compare(raw, clean))
    assert [axes.get_title() for axes in fig.axes].count("100 % of it") == 2  # alpha: nothing
    for topography, found in ((blink, drawn[0]), (muscle, drawn[4])):
        assert abs(np.corrcoef(topography, found)[0, 1]) > 0.999
    assert averages.plot_removed(compare(raw, raw)) is None


def test_a_report_without_components_says_whether_to_trust_it(make_raw):
    raw = make_raw(4, duration=20.0)
    after = raw.copy()
    after._data *= 0.5
    report = mne.Report(title="Test", verbose=False)
    with pytest.warns(RuntimeWarning, match="Only 4 channels"):
        r.add_denoising(report, raw, after)
    page = "".join(report.html)
    assert "<b>Do not trust:</b> Only 4 channels" in page
    assert "Removed 25 % of the variance" in page


def test_a_verdict_that_is_known_is_not_sought_again(make_raw, monkeypatch):
    monkeypatch.setattr(r, "judge_denoising", lambda *_, **__: pytest.fail("judged again"))
    raw = make_raw(8, duration=12.0)
    quality = Quality(20, 60.0, 1e-5, (), (), 0.0, -2.0, True)
    verdict = Verdict(0.98, 0.3, 0.9, "Removed 31 %.", (), (), (), quality)
    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, raw, raw, verdict=verdict, rows=())
    assert "Removed 31 %." in "".join(report.html)


def test_evoked_responses_are_reported_without_a_verdict(make_evoked):
    report = mne.Report(title="Test", verbose=False)
    r.add_denoising(report, make_evoked(), make_evoked(seed=1))
    page = "".join(report.html)
    assert "Before and after" in page
    assert "Verdict" not in page


def test_butterfly_shows_the_average_of_each(make_raw):
    raw = make_raw(4, duration=10.0)
    after = raw.copy()
    after._data *= 0.5
    pair = compare(raw, after)
    fig = plot_butterfly(pair, [(0, 400), (0, 800)], 100, "Two cuts")
    before, later, removed = (
        np.array([line.get_ydata() for line in axes.get_lines()]) for axes in fig.axes
    )
    np.testing.assert_allclose(later, 0.5 * before)
    np.testing.assert_allclose(removed, before - later, atol=1e-9)
    assert before.shape == (4, 200)
