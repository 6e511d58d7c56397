"""A stream comes out the same whatever blocks it comes in, late by what is said, and survives."""

from __future__ import annotations

import copy
import pickle
import threading
import time
import uuid

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mne_artdenoise import ArtifactDenoiser, OnlineDenoiser
from mne_artdenoise import online as online_module

SFREQ = 200.0


@pytest.fixture(scope="module")
def calibration(make_noisy):
    return make_noisy(10, 30.0, extra_types=["eog", "stim"], bads=["O2"], seed=8)


@pytest.fixture(scope="module")
def fitted(calibration):
    return OnlineDenoiser().fit(calibration)


@pytest.fixture
def online(fitted):
    return copy.deepcopy(fitted)


@pytest.fixture(scope="module")
def stream(make_noisy):
    """Make what comes after the calibration."""
    return make_noisy(10, 20.0, extra_types=["eog", "stim"], bads=["O2"], seed=9).get_data()


def run(online, x, cuts=()):
    """Send a stream through in blocks."""
    return np.hstack([online.process(block) for block in np.split(x, cuts, axis=1)])


def align(y, delay):
    """Give what came out for the samples that went in, without the last ones."""
    return y[:, delay:]


def measure(x, y):
    return np.abs(x - y).max() / np.abs(y).max()


def test_blinks_and_muscle_shrink(online, stream, make_raw):
    brain = make_raw(10, 20.0, extra_types=["eog", "stim"], seed=9).get_data()[:10]
    clean = align(run(online, stream), online.delay_)[:10]
    n = clean.shape[1]
    before, after = (np.square(x[:, :n] - brain[:, :n]).sum() for x in (stream[:10], clean))
    assert after < 0.5 * before


@pytest.mark.parametrize("latency", [0.0, 0.005, 0.1, 0.5])
def test_what_is_not_denoised_comes_out_late_and_untouched(calibration, stream, latency):
    online = OnlineDenoiser(ArtifactDenoiser(strength=0.7), latency=latency).fit(calibration)
    clean = run(online, stream, [100, 101, 700])
    assert online.delay_ == round(latency * SFREQ)
    assert clean.shape == stream.shape
    left = [calibration.ch_names.index(name) for name in ("O2", "EOG000", "STIM001")]
    late = align(clean, online.delay_)
    assert np.array_equal(late[left], stream[left, : late.shape[1]])
    assert not np.array_equal(late[:9], stream[:9, : late.shape[1]])
    assert (clean[:, : online.delay_] == stream[:, :1]).all()


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 4000), max_size=30), seed=st.integers(0, 3))
def test_blocks_make_no_difference(fitted, stream, cuts, seed):
    x, rng = stream.copy(), np.random.default_rng(seed)
    if seed:  # what is lost and comes back makes none either
        for _ in range(6):
            start, length = rng.integers(0, 3800), rng.integers(1, 200)
            row, value = rng.integers(0, 10), rng.choice([np.nan, 0.0])
            x[row if seed == 1 else slice(0, 10), start : start + length] = value
    expected = run(copy.deepcopy(fitted), x)
    found = run(copy.deepcopy(fitted), x, sorted(cuts))
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert measure(np.nan_to_num(found), np.nan_to_num(expected)) < 1e-12


def test_single_samples_make_no_difference(online, stream):
    expected = run(copy.deepcopy(online), stream[:, :600])
    assert measure(run(online, stream[:, :600], range(1, 600)), expected) < 1e-12


def test_no_sample_depends_on_what_comes_later(online, stream):
    changed = stream.copy()
    changed[:, 2000:] *= -3.0
    expected = run(copy.deepcopy(online), stream)
    assert np.array_equal(run(online, changed)[:, :2000], expected[:, :2000])


def test_an_offset_stays_an_offset(online, stream):
    offset = np.r_[np.linspace(-0.2, 0.2, 10), 0.0, 0.0][:, np.newaxis]
    expected = run(copy.deepcopy(online), stream) + offset
    assert np.abs(run(online, stream + offset) - expected).max() < 1e-12


def test_where_nothing_is_wrong_nothing_is_touched(calibration, make_raw):
    quiet = make_raw(10, 20.0, extra_types=["eog", "stim"], seed=3).get_data() * 0.05
    online = OnlineDenoiser().fit(calibration)
    gates = [band.closed for band in online._live.bands if len(band.ratios)]
    clean = align(run(online, quiet), online.delay_)
    if all(gates):
        assert np.array_equal(clean, quiet[:, : clean.shape[1]])
    else:
        assert measure(clean, quiet[:, : clean.shape[1]]) < 1.0


