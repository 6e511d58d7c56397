"""Tests of mixing at an exact ratio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from mne_artdenoise.synthesis.mixing import (
    find_active,
    measure_snr,
    mix_artifacts,
    mix_at_snr,
)

SHAPES = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=20)
SIZES = st.sampled_from([1e-6, 1e-3, 1.0, 1e3])
DTYPES = st.sampled_from([np.float32, np.float64])
OPTIONS = st.fixed_dictionaries(
    {
        "convention": st.sampled_from(["power", "rms"]),
        "per": st.sampled_from(["all", "channel"]),
        "span": st.sampled_from(["window", "active"]),
    }
)


def find_level(x: np.ndarray) -> float:
    """Power in decibels."""
    return float(10 * np.log10(np.mean(np.square(x, dtype=float))))


def draw_signals(
    seed: int, shape: tuple[int, ...], sizes: tuple[float, float], dtype: type
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a clean signal and an artifact that is there for a part of the time, all rows alike."""
    rng = np.random.default_rng(seed)
    clean, artifact = (dtype(size) * (rng.random(shape, dtype) + dtype(0.1)) for size in sizes)
    start = rng.integers(shape[-1])
    artifact[..., :start] = 0.0
    return clean, artifact


def find_levels(
    clean: np.ndarray, artifact: np.ndarray, *, per: str, span: str, convention: str
) -> list[float]:
    """Find all ratios one by one, as the head of the module says they are."""
    epochs = [x.reshape(-1, *((1,) if x.ndim == 1 else x.shape[-2:-1]), x.shape[-1])
              for x in (clean, artifact)]  # fmt: skip
    pieces = []
    for good, bad in zip(*epochs, strict=True):
        times = [t for t in range(good.shape[1]) if span == "window" or any(bad[:, t] != 0)]
        pieces.append((good[:, times], bad[:, times]))
    if per == "all":
        rows = [[np.concatenate([x.ravel() for x in xs]) for xs in zip(*pieces, strict=True)]]
    else:
        rows = [row for piece in pieces for row in zip(*piece, strict=True)]
    scale = 1 if convention == "power" else 0.5
    return [scale * (find_level(good) - find_level(bad)) for good, bad in rows]


@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32),
    sizes=st.tuples(SIZES, SIZES),
    snr_db=st.floats(-40.0, 40.0),
    dtype=DTYPES,
    options=OPTIONS,
)
def test_measured_ratio_is_the_one_asked_for(shape, seed, sizes, snr_db, dtype, options):
    clean, artifact = draw_signals(seed, shape, sizes, dtype)
    noisy, scaled = mix_at_snr(clean, artifact, snr_db, **options)
    np.testing.assert_allclose(find_levels(clean, scaled, **options), snr_db, atol=0.01)
    np.testing.assert_allclose(measure_snr(clean, scaled, **options), snr_db, atol=0.01)
    np.testing.assert_array_equal(noisy, clean + scaled)
    assert scaled.dtype == noisy.dtype == dtype
    # Only the size of the artifact changes, by a positive factor: one, or one of each row.
    factor = np.linalg.norm(scaled, axis=-1) / np.linalg.norm(artifact, axis=-1)
    np.testing.assert_allclose(scaled, factor[..., np.newaxis] * artifact, rtol=1e-5)
    if options["per"] == "all":
        np.testing.assert_allclose(factor, factor.flat[0], rtol=1e-5)


