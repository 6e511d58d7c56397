"""Denoising of a stream: fitted on a calibration, then block by block at a known latency."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import mne
import numpy as np

from ._compat import use_log_level
from ._typing import FloatArray
from .denoiser import ArtifactDenoiser
from .dropouts import BoolArray, DropoutDetector, count_runs, find_runs
from .live import LiveFilter
from .recording import LARGEST, weigh

if TYPE_CHECKING:
    from .recording import Signal

FLAT = 0.1  # seconds of one value, after which a channel counts as dead
GAP = 0.1  # seconds missing between two blocks of a stream, from which on it begins anew
FADE = 1.0  # seconds in which adapted filters take over


class OnlineDenoiser:
    """Remove artifacts from a stream, block by block, by filters fitted on a calibration.

    Parameters
    ----------
    denoiser : ArtifactDenoiser | None
        What is fitted, or, if it is fitted already, whose filters are used. None stands for
        ``ArtifactDenoiser()``. It needs ``spatial=True``, else ValueError.
    latency : float
        Seconds by which what comes out is late. From 0.05 s on the gain was measured to be about
        2.2 dB below that of the same filters offline, without latency 2.4 dB.
    remember : float | None
        Seconds of the stream that are kept for `adapt`; None keeps nothing.

    Attributes
    ----------
    denoiser_ : ArtifactDenoiser
        The fitted denoiser.
    ch_names_ : list of str
        The channels of a block, those of the calibration; what is denoised of them is
        ``denoiser_.ch_names_``.
    sfreq_ : float
        Sampling rate in hertz.
    delay_ : int
        The latency in samples.

    Notes
    -----
    What comes out is the same, up to rounding, whatever blocks the stream comes in. Values that
    are NaN, and channels that stay at one value for 0.1 s, count as dead: they come out as they
    are, and what they would tell about artifacts is told from the other channels. After a gap call
    `skip_gap`.

    Examples
    --------
    >>> from mne_artdenoise import OnlineDenoiser
    >>> online = OnlineDenoiser().fit(raw_calibration)
    >>> clean = online.process(block)
    """

    def __init__(
        self,
        denoiser: ArtifactDenoiser | None = None,
        *,
        latency: float = 0.1,
        remember: float | None = None,
    ) -> None:
        if not 0 <= latency <= 2:
            raise ValueError(f"latency must be from 0 to 2 seconds, found {latency!r}.")
        if remember is not None and not remember > 0:
            raise ValueError(f"remember must be a number of seconds or None, found {remember!r}.")
        self.denoiser, self.latency, self.remember = denoiser, latency, remember

    def fit(self, raw: mne.io.BaseRaw) -> OnlineDenoiser:
        """Learn from a calibration: about a minute of the stream, with artifacts in it.

        Parameters
        ----------
        raw : Raw
            The calibration, with the channels of the stream in its order, in volts. Others than Raw
            are a TypeError; a denoiser without filters is a ValueError.

        Returns
        -------
        self : OnlineDenoiser
        """
        if not isinstance(raw, mne.io.BaseRaw):
            raise TypeError(f"A calibration must be a Raw, found {type(raw).__name__}.")
        denoiser = deepcopy(self.denoiser) if self.denoiser else ArtifactDenoiser()
        if not denoiser.spatial:
            raise ValueError("A stream is denoised by filters: this needs spatial=True.")
        self._info = raw.info.copy()
        self.ch_names_, self.sfreq_ = list(raw.ch_names), float(raw.info["sfreq"])
        self.delay_ = round(self.latency * self.sfreq_)
        self._live = self._learn(denoiser, raw)
        self.reset()
        return self

    def reset(self) -> None:
        """Forget the stream, but not the calibration: the next block is the first."""
        self._check_fitted()
        self._next: LiveFilter | None = None
        self._begin()
        self._queue: FloatArray | None = None
        self._past: deque[FloatArray] = deque()

    def process(self, block: FloatArray) -> FloatArray:
        """Denoise the next block of the stream.

        Parameters
        ----------
        block : ndarray, shape (n_channels, n_times)
            The channels of the calibration, in volts, any number of samples.

        Returns
        -------
        clean : ndarray, shape (n_channels, n_times)
            What came in ``delay_`` samples ago, less its artifact. The first ``delay_`` samples of
            a stream repeat its first.
        """
        x = self._check_block(block)
        if x.shape[1] == 0:
            return x.copy()
        if self._queue is None:
            self._queue = np.repeat(x[:, :1], self.delay_, axis=1)
        self._remember(x)
        self._queue = np.concatenate([self._queue, *self._advance(x)], axis=1)
        clean, self._queue = np.split(self._queue, [x.shape[1]], axis=1)
        return clean.copy()

    def skip_gap(self) -> None:
        """Say that samples are missing before the next block.

        What is before the gap still comes out, ``delay_`` samples late as ever.
        """
        self._check_fitted()
        if self._queue is not None:
            self._extend(np.repeat(self._history[:, -1:], self.delay_, axis=1))
            self._queue = np.concatenate([self._queue, self._produce()], axis=1)
        self._begin()

    def adapt(self) -> None:
        """Learn anew from what is remembered of the stream; within a second it takes over.

        As long as `fit`, and may run in another thread. Without ``remember`` it is a ValueError.
        """
        self._check_fitted()
        if self.remember is None:
            raise ValueError("Nothing was kept to adapt to: pass remember=60 to OnlineDenoiser.")
        # A copy: the other thread may be adding to it.
        past = np.concatenate([np.zeros((len(self.ch_names_), 0)), *self._past.copy()], axis=1)
        past = np.nan_to_num(past[:, np.isfinite(past).any(axis=0)].astype(float))
        raw = mne.io.RawArray(past, self._info, verbose="error")
        # By name, and also those that are dead by now: the channels stay what they are.
        denoiser = deepcopy(self.denoiser_).set_params(picks=list(self.denoiser_.ch_names_))
        denoiser.__dict__.pop("filter_")
        self._next = self._learn(denoiser, raw)

    def as_callback(
        self, *, units: float = 1.0
    ) -> Callable[[FloatArray, FloatArray, Any], tuple[FloatArray, FloatArray]]:
        """Give a function for ``mne_lsl.stream.StreamLSL.add_callback``.

        Parameters
        ----------
        units : float
            Volts per unit of the stream: 1e-6 for a stream in microvolts.

        Returns
        -------
        callback : callable
            Takes data of shape (n_times, n_channels), time stamps and an info, and gives back data
            and time stamps ``delay_`` samples earlier. Where stamps jump by 0.1 s or more, the
            stream is taken to have a gap.
        """
        last: list[float] = []

        def clean(
            data: FloatArray, timestamps: FloatArray, info: Any
        ) -> tuple[FloatArray, FloatArray]:
            if len(timestamps):
                if last and timestamps[0] - last[0] - 1 / self.sfreq_ > GAP:
                    self.skip_gap()
                last[:] = [float(timestamps[-1])]
            found = self.process(np.asarray(data, dtype=float).T * units).T / units
            return found.astype(data.dtype), timestamps - self.delay_ / self.sfreq_

        return clean

    def _learn(self, denoiser: ArtifactDenoiser, raw: mne.io.BaseRaw) -> LiveFilter:
        with use_log_level(denoiser.verbose):
            is_fitted = hasattr(denoiser, "filter_")
            signal = denoiser._read_like_fitted(raw) if is_fitted else denoiser._fit(raw)
        signal = cast("Signal", signal)
        live = LiveFilter(denoiser.filter_, signal, self.delay_)
        self.denoiser_, self._picks = denoiser, signal.picks
        return live

    def _begin(self) -> None:
        """Begin a stretch of the stream that has no gap."""
        n_picked = len(self._picks)
        n_flat = max(2, round(FLAT * self.sfreq_))
        self._detector = DropoutDetector(n_picked, n_flat, self.delay_, LARGEST)
        self._dead_for = np.full(n_picked, self.delay_ + 1)
        self._origin = np.zeros(n_picked)  # subtracted, for offsets may be huge
        self._history = np.zeros((n_picked, self._live.n_before))
        self._waiting = np.zeros((len(self.ch_names_), 0))
        self._n_seen = self._n_out = 0
        for live in filter(None, (self._live, self._next)):
            live.forget()

    def _advance(self, x: FloatArray) -> list[FloatArray]:
        """Take new samples, and give those that are ready, in parts."""
        picked = x[self._picks]
        dead = self._detector.take(picked)
        n_dead = count_runs(dead, self._dead_for)
        before = np.concatenate([self._dead_for[:, np.newaxis], n_dead[:, :-1]], axis=1)
        self._dead_for = n_dead[:, -1]
        # What a channel was before a long absence says nothing of what it is after it.
        back = ~dead & (before > self.delay_)
        ends = sorted({0, *np.flatnonzero(back.any(axis=0)).tolist(), x.shape[1]})
        done = []
        for start, stop in pairwise(ends):
            self._origin = np.where(back[:, start], picked[:, start], self._origin)
            self._history[back[:, start]] = 0.0
            self._waiting = np.concatenate([self._waiting, x[:, start:stop]], axis=1)
            self._extend(self._hold(picked[:, start:stop], dead[:, start:stop]))
            done.append(self._produce())
        return done

    def _hold(self, x: FloatArray, dead: BoolArray) -> FloatArray:
        """Let dead channels keep the last value that they had alive."""
        alive = np.maximum.accumulate(np.where(dead, -1, np.arange(x.shape[1])), axis=1)
        held = np.take_along_axis(x - self._origin[:, np.newaxis], np.maximum(alive, 0), axis=1)
        return np.where(alive < 0, self._history[:, -1:], held)

    def _extend(self, x: FloatArray) -> None:
        self._history = np.concatenate([self._history, x], axis=1)
        self._n_seen += x.shape[1]

    def _produce(self) -> FloatArray:
        """Denoise the samples that are ``delay_`` samples back by now."""
        n_ready = max(0, self._n_seen - self.delay_) - self._n_out
        n_before = self._live.n_before
        dead = self._detector.give(n_ready)
        clean, self._waiting = np.split(self._waiting, [n_ready], axis=1)
        first = self._history.shape[1] - n_ready - n_before
        for start, stop in find_runs(dead):
            heard = self._history[:, first + start : first + n_before + stop]
            found = self._find(heard, dead[:, start])
            clean[self._picks, start:stop] -= weigh(found, self.denoiser_.strength)
        self._history = self._history[:, -n_before:].copy()
        self._n_out += n_ready
        return clean

    def _find(self, heard: FloatArray, dead: BoolArray) -> FloatArray:
        found = self._live.find(heard, dead, gate=self.denoiser_.gate)
        follower = self._next  # read once: another thread may bring one at any moment
        if follower is None:
            return found
        n_fade = FADE * self.sfreq_
        share = np.minimum((follower.n_faded + np.arange(found.shape[1])) / n_fade, 1.0)
        found += share * (follower.find(heard, dead, gate=self.denoiser_.gate) - found)
        follower.n_faded += found.shape[1]
        if follower.n_faded >= n_fade:
            self._live, self._next = follower, None if self._next is follower else self._next
        return found

    def _remember(self, x: FloatArray) -> None:
        if self.remember is None:
            return
        self._past.append(x.astype(np.float32))
        n_kept = sum(block.shape[1] for block in self._past)
        while n_kept - self._past[0].shape[1] >= self.remember * self.sfreq_:
            n_kept -= self._past.popleft().shape[1]

    def _check_block(self, block: FloatArray) -> FloatArray:
        self._check_fitted()
        x = np.asarray(block)
        if x.ndim != 2 or len(x) != len(self.ch_names_):
            raise ValueError(
                f"A block needs shape ({len(self.ch_names_)}, n_times), one row for each channel "
                f"of the calibration; found {x.shape}."
            )
        if x.dtype.kind not in "fiu":
            raise TypeError(f"A block needs numbers in volts, found {x.dtype}.")
        return x.astype(float)

    def _check_fitted(self) -> None:
        if not hasattr(self, "_live"):
            raise ValueError("This OnlineDenoiser knows no stream yet: call fit first.")