def test_an_average_reference_stays_one(make_noisy):
    raw = make_noisy(10, 30.0).set_eeg_reference(projection=True, verbose=False)
    raw.apply_proj(verbose=False)
    online = OnlineDenoiser().fit(raw)
    x = raw.get_data()[:, :2000]
    clean = run(online, x)
    assert np.abs(clean.mean(axis=0)).max() < 1e-12 * np.abs(clean).max()
    assert measure(align(clean, online.delay_), x[:, : -online.delay_]) > 1e-2


def test_strength_zero_changes_nothing(calibration, stream):
    online = OnlineDenoiser(ArtifactDenoiser(strength=0.0)).fit(calibration)
    assert np.array_equal(align(run(online, stream), online.delay_), stream[:, : -online.delay_])


def test_a_fitted_denoiser_is_used_as_it_is(calibration, make_noisy, stream):
    denoiser = ArtifactDenoiser().fit(make_noisy(10, 40.0, seed=1, bads=["O2"]))
    online = OnlineDenoiser(denoiser).fit(calibration)
    assert online.denoiser_.filter_.bands[0].unmixing is not None
    assert np.array_equal(
        online.denoiser_.filter_.bands[0].unmixing, denoiser.filter_.bands[0].unmixing
    )


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_do_the_same_from_where_they_are(online, stream, copier):
    online.process(stream[:, :1000])
    other = copier(online)
    first, second = (one.process(stream[:, 1000:]) for one in (online, other))
    assert np.array_equal(first, second)


def test_after_a_reset_the_stream_begins_anew(online, stream):
    expected = run(copy.deepcopy(online), stream)
    online.process(stream[:, ::-1])
    online.reset()
    assert np.array_equal(run(online, stream), expected)


# What goes wrong in a stream


@pytest.mark.parametrize("value", [np.nan, 0.0, 3e-4])
def test_five_seconds_without_a_signal_are_survived(online, stream, value):
    x = stream.copy()
    x[:10, 1000:2000] = value
    expected = run(copy.deepcopy(online), stream)
    found, delay = run(online, x, range(50, 4000, 50)), online.delay_
    assert np.array_equal(np.isnan(found[:10]), np.isnan(np.roll(x, delay, axis=1)[:10]))
    if np.isnan(value):
        assert measure(found[:, : 1000 + delay - delay], expected[:, :1000]) < 1e-12
    else:  # a tenth of a second passes until it is known, and the latency covers it
        assert np.array_equal(found[:10, 1000 + delay : 2000 + delay], x[:10, 1000:2000])
    fresh = copy.deepcopy(online)
    fresh.reset()
    again = run(fresh, x[:, 2000:])
    # As if it began there: but for the gate, which remembers nothing worth it.
    assert measure(found[:, 2400:], again[:, 400 : 400 + 1600]) < 1e-12


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_dead_channel_is_done_without(online, stream, value):
    dead = 6  # Fp1, which shows blinks best
    x = stream.copy()
    x[dead, 1200:] = value
    expected = run(copy.deepcopy(online), stream)
    found = run(online, x, range(50, 4000, 50))
    late = np.roll(x, online.delay_, axis=1)
    assert np.array_equal(found[dead, 1300:], late[dead, 1300:], equal_nan=True)
    others = [row for row in range(9) if row != dead]
    left = found[others, 1300:] - expected[others, 1300:]
    removed = late[others, 1300:] - expected[others, 1300:]
    assert np.isfinite(left).all()
    assert np.square(left).sum() < 0.2 * np.square(removed).sum()


def test_a_channel_that_comes_back_is_used_again(online, stream):
    x = stream.copy()
    x[6, 1000:1500] = np.nan
    expected = run(copy.deepcopy(online), stream)
    found = run(online, x)
    # Its memory of what was before is gone: after that of the filters all is as before.
    assert measure(found[:, 2400:], expected[:, 2400:]) < 1e-12
    assert measure(found[:, :1000], expected[:, :1000]) < 1e-12


def test_a_channel_dead_from_the_start_joins_when_it_comes(online, stream):
    x = stream.copy()
    x[:5, :700] = np.nan
    found = run(online, x, range(30, 4000, 30))
    assert np.isfinite(found[:, 700 + online.delay_ :]).all()
    assert measure(found[:, 1900:], run(copy_reset(online), stream)[:, 1900:]) < 1e-12


def copy_reset(online):
    other = copy.deepcopy(online)
    other.reset()
    return other


