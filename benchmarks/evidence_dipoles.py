"""Where a dipole is found, as it is, denoised by ICA and ICLabel, and by this package."""

from __future__ import annotations

from collections.abc import Callable

import mne
import numpy as np
from peers import clean_with_ica
from scipy.stats import binomtest

from mne_artdenoise.localisation import METHODS, measure_errors, simulate_source

Cleaner = Callable[[mne.io.BaseRaw], mne.io.BaseRaw]


def tell_dipoles(info: mne.Info, denoise: Cleaner, n_seeds: int) -> None:
    """Tell where a dipole is found, median and quartiles over seeds, in millimetres."""
    ways: dict[str, Cleaner] = {
        "as it is": lambda raw: raw,
        "ICA + ICLabel": clean_with_ica,
        "this package": denoise,
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ("truth", *ways)}
    for seed in range(n_seeds):
        simulation = simulate_source(info, rng=seed)
        found["truth"].append(measure_errors(simulation.truth, simulation))
        for name, clean in ways.items():
            found[name].append(measure_errors(clean(simulation.raw.copy()), simulation))
    tell_errors(found, len(info["ch_names"]))


def tell_errors(found: dict[str, list[dict[str, float]]], n_channels: int) -> None:
    """Print distances, and how they compare with those after ICA."""
    n_seeds = len(found["truth"])
    print(
        f"Distance between a dipole and where it is found: median [quartiles] over {n_seeds} "
        f"simulated people with one dipole each; {n_channels} channels, 60 trials, a response of 8 "
        "µV, blinks, eye movements and muscle. *Truth* is the same without artifacts.\n"
    )
    print(f"| | {' | '.join(METHODS)} |")
    print("|---|---|---|---|")
    for name, errors in found.items():
        cells = []
        for method in METHODS:
            low, middle, high = np.quantile([1e3 * e[method] for e in errors], [0.25, 0.5, 0.75])
            cells.append(f"{middle:.1f} [{low:.1f}, {high:.1f}] mm")
        print(f"| {name} | {' | '.join(cells)} |")
    for method in METHODS:
        ours, peer = (
            np.array([1e3 * e[method] for e in found[name]])
            for name in ("this package", "ICA + ICLabel")
        )
        low, high = binomtest(int((ours <= peer).sum()), n_seeds).proportion_ci(0.95)
        print(
            f"\n{method}: this package minus ICA + ICLabel, {np.median(ours - peer):+.1f} mm in "
            f"the median; as near or nearer in {(ours <= peer).sum()} of {n_seeds} "
            f"({100 * low:.0f} to {100 * high:.0f} % with 95 % confidence)."
        )
