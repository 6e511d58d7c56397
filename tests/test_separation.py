"""Sources that differ in when and where in the spectrum they are active are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mne_artdenoise import separation
from mne_artdenoise.separation import diagonalise, measure_pieces, separate, whiten
from mne_artdenoise.spatial import EDGES

SFREQ = 200.0


@pytest.fixture
def make_mixture():
    """Make sources that come and go, each in its own way, and a mixing matrix."""

    def make(n, seconds=60.0, seed=0):
        rng = np.random.default_rng(seed)
        n_times = round(seconds * SFREQ)
        size = np.repeat(rng.uniform(0.1, 3.0, (n, -(-n_times // 400))), 400, axis=1)[:, :n_times]
        sources = size * rng.standard_normal((n, n_times))
        return sources, rng.standard_normal((n, n))

    return make


def measure_crosstalk(matrix):
    """Largest of the other entries over the largest one, in each row."""
    ordered = np.sort(np.abs(matrix), axis=1)
    return float((ordered[:, -2] / ordered[:, -1]).max())


@pytest.mark.parametrize("n", [2, 3, 8, 19])
def test_sources_that_come_and_go_are_separated(make_mixture, n):
    sources, mixing = make_mixture(n)
    x = mixing @ sources
    found = separate([x], [np.zeros_like(x)], SFREQ, EDGES)
    assert measure_crosstalk(found.unmixing @ mixing) < 0.1
    np.testing.assert_allclose(found.unmixing @ found.mixing, np.eye(n), atol=1e-8)


def test_sources_of_other_spectra_are_separated(rng):
    time = np.arange(12000) / SFREQ
    noise = rng.standard_normal((2, 12000))
    sources = np.array(
        [np.convolve(noise[0], np.ones(20) / 20, "same"), np.diff(noise[1], append=0)]
    )
    mixing = np.array([[1.0, 0.7], [-0.4, 1.0]])
    assert len(time) == 12000
    found = separate([mixing @ sources], [0 * sources], SFREQ, EDGES)
    assert measure_crosstalk(found.unmixing @ mixing) < 0.1


def test_sources_that_are_alike_are_not_turned(rng):
    x = rng.standard_normal((6, 12000))
    artifact = np.outer(rng.standard_normal(6), 10 * rng.standard_normal(12000))
    found = separate([x + artifact], [artifact], SFREQ, EDGES)
    topography = artifact[:, 0] / np.linalg.norm(artifact[:, 0])
    angles = np.abs(topography @ found.mixing) / np.linalg.norm(found.mixing, axis=0)
    assert angles.max() > 0.999


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.integers(0, 1000), st.floats(1e-9, 1e9))
def test_diagonalising_finds_what_made_the_matrices(n, seed, unit):
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.standard_normal((n, n)))[0] * rng.uniform(0.5, 2.0, n)
    powers = np.exp(rng.normal(0, 1.5, (40, n)))
    matrices = unit * np.einsum("ij,kj,lj->kil", mixing, powers, mixing)
    found = diagonalise(matrices, np.ones(40))
    assert measure_crosstalk(found @ mixing) < 0.2  # the ridge leaves a little


def test_what_cannot_be_made_more_diagonal_is_left():
    found = diagonalise(np.array([np.eye(3), np.diag([1.0, 2.0, 3.0])]), np.ones(2))
    np.testing.assert_array_equal(found, np.eye(3))


@pytest.mark.parametrize("kind", ["average", "flat", "double"])
def test_what_a_recording_holds_nothing_of_is_no_source(make_mixture, kind):
    sources, mixing = make_mixture(5)
    x = mixing @ sources
    if kind == "average":
        x = x - x.mean(axis=0)
    else:
        x[1] = 0.0 if kind == "flat" else x[0]
    found = separate([x], [0.1 * x], SFREQ, EDGES)
    assert found.unmixing.shape == (4, 5)
    np.testing.assert_allclose(found.mixing @ (found.unmixing @ x), x, atol=1e-6 * np.abs(x).max())


def test_channels_of_other_units_do_not_matter(make_mixture):
    sources, mixing = make_mixture(4)
    units = np.array([[1.0], [1e-6], [1e4], [3.0]])
    found = separate([units * (mixing @ sources)], [0 * sources], SFREQ, EDGES)
    assert measure_crosstalk(found.unmixing @ (units * mixing)) < 0.1


def test_of_many_channels_the_directions_that_hold_most_artifact_are_searched(monkeypatch, rng):
    monkeypatch.setattr(separation, "MOST", 3)
    x = rng.standard_normal((7, 8000))
    artifact = np.outer(np.eye(7)[4], 5 * rng.standard_normal(8000))
    found = separate([x + artifact], [artifact], SFREQ, EDGES)
    assert found.unmixing.shape == (3, 7)
    assert found.mixing.shape == (7, 3)
    assert np.abs(found.mixing[4]).max() > 0.99 * np.linalg.norm(found.mixing, axis=0).min()


@pytest.mark.parametrize("lengths", [(1,), (2, 3), (399, 401), (4000,), (90, 4000, 7)])
def test_pieces_are_of_every_segment(rng, lengths):
    segments = [rng.standard_normal((3, n)) for n in lengths]
    found = measure_pieces(segments, SFREQ, EDGES)
    assert found.shape == (5, sum(max(1, n // 400) for n in lengths), 3, 3)
    assert np.isfinite(found).all()


def test_whitening_gives_unit_variance_and_back(rng):
    covariance = np.cov(rng.standard_normal((4, 100)))
    there, back = whiten(covariance)
    np.testing.assert_allclose(there @ covariance @ there.T, np.eye(4), atol=1e-10)
    np.testing.assert_allclose(back @ there, np.eye(4), atol=1e-10)


@pytest.mark.parametrize("n_times", [1, 5, 1000])
def test_silence_has_no_sources(n_times):
    found = separate([np.zeros((3, n_times))], [np.zeros((3, n_times))], SFREQ, EDGES)
    assert found.unmixing.shape == (0, 3)
    assert found.mixing.shape == (3, 0)
