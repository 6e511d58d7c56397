"""Tests of the any-montage network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mne_artdenoise.networks.any_montage import (
    AnyMontage,
    AnyMontageConfig,
    compress,
    encode_directions,
    overlap_halves,
)

SMALL = AnyMontageConfig(width=16, hidden=24, dilations=(1, 2))
SHALLOW = AnyMontageConfig(width=8, hidden=8, dilations=(3,), heads=2, patch=4, kernel=16)
CONFIGS = {"released": AnyMontageConfig(), "small": SMALL, "shallow": SHALLOW}


def make_network(config: AnyMontageConfig, seed: int = 0) -> AnyMontage:
    """Make a network that says something: at first its last matrix is zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AnyMontage(config)
        nn.init.normal_(network.head.weight)
        nn.init.normal_(network.head.bias)
    return network.eval()


def draw_input(batch: int, channels: int, times: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, channels, times, generator=generator)
    directions = torch.randn(batch, channels, 3, generator=generator)
    return x, nn.functional.normalize(directions, dim=-1)


def test_released_sizes_have_319184_parameters():
    assert sum(weight.numel() for weight in AnyMontage().parameters()) == 319_184


def test_parameters_keep_the_names_that_weights_are_stored_under():
    names = list(AnyMontage(SHALLOW).state_dict())
    convolution = ["norm.weight", "norm.bias", "taps.weight", "taps.bias", "out.weight", "out.bias"]
    attention = ["norm.weight", "norm.bias", "mix.weight", "mix.bias", "place.weight"]
    assert names == [
        *("embed.weight", "embed.bias"),
        *("place.0.weight", "place.0.bias", "place.2.weight", "place.2.bias"),
        *(f"convolutions.0.{name}" for name in convolution),
        *(f"attentions.0.{name}" for name in [*attention, "out.weight", "out.bias"]),
        *("norm.weight", "norm.bias", "head.weight", "head.bias"),
    ]


@pytest.mark.parametrize("channels", [1, 2, 19])
def test_a_new_network_finds_no_artifact_anywhere(channels):
    x, directions = draw_input(2, channels, 160)
    assert torch.equal(AnyMontage()(x, directions), torch.zeros_like(x))


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


@pytest.mark.parametrize("size", [0.0, 1.0, 1e6])
def test_gradients_are_finite_and_reach_every_parameter(size):
    network, (x, directions) = make_network(SMALL), draw_input(2, 5, 160)
    network(size * x, directions).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        # Of a silent input nothing is embedded but the bias.
        assert weight.grad.any() or (size == 0 and name == "embed.weight"), name


def test_huge_values_are_compressed_with_their_sign():
    x = torch.tensor([-1e8, -1e-3, 0.0, 1e-3, 1e8])
    small = compress(x)
    torch.testing.assert_close(small[1:4], x[1:4], rtol=1e-5, atol=0)
    assert torch.equal(small, -small.flip(0))
    assert small[-1] < 20


def test_directions_become_orthogonal_functions_on_the_sphere():
    number = torch.arange(20_000, dtype=torch.float64)
    height = 1 - (2 * number + 1) / len(number)
    angle = number * torch.pi * (3 - 5**0.5)  # even over the sphere
    across = (1 - height**2).sqrt()
    sphere = torch.stack([across * angle.cos(), across * angle.sin(), height], dim=-1)
    harmonics = encode_directions(sphere)
    assert harmonics.shape == (20_000, 15)
    assert harmonics.mean(dim=0).abs().max() < 1e-3
    product = harmonics.T @ harmonics / len(number)
    off = product - torch.diag(product.diagonal())
    assert off.abs().max() < 1e-3
    assert product.diagonal().min() > 0.009  # none vanishes; xyz is the smallest, 1 / 105


@pytest.mark.parametrize("patch", [2, 4, 8])
@pytest.mark.parametrize("token", [0, 3, 5])
def test_a_piece_lies_around_its_token(patch, token):
    pieces = torch.zeros(1, 1, 6, 2 * patch)
    pieces[0, 0, token] = torch.arange(1.0, 2 * patch + 1)
    padded = torch.zeros(7 * patch)
    padded[token * patch : (token + 2) * patch] = pieces[0, 0, token]
    expected = padded[patch // 2 : 6 * patch + patch // 2]
    assert torch.equal(overlap_halves(pieces, patch)[0, 0], expected)


def test_pieces_that_overlap_are_added():
    total = overlap_halves(torch.ones(2, 3, 5, 8), 4)
    assert total.shape == (2, 3, 20)
    assert (total[..., 2:-2] == 2).all()
    assert (total[..., :2] == 1).all()
    assert (total[..., -2:] == 1).all()
