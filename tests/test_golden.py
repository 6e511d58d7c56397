"""The golden recording comes out as recorded, on any number of threads and version of torch."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch

from mne_artdenoise import get_record

FOLDER = Path(__file__).with_name("golden")

# Of the largest value of the recording. On one x86-64 machine no bit differed between torch 2.5.1
# and 2.13.0, nor between one thread and four. Other processors round float32 differently.
THREADS, VERSIONS = 1e-5, 1e-4
HOW = "If it is meant, run: python tests/golden/record.py"


@pytest.fixture(scope="module")
def golden():
    spec = spec_from_file_location("record", FOLDER / "record.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recorded():
    with np.load(FOLDER / "denoised.npz") as stored:
        return {name: stored[name] for name in stored.files}


@pytest.fixture(scope="module")
def denoised(golden):
    return golden.denoise_golden()


def measure(x, y):
    return float(np.abs(x - y).max() / np.abs(y).max())


def test_the_weights_are_those_of_the_record(recorded):
    assert str(recorded["sha256"]) == get_record("any-montage-v1").sha256, HOW


def test_the_golden_recording_is_what_it_was(golden, recorded):
    raw = golden.make_recording()
    assert measure(raw.get_data()[:, :: golden.KEPT], recorded["before"]) < 1e-12


@pytest.mark.parametrize("way", ["filters", "network"])
def test_what_comes_out_is_what_was_recorded(denoised, recorded, way):
    assert measure(denoised[way], recorded[way]) < VERSIONS, HOW
    assert measure(denoised[way], recorded["before"]) > 0.1  # and something is removed at all


def test_repeated_runs_give_the_same_bytes(golden, denoised):
    again = golden.denoise_golden()
    assert all(np.array_equal(again[way], denoised[way]) for way in denoised)


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_threads_change_no_more_than_rounding(golden, denoised, n_threads):
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        found = golden.denoise_golden()
    finally:
        torch.set_num_threads(before)
    for way, x in denoised.items():
        assert measure(found[way], x) < THREADS


@pytest.mark.slow
def test_processes_give_the_same_bytes():
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); import record\n"
        "x = record.denoise_golden()\n"
        "print(hashlib.sha256(x['filters'].tobytes() + x['network'].tobytes()).hexdigest())"
    )
    words = [sys.executable, "-c", code, str(FOLDER)]
    hashes = {
        subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1]
        for _ in range(2)
    }
    assert len(hashes) == 1
    assert len(next(iter(hashes))) == hashlib.sha256().digest_size * 2
