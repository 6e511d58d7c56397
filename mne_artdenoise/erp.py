"""Responses to single events, denoised by a variational autoencoder, and the latents behind them.

This is no remover of artifacts: what comes out is what the network makes of a trial, at its own
three sites, rate and span, not the recording less what was found in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._compat import use_log_level
from ._typing import FloatArray
from .rate import to_model_rate
from .weights.registry import find_record

if TYPE_CHECKING:
    from .networks.beta_vae import BetaVAE

BEFORE = 62  # samples from the start to the event: 248 ms


class ERPDenoiser(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Denoise responses to single events, and give the latents that stand for each.

    Parameters
    ----------
    model : str
        A model that estimates responses.
    verbose : bool | str | int | None
        As everywhere in MNE-Python.

    Attributes
    ----------
    record_ : ModelRecord
        The model: its sites, rate and window.
    scale_ : float
        Usual deviation of a trial, in volts. Outputs are in volts, too.

    Notes
    -----
    Epochs need the three sites of the model (Fz, Cz, Pz) and the span from 248 ms before to 772 ms
    after the event; anything else they have is not looked at. They are resampled to 250 Hz, to the
    sample nearest to the start, and the mean before the event is taken off. Average reference: the
    model was trained on that. Artifacts should be removed before, with `ArtifactDenoiser`.

    The network knows the responses that it was trained on, and pulls what it sees towards them: an
    unusual response comes out more usual than it was. Compare conditions on the recorded trials,
    and use what comes out where single trials count.

    After Honke et al. (2021), arXiv:2010.15274.

    Examples
    --------
    >>> from mne_artdenoise.erp import ERPDenoiser
    >>> responses = ERPDenoiser().fit_transform(epochs)  # doctest: +SKIP
    """

    def __init__(
        self, model: str = "beta-vae-erp-v1", *, verbose: bool | str | int | None = None
    ) -> None:
        self.model = model
        self.verbose = verbose

    def fit(self, X: mne.BaseEpochs | FloatArray, y: object = None) -> ERPDenoiser:
        """Measure how large trials usually are.

        Parameters
        ----------
        X : Epochs | ndarray, shape (n_trials, 3, 256)
            Single trials, in volts; arrays at the sites, the rate and of the span of the model.
            Trials that are flat, half or more of them, and a model of artifacts are a ValueError.
        y : None
            Ignored.

        Returns
        -------
        self : ERPDenoiser
        """
        with use_log_level(self.verbose):
            record = find_record(self.model)
            if record.estimates != "response":
                raise ValueError(
                    f"{self.model!r} removes artifacts and knows no responses: use it as "
                    f"ArtifactDenoiser({self.model!r})."
                )
            self.record_ = record
            trials = self._read(X)
            scale = float(np.median(trials.std(axis=(-2, -1))))
            if not scale > 0:
                raise ValueError("Half of the trials or more are flat: they have no usual size.")
            self.scale_ = scale
        return self

    def transform(self, X: mne.BaseEpochs | FloatArray) -> mne.EpochsArray | FloatArray:
        """Denoise each trial.

        Parameters
        ----------
        X : Epochs | ndarray, shape (n_trials, 3, 256)
            Trials or means of trials, in volts.

        Returns
        -------
        responses : EpochsArray | ndarray, shape (n_trials, 3, 256)
            In volts. Epochs keep events, metadata and what they are called.
        """
        with use_log_level(self.verbose):
            network = self._load()
            latents, _ = network.find_latents(self._read(X) / self.scale_)
            responses = self.scale_ * network.make_responses(latents)
            return responses if isinstance(X, np.ndarray) else self._make_epochs(X, responses)

    def transform_latent(
        self, X: mne.BaseEpochs | FloatArray, *, return_spread: bool = False
    ) -> FloatArray | tuple[FloatArray, FloatArray]:
        """Give the latents of each trial.

        Parameters
        ----------
        X : Epochs | ndarray, shape (n_trials, 3, 256)
            As for `transform`.
        return_spread : bool
            Whether to give their deviations, too.

        Returns
        -------
        latents : ndarray, shape (n_trials, n_latents)
            Their means; about one in deviation over all that the model knows.
        spread : ndarray, shape (n_trials, n_latents)
            How unsure each is: near one where the trial says nothing about it.
        """
        with use_log_level(self.verbose):
            latents, spread = self._load().find_latents(self._read(X) / self.scale_)
        return (latents, spread) if return_spread else latents

    def make_responses(self, latents: FloatArray) -> FloatArray:
        """Make the responses that latents stand for.

        Parameters
        ----------
        latents : ndarray, shape (n, n_latents)
            From `transform_latent`, or changed to see what each means.

        Returns
        -------
        responses : ndarray, shape (n, 3, 256)
            In volts.
        """
        with use_log_level(self.verbose):
            return np.asarray(self.scale_ * self._load().make_responses(latents))

    def _load(self) -> BetaVAE:
        from .weights import load_network

        check_is_fitted(self, "scale_")
        network: Any = load_network(self.record_)
        return network  # type: ignore[no-any-return]

    def _read(self, X: mne.BaseEpochs | FloatArray) -> FloatArray:
        """Read trials at the sites, the rate and of the span of the model, baseline taken off."""
        check_is_fitted(self, "record_")
        record = self.record_
        shape = (len(record.channels), record.window)
        if isinstance(X, mne.BaseEpochs):
            trials = cut_trials(X, tuple(record.channels), record.sfreq, record.window)
        else:
            trials = np.asarray(X, dtype=float)
            if trials.ndim != 3 or trials.shape[1:] != shape:
                raise ValueError(
                    f"Found an array of shape {np.shape(X)}, and (n_trials, {shape[0]}, "
                    f"{shape[1]}) is needed: {', '.join(record.channels)} at {record.sfreq:g} Hz "
                    "from 248 ms before the event. Epochs are brought to that by themselves."
                )
        if not len(trials):
            raise ValueError("Found no trials.")
        if not np.isfinite(trials).all():
            raise ValueError("Found NaN or infinity in the trials: drop those with drop_bad().")
        return np.asarray(trials - trials[..., :BEFORE].mean(axis=-1, keepdims=True))

    def _make_epochs(self, epochs: mne.BaseEpochs, responses: FloatArray) -> mne.EpochsArray:
        record = self.record_
        names = [find_name(epochs.ch_names, site) for site in record.channels]
        info = mne.create_info(names, record.sfreq, "eeg")
        for channel in info["chs"]:
            channel["loc"] = epochs.info["chs"][epochs.ch_names.index(channel["ch_name"])]["loc"]
        events = epochs.events.copy()
        events[:, 0] = np.arange(len(events))  # of another rate: samples of the recording are not
        return mne.EpochsArray(
            responses,
            info,
            events,
            -BEFORE / record.sfreq,
            epochs.event_id,
            metadata=epochs.metadata,
            proj=False,
        )


