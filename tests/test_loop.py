"""Tests of the loop that fits a network."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mne_artdenoise.networks.any_montage import AnyMontage, AnyMontageConfig
from mne_artdenoise.training import loop
from mne_artdenoise.training.loop import (
    TrainingConfig,
    average_weights,
    cut_pieces,
    find_floor,
    measure_loss,
    set_rate,
    train,
)
from mne_artdenoise.training.stream import StreamConfig, draw_batch

TINY = TrainingConfig(
    steps=6,
    peak_rate=5e-3,
    warmup=2,
    average=0.5,
    save_every=2,
    network=AnyMontageConfig(width=16, hidden=16, dilations=(1, 2)),
    stream=StreamConfig(n_times=400, shapes=((3, 4, 0.5), (5, 2, 0.5))),
)


class StoppedError(Exception):
    """What stops a run in these tests."""


@pytest.fixture(scope="module")
def bank(make_bank):
    return make_bank(sizes=(5, 8), n_times=1000)


@pytest.fixture(autouse=True)
def keep_generator():
    """Leave torch's own generator as it was: training seeds it."""
    with torch.random.fork_rng(devices=[]):
        yield


def read_log(work) -> list[dict[str, float]]:
    return [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]


def stop_after(monkeypatch, step: int) -> None:
    """Stop training just after it has saved this step."""
    save = loop.save

    def save_and_stop(work, state, now):
        save(work, state, now)
        if now == step:
            raise StoppedError

    monkeypatch.setattr(loop, "save", save_and_stop)


def flatten(stored: dict) -> dict[str, torch.Tensor]:
    """Name every tensor of a checkpoint by its place in it."""
    found = {}
    for name, value in stored.items():
        if isinstance(value, dict):
            found |= {f"{name}/{below}": part for below, part in flatten(value).items()}
        elif isinstance(value, torch.Tensor):
            found[str(name)] = value
    return found


def test_training_writes_averaged_weights_that_load_strictly(bank, tmp_path):
    path = train(bank, tmp_path, TINY, compiled=False)
    assert path == tmp_path / "weights.safetensors"
    weights = load_file(path)
    network = AnyMontage(TINY.network)
    network.load_state_dict(weights, strict=True)
    assert all(part.isfinite().all() for part in weights.values())
    assert weights["readout.masks.weight"].any()  # it was zero
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert stored["step"] == 6
    for name, part in weights.items():
        assert torch.equal(part, stored["averaged"][name])
    name = "readout.masks.weight"
    assert not torch.equal(weights[name], stored["network"][name])
    assert [row["step"] for row in read_log(tmp_path)] == [2, 4, 6]
    assert all(row.keys() >= {"loss", "gain"} for row in read_log(tmp_path))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("checkpoint.pt", "log.jsonl", "weights.safetensors"),
    ]


@pytest.mark.parametrize("filtered", [0.0, 0.5])
def test_training_reduces_the_error(bank, tmp_path, filtered):
    config = replace(TINY, steps=80, average=0.9, floors=((0, 0.1),), filtered=filtered)
    network = AnyMontage(config.network)
    before = measure_fixed(network, bank, config)
    network.load_state_dict(load_file(train(bank, tmp_path, config, compiled=False)))
    assert measure_fixed(network, bank, config) < before - 0.3  # decibels


def measure_fixed(network, bank, config) -> float:
    """Measure the loss over twenty batches that training does not draw."""
    losses = []
    for number in range(20):
        batch = draw_batch(bank, config.stream, np.random.default_rng((99, number)))
        noisy, artifact, directions = map(
            torch.from_numpy, (batch.noisy, batch.artifact, batch.directions)
        )
        with torch.no_grad():
            estimate = network(noisy, directions)
        loss = measure_loss(estimate, artifact, noisy - artifact, bank.sfreq, 0.1, config)
        losses.append(loss.item())
    return sum(losses) / len(losses)


@pytest.mark.parametrize("step", [2, 4])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(bank, tmp_path, monkeypatch, step):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir(), parts.mkdir()
    train(bank, whole, TINY, compiled=False)
    with monkeypatch.context() as patch:
        stop_after(patch, step)
        with pytest.raises(StoppedError):
            train(bank, parts, TINY, compiled=False)
    assert torch.load(parts / "checkpoint.pt", weights_only=True)["step"] == step
    train(bank, parts, TINY, compiled=False)
    assert (parts / "weights.safetensors").read_bytes() == (
        whole / "weights.safetensors"
    ).read_bytes()
    first, second = (
        flatten(torch.load(work / "checkpoint.pt", weights_only=True)) for work in (whole, parts)
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_finished_run_is_left_as_it_is(bank, tmp_path):
    path = train(bank, tmp_path, TINY, compiled=False)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert train(bank, tmp_path, TINY, compiled=False) == path
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_seed_decides_the_weights(bank, tmp_path):
    weights = []
    for number, seed in enumerate((1, 1, 2)):
        work = tmp_path / str(number)
        work.mkdir()
        config = replace(TINY, steps=2, seed=seed)
        weights.append(train(bank, work, config, compiled=False).read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_a_checkpoint_is_written_whole_or_not_at_all(bank, tmp_path, monkeypatch):
    train(bank, tmp_path, replace(TINY, steps=2), compiled=False)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def write_half(parts, path):
        path.write_bytes(before[: len(before) // 2])
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", write_half)
        with pytest.raises(OSError, match="No space left"):
            train(bank, tmp_path, TINY, compiled=False)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    train(bank, tmp_path, TINY, compiled=False)  # and it goes on from there
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 6


@pytest.mark.parametrize(
    ("step", "share"), [(0, 0.01), (49, 0.5), (99, 1.0), (650, 1.0), (825, 0.5), (999, 1 / 350)]
)
def test_the_rate_rises_holds_and_falls(step, share):
    config = TrainingConfig(steps=1000, warmup=100, decay=0.35, peak_rate=2e-3)
    optimiser = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1.0)
    set_rate(optimiser, config, step)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(share * 2e-3)


@pytest.mark.parametrize(("step", "floor"), [(0, 0.1), (250, 0.01), (500, 1e-3), (999, 1e-3)])
def test_the_floor_falls_over_the_first_half(step, floor):
    config = TrainingConfig(steps=1000, floors=((0, 0.1), (500, 1e-3)))
    assert find_floor(config, step) == pytest.approx(floor)


@pytest.mark.parametrize("keep", [0.0, 0.25, 0.998, 1.0])
def test_the_average_moves_towards_the_network(keep):
    averaged, network = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    before = [old.clone() for old in averaged.parameters()]
    average_weights(averaged, network, keep)
    for old, now, new in zip(before, averaged.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(now, keep * old + (1 - keep) * new)
        assert now.requires_grad


@pytest.mark.parametrize(("n_times", "pieces"), [(400, 1), (800, 1), (1600, 2), (2000, 2)])
def test_long_windows_are_cut_into_pieces(n_times, pieces):
    x = torch.arange(2 * 3 * n_times, dtype=torch.float32).view(2, 3, n_times)
    cut = cut_pieces(x, 800)
    assert cut.shape == (2 * pieces, 3, min(n_times, 800))
    assert torch.equal(cut[:2], x[..., :800])
    assert torch.equal(cut[-2:], x[..., (pieces - 1) * 800 : pieces * 800])
