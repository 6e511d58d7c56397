"""Tests of where a source of known place is found."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise import localisation as loc


@pytest.fixture(scope="module")
def simulation(make_info):
    return loc.simulate_source(make_info(20, 200.0), n_trials=30, amplitude=30e-6, rng=0)


def test_a_strong_source_is_found_near_its_place(simulation):
    errors = loc.measure_errors(simulation.truth, simulation)
    assert list(errors) == list(loc.METHODS)
    assert errors["dipole"] < 0.012
    assert errors["whitened dipole"] < 0.012
    assert errors["beamformer"] < 0.025
    assert errors["minimum norm"] < 0.04


def test_a_shifted_source_is_found_elsewhere(simulation):
    moved = simulation.truth.copy()
    order = np.arange(len(moved.ch_names))[::-1]
    moved._data = moved._data[order]
    errors = loc.measure_errors(moved, simulation, ("dipole",))
    assert list(errors) == ["dipole"]
    assert errors["dipole"] > 0.02


def test_the_simulation_is_what_it_says(simulation):
    raw, truth, events = simulation.raw, simulation.truth, simulation.events
    assert len(events) == 30
    assert np.abs(raw.get_data().mean(axis=0)).max() < 1e-15
    wave = truth.get_data()
    at = events[:, 0] + round(simulation.latency * 200.0)
    largest = np.abs(wave[:, at].mean(axis=1)).max()
    assert largest == pytest.approx(30e-6, rel=0.4)
    distance = np.linalg.norm(simulation.position - simulation.sphere["r0"])
    assert loc.DEEPEST <= distance / simulation.sphere.radius <= loc.SHALLOWEST
    assert not np.array_equal(raw.get_data(), wave)


def test_the_same_seed_gives_the_same_recording(make_info):
    info = make_info(8, 100.0)
    one, other = (loc.simulate_source(info, n_trials=3, rng=7) for _ in range(2))
    np.testing.assert_array_equal(one.raw.get_data(), other.raw.get_data())
    np.testing.assert_array_equal(one.position, other.position)


def test_a_dimension_that_was_taken_out_does_not_count_as_free_of_noise(simulation):
    truth, less = simulation.truth, simulation.truth.copy()
    gone = np.linalg.svd(truth.get_data(), full_matrices=False)[0][:, 6:10]
    less._data -= gone @ (gone.T @ truth.get_data())
    methods = ("whitened dipole", "minimum norm", "beamformer")
    before, after = (loc.measure_errors(inst, simulation, methods) for inst in (truth, less))
    for method in methods:
        assert after[method] < before[method] + 0.012


def test_unknown_methods_are_refused(simulation):
    with pytest.raises(ValueError, match="'music'. Known: dipole, whitened dipole, minimum norm,"):
        loc.measure_errors(simulation.raw, simulation, ("music",))
