"""The denoiser in one line, and as a function of arrays for MNE's ``apply_function``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ._typing import FloatArray
from .denoiser import ArtifactDenoiser

if TYPE_CHECKING:
    import mne

    from ._typing import Instance


def denoise(inst: Instance, model: str = "any-montage-v1", **kwargs: Any) -> Instance:
    """Denoise a recording in one line.

    Parameters
    ----------
    inst : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
        The recording in volts; an array needs ``info=``.
    model : str
        A pretrained model, one of `list_models`.
    **kwargs
        Other parameters of `ArtifactDenoiser`.

    Returns
    -------
    clean : same type as inst
        A copy.

    Examples
    --------
    >>> from mne_artdenoise import denoise
    >>> raw_clean = denoise(raw)
    """
    return ArtifactDenoiser(model, **kwargs).fit_transform(inst)


def denoise_array(
    array: FloatArray, info: mne.Info, model: str = "any-montage-v1", **kwargs: Any
) -> FloatArray:
    """Denoise an array, as a function for ``inst.apply_function(..., channel_wise=False)``.

    Parameters
    ----------
    array : ndarray, shape (..., n_channels, n_times)
        The signal in volts.
    info : mne.Info
        Its channels: ``raw.copy().pick("eeg").info``.
    model : str
        A pretrained model, one of `list_models`.
    **kwargs
        Other parameters of `ArtifactDenoiser`.

    Returns
    -------
    clean : ndarray, shape (..., n_channels, n_times)
        A new array.

    Notes
    -----
    An array has no annotations: spans marked ``BAD_`` are denoised with the rest.

    Examples
    --------
    >>> from mne_artdenoise import denoise_array
    >>> info = raw.copy().pick("eeg").info
    >>> raw_clean = raw.copy().apply_function(
    ...     denoise_array, picks="eeg", channel_wise=False, info=info
    ... )
    """
    return cast("FloatArray", denoise(np.asarray(array), model, info=info, **kwargs))
