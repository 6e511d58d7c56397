"""Tests of artifacts drawn by networks, at any montage, and of the adversarial training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mne_artdenoise import ArtifactDenoiser, get_record, list_models
from mne_artdenoise.networks.artifact_gan import (
    ArtifactCritic,
    ArtifactGAN,
    ArtifactGANConfig,
    make_frames,
    measure_spectra,
)
from mne_artdenoise.networks.artifact_spread import ArtifactSpreadConfig, make_harmonics
from mne_artdenoise.networks.artifact_unet import ArtifactUNet, ArtifactUNetConfig
from mne_artdenoise.synthesis import ArtifactGenerator, LearnedArtifacts, make_pairs, simulate_raw
from mne_artdenoise.synthesis.adversarial import (
    AdversarialConfig,
    check_variety,
    compare_covariances,
    compare_spectra,
    measure_variety,
    penalise_gradients,
    train_adversarial,
)
from mne_artdenoise.synthesis.electrodes import read_electrodes
from mne_artdenoise.synthesis.fitting import ModeCollapseError
from mne_artdenoise.synthesis.joining import count_windows, join_windows
from mne_artdenoise.synthesis.segments import LABELS, Segments
from mne_artdenoise.synthesis.spread import draw_spread
from mne_artdenoise.synthesis.spread_mixture import draw_mixture, fit_spread
from mne_artdenoise.weights import registry
from mne_artdenoise.weights.registry import format_record

SMALL = ArtifactGANConfig(latent=8, style=8, widths=(8, 8, 8, 8), critic=(8, 8, 8), spectral=4)


@pytest.fixture(scope="module", params=["gan", "diffusion"])
def generator(request) -> LearnedArtifacts:
    """Make a generator that learned nothing yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        small = ArtifactUNetConfig(widths=(8, 8), condition=8, n_steps=20)
        network = ArtifactGAN(SMALL) if request.param == "gan" else ArtifactUNet(small)
    return LearnedArtifacts(request.param, network, spread=None, n_steps=3, guidance=1.5)


@pytest.fixture(scope="module")
def segments() -> Segments:
    """Make windows of six labels, each a rhythm of its own, of three people."""
    rng = np.random.default_rng(0)
    classes = np.arange(60) % len(LABELS)
    time, phase = np.arange(512) / 128, rng.uniform(0, 2 * np.pi, (60, 1))
    windows = np.sqrt(2) * np.sin(2 * np.pi * (classes[:, None] + 1) * 2 * time + phase)
    people = np.array([f"person{n % 3}" for n in range(60)])
    return Segments(128.0, LABELS, windows.astype(np.float32), classes, people)


def test_it_is_a_generator_of_artifacts(generator):
    assert isinstance(generator, ArtifactGenerator)
    assert generator.labels == LABELS


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 256.0, 1000.0])
@pytest.mark.parametrize(("n_channels", "n_times"), [(2, 1), (19, 700), (64, 40), (256, 3)])
def test_any_montage_rate_and_length(generator, make_info, sfreq, n_channels, n_times):
    info = make_info(n_channels, sfreq)
    for label in ("eye", "electrode"):
        artifact = generator.generate(info, n_times, label, np.random.default_rng(0))
        assert artifact.shape == (n_channels, n_times)
        assert np.isfinite(artifact).all()
        assert 0 < np.abs(artifact).max() < 5e-3


@pytest.mark.parametrize("label", LABELS)
def test_seeds_give_the_same_bytes_and_others_do_not(generator, make_info, label):
    info = make_info(8)
    first, same, other = (
        generator.generate(info, 1500, label, np.random.default_rng(seed)) for seed in (4, 4, 5)
    )
    assert first.tobytes() == same.tobytes()
    assert not np.allclose(first, other)


def test_many_at_once_have_the_shape_that_was_asked(generator, make_info):
    info = read_electrodes(make_info(5))
    artifacts = generator.generate_many(info, 900, ["eye", "muscle", "heart", "eye"], 3)
    assert artifacts.shape == (4, 5, 900)
    assert generator.generate_many(info, 900, [], 3).shape == (0, 5, 900)


def test_windows_have_a_mean_square_of_one(generator):
    windows = generator.sample(list(LABELS), 0)
    np.testing.assert_allclose(np.square(windows).mean(axis=1), 1, rtol=1e-3)


def test_an_unknown_label_is_told(generator, make_info):
    with pytest.raises(ValueError, match="Unknown label 'hiccup'. This generator knows 'muscle'"):
        generator.generate(make_info(3), 100, "hiccup", np.random.default_rng(0))
    with pytest.raises(TypeError, match="list of names"):
        generator.sample("eye")
    with pytest.raises(ValueError, match="Unknown label 'hiccup'. Known labels"):
        draw_spread(read_electrodes(make_info(3)), "hiccup", np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_times must be 1"):
        generator.generate(make_info(3), 0, "eye", np.random.default_rng(0))


def test_kinds_and_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="kind is 'vae', but must be 'gan' or 'diffusion'"):
        LearnedArtifacts("vae")
    with pytest.raises(ValueError, match="needs a network of ArtifactUNet"):
        LearnedArtifacts("diffusion", ArtifactGAN(SMALL))
    with pytest.raises(ValueError, match="spread needs a network of ArtifactSpread"):
        LearnedArtifacts("gan", ArtifactGAN(SMALL), spread="any-montage-v1")
    with pytest.raises(ValueError, match="guidance must be a finite number"):
        LearnedArtifacts("gan", ArtifactGAN(SMALL), guidance=np.nan)
    with pytest.raises(ValueError, match="needs a network of ArtifactGAN"):
        LearnedArtifacts("gan", "any-montage-v1")


