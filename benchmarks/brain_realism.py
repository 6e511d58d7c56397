"""Simulated brains beside real ones: ``benchmarks/brain_realism.py --data DATA --out figure.png``.

Real are the recordings at rest (``_1``, three minutes) of the eegmat set: 19 electrodes, cleaned
with ICA by its authors, 0.5 to 45 Hz (doi:10.13026/C2JQ1P; DATA holds the folder ``eegmat``).
Simulated is ``make_brain`` with its defaults at the same electrodes, one brain for each seed. Both
are taken against their average. The defaults were chosen on the people of ``--people train``;
those of ``held-out`` only score.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
from scipy.signal import butter, hilbert, sosfiltfilt, welch

from mne_artdenoise.synthesis.brain import make_brain
from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes
from mne_artdenoise.synthesis.sites import TEN_TWENTY

# As in examples/training/any-montage-v1.py.
HELD_OUT = tuple(f"Subject{n:02d}" for n in (3, 7, 12, 17, 22, 26, 30, 33))
LEFT_OUT = ("Subject14", "Subject25")
OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
BANDS = {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, 40)}
REGIONS = {
    "back (O1 O2)": ("O1", "O2"),
    "middle (C3 Cz C4)": ("C3", "Cz", "C4"),
    "front (Fp1 Fp2 F7 F8)": ("Fp1", "Fp2", "F7", "F8"),
}
EDGES = np.array([0.04, 0.06, 0.08, 0.10, 0.12, 0.14, 0.16, 0.20])  # metres
REAL, SIMULATED = "#0072B2", "#D55E00"  # told apart by all kinds of colour vision


@dataclass(frozen=True)
class Measures:
    """What is measured of one brain, per electrode in the order of TEN_TWENTY or as one number."""

    frequency: np.ndarray
    spectrum: np.ndarray
    amplitude: np.ndarray
    slope: np.ndarray
    shares: dict[str, np.ndarray]
    likeness: dict[str, np.ndarray]
    waxing: float
    peak: float
    excerpt: np.ndarray


def main() -> None:
    """Measure both, print the tables, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", choices=("train", "held-out"), default="train")
    parser.add_argument("--brains", type=int, default=40, help="how many to simulate")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    electrodes, real = read_people(args.data, args.people == "held-out")
    away = np.linalg.norm(electrodes.positions[:, None] - electrodes.positions, axis=-1)
    n_times = round(180 * electrodes.sfreq)
    simulated = [
        measure_brain(make_brain(electrodes, n_times, seed), electrodes.sfreq)
        for seed in range(args.brains)
    ]
    print(f"{len(real)} people ({args.people}) and {len(simulated)} simulated brains\n")
    print_numbers(real, simulated)
    print_likeness(real, simulated, away)
    draw_figure(real, simulated, away, electrodes.sfreq).savefig(args.out, dpi=110)


def read_people(data: Path, held_out: bool) -> tuple[Electrodes, list[Measures]]:
    """Read and measure the recordings at rest of one part of the people."""
    people = []
    for path in sorted((data / "eegmat").glob("*_1_*raw.fif.gz")):
        subject = path.name.split("_")[0]
        if subject in LEFT_OUT or (subject in HELD_OUT) != held_out:
            continue
        raw = mne.io.read_raw_fif(path, preload=True)
        raw.rename_channels(lambda name: name.removeprefix("EEG "))
        raw.rename_channels({old: new for old, new in OLD_NAMES.items() if old in raw.ch_names})
        raw.pick(list(TEN_TWENTY)).set_montage("colin27_1005")
        people.append(measure_brain(raw.get_data(), raw.info["sfreq"]))
    return read_electrodes(raw.info), people


def measure_brain(x: np.ndarray, sfreq: float) -> Measures:
    """Measure a recording of the electrodes of TEN_TWENTY, in volts."""
    x = 1e6 * (x - x.mean(axis=0))
    frequency, spectrum = welch(x, fs=sfreq, nperseg=round(4 * sfreq))
    usual = (frequency >= 1) & (frequency < 40)
    total = spectrum[:, usual].sum(axis=1)
    # A line through what is neither alpha nor near it.
    straight = (frequency >= 2) & (frequency <= 40) & ((frequency < 6.5) | (frequency > 14.5))
    logs = np.log(frequency[straight])
    back = [TEN_TWENTY.index(name) for name in ("O1", "O2")]
    alpha = np.abs(hilbert(filter_band(x[back], BANDS["alpha"], sfreq)))
    inside = (frequency >= 7) & (frequency <= 13.5)
    raised = (spectrum[back].mean(axis=0) * frequency)[inside]
    return Measures(
        frequency=frequency,
        spectrum=spectrum,
        amplitude=np.sqrt(total * frequency[1]),
        slope=np.array([-np.polyfit(logs, np.log(row[straight]), 1)[0] for row in spectrum]),
        shares={
            name: spectrum[:, (frequency >= low) & (frequency < high)].sum(axis=1) / total
            for name, (low, high) in BANDS.items()
        },
        likeness={
            name: np.corrcoef(filter_band(x, band, sfreq))
            for name, band in ({"1-40 Hz": (1, 40)} | BANDS).items()
        },
        waxing=float(np.mean(alpha.std(axis=1) / alpha.mean(axis=1))),
        peak=float(frequency[inside][np.argmax(raised)]),
        excerpt=x[:, round(30 * sfreq) : round(34 * sfreq)],
    )


