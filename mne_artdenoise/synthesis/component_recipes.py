"""Which components are brain and which artifact: ART's recipe, a surer one, a bank by either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import mne

from .._compat import warn
from ..rate import to_model_rate
from .bank import Bank, CleanRecording, FieldSource, take_clean, take_fields
from .components import ICLABEL_CLASSES, ComponentSet, extract_components


@dataclass(frozen=True)
class ComponentRecipe:
    """Which components are taken for what, and how their signals are cut.

    Attributes
    ----------
    brain : float
        Least probability of brain at which a component belongs to the clean signal.
    kinds : mapping of str to float
        Classes of artifact, each with the least probability at which a component belongs to it,
        being likelier of it than of any other class.
    sfreq : float | None
        Sampling rate of the windows in hertz; None for that of the components.
    duration : float
        Length of a window in seconds.
    h_freq : float | None
        Edge of a low-pass filter in hertz (Butterworth of fourth order, forwards and backwards);
        None for none.
    """

    brain: float
    kinds: Mapping[str, float]
    sfreq: float | None = None
    duration: float = 4.0
    h_freq: float | None = None


ART = MappingProxyType(dict.fromkeys(ICLABEL_CLASSES[1:], 0.0))
SURE = MappingProxyType({"eye": 0.8, "muscle": 0.7, "heart": 0.7, "line": 0.8, "channel": 0.7})
RECIPES = MappingProxyType(
    {"art": ComponentRecipe(0.8, ART, sfreq=256.0, h_freq=50.0), "sure": ComponentRecipe(0.8, SURE)}
)


def make_bank(
    recordings: Iterable[mne.io.BaseRaw | ComponentSet],
    subjects: Iterable[str],
    *,
    recipe: str | ComponentRecipe = "sure",
    sfreq: float = 200.0,
    method: str = "picard",
    rng: int = 0,
) -> Bank:
    """Make a bank of one's own recordings, to train a network on.

    Parameters
    ----------
    recordings : iterable of Raw | ComponentSet
        Recordings as :func:`~mne_artdenoise.synthesis.components.extract_components` takes them,
        or what it made of them. They are read one after another, so a generator needs the memory
        of one.
    subjects : iterable of str
        Whom each is of, as many as recordings: the name that :meth:`Bank.split` knows them by. One
        text for all is a TypeError.
    recipe : "art" | "sure" | ComponentRecipe
        Which components are taken, as :func:`make_component_pairs` takes them; its rate, duration
        and band are not used here.
    sfreq : float
        Sampling rate of the bank in hertz, more than 0 (else ValueError): that of the network to be
        trained.
    method : "picard" | "infomax"
        Algorithm that unmixes recordings.
    rng : int
        Seed of the decompositions.

    Returns
    -------
    bank : Bank
        Of each recording what is surely brain as ``clean``, and the components of each class as
        ``fields``, in volts, 1 to 100 Hz. Of one recording both are equally long: clean plus
        ``maps.T @ sources`` is the noisy signal of the paper.

    Notes
    -----
    A recording without surely brain gives its artifacts only, with a RuntimeWarning.
    """
    chosen = find_recipe(recipe)
    if isinstance(subjects, str):
        raise TypeError(f"subjects must be a list of names, one per recording, not {subjects!r}.")
    if sfreq <= 0:
        raise ValueError(f"sfreq must be a positive number of hertz, found {sfreq!r}.")
    clean: list[CleanRecording] = []
    fields: list[FieldSource] = []
    for recording, subject in zip(recordings, subjects, strict=True):
        if not isinstance(recording, ComponentSet):
            recording = extract_components(recording, subject=subject, method=method, rng=rng)
        components = _resample(replace(recording, subject=subject), sfreq)
        if len(components.select("brain", chosen.brain)):
            clean.append(take_clean(components, chosen.brain))
        else:
            warn(
                f"No component of {subject!r} is brain at {chosen.brain:g} or more: only its "
                "artifacts are in the bank."
            )
        fields += take_fields(components, chosen.kinds)
    return Bank(sfreq, tuple(clean), (), tuple(fields))


def find_recipe(recipe: str | ComponentRecipe) -> ComponentRecipe:
    """Find a recipe by its name; an unknown one is a ValueError that lists the known."""
    if isinstance(recipe, ComponentRecipe):
        return recipe
    if recipe not in RECIPES:
        raise ValueError(
            f"Unknown recipe {recipe!r}. Known recipes: {', '.join(map(repr, RECIPES))}, or a "
            "ComponentRecipe."
        )
    return RECIPES[recipe]


def _resample(components: ComponentSet, sfreq: float) -> ComponentSet:
    sources = to_model_rate(components.sources, components.sfreq, sfreq)
    return replace(components, sfreq=sfreq, sources=sources)
