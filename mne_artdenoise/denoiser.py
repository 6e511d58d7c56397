"""The denoiser: one scikit-learn transformer that takes a recording all the way and back.

The path, each step in a module of its own beside its inverse:

    Raw -> recording -> channels -> rate -> scale -> windows -> inference(network)
        -> windows -> scale -> rate -> spatial -> recording -> Raw
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import mne
import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from . import provenance, storage
from ._compat import logger, use_log_level, warn
from ._typing import FloatArray
from .channels import find_positioned, read_directions
from .preconditions import check_preconditions
from .rate import to_model_rate, to_recording_rate
from .recording import Picks, Signal, read_signal, restrict, write_artifact, write_signal
from .scale import measure_scale, to_model_scale, to_volts
from .spatial import SpatialFilter, apply_filter, choose_edges, find_active, fit_filter
from .weights import get_record
from .weights.record import ModelRecord
from .windows import cut_windows, overlap_add, plan_windows

if TYPE_CHECKING:
    from sklearn.utils import Tags
    from torch.nn import Module

    from ._typing import Instance


class ArtifactDenoiser(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Remove artifacts from EEG: estimate them with a network, subtract what was estimated.

    Parameters
    ----------
    model : str
        A pretrained model, one of `list_models`.
    spatial : bool
        Whether the network's estimate is turned into linear filters of the recording, one per
        frequency band (the spatial step). If False, the network's estimate itself is subtracted.
    gate : bool
        Whether the spatial step removes only where, at the moment, artifact outweighs brain. Spans
        without artifact then come out bit-identical.
    strength : float
        Factor of the artifact before it is subtracted, from 0 (nothing) to 1 (all of it).
    picks : str | list of str | list of int | slice | None
        Channels to denoise. Types such as ``"eeg"`` leave out bad channels, names do not.
    overlap : float
        Share of the trusted part of a window that it has in common with the next one, 0 to below 1.
    batch_size : int | "auto"
        Windows that the network sees at once.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    info : mne.Info | None
        The channels of arrays. Without it nothing is known of an array's rows, and arrays come out
        as they went in, with a warning.
    verbose : bool | str | int | None
        As everywhere in MNE-Python.

    Attributes
    ----------
    filter_ : SpatialFilter
        The filters, with their topographies (``spatial=True`` only).
    record_ : ModelRecord
        The model: what inference replays, licences, scores, weaknesses.
    ch_names_ : list of str
        The channels that are denoised.
    n_features_in_ : int
        Channels of what was fitted.

    Notes
    -----
    ``fit`` learns the filters from one recording, ``transform`` applies them to the same or another
    one of the same channels. Bad channels, channels without a position, spans annotated ``BAD_`` or
    ``EDGE``, and frequencies below 0.5 Hz are never touched.

    Examples
    --------
    >>> from mne_artdenoise import ArtifactDenoiser
    >>> raw_clean = ArtifactDenoiser().fit_transform(raw)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str = "any-montage-v1",
        *,
        spatial: bool = True,
        gate: bool = True,
        strength: float = 1.0,
        picks: Picks = "eeg",
        overlap: float = 0.5,
        batch_size: int | Literal["auto"] = "auto",
        device: str = "auto",
        info: mne.Info | None = None,
        verbose: bool | str | int | None = None,
    ) -> None:
        self.model = model
        self.spatial = spatial
        self.gate = gate
        self.strength = strength
        self.picks = picks
        self.overlap = overlap
        self.batch_size = batch_size
        self.device = device
        self.info = info
        self.verbose = verbose

    def fit(self, X: Instance, y: object = None) -> ArtifactDenoiser:
        """Learn the filters of the spatial step from a recording.

        Parameters
        ----------
        X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
            The recording, in volts. It is not modified.
        y : None
            Ignored.

        Returns
        -------
        self : ArtifactDenoiser
        """
        self._check_parameters()
        with use_log_level(self.verbose):
            self.record_ = get_record(self.model)
            if self._is_unknown(X, reset=True):
                return self
            self.n_features_in_ = _count_channels(X)
            signal = self._read(X)
            check_preconditions(signal.segments, signal.info)
            signal = self._restrict(signal)
            self.ch_names_ = signal.ch_names
            if self.spatial:
                self.filter_ = self._fit_filter(signal)
        return self

    def transform(self, X: Instance) -> Instance:
        """Subtract the artifact, on a copy.

        Parameters
        ----------
        X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
            A recording of the channels that were fitted, in volts. It is not modified.

        Returns
        -------
        clean : same type as X
            Equal to ``X`` but for what was removed.
        """
        signal, artifact = self._find_artifact(X)
        if signal is None:
            return self._copy_unknown(X)
        return self._sign(write_signal(X, signal, artifact, self.strength))

    def estimate_artifact(self, X: Instance) -> Instance:
        """Estimate what `transform` would subtract.

        Parameters
        ----------
        X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
            As for `transform`.

        Returns
        -------
        artifact : same type as X
            Zero in channels and spans that are left alone.
        """
        signal, artifact = self._find_artifact(X)
        if signal is None:
            return np.zeros_like(self._copy_unknown(X))
        return write_artifact(X, signal, artifact, self.strength)

    def annotate_repaired(self, raw: mne.io.BaseRaw) -> mne.Annotations:
        """Mark the spans of a recording from which something is removed.

        Parameters
        ----------
        raw : Raw
            The recording before `transform`.

        Returns
        -------
        annotations : mne.Annotations
            ``"artdenoise"`` spans, to be added: ``clean.set_annotations(clean.annotations + spans)``.
        """
        signal, artifact = self._find_artifact(raw)
        spans = find_active(artifact)
        onsets, durations = [], []
        for place, segment_spans in zip(signal.places if signal else (), spans, strict=True):
            for start, stop in segment_spans:
                onsets.append((place[1] + start) / raw.info["sfreq"])
                durations.append((stop - start) / raw.info["sfreq"])
        orig_time = raw.annotations.orig_time
        first = raw.first_time if orig_time is not None else 0.0
        onset = np.array(onsets) + first
        return mne.Annotations(onset, durations, "artdenoise", orig_time=orig_time)

    def save(self, fname: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted state, without pickle.

        Parameters
        ----------
        fname : str | Path
            A file name ending in ``-artdenoise.npz``.
        overwrite : bool
            Whether an existing file may be replaced.
        """
        check_is_fitted(self, "record_")
        storage.save_denoiser(self, Path(fname), overwrite=overwrite)

    @classmethod
    def load(cls, fname: str | Path) -> ArtifactDenoiser:
        """Read what `save` wrote.

        Parameters
        ----------
        fname : str | Path
            The file.

        Returns
        -------
        denoiser : ArtifactDenoiser
            Fitted. ``info`` holds names, types, rate and positions only.
        """
        return cast("ArtifactDenoiser", storage.load_denoiser(cls, Path(fname)))

    def _find_artifact(self, X: Instance) -> tuple[Signal | None, list[FloatArray]]:
        """Estimate the artifact in each segment, in volts."""
        check_is_fitted(self, "record_")
        with use_log_level(self.verbose):
            if self._is_unknown(X, reset=False):
                return None, []
            signal = self._match(self._restrict(self._read(X)))
            if not self.spatial:
                return signal, self._run_network(signal)
            return signal, [
                apply_filter(self.filter_, segment, signal.sfreq, gate=self.gate)
                for segment in signal.segments
            ]

    def _fit_filter(self, signal: Signal) -> SpatialFilter:
        sfreq = self.record_.sfreq
        recording, estimate = self._estimate(signal)
        seconds = sum(x.shape[1] for x in recording) / sfreq
        edges = choose_edges(signal.n_channels, seconds, self.record_.band[1])
        return fit_filter(recording, estimate, sfreq, edges=edges)

    def _run_network(self, signal: Signal) -> list[FloatArray]:
        _, estimate = self._estimate(signal)
        sfreq = self.record_.sfreq
        return [
            to_recording_rate(x, sfreq, signal.sfreq, segment.shape[1])
            for x, segment in zip(estimate, signal.segments, strict=True)
        ]

    def _estimate(self, signal: Signal) -> tuple[list[FloatArray], list[FloatArray]]:
        """Recording and artifact of each segment at the model's rate, in volts."""
        from .weights import load_network

        network, record = load_network(self.record_), self.record_
        recording = [
            to_model_rate(segment, signal.sfreq, record.sfreq, record.l_freq)
            for segment in signal.segments
        ]
        scale = measure_scale(recording, record.sfreq)
        directions = read_directions(signal.info)
        logger.info("Estimating artifacts with %s", record.id)
        estimate = [
            self._estimate_segment(x, scale, directions, network, record) for x in recording
        ]
        return recording, estimate

    def _estimate_segment(
        self,
        x: FloatArray,
        scale: float,
        directions: FloatArray,
        network: Module,
        record: ModelRecord,
    ) -> FloatArray:
        from .inference import run_network

        plan = plan_windows(
            x.shape[1],
            window=record.window,
            context=record.context,
            overlap=self.overlap,
            stride=record.stride,
        )
        windows = cut_windows(to_model_scale(x, scale), plan)
        artifact = run_network(
            network, windows, directions, batch_size=self.batch_size, device=self.device
        )
        return to_volts(overlap_add(artifact, plan), scale)

    def _read(self, X: Instance) -> Signal:
        return read_signal(X, self.picks, self.info)

    def _restrict(self, signal: Signal) -> Signal:
        keep, _ = find_positioned(signal.info)
        if len(keep) < 2:
            raise ValueError(
                f"Found {len(keep)} channel with a position, but at least 2 are needed: artifacts "
                "are told from brain by where they are. Set positions with inst.set_montage."
            )
        return signal if len(keep) == signal.n_channels else restrict(signal, keep)

    def _match(self, signal: Signal) -> Signal:
        """Put the channels of another recording in the order of those fitted, or say what differs."""
        names = signal.ch_names
        missing = [name for name in self.ch_names_ if name not in names]
        if missing or (self.spatial and len(names) != len(self.ch_names_)):
            extra = [name for name in names if name not in self.ch_names_]
            raise ValueError(
                f"The channels differ from those of fit: missing {missing or 'none'}, new "
                f"{extra or 'none'} (bad channels and those without a position do not count). "
                "Fit again with fit_transform, or make the bads and picks alike."
            )
        if names == self.ch_names_:
            return signal
        return restrict(signal, [names.index(name) for name in self.ch_names_])

    def _is_unknown(self, X: Instance, *, reset: bool) -> bool:
        """Tell whether this is an array of which nothing is known, after checking it."""
        if self.info is not None or isinstance(X, mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked):
            return False
        validate_data(self, X, reset=reset, allow_nd=True, dtype="numeric")
        warn(
            "An array without info= tells neither its channels nor its sampling rate: it is left "
            "as it is. Pass ArtifactDenoiser(info=epochs.info) with the info of its channels."
        )
        return True

    def _copy_unknown(self, X: Instance) -> FloatArray:
        array = np.array(X)
        return array if array.dtype.kind == "f" else array.astype(float)

    def _sign(self, result: Instance) -> Instance:
        """Write into the result what was done to it."""
        if not isinstance(result, np.ndarray):
            provenance.add_line(result, self.record_, self.get_params())
        return result

    def _check_parameters(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength must be from 0 to 1, found {self.strength!r}.")
        if not 0 <= self.overlap < 1:
            raise ValueError(f"overlap must be from 0 to below 1, found {self.overlap!r}.")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = False
        return tags


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
    """
    return cast("Instance", ArtifactDenoiser(model, **kwargs).fit_transform(inst))


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
    """
    return cast("FloatArray", denoise(np.asarray(array), model, info=info, **kwargs))


def _count_channels(X: Instance) -> int:
    return X.shape[-2] if isinstance(X, np.ndarray) else len(X.ch_names)
