"""Independent components as ICLabel wants them, of one recording or of two that are compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from .._compat import use_log_level
from .._typing import FloatArray
from ..channels import find_positioned
from ..recording import read_signal
from .iclabel import HIGH, LOW, need_iclabel, warn_of_ica, warn_of_recording

if TYPE_CHECKING:
    from mne.preprocessing import ICA

FEWEST_CHANNELS = 3  # of which an average reference leaves two components

# Samples per weight of the unmixing and components. Twice as many samples are a common advice
# (Onton and Makeig 2006, doi:10.1016/S0079-6123(06)59007-7), but recordings of a minute then give
# half as many components that are surely the brain's. More components split the brain finer, no
# more, and cost time: of five minutes, 61 took twice as long as 40.
SAMPLES_PER_WEIGHT = 10
MOST_COMPONENTS = 40
MOST_SAMPLES = 40_000  # with twice as many each class had as many components
MAX_ITER = 200
FLAT = 1e-9  # of the largest power: what a reference or an interpolation leaves of a dimension


def choose_channels(info: mne.Info) -> list[str]:
    """Choose the good EEG channels with a position: ICLabel looks at maps of the head."""
    keep, _ = find_positioned(info)
    names = [info["ch_names"][pick] for pick in keep if info["ch_names"][pick] not in info["bads"]]
    if len(names) < FEWEST_CHANNELS:
        raise ValueError(
            f"Found {len(names)} good EEG channels with a position, and {FEWEST_CHANNELS} are "
            "needed for components. Set positions with inst.set_montage, and mind "
            "inst.info['bads']."
        )
    return names


def prepare(inst: Any, ch_names: Sequence[str]) -> Any:
    """Copy these channels as ICLabel wants them: 1 to 100 Hz, average reference.

    Parameters
    ----------
    inst : Raw | Epochs
        The recording; it is not changed.
    ch_names : sequence of str
        EEG channels.

    Returns
    -------
    inst : Raw | Epochs
        Filtered only as far as the recording was not.
    """
    info, is_epochs = inst.info, isinstance(inst, mne.BaseEpochs)
    low = LOW if info["highpass"] < LOW else None
    high = HIGH if info["lowpass"] > HIGH and info["sfreq"] > 2.1 * HIGH else None
    with use_log_level("ERROR"):
        inst = inst.copy().load_data() if is_epochs else inst.copy()  # they are picked in memory
        inst = inst.pick(list(ch_names)).load_data()
        if not inst.proj:
            inst.del_proj()  # a pending average reference would refuse the one set here
        if low or high:
            # The filters of MNE-Python are longer than most epochs; recursive ones are not.
            inst.filter(low, high, method="iir" if is_epochs else "fir")
        return inst.set_eeg_reference("average", projection=False)


def fit_components(inst: Any, *, rng: int = 0) -> ICA:
    """Unmix a prepared recording with extended Picard, the fast form of extended infomax.

    Parameters
    ----------
    inst : Raw | Epochs
        What `prepare` gave.
    rng : int
        Seed of the first unmixing matrix.

    Returns
    -------
    ica : mne.preprocessing.ICA
        As many components as the recording has dimensions and samples for.
    """
    x = np.hstack(read_signal(inst).segments)
    n_carried = int(np.sqrt(x.shape[1] / SAMPLES_PER_WEIGHT))
    n_components = min(count_dimensions(x), n_carried, MOST_COMPONENTS)
    decim = max(1, x.shape[1] // MOST_SAMPLES)
    ica = mne.preprocessing.ICA(
        max(2, n_components),
        method="picard",
        fit_params={"ortho": False, "extended": True},
        random_state=rng,  # MNE 1.13 calls it rng; this name works in older versions too
        max_iter=MAX_ITER,
        verbose="ERROR",
    )
    with warnings.catch_warnings():  # an unmixing that still moved a little will do
        warnings.simplefilter("ignore")
        return ica.fit(inst, decim=decim, verbose="ERROR")


def count_dimensions(x: FloatArray) -> int:
    """Count the dimensions of a recording: fewer than channels after a reference or filling in."""
    power = np.linalg.eigvalsh(np.cov(x))
    return int((power > FLAT * power[-1]).sum())


def unmix_alike(ica: ICA | None, rng: int, *insts: Any) -> tuple[ICA, list[Any]]:
    """Prepare recordings for one and the same unmixing.

    Parameters
    ----------
    ica : mne.preprocessing.ICA | None
        The unmixing; None fits one on the first recording.
    rng : int
        Seed of that fit.
    *insts : Raw | Epochs
        The recordings.

    Returns
    -------
    ica : mne.preprocessing.ICA
    prepared : list of Raw | Epochs
        The channels of ``ica``, in its order.
    """
    need_iclabel(fit=ica is None)
    for inst in insts:
        if not isinstance(inst, mne.io.BaseRaw | mne.BaseEpochs):
            raise TypeError(f"Components are found in Raw and Epochs, got {type(inst).__name__}.")
    names = choose_channels(insts[0].info) if ica is None else check_ica(ica, insts[0].info)
    for inst in insts:
        missing = [name for name in names if name not in inst.ch_names]
        if missing:
            raise ValueError(f"The recordings differ in channels: one lacks {', '.join(missing)}.")
    warn_of_recording(insts[0], len(names))
    prepared = [prepare(inst, names) for inst in insts]
    return fit_components(prepared[0], rng=rng) if ica is None else ica, prepared


def check_ica(ica: ICA, info: mne.Info) -> list[str]:
    """Check that an ICA is fitted and of these channels, and give their names."""
    if getattr(ica, "current_fit", "unfitted") == "unfitted":
        raise ValueError("The ICA is not fitted: call ica.fit(raw) first.")
    names = list(ica.ch_names)
    missing = [name for name in names if name not in info["ch_names"]]
    if missing:
        raise ValueError(f"The recording lacks channels of the ICA: {', '.join(missing)}.")
    _, unplaced = find_positioned(mne.pick_info(info, [info["ch_names"].index(n) for n in names]))
    if unplaced:
        raise ValueError(
            f"{', '.join(unplaced)} of the ICA have no position, and ICLabel looks at maps of the "
            "head. Set positions with inst.set_montage."
        )
    warn_of_ica(ica)
    return names


def find_sources(ica: ICA, inst: Any) -> FloatArray:
    """Find the time courses of components, shape (n_epochs, n_components, n_times)."""
    found: FloatArray = ica.get_sources(inst).get_data(verbose="ERROR")
    return found if found.ndim == 3 else found[np.newaxis]


def find_maps(ica: ICA) -> FloatArray:
    """Find the topographies of components in volts, shape (n_channels, n_components)."""
    maps, scale = ica.get_components(), ica.pre_whitener_
    return np.asarray(maps * scale if scale.shape[1] == 1 else np.linalg.pinv(scale) @ maps)
