"""Motor imagery decoded by CSP and LDA from what is recorded, and from what cleaning leaves.

Trials are few (about 45 per person, chance is 50 %): an interval of 15 points around an accuracy is
usual, so this shows whether denoising does much harm, not whether it helps a little. Every step is
fitted on the training trials of a fold alone, the denoiser among them.
"""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
from peers import choose_components, fit_ica, subtract_components
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from mne_artdenoise import ArtifactDenoiser

TMIN, TMAX = -1.0, 4.0  # cut long, so that filters have run in
START, STOP = 0.5, 3.5  # seconds that are decoded
BAND = (7.0, 30.0)


class TrialFilter(TransformerMixin, BaseEstimator):
    """Band-pass trials, and keep the seconds that are decoded."""

    def __init__(self, sfreq: float = 160.0) -> None:
        self.sfreq = sfreq

    def fit(self, X: np.ndarray, y: object = None) -> TrialFilter:
        """Learn nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Filter and crop."""
        x = mne.filter.filter_data(X, self.sfreq, *BAND, verbose="ERROR")
        first, last = (round((second - TMIN) * self.sfreq) for second in (START, STOP))
        return x[..., first:last]


class IcaCleaner(TransformerMixin, BaseEstimator):
    """Take out of trials the components that ICLabel calls artifacts, fitted on other trials."""

    def __init__(self, info: mne.Info | None = None) -> None:
        self.info = info

    def fit(self, X: np.ndarray, y: object = None) -> IcaCleaner:
        """Fit an ICA on the training trials, joined."""
        self.ica_, probabilities = fit_ica(self._join(X))
        self.exclude_ = choose_components(probabilities)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Subtract the components."""
        clean = subtract_components(self._join(X), self.ica_, self.exclude_).get_data()
        return np.stack(np.split(clean, len(X), axis=1))

    def _join(self, X: np.ndarray) -> mne.io.RawArray:
        return mne.io.RawArray(np.hstack(list(X)), self.info, verbose="ERROR")


def tell_imagery(data: Path) -> None:
    """Print accuracy of each way, with its 95 % interval."""
    print("| person | trials | as it is | ICA + ICLabel | this package |")
    print("|---|---|---|---|---|")
    for subject in ("S001", "S079"):
        epochs = read_trials(data, subject)
        x, y = epochs.get_data(), epochs.events[:, 2]
        steps = {"raw": [], "ica": [IcaCleaner(epochs.info)]}
        steps["ours"] = [ArtifactDenoiser(info=epochs.info)]
        cells = [score(x, y, some, epochs.info["sfreq"]) for some in steps.values()]
        print(f"| {subject} | {len(y)} | {' | '.join(cells)} |", flush=True)


def score(x: np.ndarray, y: np.ndarray, steps: list[BaseEstimator], sfreq: float) -> str:
    """Score a pipeline in five folds."""
    csp = mne.decoding.CSP(n_components=4, reg="ledoit_wolf")
    pipeline = make_pipeline(*steps, TrialFilter(sfreq), csp, LinearDiscriminantAnalysis())
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    right = int((cross_val_predict(pipeline, x, y, cv=folds) == y).sum())
    low, high = binomtest(right, len(y)).proportion_ci(0.95)
    return f"{100 * right / len(y):.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def read_trials(data: Path, subject: str) -> mne.Epochs:
    """Read imagined left and right fists."""
    runs = []
    for run in ("R04", "R08", "R12"):
        raw = mne.io.read_raw_edf(next(data.rglob(f"{subject}{run}.edf")), preload=True)
        mne.datasets.eegbci.standardize(raw)
        runs.append(raw.set_montage("colin27_1005"))
    raw = mne.concatenate_raws(runs)
    events, names = mne.events_from_annotations(raw, {"T1": 1, "T2": 2})
    return mne.Epochs(raw, events, names, tmin=TMIN, tmax=TMAX, baseline=None, preload=True)
