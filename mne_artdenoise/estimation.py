"""The artifact that a network finds in a recording: through rate, scale and windows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ._compat import logger
from ._typing import FloatArray
from .channels import read_directions
from .preconditions import check_duration
from .projectors import project
from .rate import to_model_rate, to_recording_rate
from .recording import Signal
from .scale import measure_scale, to_model_scale, to_volts
from .spatial import SpatialFilter, choose_edges, fit_filter
from .weights.record import ModelRecord
from .windows import WindowPlan, cut_windows, overlap_add, plan_windows

if TYPE_CHECKING:
    from torch.nn import Module


FIT_SECONDS = 150.0  # of a recording are enough for its covariances: bounds time and memory
STRETCH = 10.0  # seconds: long against the network's context


def estimate_artifact(
    signal: Signal,
    record: ModelRecord,
    *,
    overlap: float = 0.5,
    batch_size: int | Literal["auto"] = "auto",
    device: str = "auto",
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Estimate the artifact in each segment, at the rate of the model.

    Parameters
    ----------
    signal : Signal
        The recording, channels with a position only.
    record : ModelRecord
        The model: its rate, windows and weights.
    overlap, batch_size, device
        As in `plan_windows` and `run_network`.

    Returns
    -------
    recording, artifact : list of ndarray, shape (n_channels, n_model_times)
        What the network saw and what it found there, in volts, for each segment. Where too little
        is left at the rate of the model to see anything, nothing is found: zeros.
    """
    from .inference import run_network
    from .weights import load_network

    network: Module = load_network(record)
    recording = [
        to_model_rate(segment, signal.sfreq, record.sfreq, record.l_freq)
        for segment in signal.segments
    ]
    if not any(np.ptp(x, axis=1).any() for x in recording):
        return recording, [np.zeros_like(x) for x in recording]
    logger.info(f"Estimating artifacts with {record.id}")
    scale = measure_scale(recording, record.sfreq)
    directions = read_directions(signal.info)
    plans = [_plan(x.shape[1], record, overlap) for x in recording]
    artifact: list[FloatArray] = [np.empty(0)] * len(recording)
    # Windows of one length run together: a thousand epochs fill batches, and one bar shows them.
    for members in _group(plans):
        windows = [cut_windows(to_model_scale(recording[i], scale), plans[i]) for i in members]
        found = run_network(
            network, np.concatenate(windows), directions, batch_size=batch_size, device=device
        )
        for i, part in zip(members, _part(found, windows), strict=True):
            artifact[i] = to_volts(overlap_add(part, plans[i]), scale)
    return recording, artifact


def find_artifact(signal: Signal, record: ModelRecord, **options: Any) -> list[FloatArray]:
    """Estimate the artifact in each segment, at the recording's own rate and lengths, in volts."""
    _, artifact = estimate_artifact(signal, record, **options)
    return [
        to_recording_rate(x, record.sfreq, signal.sfreq, segment.shape[1])
        for x, segment in zip(artifact, signal.segments, strict=True)
    ]


def learn_filter(signal: Signal, record: ModelRecord, **options: Any) -> SpatialFilter:
    """Turn the network's estimate into filters of the recording."""
    seconds = sum(x.shape[1] for x in signal.segments) / signal.sfreq
    check_duration(seconds)
    recording, artifact = estimate_artifact(take_stretches(signal), record, **options)
    edges = choose_edges(signal.n_channels, seconds, record.band[1])
    return fit_filter(recording, project(artifact, signal.info), record.sfreq, edges=edges)


def take_stretches(signal: Signal, longest: float = FIT_SECONDS) -> Signal:
    """Take stretches of a recording that is longer than a filter needs.

    Half of them are the liveliest, so that no rare artifact is missed; the others lie evenly.

    Parameters
    ----------
    signal : Signal
        The recording.
    longest : float
        Seconds that are enough; a shorter recording is given back as it is.

    Returns
    -------
    some : Signal
        Its segments are views of those of ``signal``, in their order.
    """
    if sum(x.shape[1] for x in signal.segments) <= longest * signal.sfreq:
        return signal
    size = round(STRETCH * signal.sfreq)
    cuts = [
        (number, start, min(start + size, x.shape[1]))
        for number, x in enumerate(signal.segments)
        for start in range(0, x.shape[1], size)
    ]
    lengths = np.array([stop - start for _, start, stop in cuts])
    order = np.argsort(-measure_activity(signal, cuts), kind="stable")
    n_lively = int(np.searchsorted(np.cumsum(lengths[order]), longest * signal.sfreq / 2)) + 1
    others = np.sort(order[n_lively:])
    enough = max(1, round(len(others) * longest / 2 / (lengths[others].sum() / signal.sfreq)))
    even = others[np.linspace(0, len(others) - 1, min(enough, len(others))).round().astype(int)]
    taken = [cuts[k] for k in np.union1d(order[:n_lively], even)]
    return replace(
        signal,
        segments=tuple(signal.segments[n][:, start:stop] for n, start, stop in taken),
        places=tuple(
            (signal.places[n][0], signal.places[n][1] + start, signal.places[n][1] + stop)
            for n, start, stop in taken
        ),
    )


def measure_activity(signal: Signal, cuts: Sequence[tuple[int, int, int]]) -> FloatArray:
    """Measure how much each stretch moves within a tenth of a second, in its liveliest channel.

    So slow a difference sees blinks as well as muscle, and no drift. Each channel is measured by
    its own median, so that a loose electrode does not choose for all.
    """
    lag = max(1, round(0.1 * signal.sfreq))
    moves = np.array(
        [
            np.square(np.diff(signal.segments[n][:, start:stop:lag], axis=1)).sum(axis=1)
            / max(1, stop - start)
            for n, start, stop in cuts
        ]
    )
    usual = np.median(moves, axis=0)
    return np.asarray((moves / np.where(usual > 0, usual, np.inf)).max(axis=1))


def _plan(n_times: int, record: ModelRecord, overlap: float) -> WindowPlan:
    return plan_windows(
        n_times,
        window=record.window,
        context=record.context,
        # Windows of a network with a known context agree wherever they count: more is the same.
        overlap=0.0 if record.context else overlap,
        stride=record.stride,
    )


def _group(plans: Sequence[WindowPlan]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for index, plan in enumerate(plans):
        groups.setdefault(plan.window, []).append(index)
    return list(groups.values())


def _part(found: FloatArray, windows: Sequence[FloatArray]) -> list[FloatArray]:
    """Split the windows of a group by the segments that they come from."""
    return np.split(found, np.cumsum([len(some) for some in windows])[:-1])
