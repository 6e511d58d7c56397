"""Tests of models of one's own: written, listed, and used by their name."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.torch import save_file

from mne_artdenoise import ArtifactDenoiser, get_record, list_models
from mne_artdenoise.networks.any_montage import AnyMontage, AnyMontageConfig
from mne_artdenoise.training.loop import TrainingConfig
from mne_artdenoise.training.release import write_model
from mne_artdenoise.training.stream import StreamConfig
from mne_artdenoise.weights.registry import MODELS_VARIABLE, is_released

CONFIG = TrainingConfig(
    network=AnyMontageConfig(width=8, dilations=(1, 2), heads=2, hidden=8, filters=8, key=4),
    stream=StreamConfig(n_times=803),
)
FIELDS = {
    "sfreq": 200.0,
    "kinds": ["eye"],
    "data_licences": ["simulated"],
    "weaknesses": ["It was not trained."],
}


@pytest.fixture
def weights(tmp_path):
    """Write weights of a network that finds something."""
    network = AnyMontage(CONFIG.network)
    path = tmp_path / "weights.safetensors"
    state = {name: value + 0.05 for name, value in network.state_dict().items()}
    save_file(state, path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Name a folder of one's own models."""
    path = tmp_path / "models"
    path.mkdir()
    monkeypatch.setenv(MODELS_VARIABLE, str(path))
    return path


def write(weights, folder, model="my-lab-v1", **changes):
    return write_model(weights, folder, model=model, config=CONFIG, **(FIELDS | changes))


def test_a_model_of_ones_own_denoises_by_its_name(weights, folder, make_noisy):
    before = list_models()
    record = write(weights, folder)
    assert list_models() == sorted([*before, "my-lab-v1"])
    assert get_record("my-lab-v1") == record
    assert record.window == 800  # whole tokens
    raw = make_noisy()
    denoiser = ArtifactDenoiser("my-lab-v1", spatial=False)
    clean = denoiser.fit_transform(raw)
    assert np.isfinite(clean.get_data()).all()
    assert not np.array_equal(clean.get_data(), raw.get_data())
    assert denoiser.record_.id == "my-lab-v1"
    assert '"model": "my-lab-v1"' in clean.info["description"]


def test_without_the_variable_only_released_models_are_known(weights, folder, monkeypatch):
    record = write(weights, folder)
    assert not is_released(record)
    monkeypatch.delenv(MODELS_VARIABLE)
    assert "my-lab-v1" not in list_models()
    with pytest.raises(ValueError, match="Unknown model 'my-lab-v1'"):
        get_record("my-lab-v1")


def test_a_name_of_the_package_stays_the_packages(weights, folder):
    ours = get_record("any-montage-v1")
    write(weights, folder, "any-montage-v1")
    assert get_record("any-montage-v1") == ours
    assert is_released(ours)


def test_other_files_of_the_folder_are_no_models(weights, folder):
    (folder / "plan.json").write_text("{}")
    write(weights, folder)
    (folder / "my-lab-v1.safetensors").rename(folder / "my-lab-v2.safetensors")
    assert {"plan", "my-lab-v1"}.isdisjoint(list_models())


def test_weights_that_were_changed_are_not_loaded(weights, folder, make_noisy):
    write(weights, folder)
    path = folder / "my-lab-v1.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="Write the model again"):
        ArtifactDenoiser("my-lab-v1").fit(make_noisy())


def test_a_record_of_another_name_is_told(weights, folder):
    write(weights, folder)
    text = json.loads((folder / "my-lab-v1.json").read_text())
    (folder / "my-lab-v1.json").write_text(json.dumps(text | {"id": "another-v1"}))
    with pytest.raises(ValueError, match="id is 'another-v1'"):
        get_record("my-lab-v1")


def test_a_folder_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="write_model, or unset the variable"):
        list_models()


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"model": "My Lab"}, "id is 'My Lab'"), ({"weaknesses": []}, "where the model is known")],
)
def test_a_record_that_breaks_a_rule_writes_nothing(weights, folder, changes, said):
    with pytest.raises(ValueError, match=said):
        write(weights, folder, **changes)
    assert list(folder.iterdir()) == []
