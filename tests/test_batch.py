"""Many recordings: one that fails does not stop the others, whatever engine runs them."""

from __future__ import annotations

import warnings
from pathlib import Path

import joblib
import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.batch import denoise_files, run_each


@pytest.fixture(scope="module")
def pairs_of(make_noisy, tmp_path_factory):
    """Write recordings, the second of them damaged, and name the results of a test."""
    folder = tmp_path_factory.mktemp("recordings")
    for number in range(4):
        raw = make_noisy(5, 6.0, seed=number)
        raw.save(folder / f"{number}_raw.fif", fmt="double", verbose=False)
    (folder / "1_raw.fif").write_bytes((folder / "1_raw.fif").read_bytes()[:2000])

    def name(out):
        return [(folder / f"{n}_raw.fif", out / f"{n}_clean_raw.fif") for n in range(4)]

    return name


def assert_done(outcomes, pairs):
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done", "done"]
    assert [(outcome.source, outcome.target) for outcome in outcomes] == [
        (str(source), str(target)) for source, target in pairs
    ]
    assert "1_raw.fif cannot be read" in outcomes[1].error
    assert not pairs[1][1].exists()
    for source, target in pairs[2:]:
        expected = ArtifactDenoiser().fit_transform(mne.io.read_raw_fif(source, preload=True))
        # Another process may use more threads, whose sums are rounded in another order.
        found = mne.io.read_raw_fif(target).get_data()
        np.testing.assert_allclose(found, expected.get_data(), rtol=0, atol=1e-11)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_each_is_denoised_but_the_damaged_one(pairs_of, tmp_path, n_jobs):
    pairs = pairs_of(tmp_path)
    assert_done(denoise_files(pairs, n_jobs=n_jobs), pairs)


def test_results_are_kept_or_replaced(pairs_of, tmp_path):
    pairs = pairs_of(tmp_path)[2:]
    pairs[0][1].write_bytes(b"mine")
    assert [one.status for one in denoise_files(pairs)] == ["kept", "done"]
    assert pairs[0][1].read_bytes() == b"mine"
    refused = denoise_files(pairs, resume=False)
    assert [one.status for one in refused] == ["failed", "failed"]
    assert "FileExistsError" in refused[0].error
    assert [one.status for one in denoise_files(pairs, overwrite=True)] == ["done", "done"]


def warn_or_fail(source: Path, target: Path):
    warnings.warn("look\nhere", RuntimeWarning, stacklevel=1)
    warnings.warn("look\nhere", RuntimeWarning, stacklevel=1)
    if source.name == "bad":
        raise MemoryError
    return "done", {"size": 3}


def test_warnings_errors_and_facts_are_kept():
    good, bad = run_each(warn_or_fail, [("good", "x"), ("bad", "y")])
    assert good.warnings == bad.warnings == ("look here",)
    assert (good.status, good.error, good.facts) == ("done", "", (("size", 3),))
    assert (bad.status, bad.error, bad.facts) == ("failed", "MemoryError: MemoryError", ())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_of_two_workers_does_the_same(pairs_of, tmp_path):
    """The recipe of docs/many_recordings.md."""
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    pairs = pairs_of(tmp_path)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        outcomes = denoise_files(pairs, n_jobs=-1)
    assert_done(outcomes, pairs)
