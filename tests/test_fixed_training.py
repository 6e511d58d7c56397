"""Tests of the loop that fits networks of fixed channels, and of its recipes."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from mne_artdenoise.networks.art import ART, ARTConfig
from mne_artdenoise.networks.ic_unet import ICUNet, ICUNetConfig
from mne_artdenoise.training import fixed, fixed_recipe
from mne_artdenoise.training.fixed import (
    FixedTrainingConfig,
    average_state,
    draw_pairs,
    find_clean,
    find_rate,
    make_state,
    score,
    take_step,
    train_fixed,
)
from mne_artdenoise.training.fixed_recipe import release, run_recipe
from mne_artdenoise.training.four_terms import (
    ACCELERATION,
    VELOCITY,
    measure_four_ratios,
    measure_four_terms,
)
from mne_artdenoise.training.mixtures import Mixer, MixtureConfig
from mne_artdenoise.training.parts import PartsConfig, write_parts
from mne_artdenoise.training.stand_in import make_stand_in_bank
from mne_artdenoise.weights import download
from mne_artdenoise.weights.load import load_network

NETWORKS = {
    "art": lambda: ART(ARTConfig(width=16, hidden=32, heads=2, layers=1)),
    "ic_unet": lambda: ICUNet(ICUNetConfig(widths=(8, 12), kernels=(7, 3))),
}
TINY = FixedTrainingConfig(
    steps=6,
    batch=3,
    warmup=2,
    average=0.5,
    log_every=2,
    save_every=2,
    held_out_batches=1,
    mixture=MixtureConfig(n_subsets=2),
)
RECIPES = Path(__file__).parents[1] / "examples" / "training"


@pytest.fixture(scope="module")
def stand_ins():
    """Give two banks of simulated people."""
    return [make_stand_in_bank(seed) for seed in (0, 1)]


@pytest.fixture(scope="module")
def parts(stand_ins, tmp_path_factory):
    """Give parts of simulated people: some to train on, some to score."""
    config = PartsConfig(n_times=128, n_clean=20, n_artifacts=30)
    return [
        write_parts(bank, tmp_path_factory.mktemp("parts"), config, workers=1) for bank in stand_ins
    ]


class StoppedError(Exception):
    """What stops a run in these tests."""


def read_log(work) -> list[dict[str, float]]:
    return [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]


def read_curve(work) -> list[tuple[float, float]]:
    return [(row["step"], row["loss"]) for row in read_log(work)]


def stop_after(monkeypatch, step: int) -> None:
    save = fixed.save

    def save_and_stop(work, state, now):
        save(work, state, now)
        if now == step:
            raise StoppedError

    monkeypatch.setattr(fixed, "save", save_and_stop)


# The loop


@pytest.mark.parametrize("kind", NETWORKS)
def test_training_lowers_the_loss_and_writes_weights(parts, tmp_path, kind):
    config = replace(TINY, steps=60, batch=8, peak_rate=5e-3, log_every=20, save_every=20)
    if kind == "ic_unet":
        config = replace(config, loss="four terms")
    path = train_fixed(NETWORKS[kind], *parts, tmp_path, config, device="cpu")
    rows = read_log(tmp_path)
    assert [row["step"] for row in rows] == [20, 40, 60]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["held_out_gain"] > rows[0]["held_out_gain"]
    network = NETWORKS[kind]()
    network.load_state_dict(load_file(path), strict=True)
    assert all(part.isfinite().all() for part in load_file(path).values())


@pytest.mark.parametrize("step", [2, 4])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_stopped_run_gives_the_curve_of_one_that_was_not(
    parts, tmp_path, monkeypatch, kind, step
):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir(), halves.mkdir()
    train_fixed(NETWORKS[kind], *parts, whole, TINY, device="cpu")
    with monkeypatch.context() as patch:
        stop_after(patch, step)
        with pytest.raises(StoppedError):
            train_fixed(NETWORKS[kind], *parts, halves, TINY, device="cpu")
    train_fixed(NETWORKS[kind], *parts, halves, TINY, device="cpu")
    assert read_curve(halves) == read_curve(whole)
    weights = [(work / "weights.safetensors").read_bytes() for work in (whole, halves)]
    assert weights[0] == weights[1]


def test_held_out_windows_only_score(parts, tmp_path):
    weights = []
    for number, held_out in enumerate((parts[1], parts[0])):
        work = tmp_path / str(number)
        work.mkdir()
        path = train_fixed(NETWORKS["ic_unet"], parts[0], held_out, work, TINY, device="cpu")
        weights.append(path.read_bytes())
    assert weights[0] == weights[1]
    gains = [read_log(tmp_path / name)[-1]["held_out_gain"] for name in ("0", "1")]
    assert gains[0] != gains[1]


def test_the_generators_of_others_are_left_alone(parts, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train_fixed(NETWORKS["art"], *parts, tmp_path, replace(TINY, steps=2), device="cpu")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_step_moves_every_weight(kind):
    network = NETWORKS[kind]()
    before = {name: part.clone() for name, part in network.named_parameters()}
    noisy = torch.randn(4, 30, 128, generator=torch.Generator().manual_seed(0))
    take_step(network, make_state(network, TINY), noisy, 0.5 * noisy, 256.0, TINY, 1)
    for name, part in network.named_parameters():
        assert not torch.equal(part, before[name]), name


def test_the_network_is_shown_no_clean_signal():
    # Only noisy windows go in, so nothing that the loss compares with can be copied.
    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.seen = nn.Parameter(torch.ones(())), []

        def forward(self, *inputs):
            self.seen += inputs
            return self.weight * inputs[0]

    network, noisy = Spy(), torch.randn(2, 30, 128)
    take_step(network, make_state(network, TINY), noisy, torch.randn(2, 30, 128), 256.0, TINY, 0)
    assert len(network.seen) == 1
    assert torch.equal(network.seen[0], noisy)


def test_a_network_that_changes_nothing_gains_nothing():
    pairs = [(torch.randn(2, 3, 256), torch.randn(2, 3, 256))]
    assert score(nn.Identity(), pairs, 256.0, TINY) == pytest.approx(0.0, abs=1e-5)


def test_a_network_that_finds_no_artifact_gains_nothing():
    pairs = [(torch.randn(2, 30, 256), torch.randn(2, 30, 256))]
    network = ICUNet(ICUNetConfig(widths=(8, 12), kernels=(7, 3)))
    network.begin_at_zero()
    config = replace(TINY, estimates="artifact")
    assert score(network, pairs, 256.0, config) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("estimates", ["clean", "artifact"])
def test_an_answer_that_is_right_has_no_error(estimates):
    noisy, clean = torch.randn(2, 2, 3, 256).unbind()
    answer = clean if estimates == "clean" else noisy - clean
    found = find_clean(answer, noisy, replace(TINY, estimates=estimates))
    torch.testing.assert_close(found, clean)


def test_the_first_steps_see_pieces_of_windows_and_the_others_whole_ones(parts):
    config = replace(TINY, steps=6, short_share=0.5, short_times=32, short_batch=5)
    mixer = Mixer(parts[0], config.mixture)
    seen = [tuple(noisy.shape) for noisy, _ in islice(draw_pairs(mixer, config, 0), 5)]
    assert seen == 3 * [(5, 30, 32)] + 2 * [(3, 30, 128)]
    later = [clean for _, clean in islice(draw_pairs(mixer, config, 2), 2)]
    first = [clean for _, clean in islice(draw_pairs(mixer, config, 0), 4)]
    assert all(torch.equal(a, b) for a, b in zip(first[2:], later, strict=True))


def test_a_stopped_run_of_pieces_gives_the_curve_of_one_that_was_not(parts, tmp_path, monkeypatch):
    config = replace(TINY, short_share=0.7, short_times=64, short_batch=4)
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir(), halves.mkdir()
    train_fixed(NETWORKS["art"], *parts, whole, config, device="cpu")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(StoppedError):
            train_fixed(NETWORKS["art"], *parts, halves, config, device="cpu")
    train_fixed(NETWORKS["art"], *parts, halves, config, device="cpu")
    assert read_curve(halves) == read_curve(whole)


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (9, 1.0), (10, 1.0), (60, 0.5), (110, 0.0)])
def test_the_rate_rises_and_falls_to_zero(step, share):
    config = FixedTrainingConfig(steps=110, warmup=10, peak_rate=2e-3)
    assert find_rate(config, step) == pytest.approx(share * 2e-3)


def test_the_average_follows_weights_and_statistics():
    averaged, network = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    nn.init.constant_(network.weight, 3.0)
    network.running_mean += 2.0
    network.num_batches_tracked += 5
    average_state(averaged, network, 0.75)
    torch.testing.assert_close(averaged.weight.data, torch.full((3,), 1.5))
    torch.testing.assert_close(averaged.running_mean, torch.full((3,), 0.5))
    assert averaged.num_batches_tracked == 0


def test_an_unknown_loss_is_refused():
    with pytest.raises(
        ValueError, match="Unknown loss: 'square'. .*'ratio', 'four terms', 'four ratios'"
    ):
        FixedTrainingConfig(loss="square")


# Four terms


def draw_pair(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(3, 4, 512, generator=generator) for _ in range(2))


def test_the_clean_signal_itself_has_no_error():
    _, clean = draw_pair()
    assert measure_four_terms(clean, clean, 256.0) == 0


def test_four_terms_keep_amplitude():
    _, clean = draw_pair()
    double, triple = (float(measure_four_terms(k * clean, clean, 256.0)) for k in (2.0, 3.0))
    # Three terms are squares of the error; the spectrum's sees no gain.
    assert double > 0.2
    assert triple == pytest.approx(4 * double, rel=1e-4)


@pytest.mark.parametrize("frequency", [2.0, 10.0, 40.0])
def test_velocity_and_acceleration_are_those_of_a_sine(frequency):
    turn = 2 * torch.pi * frequency
    wave = torch.sin(turn * torch.arange(40_000) / 8000.0)[None, None]
    rates = (turn / VELOCITY) ** 2, (turn**2 / ACCELERATION) ** 2
    expected = 0.5 * (1 + sum(rates)) / 4  # the spectra of both are one line: no error
    assert float(measure_four_terms(2 * wave, wave, 8000.0)) == pytest.approx(expected, rel=0.01)


def test_four_terms_have_finite_gradients_for_silence():
    _, clean = draw_pair()
    estimate = torch.zeros_like(clean).requires_grad_()
    measure_four_terms(estimate, clean, 256.0).backward()
    assert estimate.grad.isfinite().all()


def test_four_ratios_count_windows_alike_whatever_their_size():
    estimate, clean = draw_pair()
    size = torch.tensor([1e-2, 1.0, 50.0])[:, None, None]
    found = measure_four_ratios(size * estimate, size * clean, 256.0)
    torch.testing.assert_close(
        found, measure_four_ratios(estimate, clean, 256.0), rtol=1e-3, atol=1e-3
    )


def test_four_ratios_fall_with_the_error_to_the_floor():
    _, clean = draw_pair()
    steps = [float(measure_four_ratios((1 + k) * clean, clean, 256.0)) for k in (1.0, 0.1, 0.0)]
    assert steps[0] > steps[1] > steps[2]
    assert steps[2] == pytest.approx(-20.0)


# The recipes


@pytest.fixture(params=["art-30ch-v1", "ic-unet-30ch-v1"])
def recipe(request):
    return runpy.run_path(str(RECIPES / f"{request.param}.py"))["RECIPE"]


def test_lines_after_the_last_checkpoint_are_written_once(parts, tmp_path):
    config = replace(TINY, steps=4, save_every=4)
    train_fixed(NETWORKS["ic_unet"], *parts, tmp_path, config, device="cpu")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write(json.dumps({"step": 6, "loss": 1.0}) + "\n")  # and then it was stopped
    train_fixed(NETWORKS["ic_unet"], *parts, tmp_path, replace(config, steps=8), device="cpu")
    assert [row["step"] for row in read_log(tmp_path)] == [2, 4, 6, 8]


@pytest.fixture(autouse=True)
def little(monkeypatch, stand_ins):
    """Let recipes draw few parts, of people that were simulated once."""
    monkeypatch.setattr(fixed_recipe, "SMOKE", {"n_times": 128, "n_clean": 20, "n_artifacts": 30})
    monkeypatch.setattr(fixed_recipe, "make_stand_in_bank", lambda seed: stand_ins[seed])


def shrink(recipe):
    small = {"art": ARTConfig(width=40, hidden=16, layers=1), "ic_unet": ICUNetConfig(
        widths=(8, 12), kernels=(7, 3)
    )}  # fmt: skip
    smoke = replace(recipe.smoke, steps=40, peak_rate=5e-3, log_every=10, save_every=20)
    return replace(recipe, config=small[recipe.network], smoke=smoke)


def test_a_smoke_run_needs_no_data_and_lowers_the_loss(recipe, tmp_path):
    arguments = ["--smoke", "--work", str(tmp_path), "--device", "cpu", "--workers", "1"]
    rows = run_recipe(shrink(recipe), "", arguments)
    assert rows[-1]["step"] == 40
    # Few windows of any difficulty: what is lowered is the loss against leaving them alone.
    assert rows[-1]["gain"] > rows[0]["gain"]


def test_a_training_goes_further_from_weights_that_are_given(recipe, parts, tmp_path):
    small = shrink(recipe)
    weights = train_fixed(small.make_network, *parts, tmp_path, replace(TINY, steps=2))
    made, given = small.make_network(weights).state_dict(), load_file(weights)
    assert all(torch.equal(made[name], given[name]) for name in given)
    (tmp_path / "further").mkdir()
    arguments = ["--smoke", "--work", str(tmp_path / "further"), "--device", "cpu"]
    arguments += ["--workers", "1", "--steps", "1", "--weights", str(weights)]
    (row,) = run_recipe(small, "", arguments)
    assert row["step"] == 1
    moved = load_file(tmp_path / "further" / "weights.safetensors")
    # One step of the warm-up is small: what was given is still nearly there.
    learned = dict(small.make_network().named_parameters())
    assert all(torch.allclose(moved[name], given[name], atol=0.02) for name in learned)


def test_steps_are_planned_for_the_time_once(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("mne_artdenoise.training.fixed_recipe.time_step", lambda *_: 2.0)
    arguments = ["--smoke", "--work", str(tmp_path), "--minutes", "0.1", "--workers", "1"]
    arguments += ["--device", "cpu", "--batch", "2", "--loss", "ratio"]
    small = shrink(recipe)
    assert run_recipe(small, "", arguments)[-1]["step"] == 3
    monkeypatch.setattr("mne_artdenoise.training.fixed_recipe.time_step", pytest.fail)
    run_recipe(small, "", arguments)


def test_a_run_without_banks_is_refused(recipe, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run_recipe(recipe, "", ["--work", str(tmp_path)])
    assert "any-montage-v1.py --prepare-only" in capsys.readouterr().err


def test_a_release_is_a_record_that_loads(recipe, parts, tmp_path, monkeypatch):
    small = shrink(recipe)
    train_fixed(small.make_network, *parts, tmp_path, replace(TINY, steps=2), device="cpu")
    (tmp_path / "package" / "weights" / "records").mkdir(parents=True)
    record = release(small, tmp_path, tmp_path / "package")
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(tmp_path / "weights"))
    network = load_network(record)
    assert record.id == small.model
    assert (record.sfreq, record.window, len(record.channels)) == (256.0, 1024, 30)
    assert Path(RECIPES.parents[1] / record.recipe).is_file()
    assert network(torch.zeros(1, 30, 1024), None).shape == (1, 30, 1024)
