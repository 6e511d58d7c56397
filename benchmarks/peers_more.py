"""More peers: what does not work on a Raw by itself, or needs an electrooculogram.

As in ``peers.py``, each cleans the good EEG channels with a position and nothing else.
"""

from __future__ import annotations

import mne
import numpy as np
from peers import find_cleaned_channels, run_quietly, subtract_removed, take_average_referenced

EPOCH = 1.0  # seconds: what autoreject repairs at once
WAVELET, LEVELS = "sym5", 6


@run_quietly
def clean_with_asrpy(raw: mne.io.BaseRaw, cutoff: float = 20.0) -> mne.io.BaseRaw:
    """Clean with asrpy, calibrated on the recording; 0.0.8 does not run with numpy 2.4."""
    from asrpy import ASR

    before = raw.copy().pick(find_cleaned_channels(raw.info)).load_data()
    asr = ASR(sfreq=before.info["sfreq"], cutoff=cutoff)
    asr.fit(before)
    return subtract_removed(raw, before, asr.transform(before))


@run_quietly
def clean_with_meegkit(raw: mne.io.BaseRaw, cutoff: float = 20.0) -> mne.io.BaseRaw:
    """Clean with meegkit's Euclidean ASR by the second: whole arrays it does not change."""
    from meegkit.asr import ASR

    before = raw.copy().pick(find_cleaned_channels(raw.info)).load_data()
    after, sfreq = before.copy(), round(before.info["sfreq"])
    # It was written for microvolts: some of its limits are absolute.
    x = 1e6 * before.get_data()
    asr = ASR(sfreq=sfreq, cutoff=cutoff, method="euclid")
    asr.fit(x)
    starts = range(0, x.shape[1], sfreq)
    pieces = [np.asarray(asr.transform(x[:, start : start + sfreq])) for start in starts]
    after._data[:] = 1e-6 * np.hstack(pieces)
    return subtract_removed(raw, before, after)


@run_quietly
def clean_with_autoreject(raw: mne.io.BaseRaw, rng: int = 0) -> mne.io.BaseRaw:
    """Repair with autoreject: interpolate bad electrodes in each second.

    Seconds that it would drop are left as they were: a repair of Raw has to give all of it back.
    """
    from autoreject import AutoReject

    before = raw.copy().pick(find_cleaned_channels(raw.info)).load_data()
    epochs = mne.make_fixed_length_epochs(before, EPOCH, preload=True)
    n_channels = len(before.ch_names)
    some = sorted({max(1, n_channels // 8), max(1, n_channels // 4)})
    repair = AutoReject(n_interpolate=some, random_state=rng, n_jobs=1, verbose=False)
    cleaned, log = repair.fit(epochs).transform(epochs.copy(), return_log=True)
    after, size = before.copy(), epochs.get_data().shape[-1]
    for x, number in zip(cleaned.get_data(), np.flatnonzero(~log.bad_epochs), strict=True):
        after._data[:, number * size : (number + 1) * size] = x
    return subtract_removed(raw, before, after)


@run_quietly
def clean_with_wavelets(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Take out of each channel the wavelet coefficients that are too large for noise.

    The universal threshold, with the deviation of each level from its median: what stays below it
    is called brain. The simplest method that works on one channel.
    """
    import pywt

    before = raw.copy().pick(find_cleaned_channels(raw.info)).load_data()
    after, n_times = before.copy(), before.n_times
    level = min(LEVELS, pywt.dwt_max_level(n_times, WAVELET))
    slow, *details = pywt.wavedec(before.get_data(), WAVELET, level=level, axis=-1)
    kept = []
    for x in (slow, *details):
        deviation = np.median(np.abs(x), axis=-1, keepdims=True) / 0.6745
        kept.append(np.where(np.abs(x) > deviation * np.sqrt(2 * np.log(x.shape[-1])), 0.0, x))
    after._data[:] = pywt.waverec(kept, WAVELET, axis=-1)[:, :n_times]
    return subtract_removed(raw, before, after)


@run_quietly
def clean_with_ssp(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Project out what goes with the electrooculogram, as MNE computes it, two vectors at most."""
    eog = mne.pick_types(raw.info, meg=False, eog=True)
    inst = take_average_referenced(raw, [*find_cleaned_channels(raw.info), *eog])
    n_vectors = min(2, len(raw.ch_names) - len(eog) - 2)
    name = raw.ch_names[eog[0]]
    projs, _ = mne.preprocessing.compute_proj_eog(
        inst, n_eeg=n_vectors, n_mag=0, n_grad=0, ch_name=name, reject=None, no_proj=True
    )
    after = inst.copy().add_proj(projs).apply_proj() if projs else inst
    return subtract_removed(raw, inst, after)
