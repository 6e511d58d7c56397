"""Tests of responses to single events: trials with known truth, the denoiser and its training."""

from __future__ import annotations

import json
from dataclasses import replace

import mne
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mne_artdenoise.erp import ERPDenoiser
from mne_artdenoise.networks.beta_vae import BetaVAE, BetaVAEConfig
from mne_artdenoise.training import beta_vae
from mne_artdenoise.training.beta_vae import BetaVAETrainingConfig, train_beta_vae
from mne_artdenoise.training.erp_pairs import (
    BEFORE,
    DRAWN,
    SITES,
    TIMES,
    TrialsConfig,
    draw_condition,
    draw_inputs,
    draw_responses,
    draw_trials,
    make_templates,
    take_background,
)
from mne_artdenoise.training.stand_in import make_stand_in_bank

TINY = BetaVAETrainingConfig(
    steps=4,
    batch=6,
    warmup=2,
    average=0.5,
    held_out=20,
    log_every=2,
    save_every=2,
    network=BetaVAEConfig(latents=4, hidden=(16, 8)),
    trials=TrialsConfig(most=4),
)


@pytest.fixture(scope="module")
def templates():
    return make_templates()


@pytest.fixture(scope="module")
def background():
    return [take_background(make_stand_in_bank(seed)) for seed in (0, 1)]


@pytest.fixture
def denoiser(monkeypatch, make_record):
    """Give a denoiser whose network has weights as they were drawn."""
    torch.manual_seed(0)
    network = BetaVAE().eval()
    record = make_record(
        id="stand-in-v1",
        network="beta_vae",
        config={},
        channels=SITES,
        sfreq=250.0,
        window=256,
        stride=1,
        context=0,
        l_freq=None,
        band=(0.1, 40.0),
        estimates="response",
    )
    monkeypatch.setattr("mne_artdenoise.erp.find_record", lambda _: record)
    monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda _: network, raising=False)
    return ERPDenoiser("stand-in-v1")


def make_epochs(sfreq=500.0, tmin=-0.3, tmax=0.9, ch_names=("Fz", "Cz", "Pz", "Oz"), n=5):
    rng = np.random.default_rng(0)
    info = mne.create_info(list(ch_names), sfreq, "eeg")
    n_times = round((tmax - tmin) * sfreq) + 1
    data = 1e-5 * rng.standard_normal((n, len(ch_names), n_times))
    return mne.EpochsArray(data, info, tmin=tmin, verbose="error")


def test_a_window_is_that_of_the_paper():
    assert len(TIMES) == 256
    assert TIMES[0] == pytest.approx(-0.248)
    assert TIMES[-1] == pytest.approx(0.772)


def test_templates_peak_where_their_site_says(templates):
    largest = [SITES[k] for k in np.abs(templates.maps).argmax(axis=1)]
    assert dict(zip(DRAWN, largest, strict=True)) | {} == {
        "N100": largest[0], "MMN": largest[1], "P300": "Pz", "N400": largest[3],
        "ERN": largest[4], "LPP": "Pz",
    }  # fmt: skip


def test_a_condition_without_components_has_no_response(templates):
    rng = np.random.default_rng(0)
    condition = draw_condition(templates, TrialsConfig(chance=0.0), rng)
    assert not draw_responses(templates, condition, 3, TrialsConfig(), rng).any()


def test_trials_have_no_mean_before_the_event(templates, background):
    trials, truth = draw_trials(
        templates, background[0], 4, TrialsConfig(), np.random.default_rng(0)
    )
    for x in (trials, truth):
        assert x.shape == (4, 3, 256)
        np.testing.assert_allclose(x[..., BEFORE].mean(axis=-1), 0, atol=1e-20)


def test_means_of_trials_are_less_noisy(templates, background):
    config = TrialsConfig(single=0.0, most=20)
    few = draw_inputs(templates, background[0], 30, replace(config, single=1.0), rng(0))
    many = draw_inputs(templates, background[0], 30, config, rng(0))
    noise = [np.mean((seen - wanted) ** 2) for seen, wanted in (few, many)]
    assert noise[1] < 0.5 * noise[0]


def rng(seed):
    return np.random.default_rng(seed)


def read_curve(work):
    return [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]


