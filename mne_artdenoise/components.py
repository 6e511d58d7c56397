"""What denoising did to the components of a recording: brain kept, artifact removed.

One ICA, of the recording before, unmixes it before and after. An ICA of the denoised recording
would be another one, of which ICLabel never saw the like (Chuang et al. 2025,
doi:10.1016/j.neuroimage.2025.121123, count components that way).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._typing import FloatArray, IntArray
from .comparison import compare
from .evidence.iclabel import CLASSES, name_components
from .evidence.removed import RemovedCheck, label_removed, share_by_class
from .evidence.sources import compare_bands, correlate_rows, measure_outside, measure_own
from .evidence.unmixing import find_maps, find_sources, unmix_alike

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from mne.preprocessing import ICA

__all__ = ["ComponentCheck", "RemovedCheck", "check_components", "label_removed"]

SURE = 0.8  # probability from which on a component is brain (as in Chuang et al. 2025)
ARTIFACTS = CLASSES[1:6]  # "other" is neither brain nor artifact
BAND_NAMES = ("slow", "alpha", "fast")


@dataclass(frozen=True, eq=False)
class ComponentCheck:
    """What denoising did to each component of a recording.

    Attributes
    ----------
    ica : mne.preprocessing.ICA
        The components, for every use MNE-Python has for them. Their data are 1 to 100 Hz, of
        average reference.
    probabilities : ndarray, shape (n_components, 7)
        ICLabel's, in the order of ``iclabel.CLASSES``.
    before, after, removed : ndarray, shape (n_components,)
        Variance of each component, and of what was removed from it, in V², summed over channels.
    own : ndarray, shape (n_components,)
        Variance before of what is left and of all that was removed and moved with it. What was
        removed and did not was in the component by an error of the ICA.
    correlation : ndarray, shape (n_components,)
        Of each component before and after, 0 where nothing is left.
    kept_by_band : ndarray, shape (n_components, n_bands)
        Power after over power before, 1 to 7, 8 to 13 and 20 to 45 Hz, as far as the rate reaches.
    outside : float
        Share of the variance before that no component holds.
    """

    ica: ICA
    probabilities: FloatArray
    before: FloatArray
    after: FloatArray
    removed: FloatArray
    own: FloatArray
    correlation: FloatArray
    kept_by_band: FloatArray
    outside: float

    @property
    def labels(self) -> list[str]:
        """Likeliest class of each component."""
        return [CLASSES[index] for index in self.probabilities.argmax(axis=1)]

    @property
    def kept(self) -> FloatArray:
        """Variance after over variance before, shape (n_components,)."""
        return np.divide(
            self.after, self.before, out=np.ones_like(self.after), where=self.before > 0
        )

    @property
    def brain(self) -> IntArray:
        """Indices of the brain's components: surely so, or likeliest where none is sure."""
        sure = np.flatnonzero(self.probabilities[:, 0] >= SURE)
        return sure if len(sure) else self.find("brain")

    @property
    def brain_kept(self) -> float | None:
        """Share of the brain's components that is kept; None where there are none.

        Lost is what was removed and moves, band by band, with what is left of the component: brain
        is seldom taken out whole. What does not was artifact that the ICA had left in it. Of brain
        that lies in the direction of an artifact, no component tells.
        """
        own = self.own[self.brain].sum()
        return float(self.after[self.brain].sum() / own) if own > 0 else None

    @property
    def brain_kept_at_least(self) -> float | None:
        """The same if all that was removed from the brain's components was brain."""
        return self._share(self.brain)

    @property
    def artifact_removed(self) -> float | None:
        """Share of the variance of eye, muscle, heart, line and channel that is gone."""
        kept = self._share(np.concatenate([self.find(name) for name in ARTIFACTS]))
        return None if kept is None else 1 - kept

    def find(self, name: str) -> IntArray:
        """Find the components of which a class is the likeliest.

        Parameters
        ----------
        name : str
            One of "brain", "muscle", "eye", "heart", "line", "channel", "other" (else ValueError).

        Returns
        -------
        which : ndarray, shape (n_found,)
            Their numbers.
        """
        if name not in CLASSES:
            raise ValueError(f"Unknown class {name!r}. Known classes: {', '.join(CLASSES)}.")
        return np.flatnonzero(self.probabilities.argmax(axis=1) == CLASSES.index(name))

    def kept_by_class(self) -> dict[str, float]:
        """Tell how much of each class is kept.

        Returns
        -------
        shares : dict
            Share of its variance, by name of the class; only classes that have components.
        """
        shares = {name: self._share(self.find(name)) for name in CLASSES}
        return {name: share for name, share in shares.items() if share is not None}

    def removed_by_class(self) -> dict[str, float]:
        """Tell which classes what was removed is of.

        Returns
        -------
        shares : dict
            Share of each class; none if nothing was removed.
        """
        return share_by_class(self.probabilities, self.removed)

    def to_data_frame(self) -> pd.DataFrame:
        """Give one row per component.

        Returns
        -------
        table : pandas.DataFrame
            Columns ``label``, ``probability``, one for each class, ``variance`` (before, in µV²),
            ``kept``, ``correlation`` and ``kept_slow``, ``kept_alpha``, ``kept_fast``.
        """
        import pandas as pd

        columns: dict[str, Any] = {
            "label": self.labels,
            "probability": self.probabilities.max(axis=1),
            **dict(zip(CLASSES, self.probabilities.T, strict=True)),
            "variance": self.before * 1e12,
            "kept": self.kept,
            "correlation": self.correlation,
        }
        bands = zip(BAND_NAMES, self.kept_by_band.T, strict=False)
        columns |= {f"kept_{name}": kept for name, kept in bands}
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self.before), name="component"))

    def summary(self) -> str:
        """Say in words what was found.

        Returns
        -------
        text : str
            Lines: the brain, the artifacts, and a table by class.
        """
        lines = [_tell_brain(self), _tell_artifact(self), "", "class    found   kept   of removed"]
        removed = self.removed_by_class()
        for name, kept in self.kept_by_class().items():
            part = f"{100 * removed[name]:8.1f} %" if removed else "         -"
            lines.append(f"{name:8} {len(self.find(name)):5} {100 * kept:6.1f} % {part}")
        lines.append(f"Outside all components: {100 * self.outside:.1f} % of the variance.")
        return "\n".join(lines)

    def plot(self, most: int = 20, *, show: bool = True) -> Figure:
        """Plot the topographies, sorted by how much of each component is kept.

        Parameters
        ----------
        most : int
            How many at most: those with the largest variance.
        show : bool
            Whether to show the figure.

        Returns
        -------
        fig : matplotlib.figure.Figure
            One topography of each component.
        """
        from .evidence.topographies import plot_components

        return plot_components(self, most, show=show)

    def _share(self, which: IntArray) -> float | None:
        before = self.before[which].sum()
        return float(self.after[which].sum() / before) if before > 0 else None


