"""What holds of every network: size, any batch, gradients, export, rounding, nothing in place."""

from __future__ import annotations

import warnings
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from mne_artdenoise.networks.any_montage import AnyMontage, AnyMontageConfig
from mne_artdenoise.networks.art import ART, ARTConfig
from mne_artdenoise.networks.at_at import ATAT, ATATConfig
from mne_artdenoise.networks.beta_vae import BetaVAE, BetaVAEConfig
from mne_artdenoise.networks.ic_unet import RELEASED, ICUNet, ICUNetConfig

# Of full size, and how many parameters that has.
COUNTS = {
    "any-montage": (AnyMontage, AnyMontageConfig(), 203_216),
    "art": (ART, ARTConfig(), 2_517_022),  # as published
    "ic-u-net": (ICUNet, ICUNetConfig(), 3_014_366),
    "ic-u-net as released": (ICUNet, RELEASED, 2_669_854),  # as released
    "at-at": (ATAT, ATATConfig(), 73_539),
    "beta-vae": (BetaVAE, BetaVAEConfig(), 336_600),
}
# Of the same form and small, with channels and samples of a window.
SMALL = {
    "any-montage": (AnyMontage, AnyMontageConfig(width=16, hidden=24, dilations=(1, 2)), 5, 64),
    "art": (ART, ARTConfig(channels=5, width=16, hidden=24, heads=4), 5, 64),
    "ic-u-net": (ICUNet, ICUNetConfig(channels=5, widths=(8, 12, 16), kernels=(7, 5, 3)), 5, 64),
    "ic-u-net as released": (
        ICUNet,
        ICUNetConfig(5, (8, 12, 16), (7, 5, 3), 3, False, "sigmoid", "linear"),
        5,
        64,
    ),
    "at-at": (ATAT, ATATConfig(width=16, hidden=24, widths=(4, 6)), 5, 128),
    "beta-vae": (BetaVAE, BetaVAEConfig(times=32, latents=4, hidden=(16, 8)), 3, 32),
}


def make_network(name: str) -> nn.Module:
    """Make a small network that says something, with norms that have seen something."""
    make, config, _, _ = SMALL[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make(config)
        for weight in network.parameters():
            if not weight.any():
                nn.init.normal_(weight, std=0.3)
        for part in network.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.running_mean.normal_(0.0, 0.1)
                part.running_var.uniform_(0.5, 2.0)
    return network.eval()


def draw(name: str, batch: int) -> tuple[Tensor, Tensor]:
    _, _, channels, times = SMALL[name]
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, channels, times, generator=generator)
    directions = torch.randn(batch, channels, 3, generator=generator)
    return x, nn.functional.normalize(directions, dim=-1)


@pytest.mark.parametrize("name", COUNTS)
def test_each_network_has_exactly_its_parameters(name):
    make, config, count = COUNTS[name]
    with torch.device("meta"):
        network = make(config)
    assert sum(weight.numel() for weight in network.parameters()) == count


@pytest.mark.parametrize("batch", [1, 3, 7])
@pytest.mark.parametrize("name", SMALL)
def test_any_number_of_windows_gives_as_many_each_by_itself(name, batch):
    network, (x, directions) = make_network(name), draw(name, batch)
    with torch.inference_mode():
        together = network(x, directions)
        alone = torch.cat([network(x[k : k + 1], directions[k : k + 1]) for k in range(batch)])
    assert together.shape == x.shape
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_reaches_every_parameter(name):
    network, (x, directions) = make_network(name).train(), draw(name, 5)
    network(x, directions).square().sum().backward()
    for parameter, weight in network.named_parameters():
        assert weight.grad is not None, parameter
        assert weight.grad.isfinite().all(), parameter
        # A variance of latents is drawn from in training only: its rows share a matrix with means.
        assert weight.grad.any(), parameter


@pytest.mark.parametrize("name", SMALL)
def test_float32_is_float64_within_rounding(name):
    network, (x, directions) = make_network(name), draw(name, 3)
    with torch.inference_mode():
        single = network(x, directions)
        double = deepcopy(network).double()(x.double(), directions.double())
    assert float((single - double).abs().max()) < 1e-5 * max(1.0, float(double.abs().max()))


@pytest.mark.parametrize("name", SMALL)
def test_nothing_is_changed_in_place(name):
    network, (x, directions) = make_network(name), draw(name, 3)
    before = deepcopy(network.state_dict()), x.clone(), directions.clone()
    with torch.inference_mode():
        first, second = network(x, directions), network(x, directions)
    assert torch.equal(first, second)
    assert torch.equal(x, before[1])
    assert torch.equal(directions, before[2])
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[0][key]), key


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_each_network_exports_and_the_export_does_the_same(name):
    network, (x, directions) = make_network(name), draw(name, 3)
    batch = torch.export.Dim("batch", min=2, max=64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about itself
        exported = torch.export.export(
            network, (x, directions), dynamic_shapes=({0: batch}, {0: batch})
        ).module()
    more, there = draw(name, 5)
    with torch.inference_mode():
        torch.testing.assert_close(
            exported(more, there), network(more, there), atol=1e-5, rtol=1e-5
        )
