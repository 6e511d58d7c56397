"""A long signal and its overlapping windows: plan, cut, overlap-add; a leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mne_artdenoise._typing import FloatArray


@dataclass(frozen=True)
class WindowPlan:
    """Where the windows of a signal lie.

    Attributes
    ----------
    n_times : int
        Samples of the signal.
    n_padded : int
        Samples that the windows cover, ``n_times`` or a few more.
    window : int
        Samples per window.
    starts : tuple of int
        First sample of each window, rising; the last window ends at ``n_padded``.
    context : int
        Samples next to a cut through the signal where a window is not trusted.
    mirrored : bool
        Whether the padding mirrors the signal (else it is zero).
    """

    n_times: int
    n_padded: int
    window: int
    starts: tuple[int, ...]
    context: int = 0
    mirrored: bool = False


def plan_windows(
    n_times: int,
    *,
    window: int,
    context: int = 0,
    overlap: float = 0.5,
    stride: int = 1,
    fixed: bool = False,
) -> WindowPlan:
    """Lay windows over a signal so that a network sees enough around every sample.

    Parameters
    ----------
    n_times : int
        Samples of the signal, at least 1.
    window : int
        Samples per window, a multiple of ``stride``.
    context : int
        Samples that the network needs to either side. Every sample of the signal is at least this
        far from the cut ends of one of its windows; the signal's own ends are no cuts.
    overlap : float
        Share, from 0 to below 1, of the trusted core of a window (``window - 2 * context``) that it
        has in common with the next one.
    stride : int
        Windows start at multiples of it, and their length is one: samples per token of the network.
    fixed : bool
        Whether the network takes exactly ``window`` samples. Else a shorter signal is one shorter
        window.

    Returns
    -------
    plan : WindowPlan
        The plan. ``n_padded`` is ``n_times`` rounded up to a multiple of ``stride`` (zeros at the
        end) or, for a short signal and ``fixed=True``, ``window`` (the signal mirrored).

    Notes
    -----
    Windows lie evenly. Numbers that leave no core raise a ValueError.
    """
    _check_plan(n_times, window, context, overlap, stride)
    n_padded = -(-n_times // stride) * stride
    if n_padded <= window:
        mirrored = fixed and n_padded < window
        size = window if fixed else n_padded
        return WindowPlan(n_times, size, size, (0,), context, mirrored)
    core = window - 2 * context
    max_hop = max(1, int(core * (1 - overlap)) // stride)  # in strides, as the next two
    last = (n_padded - window) // stride
    n_hops = -(-last // max_hop)
    starts = tuple(i * last // n_hops * stride for i in range(n_hops + 1))
    return WindowPlan(n_times, n_padded, window, starts, context)


def cut_windows(x: FloatArray, plan: WindowPlan) -> FloatArray:
    """Cut a signal into the windows of a plan.

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_times)
        The signal.
    plan : WindowPlan
        The plan for its length; another length raises a ValueError.

    Returns
    -------
    windows : ndarray, shape (n_windows, n_channels, window)
        Copies of the signal, of its type.
    """
    if x.ndim != 2 or x.shape[-1] != plan.n_times:
        raise ValueError(
            f"Found an array of shape {x.shape}, but the plan is for (n_channels, {plan.n_times}). "
            "Make a plan for this length with plan_windows."
        )
    if plan.mirrored:
        widths = ((0, 0), (0, plan.n_padded - plan.n_times))
        x = np.pad(x, widths, mode="reflect")
    windows = np.zeros((len(plan.starts), x.shape[0], plan.window), x.dtype)
    for window, start in zip(windows, plan.starts, strict=True):
        piece = x[:, start : start + plan.window]
        window[:, : piece.shape[-1]] = piece
    return windows


def overlap_add(windows: FloatArray, plan: WindowPlan) -> FloatArray:
    r"""Join windows to the signal they were cut from, fading from one to the next.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_channels, window)
        The windows, changed by a network or not.
    plan : WindowPlan
        The plan they were cut by; another number or length of windows raises a ValueError.

    Returns
    -------
    x : ndarray, shape (n_channels, n_times)
        The signal. Windows that agree come out as they are: to the bit where one window counts, to
        rounding (a few units in the last place) where several are averaged.

    Notes
    -----
    Each window counts only in its core, ``context`` samples away from its cut ends::

        window 1  |===========core==========\\\\\\\\|..context..|
        window 2               |..context..|////////====core====////|..context..|

    so the result of a network that looks no further than ``context`` does not depend on the plan.
    Where cores overlap, weights rise and fall as a squared sine and are divided by their sum.
    """
    expected = (len(plan.starts), plan.window)
    if windows.ndim != 3 or (windows.shape[0], windows.shape[-1]) != expected:
        raise ValueError(
            f"Found windows of shape {windows.shape}, but the plan has {expected[0]} windows of "
            f"{expected[1]} samples: (n_windows, n_channels, window). Pass the plan of their cut."
        )
    cores = _find_cores(plan)
    weights = _weigh_cores(cores, plan.n_padded)
    x = np.zeros((windows.shape[1], plan.n_times), windows.dtype)
    for i, (start, (low, high)) in enumerate(zip(plan.starts, cores, strict=True)):
        high = min(high, plan.n_times)
        trusted = windows[i, :, low - start : high - start]
        x[:, low:high] += trusted * weights[i][: high - low].astype(windows.dtype)
    return x


def _check_plan(n_times: int, window: int, context: int, overlap: float, stride: int) -> None:
    if n_times < 1:
        raise ValueError(f"Windows need a signal of at least one sample, found {n_times}.")
    if stride < 1 or context < 0:
        raise ValueError(
            f"stride must be at least 1 and context at least 0, found {stride!r} and {context!r}."
        )
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap must be from 0 to below 1, found {overlap!r}.")
    if window < 1 or window % stride:
        raise ValueError(f"window must be a multiple of stride={stride}, found {window!r}.")
    if window < 2 * context + stride:
        raise ValueError(
            f"A window of {window} samples leaves no core: context={context} to either side and "
            f"stride={stride} need at least {2 * context + stride}, rounded up to a multiple of "
            "stride. Use longer windows."
        )


def _find_cores(plan: WindowPlan) -> list[tuple[int, int]]:
    """Find what each window is trusted for: all but the context at its cut ends."""
    cores = []
    for start in plan.starts:
        stop = start + plan.window
        low = start if start == 0 else start + plan.context
        high = stop if stop == plan.n_padded else stop - plan.context
        cores.append((low, high))
    return cores


def _weigh_cores(cores: list[tuple[int, int]], n_padded: int) -> list[FloatArray]:
    """Weigh each sample of each core so that the weights of a sample add to one."""
    weights: list[FloatArray] = [np.ones(high - low) for low, high in cores]
    for before, after in zip(range(len(cores) - 1), range(1, len(cores)), strict=True):
        n_common = cores[before][1] - cores[after][0]
        # Half a step in from both ends: no weight inside a core is zero, so no sum is either.
        rise = np.sin(0.5 * np.pi * (np.arange(n_common) + 0.5) / max(n_common, 1)) ** 2
        weights[after][:n_common] *= rise
        weights[before][weights[before].size - n_common :] *= rise[::-1]
    total = np.zeros(n_padded)
    for (low, high), weight in zip(cores, weights, strict=True):
        total[low:high] += weight
    return [weight / total[low:high] for (low, high), weight in zip(cores, weights, strict=True)]
