"""The denoiser: one scikit-learn transformer that takes a recording all the way and back.

The path, each step in a module of its own beside its inverse:

    Raw -> intake(recording -> channels) -> estimation(rate -> scale -> windows
        -> inference(network) -> windows -> scale) -> spatial -> projectors -> recording -> Raw
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import mne
import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from . import provenance, storage
from ._compat import use_log_level
from ._typing import FloatArray
from .estimation import find_artifact, learn_filter
from .intake import copy_unknown, is_unknown, put_in_order, refuse_unknown, take_in, warn_unknown
from .preconditions import check_parameters
from .projectors import project
from .recording import Picks, Signal, write_artifact, write_signal
from .spatial import apply_filter, find_active
from .weights import get_record

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from ._typing import Instance


def _has_columns(denoiser: ArtifactDenoiser) -> bool:
    # A recording has no columns to name: without this, set_output would make a table of it.
    return not hasattr(denoiser, "ch_names_")


class ArtifactDenoiser(storage.Portable, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Remove artifacts from EEG: estimate them with a network, subtract what was estimated.

    Parameters
    ----------
    model : str
        A pretrained model, one of `list_models`.
    spatial : bool
        Whether the network's estimate is turned into linear filters of the recording, one per
        frequency band (the spatial step). If False, the network's estimate itself is subtracted.
    gate : bool
        Whether the spatial step removes only where artifact outweighs brain at the moment. Spans
        without artifact then come out bit-identical.
    strength : float
        Share of the artifact that is subtracted, from 0 (nothing) to 1 (all of it).
    picks : str | list of str | list of int | slice | None
        Channels to denoise. Types such as ``"eeg"`` leave out bad channels, names do not.
    overlap : float
        Share of a window's trusted part that it has in common with the next one, 0 to below 1.
    batch_size : int | "auto"
        Windows that the network sees at once.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"onnx"``: no torch needed.
    info : mne.Info | None
        The channels of arrays. Recordings bring their own.
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
    one of the same channels. Channels that are bad or without a position, and spans annotated
    ``BAD_`` or ``EDGE``, are left alone. What is removed lies in the space that active projectors
    leave: an average reference stays one. An array without ``info`` comes out as it went in, with
    a RuntimeWarning (scikit-learn's checks know only such arrays).

    Examples
    --------
    >>> from mne_artdenoise import ArtifactDenoiser
    >>> raw_clean = ArtifactDenoiser().fit_transform(raw)
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
        with use_log_level(self.verbose):
            self._fit(X)
        return self

    def fit_transform(self, X: Instance, y: object = None) -> Instance:
        """Learn the filters from a recording, and subtract its artifact, on a copy.

        Parameters
        ----------
        X, y
            As for `fit`.

        Returns
        -------
        clean : same type as X
            As from `transform`.
        """
        with use_log_level(self.verbose):
            return self._subtract(X, self._fit(X))

    def transform(self, X: Instance) -> Instance:
        """Subtract the artifact, on a copy.

        Parameters
        ----------
        X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
            A recording of the channels that were fitted, in any order, in volts.

        Returns
        -------
        clean : same type as X
            Equal to ``X`` but for what was removed.
        """
        with use_log_level(self.verbose):
            return self._subtract(X, self._read_like_fitted(X))

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
        with use_log_level(self.verbose):
            signal = self._read_like_fitted(X)
            if signal is None:
                return np.zeros_like(copy_unknown(X))
            return write_artifact(X, signal, self._find_artifact(signal), self.strength)

    def annotate_repaired(self, raw: mne.io.BaseRaw) -> mne.Annotations:
        """Mark the spans of a recording from which something is removed.

        Parameters
        ----------
        raw : Raw
            The recording before `transform`.

        Returns
        -------
        annotations : mne.Annotations
            ``"artdenoise"`` spans, with onsets as in ``raw.annotations``. To add them:
            ``raw_clean.annotations.append(spans.onset, spans.duration, spans.description)``.
        """
        provenance.check_raw(raw)
        with use_log_level(self.verbose):
            signal = cast("Signal", self._read_like_fitted(raw))
            active = find_active(self._find_artifact(signal))
        return provenance.annotate_spans(raw, [place[1] for place in signal.places], active)

    @available_if(_has_columns)  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Name the columns of an array without info; a recording has none."""
        return super().get_feature_names_out(input_features)

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
            Fitted. Its ``info`` holds names, types, bads, positions, projectors and the rate.
        """
        return cast("ArtifactDenoiser", storage.load_denoiser(cls, Path(fname)))

    def _fit(self, X: Instance) -> Signal | None:
        check_parameters(self.strength, self.overlap)
        for name in ("record_", "ch_names_", "filter_"):  # nothing of an earlier fit may remain
            self.__dict__.pop(name, None)
        record = get_record(self.model)
        signal = self._read(X, fitted=False)
        if signal is not None:
            if self.spatial:
                self.filter_ = learn_filter(signal, record, **self._get_options())
            self.ch_names_ = signal.ch_names
            self.n_features_in_ = X.shape[-2] if isinstance(X, np.ndarray) else len(X.ch_names)
        self.record_ = record
        return signal

    def _find_artifact(self, signal: Signal) -> list[FloatArray]:
        if self.spatial:
            found = [
                apply_filter(self.filter_, segment, signal.sfreq, gate=self.gate)
                for segment in signal.segments
            ]
        else:
            found = find_artifact(signal, self.record_, **self._get_options())
        return project(found, signal.info)

    def _get_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("overlap", "batch_size", "device")}

    def _subtract(self, X: Instance, signal: Signal | None) -> Instance:
        if signal is None:
            return copy_unknown(X)
        clean = write_signal(X, signal, self._find_artifact(signal), self.strength)
        if not isinstance(clean, np.ndarray):
            provenance.add_line(clean, self.record_, self.get_params(deep=False))
        return clean

    def _read(self, X: Instance, *, fitted: bool) -> Signal | None:
        """Read and check what can be denoised; None for an array of which nothing is known."""
        if not is_unknown(X, self.info):
            return take_in(X, self.picks, self.info)
        if fitted and hasattr(self, "ch_names_"):
            refuse_unknown()
        validate_data(self, X, reset=not fitted, allow_nd=True, dtype="numeric")
        warn_unknown()
        return None

    def _read_like_fitted(self, X: Instance) -> Signal | None:
        check_is_fitted(self, "record_")
        check_parameters(self.strength, self.overlap)
        if (signal := self._read(X, fitted=True)) is None:
            return None
        # Not there after fitting an array of which nothing is known, or another spatial=.
        check_is_fitted(self, ["ch_names_", "filter_"] if self.spatial else "ch_names_")
        return put_in_order(signal, self.ch_names_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
