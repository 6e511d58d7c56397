"""Tests of the stream of training windows."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from mne_artdenoise.channels import read_directions
from mne_artdenoise.scale import measure_scale as measure_recording
from mne_artdenoise.training.stream import (
    StreamConfig,
    add_artifacts,
    choose_channels,
    cut_span,
    draw_band,
    draw_batch,
    draw_recording,
    draw_reference,
    draw_window,
    find_directions,
    measure_scale,
    move_cap,
    reference_and_band,
    stream_batches,
)

SMALL = StreamConfig(n_times=400, shapes=((3, 4, 0.5), (8, 2, 0.5)))


@pytest.fixture(scope="module")
def bank(make_bank):
    return make_bank(sizes=(8, 19, 64), n_times=1000)


def to_bytes(batch) -> bytes:
    return b"".join(part.tobytes() for part in (batch.noisy, batch.artifact, batch.directions))


def take(bank, seed: int, first: int, count: int, **options) -> list[bytes]:
    stream = stream_batches(bank, SMALL, seed, first, **options)
    taken = [to_bytes(batch) for batch in islice(stream, count)]
    stream.close()
    return taken


def measure_level(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


@pytest.mark.parametrize("first", [1, 3, 6])
@pytest.mark.parametrize("ahead", [1, 4])
def test_a_batch_depends_on_the_seed_and_its_number_alone(bank, first, ahead):
    whole = take(bank, 5, 0, 8)
    assert take(bank, 5, first, 8 - first, ahead=ahead) == whole[first:]
    assert len(set(whole)) == 8
    assert not set(take(bank, 6, 0, 8)) & set(whole)


def test_a_batch_of_the_stream_is_the_one_drawn_by_itself(bank):
    alone = draw_batch(bank, SMALL, np.random.default_rng((5, 2)))
    assert take(bank, 5, 2, 1) == [to_bytes(alone)]


def test_batches_have_the_shapes_asked_for(bank):
    seen = set()
    for seed in range(20):
        batch = draw_batch(bank, SMALL, np.random.default_rng(seed))
        windows, channels, times = batch.noisy.shape
        seen.add((channels, windows))
        assert times == SMALL.n_times
        assert batch.artifact.shape == batch.noisy.shape
        assert batch.directions.shape == (windows, channels, 3)
        for part in (batch.noisy, batch.artifact, batch.directions):
            assert part.dtype == np.float32
            assert np.isfinite(part).all()
        np.testing.assert_allclose(np.linalg.norm(batch.directions, axis=-1), 1.0, rtol=1e-6)
    assert seen == {(3, 4), (8, 2)}


def test_all_shapes_of_the_default_can_be_drawn(make_bank):
    bank = make_bank(sizes=(8, 19, 64), n_times=3300)
    for shape in StreamConfig().shapes:
        channels = shape[0]
        config = replace(StreamConfig(), shapes=((channels, 1, 1.0),))
        batch = draw_batch(bank, config, np.random.default_rng(0))
        assert batch.noisy.shape == (1, channels, 3200)


def test_a_bank_of_recordings_shorter_than_a_window_is_refused(bank):
    with pytest.raises(ValueError, match=r"5 s.*16 s.*n_times"):
        next(stream_batches(bank, StreamConfig(), 0))


@pytest.mark.parametrize("seed", range(12))
def test_the_clean_part_is_the_same_whatever_the_size_of_the_artifact(bank, seed):
    parts = []
    for snr_db in (-20.0, 0.0, 20.0):
        config = replace(SMALL, identity=0.0, snr_db=(snr_db, snr_db), gain_sd=0.0)
        noisy, artifact, _ = draw_window(bank, 8, config, np.random.default_rng(seed))
        clean = noisy - artifact  # in the scale of the window, which is another each time
        parts.append(clean / measure_level(clean))
    np.testing.assert_allclose(parts[0], parts[2], atol=1e-4)
    np.testing.assert_allclose(parts[1], parts[2], atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_artifacts_fall_by_the_decibels_asked_for(bank, rng, seed):
    clean = 1e-5 * rng.standard_normal((8, 400))
    positions = bank.clean[0].positions
    loud, quiet = (
        add_artifacts(
            *(bank, positions, clean, replace(SMALL, identity=0.0, snr_db=(snr_db, snr_db))),
            np.random.default_rng(seed),
        )
        for snr_db in (-12.0, 8.0)
    )
    np.testing.assert_allclose(quiet, 0.1 * loud, rtol=1e-9, atol=1e-20)
    # Up to three artifacts, each at -12 dB.
    assert measure_level(clean) * 10**0.6 * 0.5 < measure_level(loud)
    assert measure_level(loud) < measure_level(clean) * 10**0.6 * 3


@pytest.mark.parametrize("n_channels", [3, 8])
def test_artifacts_take_the_reference_of_the_brain_they_are_added_to(make_bank, n_channels):
    bank = make_bank(sizes=(8,), n_times=1000)
    item = bank.clean[0]
    zero_mean = replace(item, signal=item.signal - item.signal.mean(axis=0), whole=False)
    config = replace(SMALL, identity=0.0)
    rng, among = np.random.default_rng(0), np.arange(n_channels)
    part = add_artifacts(
        bank, item.positions, zero_mean.signal[:n_channels, :400], config, rng, among
    )
    assert part.any()
    gives_away = np.abs(part.mean(axis=0)).max() > 1e-5 * np.abs(part).max()
    assert gives_away == (n_channels < 8)  # all channels together have no mean


def test_the_fault_of_the_first_batches_can_be_repeated(make_bank):
    bank = make_bank(sizes=(8,), n_times=1000)
    bank = replace(bank, clean=tuple(replace(item, whole=False) for item in bank.clean))
    old = [to_bytes(b) for b in islice(stream_batches(bank, replace(SMALL, unreferenced=2), 3), 4)]
    new = [to_bytes(b) for b in islice(stream_batches(bank, SMALL, 3), 4)]
    assert [a == b for a, b in zip(old, new, strict=True)] == [False, False, True, True]


@pytest.mark.parametrize("identity", [0.0, 0.3, 1.0])
def test_the_share_asked_for_has_no_artifact(bank, identity):
    config, n_windows = replace(SMALL, identity=identity), 150
    idle = sum(
        not draw_window(bank, 3, config, np.random.default_rng(seed))[1].any()
        for seed in range(n_windows)
    )
    spread = 4 * np.sqrt(identity * (1 - identity) / n_windows)
    assert idle / n_windows == pytest.approx(identity, abs=spread)


@pytest.mark.parametrize("seed", range(6))
def test_windows_have_the_scale_that_the_path_gives_a_recording(bank, seed):
    config = replace(SMALL, gain_sd=0.0)
    noisy, _, _ = draw_window(bank, 8, config, np.random.default_rng(seed))
    assert measure_scale(noisy, 200) == pytest.approx(1.0)


@pytest.mark.parametrize("n_flat", [0, 3])
def test_scale_of_a_window_is_measured_as_that_of_a_recording(rng, n_flat):
    x = rng.standard_normal((9, 850)) * np.exp(rng.standard_normal((9, 1)))
    x[:n_flat] = 0.0
    assert measure_scale(x, 200) == pytest.approx(measure_recording([x], 200.0))


def test_a_silent_window_has_scale_one():
    assert measure_scale(np.zeros((3, 400)), 200) == 1.0


def test_directions_are_those_that_the_path_reads(make_info):
    info = make_info(19)
    positions = np.array([ch["loc"][:3] for ch in info["chs"]])
    np.testing.assert_allclose(find_directions(positions), read_directions(info), rtol=1e-12)


@pytest.mark.parametrize("reference", [None, [0, 1, 2, 3, 4], [1, 3], [6]])
@pytest.mark.parametrize("seed", range(4))
def test_reference_and_band_are_applied_to_both_parts_alike(rng, reference, seed):
    clean, artifact = rng.standard_normal((2, 7, 400))
    chosen = np.array([4, 1, 3])
    common = None if reference is None else np.array(reference)

    def apply(first, second):
        again = np.random.default_rng(seed)
        return reference_and_band(first, second, chosen, common, 200.0, again)

    one, other = apply(clean, artifact)
    other_way = apply(artifact, clean)
    total, _ = apply(clean + artifact, artifact)
    assert one.shape == other.shape == (3, 400)
    np.testing.assert_array_equal(one, other_way[1])
    np.testing.assert_array_equal(other, other_way[0])
    np.testing.assert_allclose(one + other, total, atol=1e-6)


def test_the_average_reference_leaves_no_mean(rng):
    chosen = np.arange(5)
    for part in reference_and_band(*rng.standard_normal((2, 5, 400)), chosen, chosen, 200.0, rng):
        np.testing.assert_allclose(part.mean(axis=0), 0.0, atol=1e-6)


def test_a_channel_that_is_the_reference_is_flat(rng):
    parts = rng.standard_normal((2, 5, 400))
    for part in reference_and_band(*parts, np.array([2, 4]), np.array([4]), 200.0, rng):
        assert part[0].any()
        assert not part[1].any()


@pytest.mark.parametrize(("n_total", "n_chosen"), [(8, 8), (19, 8), (64, 8)])
def test_references_are_none_the_average_or_one_channel(n_total, n_chosen):
    chosen, kinds = np.arange(n_chosen), []
    for seed in range(300):
        reference = draw_reference(n_total, chosen, np.random.default_rng(seed))
        kinds.append("none" if reference is None else len(reference))
        if kinds[-1] == 1 and n_total > n_chosen:
            assert reference[0] not in chosen
    sizes = {"none", 1, n_chosen} | ({n_total} if n_total <= 30 else set())
    assert set(kinds) == sizes
    assert kinds.count("none") / 300 == pytest.approx(0.45, abs=0.12)


def test_bands_keep_the_middle_and_never_amplify():
    frequency, gains = np.fft.rfftfreq(800, 1 / 200.0), []
    middle = (frequency > 6) & (frequency < 20)
    for seed in range(200):
        gain = draw_band(800, 200.0, np.random.default_rng(seed))
        if gain is not None:
            gains.append(gain)
            assert gain.shape == frequency.shape
            assert (gain >= 0).all()
            assert (gain <= 1).all()
            assert gain[middle].min() > 0.95
    assert 0.35 < len(gains) / 200 < 0.65
    assert {bool(gain[0] < 0.5) for gain in gains} == {True, False}  # some keep the offset


@pytest.mark.parametrize(("n_total", "n_channels"), [(8, 8), (19, 4), (64, 19)])
def test_channels_are_chosen_once_each(make_info, n_total, n_channels):
    positions = np.array([ch["loc"][:3] for ch in make_info(n_total)["chs"]])
    drawn = set()
    for seed in range(30):
        chosen = choose_channels(positions, n_channels, np.random.default_rng(seed))
        assert len(set(chosen.tolist())) == n_channels
        assert set(chosen.tolist()) <= set(range(n_total))
        drawn.add(tuple(chosen))
    assert len(drawn) > 20


@pytest.mark.parametrize(("n_channels", "people"), [(4, {8, 19, 64}), (19, {19, 64}), (20, {64})])
def test_recordings_have_channels_enough(bank, n_channels, people):
    drawn = [draw_recording(bank, n_channels, 0.5, np.random.default_rng(k)) for k in range(60)]
    assert {len(item.ch_names) for item in drawn} == people


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_the_share_asked_for_is_of_whole_recordings(bank, share):
    clean = (*bank.clean, *(replace(item, whole=False) for item in bank.clean))
    mixed, n = replace(bank, clean=clean), 200
    drawn = [draw_recording(mixed, 4, share, np.random.default_rng(k)) for k in range(n)]
    spread = 4 * np.sqrt(share * (1 - share) / n)
    assert sum(item.whole for item in drawn) / n == pytest.approx(share, abs=spread)


def test_a_moved_cap_is_still_a_cap(make_info):
    positions = np.array([ch["loc"][:3] for ch in make_info(19)["chs"]])
    between = np.linalg.norm(positions[:, None] - positions, axis=-1)
    sides = set()
    for seed in range(20):
        moved = move_cap(positions, np.random.default_rng(seed))
        now = np.linalg.norm(moved[:, None] - moved, axis=-1)
        np.testing.assert_allclose(now, between, rtol=0.03, atol=1e-12)
        sides.add(bool(np.vdot(moved[:, 0], positions[:, 0]) > 0))
    assert sides == {True, False}  # left and right change places in half of them


def test_a_span_is_a_copy_from_within(rng):
    signal = np.arange(50.0) * np.ones((2, 1))
    starts = set()
    for _ in range(300):
        span = cut_span(signal, 47, rng)
        assert span.dtype == np.float32
        np.testing.assert_array_equal(np.diff(span), 1.0)
        starts.add(float(span[0, 0]))
        span[:] = -1.0
    assert starts == {0.0, 1.0, 2.0, 3.0}
    assert signal.min() == 0.0
