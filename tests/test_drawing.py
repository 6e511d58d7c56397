"""Tests of artifacts of any kind at any electrodes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mne_artdenoise.synthesis import drawing
from mne_artdenoise.synthesis.drawing import (
    SHARES,
    EyeConfig,
    carry_maps,
    draw_artifact,
    draw_envelope,
    draw_field,
    draw_kind,
    draw_saccades,
    draw_start,
    draw_wave,
    widen_maps,
)

SFREQ, N_TIMES = 200.0, 800


@pytest.fixture
def read_positions(make_info):
    return lambda n: np.array([ch["loc"][:3] for ch in make_info(n)["chs"]])


def count_channels(artifact: np.ndarray) -> int:
    return int(artifact.any(axis=1).sum())


@pytest.mark.parametrize("kind", SHARES)
@pytest.mark.parametrize("n_channels", [2, 8, 19, 64])
@pytest.mark.parametrize("with_fields", [True, False], ids=["fields", "no fields"])
def test_each_kind_is_drawn_at_any_montage(
    make_bank, read_positions, kind, n_channels, with_fields
):
    bank = make_bank() if with_fields else make_bank(fields=())
    positions = read_positions(n_channels)
    for seed in range(6):
        first, again, other = (
            draw_kind(kind, bank, positions, N_TIMES, np.random.default_rng(s))
            for s in (seed, seed, seed + 100)
        )
        assert first.shape == (n_channels, N_TIMES)
        assert first.dtype == np.float64
        assert np.isfinite(first).all()
        assert first.any()
        assert first.tobytes() == again.tobytes()
        assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("n_times", [100, 333, 2400])
@pytest.mark.parametrize("kind", SHARES)
def test_each_kind_lasts_as_long_as_asked(make_bank, read_positions, rng, kind, n_times):
    artifact = draw_kind(kind, make_bank(), read_positions(5), n_times, rng)
    assert artifact.shape == (5, n_times)


def test_drawing_leaves_bank_and_positions_as_they_are(make_bank, read_positions, rng):
    bank, positions = make_bank(), read_positions(8)
    arrays = [positions, *(item.signal for item in bank.sources)]
    arrays += [array for item in bank.fields for array in (item.maps, item.sources)]
    before = [array.tobytes() for array in arrays]
    for kind in SHARES:
        draw_kind(kind, bank, positions, N_TIMES, rng)
    assert [array.tobytes() for array in arrays] == before


def test_kinds_come_as_often_as_their_shares(monkeypatch, make_bank, read_positions, rng):
    monkeypatch.setattr(drawing, "draw_kind", lambda kind, *_: kind)
    bank, positions = make_bank(), read_positions(2)
    drawn = Counter(draw_artifact(bank, positions, 10, rng) for _ in range(4000))
    assert sum(SHARES.values()) == pytest.approx(1.0)
    for kind, share in SHARES.items():
        assert drawn[kind] / 4000 == pytest.approx(share, abs=4 * np.sqrt(share / 4000))


def test_eyes_that_are_not_drawn_wider_are_drawn_as_ever(make_bank, read_positions):
    bank, positions = make_bank(), read_positions(8)
    for seed in range(20):
        plain, same = (
            draw_artifact(bank, positions, N_TIMES, np.random.default_rng(seed), eyes)
            for eyes in (None, EyeConfig())
        )
        assert plain.tobytes() == same.tobytes()


def test_glances_alone_pull_the_sides_of_the_face_apart(monkeypatch, make_bank, make_info, rng):
    monkeypatch.setattr(drawing, "SHARES", {"eye": 1.0})
    names = make_info(20)["ch_names"]
    positions = np.array([ch["loc"][:3] for ch in make_info(20)["chs"]])
    left, right = names.index("F7"), names.index("F8")
    bank, config = make_bank(fields=()), EyeConfig(glances=1.0)
    drawn = [draw_artifact(bank, positions, N_TIMES, rng, config) for _ in range(30)]
    assert all(artifact[left] @ artifact[right] < 0 for artifact in drawn)


@pytest.mark.parametrize("share", [0.0, 0.5, 2.0])
def test_widened_maps_fall_off_more_slowly(read_positions, share):
    positions = read_positions(20)
    away = np.linalg.norm(positions - positions[6], axis=1)  # from Fp1
    narrow = np.exp(-0.5 * (away / 0.02) ** 2)[None]
    wide = widen_maps(narrow, positions, share)
    assert wide.shape == narrow.shape
    np.testing.assert_allclose(wide[0, 6], 1 + share, rtol=0.2 * share)
    near = (away > 0.04) & (away < 0.08)
    if share:
        assert (wide[0, near] / wide[0, 6] > 1.5 * narrow[0, near]).all()
        np.testing.assert_allclose(widen_maps(-3 * narrow, positions, share), -3 * wide)
    else:
        np.testing.assert_array_equal(wide, narrow)


@pytest.mark.parametrize("kind", ["channel", "pop"])
@pytest.mark.parametrize(("n_channels", "most"), [(1, 1), (2, 2), (19, 2)])
def test_loose_electrodes_and_pops_are_at_few_channels(
    make_bank, read_positions, kind, n_channels, most
):
    bank, counts = make_bank(fields=()), set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        counts.add(count_channels(draw_kind(kind, bank, read_positions(n_channels), N_TIMES, rng)))
    assert counts == set(range(1, most + 1))


@pytest.mark.parametrize("kind", ["line", "drift"])
def test_hum_and_drift_are_narrow(make_bank, read_positions, kind):
    frequency = np.fft.rfftfreq(N_TIMES, 1 / SFREQ)
    inside = frequency < 5 if kind == "drift" else (frequency > 45) & (frequency < 95)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        artifact = draw_kind(kind, make_bank(fields=()), read_positions(4), N_TIMES, rng)
        power = np.square(np.abs(np.fft.rfft(artifact * np.hanning(N_TIMES)))).sum(axis=0)
        assert power[inside].sum() > 0.99 * power.sum()


def test_the_heart_has_one_time_course(make_bank, read_positions, rng):
    heart = draw_kind("heart", make_bank(fields=()), read_positions(19), N_TIMES, rng)
    assert np.linalg.matrix_rank(heart, tol=1e-9 * np.abs(heart).max()) == 1


def test_a_field_on_its_own_electrodes_keeps_its_shape(make_bank, rng):
    bank = make_bank()
    field = bank.fields[0]
    artifact = draw_field(field, field.positions, N_TIMES, rng)
    topography = artifact @ artifact[np.abs(artifact).max(axis=1).argmax()]
    assert abs(np.corrcoef(topography, field.maps[0])[0, 1]) > 0.9


def test_maps_stay_where_electrodes_are_the_same(read_positions, rng):
    positions, maps = read_positions(19), rng.standard_normal((3, 19))
    np.testing.assert_allclose(carry_maps(maps, positions, positions), maps, atol=0.6)
    order = rng.permutation(19)
    carried = carry_maps(maps[:, order], positions[order], positions)
    np.testing.assert_allclose(carried, carry_maps(maps, positions, positions), rtol=1e-9)


@pytest.mark.parametrize(("origin", "target"), [(19, 64), (64, 2), (2, 64), (8, 8)])
def test_carried_maps_stay_within_what_they_were(read_positions, rng, origin, target):
    maps = rng.standard_normal((3, origin))
    carried = carry_maps(maps, read_positions(origin), read_positions(target))
    assert carried.shape == (3, target)
    assert (carried.max(axis=1) <= maps.max(axis=1) + 1e-12).all()
    assert (carried.min(axis=1) >= maps.min(axis=1) - 1e-12).all()


def test_a_constant_map_is_carried_even_far_away(read_positions):
    far = 10 * read_positions(8)
    np.testing.assert_allclose(carry_maps(np.full((2, 19), 3.0), read_positions(19), far), 3.0)


@pytest.mark.parametrize("n_times", [2, 10, 801, 2400])
def test_waves_have_unit_deviation(make_bank, rng, n_times):
    wave = draw_wave(make_bank(), "muscle", n_times, rng)
    assert wave.shape == (n_times,)
    assert wave.std() == pytest.approx(1.0)


def test_cuts_prefer_where_something_happens(rng):
    sources = np.zeros((2, 10_000))
    sources[:, 5000:] = 1.0
    starts = [draw_start(sources, 100, rng) for _ in range(400)]
    assert min(starts) >= 0
    assert max(starts) <= 9900
    assert np.mean(np.array(starts) > 4900) == pytest.approx(1 - 0.5**3, abs=0.07)


def test_a_source_of_just_the_length_is_taken_whole(rng):
    assert draw_start(np.ones((1, 50)), 50, rng) == 0


@pytest.mark.parametrize("n_times", [1, 50, 800])
def test_envelopes_lie_between_silence_and_one(n_times):
    draws = [draw_envelope(n_times, SFREQ, np.random.default_rng(k)) for k in range(50)]
    assert all(envelope.shape == (n_times,) for envelope in draws)
    assert min(envelope.min() for envelope in draws) >= 0
    assert max(envelope.max() for envelope in draws) == 1
    assert any((envelope < 1).any() for envelope in draws)


@pytest.mark.parametrize("n_times", [20, 800, 4000])
def test_gaze_moves_at_least_once(n_times):
    for seed in range(10):
        saccades = draw_saccades(n_times, SFREQ, np.random.default_rng(seed))
        assert saccades.shape == (n_times,)
        assert np.isfinite(saccades).all()
        assert saccades[0] == pytest.approx(0.0, abs=1e-12)
