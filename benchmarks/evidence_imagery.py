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
    """Print accuracy of each way, and how it differs from that of what was recorded."""
    print(
        "Imagined left or right fist (runs 4, 8, 12 of the EEG Motor Movement/Imagery set), two "
        "people whom training never saw; CSP and LDA of 7 to 30 Hz, five folds, every step fitted "
        "on the training trials of a fold alone. Accuracy [95 % interval]; difference to the "
        "recording as it is, in points [95 % interval of paired proportions], and the trials that "
        "turned right and wrong.\n"
    )
    print("| person | trials | way | accuracy | difference | turned right, wrong |")
    print("|---|---|---|---|---|---|")
    for subject in ("S001", "S079"):
        epochs = read_trials(data, subject)
        x, y = epochs.get_data(), epochs.events[:, 2]
        ways = {"as it is": [], "ICA + ICLabel": [IcaCleaner(epochs.info)]}
        ways["this package"] = [ArtifactDenoiser(info=epochs.info)]
        raw = np.zeros(0)
        for name, steps in ways.items():
            right = score(x, y, steps, epochs.info["sfreq"])
            raw = right if name == "as it is" else raw
            print(f"| {subject} | {len(y)} | {name} | {tell_accuracy(right, raw)} |", flush=True)


def score(x: np.ndarray, y: np.ndarray, steps: list[BaseEstimator], sfreq: float) -> np.ndarray:
    """Decode each trial by what was fitted on other folds: whether it was right, per trial."""
    csp = mne.decoding.CSP(n_components=4, reg="ledoit_wolf")
    pipeline = make_pipeline(*steps, TrialFilter(sfreq), csp, LinearDiscriminantAnalysis())
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return np.asarray(cross_val_predict(pipeline, x, y, cv=folds) == y)


def tell_accuracy(right: np.ndarray, raw: np.ndarray) -> str:
    """Write the accuracy, and the difference to that of the same trials as recorded."""
    low, high = binomtest(int(right.sum()), len(right)).proportion_ci(0.95)
    told = f"{100 * right.mean():.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
    if right is raw:
        return f"{told} | | "
    gained, lost = int((right & ~raw).sum()), int((raw & ~right).sum())
    difference = (gained - lost) / len(right)
    # Agresti and Min 2005, doi:10.1002/sim.1781: half a trial more in each cell.
    n = len(right) + 2
    centre, total = (gained - lost) / n, (gained + lost + 1) / n
    half = 1.96 * np.sqrt(max(total - centre**2, 0.0) / n)
    interval = f"[{100 * (centre - half):+.0f}, {100 * (centre + half):+.0f}]"
    return f"{told} | {100 * difference:+.0f} {interval} | {gained}, {lost}"


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