def check_components(
    before: Any, after: Any, *, ica: ICA | None = None, rng: int = 0
) -> ComponentCheck:
    """Check what denoising did to the components of a recording.

    Parameters
    ----------
    before, after : Raw | Epochs
        The same recording, of the same channels and times (else ValueError). They are not changed.
        Channels that are bad or without a position, and spans annotated "BAD" or "EDGE", are left
        out.
    ica : mne.preprocessing.ICA | None
        Components of the recording before, or of a longer one of the same session, best as
        ICLabel knows them (a RuntimeWarning tells what is not so). None fits extended Picard on
        ``before``.
    rng : int
        Seed of that fit.

    Returns
    -------
    check : ComponentCheck

    Notes
    -----
    Needs mne-icalabel (an ImportError tells how to install it). Both recordings are seen at 1 to
    100 Hz in average reference.

    Examples
    --------
    >>> check = check_components(raw, raw_clean)  # doctest: +SKIP
    >>> print(check.summary())  # doctest: +SKIP
    """
    ica, (first, second) = unmix_alike(ica, rng, before, after)
    probabilities = name_components(first, ica)
    pair = compare(first, second)
    old, new = (find_sources(ica, inst) for inst in (first, second))
    sizes = np.square(find_maps(ica)).sum(axis=0)

    def measure(x: FloatArray) -> FloatArray:
        return np.asarray(sizes * pair.join(x).var(axis=1))

    return ComponentCheck(
        ica=ica,
        probabilities=probabilities,
        before=measure(old),
        after=measure(new),
        removed=measure(old - new),
        own=measure_own(pair, old, new) * sizes,
        correlation=correlate_rows(pair.join(old), pair.join(new)),
        kept_by_band=compare_bands(pair, old, new),
        outside=measure_outside(ica, pair, old),
    )


def _tell_brain(check: ComponentCheck) -> str:
    kept, count = check.brain_kept, len(check.brain)
    if kept is None:
        return "No component is the brain's: whether it was kept cannot be told."
    sure = check.probabilities[check.brain, 0].min() >= SURE
    degree = f"sure to at least {SURE:g}" if sure else "of which none is sure"
    least = check.brain_kept_at_least or 0.0
    return (
        f"Brain kept: {100 * kept:.1f} % of the variance of {count} component"
        f"{'s' * (count != 1)} ({degree}); {100 * least:.1f} % if all that was removed from them "
        "was brain."
    )


def _tell_artifact(check: ComponentCheck) -> str:
    gone = check.artifact_removed
    if gone is None:
        return "No component is an artifact's."
    return f"Artifact removed: {100 * gone:.1f} % of the variance of its components."