def filter_band(x: np.ndarray, band: tuple[float, float], sfreq: float) -> np.ndarray:
    """Let pass a band, without delay."""
    return sosfiltfilt(butter(3, band, "bandpass", fs=sfreq, output="sos"), x)


def print_numbers(real: list[Measures], simulated: list[Measures]) -> None:
    """Median of people, each the median of electrodes, and the range of the middle 80 %."""
    rows: dict[str, Callable[[Measures], float]] = {
        "amplitude, 1-40 Hz, µV": lambda one: np.median(one.amplitude),
        "differs between electrodes by, part": lambda one: (
            one.amplitude.std() / np.median(one.amplitude)
        ),
        "slope, 2-40 Hz without alpha": lambda one: np.median(one.slope),
        **{
            f"{name}, share of power": lambda one, name=name: np.median(one.shares[name])
            for name in BANDS
        },
        "alpha at O1 O2, share": lambda one: one.shares["alpha"][-2:].mean(),
        "alpha peak, Hz": lambda one: one.peak,
        "alpha envelope, deviation / mean": lambda one: one.waxing,
    }
    print("| | real | 10-90 % | simulated | 10-90 % |\n|---|---|---|---|---|")
    for name, find in rows.items():
        cells = []
        for brains in (real, simulated):
            low, middle, high = np.percentile([find(one) for one in brains], [10, 50, 90])
            cells += [f"{middle:.3g}", f"{low:.3g} to {high:.3g}"]
        print(f"| {name} | {' | '.join(cells)} |")


def print_likeness(real: list[Measures], simulated: list[Measures], away: np.ndarray) -> None:
    """Mean correlation of electrodes by their distance."""
    heads = " | ".join(f"{100 * low:.0f}-{100 * high:.0f} cm" for low, high in pairwise(EDGES))
    print(f"\n| correlation | | {heads} |\n|---|---|{'---|' * (len(EDGES) - 1)}")
    for name in real[0].likeness:
        for label, brains in (("real", real), ("simulated", simulated)):
            mean = [f"{value:.2f}" for value in average_by_distance(brains, name, away)[0]]
            print(f"| {name} | {label} | {' | '.join(mean)} |")