@pytest.mark.parametrize("value", [1e13, -1e200, 1e305, np.inf])
def test_absurd_values_count_as_lost_and_leave_no_trace(online, stream, value):
    x = stream.copy()
    x[3, 1000:1003], x[7, 1001] = value, -value
    expected = run(copy.deepcopy(online), stream)
    found = run(online, x)
    late = np.roll(x, online.delay_, axis=1)
    assert np.array_equal(np.abs(found) > 1, np.abs(late) > 1)
    assert measure(found[:, 2400:], expected[:, 2400:]) < 1e-12


def test_a_gap_ends_one_stretch_and_begins_the_next(online, stream):
    first, second = stream[:, :1500], stream[:, 2500:]
    found = [run(online, first, range(40, 1500, 40))]
    online.skip_gap()
    found = np.hstack([*found, run(online, second)])
    joined = np.hstack([first, second])
    delay = online.delay_
    assert found.shape == joined.shape
    assert np.array_equal(found[10:, delay:], joined[10:, :-delay])
    alone = run(copy_reset(online), second)
    assert measure(found[:, 1500 + delay :], alone[:, delay:]) < 1e-12
    # The end of the first stretch saw no sample beyond it.
    online.reset()
    held = np.hstack([first, np.repeat(first[:, -1:], delay, axis=1)])
    expected = run(online, held)
    assert measure(found[:10, :1500], expected[:10, :1500]) < 1e-12


def test_gaps_before_anything_came_do_no_harm(online, stream):
    online.skip_gap()
    expected = run(copy_reset(online), stream)
    assert np.array_equal(run(online, stream), expected)
    online.skip_gap()
    online.skip_gap()
    online.process(stream[:, :3])
    online.skip_gap()
    assert np.isfinite(online.process(stream[:, :100])).all()


# Adaptation


def test_filters_adapt_to_what_is_remembered(calibration, make_noisy, make_raw):
    online = OnlineDenoiser(remember=15.0).fit(make_noisy(10, 30.0, extra_types=["eog", "stim"]))
    before = online.denoiser_.filter_
    other = make_noisy(10, 40.0, extra_types=["eog", "stim"], seed=4).get_data()
    run(online, other[:, :4000], range(100, 4000, 100))
    expected = run(copy.deepcopy(online), other[:, 4000:])
    online.adapt()
    found = run(online, other[:, 4000:], range(100, 4000, 100))
    assert online.denoiser_.filter_ is not before
    assert measure(found[:, :1], expected[:, :1]) < 1e-12  # it fades in
    assert not np.allclose(found[:9, 300:], expected[:9, 300:], atol=1e-9)
    assert online._next is None
    assert sum(block.shape[1] for block in online._past) <= 15 * SFREQ + 100


def test_a_thread_may_adapt_while_the_stream_goes_on(make_noisy):
    online = OnlineDenoiser(remember=10.0).fit(make_noisy(6, 20.0))
    x, done = make_noisy(6, 15.0, seed=4).get_data(), []

    def adapt():
        for _ in range(2):
            online.adapt()
            done.append(online.denoiser_.filter_)

    run(online, x, range(100, 3000, 100))
    thread = threading.Thread(target=adapt)
    thread.start()
    while thread.is_alive():
        assert np.isfinite(online.process(x[:, :10])).all()
    assert np.isfinite(run(online, x, range(100, 3000, 100))).all()
    assert len(done) == 2
    assert online._next is None


def test_what_cannot_be_adapted_to_leaves_the_stream_as_it_was(calibration, stream, monkeypatch):
    online = OnlineDenoiser(remember=20.0).fit(calibration)
    run(online, stream)
    expected = run(copy.deepcopy(online), stream)
    before = online.denoiser_
    with monkeypatch.context() as patch:
        patch.setattr(online_module, "LiveFilter", None)
        with pytest.raises(TypeError):
            online.adapt()
    assert online.denoiser_ is before
    assert np.array_equal(run(online, stream), expected)


def test_nothing_remembered_cannot_be_adapted_to(online):
    with pytest.raises(ValueError, match="remember=60"):
        online.adapt()


def test_adapting_with_a_dead_channel_works(make_noisy, stream):
    online = OnlineDenoiser(remember=20.0).fit(make_noisy(10, 30.0, extra_types=["eog", "stim"]))
    x = stream.copy()
    x[2], x[:10, 1000:1400] = np.nan, np.nan
    run(online, x)
    with pytest.warns(RuntimeWarning, match="Flat throughout: Fz"):
        online.adapt()
    assert np.isfinite(run(online, stream)[:, 100:]).all()


