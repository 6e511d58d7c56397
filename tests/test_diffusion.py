"""Tests of schedules, samplers and guidance of the diffusion, and of its training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mne_artdenoise.networks.artifact_unet import (
    ArtifactUNet,
    ArtifactUNetConfig,
    WholeAttention,
)
from mne_artdenoise.synthesis import diffusion
from mne_artdenoise.synthesis.diffusion import (
    DiffusionConfig,
    guide,
    join_prediction,
    make_schedule,
    sample_ddim,
    sample_ddpm,
    split_prediction,
    train_diffusion,
)
from mne_artdenoise.synthesis.segments import LABELS, Segments

SMALL = ArtifactUNetConfig(n_times=64, patch=4, widths=(8, 16), condition=16, n_steps=100)
KINDS = [("cosine", "v"), ("cosine", "epsilon"), ("linear", "v"), ("linear", "epsilon")]


def make_draw(seed):
    chance = torch.Generator().manual_seed(seed)
    return lambda shape: torch.randn(shape, generator=chance)


def know_gaussian(schedule, mean, deviation):
    """Give the best prediction there is where clean windows are normal numbers of this kind."""

    def predict(x, steps):
        signal, noise = schedule.signal[steps, None], schedule.noise[steps, None]
        gain = signal * deviation**2 / (signal**2 * deviation**2 + noise**2)
        clean = mean + gain * (x - signal * mean)
        return join_prediction(
            clean, (x - signal * clean) / noise, signal, noise, schedule.prediction
        )

    return predict


@pytest.fixture(scope="module")
def segments() -> Segments:
    """Make windows of six labels, each a rhythm of its own, of three people."""
    rng = np.random.default_rng(0)
    classes = np.arange(60) % len(LABELS)
    time = np.arange(64) / 64
    phase = rng.uniform(0, 2 * np.pi, (60, 1))
    windows = np.sqrt(2) * np.sin(2 * np.pi * (classes[:, None] + 1) * 2 * time + phase)
    people = np.array([f"person{n % 3}" for n in range(60)])
    return Segments(128.0, LABELS, windows.astype(np.float32), classes, people)


@pytest.mark.parametrize(("kind", "prediction"), KINDS)
@pytest.mark.parametrize("n_steps", [1, 2, 100, 1000])
def test_signal_and_noise_share_the_power(kind, prediction, n_steps):
    schedule = make_schedule(kind, n_steps, prediction)
    assert len(schedule) == n_steps
    torch.testing.assert_close(schedule.signal**2 + schedule.noise**2, torch.ones(n_steps))
    assert (schedule.signal.diff() < 0).all()


def test_the_linear_schedule_is_that_of_the_paper():
    kept = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
    np.testing.assert_allclose(make_schedule("linear").signal, np.sqrt(kept), rtol=1e-4)


@pytest.mark.parametrize("prediction", ["v", "epsilon"])
def test_a_prediction_is_taken_apart_as_it_was_joined(prediction):
    clean, normal = torch.randn(2, 5, 8)
    signal, noise = torch.tensor(0.6), torch.tensor(0.8)
    found = join_prediction(clean, normal, signal, noise, prediction)
    parts = split_prediction(found, signal * clean + noise * normal, signal, noise, prediction)
    torch.testing.assert_close(parts[0], clean)
    torch.testing.assert_close(parts[1], normal)


@pytest.mark.parametrize(("kind", "prediction"), KINDS)
@pytest.mark.parametrize(("n_steps", "eta"), [(50, 0.0), (50, 1.0), (200, 0.0), (200, 1.0)])
def test_the_best_network_samples_what_it_knows(kind, prediction, n_steps, eta):
    schedule = make_schedule(kind, 200, prediction)
    predict = know_gaussian(schedule, 0.7, 0.4)
    x = sample_ddim(predict, make_draw(0), (400, 16), schedule, n_steps=n_steps, eta=eta)
    # What the deviation of the last step is not drawn: the mean of it is given.
    assert float(x.mean()) == pytest.approx(0.7, abs=0.05)
    assert float(x.std()) == pytest.approx(0.4, abs=0.06)


def test_every_step_with_new_noise_is_the_diffusion_of_ho():
    schedule = make_schedule("linear", 20, "epsilon")
    predict = know_gaussian(schedule, 0.2, 0.9)
    found = sample_ddpm(predict, make_draw(3), (6, 8), schedule)
    draw = make_draw(3)
    x, kept = draw((6, 8)), schedule.signal**2
    for step in range(19, -1, -1):
        before = kept[step - 1] if step else torch.tensor(1.0)
        alpha = kept[step] / before
        epsilon = predict(x, torch.full((6,), step))
        mean = (x - (1 - alpha) / (1 - kept[step]).sqrt() * epsilon) / alpha.sqrt()
        spread = ((1 - before) / (1 - kept[step]) * (1 - alpha)).sqrt()
        x = mean + spread * draw((6, 8)) if step else mean
    torch.testing.assert_close(found, x, rtol=1e-3, atol=1e-4)


def test_the_same_numbers_give_the_same_windows():
    network = ArtifactUNet(SMALL).eval()
    schedule = make_schedule(n_steps=SMALL.n_steps)
    predict = guide(network, torch.arange(4), 2.0, network.no_label)
    with torch.no_grad():
        first, same, other = (
            sample_ddim(predict, make_draw(seed), (4, 64), schedule, n_steps=5)
            for seed in (1, 1, 2)
        )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_what_is_sampled_is_finite_whatever_a_network_predicts(eta):
    schedule = make_schedule()
    x = sample_ddim(lambda x, steps: 1e30 * x.sign(), make_draw(0), (3, 16), schedule, eta=eta)
    assert torch.isfinite(x).all()
    assert float(x.abs().max()) <= diffusion.LIMIT


def test_a_network_of_no_numbers_is_told():
    with pytest.raises(RuntimeError, match="not finite at step 999: nothing was sampled"):
        sample_ddim(lambda x, steps: x / 0, make_draw(0), (3, 16), make_schedule())


def test_steps_that_there_are_not_are_refused():
    for n_steps in (0, 1001):
        with pytest.raises(ValueError, match="n_steps must be from 1 to 1000"):
            sample_ddim(lambda x, steps: x, make_draw(0), (1, 8), make_schedule(), n_steps=n_steps)
    with pytest.raises(ValueError, match="schedule is 'sigmoid'"):
        make_schedule("sigmoid")
    with pytest.raises(ValueError, match="prediction is 'x'"):
        make_schedule(prediction="x")


def test_guidance_goes_from_no_label_beyond_the_label():
    def network(x, steps, labels):
        return labels[:, None].float().expand_as(x)

    x, steps, labels = torch.zeros(2, 4), torch.zeros(2), torch.tensor([1, 3])
    for scale, wanted in ((0.0, [9.0, 9.0]), (1.0, [1.0, 3.0]), (2.0, [-7.0, -3.0])):
        found = guide(network, labels, scale, no_label=9)(x, steps)
        assert found[:, 0].tolist() == wanted


def test_labels_are_left_out_in_training_now_and_then(segments, monkeypatch):
    seen = []

    class Spy(torch.nn.Module):
        no_label = len(LABELS)

        def forward(self, x, steps, labels):
            seen.append(labels)
            return x

    config = DiffusionConfig(batch=600, drop_labels=0.2)
    loss = diffusion.measure_loss(Spy(), segments, make_schedule(), config, 0)
    assert torch.isfinite(loss)
    share = float((seen[0] == len(LABELS)).float().mean())
    assert share == pytest.approx(0.2, abs=0.05)


def test_training_lowers_the_loss_and_goes_on_where_it_stopped(segments, tmp_path):
    config = DiffusionConfig(steps=8, batch=12, save_every=4, network=SMALL)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    train_diffusion(segments, whole, config)
    # The rate at a step depends on how many there are: the first half is stopped, not shorter.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion, "check_loss", stop_at(4))
        with pytest.raises(KeyboardInterrupt):
            train_diffusion(segments, parts, config)
    train_diffusion(segments, parts, config)
    assert (whole / "weights.safetensors").read_bytes() == (
        parts / "weights.safetensors"
    ).read_bytes()


def test_training_begins_with_weights_that_are_given(segments, tmp_path):
    config = DiffusionConfig(steps=2, batch=12, peak_rate=0.0, average=0.0, network=SMALL)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    first = train_diffusion(segments, tmp_path / "first", replace(config, peak_rate=1e-2))
    second = train_diffusion(segments, tmp_path / "second", replace(config, weights=first))
    assert first.read_bytes() == second.read_bytes()


def test_noisy_steps_are_drawn_more_often(segments):
    seen = []

    class Spy(ArtifactUNet):
        def forward(self, x, steps, labels):
            seen.append(steps)
            return x

    for noisier in (1.0, 0.6):
        config = DiffusionConfig(batch=3000, noisier=noisier, network=SMALL)
        diffusion.measure_loss(Spy(SMALL), segments, make_schedule(), config, 0)
    shares = [float((steps >= 800).float().mean()) for steps in seen]
    assert shares == pytest.approx([0.2, 0.31], abs=0.03)
    assert all(steps.min() >= 0 and steps.max() < 1000 for steps in seen)


def test_every_moment_attends_to_the_whole_window():
    torch.manual_seed(0)
    whole = WholeAttention(8, 16, 2, 4)
    x = torch.randn(1, 8, 16)
    torch.testing.assert_close(whole(x), x + whole.answer.bias[:, None])  # as if it were not there
    torch.nn.init.normal_(whole.answer.weight)
    other = x.clone()
    other[..., -1] += 1
    assert (whole(x) != whole(other))[..., 0].all()


def stop_at(last):
    def check(loss, step, work):
        if step >= last:
            raise KeyboardInterrupt
        return float(loss.detach())

    return check


def test_a_loss_of_no_number_ends_the_training(segments, tmp_path):
    broken = replace(segments, windows=np.full_like(segments.windows, np.nan))
    with pytest.raises(RuntimeError, match="The loss is nan at step 0"):
        train_diffusion(broken, tmp_path, DiffusionConfig(steps=2, batch=6, network=SMALL))
    assert not (tmp_path / "weights.safetensors").exists()


def test_segments_without_a_label_are_refused(segments, tmp_path):
    some = segments.take(segments.classes != 2)
    with pytest.raises(ValueError, match="no window of 'electrode'"):
        train_diffusion(some, tmp_path, DiffusionConfig(network=SMALL))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_times": 60}, "n_times 60"),
        ({"heads": 3}, "width .* cannot be divided by 3 heads"),
        ({"prediction": "x"}, "prediction is 'x'"),
        ({"schedule": "x"}, "schedule is 'x'"),
    ],
)
def test_a_config_of_no_network_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)


def test_the_network_has_skips_across_the_u():
    network = ArtifactUNet(SMALL).eval()
    seen = {}
    network.up[0].register_forward_hook(lambda m, given, out: seen.update(width=given[0].shape[1]))
    network(torch.randn(2, 64), torch.tensor([3, 9]), torch.tensor([0, 6]))
    assert seen["width"] == 2 * SMALL.widths[0]
