"""The methods that users have today, each as a function from a Raw to a cleaned copy of it.

Every method cleans the good EEG channels with a position and nothing else: whatever a package does
to other channels (drops them, rewrites bad ones), the copy has the channels of the recording, in
its order. Each method meets the data as its authors ask (reference, band), and only what it removed
is subtracted, so that a reference chosen for the method does not count as a change.

GEDAI is under the PolyForm Noncommercial licence and its algorithm is patent pending: it is here to
be compared with, it may not be used for commercial work, and nothing of the package imports it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.util import find_spec
from typing import Any

import mne
import numpy as np

# Columns of ICLabel's probabilities, in the words of mne-icalabel.
LABELS = ("brain", "muscle", "eye", "heart", "line noise", "channel noise", "other")
KEPT_LABELS = ("brain", "other")


def run_quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Silence the warnings and messages of a method; errors still pass."""

    @wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings(), mne.use_log_level("ERROR"):
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)

    return quiet


def find_cleaned_channels(info: mne.Info) -> np.ndarray:
    """Find the good EEG channels with a position, the ones that every method cleans.

    Parameters
    ----------
    info : mne.Info
        Description of the recording.

    Returns
    -------
    ndarray, shape (n_picks,)
        Their indices.
    """
    picks = mne.pick_types(info, meg=False, eeg=True, exclude="bads")
    places = np.array([info["chs"][pick]["loc"][:3] for pick in picks]).reshape(-1, 3)
    return picks[np.isfinite(places).all(axis=1) & places.any(axis=1)]


def take_average_referenced(raw: mne.io.BaseRaw, picks: Iterable[int]) -> mne.io.BaseRaw:
    """Copy these channels, with the EEG among them referenced to its average."""
    inst = raw.copy().pick(list(picks)).load_data()
    if not inst.proj:
        inst.del_proj()  # a pending average reference would refuse the one set here
    return inst.set_eeg_reference("average", projection=False)


def subtract_removed(
    raw: mne.io.BaseRaw, before: mne.io.BaseRaw, after: mne.io.BaseRaw
) -> mne.io.BaseRaw:
    """Subtract from a copy of the recording what a method took from some of its channels.

    The mean over channels, which the average reference took off before, is therefore back.
    """
    cleaned = raw.copy().load_data()
    names = [name for name in before.ch_names if name in after.ch_names]
    picks = [raw.ch_names.index(name) for name in names]
    removed = before.get_data(picks=names) - after.get_data(picks=names)
    cleaned[picks] = cleaned.get_data(picks=picks) - removed
    return cleaned


@run_quietly
def fit_ica(
    raw: mne.io.BaseRaw,
    n_components: int | None = None,
    rng: int = 0,
    algorithm: str = "picard",
) -> tuple[mne.preprocessing.ICA, np.ndarray]:
    """Fit extended ICA as ICLabel asks (1-100 Hz, average reference), and label what it found.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording; it is not changed.
    n_components : int | None
        How many components; None is as many as the rank allows.
    rng : int
        Seed of the first unmixing matrix.
    algorithm : "picard" | "infomax"
        How; the other is what ICLabel was made with, and much slower.

    Returns
    -------
    ica : mne.preprocessing.ICA
        The decomposition.
    probabilities : ndarray, shape (n_components, 7)
        What ICLabel gives each of `LABELS`.
    """
    from mne_icalabel.iclabel import iclabel_label_components

    picks = find_cleaned_channels(raw.info)
    inst = take_average_referenced(raw, picks)
    # A filter that ends at the Nyquist frequency is refused, one just below it would be very long.
    inst.filter(1.0, 100.0 if raw.info["sfreq"] >= 210 else None)
    if n_components is not None:
        n_components = min(n_components, len(picks) - 1)
    options = {"extended": True} | ({"ortho": False} if algorithm == "picard" else {})
    # MNE 1.13 calls it rng; this name works in older versions too.
    ica = mne.preprocessing.ICA(
        n_components, method=algorithm, fit_params=options, random_state=rng
    )
    ica.fit(inst)
    # onnxruntime is the lighter of the two, in time and in memory.
    backend = "onnx" if find_spec("onnxruntime") else "torch"
    return ica, iclabel_label_components(inst, ica, inplace=False, backend=backend)


def choose_components(probabilities: np.ndarray, minimum: float = 0.0) -> list[int]:
    """Choose the components whose likeliest label is neither brain nor other.

    Parameters
    ----------
    probabilities : ndarray, shape (n_components, 7)
        What `fit_ica` gives.
    minimum : float
        How likely that label has to be; 0.8 is a common, careful choice.
    """
    kept = [LABELS.index(label) for label in KEPT_LABELS]
    artifact = ~np.isin(probabilities.argmax(axis=1), kept)
    return np.flatnonzero(artifact & (probabilities.max(axis=1) >= minimum)).tolist()


