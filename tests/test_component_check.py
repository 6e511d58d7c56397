"""Tests of what denoising did to components, on recordings whose brain and artifact are known."""

from __future__ import annotations

import mne
import numpy as np
import pytest

pytest.importorskip("mne_icalabel", reason="mne-icalabel is not installed (extra iclabel)")
pytest.importorskip("picard", reason="python-picard is not installed (extra iclabel)")
pytest.importorskip("pandas", reason="pandas is not installed (extra test)")

from mne_artdenoise import components as c
from mne_artdenoise.evidence import iclabel, sources, unmixing
from mne_artdenoise.synthesis import simulate_raw


@pytest.fixture(scope="module")
def known(make_info):
    """Simulate a minute of 20 channels, and unmix it once: recording, truth, artifact, ICA."""
    raw, truth, artifact = simulate_raw(make_info(20, 210.0), 60.0, rng=1)
    names = unmixing.choose_channels(raw.info)
    ica = unmixing.fit_components(unmixing.prepare(raw, names))
    return raw, truth, artifact, ica


def subtract(raw, *removed):
    after = raw.copy()
    for x in removed:
        after._data -= x
    return after


@pytest.mark.parametrize("leak", [0.0, 0.05, 0.2])
def test_brain_kept_is_within_two_points_of_the_truth(known, leak):
    raw, truth, artifact, ica = known
    after = subtract(raw, 0.97 * artifact.get_data(), leak * truth.get_data())
    check = c.check_components(raw, after, ica=ica)
    assert check.brain_kept == pytest.approx((1 - leak) ** 2, abs=0.02)
    assert check.artifact_removed > 0.85


