"""Tests of networks that run without torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, get_record
from mne_artdenoise.inference import run_network
from mne_artdenoise.weights import open_network, session
from mne_artdenoise.weights.load import load_network

pytest.importorskip("onnxruntime")
RECORD = get_record("any-montage-v1")
WITHOUT_TORCH = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else found(name, *rest)
import mne
from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.synthesis import simulate_raw
known = mne.channels.get_builtin_montages()
montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
info = mne.create_info(["Fp1", "Fp2", "Cz", "O1", "O2"], 200.0, "eeg").set_montage(montage)
raw, truth, artifact = simulate_raw(info, 10.0, artifacts=("blink",), rng=0)
clean = ArtifactDenoiser().fit_transform(raw)
assert (clean.get_data() != raw.get_data()).any()
assert "torch" not in sys.modules
"""


@pytest.mark.parametrize("shape", [(1, 2, 8), (3, 5, 808), (1, 70, 400), (2, 19, 1600)])
def test_onnx_says_what_torch_says(shape):
    rng = np.random.default_rng(0)
    windows = rng.standard_normal(shape).astype(np.float32)
    windows[..., ::7] *= 30  # blinks and pops
    directions = rng.standard_normal((shape[1], 3)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    torch_says = run_network(load_network(RECORD), windows, directions, device="cpu")
    onnx_says = run_network(open_network(RECORD, "onnx"), windows, directions, device="onnx")
    assert np.abs(torch_says).max() > 0.1
    np.testing.assert_allclose(onnx_says, torch_says, rtol=1e-5, atol=1e-5 * np.abs(windows).max())


def test_denoiser_without_torch_gives_what_it_gives_with(make_raw):
    raw = make_raw(n_channels=6, duration=20.0)
    raw._data[0] += 150e-6 * np.hanning(4000) ** 40
    with_torch = ArtifactDenoiser(spatial=False, device="cpu").fit_transform(raw)
    without = ArtifactDenoiser(spatial=False, device="onnx").fit_transform(raw)
    size = np.abs(raw.get_data()).max()
    np.testing.assert_allclose(without.get_data(), with_torch.get_data(), atol=1e-5 * size)
    assert (without.get_data() != raw.get_data()).any()


def test_default_denoiser_runs_where_there_is_no_torch():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_graph_of_the_package_is_that_of_the_model():
    onnx = pytest.importorskip("onnx")
    from mne_artdenoise.weights.graph import build_graph

    there = onnx.load(session.GRAPHS / f"{RECORD.id}.onnx", load_external_data=False)
    assert there == build_graph(RECORD)


def test_graph_of_another_config_is_refused():
    other = replace(RECORD, config={**RECORD.config, "hidden": 64})
    with pytest.raises(ValueError, match="another config than its weights.*weights.graph any-mont"):
        open_network(other, "onnx")


def test_model_without_a_graph_is_refused():
    with pytest.raises(ValueError, match="'my-lab-v1' has no ONNX graph"):
        open_network(replace(RECORD, id="my-lab-v1"), "onnx")


def test_missing_runtime_is_told_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install \"mne-artdenoise\[onnx\]\""):
        open_network(RECORD, "onnx")


def test_graphs_are_of_any_montage_networks_only():
    pytest.importorskip("onnx")
    from mne_artdenoise.weights.graph import build_graph

    with pytest.raises(ValueError, match="Only any-montage networks"):
        build_graph(replace(RECORD, network="art"))
