"""Real recordings of people whom training never saw: components kept and removed, and verdicts."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
from peers import choose_components, subtract_components

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.checks import check_alpha_peak, check_blinks
from mne_artdenoise.comparison import compare
from mne_artdenoise.components import ComponentCheck, check_components
from mne_artdenoise.evidence.unmixing import (
    choose_channels,
    find_maps,
    find_sources,
    fit_components,
    prepare,
)
from mne_artdenoise.verdict import judge_denoising


def denoise(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Denoise as a user would, in one line."""
    return ArtifactDenoiser().fit_transform(raw)


def tell_components(data: Path) -> None:
    """Tell what was kept of brain and eye components of real recordings."""
    print(
        "Five people of the EEG Motor Movement/Imagery set whom training never saw; 64 channels, "
        "160 Hz, as recorded (no filter, no channel taken out); eyes open (R01) and closed (R02), "
        "one minute each. One ICA per person, of both runs. Brain: components that are it with a "
        "probability of 0.8 or more. Eye: those that are it likeliest. Shares of their variance, 1 "
        "to 80 Hz; *slow* is 1 to 7 Hz, where eyes are. *Alpha*: change of the power from 8 to 13 "
        "Hz at the back of the head. *Blinks left*: share of their average at the forehead.\n"
    )
    print(
        "| run | brain: found | kept | at least | eye: found | removed | slow | alpha "
        "| blinks left | ICA + ICLabel: alpha | blinks left |"
    )
    print("|---" * 11 + "|")
    for subject in ("S001", "S002", "S003", "S004", "S079"):
        runs = [read_run(data, subject, run) for run in ("R01", "R02")]
        both = mne.concatenate_raws([raw.copy() for raw in runs])
        ica = fit_components(prepare(both, choose_channels(both.info)))
        for run, raw in zip(("R01", "R02"), runs, strict=True):
            clean = denoise(raw)
            check = check_components(raw, clean, ica=ica)
            exclude = choose_components(check.probabilities)
            peer = subtract_components(raw, ica, exclude)
            shares = [
                *(check.brain_kept, check.brain_kept_at_least),
                *measure_eyes(check, raw, clean),
                *measure_alpha_and_blinks(raw, clean),
                *measure_alpha_and_blinks(raw, peer),
            ]
            cells = [str(len(check.brain)), *map(tell_share, shares)]
            cells.insert(3, str(len(check.find("eye"))))
            print(f"| {subject}{run} | {' | '.join(cells)} |", flush=True)


def measure_eyes(
    check: ComponentCheck, raw: mne.io.BaseRaw, clean: mne.io.BaseRaw
) -> tuple[float, float]:
    """Measure how much of the eye components is gone, of all and of 1 to 7 Hz."""
    eye, ica = check.find("eye"), check.ica
    if not len(eye):
        return np.nan, np.nan
    sizes = np.square(find_maps(ica)[:, eye]).sum(axis=0)

    def measure_slow(inst: mne.io.BaseRaw) -> float:
        slow = prepare(inst.copy().filter(1.0, 7.0), ica.ch_names)
        return float(sizes @ find_sources(ica, slow)[0, eye].var(axis=1))

    gone = 1 - check.after[eye].sum() / check.before[eye].sum()
    return float(gone), 1 - measure_slow(clean) / measure_slow(raw)


def measure_alpha_and_blinks(before: mne.io.BaseRaw, after: mne.io.BaseRaw) -> list[float]:
    """Measure the change of alpha, and the share of blinks that is left."""
    pair = compare(before, after)
    alpha, blinks = (check(pair).values for check in (check_alpha_peak, check_blinks))
    return [alpha.get("change", np.nan), blinks.get("left", np.nan)]


def tell_verdicts(data: Path) -> None:
    """Tell what the verdict says of good and of bad recordings."""
    print("One minute each, of people whom training never saw.\n")
    for name, raw in read_good_and_bad(data):
        print(f"**{name}**\n\n```\n{judge_denoising(raw, denoise(raw))}\n```\n", flush=True)


def read_good_and_bad(data: Path) -> list[tuple[str, mne.io.BaseRaw]]:
    """Read recordings of which some should not be trusted."""
    found = [(f"{s}R01", read_run(data, s, "R01")) for s in ("S001", "S002", "S079")]
    patterns = (
        *("eegmat/Subject03_1*", "adhd_ieee/adhd-005*", "adhd_ieee/control-036*"),
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


def tell_share(value: float | None) -> str:
    """Write a share in per cent."""
    return "-" if value is None or np.isnan(value) else f"{100 * value:.1f} %"
