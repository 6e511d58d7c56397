"""Tests of the networks of fixed channels: ART and both forms of IC-U-Net."""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from mne_artdenoise.networks.art import ART, ARTConfig, encode_positions
from mne_artdenoise.networks.ic_unet import RELEASED, ICUNet, ICUNetConfig

SMALL_ART = ARTConfig(channels=5, width=16, hidden=24, heads=4)
SMALL_UNET = ICUNetConfig(channels=5, widths=(8, 12, 16), kernels=(7, 5, 3))
NETWORKS = {
    "art": (ART, SMALL_ART),
    "art, decoder ahead": (ART, replace(SMALL_ART, shift=1)),
    "ic-u-net": (ICUNet, SMALL_UNET),
    "ic-u-net as released": (
        ICUNet,
        replace(SMALL_UNET, skips=False, activation="sigmoid", upsampling="linear"),
    ),
}
FULL = {"art": ART, "ic-u-net": ICUNet, "ic-u-net as released": lambda: ICUNet(RELEASED)}


def make_network(name: str, seed: int = 0) -> nn.Module:
    """Make a small network; norms have seen something, so that they are not the identity."""
    make, config = NETWORKS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make(config)
        for part in network.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.running_mean.normal_(0.0, 0.1)
                part.running_var.uniform_(0.5, 2.0)
    return network.eval()


def draw_windows(batch: int, times: int = 64, channels: int = 5, seed: int = 1) -> Tensor:
    return torch.randn(batch, channels, times, generator=torch.Generator().manual_seed(seed))


def measure_difference(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


# Sizes


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (ART, 2_517_022),  # as published
        (lambda: ICUNet(RELEASED), 2_669_854),  # as released
        (ICUNet, 3_014_366),
    ],
)
def test_networks_have_as_many_parameters_as_published(make, count):
    assert sum(weight.numel() for weight in make().parameters()) == count


def test_the_parts_of_art_add_up():
    network = ART()
    counts = [
        sum(weight.numel() for part in parts for weight in part.parameters())
        for parts in (
            [network.encoder, network.encoder_norm],
            [network.decoder, network.decoder_norm],
            [network.source, network.target],
            [network.head],
        )
    ]
    assert counts == [1_186_304, 1_318_912, 7_936, 3_870]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 3, 7])
def test_any_number_of_windows_gives_as_many(name, batch):
    x = draw_windows(batch)
    with torch.inference_mode():
        clean = make_network(name)(x, torch.zeros(batch, 5, 3))
    assert clean.shape == x.shape
    assert clean.isfinite().all()


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_networks_of_full_size_take_an_odd_number_of_windows(make):
    x = draw_windows(3, 1024, 30)
    with torch.inference_mode():
        assert make().eval()(x).shape == x.shape


@pytest.mark.parametrize("times", [1, 2, 63, 300])
def test_art_takes_windows_of_any_length(times):
    x = draw_windows(2, times)
    assert make_network("art")(x).shape == x.shape


def test_windows_beyond_the_positions_are_refused():
    network = ART(replace(SMALL_ART, longest=20))
    with pytest.raises(ValueError, match="windows of 21 samples.* positions for 20"):
        network(draw_windows(1, 21))


def test_windows_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="windows of 62 samples.* 1 / 4"):
        make_network("ic-u-net")(draw_windows(1, 62))


# What depends on what


@pytest.mark.parametrize("name", NETWORKS)
def test_windows_of_a_batch_do_not_hear_one_another(name):
    network, x = make_network(name), draw_windows(3)
    with torch.inference_mode():
        alone = torch.cat([network(x[k : k + 1]) for k in range(3)])
        torch.testing.assert_close(network(x), alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sample", [0, 20, 63])
def test_the_decoder_hears_no_later_sample(sample):
    network, x = make_network("art"), draw_windows(1)
    later = x.clone()
    later[0, 2, sample] += 3.0
    with torch.inference_mode():
        change = (network.translate(x, later) - network.translate(x, x))[0].abs().amax(dim=0)
    assert (change[:sample] == 0).all()
    assert (change[sample:] > 1e-4).any()
    assert change[sample] > 1e-4  # the diagonal is heard


def test_the_encoder_is_heard_everywhere():
    network, x = make_network("art"), draw_windows(1)
    later = x.clone()
    later[0, 2, 40] += 3.0
    with torch.inference_mode():
        change = (network.translate(later, x) - network.translate(x, x))[0].abs().amax(dim=0)
    assert (change > 0).all()


def test_a_decoder_ahead_gives_what_the_reference_gives_and_one_sample_more():
    network, x = make_network("art, decoder ahead"), draw_windows(2)
    with torch.inference_mode():
        torch.testing.assert_close(network(x)[..., :-1], network.translate(x, x[..., 1:]))


def test_order_in_time_matters_to_art():
    network, x = make_network("art"), draw_windows(1)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        assert measure_difference(network(x)[..., order], network(x[..., order])) > 1e-2


def test_positions_are_sines_and_cosines():
    positions = encode_positions(100, 8)
    assert torch.equal(positions[0], torch.tensor([0.0, 1.0] * 4))
    torch.testing.assert_close(positions[:, 0], torch.sin(torch.arange(100.0)))
    torch.testing.assert_close(positions[:, 7], torch.cos(torch.arange(100.0) / 1000))


@pytest.mark.parametrize("skips", [False, True])
def test_only_skips_carry_the_signal_past_the_narrowest_level(skips):
    # With the lowest level silenced, what comes through came through a skip.
    network = ICUNet(replace(SMALL_UNET, skips=skips)).eval()
    with torch.no_grad():
        for weight in network.encoder[-1].parameters():
            weight.zero_()
    x = draw_windows(2)
    with torch.inference_mode():
        assert bool(measure_difference(network(x), network(x.flip(0))) > 1e-4) == skips


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"activation": "tanh"}, r"Unknown activation: 'tanh'. Possible options: relu, sigmoid\."),
        ({"upsampling": "cubic"}, "Unknown upsampling: 'cubic'"),
        ({"kernels": (7, 5)}, "widths has 4 levels and kernels 2"),
    ],
)
def test_a_form_that_does_not_exist_is_refused(change, match):
    with pytest.raises(ValueError, match=match):
        ICUNetConfig(**change)


