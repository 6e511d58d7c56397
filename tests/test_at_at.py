"""Tests of the network for single channels, of its pairs and of its training."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mne_artdenoise.networks.at_at import ATAT, ATATConfig, SpectrumCritic
from mne_artdenoise.training import at_at
from mne_artdenoise.training.at_at import ATATTrainingConfig, correlate, train_at_at
from mne_artdenoise.training.single_channels import (
    ChannelPairsConfig,
    draw_channel_pairs,
    take_single_channels,
)
from mne_artdenoise.training.stand_in import make_stand_in_bank

TINY = ATATTrainingConfig(
    steps=4,
    batch=6,
    warmup=2,
    average=0.5,
    held_out=4,
    log_every=2,
    save_every=2,
    network=ATATConfig(width=16, hidden=16, widths=(4, 6), layers=1),
    pairs=ChannelPairsConfig(n_times=256),
)


@pytest.fixture(scope="module")
def material():
    """Give what pairs of simulated people are made of."""
    return [take_single_channels(make_stand_in_bank(seed), 256.0) for seed in (0, 1)]


def test_channels_do_not_know_of_one_another():
    network = ATAT().eval()
    x = torch.randn(2, 3, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together, alone = network(x), network(x[:, 1:2])
    torch.testing.assert_close(together[:, 1:2], alone)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_what_is_found_grows_with_the_signal(size):
    network = ATAT().eval()
    x = torch.randn(2, 1, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(
            network(size * x), size * network(x), rtol=1e-4, atol=1e-4 * size
        )


def test_silence_holds_no_artifact():
    assert not ATAT().eval()(torch.zeros(1, 2, 256)).any()


def test_nothing_is_changed_where_nothing_is_proposed():
    network = ATAT().eval()
    with torch.no_grad():
        network.threshold.fill_(3.0)  # beyond what correlation can lack
    assert not network(torch.randn(1, 2, 256)).any()


def test_what_its_autoencoder_keeps_is_not_proposed():
    network = ATAT()
    signal = torch.randn(1, 1, 256)
    kept, turned = network.propose(signal, 0.5 * signal), network.propose(signal, -signal)
    assert not kept.any()
    assert (turned > 0.99).all()


def test_masks_of_one_give_back_the_signal_inside():
    network = ATAT().eval()
    torch.nn.init.zeros_(network.masks.weight)
    torch.nn.init.ones_(network.masks.bias)
    x = torch.randn(1, 1, 512)
    with torch.inference_mode():
        passed = network.filter(x, x, torch.ones_like(x))
    torch.testing.assert_close(passed[..., 64:-64], x[..., 64:-64], atol=1e-5, rtol=1e-5)


def test_windows_of_no_whole_segment_are_refused():
    with pytest.raises(ValueError, match="windows of 250 samples.*segments of 32"):
        ATAT()(torch.zeros(1, 1, 250))


def test_the_opponent_sees_no_size():
    critic, x = SpectrumCritic(), torch.randn(3, 1, 512)
    torch.testing.assert_close(critic(x), critic(100 * x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("snr_db", [2.0, -7.0])
def test_pairs_have_the_ratio_asked_for_in_power(material, snr_db):
    rng = np.random.default_rng(0)
    noisy, clean = draw_channel_pairs(material[0], TINY.pairs, 5, rng, snr_db)
    ratio = np.mean(clean**2, axis=-1) / np.mean((noisy - clean) ** 2, axis=-1)
    np.testing.assert_allclose(10 * np.log10(ratio), snr_db, atol=1e-3)


def test_some_pairs_are_clean(material):
    config = replace(TINY.pairs, identity=0.5)
    noisy, clean = draw_channel_pairs(material[0], config, 40, np.random.default_rng(0))
    assert 8 < np.sum((noisy == clean).all(axis=(1, 2))) < 32


def test_correlation_is_that_of_numpy():
    a, b = np.random.default_rng(0).standard_normal((2, 50))
    found = correlate(*(torch.from_numpy(x)[None, None] for x in (a, b)))
    assert float(found) == pytest.approx(np.corrcoef(a, b)[0, 1])


def read_curve(work):
    return [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]


def test_a_stopped_run_gives_the_curve_of_one_that_was_not(material, tmp_path, monkeypatch):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir(), halves.mkdir()
    train_at_at(*material, whole, TINY)

    def save_and_stop(work, state, step):
        save(work, state, step)
        raise InterruptedError

    save = at_at.save
    with monkeypatch.context() as patch:
        patch.setattr(at_at, "save", save_and_stop)
        with pytest.raises(InterruptedError):
            train_at_at(*material, halves, TINY)
    train_at_at(*material, halves, TINY)
    assert read_curve(halves) == read_curve(whole)
    weights = [(work / "weights.safetensors").read_bytes() for work in (whole, halves)]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_training_lowers_the_loss(material, tmp_path):
    config = replace(TINY, steps=60, batch=16, log_every=20, save_every=60, peak_rate=5e-3)
    train_at_at(*material, tmp_path, config)
    rows = read_curve(tmp_path)
    assert rows[-1]["loss"] < rows[0]["loss"]
