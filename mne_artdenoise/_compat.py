"""The private names of MNE-Python that this package uses, gathered in one place; a leaf."""

from __future__ import annotations

from mne._fiff.pick import _picks_to_idx as picks_to_idx
from mne.annotations import _annotations_starts_stops as annotations_starts_stops
from mne.utils import ProgressBar, check_fname, fill_doc, logger, verbose, warn

__all__ = [
    "ProgressBar",
    "annotations_starts_stops",
    "check_fname",
    "fill_doc",
    "logger",
    "picks_to_idx",
    "verbose",
    "warn",
]