def test_brain_removed_for_some_of_the_time_is_seen(known):
    raw, truth, artifact, ica = known
    gate = np.zeros(len(raw.times))
    gate[: len(gate) // 3] = 0.4
    lost = gate * truth.get_data()
    kept = (truth.get_data() - lost).var(axis=1).sum() / truth.get_data().var(axis=1).sum()
    check = c.check_components(raw, subtract(raw, artifact.get_data(), lost), ica=ica)
    assert check.brain_kept == pytest.approx(kept, abs=0.03)


def test_nothing_removed_keeps_everything(known):
    raw, _, _, ica = known
    check = c.check_components(raw, raw, ica=ica)
    np.testing.assert_allclose(check.kept, 1.0, rtol=1e-9)
    np.testing.assert_allclose(check.correlation, 1.0, rtol=1e-9)
    assert check.brain_kept == pytest.approx(1.0)
    assert check.artifact_removed == pytest.approx(0.0, abs=1e-9)
    assert check.removed_by_class() == {}
    assert "-" in check.summary()


def test_everything_removed_keeps_nothing(known):
    raw, _, _, ica = known
    check = c.check_components(raw, subtract(raw, raw.get_data()), ica=ica)
    assert check.brain_kept == pytest.approx(0.0, abs=1e-9)
    assert check.artifact_removed == pytest.approx(1.0)
    np.testing.assert_allclose(check.correlation, 0.0, atol=1e-9)


def test_one_unmixing_serves_both_recordings(known, monkeypatch):
    raw, _, artifact, ica = known
    monkeypatch.setattr(unmixing, "fit_components", lambda *_, **__: pytest.fail("fitted again"))
    check = c.check_components(raw, subtract(raw, artifact.get_data()), ica=ica)
    assert check.ica is ica


def test_the_fitted_ica_is_of_the_recording_before(known):
    raw, _, artifact, ica = known
    check = c.check_components(raw, subtract(raw, artifact.get_data()))
    np.testing.assert_array_equal(check.ica.unmixing_matrix_, ica.unmixing_matrix_)
    assert check.ica.get_sources(raw).get_data().shape[0] == len(check.before)


def test_recordings_are_left_alone(known):
    raw, _, artifact, ica = known
    after = subtract(raw, artifact.get_data())
    kept = [inst.get_data().copy() for inst in (raw, after)]
    c.check_components(raw, after, ica=ica)
    for inst, x in zip((raw, after), kept, strict=True):
        np.testing.assert_array_equal(inst.get_data(), x)


def test_removed_artifact_holds_no_more_brain_than_was_put_into_it(known):
    raw, truth, artifact, ica = known

    def share(leak: float) -> float:
        removed = raw.copy()
        removed._data = artifact.get_data() + leak * truth.get_data()
        return c.label_removed(removed, ica=ica).brain_share

    # Five in a hundred of what was removed is brain.
    power = artifact.get_data().var() / truth.get_data().var()
    without, with_leak = share(0.0), share(np.sqrt(0.05 / 0.95 * power))
    assert without < 0.02
    assert 0.03 < with_leak - without < 0.07


def test_removed_signal_can_be_unmixed_by_itself(known):
    _, _, artifact, _ = known
    check = c.label_removed(artifact)
    assert check.brain_share < 0.05
    assert check.by_class()["eye"] > 0.5
    assert "eye" in check.summary()


def test_nothing_removed_has_no_class(known):
    raw = known[0]
    check = c.label_removed(subtract(raw, raw.get_data()))
    assert check.by_class() == {}
    assert check.brain_share == 0.0
    assert check.summary() == "Nothing was removed."


def test_table_has_a_row_for_each_component(known):
    raw, _, artifact, ica = known
    check = c.check_components(raw, subtract(raw, artifact.get_data()), ica=ica)
    table = check.to_data_frame()
    assert len(table) == ica.n_components_
    assert list(table["label"]) == check.labels
    assert {"kept", "correlation", "kept_slow", "kept_alpha", "kept_fast"} <= set(table.columns)
    assert table["kept"][0] < 0.1  # the blinks
    # What components hold of the variance, and what is outside of them, is all of it.
    inside = unmixing.prepare(raw, ica.ch_names).get_data().var(axis=1).sum() * 1e12
    assert table["variance"].sum() == pytest.approx(inside, rel=0.1)


def test_summary_tells_each_class_that_is_there(known):
    raw, _, artifact, ica = known
    check = c.check_components(raw, subtract(raw, artifact.get_data()), ica=ica)
    text = check.summary()
    assert text.startswith("Brain kept: ")
    for name in set(check.labels):
        assert f"\n{name}" in text


def test_unknown_class_lists_the_known_ones(known):
    raw, _, _, ica = known
    with pytest.raises(ValueError, match="'brian'. Known classes: brain, muscle, eye"):
        c.check_components(raw, raw, ica=ica).find("brian")


def test_epochs_can_be_checked(known):
    raw, _, artifact, ica = known
    both = [
        mne.make_fixed_length_epochs(inst, duration=2.0, preload=True, verbose=False)
        for inst in (raw, subtract(raw, artifact.get_data()))
    ]
    check = c.check_components(*both, ica=ica)
    assert check.brain_kept == pytest.approx(1.0, abs=0.03)
    assert check.artifact_removed > 0.85


@pytest.mark.parametrize("brain", [[0.9, 0.85, 0.6], [0.7, 0.6, 0.2], [0.1, 0.2, 0.1]])
def test_sure_brain_counts_and_where_none_is_the_likeliest(brain):
    rest = np.array(brain)[:, np.newaxis]
    probabilities = np.hstack([rest, (1 - rest) * 0.9, np.tile((1 - rest) * 0.02, 5)])
    ones = np.ones(3)
    check = c.ComponentCheck(
        ica=None, probabilities=probabilities, before=ones, after=ones * 0.9, removed=ones * 0.1,
        own=ones, correlation=ones, kept_by_band=np.ones((3, 3)), outside=0.0,
    )  # fmt: skip
    expected = [i for i, p in enumerate(brain) if p >= 0.8] or [
        i for i, p in enumerate(brain) if p > 0.5
    ]
    assert check.brain.tolist() == expected
    assert (check.brain_kept is None) == (not expected)
    assert ("No component is the brain's" in check.summary()) == (not expected)


def test_without_iclabel_the_error_says_how_to_install_it(make_raw, monkeypatch):
    monkeypatch.setattr(iclabel, "find_spec", lambda name: None if "label" in name else object())
    raw = make_raw(8)
    with pytest.raises(ImportError, match=r"mne-icalabel must be installed: pip install 'mne-art"):
        c.check_components(raw, raw)


def test_preconditions_name_the_call_that_helps(make_raw):
    def warn(raw, n_channels=20):
        iclabel.warn_of_recording(raw, n_channels)

    for raw, words in [
        (make_raw(8, sfreq=160.0), "ends at 80 Hz.*before raw.filter and raw.resample"),
        (make_raw(8, sfreq=250.0).filter(None, 45.0, verbose=False), "ends at 45 Hz"),
        (make_raw(8, sfreq=250.0).filter(3.0, None, verbose=False), r"raw.filter\(1, 100\)"),
    ]:
        with pytest.warns(RuntimeWarning, match=words):
            warn(raw)
    with pytest.warns(RuntimeWarning, match="inst.set_montage"):
        warn(make_raw(4, sfreq=250.0), 4)
    warn(make_raw(8, sfreq=250.0))


def test_an_ica_that_iclabel_does_not_know_is_warned_of(make_raw):
    raw = make_raw(8, sfreq=250.0)
    ica = mne.preprocessing.ICA(3, method="fastica", random_state=0, verbose=False)
    ica.fit(raw.copy().filter(0.5, 120.0, verbose=False), verbose=False)
    with pytest.warns(RuntimeWarning) as caught:
        iclabel.warn_of_ica(ica)
    told = " ".join(str(item.message) for item in caught)
    for call in ("method='picard'", "filter(1, 100)", "set_eeg_reference('average')"):
        assert call in told


def test_what_cannot_be_unmixed_is_refused(make_raw, make_evoked, known):
    raw, _, _, ica = known
    with pytest.raises(TypeError, match="Raw and Epochs, got EvokedArray"):
        c.check_components(make_evoked(), make_evoked())
    with pytest.raises(ValueError, match=r"ica.fit\(raw\)"):
        c.check_components(raw, raw, ica=mne.preprocessing.ICA())
    with pytest.raises(ValueError, match="lacks channels of the ICA: .*P8"):
        c.check_components(make_raw(8), make_raw(8), ica=ica)
    with pytest.raises(ValueError, match="lacks P8"):
        c.check_components(raw, raw.copy().drop_channels("P8"), ica=ica)
    unplaced = raw.copy()
    unplaced.info["chs"][0]["loc"][:3] = np.nan
    with pytest.raises(ValueError, match="Cz of the ICA have no position.*set_montage"):
        c.check_components(unplaced, unplaced, ica=ica)
    with pytest.raises(ValueError, match="Found 2 good EEG channels"):
        c.check_components(make_raw(2), make_raw(2))


def test_own_part_is_between_what_is_left_and_what_was_there(rng, known):
    from mne_artdenoise.comparison import compare

    raw = known[0]
    pair = compare(raw, raw)
    old = rng.standard_normal((1, 3, len(raw.times)))
    new = old * np.array([1.0, 0.5, 0.0])[:, np.newaxis]
    own = sources.measure_own(pair, old, new)
    np.testing.assert_allclose(own, old[0].var(axis=1), rtol=1e-3)
    # What was removed from a component and does not move with the rest was not its own.
    noise = rng.standard_normal(old.shape)
    own = sources.measure_own(pair, old + noise, old)
    np.testing.assert_allclose(own, old[0].var(axis=1), rtol=0.06)


def test_figure_shows_the_least_kept_first(known):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    raw, _, artifact, ica = known
    check = c.check_components(raw, subtract(raw, artifact.get_data()), ica=ica)
    fig = check.plot(most=7, show=False)
    titles = [axes.get_title() for axes in fig.axes if axes.get_title()]
    numbers = [int(title.split(":")[0]) for title in titles]
    assert len(numbers) == 7
    assert (np.diff(check.kept[numbers]) >= 0).all()
    assert set(numbers) == set(np.argsort(-check.before)[:7])
    with pytest.raises(ValueError, match="most must be 1 or more"):
        check.plot(most=0)
    plt.close("all")
