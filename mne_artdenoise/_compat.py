"""The private names of MNE-Python that this package uses, gathered in one place; a leaf."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import mne.utils
from mne._fiff.pick import _picks_to_idx as picks_to_idx
from mne.annotations import _annotations_starts_stops as annotations_starts_stops
from mne.utils import ProgressBar, check_fname, logger, use_log_level

__all__ = [
    "ProgressBar",
    "annotations_starts_stops",
    "check_fname",
    "fill_doc",
    "logger",
    "picks_to_idx",
    "use_log_level",
    "verbose",
    "warn",
]

Function = TypeVar("Function", bound=Callable[..., Any])
# Whose lines a warning passes on its way to the line that is the user's: `transform` is called by a
# wrapper of scikit-learn, and that one is of no use to anybody.
PASSED = ("mne", "mne_artdenoise", "sklearn")


# MNE's decorators carry no types: without these two, every decorated function would lose its own.
def verbose(function: Function) -> Function:
    """Let ``verbose=`` set MNE's log level within a function, and fill in shared documentation."""
    return cast("Function", mne.utils.verbose(function))


def fill_doc(function: Function) -> Function:
    """Fill in the documentation that MNE's functions share."""
    return cast("Function", mne.utils.fill_doc(function))


def warn(message: str, category: type[Warning] = RuntimeWarning) -> None:
    """Warn at the line that called this package, and in MNE's log."""
    known = [name for name in PASSED if name in sys.modules]
    mne.utils.warn(message, category, ignore_namespaces=known)
