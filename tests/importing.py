"""Importing packages of others for the tests of how they go with ours."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import pytest


def import_or_skip(name: str) -> ModuleType:
    """Import a module of another package, whatever it warns of; skip the tests where it is not."""
    os.environ.setdefault("MNE_LOGGING_LEVEL", "warning")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except (ImportError, OSError) as error:  # the latter from libraries that are not there
            pytest.skip(f"{name} cannot be imported: {error}", allow_module_level=True)
