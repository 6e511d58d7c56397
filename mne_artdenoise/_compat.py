"""The private names of MNE-Python that this package uses, gathered in one place; a leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import mne.utils
from mne._fiff.pick import _picks_to_idx as picks_to_idx
from mne.annotations import _annotations_starts_stops as annotations_starts_stops
from mne.utils import ProgressBar, check_fname, logger, use_log_level, warn

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


# MNE's decorators carry no types: without these two, every decorated function would lose its own.
def verbose(function: Function) -> Function:
    """Let ``verbose=`` set MNE's log level within a function, and fill in shared documentation."""
    return cast("Function", mne.utils.verbose(function))


def fill_doc(function: Function) -> Function:
    """Fill in the documentation that MNE's functions share."""
    return cast("Function", mne.utils.fill_doc(function))
