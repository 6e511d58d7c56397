"""What denoising does to the brain, in figures: ``benchmarks/evidence.py --data DATA PART ...``.

Parts
-----
components
    Brain and eye components of real recordings (EEG Motor Movement/Imagery, raw, 64 channels): one
    ICA per person, of eyes open and closed together, unmixes each run before and after.
verdicts
    What the verdict says of good and of bad recordings.
truth
    Brain kept as it is reported, against the truth of simulated recordings, and brain that was put
    into what is removed.
erp
    Amplitude and latency of responses that are known, with blinks locked to a third of the stimuli.
dipoles
    Where a dipole is found, as it is, denoised by ICA and ICLabel, and by this package.
imagery
    Motor imagery decoded by CSP and LDA, raw and denoised.
cost
    Time and memory of a check of 64 channels and five minutes.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
from evidence_erp import tell_responses
from evidence_imagery import tell_imagery
from peers import clean_with_ica
from simulated_recording import simulate_recording

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.checks import check_preservation
from mne_artdenoise.components import check_components, label_removed
from mne_artdenoise.evidence.unmixing import choose_channels, fit_components, prepare
from mne_artdenoise.localisation import METHODS, measure_errors, simulate_source
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.verdict import judge_denoising

NAMES = [
    *("Fp1", "Fp2", "AF3", "AF4", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6"),
    *("T7", "C3", "Cz", "C4", "T8", "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8"),
    *("PO3", "PO4", "O1", "Oz", "O2"),
]


def main() -> None:
    """Print the parts that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--seeds", type=int, default=20, help="of dipoles (default: 20)")
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    for part in args.parts:
        print(f"\n## {part}\n", flush=True)
        PARTS[part](args)


