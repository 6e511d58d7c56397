"""The artifact that a network finds in a recording: through rate, scale and windows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ._compat import logger, warn
from ._typing import FloatArray, IntArray
from .channels import read_directions
from .preconditions import check_duration
from .projectors import find_empty, project, take_out
from .rate import to_model_rate, to_recording_rate
from .recording import Signal
from .scale import find_loud, measure_levels, measure_scale, to_model_scale, to_volts
from .separation import separate
from .spatial import SpatialFilter, apply_filter, choose_edges, fit_filter
from .views import find_in_windows, take_view
from .weights.record import ModelRecord
from .windows import WindowPlan, cut_windows, overlap_add, plan_windows

if TYPE_CHECKING:
    import mne

PASSES = 2  # looks of the network at a recording; the second was worth about 1 dB ...
FEW = 12  # ... but cost as much with so few channels, whose sources hold some of everything
ENOUGH = 4000.0  # seconds times channels, for covariances: bounds time and memory
LOUD_SHOWN = 3.0  # times the median channel: the size at which loud channels are shown
STRETCH = 10.0  # seconds: long against the network's context


def estimate_artifact(
    signal: Signal, record: ModelRecord, **options: Any
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Give the segments of a recording at the model's rate, and the artifact found in each."""
    recording = resample(signal, record)
    return recording, run_model(recording, signal.info, record, **options)


def resample(signal: Signal, record: ModelRecord) -> list[FloatArray]:
    """Bring the segments to the rate and the band of a model."""
    return [
        to_model_rate(segment, signal.sfreq, record.sfreq, record.l_freq)
        for segment in signal.segments
    ]


def run_model(
    recording: Sequence[FloatArray],
    info: mne.Info,
    record: ModelRecord,
    *,
    overlap: float = 0.5,
    batch_size: int | Literal["auto"] = "auto",
    device: str = "auto",
) -> list[FloatArray]:
    """Estimate the artifact in segments at the rate of a model.

    Parameters
    ----------
    recording : sequence of ndarray, shape (n_channels, n_model_times)
        The segments in volts, channels with a position only.
    info : mne.Info
        The channels.
    record : ModelRecord
        The model: its windows and weights.
    overlap, batch_size, device
        As in `plan_windows` and `run_network`.

    Returns
    -------
    artifact : list of ndarray, shape (n_channels, n_model_times)
        What the network found, in volts. Where too little is left at the rate of the model to see
        anything, nothing is found: zeros.
    """
    from .weights import open_network

    network = open_network(record, device)
    if not any(np.ptp(x, axis=1).any() for x in recording):
        return [np.zeros_like(x) for x in recording]
    logger.info(f"Estimating artifacts with {record.id}")
    scale = measure_scale(recording, record.sfreq)
    shown, gains = choose_shown(recording, info, record)
    view = take_view(read_directions(info)[shown], record)
    plans = [_plan(x.shape[1], record, overlap) for x in recording]
    artifact: list[FloatArray] = [np.empty(0)] * len(recording)
    # Windows of one length run together: a thousand epochs fill batches, and one bar shows them.
    for members in _group(plans):
        seen = (to_model_scale(view.show(gains * recording[i][shown]), scale) for i in members)
        windows = [cut_windows(x, plans[i]) for i, x in zip(members, seen, strict=True)]
        joined = np.concatenate(windows)
        found = find_in_windows(network, joined, view, record, batch_size=batch_size, device=device)
        for i, part in zip(members, _part(found, windows), strict=True):
            artifact[i] = np.zeros(recording[i].shape)
            carried = view.carry_back(to_volts(overlap_add(part, plans[i]), scale))
            artifact[i][shown] = carried / gains
    return artifact


