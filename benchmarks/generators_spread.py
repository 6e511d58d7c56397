"""How artifacts spread over electrodes: the head model, beside a mixture fitted to maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from mne_artdenoise.networks.artifact_spread import ArtifactSpread
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.electrodes import Electrodes
from mne_artdenoise.synthesis.fidelity import compare_covariances, measure_mmd
from mne_artdenoise.synthesis.sites import SITES, TEN_TWENTY
from mne_artdenoise.synthesis.spread import draw_spread
from mne_artdenoise.synthesis.spread_mixture import draw_mixture
from mne_artdenoise.weights import load_network

OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
COUNT = 300


def compare_spreads(train: Bank, held_out: Bank) -> dict[str, Any]:
    """Compare maps of 19 electrodes with those of held-out people, for eyes and muscles.

    Maps are of the average reference, of a norm of one, and turned to one side.
    """
    rng = np.random.default_rng(0)
    rows = {}
    for label in ("eye", "muscle"):
        known, wanted = (find_maps(bank, label) for bank in (train, held_out))
        sets = {
            "other people": known,
            "head model": make_by_head_model(label, rng),
            "mixture": make_by_mixture(label, rng),
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
    draws = [draw_spread(find_electrodes(), label, rng) for _ in range(COUNT)]
    return normalise(np.array([maps[rng.integers(len(maps))] for maps in draws]))


def make_by_mixture(label: str, rng: np.random.Generator) -> np.ndarray:
    """Draw sources as the released mixture does."""
    network = load_network("artifact-spread-v1")
    if not isinstance(network, ArtifactSpread):
        raise TypeError("artifact-spread-v1 is no ArtifactSpread")
    draws = [draw_mixture(network, find_electrodes(), label, rng) for _ in range(COUNT)]
    return normalise(np.array([maps[rng.integers(len(maps))] for maps in draws]))


def find_electrodes() -> Electrodes:
    """Give the 10-20 electrodes of the template."""
    positions = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    return Electrodes(TEN_TWENTY, positions, 128.0)


def normalise(maps: np.ndarray) -> np.ndarray:
    """Bring maps to the average reference and a norm of one."""
    maps = maps - maps.mean(axis=1, keepdims=True)
    return maps / np.maximum(np.linalg.norm(maps, axis=1, keepdims=True), 1e-12)


def match_signs(maps: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Turn maps to one side of the direction in which the wanted ones vary most."""
    axis = np.linalg.svd(wanted, full_matrices=False)[2][0]
    return maps * np.where(maps @ axis < 0, -1.0, 1.0)[:, None]
