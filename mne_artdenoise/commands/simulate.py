"""The command ``simulate``: a recording with its truth, in files."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import RAW_ENDINGS, check_targets, has_ending, write_whole

if TYPE_CHECKING:
    import mne

# 10-10 names of the simulated recording.
SIMULATED_NAMES = (
    *("Fp1", "Fp2", "AF3", "AF4", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6"),
    *("T7", "C3", "Cz", "C4", "T8", "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8"),
    *("PO3", "PO4", "O1", "Oz", "O2"),
)
DEFAULT_OUT = Path("simulated_raw.fif")


def add_simulate(commands: Any) -> None:
    """Add the command that simulates a recording."""
    about = (
        "Simulate a recording, and write beside it its brain (..._truth_raw.fif) and what was "
        "added to it (..._artifact_raw.fif), with annotations that say what and where."
    )
    simulate = commands.add_parser("simulate", help="simulate a recording", description=about)
    simulate.set_defaults(run=run_simulate, figure=None, report=None)
    add = simulate.add_argument
    add("target", nargs="?", type=Path, metavar="OUT", default=DEFAULT_OUT,
        help="FIF file (default: %(default)s)")  # fmt: skip
    add("--artifacts", nargs="*", default=["eye", "muscle"], metavar="KIND",
        help="kinds or groups of them, such as eye, blink, muscle, heart, line; a name that is "
        "not known lists all (default: eye muscle)")  # fmt: skip
    add("--snr-db", type=read_snr, default=-3.0, metavar="DB",
        help="power of brain over artifacts in decibels, or none for artifacts as large as they "
        "are in people (default: %(default)g)")  # fmt: skip
    add("--duration", type=float, default=60.0, metavar="S", help="seconds (default: %(default)g)")
    add("--sfreq", type=float, default=250.0, metavar="HZ", help="rate (default: %(default)g)")
    add("--montage", metavar="NAME", help="montage of MNE-Python (default: 32 channels of 10-10)")
    add("--seed", type=int, default=0, help="seed of the recording (default: 0)")
    add("--overwrite", action="store_true", help="replace files that exist")


def run_simulate(args: argparse.Namespace) -> None:
    """Simulate a recording, and write its three parts."""
    if not has_ending(args.target, RAW_ENDINGS):
        raise ValueError(f"OUT must end in {' or '.join(RAW_ENDINGS)}, got {args.target}.")
    targets = [name_part(args.target, part) for part in ("", "truth", "artifact")]
    check_targets(targets, args)
    from mne_artdenoise.synthesis import simulate_raw

    info = make_simulated_info(args.sfreq, args.montage)
    parts = simulate_raw(
        info, args.duration, artifacts=args.artifacts, snr_db=args.snr_db, rng=args.seed
    )
    print(
        f"simulated {len(info['ch_names'])} channels, {args.duration:g} s at {args.sfreq:g} Hz "
        f"(seed {args.seed}): {count_spans(parts[0])}"
    )
    for part, target in zip(parts, targets, strict=True):
        # In double precision, so that the parts add up as they did.
        write_whole(target, partial(part.save, fmt="double"))


def read_snr(word: str) -> float | None:
    """Read a number of decibels, or none."""
    return None if word.lower() == "none" else float(word)


def name_part(target: Path, part: str) -> Path:
    """Name one part of a recording after the whole."""
    ending = next(end for end in RAW_ENDINGS if has_ending(target, [end]))
    stem, _, packed = target.name.rpartition(ending)
    return target.with_name(f"{stem}{'_' if part else ''}{part}{ending}{packed}")


def count_spans(raw: mne.io.BaseRaw) -> str:
    """Tell how often each artifact is in a recording."""
    names = list(raw.annotations.description)
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names)) or "brain only"


def make_simulated_info(sfreq: float, montage: str | None = None) -> mne.Info:
    """Make the channels of a montage, or of the usual simulated recording."""
    import mne

    if montage is not None:
        made = mne.channels.make_standard_montage(montage)
        info = mne.create_info(made.ch_names, sfreq, "eeg")
        return info.set_montage(made)
    info = mne.create_info(list(SIMULATED_NAMES), sfreq, "eeg")
    # MNE 1.13 renamed standard_1005 (same positions), and warns of the old name.
    known = mne.channels.get_builtin_montages()
    return info.set_montage("colin27_1005" if "colin27_1005" in known else "standard_1005")