@run_quietly
def subtract_components(
    raw: mne.io.BaseRaw, ica: mne.preprocessing.ICA, exclude: list[int]
) -> mne.io.BaseRaw:
    """Take components out of the recording itself, not of the filtered copy they were found in."""
    before = take_average_referenced(raw, [raw.ch_names.index(name) for name in ica.ch_names])
    after = ica.apply(before.copy(), exclude=exclude) if exclude else before
    return subtract_removed(raw, before, after)


def clean_with_ica(
    raw: mne.io.BaseRaw,
    n_components: int | None = None,
    rng: int = 0,
    *,
    minimum: float = 0.0,
    algorithm: str = "picard",
) -> mne.io.BaseRaw:
    """Clean with ICA and ICLabel, unattended; see `fit_ica` and `choose_components`."""
    ica, probabilities = fit_ica(raw, n_components, rng, algorithm)
    return subtract_components(raw, ica, choose_components(probabilities, minimum))


@run_quietly
def clean_with_asr(raw: mne.io.BaseRaw, cutoff: float = 20.0) -> mne.io.BaseRaw:
    """Clean with the artifact subspace reconstruction of mne-denoise, calibrated on the recording.

    Its ``picks`` is stored but not read (0.0.3), and it rewrites bad channels: it is given only
    the channels to clean. The reference stays, an average reference would cost a rank.
    """
    from mne_denoise.asr import ASR

    before = raw.copy().pick(find_cleaned_channels(raw.info)).load_data()
    return subtract_removed(raw, before, ASR(cutoff=cutoff).fit_transform(before))


def model_brain(info: mne.Info) -> str | mne.Forward:
    """Give the lead field that GEDAI compares with: its own, or a sphere for names it lacks."""
    from gedai.covariance.covariance import _ensure_cov

    if {name.lower() for name in info.ch_names} <= set(_ensure_cov("leadfield").ch_names):
        return "leadfield"
    sphere = mne.make_sphere_model("auto", "auto", info)
    sources = mne.setup_volume_source_space(pos=10.0, sphere=sphere, mindist=5.0)
    forward = mne.make_forward_solution(info, trans=None, src=sources, bem=sphere, meg=False)
    # Without a reference of its own, the sphere's potentials share a part that GEDAI never sees.
    forward["sol"]["data"] -= forward["sol"]["data"].mean(axis=0)
    return forward


@run_quietly
def clean_with_gedai(raw: mne.io.BaseRaw, *, bands: bool = True) -> mne.io.BaseRaw:
    """Clean with GEDAI (PolyForm Noncommercial: to compare with, not for commercial work).

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording; it is not changed.
    bands : bool
        Whether to go on to wavelet bands after the broadband pass, as its paper does; without,
        it is several times faster.

    Notes
    -----
    Both forms high-pass the recording (at 0.1 Hz; with bands, at 0.5 Hz too) with Haar wavelets,
    and what that takes off counts as removed.
    """
    from gedai import Gedai, MultibandGedai

    before = take_average_referenced(raw, find_cleaned_channels(raw.info))
    gedai = MultibandGedai() if bands else Gedai()
    gedai.fit_raw(before, reference_cov=model_brain(before.info), n_jobs=1, verbose="ERROR")
    return subtract_removed(raw, before, gedai.transform_raw(before, n_jobs=1, verbose="ERROR"))


@run_quietly
def fit_regression(raw: mne.io.BaseRaw) -> mne.preprocessing.EOGRegression:
    """Fit the regression of the EEG on the EOG channels."""
    eog = mne.pick_types(raw.info, meg=False, eog=True)
    inst = take_average_referenced(raw, [*find_cleaned_channels(raw.info), *eog])
    return mne.preprocessing.EOGRegression(picks="eeg", picks_artifact="eog").fit(inst)


@run_quietly
def clean_with_regression(
    raw: mne.io.BaseRaw, regression: mne.preprocessing.EOGRegression | None = None
) -> mne.io.BaseRaw:
    """Clean with MNE's EOGRegression, fitted on the recording unless a fitted one is given."""
    regression = fit_regression(raw) if regression is None else regression
    eog = mne.pick_types(raw.info, meg=False, eog=True)
    before = take_average_referenced(raw, [*find_cleaned_channels(raw.info), *eog])
    return subtract_removed(raw, before, regression.apply(before))
