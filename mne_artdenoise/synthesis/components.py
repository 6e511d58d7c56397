"""Independent components of real recordings, sorted by ICLabel into brain and artifact.

The recipe by which the Artifact Removal Transformer makes its pairs: unmix a recording, let ICLabel
name the components, keep what is brain as the clean signal and what is artifact as material to add
(Chuang et al. 2025, doi:10.1016/j.neuroimage.2025.121123). What becomes of the components is in
``recipes``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import mne
import numpy as np

from .._compat import warn
from .._typing import FloatArray, IntArray
from ..archive import Arrays, check_numbers, read_archive, write_archive
from ..channels import find_positioned

ICLABEL_CLASSES = ("brain", "muscle", "eye", "heart", "line", "channel", "other")
UNITS = ("V", "arbitrary")

# Both are what ICLabel was trained on; infomax with the limits of EEGLAB's runica in ART's script.
METHODS: dict[str, tuple[dict[str, object], int]] = {
    "picard": ({"ortho": False, "extended": True}, 300),
    "infomax": ({"extended": True, "w_change": 1e-7}, 1024),
}
BAND = (1.0, 100.0)  # hertz; what ICLabel knows
LEAST_SFREQ = 100.0  # hertz; below, nothing is left to tell muscle by
LEAST_DURATION = 60.0  # seconds; of 30, mne-icalabel's users report muscle with wrong names


@dataclass(frozen=True)
class ComponentSet:
    """Independent components of one recording.

    Attributes
    ----------
    subject : str
        Whom it is of: the unit by which sets are split.
    sfreq : float
        Sampling rate in hertz.
    ch_names : tuple of str
        Names of the channels.
    positions : ndarray, shape (n_channels, 3)
        Electrode positions in head coordinates, in metres.
    maps : ndarray, shape (n_components, n_channels)
        Topography of each component.
    sources : ndarray, shape (n_components, n_times)
        Time courses.
    probabilities : ndarray, shape (n_components, 7)
        ICLabel's probabilities, in the order of ``ICLABEL_CLASSES``.
    unit : "V" | "arbitrary"
        Unit of ``maps.T @ sources``. In volts it is the recording less the mean of each channel,
        filtered and referenced as :func:`extract_components` says. In files of older
        versions it is that divided by one number, which is not known: ``"arbitrary"``.
    """

    subject: str
    sfreq: float
    ch_names: tuple[str, ...]
    positions: FloatArray
    maps: FloatArray
    sources: FloatArray
    probabilities: FloatArray
    unit: str = "V"

    def select(self, kind: str, threshold: float = 0.0) -> IntArray:
        """Find the components of a kind.

        Parameters
        ----------
        kind : str
            One of ICLabel's classes (else ValueError).
        threshold : float
            Probability from which on.

        Returns
        -------
        which : ndarray, shape (n_found,)
            Their numbers.
        """
        if kind not in ICLABEL_CLASSES:
            known = ", ".join(map(repr, ICLABEL_CLASSES))
            raise ValueError(f"Unknown kind {kind!r}. ICLabel knows {known}.")
        column = ICLABEL_CLASSES.index(kind)
        sure = self.probabilities[:, column] >= threshold
        return np.flatnonzero(sure & (self.probabilities.argmax(axis=1) == column))

    def back_project(self, which: IntArray) -> FloatArray:
        """Give the signal of some components at the electrodes.

        Parameters
        ----------
        which : ndarray, shape (n_found,)
            Their numbers.

        Returns
        -------
        signal : ndarray, shape (n_channels, n_times)
            In the unit of the set.
        """
        signal: FloatArray = self.maps[which].T @ self.sources[which]
        return signal

    def save(self, fname: str | Path) -> None:
        """Write to a file without pickled objects.

        Parameters
        ----------
        fname : str | Path
            The file, ``.npz``. Maps and sources are written as float32.
        """
        arrays = {
            "subject": self.subject,
            "sfreq": self.sfreq,
            "ch_names": np.array(self.ch_names, dtype=np.str_),
            "positions": self.positions,
            "maps": self.maps.astype(np.float32),
            "sources": self.sources.astype(np.float32),
            "probabilities": self.probabilities,
            "unit": self.unit,
        }
        write_archive(fname, arrays)

    @classmethod
    def load(cls, fname: str | Path) -> ComponentSet:
        """Read what `save` wrote.

        Parameters
        ----------
        fname : str | Path
            The file. One that `save` did not write whole is a ValueError.

        Returns
        -------
        components : ComponentSet
            What was written.
        """
        return read_archive(fname, "a ComponentSet", cls._build)

    @classmethod
    def _build(cls, arrays: Arrays) -> ComponentSet:
        names = tuple(str(name) for name in arrays["ch_names"])
        n_components, n_channels = len(arrays["maps"]), len(names)
        shapes = {
            "positions": (n_channels, 3),
            "maps": (n_components, n_channels),
            "sources": (n_components, None),
            "probabilities": (n_components, len(ICLABEL_CLASSES)),
        }
        for name, shape in shapes.items():
            check_numbers(arrays[name], name, shape)
        sfreq = float(arrays["sfreq"])
        unit = str(arrays["unit"]) if "unit" in arrays else "arbitrary"
        if not (np.isfinite(sfreq) and sfreq > 0) or unit not in UNITS:
            raise ValueError(f"its sampling rate is {sfreq} and its unit {unit!r}")
        numbers = {name: arrays[name] for name in shapes}
        return cls(str(arrays["subject"]), sfreq, names, **numbers, unit=unit)


def extract_components(
    raw: mne.io.BaseRaw,
    *,
    subject: str,
    method: str = "picard",
    n_components: float | int | None = 0.9999,
    rng: int = 0,
) -> ComponentSet:
    """Unmix a recording by independent component analysis and name its components with ICLabel.

    Parameters
    ----------
    raw : Raw
        A recording in volts whose EEG channels have positions. It is not modified. Channels in
        ``info["bads"]`` are left out, and so are spans annotated ``BAD``: the rest is joined.
    subject : str
        Whom it is of.
    method : "picard" | "infomax"
        Algorithm; both in the extended form that ICLabel was trained on, and neither always the
        faster. Infomax runs with the limits of ART's script: 1024 steps, stop at 1e-7.
    n_components : float | int | None
        As in :class:`mne.preprocessing.ICA`.
    rng : int
        Seed of the decomposition.

    Returns
    -------
    components : ComponentSet
        All components, brain included, in volts.

    Notes
    -----
    Before unmixing, the recording is filtered to 1 to 100 Hz (or to 1 Hz below half its sampling
    rate) and referenced to the average, as ICLabel needs it. What is against the conditions under
    which ICLabel names well is a RuntimeWarning: recordings that end below 100 Hz or start above
    1 Hz, and those shorter than a minute. What makes it impossible is a ValueError: sampling rates
    below 100 Hz, channels without a position, fewer than four channels. Without mne-icalabel or
    the algorithm's package it is an ImportError that says what to install.
    """
    if method not in METHODS:
        known = ", ".join(map(repr, METHODS))
        raise ValueError(f"Unknown method {method!r}. Known methods: {known}.")
    _check_installed("mne_icalabel", *(["picard"] if method == "picard" else []))
    raw = raw.copy().pick("eeg", exclude="bads").load_data()
    _check_recording(raw)
    raw.filter(BAND[0], min(BAND[1], raw.info["sfreq"] / 2 - 1), verbose="error")
    raw.set_eeg_reference("average", verbose="error")
    ica = _unmix(raw, method, n_components, rng)
    return ComponentSet(
        subject=subject,
        sfreq=float(raw.info["sfreq"]),
        ch_names=tuple(raw.ch_names),
        positions=np.array([ch["loc"][:3] for ch in raw.info["chs"]]),
        # ICA scales all channels to unit deviation first; without that factor there are no volts.
        maps=(ica.get_components() * ica.pre_whitener_).T,
        sources=ica.get_sources(raw).get_data(reject_by_annotation="omit", verbose="error"),
        probabilities=_name_components(raw, ica),
    )


def _check_installed(*modules: str) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"Unmixing and naming components needs {' and '.join(missing)}, not installed here. "
            "Install with `pip install mne-artdenoise[iclabel]`."
        )


def _check_recording(raw: mne.io.BaseRaw) -> None:
    """Refuse what cannot be unmixed and named, and warn of what ICLabel does not know well."""
    sfreq, duration = raw.info["sfreq"], raw.n_times / raw.info["sfreq"]
    if sfreq < LEAST_SFREQ:
        raise ValueError(f"Components are named from 100 Hz on, the recording has {sfreq} Hz.")
    if len(raw.ch_names) < 4:
        raise ValueError(f"Found {len(raw.ch_names)} good EEG channels, unmixing needs 4 or more.")
    _, missing = find_positioned(raw.info)
    if missing:
        raise ValueError(
            f"ICLabel reads topographies, and {', '.join(missing)} have no position. Set a montage "
            "with raw.set_montage, or add these channels to raw.info['bads']."
        )
    ends, starts = min(raw.info["lowpass"], sfreq / 2), raw.info["highpass"]
    if ends < BAND[1] or starts > BAND[0]:
        warn(
            f"ICLabel knows 1 to 100 Hz, and the recording holds {starts:g} to {ends:g} Hz: its "
            "names are less sure, those of muscle most. Use the recording before it was filtered "
            "or resampled, if there is one."
        )
    if duration < LEAST_DURATION:
        warn(
            f"The recording lasts {duration:.0f} s. Components of less than a minute are often "
            "wrongly unmixed and named: join the runs of a person with mne.concatenate_raws."
        )


def _unmix(
    raw: mne.io.BaseRaw, method: str, n_components: float | int | None, rng: int
) -> mne.preprocessing.ICA:
    fit_params, max_iter = METHODS[method]
    ica = mne.preprocessing.ICA(
        n_components=n_components,
        method=method,
        fit_params=dict(fit_params),
        random_state=rng,
        max_iter=max_iter,
        verbose="error",
    )
    return ica.fit(raw, verbose="error")


def _name_components(raw: mne.io.BaseRaw, ica: mne.preprocessing.ICA) -> FloatArray:
    """Probabilities of ICLabel's classes, shape (n_components, 7)."""
    from mne_icalabel.iclabel import iclabel_label_components

    with warnings.catch_warnings():
        # Told already, with what the recording holds.
        warnings.filterwarnings("ignore", "The provided Raw instance is not filtered")
        return np.asarray(iclabel_label_components(raw, ica, inplace=False))
