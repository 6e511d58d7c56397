"""Tests of recipes, of any montage, single channels and responses: smoke runs, scores, releases."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mne_artdenoise.training.stand_in import make_stand_in_bank
from mne_artdenoise.weights import download, get_record, list_models
from mne_artdenoise.weights.load import load_network
from mne_artdenoise.weights.record import parse_record

FOLDER = Path(__file__).parents[1] / "examples" / "training"
RECIPES = ("at-at-v1", "beta-vae-erp-v1")


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request):
    return runpy.run_path(str(FOLDER / f"{request.param}.py"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make an empty package to release into, whose weights are the bundled ones."""
    folder = tmp_path / "package" / "weights"
    for name in ("files", "records"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setattr(download, "FILES", folder / "files")
    return folder.parent


def make_network(recipe):
    return (recipe["ATAT"] if "ATAT" in recipe else recipe["BetaVAE"])()


def test_a_run_without_banks_is_refused(recipe, tmp_path, capsys):
    with pytest.raises(SystemExit):
        recipe["main"](["--work", str(tmp_path)])
    assert "any-montage-v1.py --prepare-only" in capsys.readouterr().err


def test_a_release_is_a_record_that_loads(recipe, tmp_path, package):
    save_file(make_network(recipe).state_dict(), tmp_path / "weights.safetensors")
    (tmp_path / "scores.json").write_text(json.dumps({"measured": 1.0}))
    arguments = ["--work", str(tmp_path), "--release", str(package)]
    assert recipe["main"](arguments) == []
    (written,) = (package / "weights" / "records").rglob("*.json")
    record = parse_record(written.read_text())
    assert record.id == recipe["MODEL"] == written.stem
    assert record.scores == {"measured": 1.0}
    assert (FOLDER.parents[1] / record.recipe).is_file()
    assert load_network(record).state_dict().keys() == make_network(recipe).state_dict().keys()


@pytest.mark.parametrize("purpose", ["denoise", "respond"])
def test_weights_that_are_not_bundled_lie_where_they_are_served_from(purpose, monkeypatch):
    served = FOLDER.parents[1] / "weights"
    if not served.is_dir():
        pytest.skip("no repository here")
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(served))
    for model in list_models(purpose):
        record = get_record(model, purpose)
        assert download.find_fault(download.fetch_weights(record), record) is None


@pytest.mark.slow
def test_a_smoke_run_needs_no_data_lowers_the_loss_and_goes_on(recipe, tmp_path):
    smoke = ["--smoke", "--work", str(tmp_path)]
    rows = recipe["main"](smoke)
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert recipe["main"](smoke) == rows  # nothing is left to do


@pytest.fixture(scope="module")
def any_montage():
    return runpy.run_path(str(FOLDER / "any-montage-v1.py"))


def test_a_run_of_any_montage_without_data_is_refused(any_montage, tmp_path, capsys):
    with pytest.raises(SystemExit):
        any_montage["main"](["--work", str(tmp_path)])
    assert "--data is needed" in capsys.readouterr().err


def test_a_release_of_any_montage_is_a_record_that_loads(any_montage, tmp_path, package):
    save_file(any_montage["AnyMontage"]().state_dict(), tmp_path / "weights.safetensors")
    arguments = ["--work", str(tmp_path), "--release", str(package)]
    assert any_montage["main"](arguments) == []
    (written,) = (package / "weights" / "records").glob("*.json")
    record = parse_record(written.read_text())
    assert record.id == any_montage["MODEL"] == written.stem
    assert (FOLDER.parents[1] / record.recipe).is_file()
    load_network(record)


def test_any_montage_reads_the_banks_there_are_and_simulates_others(any_montage, tmp_path):
    read_bank = any_montage["read_bank"]
    simulated = {item.subject for item in make_stand_in_bank().clean}
    assert {item.subject for item in read_bank(None, tmp_path).clean} == simulated
    other = make_stand_in_bank(5)
    for name in ("train", "held-out"):
        other.save(tmp_path / f"{name}.npz")
    assert read_bank(None, tmp_path).subjects == other.subjects
    assert read_bank(tmp_path / "data", tmp_path).subjects == other.subjects


@pytest.mark.slow
def test_a_smoke_run_of_any_montage_lowers_the_loss_and_goes_on(any_montage, tmp_path):
    smoke = ["--smoke", "--work", str(tmp_path)]
    with torch.random.fork_rng(devices=[]):  # training seeds the generator of all
        rows = any_montage["main"](smoke)
    assert rows[-1]["step"] == any_montage["SMOKE"].steps
    assert rows[-1]["loss"] < rows[0]["loss"]
    # Windows differ more than steps: what counts is the loss against leaving them alone.
    assert rows[-1]["gain"] > rows[0]["gain"]
    assert any_montage["main"](smoke) == rows  # nothing is left to do


@pytest.mark.slow
def test_scores_tell_what_was_done_from_nothing_done(recipe, tmp_path, monkeypatch):
    bank = make_stand_in_bank(0)
    bank = replace(
        bank, clean=tuple(replace(item, subject=f"Subject{item.subject}") for item in bank.clean)
    )
    for name in ("train", "held-out"):
        bank.save(tmp_path / f"{name}.npz")
    save_file(make_network(recipe).state_dict(), tmp_path / "weights.safetensors")
    recipe["main"](["--work", str(tmp_path), "--banks", str(tmp_path), "--score"])
    scores = json.loads((tmp_path / "scores.json").read_text())
    table, *others = (value for value in scores.values() if isinstance(value, dict))
    assert "this model" in table
    assert len(table) >= 3
    for told in others:  # labels of responses
        assert "SCAN" in told
        assert all(0 <= share <= 1 for share in told["SCAN"].values())