@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32),
    ratios=st.lists(st.floats(-30.0, 30.0) | st.none(), min_size=1, max_size=4),
    dtype=DTYPES,
    options=OPTIONS,
)
def test_several_artifacts_have_each_its_ratio_and_add_up(shape, seed, ratios, dtype, options):
    clean, _ = draw_signals(seed, shape, (1e-5, 1.0), dtype)
    artifacts = [draw_signals(seed + n, shape, (1.0, 3.0), dtype)[1] for n in range(len(ratios))]
    noisy, scaled = mix_artifacts(clean, artifacts, ratios, **options)
    for ratio, part, artifact in zip(ratios, scaled, artifacts, strict=True):
        if ratio is None:
            np.testing.assert_array_equal(part, artifact)
        else:
            np.testing.assert_allclose(find_levels(clean, part, **options), ratio, atol=0.01)
    total = clean.astype(float) + np.sum(scaled, axis=0, dtype=float)
    np.testing.assert_allclose(noisy, total, rtol=len(ratios) * np.finfo(dtype).eps)


@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32),
    n_artifacts=st.integers(1, 4),
    snr_db=st.floats(-30.0, 30.0),
    dtype=DTYPES,
    options=OPTIONS,
)
def test_several_artifacts_together_have_one_ratio(
    shape, seed, n_artifacts, snr_db, dtype, options
):
    clean, _ = draw_signals(seed, shape, (1e-5, 1.0), dtype)
    artifacts = [draw_signals(seed + n, shape, (1.0, 3.0), dtype)[1] for n in range(n_artifacts)]
    noisy, scaled = mix_artifacts(clean, artifacts, snr_db, **options)
    total = np.sum(scaled, axis=0)
    np.testing.assert_allclose(find_levels(clean, total, **options), snr_db, atol=0.01)
    np.testing.assert_allclose(noisy, clean + total, rtol=1e-5)
    # One factor for all of them: their sizes among one another stay.
    one, all_ = scaled[0], artifacts[0]
    for part, artifact in zip(scaled, artifacts, strict=True):
        np.testing.assert_allclose(part * all_, one * artifact, rtol=1e-4)


def test_without_ratio_artifacts_are_added_as_they_are(rng):
    clean, *artifacts = rng.standard_normal((3, 2, 30))
    noisy, scaled = mix_artifacts(clean, artifacts, None)
    np.testing.assert_array_equal(scaled, artifacts)
    np.testing.assert_array_equal(noisy, clean + artifacts[0] + artifacts[1])


def test_rms_decibels_count_twice(rng):
    clean, artifact = rng.standard_normal((2, 3, 50))
    _, power = mix_at_snr(clean, artifact, -14.0)
    _, rms = mix_at_snr(clean, artifact, -7.0, convention="rms")
    np.testing.assert_allclose(power, rms, rtol=1e-12)


def test_a_short_artifact_is_as_large_as_a_long_one_where_it_is_active(rng):
    clean, artifact = rng.standard_normal((2, 3, 1000))
    short = artifact.copy()
    short[:, 100:] = 0.0
    long_, over_window, over_active = (
        np.std(mix_at_snr(clean, x, 0.0, span=span)[1][:, :100])
        for x, span in [(artifact, "window"), (short, "window"), (short, "active")]
    )
    assert over_active == pytest.approx(long_, rel=0.2)
    assert over_window == pytest.approx(10**0.5 * long_, rel=0.2)


def test_times_with_artifact_are_those_of_any_channel_of_an_epoch():
    artifact = np.zeros((2, 3, 5))
    artifact[0, 1, 2], artifact[1, 2, 4] = 1.0, -1e-30
    assert np.argwhere(find_active(artifact)).tolist() == [[0, 2], [1, 4]]
    assert np.flatnonzero(find_active(artifact[0, 1])).tolist() == [2]


def test_each_epoch_counts_its_own_active_times(rng):
    clean, artifact = np.ones((2, 2, 1, 10))
    clean[1] = 2.0
    artifact[0, :, 3:] = artifact[1, :, :5] = 0.0
    _, scaled = mix_at_snr(clean, artifact, 0.0, span="active")
    wanted = 3 * 1.0 + 5 * 4.0  # three samples of the first epoch, five of the second
    assert np.sum(scaled**2) == pytest.approx(wanted)