# Refused


@pytest.mark.parametrize("latency", [-0.1, 3.0, np.nan])
def test_impossible_latencies_are_told(latency):
    with pytest.raises(ValueError, match="latency must be from 0 to 2 seconds"):
        OnlineDenoiser(latency=latency)


def test_what_is_no_calibration_is_told(make_epochs, calibration):
    with pytest.raises(TypeError, match="must be a Raw, found EpochsArray"):
        OnlineDenoiser().fit(make_epochs())
    with pytest.raises(ValueError, match="spatial=True"):
        OnlineDenoiser(ArtifactDenoiser(spatial=False)).fit(calibration)
    with pytest.raises(ValueError, match="call fit first"):
        OnlineDenoiser().process(np.zeros((10, 5)))


@pytest.mark.parametrize(
    ("block", "error", "message"),
    [
        (np.zeros(12), ValueError, r"needs shape \(12, n_times\)"),
        (np.zeros((11, 5)), ValueError, r"found \(11, 5\)"),
        (np.zeros((12, 5), complex), TypeError, "complex128"),
        (np.full((12, 5), "x"), TypeError, "numbers in volts"),
    ],
)
def test_what_is_no_block_is_told(online, block, error, message):
    with pytest.raises(error, match=message):
        online.process(block)


def test_blocks_of_other_types_and_none_are_taken(online, stream):
    assert online.process(stream[:, :0]).shape == (12, 0)
    single = online.process(stream[:, :100].astype(np.float32))
    assert single.dtype == np.float64
    assert online.process(np.zeros((12, 3), dtype=int)).shape == (12, 3)


# mne-lsl


def test_the_callback_turns_units_and_stamps(online, stream):
    callback = online.as_callback(units=1e-6)
    expected = run(copy.deepcopy(online), stream[:, :1000])
    data = (stream[:, :1000] * 1e6).T.astype(np.float32)
    stamps = 50.0 + np.arange(1000) / SFREQ
    parts = [callback(data[a : a + 70], stamps[a : a + 70], None) for a in range(0, 1000, 70)]
    found = np.vstack([part[0] for part in parts])
    assert found.dtype == np.float32
    assert measure(found.T * 1e-6, expected) < 1e-5
    np.testing.assert_allclose(
        np.hstack([part[1] for part in parts]), stamps - online.delay_ / SFREQ
    )


def test_a_jump_of_the_stamps_is_a_gap(online, stream, monkeypatch):
    gaps = []
    monkeypatch.setattr(OnlineDenoiser, "skip_gap", lambda self: gaps.append(1))
    callback = online.as_callback()
    stamps = np.arange(40) / SFREQ
    for shift in (0.0, 0.2, 0.4, 0.75, 0.95):  # 0.15 s are missing once
        callback(stream[:, :40].T, stamps + shift, None)
    assert len(gaps) == 1


@pytest.mark.slow
def test_a_stream_of_lsl_comes_out_clean(calibration, stream):
    """A real outlet and inlet on this machine, by the player of mne-lsl."""
    try:
        from mne_lsl.player import PlayerLSL
        from mne_lsl.stream import StreamLSL
    except (ImportError, RuntimeError, OSError) as error:  # the latter where liblsl is missing
        pytest.skip(f"mne-lsl or liblsl is missing: {error}")

    online = OnlineDenoiser().fit(calibration)
    raw = mne.io.RawArray(stream, calibration.info, verbose=False)
    name, got = f"artdenoise-{uuid.uuid4().hex}", []
    clean = online.as_callback()

    def callback(data, timestamps, info):
        after, stamps = clean(data.copy(), timestamps, info)
        got.append((np.array(data), np.array(after)))
        return after, stamps

    with PlayerLSL(raw, chunk_size=20, name=name):
        inlet = StreamLSL(bufsize=4, name=name).connect(timeout=20, acquisition_delay=0.05)
        try:
            inlet.add_callback(callback)
            end = time.monotonic() + 6.0
            while time.monotonic() < end:
                time.sleep(0.1)
        finally:
            inlet.disconnect()
    before, after = (np.vstack(parts).T for parts in zip(*got, strict=True))
    assert before.shape[1] > 3 * SFREQ
    expected = run(copy_reset(online), before)
    assert measure(after, expected) < 1e-5
    late = align(after, online.delay_)
    assert measure(late[:9], before[:9, : late.shape[1]]) > 1e-2
