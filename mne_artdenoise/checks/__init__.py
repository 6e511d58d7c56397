"""Checks that denoising preserved the brain, one function for each, and all of them at once."""

from __future__ import annotations

from typing import Any

from .._typing import IntArray
from ..comparison import compare
from .connectivity import check_connectivity
from .evoked import check_evoked, measure_peak
from .quiet import check_covariance, check_quiet
from .residue import check_blinks, check_muscle
from .row import CheckRow, to_data_frame
from .spectrum import check_alpha_peak, check_spectrum

__all__ = [
    "CheckRow",
    "check_alpha_peak",
    "check_blinks",
    "check_connectivity",
    "check_covariance",
    "check_evoked",
    "check_muscle",
    "check_preservation",
    "check_quiet",
    "check_spectrum",
    "measure_peak",
    "to_data_frame",
]

OF_PAIRS = (
    check_quiet,
    check_spectrum,
    check_alpha_peak,
    check_covariance,
    check_connectivity,
    check_blinks,
    check_muscle,
)


def check_preservation(
    before: Any, after: Any, *, events: IntArray | None = None, **evoked: Any
) -> tuple[CheckRow, ...]:
    """Check that denoising left the brain as it was, and what it left of artifacts.

    Parameters
    ----------
    before, after : Raw | Epochs | Evoked
        The same recording, of the same channels and times (else ValueError).
    events : ndarray, shape (n_events, 3) | None
        Stimuli in a Raw: the evoked response is checked, too.
    **evoked
        Other parameters of `check_evoked`: ``window``, ``truth``, ``tmin``, ``tmax``.

    Returns
    -------
    rows : tuple of CheckRow
        One for each check.

    Examples
    --------
    >>> from mne_artdenoise.checks import check_preservation
    >>> rows = check_preservation(raw, raw_clean)
    >>> {row.verdict for row in rows} <= {"good", "doubtful", "cannot tell"}
    True
    """
    pair = compare(before, after)
    rows = tuple(check(pair) for check in OF_PAIRS)
    if events is not None or evoked:
        rows += (check_evoked(before, after, events, **evoked),)
    return rows
