"""Independent components of real recordings, sorted by ICLabel into brain and artifact.

The recipe by which the Artifact Removal Transformer makes its pairs: unmix a recording, let ICLabel
name the components, keep what is brain as the clean signal and what is artifact as material to add
(Chuang et al. 2025, doi:10.1016/j.neuroimage.2025.121123).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np

from .._typing import FloatArray, IntArray

ICLABEL_CLASSES = ("brain", "muscle", "eye", "heart", "line", "channel", "other")


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
        Topography of each component. What :func:`extract_components` finds is without the factor
        by which ICA brings all channels to unit deviation: ``maps.T @ sources`` is the recording,
        less its mean, divided by one number.
    sources : ndarray, shape (n_components, n_times)
        Time courses.
    probabilities : ndarray, shape (n_components, 7)
        ICLabel's probabilities, in the order of ``ICLABEL_CLASSES``.
    """

    subject: str
    sfreq: float
    ch_names: tuple[str, ...]
    positions: FloatArray
    maps: FloatArray
    sources: FloatArray
    probabilities: FloatArray

    def select(self, kind: str, threshold: float) -> IntArray:
        """Find the components that ICLabel gives to ``kind``, at least this probably."""
        column = ICLABEL_CLASSES.index(kind)
        sure = self.probabilities[:, column] >= threshold
        return np.flatnonzero(sure & (self.probabilities.argmax(axis=1) == column))

    def back_project(self, which: IntArray) -> FloatArray:
        """Signal of some components at the electrodes, shape (n_channels, n_times)."""
        signal: FloatArray = self.maps[which].T @ self.sources[which]
        return signal

    def save(self, fname: str | Path) -> None:
        """Write to an ``.npz`` file without pickled objects."""
        np.savez(
            fname,
            subject=self.subject,
            sfreq=self.sfreq,
            ch_names=np.array(self.ch_names),
            positions=self.positions,
            maps=self.maps.astype(np.float32),
            sources=self.sources.astype(np.float32),
            probabilities=self.probabilities,
        )

    @classmethod
    def load(cls, fname: str | Path) -> ComponentSet:
        """Read what :meth:`save` wrote."""
        with np.load(fname, allow_pickle=False) as stored:
            return cls(
                subject=str(stored["subject"]),
                sfreq=float(stored["sfreq"]),
                ch_names=tuple(str(name) for name in stored["ch_names"]),
                positions=stored["positions"],
                maps=stored["maps"],
                sources=stored["sources"],
                probabilities=stored["probabilities"],
            )


def extract_components(
    raw: mne.io.BaseRaw, *, subject: str, n_components: float | int | None = 0.9999, rng: int = 0
) -> ComponentSet:
    """Unmix a recording with picard (extended) and name its components with ICLabel.

    Parameters
    ----------
    raw : Raw
        A recording whose EEG channels have positions. It is not modified.
    subject : str
        Whom it is of.
    n_components : float | int | None
        As in :class:`mne.preprocessing.ICA`.
    rng : int
        Seed of the decomposition.

    Returns
    -------
    components : ComponentSet
        All components, brain included.
    """
    from mne_icalabel.iclabel import iclabel_label_components

    raw = raw.copy().pick("eeg", exclude="bads").load_data()
    raw.filter(1.0, min(100.0, raw.info["sfreq"] / 2 - 1), verbose="error")  # as ICLabel knows it
    raw.set_eeg_reference("average", verbose="error")
    ica = mne.preprocessing.ICA(
        n_components=n_components,
        method="picard",
        fit_params=dict(ortho=False, extended=True),
        random_state=rng,
        max_iter=300,
        verbose="error",
    )
    ica.fit(raw, verbose="error")
    probabilities = iclabel_label_components(raw, ica, inplace=False)
    return ComponentSet(
        subject=subject,
        sfreq=float(raw.info["sfreq"]),
        ch_names=tuple(raw.ch_names),
        positions=np.array([ch["loc"][:3] for ch in raw.info["chs"]]),
        maps=ica.get_components().T,
        sources=ica.get_sources(raw).get_data(),
        probabilities=probabilities,
    )