# Numbers


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_float32_is_within_rounding_of_float64(make):
    network, x = make().eval(), draw_windows(1, 1024, 30)
    with torch.inference_mode():
        single = network(x)
        double = deepcopy(network).double()(x.double())
    assert measure_difference(single.double(), double) < 1e-5 * max(1.0, double.abs().max().item())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_finite_and_reach_every_parameter(name, training):
    network = make_network(name).train(training)
    network(draw_windows(3)).square().mean().backward()
    for part, weight in network.named_parameters():
        assert weight.grad is not None, part
        assert weight.grad.isfinite().all(), part
        # Batch norm takes out what a bias before it adds, so in training only rounding is left.
        assert weight.grad.any() or (training and part.endswith(("first.bias", "second.bias")))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [0.0, 1.0, 1e5])
def test_gradients_are_finite_for_silence_and_for_huge_artifacts(name, size):
    network, x = make_network(name), size * draw_windows(2)
    network(x).mean().backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())


def test_gradients_of_art_are_those_of_finite_differences():
    torch.manual_seed(0)
    network = ART(ARTConfig(channels=2, width=8, hidden=8, heads=2, layers=1)).double().eval()
    x = draw_windows(1, 4, 2).double().requires_grad_()
    assert torch.autograd.gradcheck(network, (x,))


# No surprise


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_the_input_is_left_as_it_is(name, training):
    x = draw_windows(3)
    before = x.clone()
    make_network(name).train(training)(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_changes_nothing_in_the_network(name):
    network, x = make_network(name), draw_windows(3)
    before = deepcopy(network.state_dict())
    with torch.inference_mode():
        assert torch.equal(network(x), network(x))
    assert all(torch.equal(before[part], now) for part, now in network.state_dict().items())


def test_art_says_about_the_same_in_bfloat16_and_its_gradient_reaches_every_parameter():
    network, x = make_network("art"), draw_windows(3)
    with torch.no_grad():
        whole = network(x)
    with torch.autocast("cpu", torch.bfloat16):
        halved = network(x).float()
    assert measure_difference(halved.detach(), whole) < 0.05 * float(whole.abs().max())
    halved.square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


def test_dropout_acts_in_training_only():
    network, x = make_network("art"), draw_windows(2)
    with torch.inference_mode():
        still = network(x)
        for attention_dropout in (0.0, 0.1):
            other = ART(replace(SMALL_ART, attention_dropout=attention_dropout))
            other.load_state_dict(network.state_dict())
            assert torch.equal(other.eval()(x), still)
            other.train()
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                assert measure_difference(other(x), other(x)) > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_export_for_any_number_of_windows(name):
    network, x = make_network(name), draw_windows(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own plans here
        shapes = {"x": {0: torch.export.Dim("batch")}, "directions": None}
        exported = torch.export.export(network, (x,), {"directions": None}, dynamic_shapes=shapes)
    other = draw_windows(5, seed=4)
    with torch.inference_mode():
        torch.testing.assert_close(exported.module()(other, directions=None), network(other))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_script_by_trace(name):
    network, x = make_network(name), draw_windows(2)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, (x,))
        torch.testing.assert_close(traced(x), network(x))


# What training starts from


def test_art_begins_by_giving_about_what_it_is_given():
    torch.manual_seed(0)
    network = ART(ARTConfig(layers=1, hidden=32, wander=256)).eval()
    network.pass_through()
    x = draw_windows(3, 256, 30)
    with torch.inference_mode():
        error = (network(x) - x).square().mean() / x.square().mean()
    assert float(error) < 0.1


def test_a_network_too_narrow_to_pass_its_channels_is_refused():
    with pytest.raises(ValueError, match="30 channels need a width above that to pass, found 16"):
        ART(ARTConfig(width=16)).pass_through()


def test_a_widened_art_does_as_the_narrow_one():
    narrow, wide = ART(SMALL_ART).eval(), ART(replace(SMALL_ART, hidden=40)).eval()
    wide.widen(narrow)
    x = draw_windows(2)
    with torch.inference_mode():
        torch.testing.assert_close(wide(x), narrow(x), atol=1e-5, rtol=1e-5)


def test_short_windows_wander_in_training_only():
    network = ART(replace(SMALL_ART, wander=500, dropout=0.0))
    starts = {network._choose_start(64) for _ in range(200)}
    assert min(starts) >= 0
    assert max(starts) <= 436
    assert len(starts) > 50
    assert network.eval()._choose_start(64) == 0
    assert network.train()._choose_start(600) == 0
