"""The pretrained models: which exist, how to get them, how to wake them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .registry import ModelRecord, get_record, list_models

if TYPE_CHECKING:
    from .download import fetch_weights
    from .load import load_network

__all__ = ["ModelRecord", "fetch_weights", "get_record", "list_models", "load_network"]

# Imported when first asked for: download brings pooch, load brings torch.
LAZY = {"fetch_weights": "download", "load_network": "load"}


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
