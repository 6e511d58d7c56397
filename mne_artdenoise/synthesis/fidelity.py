"""How like real artifacts made ones are: spectra, covariances, distributions, and who can tell.

Everything compares two sets, so that real ones of other people set the floor: what two sets of real
artifacts differ by is what the best generator differs by.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import kmeans2
from scipy.fft import irfft, rfft
from scipy.signal import welch
from scipy.spatial.distance import cdist

from .._typing import FloatArray, IntArray

BANDS = {
    "delta": (0.5, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0),
    "gamma": (30.0, 60.0),
}  # fmt: skip
LAGS = 0.5  # seconds over which autocorrelations are compared
STEP = 0.125  # seconds of one value of the course of power
SMALLEST = 1e-4  # of the power: of an eye of 40 µV it is 0.4 µV, which no electrode can tell
MODULATIONS = 16  # multiples of 0.25 Hz, doubling in width, at which power may come and go


def compare_windows(made: FloatArray, real: FloatArray, sfreq: float) -> dict[str, float]:
    """Compare made windows of one label with real ones in every way there is here.

    Parameters
    ----------
    made, real : ndarray, shape (n_windows, n_times)
        Of a mean square of one.
    sfreq : float
        Sampling rate in hertz.

    Returns
    -------
    figures : dict of str -> float
        Maximum mean discrepancy (``"mmd"``), ``"precision"`` and ``"recall"`` of distributions, how
        well the nearest window tells made from real (``"told apart"``, 0.5 at best), the root mean
        square difference of autocorrelations, and by how much the power in each band differs, as
        a share of the real one.
    """
    features = describe(made, sfreq), describe(real, sfreq)
    precision, recall = measure_precision_recall(*features)
    return {
        "mmd": measure_mmd(*features),
        "precision": precision,
        "recall": recall,
        "told apart": measure_telling(*features),
        "autocorrelation": compare_autocorrelations(made, real, sfreq),
        **compare_band_powers(made, real, sfreq),
    }


def measure_band_powers(windows: FloatArray, sfreq: float) -> dict[str, FloatArray]:
    """Power by band, after Welch, of windows (..., n_times): each of shape (...)."""
    n_times = windows.shape[-1]
    size = min(n_times, round(2 * sfreq))
    frequency, density = welch(windows, sfreq, nperseg=size, axis=-1)
    step = frequency[1] - frequency[0]
    return {
        name: density[..., (frequency >= low) & (frequency < high)].sum(axis=-1) * step
        for name, (low, high) in BANDS.items()
    }


def compare_band_powers(made: FloatArray, real: FloatArray, sfreq: float) -> dict[str, float]:
    """Compare mean power by band: the difference as a share of the real one, 0.25 for 25 %."""
    both = (measure_band_powers(x, sfreq) for x in (made, real))
    ours, theirs = ({name: x.mean() for name, x in powers.items()} for powers in both)
    return {name: float(ours[name] / theirs[name] - 1) for name in BANDS}


def compare_covariances(made: FloatArray, real: FloatArray) -> float:
    """Compare mean covariances of channels, each of trace one: Frobenius distance over the norm.

    Parameters
    ----------
    made, real : ndarray, shape (n_windows, n_channels, n_times)
        Of the same channels.

    Returns
    -------
    distance : float
    """
    ours, theirs = (_average_covariance(x) for x in (made, real))
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def compare_autocorrelations(made: FloatArray, real: FloatArray, sfreq: float) -> float:
    """Root mean square difference of the mean autocorrelations of windows (n_windows, n_times)."""
    ours, theirs = (_average_autocorrelation(x, round(LAGS * sfreq)) for x in (made, real))
    return float(np.sqrt(np.mean((ours - theirs) ** 2)))


def describe(windows: FloatArray, sfreq: float) -> FloatArray:
    """Describe waveforms by what does not depend on when they were cut.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_times)
        Of a mean square of one.
    sfreq : float
        Sampling rate in hertz.

    Returns
    -------
    features : ndarray, shape (n_windows, n_features)
        Logarithms of power in 16 bands, of how that power comes and goes at 0.25 to 16 Hz, skewness
        and kurtosis.
    """
    spectrum = np.square(np.abs(rfft(windows, axis=-1)))
    frequency = np.fft.rfftfreq(windows.shape[-1], 1 / sfreq)
    edges = np.geomspace(0.5, 0.47 * sfreq, 17)
    course = np.square(windows)[:, : windows.shape[-1] // (step := round(STEP * sfreq)) * step]
    course = np.log(course.reshape(len(windows), -1, step).mean(axis=-1) + 0.01)
    coming = np.square(np.abs(rfft(course - course.mean(axis=1, keepdims=True), axis=-1)))
    fine = np.square(windows)[:, : windows.shape[-1] // 4 * 4].reshape(len(windows), -1, 4)
    fine_power = np.square(np.abs(rfft(np.sqrt(fine.mean(axis=-1)), axis=-1)))
    fine_frequency = np.fft.rfftfreq(fine.shape[1], 4 / sfreq)
    return np.column_stack(
        [
            _gather(spectrum, frequency, edges, windows.shape[-1] ** 2 / 2),
            np.log(course.var(axis=1) + 0.01),
            _gather(
                coming, np.fft.rfftfreq(course.shape[1], STEP), np.array([0.2, 0.7, 1.4, 2.5, 4])
            ),
            _gather(fine_power, fine_frequency, np.array([0.6, 1.2, 2.4, 4, 7, 9, 11, 13, 16])),
            np.cbrt(np.mean(windows**3, axis=1)),
            np.log(np.mean(windows**4, axis=1)),
        ]
    )


def measure_mmd(made: FloatArray, real: FloatArray) -> float:
    """Maximum mean discrepancy of two sets of features, the root of its unbiased square.

    Parameters
    ----------
    made, real : ndarray, shape (n_windows, n_features)
        Features, such as those of `describe`; each is divided by its deviation in ``real``.

    Returns
    -------
    mmd : float
        Gaussian kernel, as wide as the median distance of real ones; 0 where the square is less.

    References
    ----------
    Gretton et al. 2012, A kernel two-sample test.
    """
    made, real = standardise(made, real), standardise(real, real)
    own = cdist(real, real, "sqeuclidean")
    width = np.median(own[np.triu_indices(len(real), 1)])
    within = [
        (np.exp(-cdist(x, x, "sqeuclidean") / width).sum() - len(x)) / (len(x) * (len(x) - 1))
        for x in (made, real)
    ]
    across = np.exp(-cdist(made, real, "sqeuclidean") / width).mean()
    return float(np.sqrt(max(sum(within) - 2 * across, 0.0)))


def measure_precision_recall(
    made: FloatArray, real: FloatArray, *, n_clusters: int = 20, rng: int = 0
) -> tuple[float, float]:
    """Precision (what is made is real) and recall (what is real is made) of distributions.

    Parameters
    ----------
    made, real : ndarray, shape (n_windows, n_features)
        Features; each is divided by its deviation in ``real``.
    n_clusters : int
        Into how many both are parted together.
    rng : int
        Seed of the clusters.

    Returns
    -------
    precision, recall : float
        F of 1/8 and of 8 of the curve (PRD), 1 at best.

    References
    ----------
    Sajjadi et al. 2018, arXiv 1806.00035.
    """
    both = np.vstack([standardise(made, real), standardise(real, real)])
    _, clusters = kmeans2(both, n_clusters, minit="++", seed=rng)
    ours = np.bincount(clusters[: len(made)], minlength=n_clusters) / len(made)
    theirs = np.bincount(clusters[len(made) :], minlength=n_clusters) / len(real)
    slopes = np.tan(np.linspace(1e-6, np.pi / 2 - 1e-6, 1001))[:, np.newaxis]
    precision = np.minimum(slopes * theirs, ours).sum(axis=1)
    recall = precision / slopes[:, 0]
    return (_weigh(precision, recall, 1 / 8), _weigh(precision, recall, 8.0))


def measure_telling(made: FloatArray, real: FloatArray) -> float:
    """Accuracy of telling made from real by the nearest other window; 0.5 at best.

    References
    ----------
    Lopez-Paz & Oquab 2017, arXiv 1610.06545.
    """
    count = min(len(made), len(real))
    both = np.vstack([standardise(made[:count], real), standardise(real[:count], real)])
    distance = cdist(both, both)
    np.fill_diagonal(distance, np.inf)
    is_made = np.arange(2 * count) < count
    return float(np.mean(is_made[distance.argmin(axis=1)] == is_made))


def classify_nearest(
    features: FloatArray, known: FloatArray, classes: IntArray, k: int = 5
) -> IntArray:
    """Classify by the most common class of the ``k`` nearest known windows."""
    distance = cdist(standardise(features, known), standardise(known, known))
    nearest = classes[np.argsort(distance, axis=1)[:, :k]]
    counts = np.stack([(nearest == c).sum(axis=1) for c in np.unique(classes)], axis=1)
    return np.asarray(np.unique(classes)[counts.argmax(axis=1)])


def classify_linearly(
    features: FloatArray, known: FloatArray, classes: IntArray, shrinkage: float = 0.1
) -> IntArray:
    """Classify by a linear discriminant with a shrunken covariance, classes equally likely."""
    x, fitted = standardise(features, known), standardise(known, known)
    names = np.unique(classes)
    means = np.array([fitted[classes == c].mean(axis=0) for c in names])
    rest = fitted - means[np.searchsorted(names, classes)]
    covariance = rest.T @ rest / len(rest)
    size = np.trace(covariance) / len(covariance)
    covariance = (1 - shrinkage) * covariance + shrinkage * size * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T)
    return np.asarray(names[(x @ weights - 0.5 * (means.T * weights).sum(axis=0)).argmax(axis=1)])


def score_balanced(found: IntArray, true: IntArray) -> float:
    """Balanced accuracy: the mean over classes of the share found right."""
    return float(np.mean([np.mean(found[true == c] == c) for c in np.unique(true)]))


def standardise(features: FloatArray, known: FloatArray) -> FloatArray:
    """Take away mean and deviation of the known ones."""
    return np.asarray((features - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-9))


def _gather(
    power: FloatArray,
    frequency: FloatArray,
    edges: npt.NDArray[np.float64],
    whole: float | None = None,
) -> FloatArray:
    """Logarithm of power between edges, as a share of the whole."""
    bins = [(frequency >= low) & (frequency < high) for low, high in pairwise(edges)]
    parts = np.array([power[:, mine].sum(axis=1) for mine in bins]).T
    total = parts.sum(axis=1, keepdims=True) if whole is None else whole
    return np.asarray(
        np.log(parts / np.maximum(total, 1e-12) + (1e-4 if whole is None else SMALLEST))
    )


def _weigh(precision: FloatArray, recall: FloatArray, beta: float) -> float:
    below = np.maximum(beta**2 * precision + recall, 1e-12)
    return float(np.max((1 + beta**2) * precision * recall / below))


def _average_covariance(x: FloatArray) -> FloatArray:
    covariances = np.einsum("wct,wdt->wcd", x, x)
    return np.asarray(
        (covariances / np.trace(covariances, axis1=1, axis2=2)[:, None, None]).mean(0)
    )


def _average_autocorrelation(x: FloatArray, n_lags: int) -> FloatArray:
    power = np.square(np.abs(rfft(x, n=2 * x.shape[-1], axis=-1)))
    lags = irfft(power, axis=-1)[:, :n_lags]
    return np.asarray((lags / lags[:, :1]).mean(axis=0))
