"""How like real artifacts those of the learned generators are: the tables and figures of the docs.

Run ``python benchmarks/generators.py --work WORK --banks BANKS --out OUT``. ``WORK`` holds the
segments that the recipes ``examples/training/artifact-*.py`` cut, ``BANKS`` the banks they were cut
from. Everything is against windows of held-out people; "other people" are real windows of training
people, as many: the floor. People of a label are drawn alike. Networks were fitted on training
people only.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from generators_spread import compare_spreads

from mne_artdenoise.networks.artifact_unet import ArtifactUNet
from mne_artdenoise.synthesis import LearnedArtifacts
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.electrodes import Electrodes
from mne_artdenoise.synthesis.fidelity import (
    classify_linearly,
    classify_nearest,
    compare_band_powers,
    compare_windows,
    describe,
    measure_band_powers,
    measure_mmd,
    score_balanced,
)
from mne_artdenoise.synthesis.fitting import TURNING
from mne_artdenoise.synthesis.segments import LABELS, SFREQ, Segments, limit_band
from mne_artdenoise.synthesis.sites import SITES, TEN_TWENTY

Windows = dict[str, np.ndarray]
SCALES = (0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 3.5)
CLASSIFIERS: dict[str, Callable[..., Any]] = {
    "5 nearest": classify_nearest,
    "linear": classify_linearly,
}


def main() -> None:
    """Measure, and write results.json, tables and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--banks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100, help="windows of each label")
    parser.add_argument("--draws", type=int, default=5, help="of so many windows")
    parser.add_argument("--few", type=int, default=16, help="windows of each point of the curve")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    train, held_out = (
        Segments.load(args.work / f"segments-{part}.npz") for part in ("train", "held-out")
    )
    generators = {kind: LearnedArtifacts(kind) for kind in ("gan", "diffusion")}
    runs = []
    for number in reversed(range(args.draws)):
        rng = np.random.default_rng(number)
        real = {"train": draw(train, args.count, rng), "held-out": draw(held_out, args.count, rng)}
        made = {kind: make(g, args.count, number + 1) for kind, g in generators.items()}
        made = {"other people": real["train"], **made}
        runs.append({name: score(x, real) for name, x in made.items()})
    results: dict[str, Any] = average(runs)
    results["curve"] = draw_curve(generators["diffusion"], real, args.few)
    results["recognition"] = measure_recognition(made, train, real["held-out"])
    results["seconds"] = {name: measure_time(g) for name, g in generators.items()}
    banks = [Bank.load(args.banks / f"{name}.npz") for name in ("train", "held-out")]
    results["spread"] = compare_spreads(*banks)
    (args.out / "generators.json").write_text(json.dumps(results, indent=1))
    draw_samples({"real": real["held-out"], **made}, args.out / "generators.png")
    plot_curve(results["curve"], args.out / "guidance.png")


def average(runs: list[Any]) -> Any:
    """Average the figures of several draws, which stand in dicts alike."""
    if isinstance(runs[0], dict):
        return {name: average([run[name] for run in runs]) for name in runs[0]}
    return float(np.mean(runs))


def draw(segments: Segments, count: int, rng: np.random.Generator) -> Windows:
    """Draw real windows of each label, people alike; what has no upside is turned by chance.

    So it is in training: made windows of these labels are as often upside down.
    """
    windows = {label: segments.windows[segments.draw(count, label, rng)] for label in LABELS}
    for label in TURNING:
        windows[label] = windows[label] * rng.choice([-1.0, 1.0], (count, 1))
    return prepare(windows)


def make(generator: LearnedArtifacts, count: int, seed: int = 1) -> Windows:
    """Make windows of each label."""
    return prepare({label: generator.sample([label] * count, seed) for label in LABELS})


def prepare(windows: Windows) -> Windows:
    """Bring windows to the band of their label, and a mean square of one.

    `generate` does so with what a network makes; the ends of a window then look as they do there,
    so real windows pass through the same filter.
    """
    limited = {label: limit_band(x.astype(float), SFREQ, label) for label, x in windows.items()}
    return {
        label: x / np.sqrt(np.square(x).mean(axis=1, keepdims=True)) for label, x in limited.items()
    }


def score(made: Windows, real: Mapping[str, Windows]) -> dict[str, Any]:
    """Compare made windows with those of held-out people, by label and over all of them."""
    theirs = real["held-out"]
    rows: dict[str, Any] = {
        label: compare_windows(made[label], theirs[label], SFREQ) for label in LABELS
    }
    over = {name: np.mean([rows[label][name] for label in LABELS]) for name in rows["eye"]}
    for label in LABELS:
        powers = {name: x.mean() for name, x in measure_band_powers(theirs[label], SFREQ).items()}
        rows[label]["shares"] = {name: x / sum(powers.values()) for name, x in powers.items()}
    # Bands over all labels: in one label a band may hold next to nothing of either.
    over.update(compare_band_powers(*(np.vstack(list(x.values())) for x in (made, theirs)), SFREQ))
    rows["all"] = over | {"mmd of all": measure_mmd(*map(stack, (made, theirs)))}
    rows["recovery"] = measure_recovery(
        made, real["train"] if made is not real["train"] else theirs
    )
    return rows


def describe_all(windows: Windows) -> Windows:
    """Describe the windows of each label."""
    return {label: describe(x, SFREQ) for label, x in windows.items()}


def stack(windows: Windows) -> np.ndarray:
    """Describe windows of all labels in one array."""
    return np.vstack(list(describe_all(windows).values()))