def choose_shown(
    recording: Sequence[FloatArray], info: mne.Info, record: ModelRecord
) -> tuple[IntArray, FloatArray]:
    """Choose the channels that the network is shown, and at which part of their size (n, 1).

    A loose electrode at its own size would drown the others. A muscle under one electrode can be as
    large, so it is shown smaller, but to models of fixed channels, whose splines would spread it.
    """
    levels = measure_levels(recording, record.sfreq)
    loud, gains = find_loud(levels), np.ones((len(levels), 1))
    shown = np.arange(len(levels))
    if not loud.any():
        return shown, gains
    names = ", ".join(name for name, big in zip(info["ch_names"], loud, strict=True) if big)
    warn(
        f"Usually more than ten times as large as the median channel: {names}. The network is not "
        "shown such channels at their size. If the electrodes are loose, mark them with "
        "inst.info['bads'] and interpolate them with inst.interpolate_bads()."
    )
    if record.channels != "any" and len(loud) - loud.sum() >= 2:
        shown = np.flatnonzero(~loud)
    gains[loud, 0] = LOUD_SHOWN * np.median(levels[levels > 0]) / levels[loud]
    return shown, gains[shown]


def find_artifact(signal: Signal, record: ModelRecord, **options: Any) -> list[FloatArray]:
    """Estimate the artifact in each segment, at the recording's own rate and lengths, in volts."""
    _, artifact = estimate_artifact(signal, record, **options)
    return [
        to_recording_rate(x, record.sfreq, signal.sfreq, segment.shape[1])
        for x, segment in zip(artifact, signal.segments, strict=True)
    ]


def learn_filter(signal: Signal, record: ModelRecord, **options: Any) -> SpatialFilter:
    """Turn the network's estimate into filters of the recording.

    The network looks twice: at the recording, and at what the first filters leave of it, where it
    sees what had drowned beside larger artifacts. Filters of both together are given back. Few
    channels are looked at once.
    """
    seconds = sum(x.shape[1] for x in signal.segments) / signal.sfreq
    check_duration(seconds)
    edges = choose_edges(signal.n_channels, seconds, record.band[1])
    some = take_stretches(signal)
    sfreq = record.sfreq
    recording = [to_model_rate(x, some.sfreq, sfreq) for x in some.segments]
    empty = find_empty(recording)  # so that a rank-deficient recording stays so
    seen = [to_model_rate(x, sfreq, sfreq, record.l_freq) for x in recording]
    nothing = [np.zeros_like(x) for x in recording]
    fitted, removed, found, sources = None, nothing, nothing, None
    passes = PASSES if signal.n_channels > FEW else 1
    for number in range(passes):
        if fitted is not None:
            removed = [apply_filter(fitted, x, sfreq, gate=False) for x in seen]
        left = [x - gone for x, gone in zip(seen, removed, strict=True)]
        more = project(run_model(left, some.info, record, **options), some.info)
        more = take_out(more, empty)
        found = [old + new for old, new in zip(found, more, strict=True)]
        artifact = [gone + new for gone, new in zip(removed, more, strict=True)]
        last = number == passes - 1
        if sources is None:
            sources = separate(seen, artifact, sfreq, edges)
        fitted = fit_filter(
            recording,
            artifact,
            sfreq,
            edges=edges,
            found=found,
            seen=seen,
            sources=sources,
            gated=last,
        )
    return cast("SpatialFilter", fitted)


def take_stretches(signal: Signal, enough: float = ENOUGH) -> Signal:
    """Take stretches of a recording that is longer than a filter needs.

    Half of them are the liveliest, so that no rare artifact is missed; the others lie evenly.

    Parameters
    ----------
    signal : Signal
        The recording.
    enough : float
        Seconds times channels that are enough; a shorter recording is given back as it is.

    Returns
    -------
    some : Signal
        Its segments are views of those of ``signal``, in their order.
    """
    longest = max(60.0, enough / signal.n_channels)
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
    half = longest * signal.sfreq / 2
    n_lively = max(1, int(np.searchsorted(np.cumsum(lengths[order]), half, side="right")))
    others = np.sort(order[n_lively:])
    n_even = max(1, round(len(others) * half / lengths[others].sum()))
    even = others[np.linspace(0, len(others) - 1, min(n_even, len(others))).round().astype(int)]
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
        fixed=record.channels != "any",
    )


def _group(plans: Sequence[WindowPlan]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for index, plan in enumerate(plans):
        groups.setdefault(plan.window, []).append(index)
    return list(groups.values())


def _part(found: FloatArray, windows: Sequence[FloatArray]) -> list[FloatArray]:
    """Split the windows of a group by the segments that they come from."""
    return np.split(found, np.cumsum([len(some) for some in windows])[:-1])
