"""Noisy and clean pairs of EEG with known truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .artifacts import GROUPS, KINDS, make_artifact
    from .bank import Bank
    from .brain import make_brain
    from .component_pairs import ComponentPairs, make_component_pairs
    from .component_recipes import ComponentRecipe, make_bank
    from .components import ComponentSet, extract_components
    from .evoked import make_evoked_response, place_evoked_responses
    from .generators import ArtifactGenerator
    from .items import CleanRecording, FieldSource, Source
    from .learned import LearnedArtifacts
    from .mixing import measure_snr, mix_artifacts, mix_at_snr
    from .pairs import Pairs, make_pairs, stream_pairs
    from .recipe import Pair
    from .simulation import simulate_raw

__all__ = [
    "GROUPS",
    "KINDS",
    "ArtifactGenerator",
    "Bank",
    "CleanRecording",
    "ComponentPairs",
    "ComponentRecipe",
    "ComponentSet",
    "FieldSource",
    "LearnedArtifacts",
    "Pair",
    "Pairs",
    "Source",
    "extract_components",
    "make_artifact",
    "make_bank",
    "make_brain",
    "make_component_pairs",
    "make_evoked_response",
    "make_pairs",
    "measure_snr",
    "mix_artifacts",
    "mix_at_snr",
    "place_evoked_responses",
    "simulate_raw",
    "stream_pairs",
]

_PLACES = {
    "artifacts": ("GROUPS", "KINDS", "make_artifact"),
    "bank": ("Bank",),
    "brain": ("make_brain",),
    "component_pairs": ("ComponentPairs", "make_component_pairs"),
    "component_recipes": ("ComponentRecipe", "make_bank"),
    "components": ("ComponentSet", "extract_components"),
    "evoked": ("make_evoked_response", "place_evoked_responses"),
    "generators": ("ArtifactGenerator",),
    "items": ("CleanRecording", "FieldSource", "Source"),
    "learned": ("LearnedArtifacts",),
    "mixing": ("measure_snr", "mix_artifacts", "mix_at_snr"),
    "pairs": ("Pairs", "make_pairs", "stream_pairs"),
    "recipe": ("Pair",),
    "simulation": ("simulate_raw",),
}


def __getattr__(name: str) -> Any:
    # Imported when first used: who simulates a recording need not wait for what reads banks.
    from importlib import import_module

    for module, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