def number(windows: Windows) -> np.ndarray:
    """Give the class of each row of `stack`."""
    return np.repeat(np.arange(len(windows)), [len(x) for x in windows.values()])


def measure_recovery(made: Windows, known: Windows) -> dict[str, Any]:
    """Classify windows by classifiers fitted on known ones: balanced accuracy, and by label."""
    found: dict[str, Any] = {}
    for name, classify in CLASSIFIERS.items():
        labels = classify(stack(made), stack(known), number(known))
        true = number(made)
        shares = [np.mean(labels[true == c] == c) for c in range(len(LABELS))]
        found[name] = score_balanced(labels, true)
        found[f"{name} by label"] = dict(zip(LABELS, map(float, shares), strict=True))
    return found


def draw_curve(
    generator: LearnedArtifacts, real: Mapping[str, Windows], count: int
) -> list[dict[str, float]]:
    """Trade variety for recovery by guidance; variety is the distance within a label."""
    network = generator.network
    if not isinstance(network, ArtifactUNet):
        raise TypeError("only a diffusion is guided")
    deviation = stack(real["train"]).std(axis=0)
    wanted = describe_all(real["held-out"])
    rows = []
    for scale in SCALES:
        made = make(LearnedArtifacts("diffusion", network, guidance=scale, n_steps=25), count)
        features = describe_all(made)
        rows.append(
            {
                "guidance": scale,
                "recovery": measure_recovery(made, real["train"])["linear"],
                "variety": measure_variety(made, deviation),
                "mmd": float(
                    np.mean([measure_mmd(features[label], wanted[label]) for label in LABELS])
                ),
            }
        )
    rows.append({"real variety": measure_variety(real["held-out"], deviation)})
    return rows


def measure_variety(windows: Windows, deviation: np.ndarray) -> float:
    """Mean deviation of features within a label, in deviations over all labels."""
    parts = [x.std(axis=0) / deviation for x in describe_all(windows).values()]
    return float(np.mean(parts))


def measure_recognition(
    made: Mapping[str, Windows], train: Segments, wanted: Windows
) -> list[dict[str, Any]]:
    """Recognise windows of held-out people from few real ones, with and without made ones."""
    rows = []
    for count in (3, 10, 30):
        runs: dict[str, list[float]] = {"real alone": [], "gan": [], "diffusion": []}
        for seed in range(10):
            few = draw(train, count, np.random.default_rng(seed))
            for name, scores in runs.items():
                more = made.get(name)
                x, y = stack(few), number(few)
                if more is not None:
                    x, y = np.vstack([x, stack(more)]), np.concatenate([y, number(more)])
                scores.append(
                    score_balanced(classify_linearly(stack(wanted), x, y), number(wanted))
                )
        rows.append({"real windows": count} | {k: [np.mean(v), np.std(v)] for k, v in runs.items()})
    return rows


def measure_time(generator: LearnedArtifacts) -> dict[str, float]:
    """Time 64 artifacts of 4 s at 19 channels and 200 Hz, all labels alike."""
    positions = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    electrodes = Electrodes(TEN_TWENTY, positions, 200.0)
    labels = [LABELS[n % len(LABELS)] for n in range(64)]
    generator.generate_many(electrodes, 800, labels[:2], 0)
    began, used = time.perf_counter(), time.process_time()
    generator.generate_many(electrodes, 800, labels, 0)
    return {
        "wall": time.perf_counter() - began,
        "processor": time.process_time() - used,
        "threads": torch.get_num_threads(),
    }


def draw_samples(sets: Mapping[str, Windows], path: Path, rows: int = 2) -> None:
    """Plot windows of each set and label."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = {name: x for name, x in sets.items() if name != "other people"}
    size = (2.4 * len(LABELS), 0.95 * rows * len(shown))
    fig, axes = plt.subplots(rows * len(shown), len(LABELS), figsize=size, sharex=True)
    colours = dict(zip(shown, ("0.15", "C3", "C0"), strict=False))
    for column, label in enumerate(LABELS):
        axes[0, column].set_title(label)
        for block, (name, windows) in enumerate(shown.items()):
            for row in range(rows):
                ax = axes[block * rows + row, column]
                x = windows[label][row]
                ax.plot(np.arange(len(x)) / SFREQ, x, lw=0.5, color=colours[name])
                ax.set_yticks([])
                ax.spines[["top", "right", "left"]].set_visible(False)
                if not column and not row:
                    ax.set_ylabel(name, color=colours[name])
    for ax in axes[-1]:
        ax.set_xlabel("Time (s)")
    fig.tight_layout(h_pad=0.1)
    fig.savefig(path, dpi=110)


def plot_curve(rows: list[dict[str, float]], path: Path) -> None:
    """Plot recovery over variety, by guidance."""
    import matplotlib.pyplot as plt

    *points, real = rows
    fig, ax = plt.subplots(figsize=(4.2, 3), layout="constrained")
    x, y = ([point[name] for point in points] for name in ("variety", "recovery"))
    ax.plot(x, y, "o-", color="C0")
    for point in points:
        place = point["variety"], point["recovery"]
        ax.annotate(f"{point['guidance']:g}", place, xytext=(4, 4), textcoords="offset points")
    ax.axvline(real["real variety"], color="0.4", ls=":", label="variety of real windows")
    ax.set(xlabel="Variety within a label", ylabel="Recovery (balanced accuracy)")
    ax.legend(frameon=False, fontsize="small")
    fig.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
