"""What of a recording can be denoised: channels with a position, checked, in a known order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mne
import numpy as np

from ._compat import warn
from .channels import find_positioned
from .preconditions import check_positions, check_preconditions, list_names
from .recording import Picks, Signal, read_signal, restrict
from .seams import check_seams

if TYPE_CHECKING:
    from ._typing import FloatArray, Instance


def take_in(X: Instance, picks: Picks, info: mne.Info | None) -> Signal:
    """Read the picked channels that have a position, and check that they can be denoised."""
    if isinstance(X, mne.io.BaseRaw):
        check_seams(X)
    signal = read_signal(X, picks, info)
    keep, missing = find_positioned(signal.info)
    check_positions(signal.info, missing)
    if missing:
        signal = restrict(signal, keep)
    check_preconditions(signal.segments, signal.info)
    return signal


def put_in_order(signal: Signal, ch_names: Sequence[str]) -> Signal:
    """Put the channels in the order of those fitted; other channels are a ValueError."""
    names = signal.ch_names
    missing = [name for name in ch_names if name not in names]
    extra = [name for name in names if name not in ch_names]
    if missing or extra:
        lacks, brings = list_names(missing) or "none", list_names(extra) or "none"
        raise ValueError(
            f"The channels differ from those of fit: missing {lacks}, new {brings} (bad "
            "channels and those without a position do not count). Fit again with fit_transform, or "
            "make the bads and picks alike."
        )
    if names == list(ch_names):
        return signal
    return restrict(signal, [names.index(name) for name in ch_names])


def is_unknown(X: object, info: mne.Info | None) -> bool:
    """Tell whether this can only be an array, and nothing is known of its channels."""
    # Tables of pandas have an info, too, which is something else.
    is_named = isinstance(getattr(X, "info", None), mne.Info)
    is_array = any(hasattr(X, name) for name in ("__len__", "shape", "__array__"))
    return info is None and is_array and not is_named and not isinstance(X, str | mne.Info)


def refuse_unknown() -> None:
    """Say that filters of known channels cannot be applied to an array of unknown ones."""
    raise ValueError(
        "The denoiser was fitted to a recording, and an array does not tell its channels: pass "
        "info=, as in denoiser.set_params(info=epochs.info)."
    )


def warn_unknown() -> None:
    """Say that an array of unknown channels is not denoised."""
    warn(
        "An array without info= tells neither its channels nor its sampling rate: it is left as "
        "it is. Pass ArtifactDenoiser(info=epochs.info) with the info of its channels.",
        RuntimeWarning,
    )


def copy_unknown(X: Instance) -> FloatArray:
    """Copy an array of which nothing is known; integers become floating numbers."""
    array = np.array(X)
    return array if array.dtype.kind == "f" else array.astype(float)
