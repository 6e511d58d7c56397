"""The benchmark of generated artifacts in training: two trainings differ in artifacts alone."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from mne_artdenoise.training import stream
from mne_artdenoise.training.stream import StreamConfig

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def utility(monkeypatch):
    """Import the benchmark, which is a script and no package."""
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("generators_utility")


def test_both_trainings_see_the_same_but_for_artifacts(utility, make_bank, monkeypatch):
    bank, generated = make_bank(), make_bank(seed=1)
    config = StreamConfig(n_times=400, shapes=((8, 6, 1.0),), identity=0.0)
    seen = []
    for share in (0.0, 0.0, 0.5):
        monkeypatch.setattr(stream, "draw_artifact", utility.draw_from(generated, share))
        seen.append(stream.draw_batch(bank, config, np.random.default_rng(3)))
    first, same, other = seen
    np.testing.assert_array_equal(first.noisy, same.noisy)
    np.testing.assert_array_equal(first.directions, other.directions)
    assert not np.allclose(first.artifact, other.artifact)
    for one, two in zip(first.noisy - first.artifact, other.noisy - other.artifact, strict=True):
        # Of one clean window; its scale is that of a window with an artifact.
        assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.9999


def test_an_artifact_is_parted_into_maps_and_waves(utility, rng):
    artifact = 1e-5 * rng.standard_normal((12, 2)) @ rng.standard_normal((2, 500)) ** 3
    maps, waves = utility.part(artifact)
    assert maps.shape == (2, 12)
    np.testing.assert_allclose(maps.T @ waves, artifact, atol=1e-12)
    assert (np.mean(waves**3, axis=1) > 0).all()


def test_the_difference_is_paired_by_recording(utility):
    rows = [
        {"model": model, "way": way, "cell": cell, "case": case, "gain_db": 10.0 * case + bonus}
        for way in utility.WAYS
        for cell in utility.CELLS
        for model, bonus in (("released", 0), ("without, seed 1", 1), ("with, seed 1", 1.5))
        for case in range(4)
    ]
    table = utility.make_table(rows, [1])
    assert table.count("0.50 [0.50, 0.50] (+0.50)") == len(utility.WAYS) * len(utility.CELLS)
