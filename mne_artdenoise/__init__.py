"""Remove artifacts from EEG with pretrained networks, subtracting only what was estimated.

A recording is read into volts (``recording``), its channels, rate and scale brought to those of a
model (``channels``, ``rate``, ``scale``), cut into windows (``windows``) and run through a network
(``inference``); the way back is beside each step. The spatial step (``spatial``) separates the
recording into sources and removes those that the estimate says are artifact. ``denoiser`` subtracts
what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .denoiser import ArtifactDenoiser
    from .idioms import denoise, denoise_array
    from .online import OnlineDenoiser
    from .outofcore import denoise_file
    from .weights import fetch_weights, get_record, list_models

__all__ = [
    "ArtifactDenoiser",
    "OnlineDenoiser",
    "denoise",
    "denoise_array",
    "denoise_file",
    "fetch_weights",
    "get_record",
    "list_models",
]

_PLACES = {
    "ArtifactDenoiser": "denoiser",
    "OnlineDenoiser": "online",
    "denoise": "idioms",
    "denoise_array": "idioms",
    "denoise_file": "outofcore",
    "fetch_weights": "weights",
    "get_record": "weights",
    "list_models": "weights",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: importing the package costs next to nothing.
    from importlib import import_module

    if name in _PLACES:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    if name == "__version__":
        from .provenance import find_version

        return find_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
