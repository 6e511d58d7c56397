"""A recording to try things on: a real one where it can be had, else a simulated one like it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mne
import numpy as np
from scipy.signal import butter, sosfiltfilt

from .._compat import warn
from .._typing import FloatArray
from ..synthesis.electrodes import Electrodes, read_electrodes
from ..synthesis.evoked import place_evoked_responses
from ..synthesis.simulation import simulate_raw

SFREQ = 160.0
SECONDS, SECONDS_OF_TASK = 61.0, 125.0
REST, EYES_CLOSED = (1, 2), 2
TRIAL = 4.1  # seconds of rest, and as many of each fist, by turns
# Rows of electrodes, from left to right, as in the set.
ROWS = (
    *("FC5 FC3 FC1 FCz FC2 FC4 FC6", "C5 C3 C1 Cz C2 C4 C6", "CP5 CP3 CP1 CPz CP2 CP4 CP6"),
    *("Fp1 Fpz Fp2", "AF7 AF3 AFz AF4 AF8", "F7 F5 F3 F1 Fz F2 F4 F6 F8", "FT7 FT8"),
    *("T7 T8 T9 T10", "TP7 TP8", "P7 P5 P3 P1 Pz P2 P4 P6 P8", "PO7 PO3 POz PO4 PO8"),
    "O1 Oz O2 Iz",
)
NAMES = tuple(" ".join(ROWS).split())
ARTIFACTS: dict[str, dict[str, float]] = {"blink": {}, "horizontal saccade": {}, "muscle": {}}
MU_BAND, MU_SIZE, MU_REACH = (9.0, 13.0), 5e-6, 0.03  # hertz, volts, metres
MU_SPREAD = 0.5  # natural logarithm, from trial to trial
BLOCKED = 0.4  # of the mu rhythm is left over the hand that is imagined
IMAGINED = {"T1": "C4", "T2": "C3"}  # left fist, right fist: the other half of the brain


def load_sample(
    subject: int = 3, runs: Sequence[int] = (1,), *, path: str | Path | None = None
) -> mne.io.BaseRaw:
    """Load a raw recording of the EEG Motor Movement/Imagery set, with positions set.

    Parameters
    ----------
    subject : int
        Which person, from 1 to 109.
    runs : sequence of int
        Which of the runs, joined one after another: 1 is rest with open eyes, 2 with closed, the
        others are tasks (4, 8 and 12: left fist ``T1`` or right fist ``T2`` imagined).
    path : str | Path | None
        Folder of data sets, as :func:`mne.datasets.eegbci.load_data` takes it.

    Returns
    -------
    raw : Raw
        64 EEG channels at 160 Hz, in volts. ``raw.info["description"]`` begins with "EEGBCI", or
        with "simulated".

    Notes
    -----
    MNE-Python downloads what is not there, about 3 MB a run. Where that fails, a recording of the
    same channels, rate, length and events is simulated, with blinks, glances and muscle, and a
    RuntimeWarning says so. The set is by Schalk et al. 2004 (ODC-BY 1.0, doi:10.13026/C28G6P).

    Examples
    --------
    >>> from mne_artdenoise.datasets import load_sample
    >>> raw = load_sample(3, [1])  # doctest: +SKIP
    """
    name = f"S{subject:03d}R{'+'.join(f'{run:02d}' for run in runs)}"
    try:
        files = mne.datasets.eegbci.load_data(
            subject, list(runs), path=None if path is None else str(path), update_path=False
        )
    except OSError as error:
        warn(f"{name} could not be downloaded ({type(error).__name__}): it is simulated instead.")
        parts = [simulate_run(subject, run) for run in runs]
        name = f"simulated in place of EEGBCI {name}"
    else:
        parts = [mne.io.read_raw_edf(file, preload=True, verbose="error") for file in files]
        name = f"EEGBCI {name}"
    raw = mne.concatenate_raws(parts)
    if not name.startswith("simulated"):
        mne.datasets.eegbci.standardize(raw)
        raw.set_montage(_name_montage())
    raw.info["description"] = name
    return raw


def simulate_run(subject: int, run: int) -> mne.io.RawArray:
    """Simulate one run of one person: the same for the same numbers.

    Parameters
    ----------
    subject, run : int
        As in the set.

    Returns
    -------
    raw : RawArray
        Rest, or a task with its events as annotations, responses to cues, and a rhythm over the
        hands that is blocked on the other side of the fist that is imagined.
    """
    rng = np.random.default_rng((subject, run))
    info = mne.create_info(list(NAMES), SFREQ, "eeg").set_montage(_name_montage())
    eyes = "closed" if run == EYES_CLOSED else "open"
    duration = SECONDS if run in REST else SECONDS_OF_TASK
    raw, _, _ = simulate_raw(
        info, duration, artifacts=ARTIFACTS, snr_db=None, brain={"eyes": eyes}, rng=rng
    )
    raw.set_annotations(None)
    if run not in REST:
        onsets = np.arange(TRIAL, duration - TRIAL, 2 * TRIAL)
        fists = rng.permutation(np.resize(list(IMAGINED), len(onsets)))
        raw._data += _make_task(read_electrodes(info), len(raw.times), onsets, fists, rng)
        raw.set_annotations(
            mne.Annotations(
                np.concatenate([onsets - TRIAL, onsets]),
                TRIAL,
                ["T0"] * len(onsets) + list(fists),
            )
        )
    return raw


def _make_task(
    electrodes: Electrodes,
    n_times: int,
    onsets: FloatArray,
    fists: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Make what a task adds to a brain: responses to cues, and mu rhythms that are blocked."""
    task = np.zeros((len(electrodes), n_times))
    for component in ("P100", "P300"):
        task += place_evoked_responses(
            electrodes, n_times, rng, events=onsets, component=component, amplitude_spread=0.3
        )
    times = np.arange(n_times) / electrodes.sfreq
    shape = butter(2, MU_BAND, "bandpass", fs=electrodes.sfreq, output="sos")
    for site in IMAGINED.values():
        wave = sosfiltfilt(shape, rng.standard_normal(n_times))
        for onset, fist in zip(onsets, fists, strict=True):
            size = np.exp(MU_SPREAD * rng.standard_normal())  # no two trials are alike
            blocked = BLOCKED if IMAGINED[fist] == site else 1.0
            wave[(times >= onset + 0.3) & (times < onset + TRIAL)] *= size * blocked
        place = electrodes.positions[electrodes.ch_names.index(site)]
        away = np.linalg.norm(electrodes.positions - place, axis=1) / MU_REACH
        task += MU_SIZE / wave.std() * np.outer(np.exp(-0.5 * away**2), wave)
    return task


def _name_montage() -> str:
    """Name the template montage, which has had two names."""
    known = mne.channels.get_builtin_montages()
    return "colin27_1005" if "colin27_1005" in known else "standard_1005"
