"""The pretrained models: which exist, how to get them, how to wake them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
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


def open_network(record: ModelRecord, device: str = "auto") -> Any:
    """Open the network of a model where it is to run.

    Parameters
    ----------
    record : ModelRecord
        The model.
    device : str
        ``"onnx"`` is ONNX Runtime on the processor, and so is ``"auto"`` where there is no torch;
        else torch.

    Returns
    -------
    network : torch.nn.Module | Session
        For :func:`~mne_artdenoise.inference.run_network`.
    """
    if device == "onnx" or (device == "auto" and find_spec("torch") is None):
        return import_module(f"{__name__}.session").open_session(record)
    return sys.modules[__name__].load_network(record)
