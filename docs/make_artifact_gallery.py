"""Draw each kind of artifact that formulas make: trace, topography and spectrum.

``python docs/make_artifact_gallery.py --out FOLDER [--kinds blink heart]`` writes one picture per
kind, as the page on artifacts shows them. The documentation draws them when it is built.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import mne
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import welch

from mne_artdenoise.synthesis.artifacts import KINDS, REPLACING, make_artifact
from mne_artdenoise.synthesis.brain import make_brain

SFREQ = 500.0
DURATION = 10.0
MONTAGE = "biosemi64"
RECORDED, BRAIN = "#1a1a1a", "#56B4E9"  # told apart by all kinds of colour vision, and in grey
BRAIN_SEED = 5


@dataclass(frozen=True)
class Panel:
    """What of a kind is shown.

    Attributes
    ----------
    channels : tuple of str
        Shown as traces, from front to back or left to right.
    spacing : float
        Between traces, in microvolts.
    signed : bool
        Whether the map is that of one pattern with its signs, or of root mean squares.
    seed : int
        Of the artifact: one with something to see in these ten seconds.
    physical : mapping
        Parameters that are not the defaults.
    lowest : float
        Frequency at which the spectrum begins, in hertz.
    average : bool
        Whether the average of the electrodes is subtracted.
    stop : float
        When the traces end, in seconds.
    """

    channels: tuple[str, ...]
    spacing: float = 100.0
    signed: bool = True
    seed: int = 1
    physical: Mapping[str, Any] = field(default_factory=dict)
    lowest: float = 0.5
    average: bool = True
    stop: float = DURATION


FRONT_TO_BACK = ("Fp1", "Fp2", "F3", "F4", "Cz", "Pz", "O1", "O2")
SIDE_TO_SIDE = ("F7", "F8", "Fp1", "Fp2", "T7", "T8", "Cz", "Oz")
TEMPLES = ("F7", "FT7", "T7", "F8", "FT8", "T8", "Cz", "Oz")
ALL_AROUND = ("Fp1", "F7", "T7", "P7", "O1", "Cz", "O2", "T8")
AT_T7 = {"channels": ["T7"]}

PANELS: dict[str, Panel] = {
    "blink": Panel(FRONT_TO_BACK, seed=11),
    "horizontal saccade": Panel(SIDE_TO_SIDE, seed=8),
    "vertical saccade": Panel(FRONT_TO_BACK, seed=12),
    "slow eye movement": Panel(SIDE_TO_SIDE, lowest=0.1),
    "muscle": Panel(
        TEMPLES, signed=False, seed=10, physical={"muscle": "temporal", "side": "left"}
    ),
    "chewing": Panel(TEMPLES, signed=False, seed=6),
    "jaw clench": Panel(TEMPLES, signed=False, seed=13),
    "shiver": Panel(("T7", "T8", "P9", "P10", "Iz", "O1", "O2", "Cz"), signed=False, seed=7),
    "heart": Panel(
        ("F7", "T7", "P9", "Cz", "Oz", "P10", "T8", "F8"), 40.0, physical={"amplitude": 25e-6}
    ),
    "pulse": Panel(
        ("Fp1", "AF7", "F7", "FT7", "T7", "Cz", "T8", "Oz"), physical={"electrode": "FT7"},
        lowest=0.3,
    ),
    "pop": Panel(ALL_AROUND, 150.0, physical={**AT_T7, "rate": 20.0}, seed=4),
    "cable motion": Panel(ALL_AROUND, 200.0, seed=9, lowest=0.3),
    "cap motion": Panel(ALL_AROUND, 250.0, signed=False, lowest=0.3),
    "drift": Panel(ALL_AROUND, lowest=0.1),
    "sweat": Panel(SIDE_TO_SIDE, lowest=0.1),
    "line": Panel(ALL_AROUND, 25.0, signed=False, lowest=1.0, average=False, stop=1.0),
    "impedance": Panel(ALL_AROUND, signed=False, physical={"channels": ["T7", "O2"]}),
    "flat": Panel(
        ALL_AROUND, 40.0, signed=False, physical={**AT_T7, "duration": 5.0}, average=False
    ),
    "dead": Panel(
        ALL_AROUND, 40.0, signed=False, physical={**AT_T7, "duration": 5.0}, average=False
    ),
}  # fmt: skip


def main() -> None:
    """Write a picture of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "generated/artifacts")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    args = parser.parse_args()
    draw_gallery(args.out, args.kinds)


