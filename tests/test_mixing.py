"""Tests of mixing at an exact ratio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from mne_artdenoise.synthesis.mixing import mix_at_snr

SHAPES = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=20)
SIZES = st.sampled_from([1e-6, 1e-3, 1.0, 1e3])


def find_level(x: np.ndarray) -> float:
    """Power in decibels."""
    return float(10 * np.log10(np.mean(np.square(x, dtype=float))))


@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32),
    sizes=st.tuples(SIZES, SIZES),
    snr_db=st.floats(-40.0, 40.0),
    convention=st.sampled_from(["power", "rms"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_measured_ratio_is_the_one_asked_for(shape, seed, sizes, snr_db, convention, dtype):
    rng = np.random.default_rng(seed)
    clean, artifact = (dtype(size) * (rng.random(shape, dtype) + dtype(0.1)) for size in sizes)
    noisy, scaled = mix_at_snr(clean, artifact, snr_db, convention=convention)
    measured = find_level(clean) - find_level(scaled)
    if convention == "rms":
        measured /= 2  # ten times the logarithm of amplitudes
    assert measured == pytest.approx(snr_db, abs=0.01)
    np.testing.assert_array_equal(noisy, clean + scaled)
    # Only the size of the artifact changes, by a positive factor.
    factor = np.linalg.norm(scaled) / np.linalg.norm(artifact)
    np.testing.assert_allclose(scaled, factor * artifact, rtol=1e-5)


def test_rms_decibels_count_twice():
    rng = np.random.default_rng(0)
    clean, artifact = rng.standard_normal((2, 3, 50))
    _, power = mix_at_snr(clean, artifact, -14.0)
    _, rms = mix_at_snr(clean, artifact, -7.0, convention="rms")
    np.testing.assert_allclose(power, rms, rtol=1e-12)


@pytest.mark.parametrize("snr_db", [-3, 0, 3.0])
def test_inputs_stay_as_they_are(snr_db):
    rng = np.random.default_rng(0)
    clean, artifact = rng.standard_normal((2, 3, 50))
    before = clean.tobytes(), artifact.tobytes()
    mix_at_snr(clean, artifact, snr_db)
    assert (clean.tobytes(), artifact.tobytes()) == before


@pytest.mark.parametrize(("clean", "artifact"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (np.nan, 1.0)])
def test_a_ratio_to_silence_is_an_error(clean, artifact):
    with pytest.raises(ValueError, match="both be non-zero"):
        mix_at_snr(np.full((2, 5), clean), np.full((2, 5), artifact), 0.0)


def test_an_unknown_convention_is_an_error_that_names_the_known():
    with pytest.raises(ValueError, match="'decibel', but must be 'power' or 'rms'"):
        mix_at_snr(np.ones(5), np.ones(5), 0.0, convention="decibel")
