"""How well labels of simulated responses, which are known, are told from their latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .._typing import FloatArray, IntArray
from ..networks.beta_vae import BetaVAE
from .erp_pairs import (
    DRAWN,
    MICROVOLT,
    Condition,
    Templates,
    TrialsConfig,
    draw_background,
    draw_responses,
    make_templates,
    measure_trials,
    take_baseline,
)
from .scan import ScanTrainingConfig, fit_scan, name_symbols

SIZES = {"small": 0.6, "large": 1.8}  # of a component, of its usual one
N_CLASSES = len(DRAWN) * len(SIZES)
COUNTS = (1, 5, 20)  # trials that are averaged before


def score_labels(
    network: BetaVAE,
    train: Sequence[FloatArray],
    held_out: Sequence[FloatArray],
    config: TrialsConfig,
    *,
    n_conditions: int = 1200,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Tell component and size of responses in the background of held-out people.

    Parameters
    ----------
    network : BetaVAE
        Gives the latents.
    train, held_out : sequence of ndarray, shape (n_sites, n_times)
        Background of the people that labels are learned from, and of others who score.
    config : TrialsConfig
        What trials look like.
    n_conditions : int
        Conditions of both groups, each of one component and size in one person.
    seed : int
        Seed.

    Returns
    -------
    scores : dict
        Share of conditions for which SCAN told the label, by label and how many trials were
        averaged; the same of a logistic regression on the latents, and on the averages themselves.
    """
    from sklearn.linear_model import LogisticRegression

    table: dict[str, dict[str, float]] = {}
    for count in COUNTS:
        drawn = [
            draw_labelled(network, people, n_conditions, count, config, (seed, number))
            for number, people in enumerate((train, held_out))
        ]
        (seen, known_latents, spreads, known), (others, latents, _, truth) = drawn
        for column, label in enumerate(("component", "size")):
            symbols = np.eye(1 + known[:, column].max())[known[:, column]]
            scan = fit_scan(known_latents, spreads, symbols, ScanTrainingConfig())
            told = {"SCAN": name_symbols(scan, latents).argmax(axis=1)}
            for name, (x, y) in {
                "logistic regression of latents": (known_latents, latents),
                "logistic regression of averages": (seen, others),
            }.items():
                fitted = LogisticRegression(C=0.1, max_iter=500).fit(x, known[:, column])
                told[name] = fitted.predict(y)
            for name, answers in told.items():
                share = float(np.mean(answers == truth[:, column]))
                cell = f"{label}, {count} trial{'s' * (count > 1)}"
                table.setdefault(name, {})[cell] = round(share, 3)
    return table


def draw_labelled(
    network: BetaVAE,
    recordings: Sequence[FloatArray],
    n_conditions: int,
    count: int,
    config: TrialsConfig,
    seed: tuple[int, int],
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Draw averages, their latents and the spread of these, and component and size of each."""
    templates, rng = make_templates(), np.random.default_rng(seed)
    labels = np.arange(n_conditions) % N_CLASSES
    averages = []
    for label in labels:
        component, size = divmod(int(label), len(SIZES))
        condition = make_condition(templates, component, list(SIZES.values())[size], config, rng)
        truth = take_baseline(draw_responses(templates, condition, count, config, rng))
        noise = rng.uniform(*config.noise) * MICROVOLT * draw_background(recordings, count, rng)
        trials = truth + take_baseline(noise)
        averages.append(trials.mean(axis=0) / measure_trials(trials))
    x = np.array(averages)
    latents, spread = network.find_latents(x)
    pairs: npt.NDArray[np.int64] = np.stack(np.divmod(labels, len(SIZES)), axis=1)
    return x.reshape(len(x), -1), latents, spread, pairs


def make_condition(
    templates: Templates,
    component: int,
    size: float,
    config: TrialsConfig,
    rng: np.random.Generator,
) -> Condition:
    """Make a condition of one component, at any latency and stretch that conditions have."""
    n = len(templates.peaks)
    return Condition(
        np.where(np.arange(n) == component, size, 0.0),
        templates.peaks + rng.normal(0, config.moved, n),
        np.exp(rng.normal(0, config.stretched, n)),
    )
