"""Noisy and clean windows of one recording, made of its own components the way ART makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, sosfiltfilt

from .._typing import FloatArray, IntArray
from ..rate import to_model_rate
from .component_recipes import ComponentRecipe, find_recipe
from .components import ComponentSet
from .mixing import mix_at_snr

# The electrodes of ART's network, in its order (older names: T3, T4, T5, T6 for T7, T8, P7, P8).
ART_CHANNELS = (
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FT7", "FC3", "FCz", "FC4", "FT8"),
    *("T7", "C3", "Cz", "C4", "T8", "TP7", "CP3", "CPz", "CP4", "TP8"),
    *("P7", "P3", "Pz", "P4", "P8", "O1", "Oz", "O2"),
)
OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}


@dataclass(frozen=True)
class ComponentPairs:
    """Windows of one recording, clean and with each kind of its own artifacts.

    Attributes
    ----------
    subject : str
        Whom they are of.
    sfreq : float
        Sampling rate in hertz.
    ch_names : tuple of str
        Names of the channels.
    positions : ndarray, shape (n_channels, 3)
        Electrode positions in head coordinates, in metres.
    unit : "V" | "arbitrary"
        Unit of the windows, as of the components.
    clean : ndarray, shape (n_windows, n_channels, n_times)
        What is surely brain.
    noisy : mapping of str to ndarray, shape (n_windows, n_channels, n_times)
        The same with the components of one class, by class; under ``"mixed"`` with several.
    mixtures : tuple of tuple of str, length n_windows
        Which classes are in each window of ``noisy["mixed"]``; empty without it.
    """

    subject: str
    sfreq: float
    ch_names: tuple[str, ...]
    positions: FloatArray
    unit: str
    clean: FloatArray
    noisy: Mapping[str, FloatArray]
    mixtures: tuple[tuple[str, ...], ...] = ()

    def draw(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, str]:
        """Draw a noisy window, its clean one and the kind, as ART's training does.

        Any window and any class are as likely as any other, among the classes ``"brain"``: noisy
        and clean are then the same.

        Parameters
        ----------
        rng : Generator
            The source of chance.

        Returns
        -------
        noisy, clean : ndarray, shape (n_channels, n_times)
            The window, with artifact and without.
        kind : str
            What is in it.
        """
        kinds = ["brain", *self.noisy]
        kind, index = kinds[rng.integers(len(kinds))], rng.integers(len(self.clean))
        noisy = self.clean if kind == "brain" else self.noisy[kind]
        return noisy[index], self.clean[index], kind

    def measure_snr(self, kind: str) -> FloatArray:
        """Measure the power of clean over artifact.

        Parameters
        ----------
        kind : str
            Artifact.

        Returns
        -------
        snr_db : ndarray, shape (n_windows,)
            In decibels of power, of each window.
        """
        power = np.square(self.clean).mean(axis=(1, 2))
        noise = np.square(self.noisy[kind] - self.clean).mean(axis=(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(10 * np.log10(power / noise))


def make_component_pairs(
    components: ComponentSet,
    *,
    recipe: str | ComponentRecipe = "art",
    snr_db: float | tuple[float, float] | None = None,
    mixed: bool = False,
    ch_names: Iterable[str] | None = None,
    rng: int | np.random.Generator | None = None,
) -> ComponentPairs:
    """Make pairs of noisy and clean windows of one recording, by the recipe of ART.

    Parameters
    ----------
    components : ComponentSet
        What :func:`~mne_artdenoise.synthesis.components.extract_components` made of a recording.
    recipe : "art" | "sure" | ComponentRecipe
        ``"art"`` is what the paper does: clean is all components with a probability of brain of
        0.8 or more; the noisy signal of a class is clean plus all components that are likeliest of
        that class, however unlikely; ``"other"`` is such a class, too. Windows are 4 s at 256 Hz,
        1 to 50 Hz. ``"sure"`` asks for a probability of 0.7 or 0.8 of the artifact as well,
        leaves ``"other"`` out, and keeps rate and band of the components.
    snr_db : float | tuple of float | None
        Power of clean over artifact in decibels, over all channels and times of a window; two
        numbers are the ends of a range that each window draws from. None, as in the paper, leaves
        the artifact as large as it was. A window in which either is silent stays as it is.
    mixed : bool
        Whether to make ``noisy["mixed"]``, too: in each window two or more classes at once, drawn
        anew, their sum scaled as one. Only where the recording has two classes or more.
    ch_names : iterable of str | None
        Channels to take, in this order, in any case and by new or old names; ``ART_CHANNELS`` is
        what the paper's network knows. One that is not there is a ValueError. None takes all.
    rng : int | Generator | None
        Seed or generator for drawn ratios and mixtures; unused without them.

    Returns
    -------
    pairs : ComponentPairs
        One noisy signal for each class of which the recording has a component. Components that
        are likeliest brain at less than 0.8 are in neither. What does not fill a last window is
        left out.

    Notes
    -----
    A recording without any component that is surely brain, or shorter than a window, is a
    ValueError. Few components may be sure: of one minute at 64 electrodes it can be 2 of 63, with
    42 ``"other"`` (and most of the power) against them. The clean signal then has no more
    dimensions than that; longer recordings give more.

    What differs from the script behind the paper: components are found by MNE's picard or infomax
    after a filter of 1 to 100 Hz and average reference, as ICLabel asks (there by EEGLAB's runica);
    they are named by the port of ICLabel to Python; the upper edge of 50 Hz is a filter without
    delay (in the code that runs the network it is one of 1.95 s); the montage is the recording's,
    unless ``ch_names`` says otherwise; windows are arrays in volts, not tables in text.

    References
    ----------
    Chuang et al. 2025, doi:10.1016/j.neuroimage.2025.121123.
    """
    chosen, rng = find_recipe(recipe), np.random.default_rng(rng)
    if ch_names is not None:
        components = _pick_channels(components, list(ch_names))
    brain = components.select("brain", chosen.brain)
    if not len(brain):
        most = components.probabilities[:, 0].max(initial=0.0)
        raise ValueError(
            f"No component of {components.subject!r} is brain at {chosen.brain:g} or more (the "
            f"likeliest at {most:.2f}), so nothing is clean. Leave this recording out."
        )
    clean, sfreq = _cut(components, brain, chosen)
    parts = {
        kind: _cut(components, which, chosen)[0]
        for kind, threshold in chosen.kinds.items()
        if len(which := components.select(kind, threshold))
    }
    mixtures: tuple[tuple[str, ...], ...] = ()
    if mixed and len(parts) > 1:
        mixtures = _draw_mixtures(list(parts), len(clean), rng)
        drawn = [[parts[kind][k] for kind in kinds] for k, kinds in enumerate(mixtures)]
        parts["mixed"] = np.array([np.sum(several, axis=0) for several in drawn])
    return ComponentPairs(
        components.subject,
        sfreq,
        components.ch_names,
        components.positions,
        components.unit,
        clean,
        {kind: _mix(clean, part, snr_db, rng) for kind, part in parts.items()},
        mixtures,
    )


def _pick_channels(components: ComponentSet, wanted: list[str]) -> ComponentSet:
    def key(name: str) -> str:
        return OLD_NAMES.get(name.lower(), name.lower())

    places = {key(name): index for index, name in enumerate(components.ch_names)}
    missing = [name for name in wanted if key(name) not in places]
    if missing:
        raise ValueError(
            f"The recording has no {', '.join(missing)}, only {', '.join(components.ch_names)}. "
            "Interpolate them before unmixing, or name fewer in ch_names."
        )
    picks = [places[key(name)] for name in wanted]
    return replace(
        components,
        ch_names=tuple(wanted),
        positions=components.positions[picks],
        maps=components.maps[:, picks],
    )


def _cut(
    components: ComponentSet, which: IntArray, recipe: ComponentRecipe
) -> tuple[FloatArray, float]:
    """Cut the signal of some components, shape (n_windows, n_channels, n_times), and its rate."""
    sfreq = recipe.sfreq or components.sfreq
    sources = to_model_rate(components.sources[which].astype(float), components.sfreq, sfreq)
    n_times = round(recipe.duration * sfreq)
    n_windows = sources.shape[-1] // n_times
    if n_windows == 0:
        raise ValueError(
            f"The recording of {components.subject!r} has {sources.shape[-1] / sfreq:.3g} s, and "
            f"a window needs {recipe.duration:g} s."
        )
    if recipe.h_freq is not None and recipe.h_freq < sfreq / 2:
        low_pass = butter(4, recipe.h_freq, fs=sfreq, output="sos")
        sources = sosfiltfilt(low_pass, sources, axis=-1)
    pieces = sources[:, : n_windows * n_times].reshape(len(which), n_windows, n_times)
    return np.einsum("kc,kwt->wct", components.maps[which], pieces, optimize=True), sfreq


def _draw_mixtures(
    kinds: list[str], n_windows: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], ...]:
    """Draw two or more kinds for each window."""
    sizes = rng.integers(2, len(kinds) + 1, n_windows)
    chosen = [np.sort(rng.choice(len(kinds), size, replace=False)) for size in sizes]
    return tuple(tuple(kinds[index] for index in indices) for indices in chosen)


def _mix(
    clean: FloatArray,
    artifact: FloatArray,
    snr_db: float | tuple[float, float] | None,
    rng: np.random.Generator,
) -> FloatArray:
    """Add an artifact window by window, at a ratio or as large as it is."""
    noisy: FloatArray = clean + artifact
    if snr_db is None:
        return noisy
    low, high = (snr_db, snr_db) if isinstance(snr_db, int | float) else snr_db
    for index, ratio in enumerate(rng.uniform(low, high, len(clean))):
        if clean[index].any() and artifact[index].any():
            noisy[index], _ = mix_at_snr(clean[index], artifact[index], ratio)
    return noisy