def cut_trials(
    epochs: mne.BaseEpochs, sites: tuple[str, ...], sfreq: float, n_times: int
) -> FloatArray:
    """Cut epochs to some sites, a rate and a span, shape (n_trials, n_sites, n_times)."""
    names = [find_name(epochs.ch_names, site) for site in sites]
    start, stop = -BEFORE / sfreq, (n_times - 1 - BEFORE) / sfreq
    half = 0.5 / sfreq
    if epochs.tmin > start + half or epochs.tmax < stop - half:
        raise ValueError(
            f"The epochs last from {epochs.tmin:g} to {epochs.tmax:g} s, and {start:g} to {stop:g} "
            "s are needed: make them with mne.Epochs(raw, events, tmin=-0.25, tmax=0.8)."
        )
    data = epochs.get_data(picks=names)
    flat = to_model_rate(data.reshape(-1, data.shape[-1]), epochs.info["sfreq"], sfreq)
    first = max(0, round((start - epochs.tmin) * sfreq))
    trials = flat.reshape(*data.shape[:2], -1)[..., first : first + n_times]
    missing = n_times - trials.shape[-1]  # less than a sample: the last one stands for it
    return np.asarray(np.pad(trials, ((0, 0), (0, 0), (0, missing)), mode="edge"))


def find_name(ch_names: list[str], site: str) -> str:
    """Find the channel of a site, in upper or lower case; a site without one is a ValueError."""
    for name in ch_names:
        if name.lower() == site.lower():
            return name
    raise ValueError(
        f"The epochs have no channel {site}, and the model needs it. If it was bad, interpolate it "
        "with epochs.interpolate_bads(); other names are changed by epochs.rename_channels()."
    )
