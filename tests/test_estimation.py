"""A network sees each segment at its own rate and scale, and its answer comes back in place."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
import torch

from mne_artdenoise.directions import find_gains
from mne_artdenoise.estimation import (
    choose_shown,
    estimate_artifact,
    find_artifact,
    learn_filter,
    measure_activity,
    take_stretches,
)
from mne_artdenoise.recording import read_signal
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.weights.registry import get_record


@pytest.fixture
def seen(monkeypatch):
    """Let every network answer with a tenth of what it sees, and keep what it saw."""
    batches = []

    class TakeTenth(torch.nn.Module):
        def forward(self, x, directions):
            batches.append((x.numpy().copy(), directions.numpy().copy()))
            return x / 10

    monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda record: TakeTenth())
    return batches


def test_the_network_sees_numbers_of_about_one_at_its_rate(seen, make_raw, make_record):
    raw = make_raw(4, 20.0, 500.0)
    recording, artifact = estimate_artifact(read_signal(raw), make_record())
    (x,) = (batch for batch, _ in seen)
    assert x.shape[1:] == (4, 1600)
    assert 0.3 < np.median(x.std(axis=-1)) < 3
    assert recording[0].shape == artifact[0].shape == (4, 4000)
    np.testing.assert_allclose(artifact[0], recording[0] / 10, atol=1e-6 * recording[0].max())


def test_directions_are_those_of_the_channels(seen, make_raw, make_record):
    estimate_artifact(read_signal(make_raw(3)), make_record())
    directions = seen[0][1][0]
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-6)
    assert directions[0, 2] > 0.9  # Cz is up
    assert directions[1, 1] < 0  # Pz is behind


@pytest.mark.parametrize("sfreq", [200.0, 249.93, 1000.0])
def test_the_answer_comes_back_at_the_rate_and_length_of_the_recording(
    seen, make_raw, make_record, sfreq
):
    signal = read_signal(make_raw(3, 12.0, sfreq).filter(5, 30, verbose=False))
    (found,) = find_artifact(signal, make_record())
    (x,) = signal.segments
    assert found.shape == x.shape
    middle = slice(x.shape[1] // 4, -x.shape[1] // 4)
    assert np.abs(found - x / 10)[:, middle].max() < 0.01 * np.abs(x / 10).max()


def test_segments_of_one_length_run_together(seen, make_epochs, make_record):
    signal = read_signal(make_epochs(12, 4, 1.0))
    find_artifact(signal, make_record())
    assert [len(x) for x, _ in seen] == [12]
    seen.clear()
    find_artifact(signal, make_record(), batch_size=5)
    assert [len(x) for x, _ in seen] == [5, 5, 2]


def test_segments_do_not_mix(seen, make_raw, make_record):
    spans = mne.Annotations([3.0, 7.5], [1.0, 0.5], ["BAD_a", "BAD_b"])
    signal = read_signal(make_raw(3, 12.0, annotations=spans))
    recording, artifact = estimate_artifact(signal, make_record(l_freq=None))
    assert [x.shape[1] for x in artifact] == [600, 700, 800]
    for segment, x, y in zip(signal.segments, recording, artifact, strict=True):
        assert np.array_equal(segment, x)
        np.testing.assert_allclose(y, x / 10, atol=1e-12)


def test_too_little_to_see_is_nothing_found(seen, make_raw, make_record):
    signal = read_signal(make_raw(3, 3 / 2000, 2000.0))
    _, artifact = estimate_artifact(signal, make_record())
    assert [x.shape for x in artifact] == [(3, 1)]
    assert not artifact[0].any()
    assert seen == []


@pytest.mark.parametrize(("n_channels", "looks"), [(2, 1), (12, 1), (13, 2), (19, 2)])
def test_few_channels_are_looked_at_once(seen, make_raw, make_record, n_channels, looks):
    learn_filter(read_signal(make_raw(n_channels, 10.0)), make_record())
    assert len(seen) == looks


def test_weak_artifacts_give_no_filter(seen, make_raw, make_record):
    fitted = learn_filter(read_signal(make_raw(3, 10.0)), make_record(band=[0.5, 90.0]))
    # The network's answer is a tenth of all: nowhere does artifact outweigh brain.
    assert sum(len(band.ratios) for band in fitted.bands) == 0


# Stretches of long recordings


@pytest.fixture
def make_long(make_raw):
    """Make ten minutes of noise with a burst of muscle in one channel, at one moment."""

    def make(onset=333.0, n_channels=4, sfreq=100.0, annotations=None):
        raw = make_raw(n_channels, 600.0, sfreq, annotations=annotations)
        burst = np.random.default_rng(9).standard_normal(round(0.4 * sfreq))
        raw._data[1, round(onset * sfreq) :][: len(burst)] += 1e-4 * burst
        return raw

    return make


def count_seconds(signal):
    return sum(x.shape[1] for x in signal.segments) / signal.sfreq


def check_places(some, inst, signal):
    """Segments are those of the places, inside those of the signal, in order, none twice."""
    data = np.atleast_3d(inst.get_data())
    data = data.transpose(2, 0, 1) if isinstance(inst, mne.io.BaseRaw) else data
    assert len(some.segments) == len(some.places)
    for x, (epoch, start, stop) in zip(some.segments, some.places, strict=True):
        assert stop > start
        assert np.array_equal(x, data[epoch, some.picks, start:stop])
        assert any(e == epoch and a <= start and stop <= b for e, a, b in signal.places)
    for (epoch, _, stop), (later, start, _) in zip(some.places, some.places[1:], strict=False):
        assert (epoch, stop) <= (later, start)
    assert some.info is signal.info
    assert np.array_equal(some.picks, signal.picks)


def test_a_short_recording_is_taken_whole(make_raw, make_epochs):
    for inst in (make_raw(4, 60.0), make_epochs(30, 4, 2.0)):
        signal = read_signal(inst)
        assert take_stretches(signal) is signal


@pytest.mark.parametrize("seconds", [80.0, 150.0, 400.0, 595.0])
def test_about_as_much_is_taken_as_is_enough(make_long, seconds):
    raw = make_long()
    signal = read_signal(raw)
    some = take_stretches(signal, seconds * signal.n_channels)
    assert seconds - 10 <= count_seconds(some) <= min(600, seconds + 20)
    check_places(some, raw, signal)


def test_more_channels_need_less_time(make_raw):
    # Each covariance is a mean over time, and many channels take as much memory in less of it.
    lengths = [
        count_seconds(take_stretches(read_signal(make_raw(n, 700.0, 100.0)), 1200.0))
        for n in (2, 6, 20)
    ]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] >= 60


@pytest.mark.parametrize("onset", [0.0, 1.0, 99.9, 333.3, 599.0])
def test_a_rare_burst_is_always_taken(make_long, onset):
    signal = read_signal(make_long(onset))
    some = take_stretches(signal, 60.0 * signal.n_channels)
    sample = round((onset + 0.2) * signal.sfreq)
    assert any(start <= sample < stop for _, start, stop in some.places)


def test_a_loose_electrode_does_not_choose_for_all(make_long):
    raw = make_long()
    size = 1e-3 * (1 + 0.1 * np.sin(2 * np.pi * raw.times / 600))  # largest after 150 s
    raw._data[3] += size * np.random.default_rng(1).standard_normal(raw.n_times)
    signal = read_signal(raw)
    cuts = [(0, start, start + 1000) for start in range(0, 60000, 1000)]
    assert np.argmax(measure_activity(signal, cuts)) == 33


def test_stretches_come_from_the_whole_recording(make_long):
    some = take_stretches(read_signal(make_long()), 600.0)
    starts = np.array([start for _, start, _ in some.places]) / some.sfreq
    assert all(((starts >= a) & (starts < a + 150)).any() for a in (0, 150, 300, 450))


def test_stretches_do_not_cross_what_is_left_out(make_long):
    spans = mne.Annotations([100.0, 205.5, 400.0], [30.0, 1.0, 0.0], ["BAD_x", "bad", "EDGE"])
    raw = make_long(annotations=spans)
    signal = read_signal(raw)
    assert len(signal.segments) == 4
    some = take_stretches(signal, 320.0)
    assert count_seconds(some) >= 70
    check_places(some, raw, signal)


@pytest.mark.parametrize("duration", [0.2, 0.5, 2.0, 15.0])
def test_many_epochs_are_taken_whole_or_not(make_epochs, duration):
    n_epochs = round(150 / duration)
    epochs = make_epochs(n_epochs, 4, duration, 100.0)
    epochs._data[n_epochs // 3] *= 20
    signal = read_signal(epochs)
    some = take_stretches(signal, 320.0)
    assert 70 <= count_seconds(some) <= 100
    check_places(some, epochs, signal)
    assert n_epochs // 3 in {epoch for epoch, _, _ in some.places}


def test_segments_of_few_samples_have_no_activity(make_raw):
    signal = read_signal(make_raw(4, 20.0))
    activity = measure_activity(signal, [(0, 0, 1), (0, 5, 7), (0, 0, 2000), (0, 2000, 4000)])
    assert np.isfinite(activity).all()
    assert (activity[:2] == 0).all()
    assert (activity[2:] > 0).all()


def test_blinks_are_lively_and_drifts_are_not(make_raw):
    raw = make_raw(4, 60.0)
    raw._data[0, 6000:8000] += 2e-4 * np.sin(np.linspace(0, np.pi, 2000))  # over ten seconds
    raw._data[0, 9000:] += 1e-4 * np.exp(-(((raw.times[9000:] - 47.0) / 0.08) ** 2))
    cuts = [(0, start, start + 2000) for start in range(0, 12000, 2000)]
    activity = measure_activity(read_signal(raw), cuts)
    usual = np.median(activity)
    assert activity[4] > 1.5 * usual
    assert activity[3] < 1.2 * usual


def test_flat_channels_have_no_say(make_long):
    raw = make_long()
    raw._data[2] = 0.0
    signal = read_signal(raw)
    activity = measure_activity(signal, [(0, 0, 1000), (0, 33000, 34000), (0, 1000, 2000)])
    assert np.isfinite(activity).all()
    assert np.argmax(activity) == 1


@pytest.mark.parametrize(("channels", "n_shown"), [("any", 8), (("Fp1", "Fp2"), 7)])
def test_loud_channels_are_shown_smaller_or_to_fixed_channels_not(make_info, channels, n_shown):
    rng = np.random.default_rng(0)
    x = 1e-5 * rng.standard_normal((8, 2000))
    x[3] *= 40.0
    record = replace(get_record("any-montage-v1"), channels=channels)
    with pytest.warns(RuntimeWarning, match="more than ten times"):
        shown, gains = choose_shown([x], make_info(8), record)
    assert len(shown) == n_shown
    sizes = np.std(gains * x[shown], axis=1) / 1e-5
    np.testing.assert_allclose(sizes, [3.0 if k == 3 else 1.0 for k in shown], rtol=0.1)


def test_channels_of_a_usual_size_are_shown_as_they_are(make_info):
    x = 1e-5 * np.random.default_rng(0).standard_normal((8, 2000))
    shown, gains = choose_shown([x], make_info(8), get_record("any-montage-v1"))
    assert len(shown) == 8
    assert (gains == 1).all()


@pytest.fixture
def make_signal(make_info):
    """Read a simulated recording with blinks, changed by ``change`` before."""

    def make(change):
        raw, _, _ = simulate_raw(make_info(16, 250.0), 40.0, artifacts=["blink"], rng=3)
        raw.apply_function(change, picks="eeg", channel_wise=False, verbose=False)
        return read_signal(raw)

    return make


def test_drift_does_not_hide_slow_artifacts(make_signal):
    def drift(x):
        time = np.arange(x.shape[1]) / 250
        size = 20 * x.std() * np.random.default_rng(0).standard_normal((len(x), 1))
        return x + size * np.sin(2 * np.pi * 0.1 * time + size)

    record = get_record("any-montage-v1")
    quiet = learn_filter(make_signal(lambda x: x), record)
    drifting = learn_filter(make_signal(drift), record)
    (first, other) = (fitted.bands[0] for fitted in (quiet, drifting))
    gains = [find_gains(band, quiet.config)[0] for band in (first, other)]
    assert gains[0] > 0.9
    assert gains[1] == pytest.approx(gains[0], rel=0.01)
    x, y = first.mixing[:, 0], other.mixing[:, 0]
    assert abs(x @ y) > 0.99 * np.linalg.norm(x) * np.linalg.norm(y)


@pytest.mark.parametrize("kind", ["average reference", "interpolated"])
def test_what_a_recording_holds_nothing_of_is_not_removed(make_signal, kind):
    def average(x):
        return x - x.mean(axis=0)

    def interpolate(x):
        return np.vstack([x[:-1], x[:3].mean(axis=0)])

    average_referenced = kind == "average reference"
    signal = make_signal(average if average_referenced else interpolate)
    fitted = learn_filter(signal, get_record("any-montage-v1"))
    empty = np.ones(signal.n_channels)
    if not average_referenced:
        empty = np.append(np.zeros(signal.n_channels - 1), -1.0)
        empty[:3] = 1 / 3
    assert any(len(band.ratios) for band in fitted.bands)
    for band in fitted.bands:
        size = np.abs(band.mixing).max(initial=0)
        np.testing.assert_allclose(empty @ band.mixing, 0, atol=1e-8 * size)