def average_by_distance(
    brains: list[Measures], band: str, away: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation over pairs and people of correlations, shape (n_bins,) each."""
    every = np.array([one.likeness[band] for one in brains])
    pairs = [every[:, (away >= low) & (away < high)] for low, high in pairwise(EDGES)]
    return np.array([p.mean() for p in pairs]), np.array([p.std() for p in pairs])


def draw_figure(
    real: list[Measures], simulated: list[Measures], away: np.ndarray, sfreq: float
) -> plt.Figure:
    """Draw spectra, correlations, amplitudes, shares of bands and four seconds of each sort."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(3, 3, figsize=(13, 11.5), layout="constrained")
    both = (("real", real, REAL, "-"), ("simulated", simulated, SIMULATED, "--"))
    for number, (label, brains, colour, dashes) in enumerate(both):
        style = {"color": colour, "linestyle": dashes, "label": label}
        for axis, (region, names) in zip(axes[0], REGIONS.items(), strict=True):
            draw_spectrum(axis, brains, names, style)
            axis.set(title=region, xlabel="frequency (Hz)")
        draw_likeness(axes[1, 0], brains, away, style)
        amplitudes = np.array([one.amplitude for one in brains])
        draw_ranges(axes[1, 1], amplitudes, TEN_TWENTY, number, style)
        shares = np.array([[np.median(s) for s in one.shares.values()] for one in brains])
        draw_ranges(axes[1, 2], shares, tuple(BANDS), number, style)
        usual = sorted(brains, key=lambda one: one.shares["alpha"][-2:].mean())[len(brains) // 2]
        draw_excerpt(axes[2, number], usual.excerpt, sfreq, style)
    axes[0, 0].set_ylabel("power density (µV²/Hz)")
    axes[1, 0].set(title="correlation of electrodes, 1-40 Hz", xlabel="distance (cm)")
    axes[1, 0].axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes[1, 1].set(title="amplitude, 1-40 Hz (µV)", ylim=(0, None))
    axes[1, 1].tick_params(axis="x", rotation=90)
    axes[1, 2].set(title="share of power (median electrode)", ylim=(0, None))
    axes[0, 0].legend(frameon=False)
    slopes = [[np.median(one.slope) for one in brains] for brains in (real, simulated)]
    draw_slopes(axes[2, 2], slopes)
    figure.suptitle(
        f"Brains at rest: {len(real)} real people (eegmat) and {len(simulated)} simulated; "
        "median and the middle 80 % of them"
    )
    return figure


def draw_spectrum(
    axis: plt.Axes, brains: list[Measures], names: tuple[str, ...], style: dict[str, str]
) -> None:
    """Median spectrum of some electrodes, and where 80 % of the brains are."""
    rows = [TEN_TWENTY.index(name) for name in names]
    frequency = brains[0].frequency
    shown = (frequency >= 0.5) & (frequency <= 45)
    spectra = np.array([one.spectrum[rows].mean(axis=0) for one in brains])[:, shown]
    low, middle, high = np.percentile(spectra, [10, 50, 90], axis=0)
    axis.fill_between(frequency[shown], low, high, color=style["color"], alpha=0.18, linewidth=0)
    axis.loglog(frequency[shown], middle, **style, linewidth=2)
    axis.set(ylim=(0.01, 100), xticks=[1, 2, 5, 10, 20, 40], xticklabels=[1, 2, 5, 10, 20, 40])
    axis.minorticks_off()


def draw_likeness(
    axis: plt.Axes, brains: list[Measures], away: np.ndarray, style: dict[str, str]
) -> None:
    """Correlation by distance, with the deviation of pairs."""
    mean, deviation = average_by_distance(brains, "1-40 Hz", away)
    middles = 50 * (EDGES[:-1] + EDGES[1:])
    axis.fill_between(
        middles, mean - deviation, mean + deviation, color=style["color"], alpha=0.18, linewidth=0
    )
    axis.plot(middles, mean, **style, linewidth=2, marker="o")


def draw_ranges(
    axis: plt.Axes, values: np.ndarray, names: tuple[str, ...], number: int, style: dict[str, str]
) -> None:
    """Median and the middle 80 % of each column of ``values``, side by side for both sorts."""
    low, middle, high = np.percentile(values, [10, 50, 90], axis=0)
    places = np.arange(len(names)) + (0.3 * number - 0.15)
    marker = "o" if number == 0 else "D"
    axis.vlines(places, low, high, color=style["color"], alpha=0.5, linewidth=2.5)
    axis.plot(places, middle, marker, color=style["color"], markersize=5)
    axis.set_xticks(np.arange(len(names)), names)


def draw_excerpt(axis: plt.Axes, excerpt: np.ndarray, sfreq: float, style: dict[str, str]) -> None:
    """Four seconds of some electrodes."""
    names = ("Fp1", "Fz", "C3", "Cz", "Pz", "O1", "O2")
    times = np.arange(excerpt.shape[1]) / sfreq
    for place, name in enumerate(names):
        wave = excerpt[TEN_TWENTY.index(name)]
        axis.plot(times, wave - wave.mean() - 40 * place, color=style["color"], linewidth=0.9)
    axis.set_yticks([-40 * place for place in range(len(names))], names)
    axis.set(
        title=f"{style['label']}: one with usual alpha, 40 µV apart",
        xlabel="time (s)",
        ylim=(-275, 40),
    )


def draw_slopes(axis: plt.Axes, slopes: list[list[float]]) -> None:
    """Slope of each brain."""
    rng = np.random.default_rng(0)
    for number, (values, colour) in enumerate(zip(slopes, (REAL, SIMULATED), strict=True)):
        places = number + rng.uniform(-0.12, 0.12, len(values))
        marker = "o" if number == 0 else "D"
        axis.plot(places, values, marker, color=colour, alpha=0.6, markersize=5)
        axis.hlines(np.median(values), number - 0.25, number + 0.25, color=colour, linewidth=2.5)
    axis.set_xticks([0, 1], ["real", "simulated"])
    axis.set(title="slope of the spectrum, 2-40 Hz without alpha", xlim=(-0.6, 1.6), ylim=(1, 2.2))


if __name__ == "__main__":
    main()
