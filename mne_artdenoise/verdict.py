"""The verdict on one denoised recording: a number, a sentence, and whether to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mne

from ._compat import warn
from .checks import CheckRow, check_preservation
from .components import ComponentCheck, check_components
from .evidence.iclabel import INSTALL, find_missing
from .evidence.quality import Quality, find_doubts, measure_quality
from .evidence.sources import measure_removed

FEWEST_CHANNELS = 8  # with fewer, no component is brain alone
ENOUGH = 0.95  # of the brain's components: less kept is harm
REMAINS = ("Blinks left", "Muscle left")  # checks of the artifact, not of the brain


@dataclass(frozen=True)
class Verdict:
    """What denoising did to one recording.

    Attributes
    ----------
    brain_kept : float | None
        The number: share of the brain's components that is kept. None where no component is the
        brain's, or none could be looked for (the sentence says why).
    removed : float
        Share of the variance that was removed, 1 to 100 Hz, average reference.
    of_artifact : float | None
        Share of that in components of an artifact.
    sentence : str
        The same in words.
    harms : tuple of str
        What was done to the brain that should not have been.
    remains : tuple of str
        What was left of artifacts.
    doubts : tuple of str
        Why a denoiser should not be trusted with this recording, each with the call that helps.
    quality : Quality
        The condition of the recording before.
    check : ComponentCheck | None
        What was found of components.
    """

    brain_kept: float | None
    removed: float
    of_artifact: float | None
    sentence: str
    harms: tuple[str, ...]
    remains: tuple[str, ...]
    doubts: tuple[str, ...]
    quality: Quality
    check: ComponentCheck | None = field(default=None, repr=False, compare=False)

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against using the denoised recording."""
        return not self.doubts and not self.harms

    def __str__(self) -> str:
        """Write the sentence, and below it what speaks against it."""
        lines = [self.sentence]
        lines += [f"Harm: {line}" for line in self.harms]
        lines += [f"Left: {line}" for line in self.remains]
        lines += [f"Do not trust: {line}" for line in self.doubts]
        return "\n".join(lines)


def judge_denoising(
    before: mne.io.BaseRaw | mne.BaseEpochs,
    after: mne.io.BaseRaw | mne.BaseEpochs,
    *,
    check: ComponentCheck | None = None,
    rows: Sequence[CheckRow] | None = None,
    components: bool = True,
) -> Verdict:
    """Judge what denoising did to one recording.

    Parameters
    ----------
    before, after : Raw | Epochs
        The same recording; an Evoked is a TypeError: judge what it is made of.
    check : ComponentCheck | None
        What `check_components` gave; None finds out, where ICLabel is installed and there are
        eight channels or more.
    rows : sequence of CheckRow | None
        What `check_preservation` gave; None finds out.
    components : bool
        Whether components are looked for if ``check`` is None. It is most of the time this takes.

    Returns
    -------
    verdict : Verdict
        A RuntimeWarning says it when the denoiser should not be trusted with this recording.

    Examples
    --------
    >>> print(judge_denoising(raw, raw_clean))  # doctest: +SKIP
    """
    for inst in (before, after):
        if not isinstance(inst, mne.io.BaseRaw | mne.BaseEpochs):
            kind = type(inst).__name__
            raise TypeError(f"A verdict needs Raw or Epochs, got {kind}: judge what it is made of.")
    quality = measure_quality(before)
    hindrance = find_hindrance(quality) if components else "components were not looked for"
    if check is None and not hindrance:
        check = check_components(before, after)
    rows = check_preservation(before, after) if rows is None else rows
    doubts = find_doubts(quality)
    removed = measure_removed(before, after)
    classes = {} if check is None else check.removed_by_class()
    verdict = Verdict(
        brain_kept=None if check is None else check.brain_kept,
        removed=removed,
        of_artifact=sum(classes.values()) - classes["brain"] - classes["other"]
        if classes
        else None,
        sentence=_tell(removed, check, hindrance),
        harms=_find_harms(check, rows),
        remains=tuple(row.sentence for row in _find_doubtful(rows) if row.name in REMAINS),
        doubts=doubts,
        quality=quality,
        check=check,
    )
    if doubts:
        warn(f"The denoiser should not be trusted with this recording. {' '.join(doubts)}")
    return verdict


def find_hindrance(quality: Quality) -> str:
    """Find why components of a recording cannot be looked for, in words; "" where they can."""
    if quality.n_channels < FEWEST_CHANNELS:
        return f"{quality.n_channels} channels are too few for components"
    missing = find_missing(fit=True)
    return f"components need {' and '.join(missing)}: {INSTALL}" if missing else ""


def _find_doubtful(rows: Sequence[CheckRow]) -> list[CheckRow]:
    return [row for row in rows if row.verdict == "doubtful"]


def _find_harms(check: ComponentCheck | None, rows: Sequence[CheckRow]) -> tuple[str, ...]:
    harms = [row.sentence for row in _find_doubtful(rows) if row.name not in REMAINS]
    kept = None if check is None else check.brain_kept
    if kept is not None and kept < ENOUGH:
        harms.insert(0, f"Brain components kept only {100 * kept:.1f} %.")
    return tuple(harms)


def _tell(removed: float, check: ComponentCheck | None, hindrance: str) -> str:
    """Tell in one sentence what was removed, and what was kept of the brain."""
    if removed == 0:
        return "Nothing was removed."
    told = f"Removed {100 * removed:.0f} % of the variance"
    if check is None:
        return f"{told}; what of it was brain cannot be told ({hindrance})."
    classes = check.removed_by_class()
    named = sorted(((n, s) for n, s in classes.items() if s >= 0.05), key=lambda pair: -pair[1])
    names = [name for name, _ in named if name not in ("brain", "other")]
    share = sum(classes[name] for name in names)
    of_it = f", {100 * share:.0f} % of it {' and '.join(names)}" if names else ""
    kept = check.brain_kept
    brain = (
        "no component is the brain's"
        if kept is None
        else f"brain components kept {100 * kept:.1f} %"
    )
    return f"{told}{of_it}; {brain}."
