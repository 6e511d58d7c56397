"""A generator of waveforms trained against a critic: conditional WGAN-GP, projection on the class.

References
----------
Gulrajani et al. 2017 (arXiv 1704.00028), Miyato & Koyama 2018 (arXiv 1802.05637), and for EEG
Arasu & Jahangiri 2025 (arXiv 2509.08188).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.artifact_gan import (
    ArtifactCritic,
    ArtifactGAN,
    ArtifactGANConfig,
    make_frames,
    measure_spectra,
)
from .fitting import (
    ModeCollapseError,
    average_weights,
    check_labels,
    check_loss,
    draw_batch,
    log,
    resume,
    save,
    set_rate,
)
from .segments import Segments

LEAST_VARIETY = 0.1  # of the variety of real windows; below, a generator has collapsed
LAGS = 64  # samples over which the covariance term compares a window with itself


@dataclass(frozen=True)
class AdversarialConfig:
    """How generator and critic are fitted."""

    steps: int = 6000  # of the generator
    n_critic: int = 2  # steps of the critic for each
    batch: int = 18
    peak_rate: float = 4e-4
    betas: tuple[float, float] = (0.0, 0.9)
    penalty: float = 10.0  # of gradients of the critic that have not a norm of one
    spectral: float = 0.5  # weight of the STFT term, 0 for none
    covariance: float = 0.5  # weight of the covariance term, 0 for none
    average: float = 0.995  # of the generator's weights, per step
    seed: int = 20261122
    save_every: int = 50
    check_from: int = 300  # the step from which on too little variety is an error
    network: ArtifactGANConfig = field(default_factory=ArtifactGANConfig)


def penalise_gradients(
    critic: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    made: Tensor,
    labels: Tensor,
    chance: torch.Generator | None = None,
) -> Tensor:
    """Measure how far the critic's slope between real and made windows is from one.

    Parameters
    ----------
    critic : callable
        Windows and classes to scores.
    real, made : Tensor, shape (batch, n_times)
        Windows of the same classes.
    labels : Tensor, shape (batch,)
        The classes.
    chance : torch.Generator | None
        Draws where between the two the slope is taken.

    Returns
    -------
    penalty : Tensor, shape ()
        Mean square of norm less one.
    """
    share = torch.rand(len(real), 1, generator=chance)
    between = (share * real + (1 - share) * made.detach()).requires_grad_()
    scores = critic(between, labels).sum()
    (slopes,) = torch.autograd.grad(scores, between, create_graph=True)
    norms: Tensor = slopes.square().sum(dim=1).add(1e-12).sqrt()
    return (norms - 1).square().mean()


def compare_spectra(made: Tensor, real: Tensor, labels: Tensor, frames: Tensor) -> Tensor:
    """Compare mean short spectra by class, as logarithms: mean absolute difference."""
    parts = []
    for label in set(labels.tolist()):
        mine = labels == label
        mean = [measure_spectra(x[mine, None], frames).mean(dim=(0, 2)) for x in (made, real)]
        parts.append((torch.log(mean[0] + 1e-4) - torch.log(mean[1] + 1e-4)).abs().mean())
    return torch.stack(parts).mean()


def compare_covariances(made: Tensor, real: Tensor, labels: Tensor) -> Tensor:
    """Compare the covariance of windows with themselves some samples later, by class."""
    parts = []
    for label in set(labels.tolist()):
        mine = labels == label
        parts.append((_covary(made[mine]) - _covary(real[mine])).square().mean())
    return torch.stack(parts).mean().sqrt()


def _covary(x: Tensor) -> Tensor:
    power = torch.fft.rfft(x, n=2 * x.shape[1]).abs().square()
    lags: Tensor = torch.fft.irfft(power)[:, :LAGS].mean(dim=0) / x.shape[1]
    return lags


def measure_variety(windows: Tensor, frames: Tensor) -> float:
    """Mean distance between windows of one class, of waveforms or spectra, whichever is less.

    Parameters
    ----------
    windows : Tensor, shape (n_windows, n_times)
        Of a mean square of one.
    frames : Tensor
        Those of `make_frames`.

    Returns
    -------
    variety : float
        Zero where all are the same; of independent noise about one.
    """
    spectra = torch.log(measure_spectra(windows[:, None], frames).mean(dim=2) + 1e-3)
    distances = [
        torch.pdist(windows).mean() / (2 * windows.shape[1]) ** 0.5,
        torch.pdist(spectra).mean() / spectra.shape[1] ** 0.5,
    ]
    return float(min(distances))


def check_variety(
    network: ArtifactGAN, segments: Segments, frames: Tensor, count: int = 24
) -> dict[str, float]:
    """Compare the variety of what is made with that of real windows, by label.

    A label with less than a tenth is a ModeCollapseError that names it.
    """
    rng = np.random.default_rng(0)
    shares = {}
    for index, label in enumerate(segments.labels):
        noise = rng.standard_normal((count, network.n_noise), dtype=np.float32)
        with torch.no_grad():
            made = network(torch.from_numpy(noise), torch.full((count,), index))
        real = torch.from_numpy(segments.windows[segments.draw(count, label, rng)])
        shares[label] = measure_variety(made, frames) / measure_variety(real, frames)
    worst = min(shares, key=lambda label: shares[label])
    if not shares[worst] >= LEAST_VARIETY:
        raise ModeCollapseError(
            f"Windows of {worst!r} have {shares[worst]:.0%} of the variety of real ones: the "
            "generator has collapsed. Go on from an earlier checkpoint with a lower rate, more "
            "steps of the critic, or more windows of that label."
        )
    return shares


def train_adversarial(segments: Segments, work: Path, config: AdversarialConfig) -> Path:
    """Fit generator and critic, going on from a checkpoint in ``work`` where there is one.

    Parameters
    ----------
    segments : Segments
        Windows of training people, with every label of the network.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : AdversarialConfig
        How.

    Returns
    -------
    weights : Path
        The generator's averaged weights. A loss that is not finite is a RuntimeError that names the
        step; a generator that makes nearly the same again and again a ModeCollapseError.
    """
    check_labels(segments, config.network.labels)
    torch.manual_seed(config.seed)
    network, critic = ArtifactGAN(config.network), ArtifactCritic(config.network)
    averaged = deepcopy(network)
    rates: dict[str, Any] = {"lr": config.peak_rate, "betas": config.betas}
    parts: dict[str, Any] = {
        "network": network,
        "critic": critic,
        "averaged": averaged,
        "makes": torch.optim.Adam(network.parameters(), **rates),
        "judges": torch.optim.Adam(critic.parameters(), **rates),
    }
    frames = make_frames(config.network.frame)
    rows: list[tuple[float, float]] = []
    for step in range(resume(work, parts), config.steps):
        for name in ("makes", "judges"):
            set_rate(parts[name], config.peak_rate, step, config.steps)
        judged = [_improve_critic(parts, segments, config, step, n) for n in range(config.n_critic)]
        made = _improve_generator(parts, segments, frames, config, step)
        rows.append((check_loss(judged[-1], step, work), check_loss(made, step, work)))
        average_weights(averaged, network, min(config.average, (step + 1) / (step + 10)))
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            # Looked at before it is saved: the checkpoint stays one that can be gone on from.
            variety = check_variety(averaged, segments, frames) if step > config.check_from else {}
            save(work, parts, step + 1)
            critic_loss, loss = np.mean(rows, axis=0)
            log(work, step=step + 1, critic=critic_loss, generator=loss, variety=variety)
            rows.clear()
    return work / "weights.safetensors"


def _improve_critic(
    parts: dict[str, Any], segments: Segments, config: AdversarialConfig, step: int, turn: int
) -> Tensor:
    """Take a step of the critic; its loss."""
    critic, network = parts["critic"], parts["network"]
    chance = torch.Generator().manual_seed(config.seed + 10 * step + turn)
    real, labels = draw_batch(segments, config.batch, (config.seed, step, turn))
    with torch.no_grad():
        made = network(torch.randn(len(real), network.n_noise, generator=chance), labels)
    judged, real_judged = critic(torch.cat([made, real]), labels.repeat(2)).chunk(2)
    loss: Tensor = judged.mean() - real_judged.mean()
    loss = loss + config.penalty * penalise_gradients(critic, real, made, labels, chance)
    _descend(parts["judges"], loss)
    return loss


def _improve_generator(
    parts: dict[str, Any], segments: Segments, frames: Tensor, config: AdversarialConfig, step: int
) -> Tensor:
    """Take a step of the generator; its loss."""
    critic, network = parts["critic"], parts["network"]
    chance = torch.Generator().manual_seed(config.seed + 10 * step + 9)
    real, labels = draw_batch(segments, config.batch, (config.seed, step, config.n_critic))
    made = network(torch.randn(len(real), network.n_noise, generator=chance), labels)
    loss: Tensor = -critic(made, labels).mean()
    if config.spectral:
        loss = loss + config.spectral * compare_spectra(made, real, labels, frames)
    if config.covariance:
        loss = loss + config.covariance * compare_covariances(made, real, labels)
    _descend(parts["makes"], loss)
    return loss


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 100)
    optimiser.step()