@pytest.mark.parametrize("span", ["window", "active"])
def test_a_channel_without_artifact_stays_clean(rng, span):
    clean, artifact = rng.standard_normal((2, 3, 50))
    artifact[1] = 0.0
    noisy, scaled = mix_at_snr(clean, artifact, 5.0, per="channel", span=span)
    assert np.array_equal(noisy[1], clean[1])
    assert not scaled[1].any()
    snr = measure_snr(clean, scaled, per="channel", span=span)
    np.testing.assert_allclose(snr, [5.0, np.inf, 5.0])


def test_ratios_of_and_to_silence_are_infinite(rng):
    x = rng.standard_normal((3, 50))
    assert measure_snr(x, 0 * x) == measure_snr(0 * x, 0 * x) == np.inf
    assert measure_snr(0 * x, x) == -np.inf


@pytest.mark.parametrize("snr_db", [-3, 0, 3.0])
def test_inputs_stay_as_they_are(rng, snr_db):
    clean, artifact = rng.standard_normal((2, 3, 50))
    before = clean.tobytes(), artifact.tobytes()
    mix_at_snr(clean, artifact, snr_db)
    mix_artifacts(clean, [artifact, artifact], snr_db)
    assert (clean.tobytes(), artifact.tobytes()) == before


def test_integers_become_float():
    clean, artifact = np.arange(12).reshape(2, 6), np.ones((2, 6), dtype=np.int16)
    noisy, scaled = mix_at_snr(clean, artifact, 0.0)
    assert noisy.dtype == np.float64
    np.testing.assert_allclose(scaled, np.sqrt(np.mean(clean**2)), rtol=1e-6)


@pytest.mark.parametrize(("clean", "artifact"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (np.nan, 1.0),
                                                 (1.0, np.nan)])  # fmt: skip
@pytest.mark.parametrize("per", ["all", "channel"])
@pytest.mark.parametrize("span", ["window", "active"])
def test_a_ratio_to_silence_is_an_error(clean, artifact, per, span):
    with pytest.raises(ValueError, match="both be non-zero, and finite"):
        mix_at_snr(np.full((2, 5), clean), np.full((2, 5), artifact), 0.0, per=per, span=span)


def test_a_clean_signal_silent_where_the_artifact_is_active_is_an_error_that_says_so():
    clean, artifact = np.ones((2, 3, 5))
    clean[1, 3:] = 0.0
    artifact[1:, :3] = artifact[0] = 0.0
    with pytest.raises(ValueError, match=r"clean signal in the rows \[1\], where there is"):
        mix_at_snr(clean, artifact, 0.0, per="channel", span="active")


def test_what_has_no_artifact_or_another_shape_is_an_error():
    with pytest.raises(ValueError, match="no artifact to add"):
        mix_artifacts(np.ones(5), [], 0.0)
    with pytest.raises(ValueError, match=r"one shape, got \(2, 5\) and \(5,\)"):
        mix_at_snr(np.ones((2, 5)), np.ones(5), 0.0)
    with pytest.raises(ValueError, match="3 ratios for 2 artifacts"):
        mix_artifacts(np.ones(5), [np.ones(5)] * 2, [0.0, 1.0, None])


@pytest.mark.parametrize("snr_db", [np.nan, np.inf, -np.inf])
def test_a_ratio_must_be_finite(snr_db):
    with pytest.raises(ValueError, match="snr_db must be a finite number"):
        mix_at_snr(np.ones(5), np.ones(5), snr_db)


@pytest.mark.parametrize(
    ("option", "known"),
    [
        ("convention", "'power' or 'rms'"),
        ("per", "'all' or 'channel'"),
        ("span", "'window' or 'active'"),
    ],
)
def test_an_unknown_option_is_an_error_that_names_the_known(option, known):
    with pytest.raises(ValueError, match=f"{option} is 'other', but must be {known}"):
        mix_at_snr(np.ones(5), np.ones(5), 0.0, **{option: "other"})