def test_damaged_weights_give_an_error_and_no_numbers(generator, make_info):
    damaged = type(generator.network)(generator.network.config)
    with torch.no_grad():
        next(damaged.parameters()).fill_(torch.nan)
    broken = LearnedArtifacts(generator.kind, damaged, spread=None, n_steps=2)
    with pytest.raises(RuntimeError, match="not finite"):
        broken.generate(make_info(3), 100, "eye", np.random.default_rng(0))


def test_it_stands_beside_formulas_in_pairs_and_recordings(generator, make_raw, make_info):
    artifacts = {"blink": {}, "muscle": generator, "heart": generator}
    pairs = make_pairs(make_raw(6, 20.0), artifacts, n_pairs=3, duration=2.0, snr_db=0.0, rng=1)
    again = make_pairs(make_raw(6, 20.0), artifacts, n_pairs=3, duration=2.0, snr_db=0.0, rng=1)
    assert pairs.noisy.tobytes() == again.noisy.tobytes()
    raw, truth, artifact = simulate_raw(make_info(6), 7.0, artifacts=artifacts, rng=2)
    np.testing.assert_allclose(raw.get_data(), (truth.get_data() + artifact.get_data()), atol=1e-12)
    assert {"blink", "muscle", "heart"} == set(raw.annotations.description)


@pytest.mark.parametrize("n_times", [1, 511, 512, 513, 2000, 12345])
def test_joined_windows_fill_what_is_asked(n_times, rng):
    count = count_windows(n_times, 512, 128, 128)
    assert len(join_windows(rng.standard_normal((count, 512)), 128, 128)) >= n_times


@pytest.mark.parametrize("alike", [True, False])
def test_no_seam_is_louder_or_quieter_than_the_rest(alike, rng):
    time = np.arange(512) / 128
    phases = rng.uniform(0, 2 * np.pi, (40, 1))
    windows = np.sin(2 * np.pi * 1.3 * time + phases) if alike else rng.standard_normal((400, 512))
    power = np.mean(
        [np.square(join_windows(two, 128, 128)[:768]) for two in windows.reshape(-1, 2, 512)], 0
    )
    seam, rest = power[384:512].mean(), power[:384].mean()
    assert seam == pytest.approx(rest, rel=0.1)


def test_a_rhythm_goes_on_across_a_seam(rng):
    time = np.arange(512) / 128
    windows = np.cos(2 * np.pi * 1.2 * time + rng.uniform(0, 2 * np.pi, (6, 1)))
    joined = join_windows(windows, 128, 128)
    spectrum = np.abs(np.fft.rfft(joined * np.hanning(len(joined)))) ** 2
    peak = spectrum.argmax()
    assert spectrum[peak - 3 : peak + 4].sum() > 0.98 * spectrum.sum()


def test_windows_that_overlap_too_much_are_refused():
    with pytest.raises(ValueError, match="do not fit windows of 512"):
        count_windows(1000, 512, 300, 128)


@pytest.mark.parametrize("label", LABELS)
def test_spreads_are_where_the_artifact_is(label, make_info):
    electrodes = read_electrodes(make_info(64))
    draws = [draw_spread(electrodes, label, np.random.default_rng(n)) for n in range(40)]
    loud = np.mean([np.abs(maps).max(axis=0) / np.abs(maps).max() for maps in draws], axis=0)
    x, y, _ = electrodes.positions.T
    if label == "eye":
        assert y[loud.argmax()] > 0.08
    elif label == "electrode":
        assert all(np.count_nonzero(maps) == 1 for maps in draws)
    elif label == "chewing":
        assert np.corrcoef(np.abs(x), loud)[0, 1] > 0.3
    assert all(1e-7 < np.abs(maps).max() < 3e-3 for maps in draws)


def test_short_spectra_hold_the_power_of_white_noise():
    power = measure_spectra(torch.randn(8, 1, 4096), make_frames(64))
    assert float(power[:, 1:-1].mean()) == pytest.approx(0.5 * 2, rel=0.1)


def test_the_penalty_is_none_for_a_slope_of_one():
    slope = torch.nn.functional.normalize(torch.randn(16), dim=0)
    real, made, labels = torch.randn(5, 16), torch.randn(5, 16), torch.zeros(5, dtype=torch.long)
    for factor, wanted in ((1.0, 0.0), (3.0, 4.0)):
        found = penalise_gradients(lambda x, _, f=factor: f * x @ slope, real, made, labels)
        assert float(found) == pytest.approx(wanted, abs=1e-5)