def denoise(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Denoise as a user would, in one line."""
    return ArtifactDenoiser().fit_transform(raw)


def tell_components(args: argparse.Namespace) -> None:
    """Tell what was kept of brain and eye components of real recordings."""
    print("| run | brain: found | kept | at least | eye: found | removed | alpha | blinks left |")
    print("|---|---|---|---|---|---|---|---|")
    for subject in ("S001", "S002", "S003", "S004", "S079"):
        runs = [read_run(args.data, subject, run) for run in ("R01", "R02")]
        both = mne.concatenate_raws([raw.copy() for raw in runs])
        ica = fit_components(prepare(both, choose_channels(both.info)))
        for run, raw in zip(("R01", "R02"), runs, strict=True):
            clean = denoise(raw)
            check = check_components(raw, clean, ica=ica)
            values = {row.name: row.values for row in check_preservation(raw, clean)}
            eye = check.find("eye")
            gone = 1 - check.after[eye].sum() / check.before[eye].sum() if len(eye) else np.nan
            print(
                f"| {subject}{run} | {len(check.brain)} | {tell_share(check.brain_kept)} "
                f"| {tell_share(check.brain_kept_at_least)} | {len(eye)} | {tell_share(gone)} "
                f"| {tell_share(values['Alpha peak'].get('change', np.nan))} "
                f"| {tell_share(values['Blinks left'].get('left', np.nan))} |",
                flush=True,
            )


def tell_share(value: float | None) -> str:
    """Write a share in per cent."""
    return "-" if value is None or np.isnan(value) else f"{100 * value:.1f} %"


def tell_verdicts(args: argparse.Namespace) -> None:
    """Tell what the verdict says of good and of bad recordings."""
    for name, raw in read_good_and_bad(args.data):
        print(f"**{name}**\n\n```\n{judge_denoising(raw, denoise(raw))}\n```\n", flush=True)


def read_good_and_bad(data: Path) -> list[tuple[str, mne.io.BaseRaw]]:
    """Read recordings of which some should not be trusted."""
    found = [(f"{s}R01", read_run(data, s, "R01")) for s in ("S001", "S002", "S079")]
    patterns = (
        *("eegmat/Subject03_1*", "adhd_ieee/adhd-003*", "adhd_ieee/control-035*"),
        *("muse_eeg_notebooks/N170_subject10*", "muse_eeg_notebooks/cueing_subject203*"),
    )
    for pattern in patterns:
        path = next(data.glob(pattern))
        raw = mne.io.read_raw(path).pick("eeg").crop(0, 60).load_data()
        raw.set_montage("colin27_1005", match_case=False)
        found.append((path.name.split("_raw")[0], raw))
    return found


def read_run(data: Path, subject: str, run: str) -> mne.io.BaseRaw:
    """Read one run of the EEG Motor Movement/Imagery set."""
    raw = mne.io.read_raw_edf(next(data.rglob(f"{subject}{run}.edf")), preload=True)
    mne.datasets.eegbci.standardize(raw)
    return raw.set_montage("colin27_1005")


def make_info(sfreq: float = 250.0) -> mne.Info:
    """Make the channels of the simulated recordings."""
    return mne.create_info(NAMES, sfreq, "eeg").set_montage("colin27_1005")


def tell_truth(args: argparse.Namespace) -> None:
    """Compare brain kept as reported with the truth, for losses that are known."""
    print("| seed | loss put in | true | reported | at least |")
    print("|---|---|---|---|---|")
    for seed in range(4):
        raw, truth, artifact = simulate_raw(make_info(), 120.0, rng=seed)
        x, a = truth.get_data(), artifact.get_data()
        gate = np.abs(a).max(axis=0) > 20e-6
        losses = {
            "none": 0 * x,
            "5 % of amplitude": 0.05 * x,
            "30 % where artifact is": 0.3 * gate * x,
        }
        ica = None
        for name, lost in losses.items():
            check = check_components(raw, subtract(raw, 0.97 * a + lost), ica=ica)
            ica = check.ica
            true = (x - lost).var(axis=1).sum() / x.var(axis=1).sum()
            print(
                f"| {seed} | {name} | {tell_share(true)} | {tell_share(check.brain_kept)} "
                f"| {tell_share(check.brain_kept_at_least)} |",
                flush=True,
            )
        power = a.var() / x.var()
        shares: list[str] = []
        for leak in (0.0, np.sqrt(0.05 / 0.95 * power)):
            removed = raw.copy()
            removed._data = a + leak * x
            shares += [
                tell_share(label_removed(removed, ica=way).brain_share) for way in (ica, None)
            ]
        told = "brain in what was removed, none put in {} ({} by its own ICA), 5 % put in {} ({})"
        print(f"\n{told.format(*shares)}\n", flush=True)


def subtract(raw: mne.io.BaseRaw, x: np.ndarray) -> mne.io.BaseRaw:
    """Subtract from a copy."""
    after = raw.copy()
    after._data -= x
    return after


def tell_dipoles(args: argparse.Namespace) -> None:
    """Tell where a dipole is found, median and quartiles over seeds, in millimetres."""
    ways: dict[str, Callable[[mne.io.BaseRaw], mne.io.BaseRaw]] = {
        "as it is": lambda raw: raw,
        "ICA + ICLabel": clean_with_ica,
        "this package": denoise,
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ("truth", *ways)}
    for seed in range(args.seeds):
        simulation = simulate_source(make_info(), rng=seed)
        found["truth"].append(measure_errors(simulation.truth, simulation))
        for name, clean in ways.items():
            found[name].append(measure_errors(clean(simulation.raw.copy()), simulation))
    print(f"| {args.seeds} seeds | {' | '.join(METHODS)} |")
    print("|---|---|---|---|")
    for name, errors in found.items():
        cells = []
        for method in METHODS:
            low, middle, high = np.quantile([1e3 * e[method] for e in errors], [0.25, 0.5, 0.75])
            cells.append(f"{middle:.1f} [{low:.1f}, {high:.1f}] mm")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def tell_cost(args: argparse.Namespace) -> None:
    """Tell time and memory of a check of 64 channels and five minutes."""
    raw, clean = simulate_recording(300.0)
    after = subtract(raw, 0.95 * (raw.get_data() - clean.get_data()))
    start = time.perf_counter(), time.process_time()
    check = check_components(raw, after)
    middle = time.perf_counter(), time.process_time()
    judge_denoising(raw, after, check=check)
    end = time.perf_counter(), time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"components {middle[0] - start[0]:.1f} s ({middle[1] - start[1]:.1f} s of processor), "
        f"all other checks {end[0] - middle[0]:.1f} s ({end[1] - middle[1]:.1f} s of processor), "
        f"peak {memory:.0f} MB"
    )


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "components": tell_components,
    "verdicts": tell_verdicts,
    "truth": tell_truth,
    "erp": lambda args: tell_responses(make_info(), denoise),
    "dipoles": tell_dipoles,
    "imagery": lambda args: tell_imagery(args.data),
    "cost": tell_cost,
}

if __name__ == "__main__":
    main()
