"""Filters of a recording find the artifact they were shown, at any rate, and leave the rest."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import butter, resample_poly, sosfiltfilt

from mne_artdenoise import bands, covariances, directions, spatial
from mne_artdenoise.directions import FilterConfig
from mne_artdenoise.metrics import snr_gain
from mne_artdenoise.spatial import EDGES

SFREQ = 200.0
N_CHANNELS = 6
TOPOGRAPHY = np.array([3.0, 2.0, 1.0, 0.5, -0.5, 0.2])  # µV at each electrode per unit of source


@pytest.fixture
def make_brain():
    """Make independent noise of unit variance at all frequencies, in microvolts."""

    def make(seconds=60.0, sfreq=SFREQ, n_channels=N_CHANNELS, seed=0):
        rng = np.random.default_rng(seed)
        return 1e-6 * rng.standard_normal((n_channels, round(seconds * sfreq)))

    return make


@pytest.fixture
def make_artifact():
    """Make one source of noise, on from ``start`` to ``stop`` seconds, at all electrodes."""

    def make(seconds=60.0, start=0.0, stop=np.inf, size=10.0, seed=1):
        source = np.random.default_rng(seed).standard_normal(round(seconds * SFREQ))
        time = np.arange(len(source)) / SFREQ
        return 1e-6 * size * np.outer(TOPOGRAPHY, source * ((time >= start) & (time < stop)))

    return make


def measure_angle(x, y):
    """Cosine of the angle between two topographies, whatever their sign."""
    return float(abs(x @ y) / (np.linalg.norm(x) * np.linalg.norm(y)))


def keep_band(x, sfreq=SFREQ, low=1.0):
    """Keep what lies above one hertz: below nothing is removed, and nothing judged."""
    return sosfiltfilt(butter(4, low, "highpass", fs=sfreq, output="sos"), x)


# Bands


@pytest.mark.parametrize("edges", [(), (7.0,), EDGES, (3.0, 3.5)])
def test_masks_add_to_one_above_the_lowest_frequency(edges):
    frequency = np.linspace(0, 100, 20001)
    masks = bands.make_masks(frequency, edges)
    total = masks.sum(axis=0)
    assert masks.shape == (len(edges) + 1, len(frequency))
    np.testing.assert_allclose(total[frequency > bands.LOWEST * 2 ** (1 / 3)], 1, atol=1e-12)
    assert total[0] == 0
    assert not total[frequency < bands.LOWEST * 2 ** (-1 / 3)].any()
    assert (np.diff(total) > -1e-12).all()


def test_masks_are_no_gains_of_less_than_nothing():
    masks = bands.make_masks(np.linspace(0, 100, 20001), EDGES)
    assert masks.min() >= 0
    assert masks.max() <= 1


@pytest.mark.parametrize("edge", EDGES)
def test_neighbouring_bands_cross_at_their_edge(edge):
    masks = bands.make_masks(np.array([edge]), EDGES)[:, 0]
    np.testing.assert_allclose(np.sort(masks)[-2:], 0.5)


def test_bands_of_a_block_add_to_the_block_without_its_slow_part(make_brain):
    x = keep_band(make_brain(10.0))
    spectrum, masks = bands.transform_block(x, SFREQ, EDGES)
    length = 2 * (spectrum.shape[1] - 1)
    margin = round(bands.MARGIN * SFREQ)
    total = irfft(spectrum * masks.sum(axis=0), n=length)[:, margin : margin + x.shape[1]]
    middle = slice(400, -400)
    assert np.std((total - x)[:, middle]) < 0.03 * np.std(x)


@pytest.mark.parametrize("seconds", [0.0, 5.0, 49.9, 50.0, 1e4])
@pytest.mark.parametrize("top", [5.0, 20.0, 80.0])
def test_no_edge_is_above_what_the_network_sees(seconds, top):
    edges = spatial.choose_edges(64, seconds, top)
    assert all(edge < top for edge in edges)
    assert set(edges) <= set(EDGES)


def test_few_seconds_of_many_channels_give_fewer_bands():
    counts = [len(spatial.choose_edges(64, seconds, 80.0)) for seconds in (1.0, 5.0, 60.0, 1e4)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == len(EDGES)
    assert len(spatial.choose_edges(2, 60.0, 80.0)) >= len(spatial.choose_edges(256, 60.0, 80.0))


# Blocks


@pytest.mark.parametrize(
    "n_times", [1, 2, 99, 100, 101, 149, 150, 151, 299, 1000, 1249, 1250, 1251]
)
def test_blocks_cover_every_sample_once(monkeypatch, n_times):
    monkeypatch.setattr(bands, "BLOCK", 1.0)
    monkeypatch.setattr(bands, "MARGIN", 0.3)
    x = np.arange(2.0 * n_times).reshape(2, n_times)
    covered = np.zeros(n_times, int)
    for start, stop, block in bands.cut_blocks(x, 100.0):
        covered[start:stop] += 1
        first, last = max(0, start - 30), min(n_times, stop + 30)
        assert np.array_equal(block, x[:, first:last])
        assert stop - start <= 150
    assert (covered == 1).all()


def test_a_usual_recording_is_one_block(make_brain):
    assert len(list(bands.cut_blocks(make_brain(60.0), SFREQ))) == 1


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("seconds", [20.0, 17.3, 14.9])
def test_filtering_by_blocks_is_filtering_at_once(
    monkeypatch, make_brain, make_artifact, gate, seconds
):
    artifact = make_artifact(seconds, 3.0, 12.0)
    x = keep_band(make_brain(seconds) + artifact)
    fitted = spatial.fit_filter([x], [artifact], SFREQ)
    once = spatial.apply_filter(fitted, x, SFREQ, gate=gate)
    monkeypatch.setattr(bands, "BLOCK", 5.0)
    assert len(list(bands.cut_blocks(x, SFREQ))) > 1
    blocks = spatial.apply_filter(fitted, x, SFREQ, gate=gate)
    assert np.std(blocks - once) < 0.01 * np.std(once)
    assert np.abs(blocks - once).max() < 0.05 * np.abs(once).max()


# Covariances


def test_covariances_are_those_of_the_bands_in_time(make_brain):
    mixing = np.random.default_rng(3).standard_normal((N_CHANNELS, N_CHANNELS))
    x = mixing @ make_brain(60.0)
    found = covariances.measure_covariances([x], SFREQ, EDGES)
    assert found.shape == (len(EDGES) + 1, N_CHANNELS, N_CHANNELS)
    spectrum, frequency = rfft(x), rfftfreq(x.shape[1], 1 / SFREQ)
    for mask, covariance in zip(bands.make_masks(frequency, EDGES), found, strict=True):
        banded = irfft(spectrum * mask, n=x.shape[1])
        wanted = banded @ banded.T / x.shape[1]
        # The mirrored ends count twice: of a minute they are a tenth or so.
        assert np.linalg.norm(covariance - wanted) < 0.1 * np.linalg.norm(wanted)


def test_the_covariance_of_a_sine_is_half_its_square():
    time = np.arange(4000) / SFREQ
    x = np.array([[3.0], [1.0]]) * np.cos(2 * np.pi * 10.0 * time)
    alpha = covariances.measure_covariances([x], SFREQ, EDGES)[2]
    np.testing.assert_allclose(alpha, [[4.5, 1.5], [1.5, 0.5]], rtol=0.02)


def test_covariances_pool_segments_by_their_length(make_brain):
    long, short = make_brain(30.0), 3 * make_brain(10.0, seed=1)
    pooled = covariances.measure_covariances([long, short], SFREQ, EDGES)
    alone = [covariances.measure_covariances([x], SFREQ, EDGES) for x in (long, short)]
    np.testing.assert_allclose(pooled, (3 * alone[0] + alone[1]) / 4, rtol=1e-9)


def test_nothing_to_pool_is_no_covariance():
    assert not covariances.measure_covariances([], SFREQ, EDGES).any()


# Ratios and gains


@pytest.fixture
def weigh():
    """Weigh sources that are the channels, from the powers of artifact and rest in each band."""

    def make(found, left, **config):
        found, left = (np.atleast_2d(np.asarray(x, dtype=float)) for x in (found, left))
        n_bands, n = found.shape
        limits = [(1.0 + k, 2.0 + k) for k in range(n_bands)]
        parts = (np.apply_along_axis(np.diag, 1, x) for x in (found + left, found, left))
        eye = np.eye(n)
        alike = np.repeat(eye[np.newaxis], n_bands, axis=0)
        ratios, powers = directions.weigh_sources(alike, eye, *parts, FilterConfig(**config))
        rows = zip(limits, ratios, powers, strict=True)
        return tuple(directions.make_band(limit, eye, eye, *row) for limit, *row in rows)

    return make


@pytest.mark.parametrize("power", [4.0, 100.0, 1e4])
def test_the_ratio_of_an_artifact_that_is_known_is_that_of_powers(weigh, power):
    (band,) = weigh([power, 0.0, 0.0], [1.0, 1.0, 1.0])
    np.testing.assert_allclose(band.ratios, [power])
    np.testing.assert_array_equal(band.unmixing, [[1.0, 0.0, 0.0]])


def test_an_artifact_seen_smaller_than_it_is_has_a_ratio_between_both_kinds():
    # x = a + s with <a a> = 9, <s s> = 1, of which the network says e = a / 2.
    whole, found, left = (np.array([[x]]) for x in (10.0, 2.25, 3.25))
    ratios = directions.find_ratios(
        np.hstack([whole] * 3),
        np.array([[2.25, 0, 0]]),
        np.array([[3.25, 10.0, 10.0]]),
        FilterConfig(leak=0.0),
    )
    assert ratios[0, 0] == pytest.approx(np.sqrt(2.25 / 3.25 * 4.5 / 5.5))
    assert found / left < 1


def test_an_estimate_that_does_not_go_with_a_source_is_no_evidence():
    # <x e> = 0: the estimate is large, but of something else.
    ratios = directions.find_ratios(
        np.ones((1, 3)),
        np.array([[5.0, 0.0, 0.0]]),
        np.array([[6.0, 1.0, 1.0]]),
        FilterConfig(leak=0.0),
    )
    assert not ratios.any()


def test_sources_are_of_unit_variance_in_the_rest_and_fall(weigh):
    (band,) = weigh([4.0, 30.0, 90.0, *[0.0] * 4], [1.0, 2.0, 9.0, *[1.0] * 4])
    np.testing.assert_allclose(band.ratios, [15.0, 10.0, 4.0])
    np.testing.assert_allclose(np.diag(band.unmixing[:, [1, 2, 0]]) ** -2, [2.0, 9.0, 1.0])
    np.testing.assert_allclose(band.unmixing @ band.mixing, np.eye(3))


@pytest.mark.parametrize("n_channels", [2, 3, 4, 7, 19])
def test_what_is_found_in_every_source_is_taken_for_brain(weigh, n_channels):
    ratios = np.full(n_channels, 0.2)
    ratios[0] = 30.0
    (band,) = weigh(ratios, np.ones(n_channels), leak=2.0)
    np.testing.assert_allclose(band.ratios, [30.0 - 2 * 0.2])


def test_where_most_sources_hold_artifact_the_median_one_is_no_brain(weigh):
    (band,) = weigh([30.0, 20.0, 10.0, 5.0, 0.0], np.ones(5), leak=2.0, most=0.3)
    np.testing.assert_allclose(band.ratios, np.array([30.0, 20.0, 10.0, 5.0]) - 2 * 0.3)


@pytest.mark.parametrize(("highest", "n_sources"), [(4.9, 0), (5.1, 1)])
def test_a_source_that_stands_out_nowhere_is_left_alone_everywhere(weigh, highest, n_sources):
    found = [[highest, 0.0, 0.0], [2.0, 2.0, 0.0]]
    bands_ = weigh(found, np.ones((2, 3)), strongest=5.0, leak=0.0)
    assert [len(band.ratios) for band in bands_] == [n_sources] * 2


@pytest.mark.parametrize(("size", "n_sources"), [(0.05, 0), (0.2, 1)])
def test_a_source_that_no_electrode_shows_is_left_alone(make_brain, size, n_sources):
    # Nothing but artifact, but of how little of a channel's power.
    brain = make_brain()
    brain[0] = brain[1] - brain[2]
    artifact = 1e-6 * size * np.outer(np.eye(N_CHANNELS)[0], make_brain(seed=7)[0] / 1e-6)
    fitted = spatial.fit_filter([brain + artifact], [artifact], SFREQ, edges=())
    assert len(fitted.bands[0].ratios) == n_sources


def test_a_source_is_left_alone_in_bands_without_evidence(weigh):
    first, second = weigh([[9.0, 0, 0], [0.4, 0, 0]], np.ones((2, 3)), weakest=0.5, pool=0.0)
    assert (len(first.ratios), len(second.ratios)) == (1, 0)


def test_slow_bands_speak_for_faster_ones_and_not_the_other_way(weigh):
    first, second = weigh([[1e4, 0, 0], [0.1, 0, 0]], np.ones((2, 3)), pool=0.25)
    np.testing.assert_allclose([first.ratios, second.ratios], [[1e4], [0.1**0.75 * 10.0]])
    first, second = weigh([[0.2, 0, 0], [1e4, 0, 0]], np.ones((2, 3)), pool=0.25)
    np.testing.assert_allclose([first.ratios, second.ratios], [[0.2], [1e4]])


@pytest.mark.parametrize("pool", [0.0, 0.25, 1.0])
def test_what_is_artifact_in_no_band_stays_so(weigh, pool):
    for band in weigh(np.zeros((3, 3)), np.ones((3, 3)), pool=pool):
        assert len(band.ratios) == 0


@pytest.mark.parametrize(("bad", "good"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_a_band_without_artifact_or_without_rest_has_no_source(weigh, bad, good):
    (band,) = weigh([bad, bad, bad], [good, good, good])
    assert len(band.ratios) == 0
    assert band.unmixing.shape == (0, 3)
    assert band.mixing.shape == (3, 0)


def test_a_filter_has_the_edges_it_was_fitted_with(make_brain, make_artifact):
    x, artifact = make_brain() + make_artifact(), make_artifact()
    fitted = spatial.fit_filter([x], [artifact], SFREQ, edges=(7.0, 14.0))
    assert fitted.edges == (7.0, 14.0)
    assert [band.low for band in fitted.bands] == [bands.LOWEST, 7.0, 14.0]
    assert [band.high for band in fitted.bands] == [7.0, 14.0, SFREQ / 2]


# What is removed


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("edges", [(), EDGES])
def test_a_strong_artifact_that_is_known_is_removed(make_brain, make_artifact, gate, edges):
    brain, artifact = keep_band(make_brain()), keep_band(make_artifact())
    fitted = spatial.fit_filter([brain + artifact], [artifact], SFREQ, edges=edges)
    assert all(measure_angle(band.mixing[:, 0], TOPOGRAPHY) > 0.99 for band in fitted.bands)
    found = spatial.apply_filter(fitted, brain + artifact, SFREQ, gate=gate)
    left = brain + artifact - found
    assert snr_gain(brain, brain + artifact, left) > 15
    # And of the brain no more than its part in the artifact's direction.
    assert keep_band(left).var() > 0.7 * brain.var()


def make_two_tones(**config):
    """Fit filters to an artifact that is slow in one channel and fast in another."""
    time = np.arange(12000) / SFREQ
    slow, fast = np.eye(N_CHANNELS)[:2]
    artifact = 2e-5 * (
        np.outer(slow, np.sin(2 * np.pi * 2.0 * time))
        + np.outer(fast, np.sin(2 * np.pi * 40.0 * time))
    )
    return artifact, slow, fast, FilterConfig(**config)


def test_each_band_removes_what_is_artifact_there(make_brain):
    artifact, slow, fast, config = make_two_tones()
    fitted = spatial.fit_filter([make_brain() + artifact], [artifact], SFREQ, config=config)
    for band, topography in ((fitted.bands[0], slow), (fitted.bands[-1], fast)):
        assert measure_angle(band.mixing[:, 0], topography) > 0.95
        assert band.ratios[0] > 10
        assert (band.ratios[1:] < 0.1 * band.ratios[0]).all()


def test_brain_that_the_network_takes_along_does_not_turn_the_sources(make_brain, rng):
    brain, mixing = make_brain(), rng.standard_normal(N_CHANNELS)
    on = np.arange(brain.shape[1]) % 600 < 120
    wave = rng.standard_normal(brain.shape[1]) * on
    artifact = np.outer(mixing, 5e-6 * wave)
    slow = keep_band(brain, low=0.25) - keep_band(brain, low=3.0)
    fitted = spatial.fit_filter([brain + artifact], [artifact + 0.6 * slow], SFREQ)
    for band in fitted.bands:
        assert measure_angle(band.mixing[:, 0], mixing) > 0.99


@pytest.mark.parametrize("share", [0.5, 0.7, 1.0])
def test_an_artifact_seen_smaller_than_it_is_is_removed_all_the_same(
    make_brain, make_artifact, share
):
    brain, artifact = keep_band(make_brain()), keep_band(make_artifact(stop=20.0))
    fitted = spatial.fit_filter([brain + artifact], [share * artifact], SFREQ)
    found = spatial.apply_filter(fitted, brain + artifact, SFREQ)
    assert snr_gain(brain, brain + artifact, brain + artifact - found) > 15


@pytest.mark.parametrize("gate", [True, False])
def test_no_estimate_gives_no_direction_and_exactly_no_artifact(make_brain, gate):
    x = make_brain()
    fitted = spatial.fit_filter([x], [np.zeros_like(x)], SFREQ)
    assert not any(len(band.ratios) for band in fitted.bands)
    assert not spatial.apply_filter(fitted, x, SFREQ, gate=gate).any()


def test_a_constant_is_never_artifact(make_brain, make_artifact):
    artifact = make_artifact()
    x = make_brain() + artifact
    fitted = spatial.fit_filter([x], [artifact], SFREQ)
    for gate in (True, False):
        found = spatial.apply_filter(fitted, x, SFREQ, gate=gate)
        raised = spatial.apply_filter(fitted, x + 1e-3, SFREQ, gate=gate)
        np.testing.assert_allclose(raised, found, atol=1e-6 * np.abs(found).max())


# The gate


def test_the_gate_is_shut_where_there_is_no_artifact(make_brain, make_artifact):
    # Brain as steady as can be in the artifact's direction: what opens the gate is artifact.
    unit = TOPOGRAPHY / np.linalg.norm(TOPOGRAPHY)
    brain = make_brain()
    time = np.arange(brain.shape[1]) / SFREQ
    brain += np.outer(unit, 1e-6 * np.sin(2 * np.pi * 10.0 * time) - unit @ brain)
    burst = make_artifact(60.0, 28.0, 32.0)
    noisy = brain + burst
    fitted = spatial.fit_filter([noisy], [burst], SFREQ, edges=())
    found = spatial.apply_filter(fitted, noisy, SFREQ)
    # Of the mirrored ends, only some keep the sine's phase.
    ends = (time < 5) | (time > 55)
    quiet = ~ends & ((time < 22) | (time > 38))
    assert not found[:, quiet].any()
    inside = (time > 28.5) & (time < 31.5)
    assert found[:, inside].any(axis=0).all()
    assert snr_gain(brain[:, inside], noisy[:, inside], (noisy - found)[:, inside]) > 10
    (spans,) = spatial.find_active([found[:, ~ends]])
    assert len(spans) == 1
    assert 22 < spans[0][0] / SFREQ + 5 < 28.2
    assert 31.8 < spans[0][1] / SFREQ + 5 < 38


def test_gains_are_shares_and_rise_with_the_ratio():
    ratios = np.array([100.0, 8.0, 1.0, 0.5, 0.2])
    ways = np.eye(len(ratios))
    for low, high in ((0.25, 3.5), (7.0, 14.0), (25.0, 100.0)):
        band = directions.BandFilter(low, high, ways, ways, ratios)
        gain = directions.find_gains(band, FilterConfig())
        assert ((gain > 0) & (gain < 1)).all()
        assert (np.diff(gain) < 0).all()
        assert gain[0] > 0.99


def test_a_band_around_alpha_of_its_own_is_guarded():
    ratios, ways = np.array([4.0]), np.ones((1, 1))
    narrow = directions.BandFilter(7.0, 14.0, ways, ways, ratios)
    wide = directions.BandFilter(0.25, 100.0, ways, ways, ratios)
    config = FilterConfig()
    assert directions.find_gains(narrow, config) < directions.find_gains(wide, config)


def test_without_the_gate_every_sample_is_filtered_alike(make_brain, make_artifact):
    burst = make_artifact(60.0, 28.0, 32.0)
    x = make_brain() + burst
    fitted = spatial.fit_filter([x], [burst], SFREQ)
    y = make_brain(seed=5)
    together = spatial.apply_filter(fitted, x + y, SFREQ, gate=False)
    apart = sum(spatial.apply_filter(fitted, part, SFREQ, gate=False) for part in (x, y))
    np.testing.assert_allclose(together, apart, atol=1e-9 * np.abs(together).max())


def test_active_spans_are_those_that_are_not_zero():
    x = np.zeros((2, 10))
    x[0, 2:4] = 1
    x[1, 3:6] = -1
    x[1, 9] = 1
    spans = spatial.find_active([x, np.zeros((2, 3)), np.ones((2, 3)), np.zeros((2, 0))])
    assert spans == [[(2, 6), (9, 10)], [], [(0, 3)], []]


# Invariances


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("factor", [1e-3, 0.1, 10.0, 1e3])
def test_the_unit_does_not_matter(make_brain, make_artifact, gate, factor):
    burst = make_artifact(20.0, 8.0, 12.0)
    x = make_brain(20.0) + burst
    found, scaled = (
        spatial.apply_filter(
            spatial.fit_filter([c * x], [c * burst], SFREQ), c * x, SFREQ, gate=gate
        )
        for c in (1.0, factor)
    )
    np.testing.assert_allclose(scaled, factor * found, atol=1e-6 * factor * np.abs(found).max())


@pytest.mark.parametrize("gate", [True, False])
def test_the_order_of_channels_does_not_matter(make_brain, make_artifact, gate, rng):
    burst = make_artifact(20.0, 8.0, 12.0)
    x = make_brain(20.0) + burst
    order = rng.permutation(N_CHANNELS)
    found, other = (
        spatial.apply_filter(
            spatial.fit_filter([x[rows]], [burst[rows]], SFREQ), x[rows], SFREQ, gate=gate
        )
        for rows in (np.arange(N_CHANNELS), order)
    )
    np.testing.assert_allclose(other, found[order], atol=1e-6 * np.abs(found).max())


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("sfreq", [100.0, 250.0, 500.0, 1000.0, 2000.0])
def test_a_filter_does_the_same_at_any_rate(make_brain, make_artifact, gate, sfreq):
    burst = make_artifact(20.0, 8.0, 12.0)
    low_pass = butter(8, 35.0, fs=SFREQ, output="sos")
    x = sosfiltfilt(low_pass, make_brain(20.0) + burst)
    fitted = spatial.fit_filter([x], [sosfiltfilt(low_pass, burst)], SFREQ)
    wanted = spatial.apply_filter(fitted, x, SFREQ, gate=gate)
    up, down = (round(sfreq), round(SFREQ))
    found = spatial.apply_filter(fitted, resample_poly(x, up, down, axis=1), sfreq, gate=gate)
    found = resample_poly(found, down, up, axis=1)
    middle = slice(400, -400)
    assert np.std((found - wanted)[:, middle]) < 0.03 * np.std(wanted[:, middle])


# Awkward data


def lower_rank(x, kind):
    """Take a dimension away."""
    if kind == "average reference":
        return x - x.mean(axis=0)
    source, target = {"duplicate": (x[0], 1), "flat": (0.0, 1), "tiny": (1e-12 * x[0], 1)}[kind]
    y = x.copy()
    y[target] = source
    return y


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("kind", ["average reference", "duplicate", "flat", "tiny"])
def test_dimensions_may_be_missing(make_brain, make_artifact, gate, kind):
    brain, artifact = (lower_rank(keep_band(x), kind) for x in (make_brain(), make_artifact()))
    fitted = spatial.fit_filter([brain + artifact], [artifact], SFREQ)
    found = spatial.apply_filter(fitted, brain + artifact, SFREQ, gate=gate)
    assert np.isfinite(found).all()
    left = brain + artifact - found
    assert snr_gain(brain, brain + artifact, left) > 12
    assert np.abs(left).max() < 2 * np.abs(brain + artifact).max()


def test_a_flat_channel_stays_flat(make_brain, make_artifact):
    brain, artifact = (lower_rank(x, "flat") for x in (make_brain(), make_artifact()))
    fitted = spatial.fit_filter([brain + artifact], [artifact], SFREQ)
    for gate in (True, False):
        found = spatial.apply_filter(fitted, brain + artifact, SFREQ, gate=gate)
        assert np.abs(found[1]).max() < 1e-9 * np.abs(found).max()


def test_all_of_it_may_be_artifact(make_artifact):
    artifact = make_artifact()
    fitted = spatial.fit_filter([artifact], [artifact], SFREQ)
    assert np.isfinite(spatial.apply_filter(fitted, artifact, SFREQ)).all()


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("n_times", [1, 2, 3, 10, 99])
def test_a_few_samples_can_be_filtered(make_brain, make_artifact, gate, n_times):
    artifact = make_artifact()
    fitted = spatial.fit_filter([make_brain() + artifact], [artifact], SFREQ)
    x = (make_brain() + artifact)[:, :n_times]
    before = x.copy()
    found = spatial.apply_filter(fitted, x, SFREQ, gate=gate)
    assert found.shape == x.shape
    assert np.isfinite(found).all()
    assert np.array_equal(x, before)
    assert np.abs(found).max() <= 10 * np.ptp(x, axis=1).max()


@pytest.mark.parametrize("n_times", [1, 2, 3, 10, 99])
def test_a_few_samples_can_be_fitted(make_brain, make_artifact, n_times):
    artifact = make_artifact()[:, :n_times]
    x = make_brain()[:, :n_times] + artifact
    fitted = spatial.fit_filter([x, x], [artifact, artifact], SFREQ)
    assert np.isfinite(spatial.apply_filter(fitted, x, SFREQ)).all()


@pytest.mark.parametrize("gate", [True, False])
def test_silence_is_left_as_it_is(make_brain, make_artifact, gate):
    artifact = make_artifact()
    fitted = spatial.fit_filter([make_brain() + artifact], [artifact], SFREQ)
    assert not spatial.apply_filter(fitted, np.zeros((N_CHANNELS, 1000)), SFREQ, gate=gate).any()
