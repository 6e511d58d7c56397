"""How a model sees windows of a recording, and what of its answer is artifact.

A model of any channels sees them as they are. A model of named ones sees what spherical splines
carry to those; the *correction*, what the network changes there, is carried back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._compat import warn
from ._typing import FloatArray
from .channels import find_directions
from .rate import low_pass
from .scale import standardise_windows
from .splines import ChannelMap, map_channels
from .weights.record import ModelRecord

if TYPE_CHECKING:
    from torch.nn import Module

# From these, splines guess the others of a head with an error of half their power, from four with
# an error of all of it (64-channel recordings of people of the training split).
FEWEST = 8


@dataclass(frozen=True)
class View:
    """The channels that a network is shown.

    Attributes
    ----------
    directions : ndarray, shape (n_shown, 3)
        Unit vectors to them from the middle of the head.
    mapping : ChannelMap | None
        From the recording's channels to these and back; None where they are the same.
    sfreq : float
        Sampling rate of the network, in hertz.
    h_freq : float | None
        Above which it is shown nothing, in hertz; None for no limit.
    """

    directions: FloatArray
    mapping: ChannelMap | None
    sfreq: float
    h_freq: float | None

    def show(self, x: FloatArray) -> FloatArray:
        """From the recording's channels to the network's, (n_channels, n_times) both."""
        shown = x if self.mapping is None else self.mapping.to_model @ x
        return shown if self.h_freq is None else low_pass(shown, self.sfreq, self.h_freq)

    def carry_back(self, x: FloatArray) -> FloatArray:
        """From the network's channels to the recording's, (n_channels, n_times) both."""
        return x if self.mapping is None else self.mapping.to_recording @ x


def take_view(directions: FloatArray, record: ModelRecord) -> View:
    """Find how a model sees electrodes in these directions, shape (n_channels, 3)."""
    # What a network never saw, a clean signal of its making lacks: that is no artifact.
    limited = record.estimates == "clean" and record.band[1] < record.sfreq / 2
    h_freq = record.band[1] if limited else None
    if isinstance(record.channels, str):
        return View(directions, None, record.sfreq, h_freq)
    if len(directions) < FEWEST:
        warn(
            f"{record.id} knows {len(record.channels)} electrodes, which can hardly be guessed "
            f"from {len(directions)}: it may find little, or see artifacts that are none. A model "
            "of any channels, such as 'any-montage-v1', sees these as they are.",
            RuntimeWarning,
        )
    known = find_directions(record.channels)
    return View(known, map_channels(directions, known), record.sfreq, h_freq)


def find_in_windows(
    network: Module, windows: FloatArray, view: View, record: ModelRecord, **options: Any
) -> FloatArray:
    """Run windows through a network, and give the artifact in each.

    Parameters
    ----------
    network : torch.nn.Module
        The network of the record.
    windows : ndarray, shape (n_windows, n_shown, n_times)
        Windows of the channels of the view, divided by the scale of the recording.
    view : View
        The view.
    record : ModelRecord
        What the network expects, and what it puts out.
    **options
        As in `run_network`.

    Returns
    -------
    artifact : ndarray, shape (n_windows, n_shown, n_times)
        In the scale of ``windows``.
    """
    from .inference import run_network

    if record.scaling != "window":
        answer = run_network(network, windows, view.directions, **options)
        return windows - answer if record.estimates == "clean" else answer
    standard, _, deviation = standardise_windows(windows)
    answer = run_network(network, standard, view.directions, **options)
    # The mean is of the signal: in a difference of signals, and in an artifact, there is none.
    return deviation * (standard - answer if record.estimates == "clean" else answer)
