"""The names that ICLabel gives to components, and what it expects of them."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from .._compat import use_log_level, warn
from .._typing import FloatArray

if TYPE_CHECKING:
    from mne.preprocessing import ICA

CLASSES = ("brain", "muscle", "eye", "heart", "line", "channel", "other")  # order of ICLabel

LOW, HIGH = 1.0, 100.0  # hertz: what ICLabel learned on
SEES_MUSCLE = 90.0  # hertz: with less of the spectrum muscles are hard to name
ENOUGH_CHANNELS = 8  # with fewer, no component is brain alone
INSTALL = "pip install 'mne-artdenoise[iclabel]'"


def find_missing(*, fit: bool) -> list[str]:
    """Find the packages that naming components needs and that are not installed.

    Parameters
    ----------
    fit : bool
        Whether components are to be found, too.
    """
    wanted = {"mne_icalabel": "mne-icalabel"} | ({"picard": "python-picard"} if fit else {})
    missing = [name for module, name in wanted.items() if find_spec(module) is None]
    if not (find_spec("onnxruntime") or find_spec("torch")):
        missing.append("onnxruntime")
    return missing


def need_iclabel(*, fit: bool) -> None:
    """Say how to install what is missing, with an ImportError."""
    missing = find_missing(fit=fit)
    if missing:
        raise ImportError(
            f"Components are named by ICLabel, for which {' and '.join(missing)} must be "
            f"installed: {INSTALL}"
        )


def name_components(inst: Any, ica: ICA) -> FloatArray:
    """Let ICLabel name components.

    Parameters
    ----------
    inst : Raw | Epochs
        What `prepare` gave.
    ica : mne.preprocessing.ICA
        The components.

    Returns
    -------
    probabilities : ndarray, shape (n_components, 7)
        Of each of `CLASSES`.
    """
    from mne_icalabel.iclabel import iclabel_label_components

    # onnxruntime is the lighter of the two, in time and in memory.
    backend = "onnx" if find_spec("onnxruntime") else "torch"
    with warnings.catch_warnings(), use_log_level("ERROR"):
        warnings.simplefilter(
            "ignore"
        )  # `warn_of_recording` and `warn_of_ica` say it, with the call
        found = iclabel_label_components(inst, ica, inplace=False, backend=backend)
    return np.asarray(found, dtype=float)


def warn_of_recording(inst: Any, n_channels: int) -> None:
    """Warn of what a recording lacks of what ICLabel learned on, naming the call that gives it."""
    info = inst.info
    top = min(info["lowpass"], info["sfreq"] / 2)
    if top < SEES_MUSCLE:
        warn(
            f"The recording ends at {top:g} Hz, and ICLabel learned on {LOW:g} to {HIGH:g} Hz: "
            "muscles are hard to name. If there is more in the original, check it before "
            "raw.filter and raw.resample.",
            RuntimeWarning,
        )
    if info["highpass"] > 1.5 * LOW:
        warn(
            f"The recording begins at {info['highpass']:g} Hz, and ICLabel learned on {LOW:g} to "
            f"{HIGH:g} Hz: eyes are hard to name. Filter with raw.filter({LOW:g}, {HIGH:g}).",
            RuntimeWarning,
        )
    if n_channels < ENOUGH_CHANNELS:
        warn(
            f"Of {n_channels} channels no component is brain alone: read what is said of "
            "components with care, or let more channels in with inst.info['bads'] = [] and "
            "inst.set_montage.",
            RuntimeWarning,
        )


def warn_of_ica(ica: ICA) -> None:
    """Warn of how an ICA was fitted, if ICLabel does not know such, naming the call that does."""
    options = ica.fit_params or {}
    extended = bool(options.get("extended")) and not (
        ica.method == "picard" and options.get("ortho", True)
    )
    if ica.method not in ("infomax", "picard") or not extended:
        warn(
            f"The ICA was fitted with {ica.method!r} ({options}), and ICLabel knows components of "
            "extended infomax: fit mne.preprocessing.ICA(method='picard', "
            "fit_params=dict(ortho=False, extended=True)).",
            RuntimeWarning,
        )
    low, high = ica.info["highpass"], ica.info["lowpass"]
    if not 0.9 * LOW <= low <= 1.5 * LOW or high > 1.1 * HIGH:
        warn(
            f"The ICA was fitted on {low:g} to {high:g} Hz, and ICLabel knows components of "
            f"{LOW:g} to {HIGH:g} Hz: fit it on raw.copy().filter({LOW:g}, {HIGH:g}).",
            RuntimeWarning,
        )
    if not _has_average_reference(ica.info):
        warn(
            "The ICA was not fitted on an average reference, which ICLabel expects: fit it on "
            "raw.copy().set_eeg_reference('average').",
            RuntimeWarning,
        )


def _has_average_reference(info: mne.Info) -> bool:
    applied = any("average" in p["desc"].lower() and p["active"] for p in info["projs"])
    return bool(info["custom_ref_applied"]) or applied
