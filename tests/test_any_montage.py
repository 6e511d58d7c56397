"""Tests of the any-montage network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mne_artdenoise.networks.any_montage import (
    AnyMontage,
    AnyMontageConfig,
)

SMALL = AnyMontageConfig(width=16, hidden=24, dilations=(1, 2))
SHALLOW = AnyMontageConfig(width=8, hidden=8, dilations=(3,), heads=2, patch=4, kernel=16)
CONFIGS = {"released": AnyMontageConfig(), "small": SMALL, "shallow": SHALLOW}


def make_network(config: AnyMontageConfig, seed: int = 0) -> AnyMontage:
    """Make a network that says something: at first its masks are zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AnyMontage(config)
        nn.init.normal_(network.readout.masks.weight, std=0.3)
        nn.init.normal_(network.readout.masks.bias)
    return network.eval()


def draw_input(batch: int, channels: int, times: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, channels, times, generator=generator)
    directions = torch.randn(batch, channels, 3, generator=generator)
    return x, nn.functional.normalize(directions, dim=-1)


def test_released_sizes_have_203216_parameters():
    assert sum(weight.numel() for weight in AnyMontage().parameters()) == 203_216


def test_parameters_keep_the_names_that_weights_are_stored_under():
    names = list(AnyMontage(SHALLOW).state_dict())
    convolution = ["norm.weight", "norm.bias", "taps.weight", "taps.bias", "out.weight", "out.bias"]
    attention = ["norm.weight", "norm.bias", "mix.weight", "mix.bias", "place.weight"]
    assert names == [
        *("embed.weight", "embed.bias"),
        *("place.0.weight", "place.0.bias", "place.2.weight", "place.2.bias"),
        *(f"convolutions.0.{name}" for name in convolution),
        *(f"attentions.0.{name}" for name in [*attention, "out.weight", "out.bias"]),
        *("readout.norm.weight", "readout.norm.bias", "readout.analysis.weight"),
        *("readout.synthesis.weight", "readout.masks.weight", "readout.masks.bias"),
        *("readout.listen.weight", "readout.listen.bias", "readout.place.weight"),
    ]


@pytest.mark.parametrize("channels", [1, 2, 19])
def test_a_new_network_finds_no_artifact_anywhere(channels):
    x, directions = draw_input(2, channels, 160)
    assert torch.equal(AnyMontage()(x, directions), torch.zeros_like(x))


def test_masks_of_one_give_back_the_signal():
    network, (x, directions) = AnyMontage(SMALL), draw_input(2, 5, 160)
    with torch.inference_mode():
        network.readout.masks.bias[: SMALL.filters] = 1.0
        artifact = network(x, directions)
    inside = slice(SMALL.patch, -SMALL.patch)  # at the very ends only one piece of two is there
    torch.testing.assert_close(artifact[..., inside], x[..., inside], rtol=1e-5, atol=1e-5)


def test_huge_artifacts_are_not_shrunk():
    network, (x, directions) = AnyMontage(SMALL), draw_input(1, 5, 160)
    with torch.inference_mode():
        network.readout.masks.bias[: SMALL.filters] = 1.0
        artifact = network(1000 * x, directions)
    inside = slice(SMALL.patch, -SMALL.patch)
    torch.testing.assert_close(artifact[..., inside], 1000 * x[..., inside], rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("channels", range(1, 41))
def test_any_number_of_channels_gives_as_many(channels):
    x, directions = draw_input(2, channels, 64)
    with torch.inference_mode():
        artifact = make_network(SMALL)(x, directions)
    assert artifact.shape == x.shape
    assert artifact.isfinite().all()
    assert (artifact.std(dim=-1) > 0).all()


@pytest.mark.parametrize("patches", [1, 2, 3, 7, 100])
def test_any_number_of_patches_gives_as_many_samples(patches):
    x, directions = draw_input(1, 3, 8 * patches)
    assert make_network(SMALL)(x, directions).shape == x.shape


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("channels", [2, 7, 19])
def test_channels_in_another_order_give_the_artifact_in_that_order(name, channels):
    network, (x, directions) = make_network(CONFIGS[name]), draw_input(2, channels, 160)
    order = torch.randperm(channels, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        straight = network(x, directions)
        shuffled = network(x[:, order], directions[:, order])
    torch.testing.assert_close(shuffled, straight[:, order], rtol=1e-4, atol=1e-5)


def test_positions_matter():
    network, (x, directions) = make_network(SMALL), draw_input(1, 5, 160)
    with torch.inference_mode():
        change = network(x, directions) - network(x, -directions)
    assert change.abs().max() > 1e-2


def test_windows_of_a_batch_do_not_hear_one_another():
    network, (x, directions) = make_network(SMALL), draw_input(3, 5, 160)
    with torch.inference_mode():
        together = network(x, directions)
        alone = torch.cat([network(x[k : k + 1], directions[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("where", [0.0, 0.37, 0.5, 0.999])
def test_output_beyond_the_context_of_a_change_stays(name, where):
    config = CONFIGS[name]
    network, (x, directions) = make_network(config), draw_input(1, 4, 800)
    changed, at = x.clone(), int(where * 800)
    changed[0, 1, at] += 5.0
    with torch.inference_mode():
        change = (network(changed, directions) - network(x, directions))[0].abs()
    away = (torch.arange(800) - at).abs()
    assert (change[:, away > config.context] <= 1e-6).all()
    assert (change[:, away < config.patch].amax(dim=1) > 1e-4).all()  # in every channel


@pytest.mark.parametrize("name", CONFIGS)
def test_context_is_not_much_more_than_what_is_used(name):
    config = CONFIGS[name]
    network, (x, directions) = make_network(config), draw_input(1, 2, 800)
    x.requires_grad_()
    network(x, directions)[0, 0, 400].backward()
    used = torch.nonzero(x.grad[0].abs().sum(dim=0)).ravel()
    reach = max(400 - int(used.min()), int(used.max()) - 400)
    assert config.context - 2 * config.kernel < reach <= config.context


@pytest.mark.parametrize(("start", "stop"), [(0, 800), (400, 1200), (808, 1600), (0, 1600)])
def test_windows_of_different_length_agree_inside(start, stop):
    network, (x, directions) = make_network(AnyMontageConfig()), draw_input(1, 5, 1600)
    context = network.config.context
    with torch.inference_mode():
        whole = network(x, directions)[..., start:stop]
        part = network(x[..., start:stop], directions)
    # The ends of the signal itself are the same in both.
    inside = slice(context if start else 0, stop - start - (context if stop < 1600 else 0))
    torch.testing.assert_close(part[..., inside], whole[..., inside], rtol=1e-4, atol=1e-4)
    assert part[..., inside].numel()


@pytest.mark.parametrize("size", [1.0, 1e6])
def test_gradients_are_finite_and_reach_every_parameter(size):
    network, (x, directions) = make_network(SMALL), draw_input(2, 5, 160)
    network(size * x, directions).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_silence_holds_no_artifact():
    network, (x, directions) = make_network(SMALL), draw_input(2, 5, 160)
    assert not network(0 * x, directions).any()
