"""Controls: what the path of a model does to a recording without its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .channels import find_directions, read_directions
from .intake import take_in
from .recording import Picks, write_signal
from .splines import map_channels, map_there_and_back
from .weights import get_record

if TYPE_CHECKING:
    import mne

    from ._typing import Instance


def mapping_only(
    inst: Instance, model: str, *, picks: Picks = "eeg", info: mne.Info | None = None
) -> Instance:
    """Map a recording to the channels of a model and back, with no network between.

    What such a model is shown of the recording, and all that it could give back if its output took
    the place of the recording. `ArtifactDenoiser` subtracts a correction instead, so it loses
    nothing of what this does; compare both with the truth to see what mapping alone costs.

    Parameters
    ----------
    inst : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
        The recording in volts; an array needs ``info=``. It is not modified.
    model : str
        A pretrained model of named channels, one of `list_models`. One of any channels maps
        nothing: ValueError.
    picks : str | list of str | list of int | slice | None
        As in `ArtifactDenoiser`.
    info : mne.Info | None
        The channels of an array.

    Returns
    -------
    mapped : same type as inst
        A copy. Channels and spans that a denoiser leaves alone are left alone here.
    """
    record = get_record(model)
    if isinstance(record.channels, str):
        raise ValueError(
            f"{model!r} takes any channels as they are, so there is no mapping to look at. This "
            "control is for models of named channels."
        )
    signal = take_in(inst, picks, info)
    mapping = map_channels(read_directions(signal.info), find_directions(record.channels))
    lost = [x - map_there_and_back(x, mapping) for x in signal.segments]
    return write_signal(inst, signal, lost)
