"""Copies, pickles, processes and threads: the same estimator does the same wherever it goes."""

from __future__ import annotations

import copy
import hashlib
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import mne
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from mne_artdenoise import ArtifactDenoiser, storage

START = """
import hashlib, multiprocessing, sys
import mne, numpy as np, torch
from mne_artdenoise import ArtifactDenoiser

def work(raw):
    return hashlib.sha256(ArtifactDenoiser().fit_transform(raw).get_data().tobytes()).hexdigest()

if __name__ == "__main__":
    torch.set_num_threads(2)
    raw = mne.io.read_raw_fif(sys.argv[1], preload=True, verbose="error")
    work(raw)  # from here on torch has threads, which a fork does not take with it
    with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
        print(*pool.map(work, [raw, raw]))
"""


@pytest.fixture(scope="module")
def raw(make_noisy):
    return make_noisy(6, 10.0)


@pytest.fixture(scope="module")
def fitted(raw):
    return ArtifactDenoiser(strength=0.9).fit(raw)


@pytest.fixture(scope="module")
def expected(fitted, raw):
    return fitted.transform(raw).get_data()


def transform(denoiser, raw):
    return denoiser.transform(raw).get_data()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickle_keeps_it(fitted, raw, expected, protocol):
    found = pickle.loads(pickle.dumps(fitted, protocol))
    assert np.array_equal(transform(found, raw), expected)
    assert vars(found).keys() == vars(fitted).keys()


def test_joblib_and_copies_keep_it(fitted, raw, expected, tmp_path):
    joblib.dump(fitted, tmp_path / "x.joblib", compress=3)
    for found in (joblib.load(tmp_path / "x.joblib"), copy.copy(fitted), copy.deepcopy(fitted)):
        assert np.array_equal(transform(found, raw), expected)


def test_a_deep_copy_is_independent(fitted, raw, expected):
    other = copy.deepcopy(fitted).set_params(strength=0.0)
    other.filter_.bands[0].unmixing[...] = 0.0
    assert np.array_equal(transform(other, raw), raw.get_data())
    assert np.array_equal(transform(fitted, raw), expected)


def test_a_pickle_of_another_version_says_so_and_works(fitted, raw, expected, monkeypatch):
    monkeypatch.setattr(storage, "find_version", lambda: "0.0.1")
    data = pickle.dumps(fitted)
    monkeypatch.undo()
    with pytest.warns(RuntimeWarning, match="was pickled by mne-artdenoise 0.0.1 and is read by"):
        found = pickle.loads(data)
    assert np.array_equal(transform(found, raw), expected)


def test_a_parameter_that_a_pickle_has_not_gets_its_default(fitted, raw, expected):
    state = fitted.__getstate__()
    for name in ("overlap", "verbose", "_pickled_by"):
        del state[name]
    found = ArtifactDenoiser.__new__(ArtifactDenoiser)
    with pytest.warns(RuntimeWarning, match="a version before 1.0"):
        found.__setstate__(state)
    assert found.overlap == 0.5
    assert np.array_equal(transform(found, raw), expected)
    assert clone(found).get_params() == clone(fitted).get_params()


def test_it_knows_whether_it_is_fitted(fitted):
    check_is_fitted(fitted)
    assert fitted.__sklearn_is_fitted__()
    for other in (ArtifactDenoiser(), clone(fitted)):
        assert not other.__sklearn_is_fitted__()
        with pytest.raises(NotFittedError):
            check_is_fitted(other)


def test_threads_may_share_a_fitted_denoiser(fitted, raw, expected):
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: transform(fitted, raw), range(12)):
            assert np.array_equal(found, expected)


@pytest.mark.parametrize("make", [lambda raw: raw, lambda raw: mne.make_fixed_length_epochs(raw)])
def test_what_threads_share_is_never_unlocked(raw, monkeypatch, make):
    seen, unlock = [], mne.Info._unlock
    inst = make(raw).load_data()

    def look(info, *args, **kwargs):
        seen.append(id(info))
        return unlock(info, *args, **kwargs)

    monkeypatch.setattr(mne.Info, "_unlock", look)
    ArtifactDenoiser().fit_transform(inst)
    assert seen
    assert id(inst.info) not in seen


def test_threads_may_fit_each_its_own(raw):
    def work(_):
        return ArtifactDenoiser().fit_transform(raw).get_data()

    first = work(0)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(work, range(6)):
            assert np.abs(found - first).max() <= 1e-9 * np.abs(first).max()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_fit_after_torch_had_threads(raw, tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    raw.save(tmp_path / "in_raw.fif", fmt="double", verbose=False)
    (tmp_path / "start.py").write_text(START)
    words = [sys.executable, tmp_path / "start.py", tmp_path / "in_raw.fif", method]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    first, second = done.stdout.splitlines()[-1].split()
    assert first == second


def test_workers_of_joblib_give_what_one_process_gives(raw, expected):
    jobs = joblib.Parallel(n_jobs=2)(
        joblib.delayed(transform)(ArtifactDenoiser(strength=0.9).fit(raw), raw) for _ in range(2)
    )
    for found in jobs:
        assert hashlib.sha256(found.tobytes()).digest() == hashlib.sha256(expected).digest()
