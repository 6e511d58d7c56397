"""What the removed signal looks like to ICLabel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import FloatArray
from ..recording import read_signal
from .iclabel import CLASSES, name_components
from .unmixing import choose_channels, find_maps, find_sources, unmix_alike

if TYPE_CHECKING:
    from mne.preprocessing import ICA


@dataclass(frozen=True, eq=False)
class RemovedCheck:
    """What the removed signal looks like to ICLabel.

    Attributes
    ----------
    ica : mne.preprocessing.ICA
        Its components.
    probabilities : ndarray, shape (n_components, 7)
        ICLabel's, in the order of ``iclabel.CLASSES``.
    variance : ndarray, shape (n_components,)
        Of each in the removed signal, in V², summed over channels.
    """

    ica: ICA | None
    probabilities: FloatArray
    variance: FloatArray

    @property
    def brain_share(self) -> float:
        """Share of the removed variance in components of which brain is the likeliest class."""
        return self.by_class().get("brain", 0.0)

    def by_class(self) -> dict[str, float]:
        """Tell which classes what was removed is of.

        Returns
        -------
        shares : dict
            Share of each class; none if nothing was removed.
        """
        return share_by_class(self.probabilities, self.variance)

    def summary(self) -> str:
        """Say in words what was found.

        Returns
        -------
        text : str
            The shares, on lines.
        """
        shares = self.by_class()
        if not shares:
            return "Nothing was removed."
        told = [f"{100 * share:.1f} % {name}" for name, share in shares.items() if share >= 5e-4]
        return f"Of what was removed: {', '.join(told)}."


def label_removed(removed: Any, *, ica: ICA | None = None, rng: int = 0) -> RemovedCheck:
    """Let ICLabel name what was removed: it should hold no brain.

    Parameters
    ----------
    removed : Raw | Epochs
        What was, or would be, subtracted: ``ArtifactDenoiser().fit(raw).estimate_artifact(raw)``.
    ica : mne.preprocessing.ICA | None
        Components of the recording that it was removed from (``ComponentCheck.ica``). None unmixes
        the removed signal itself, in which artifact and brain part better, but which is silent
        for most of the time, as nothing is that ICLabel has learned on.
    rng : int
        Seed of that.

    Returns
    -------
    check : RemovedCheck
    """
    names = choose_channels(removed.info) if ica is None else list(ica.ch_names)
    spans = read_signal(removed, names).segments
    if not any(x.any() for x in spans):
        return RemovedCheck(ica, np.zeros((0, len(CLASSES))), np.zeros(0))
    ica, (inst,) = unmix_alike(ica, rng, removed)
    sources = np.hstack(list(find_sources(ica, inst)))
    sizes = np.square(find_maps(ica)).sum(axis=0)
    return RemovedCheck(ica, name_components(inst, ica), sizes * sources.var(axis=1))


def share_by_class(probabilities: FloatArray, variance: FloatArray) -> dict[str, float]:
    """Tell the share that each class has in a variance per component; {} where there is none."""
    total = variance.sum()
    if not total > 0:
        return {}
    likeliest = probabilities.argmax(axis=1)
    return {
        name: float(variance[likeliest == index].sum() / total)
        for index, name in enumerate(CLASSES)
    }
