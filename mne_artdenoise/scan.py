"""Labels of responses from their latents, and latents from labels: an estimator.

The symbol-concept association network (Higgins et al. 2018, arXiv:1707.03389) on the latents of
`ERPDenoiser`, as Honke et al. (2021), arXiv:2010.15274, use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from ._typing import FloatArray

if TYPE_CHECKING:
    import numpy.typing as npt


class SCAN(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Tie labels to the latents of responses.

    Parameters
    ----------
    steps : int
        Updates of the network.
    beta : float
        Weight of the divergence of a label's latents from a normal distribution.
    pull : float
        Weight of the divergence of a response's latents from those of its labels.
    spread : float
        Deviation of latents where ``fit`` is not told.
    rng : int
        Seed.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, where each response has one.
    network_ : ScanNetwork

    Examples
    --------
    >>> from mne_artdenoise.erp import ERPDenoiser
    >>> from mne_artdenoise.scan import SCAN
    >>> denoiser = ERPDenoiser().fit(epochs)  # doctest: +SKIP
    >>> latents = denoiser.transform_latent(epochs)  # doctest: +SKIP
    >>> scan = SCAN().fit(latents, epochs.events[:, 2])  # doctest: +SKIP
    >>> typical = denoiser.make_responses(scan.imagine([1]))  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        steps: int = 600,
        beta: float = 0.1,
        pull: float = 1.0,
        spread: float = 0.5,
        rng: int = 0,
    ) -> None:
        self.steps = steps
        self.beta = beta
        self.pull = pull
        self.spread = spread
        self.rng = rng

    def fit(
        self, latents: FloatArray, labels: npt.ArrayLike, *, spread: FloatArray | None = None
    ) -> SCAN:
        """Tie labels to latents.

        Parameters
        ----------
        latents : ndarray, shape (n_trials, n_latents)
            From `ERPDenoiser.transform_latent`.
        labels : array-like, shape (n_trials,) or (n_trials, n_symbols)
            One label of any type for each trial; or, of several symbols, which it has (0 or 1).
        spread : ndarray, shape (n_trials, n_latents) | None
            Deviations of the latents (``transform_latent(..., return_spread=True)``), above zero
            and of the same shape (else ValueError).

        Returns
        -------
        self : SCAN
        """
        from .training.scan import ScanTrainingConfig, fit_scan

        means = check_array(latents, dtype=float)
        check_consistent_length(means, labels)
        self.n_features_in_ = means.shape[1]
        known = np.asarray(labels)
        self._single = known.ndim == 1
        if self._single:
            self.classes_ = np.unique(known)
        symbols = self._encode(known)
        deviations = np.full(means.shape, self.spread) if spread is None else np.asarray(spread)
        if deviations.shape != means.shape or not (deviations > 0).all():
            raise ValueError(
                f"spread needs one deviation above zero for each latent, shape {means.shape}, "
                f"found shape {deviations.shape}."
            )
        config = ScanTrainingConfig(steps=self.steps, beta=self.beta, pull=self.pull, seed=self.rng)
        self.network_ = fit_scan(means, deviations, symbols, config)
        return self

    def predict_proba(self, latents: FloatArray) -> FloatArray:
        """Tell how likely each label or symbol is.

        Parameters
        ----------
        latents : ndarray, shape (n_trials, n_latents)
            From `ERPDenoiser.transform_latent`, as many as fitted (else ValueError).

        Returns
        -------
        likely : ndarray, shape (n_trials, n_classes)
            Where each response has one label, these add to one.
        """
        from .training.scan import name_symbols

        check_is_fitted(self, "network_")
        means = check_array(latents, dtype=float)
        if means.shape[1] != self.n_features_in_:
            raise ValueError(f"Found {means.shape[1]} latents, fitted to {self.n_features_in_}.")
        likely = name_symbols(self.network_, means)
        return likely / likely.sum(axis=1, keepdims=True) if self._single else likely

    def predict(self, latents: FloatArray) -> npt.NDArray[np.generic]:
        """Tell the label of each response, or which symbols it has (0 or 1).

        Parameters
        ----------
        latents : ndarray, shape (n_trials, n_latents)
            From `ERPDenoiser.transform_latent`.

        Returns
        -------
        labels : ndarray, shape (n_trials,) or (n_trials, n_symbols)
        """
        likely = self.predict_proba(latents)
        if self._single:
            return np.asarray(self.classes_[likely.argmax(axis=1)])
        return np.asarray((likely > 0.5).astype(int))

    def imagine(self, labels: npt.ArrayLike) -> FloatArray:
        """Give the latents that labels stand for.

        Parameters
        ----------
        labels : array-like, shape (n,) or (n, n_symbols)
            As for `fit`.

        Returns
        -------
        latents : ndarray, shape (n, n_latents)
            For `ERPDenoiser.make_responses`.
        """
        from .training.scan import imagine_latents

        check_is_fitted(self, "network_")
        return imagine_latents(self.network_, self._encode(np.asarray(labels)))

    def _encode(self, labels: npt.NDArray[np.generic]) -> FloatArray:
        if self._single != (labels.ndim == 1):
            raise ValueError(
                f"Found labels of shape {labels.shape}, and fitted to "
                f"{'one label' if self._single else 'several symbols'} for each trial."
            )
        if not self._single:
            symbols = check_array(labels, dtype=float)
            if not np.isin(symbols, (0.0, 1.0)).all():
                raise ValueError("Symbols are 0 or 1: which of them a trial has.")
            return np.asarray(symbols)
        unknown = sorted(set(labels.tolist()) - set(self.classes_.tolist()))
        if unknown:
            raise ValueError(
                f"Unknown labels {unknown}. Known: {', '.join(map(repr, self.classes_.tolist()))}."
            )
        return np.asarray(labels[:, None] == self.classes_, dtype=float)
