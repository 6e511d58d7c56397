"""A mixture of topographies: how it is fitted to the maps of people, and what is drawn of it."""

from __future__ import annotations

import numpy as np
import torch
from scipy.cluster.vq import kmeans2

from .._typing import FloatArray
from ..networks.artifact_spread import ArtifactSpread, ArtifactSpreadConfig, make_harmonics
from .bank import Bank
from .electrodes import Electrodes
from .headshape import CENTRE, carry_to_template
from .sites import SITES, TEN_TWENTY
from .spread import EYE_SIZE, GLANCES, SIZE_SPREAD

ROUGHNESS = 5e-4  # of harmonics, against the fit to electrodes: the finer, the dearer
SHRINKAGE = 0.3  # of the covariance to its diagonal
EACH = 8  # maps there must be for each centre
# Root mean square at the loudest electrode of the 10-20 system, in volts. Components of banks have
# no unit, but those of muscles have 0.57 of the size of those of eyes in the same recordings.
SIZES = {"eye": EYE_SIZE, "muscle": 0.57 * EYE_SIZE}
# Below the ears no map was fitted: there harmonics are held to so many times the loudest site.
LOUDEST = 1.5


def fit_spread(bank: Bank, config: ArtifactSpreadConfig, seed: int = 0) -> ArtifactSpread:
    """Fit the mixture to the components of a bank.

    Parameters
    ----------
    bank : Bank
        Its ``fields`` of each label's name; a label without one is a ValueError.
    config : ArtifactSpreadConfig
        Sizes.
    seed : int
        Of the search for centres.

    Returns
    -------
    spread : ArtifactSpread
        Maps are of the average reference and of a root mean square of one over the electrodes that
        they were fitted to.
    """
    network = ArtifactSpread(config)
    for index, label in enumerate(config.labels):
        weights = fit_harmonics(bank, label, config.degree)
        n_parts = max(1, min(config.parts, len(weights) // EACH))
        centres, mine = kmeans2(weights, n_parts, minit="++", seed=seed)
        rest = weights - centres[mine]
        covariance = rest.T @ rest / len(rest)
        covariance += SHRINKAGE * (np.diag(np.diag(covariance)) - covariance)
        # Maps that are all alike have none.
        covariance += 1e-6 * np.mean(weights**2) * np.eye(len(covariance))
        shares = np.bincount(mine, minlength=config.parts) / len(mine)
        network.shares[index] = torch.from_numpy(shares)
        network.centres[index, :n_parts] = torch.from_numpy(centres)
        network.factors[index] = torch.from_numpy(np.linalg.cholesky(covariance))
    return network.eval()


def fit_harmonics(bank: Bank, label: str, degree: int) -> FloatArray:
    """Fit harmonics to each map of a label, shape (n_maps, n_harmonics), turned to one side."""
    found = []
    penalty = np.repeat(np.arange(degree + 1), 2 * np.arange(degree + 1) + 1) + 1.0
    for field in bank.fields:
        if field.kind == label:
            basis = evaluate(np.asarray(field.positions, float), degree)
            maps = field.maps - field.maps.mean(axis=1, keepdims=True)
            maps = maps / np.sqrt(np.square(maps).mean(axis=1, keepdims=True))
            left = basis.T @ basis / len(basis) + ROUGHNESS * np.diag(penalty**2)
            found += list(np.linalg.solve(left, basis.T @ maps.T / len(basis)).T)
    if not found:
        raise ValueError(f"The bank has no component of {label!r} to fit topographies to.")
    weights = np.array(found)
    axis = np.linalg.svd(weights, full_matrices=False)[2][0]
    return weights * np.where(weights @ axis < 0, -1.0, 1.0)[:, np.newaxis]


def evaluate(positions: FloatArray, degree: int) -> FloatArray:
    """Evaluate harmonics at electrodes of any head, shape (n_channels, n_harmonics)."""
    return np.asarray(make_harmonics(find_directions(positions), degree).numpy())


def find_directions(positions: FloatArray) -> torch.Tensor:
    """Find directions of electrodes of any head from the middle of the template's."""
    return torch.from_numpy(np.asarray(carry_to_template(positions) - CENTRE, dtype=np.float64))


def draw_mixture(
    network: ArtifactSpread, electrodes: Electrodes, label: str, rng: np.random.Generator
) -> FloatArray:
    """Draw the topographies of the sources of one artifact, as the head model's `draw_spread`.

    Returns
    -------
    maps : ndarray, shape (n_sources, n_channels)
        In volts, of the average reference of the people it was fitted to. One source, or two: eyes
        that turn aside as well, or a second muscle.
    """
    index = network.config.labels.index(label)
    shares = np.asarray(network.shares[index], np.float64)
    count = 1 + int(rng.random() < GLANCES)
    parts = torch.from_numpy(rng.choice(len(shares), count, p=shares / shares.sum()))
    noise = rng.standard_normal((count, network.config.n_harmonics), dtype=np.float32)
    sites = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    places = torch.cat([find_directions(x) for x in (sites, electrodes.positions)])
    with torch.no_grad():
        maps = network(places.float(), index, parts, torch.from_numpy(noise)).double().numpy()
    maps = maps / np.abs(maps[:, : len(sites)]).max(axis=1, keepdims=True)
    maps = np.clip(maps[:, len(sites) :], -LOUDEST, LOUDEST)
    sizes = (
        SIZES[label] * np.exp(rng.normal(0, SIZE_SPREAD)) * np.array([1.0, rng.uniform(0.1, 0.5)])
    )
    return np.asarray(sizes[:count, np.newaxis] * maps)