def test_spectral_and_covariance_terms_see_other_rhythms(segments):
    labels = torch.zeros(10, dtype=torch.long)
    slow, fast = (torch.from_numpy(segments.windows[segments.find(x)]) for x in ("muscle", "heart"))
    for compare in (
        lambda a, b: compare_spectra(a, b, labels, make_frames(64)),
        lambda a, b: compare_covariances(a, b, labels),
    ):
        assert float(compare(slow, slow)) == pytest.approx(0, abs=1e-6)
        assert float(compare(fast, slow)) > 0.2


def test_the_critic_judges_a_window_by_its_class():
    critic = ArtifactCritic(SMALL)
    windows = torch.randn(1, 512).expand(6, -1)
    scores = critic(windows, torch.arange(6))
    assert scores.shape == (6,)
    assert len(scores.unique()) == 6


def test_a_collapsed_generator_is_told(segments):
    network = ArtifactGAN(SMALL)
    frames = make_frames(SMALL.frame)
    same = torch.from_numpy(segments.windows[:1]).expand(24, -1)
    assert measure_variety(same, frames) == 0
    network.forward = lambda noise, labels: same
    with pytest.raises(ModeCollapseError, match="have 0% of the variety of real ones"):
        check_variety(network, segments, frames)


def test_adversarial_training_goes_on_and_makes_a_generator(segments, tmp_path):
    config = AdversarialConfig(steps=3, batch=6, save_every=1, check_from=99, network=SMALL)
    weights = train_adversarial(segments, tmp_path, config)
    first = weights.read_bytes()
    train_adversarial(segments, tmp_path, config)  # nothing is left to do
    assert weights.read_bytes() == first
    train_adversarial(segments, tmp_path, replace(config, steps=4))
    assert weights.read_bytes() != first


def test_a_loss_of_no_number_ends_the_training(segments, tmp_path):
    broken = replace(segments, windows=np.full_like(segments.windows, np.inf))
    with pytest.raises(RuntimeError, match=r"The loss is (nan|inf|-inf) at step 0"):
        train_adversarial(broken, tmp_path, AdversarialConfig(steps=1, batch=6, network=SMALL))


def test_denoisers_refuse_a_generator_by_name_and_by_record(
    tmp_path, monkeypatch, make_record, make_raw
):
    monkeypatch.setattr(registry, "RECORDS", tmp_path)
    (tmp_path / "generators").mkdir()
    record = make_record(id="maker-v1", estimates="nothing")
    (tmp_path / "generators" / "maker-v1.json").write_text(format_record(record))
    (tmp_path / "stand-in-v1.json").write_text(format_record(make_record()))
    assert (list_models(), list_models("generate")) == (["stand-in-v1"], ["maker-v1"])
    assert get_record("maker-v1", "generate") == record
    message = "'maker-v1' draws artifacts and denoises nothing.* denoise: 'stand-in-v1'"
    with pytest.raises(ValueError, match=message):
        ArtifactDenoiser("maker-v1").fit(make_raw())
    with pytest.raises(ValueError, match="purpose is 'x', but must be"):
        list_models("x")
    (tmp_path / "maker-v1.json").write_text(format_record(record))
    (tmp_path / "generators" / "maker-v1.json").unlink()
    with pytest.raises(ValueError, match="denoises nothing"):
        get_record("maker-v1")


def test_harmonics_are_orthonormal(rng):
    directions = torch.from_numpy(rng.standard_normal((200000, 3)))
    basis = make_harmonics(directions, 5)
    assert basis.shape == (200000, 36)
    product = 4 * np.pi * (basis.T @ basis) / len(basis)
    torch.testing.assert_close(product, torch.eye(36, dtype=product.dtype), atol=0.05, rtol=0)


def test_topographies_of_one_montage_are_drawn_for_another(make_bank, make_info):
    bank = make_bank(kinds=(), fields=("eye", "muscle"))
    front = [np.outer(1 + n, field.positions[:, 1]) for n, field in enumerate(bank.fields)]
    fields = [replace(field, maps=maps) for field, maps in zip(bank.fields, front, strict=True)]
    spread = fit_spread(replace(bank, fields=tuple(fields)), ArtifactSpreadConfig(degree=3))
    generator = LearnedArtifacts("gan", ArtifactGAN(SMALL), spread=spread)
    for n_channels in (2, 19, 200):
        electrodes = read_electrodes(make_info(n_channels))
        maps = draw_mixture(spread, electrodes, "eye", np.random.default_rng(0))
        assert maps.shape[1] == n_channels
        assert np.abs(maps).max() < 1e-3
        if n_channels > 2:
            assert abs(np.corrcoef(maps[0], electrodes.positions[:, 1])[0, 1]) > 0.9
        first, same = (generator.generate_many(electrodes, 300, ["eye", "heart"], 5) for _ in "ab")
        assert first.tobytes() == same.tobytes()


def test_a_bank_without_a_component_has_no_topographies(make_bank):
    with pytest.raises(ValueError, match="no component of 'muscle'"):
        fit_spread(make_bank(fields=("eye",)), ArtifactSpreadConfig())
