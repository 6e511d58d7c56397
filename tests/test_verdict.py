"""Tests of the verdict on one recording."""

from __future__ import annotations

import mne
import numpy as np
import pytest

pytest.importorskip("mne_icalabel", reason="mne-icalabel is not installed (extra iclabel)")
pytest.importorskip("picard", reason="python-picard is not installed (extra iclabel)")

from mne_artdenoise import verdict as v
from mne_artdenoise.checks import CheckRow
from mne_artdenoise.components import check_components
from mne_artdenoise.synthesis import simulate_raw


@pytest.fixture(scope="module")
def known(make_info):
    """Simulate a minute of 20 channels, with the components of the recording."""
    raw, truth, artifact = simulate_raw(make_info(20, 210.0), 60.0, rng=1)
    return raw, truth, artifact, check_components(raw, truth).ica


def judge(known, after, rows=()):
    raw, _, _, ica = known
    return v.judge_denoising(raw, after, check=check_components(raw, after, ica=ica), rows=rows)


def test_good_denoising_is_trusted(known):
    raw, truth, artifact, _ = known
    verdict = judge(known, truth)
    assert verdict.trusted
    assert verdict.brain_kept > 0.97
    share = artifact.get_data().var(axis=1).sum() / raw.get_data().var(axis=1).sum()
    assert verdict.removed == pytest.approx(share, abs=0.1)
    assert verdict.of_artifact > 0.9
    assert str(verdict) == verdict.sentence
    assert verdict.sentence.startswith("Removed ")
    assert "eye" in verdict.sentence
    assert "brain components kept 9" in verdict.sentence


def test_brain_that_is_taken_is_harm(known):
    _, truth, _, _ = known
    weak = truth.copy()
    weak._data *= 0.9
    verdict = judge(known, weak)
    assert not verdict.trusted
    assert verdict.harms[0].startswith("Brain components kept only 8")
    assert "Harm: " in str(verdict)


def test_doubtful_checks_are_harm_or_what_is_left(known):
    rows = [
        CheckRow("Alpha peak", "doubtful", "The alpha peak is gone."),
        CheckRow("Blinks left", "doubtful", "Half of the blinks is left."),
        CheckRow("Connectivity", "good", "Nothing moved."),
        CheckRow("Muscle left", "cannot tell", "Too short."),
    ]
    verdict = judge(known, known[1], rows)
    assert verdict.harms == ("The alpha peak is gone.",)
    assert verdict.remains == ("Half of the blinks is left.",)
    assert not verdict.trusted


def test_nothing_removed_is_said(known):
    raw = known[0]
    assert judge(known, raw).sentence == "Nothing was removed."


def test_a_bad_recording_is_warned_of(known):
    raw, truth, _, _ = known
    noisy, clean = raw.copy(), truth.copy()
    for inst in (noisy, clean):
        inst._data += 40e-6 * np.sin(2 * np.pi * 50 * inst.times)
    with pytest.warns(RuntimeWarning, match="should not be trusted.*raw.notch_filter first"):
        verdict = v.judge_denoising(noisy, clean, rows=())
    assert not verdict.trusted
    assert "Do not trust: Line noise" in str(verdict)


def test_too_few_channels_have_no_number(make_raw):
    raw = make_raw(4, duration=20.0)
    after = raw.copy()
    after._data *= 0.5
    with pytest.warns(RuntimeWarning, match="Only 4 channels"):
        verdict = v.judge_denoising(raw, after, rows=())
    assert verdict.brain_kept is None
    assert verdict.removed == pytest.approx(0.25)
    assert "4 channels are too few for components" in verdict.sentence


@pytest.mark.filterwarnings("ignore:The denoiser should not be trusted")
def test_epochs_need_not_be_loaded_and_an_average_is_refused(make_raw):
    raw = make_raw(6, duration=20.0)
    epochs = mne.make_fixed_length_epochs(raw, 2.0, preload=False, verbose=False)
    verdict = v.judge_denoising(epochs, epochs.copy(), rows=(), components=False)
    assert verdict.removed == 0
    assert not epochs.preload
    average = epochs.average()
    with pytest.raises(TypeError, match="needs Raw or Epochs, got EvokedArray"):
        v.judge_denoising(average, average)


def test_without_iclabel_there_is_no_number_and_the_sentence_says_so(known, monkeypatch):
    monkeypatch.setattr(v, "find_missing", lambda *, fit: ["mne-icalabel"])
    verdict = v.judge_denoising(known[0], known[1], rows=())
    assert (verdict.brain_kept, verdict.check) == (None, None)
    assert "components need mne-icalabel: pip install 'mne-artdenoise[iclabel]'" in verdict.sentence


def test_components_can_be_done_without(known, monkeypatch):
    monkeypatch.setattr(v, "check_components", lambda *_: pytest.fail("looked for components"))
    verdict = v.judge_denoising(known[0], known[1], rows=(), components=False)
    assert verdict.brain_kept is None
    assert "cannot be told (components were not looked for)." in verdict.sentence
    assert verdict.removed > 0.1


def test_the_check_of_components_comes_with_the_verdict(known):
    verdict = judge(known, known[1])
    assert verdict.brain_kept == verdict.check.brain_kept


def test_recordings_without_positions_are_not_trusted(make_raw):
    raw = make_raw(10, duration=12.0)
    raw.set_montage(None)
    after = raw.copy()
    after._data *= 0.9
    with pytest.warns(RuntimeWarning, match="No channel has a position.*inst.set_montage"):
        verdict = v.judge_denoising(raw, after, rows=())
    assert len(verdict.doubts) == 1
