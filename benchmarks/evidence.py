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

``--write FOLDER`` keeps each part as ``evidence_PART.inc.md`` there; the page on evidence shows
those of ``docs/measured``. People are those held out from training; nothing here is fitted or
chosen on them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
from evidence_dipoles import tell_dipoles
from evidence_erp import tell_responses
from evidence_imagery import tell_imagery
from evidence_real import denoise, tell_components, tell_share, tell_verdicts
from simulated_recording import simulate_recording

from mne_artdenoise.components import check_components, label_removed
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
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="keep what is printed there")
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    for part in args.parts:
        print(f"\n## {part}\n", flush=True)
        if args.write is None:
            PARTS[part](args)
        else:
            write_part(args, part)


def write_part(args: argparse.Namespace, part: str) -> None:
    """Keep what a part prints in a file, and print it when it is whole."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        PARTS[part](args)
    args.write.mkdir(parents=True, exist_ok=True)
    (args.write / f"evidence_{part}.inc.md").write_text(told.getvalue().strip() + "\n")
    print(told.getvalue())


def tell_truth(args: argparse.Namespace) -> None:
    """Compare brain kept as reported with the truth, for losses that are known."""
    print(
        f"Simulated recordings of two minutes, {len(NAMES)} channels, 250 Hz. Of the artifact 97 % "
        "of the amplitude were subtracted, and some of the brain.\n"
    )
    print("| seed | loss put in | true | reported | at least |")
    print("|---|---|---|---|---|")
    leaks = []
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
        for leak in (0.0, np.sqrt(0.05 / 0.95 * power)):
            removed = raw.copy()
            removed._data = a + leak * x
            leaks += [label_removed(removed, ica=way).brain_share for way in (ica, None)]
    print(
        "\nBrain found in what was removed, by the components of the recording (and by its own):\n"
    )
    print("| seed | no brain in it | 5 % of its power brain |\n|---|---|---|")
    for seed, shares in enumerate(np.reshape(leaks, (-1, 4))):
        told = [tell_share(share) for share in shares]
        print(f"| {seed} | {told[0]} ({told[1]}) | {told[2]} ({told[3]}) |")


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
    parts = {"Components": (start, middle), "All other checks and the verdict": (middle, end)}
    print(
        "Five minutes of 64 channels at 250 Hz, simulated; the processor's seconds (the clock's).\n"
    )
    for name, (first, last) in parts.items():
        print(f"* {name}: {last[1] - first[1]:.0f} s ({last[0] - first[0]:.0f} s)")
    print(f"* Memory at most, with the simulation before it: {memory:.0f} MB")


def subtract(raw: mne.io.BaseRaw, x: np.ndarray) -> mne.io.BaseRaw:
    """Subtract from a copy."""
    after = raw.copy()
    after._data -= x
    return after


def make_info(sfreq: float = 250.0) -> mne.Info:
    """Make the channels of the simulated recordings."""
    return mne.create_info(NAMES, sfreq, "eeg").set_montage("colin27_1005")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "components": lambda args: tell_components(args.data),
    "verdicts": lambda args: tell_verdicts(args.data),
    "truth": tell_truth,
    "erp": lambda args: tell_responses(make_info(), denoise),
    "dipoles": lambda args: tell_dipoles(make_info(), denoise, args.seeds),
    "imagery": lambda args: tell_imagery(args.data),
    "cost": tell_cost,
}

if __name__ == "__main__":
    main()
