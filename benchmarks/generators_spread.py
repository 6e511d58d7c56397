"""How artifacts spread over electrodes: the head model, beside a generator learned from maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.special import sph_harm_y

from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.electrodes import Electrodes
from mne_artdenoise.synthesis.fidelity import compare_covariances, measure_mmd
from mne_artdenoise.synthesis.headshape import CENTRE, carry_to_template
from mne_artdenoise.synthesis.sites import SITES, TEN_TWENTY
from mne_artdenoise.synthesis.spread import draw_spread

OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
DEGREE = 5
COUNT = 300


def compare_spreads(train: Bank, held_out: Bank) -> dict[str, Any]:
    """Compare maps of 19 electrodes with those of held-out people, for eyes and muscles.

    Maps are of the average reference, of a norm of one, without a sign.
    """
    rng = np.random.default_rng(0)
    rows = {}
    for label in ("eye", "muscle"):
        known, wanted = (find_maps(bank, label) for bank in (train, held_out))
        sets = {
            "other people": known,
            "head model": make_by_head_model(label, rng),
            "learned": make_by_mixture(known, rng),
        }
        rows[label] = {
            name: {
                "covariance": compare_covariances(maps[:, :, None], wanted[:, :, None]),
                "mmd": measure_mmd(*(match_signs(x, wanted) for x in (maps, wanted))),
                "n": len(maps),
            }
            for name, maps in sets.items()
        } | {"n held-out": len(wanted)}
    return rows


def find_maps(bank: Bank, label: str) -> np.ndarray:
    """Find maps of real components at the 10-20 electrodes, shape (n_maps, 19)."""
    found = []
    for field in bank.fields:
        names = {OLD.get(name, name).casefold(): n for n, name in enumerate(field.ch_names)}
        if field.kind == label and all(name.casefold() in names for name in TEN_TWENTY):
            picks = [names[name.casefold()] for name in TEN_TWENTY]
            found += list(field.maps[:, picks].astype(float))
    return normalise(np.array(found))


def make_by_head_model(label: str, rng: np.random.Generator) -> np.ndarray:
    """Draw sources as `LearnedArtifacts` does."""
    positions = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    electrodes = Electrodes(TEN_TWENTY, positions, 128.0)
    draws = [draw_spread(electrodes, label, rng) for _ in range(COUNT)]
    return normalise(np.array([maps[rng.integers(len(maps))] for maps in draws]))


def make_by_mixture(known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw from a mixture of Gaussians over spherical harmonics, fitted to maps of people.

    Harmonics carry it to any electrodes; few maps want few components and a shrunken covariance.
    """
    positions = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    basis = make_harmonics(positions)
    penalty = 1e-2 * np.diag([(1 + n) ** 2 for n in range(DEGREE + 1) for _ in range(2 * n + 1)])
    known = match_signs(known, known)
    weights = np.linalg.solve(basis.T @ basis + penalty, basis.T @ known.T).T
    n_parts = max(1, min(4, len(known) // 8))
    centres, mine = kmeans2(weights, n_parts, minit="++", seed=0)
    rest = weights - centres[mine]
    spread = rest.T @ rest / len(rest)
    spread = 0.7 * spread + 0.3 * np.diag(np.diag(spread))
    chosen = rng.choice(mine, COUNT)
    drawn = centres[chosen] + rng.multivariate_normal(np.zeros(len(spread)), spread, COUNT)
    return normalise(drawn @ basis.T)


def make_harmonics(positions: np.ndarray) -> np.ndarray:
    """Real spherical harmonics at electrodes, shape (n_channels, n_harmonics)."""
    x, y, z = (carry_to_template(positions) - CENTRE).T
    polar, azimuth = np.arccos(z / np.sqrt(x**2 + y**2 + z**2)), np.arctan2(y, x)
    columns = []
    for n in range(DEGREE + 1):
        for m in range(-n, n + 1):
            value = sph_harm_y(n, abs(m), polar, azimuth)
            columns.append(value.imag if m < 0 else value.real)
    return np.array(columns).T


def normalise(maps: np.ndarray) -> np.ndarray:
    """Bring maps to the average reference and a norm of one."""
    maps = maps - maps.mean(axis=1, keepdims=True)
    return maps / np.maximum(np.linalg.norm(maps, axis=1, keepdims=True), 1e-12)


def match_signs(maps: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Turn maps to one side of the direction in which the wanted ones vary most."""
    axis = np.linalg.svd(wanted, full_matrices=False)[2][0]
    return maps * np.where(maps @ axis < 0, -1.0, 1.0)[:, None]