def test_a_stopped_run_gives_the_curve_of_one_that_was_not(background, tmp_path, monkeypatch):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir(), halves.mkdir()
    train_beta_vae(*background, whole, TINY)
    save = beta_vae.save

    def save_and_stop(work, state, step):
        save(work, state, step)
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(beta_vae, "save", save_and_stop)
        with pytest.raises(InterruptedError):
            train_beta_vae(*background, halves, TINY)
    train_beta_vae(*background, halves, TINY)
    assert read_curve(halves) == read_curve(whole)
    weights = [(work / "weights.safetensors").read_bytes() for work in (whole, halves)]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_training_lowers_the_loss_and_writes_weights(background, tmp_path):
    config = replace(TINY, steps=80, batch=32, log_every=20, peak_rate=5e-3)
    path = train_beta_vae(*background, tmp_path, config)
    rows = read_curve(tmp_path)
    assert rows[-1]["loss"] < rows[0]["loss"]
    BetaVAE(config.network).load_state_dict(load_file(path), strict=True)


# The estimator


@pytest.mark.parametrize("sfreq", [250.0, 256.0, 500.0, 1000.0])
def test_epochs_of_any_rate_give_responses_of_the_model(denoiser, sfreq):
    epochs = make_epochs(sfreq)
    responses = denoiser.fit_transform(epochs)
    assert isinstance(responses, mne.BaseEpochs)
    assert responses.ch_names == list(SITES)
    assert len(responses) == len(epochs)
    assert responses.info["sfreq"] == 250.0
    np.testing.assert_allclose(responses.times, TIMES, atol=1e-9)
    assert denoiser.transform_latent(epochs).shape == (5, 12)


def test_epochs_and_their_array_give_the_same(denoiser):
    epochs = make_epochs(250.0, tmin=-0.248, tmax=0.772)
    from_epochs = denoiser.fit_transform(epochs).get_data()
    from_array = denoiser.fit_transform(epochs.get_data(picks=list(SITES)))
    np.testing.assert_allclose(from_epochs, from_array, rtol=1e-6)


def test_responses_are_in_the_unit_of_the_trials(denoiser):
    trials = make_epochs(250.0, -0.248, 0.772).get_data(picks=list(SITES))
    once, thousandfold = (denoiser.fit_transform(size * trials) for size in (1.0, 1e3))
    np.testing.assert_allclose(thousandfold, 1e3 * once, rtol=1e-4)


def test_a_response_is_what_its_latents_stand_for(denoiser):
    epochs = make_epochs()
    responses = denoiser.fit_transform(epochs).get_data()
    latents, spread = denoiser.transform_latent(epochs, return_spread=True)
    np.testing.assert_allclose(denoiser.make_responses(latents), responses, rtol=1e-5)
    assert (spread > 0).all()


def test_the_trials_are_left_as_they_are(denoiser):
    epochs = make_epochs()
    before = epochs.get_data(copy=True)
    denoiser.fit(epochs).transform(epochs)
    np.testing.assert_array_equal(epochs.get_data(), before)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"tmin": -0.1}, "needed: make them with mne.Epochs"),
        ({"tmax": 0.5}, "needed: make them with mne.Epochs"),
        ({"ch_names": ("Fz", "Cz")}, "no channel Pz.*interpolate_bads"),
    ],
)
def test_epochs_that_lack_something_are_refused(denoiser, options, match):
    with pytest.raises(ValueError, match=match):
        denoiser.fit(make_epochs(**options))


@pytest.mark.parametrize("shape", [(5, 3, 200), (3, 256), (5, 4, 256)])
def test_arrays_of_another_shape_are_refused(denoiser, shape):
    with pytest.raises(ValueError, match=r"\(n_trials, 3, 256\) is needed"):
        denoiser.fit(np.ones(shape))


def test_flat_trials_and_nan_are_refused(denoiser):
    with pytest.raises(ValueError, match="flat"):
        denoiser.fit(np.zeros((3, 3, 256)))
    with pytest.raises(ValueError, match="NaN or infinity"):
        denoiser.fit(np.full((3, 3, 256), np.nan))


def test_a_model_that_removes_artifacts_is_refused():
    with pytest.raises(ValueError, match=r"ArtifactDenoiser\('any-montage-v1'\)"):
        ERPDenoiser("any-montage-v1").fit(np.ones((3, 3, 256)))
