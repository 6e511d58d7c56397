"""How near single responses come to the truth: the network, trial averaging, low-rank methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .._typing import FloatArray
from ..networks.beta_vae import BetaVAE
from .erp_pairs import TrialsConfig, draw_trials, make_templates, measure_trials

N_TRIALS = 60  # of each condition: what the low-rank methods learn from
COUNTS = (1, 5, 20)
QUIET = 0.5e-6  # volts: a response below has no shape to find
RANKS = {
    "PCA": 2,
    "xDAWN": 1,
}  # best for single trials, of 1 to 8 and 1 to 3, on people of the training


def score_methods(
    network: BetaVAE,
    background: Sequence[FloatArray],
    config: TrialsConfig,
    *,
    n_conditions: int,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Correlate what methods make of trials with the true response.

    Parameters
    ----------
    network : BetaVAE
        The network.
    background : sequence of ndarray, shape (n_sites, n_times)
        Recordings of people, from `take_background`.
    config : TrialsConfig
        What trials look like.
    n_conditions : int
        Conditions of 60 trials, each in one person.
    seed : int
        Seed.

    Returns
    -------
    scores : dict
        Of each method, the mean correlation over conditions by how many trials were averaged
        after it. "average" is what trials themselves give; low-rank methods and the mean of all
        know all 60 trials of the condition.
    """
    templates, rng = make_templates(), np.random.default_rng(seed)
    found: dict[str, dict[str, list[float]]] = {}
    done = 0
    while done < n_conditions:
        trials, truth = draw_trials(templates, background, N_TRIALS, config, rng)
        if truth.mean(axis=0).std() < QUIET:
            continue
        done += 1
        for method, denoise in make_methods(network).items():
            row = found.setdefault(method, {})
            cleaned = denoise(trials)
            for count in COUNTS:
                right = score(average(cleaned, count), average(truth, count))
                row.setdefault(f"{count} trials", []).append(right)
        row, scale = found.setdefault("this model, of averages", {}), measure_trials(trials)
        for count in COUNTS:
            cleaned = run_network(network, average(trials, count), scale)
            row.setdefault(f"{count} trials", []).append(score(cleaned, average(truth, count)))
    return {
        method: {cell: round(float(np.mean(values)), 3) for cell, values in row.items()}
        for method, row in found.items()
    }


def make_methods(network: BetaVAE) -> dict[str, Callable[[FloatArray], FloatArray]]:
    """Make the methods, each from trials (n_trials, n_sites, n_times) to the same."""
    return {
        "average": lambda trials: trials,
        "this model": lambda trials: run_network(network, trials, measure_trials(trials)),
        "PCA": keep_principal,
        "xDAWN": keep_evoked,
    }


def run_network(network: BetaVAE, trials: FloatArray, scale: float) -> FloatArray:
    """Denoise trials, or averages of them, by the usual size of single ones."""
    return scale * network.make_responses(network.find_latents(trials / scale)[0])


def average(x: FloatArray, count: int) -> FloatArray:
    """Average some trials after another, (n_trials, ...) to (n_trials // count, ...)."""
    n = len(x) // count
    return np.asarray(x[: n * count].reshape(n, count, *x.shape[1:]).mean(axis=1))


def keep_principal(trials: FloatArray, rank: int = RANKS["PCA"]) -> FloatArray:
    """Keep the first principal components of trials, each a vector of all sites and samples."""
    flat = trials.reshape(len(trials), -1)
    left, sizes, right = np.linalg.svd(flat, full_matrices=False)
    return np.asarray((left[:, :rank] * sizes[:rank]) @ right[:rank]).reshape(trials.shape)


def keep_evoked(trials: FloatArray, rank: int = RANKS["xDAWN"]) -> FloatArray:
    """Keep the directions in which the mean over trials is largest against single trials.

    As xDAWN (Rivet et al. 2009, doi:10.1109/TBME.2009.2012869) where responses do not overlap.
    """
    from scipy.linalg import eigh

    mean = trials.mean(axis=0)
    joined = trials.swapaxes(0, 1).reshape(trials.shape[1], -1)
    _, directions = eigh(mean @ mean.T, joined @ joined.T + 1e-18 * np.eye(len(joined)))
    kept = directions[:, ::-1][:, :rank]
    patterns = np.linalg.pinv(directions[:, ::-1])[:rank]
    return np.asarray(np.einsum("sk,kr,nrt->nst", patterns.T, kept.T, trials))


def score(cleaned: FloatArray, truth: FloatArray) -> float:
    """Mean correlation with the true response, over all sites and samples at once."""
    flat = (x.reshape(len(x), -1) for x in (cleaned, truth))
    a, b = (x - x.mean(axis=1, keepdims=True) for x in flat)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.mean((a * b).sum(axis=1) / np.where(norms > 0, norms, np.inf)))