def draw_gallery(out: Path, kinds: list[str] | None = None) -> list[Path]:
    """Write ``<kind>.png`` of each kind, with a hyphen for each space, into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    montage = mne.channels.make_standard_montage(MONTAGE)
    info = mne.create_info(montage.ch_names, SFREQ, "eeg", verbose="error").set_montage(montage)
    clean = make_brain(info, round(DURATION * SFREQ), BRAIN_SEED, eyes="open")
    clean -= clean.mean(axis=0)
    written = []
    for kind in kinds or KINDS:
        figure = draw_kind(kind, info, clean)
        written.append(out / f"{kind.replace(' ', '-')}.png")
        figure.savefig(written[-1], dpi=100)
        plt.close(figure)
    return written


def draw_kind(kind: str, info: mne.Info, clean: np.ndarray) -> Figure:
    """Draw one kind over a brain."""
    panel = PANELS[kind]
    own = {"clean": clean} if kind in REPLACING else {}
    artifact = make_artifact(kind, info, clean.shape[1], panel.seed, **panel.physical, **own)
    if panel.average:
        artifact = artifact - artifact.mean(axis=0)
    style = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    with plt.rc_context(style):
        figure, axes = plt.subplots(
            1, 3, figsize=(11, 3.8), width_ratios=(3.2, 1.0, 1.3), layout="constrained"
        )
        draw_traces(axes[0], info, clean, artifact, panel)
        draw_map(axes[1], info, artifact, panel)
        draw_spectra(axes[2], info, clean, artifact, panel)
    return figure


def draw_traces(
    axis: Axes, info: mne.Info, clean: np.ndarray, artifact: np.ndarray, panel: Panel
) -> None:
    """Draw what is recorded, and under it the brain alone: seen where they differ."""
    times = np.arange(round(panel.stop * info["sfreq"])) / info["sfreq"]
    for place, name in enumerate(panel.channels):
        row, base = info["ch_names"].index(name), -panel.spacing * place
        for signal, colour in ((clean, BRAIN), (clean + artifact, RECORDED)):
            wave = base + 1e6 * signal[row, : len(times)]
            axis.plot(times, wave, color=colour, linewidth=0.8)
    bases = -panel.spacing * np.arange(len(panel.channels))
    axis.set_yticks(bases, panel.channels)
    axis.set(xlim=(0, panel.stop), ylim=(bases[-1] - 1.5 * panel.spacing, 2 * panel.spacing))
    axis.set(
        xlabel="time (s)", title=f"recorded, and brain alone (blue); {panel.spacing:g} µV apart"
    )


def draw_map(axis: Axes, info: mne.Info, artifact: np.ndarray, panel: Panel) -> None:
    """Draw where the artifact is: its strongest pattern at its peak, or how large it is."""
    if panel.signed:
        maps, sizes, waves = np.linalg.svd(artifact, full_matrices=False)
        peak = np.argmax(np.abs(waves[0]))
        shown = 1e6 * maps[:, 0] * sizes[0] * waves[0, peak]
        limit, title, colours = np.abs(shown).max(), "strongest pattern (µV)", "RdBu_r"
        limits = (-limit, limit)
    else:
        active = np.abs(artifact).max(axis=0) > 0
        shown = 1e6 * artifact[:, active].std(axis=1)
        title, colours, limits = "size, RMS (µV)", "Reds", (0, shown.max())
    # Linear, as one that is smooth shows next to a single loud electrode what is not there.
    image, _ = mne.viz.plot_topomap(
        shown, info, axes=axis, show=False, cmap=colours, vlim=limits, contours=0,
        image_interp="linear",
    )  # fmt: skip
    axis.set_title(title)
    axis.figure.colorbar(image, ax=axis, orientation="horizontal", shrink=0.8, pad=0.02)


def draw_spectra(
    axis: Axes, info: mne.Info, clean: np.ndarray, artifact: np.ndarray, panel: Panel
) -> None:
    """Draw the power of the channel shown that has most of it, with and without the artifact."""
    rows = [info["ch_names"].index(name) for name in panel.channels]
    row = rows[np.argmax(np.square(artifact[rows]).sum(axis=1))]
    length = min(clean.shape[1], round(2 / panel.lowest * SFREQ))
    shown = (("recorded", clean + artifact, RECORDED), ("brain alone", clean, BRAIN))
    for label, signal, colour in shown:
        frequency, power = welch(1e6 * signal[row], SFREQ, nperseg=length)
        inside = (frequency >= panel.lowest) & (frequency <= 200)
        axis.loglog(frequency[inside], power[inside], color=colour, linewidth=1.2, label=label)
    axis.set(title=f"spectrum at {info['ch_names'][row]}", xlabel="frequency (Hz)")
    axis.set(ylabel="µV²/Hz", xlim=(panel.lowest, 200))
    axis.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
