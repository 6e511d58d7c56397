"""What artifacts are drawn from: formulas, a bank of real ones, or what learned to make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import mne
import numpy as np
import numpy.typing as npt

from .._typing import FloatArray
from .artifacts import GROUPS, KINDS, REPLACING, expand_kinds, make_artifact
from .bank import Bank
from .drawing import draw_field, draw_kind
from .electrodes import Electrodes, read_electrodes

# Volts: what a bank holds may be in any unit, and artifacts of people are about this large.
BANK_RMS = 30e-6
TRIES = 20  # draws of what may be silent, one after the other


@runtime_checkable
class ArtifactGenerator(Protocol):
    """Anything that draws artifacts, such as a network that learned to."""

    @property
    def labels(self) -> Sequence[str]:
        """Kinds of artifact it knows."""

    def generate(
        self, info: mne.Info | Electrodes, n_times: int, label: str, rng: np.random.Generator
    ) -> FloatArray:
        """Draw one artifact of a kind, in volts.

        Parameters
        ----------
        info : mne.Info | Electrodes
            Channels with positions, and the sampling rate; see
            :func:`~mne_artdenoise.synthesis.electrodes.read_electrodes`.
        n_times : int
            Samples wanted.
        label : str
            One of ``labels``.
        rng : Generator
            The only source of chance: the same state gives the same artifact.

        Returns
        -------
        artifact : ndarray, shape (n_channels, n_times)
            Zero where there is none.
        """


Material: TypeAlias = Bank | ArtifactGenerator
Artifacts: TypeAlias = Material | Sequence[str] | Mapping[str, Material | Mapping[str, Any]]


@dataclass(frozen=True)
class PhysicalArtifacts:
    """Artifacts by formula: for each kind, the physical parameters that are not the usual ones."""

    physical: Mapping[str, Mapping[str, Any]]

    @property
    def labels(self) -> tuple[str, ...]:
        """Kinds of artifact it knows."""
        return tuple(self.physical)

    def generate(
        self, info: mne.Info | Electrodes, n_times: int, label: str, rng: np.random.Generator
    ) -> FloatArray:
        """Draw one artifact; see :class:`ArtifactGenerator`."""
        return make_artifact(label, info, n_times, rng, **self.physical[label])

    def on(self, clean: FloatArray) -> PhysicalArtifacts:
        """Tell formulas what is in the channels whose place they take."""
        return PhysicalArtifacts(
            {
                kind: {**own, "clean": clean}
                for kind, own in self.physical.items()
                if kind in REPLACING
            }
        )


@dataclass(frozen=True)
class BankArtifacts:
    """Real artifacts: waveforms of one person with the topography of another, or components.

    Each is brought to 30 µV over all channels and times, for a bank knows no unit.
    """

    bank: Bank

    @property
    def labels(self) -> tuple[str, ...]:
        """Kinds of artifact it knows."""
        kinds = [item.kind for item in self.bank.sources], [item.kind for item in self.bank.fields]
        return tuple(sorted({kind for each in kinds for kind in each}))

    def generate(
        self, info: mne.Info | Electrodes, n_times: int, label: str, rng: np.random.Generator
    ) -> FloatArray:
        """Draw one artifact; see :class:`ArtifactGenerator`."""
        positions = read_electrodes(info).positions
        if any(item.kind == label for item in self.bank.sources):
            artifact = draw_kind(label, self.bank, positions, n_times, rng)
        else:
            fields = [item for item in self.bank.fields if item.kind == label]
            artifact = draw_field(fields[rng.integers(len(fields))], positions, n_times, rng)
        return np.asarray(artifact * (BANK_RMS / max(np.sqrt(np.mean(artifact**2)), 1e-30)))

    def check(self, sfreq: float, n_times: int) -> None:
        """Raise a ValueError that says why windows of a recording cannot be drawn from it."""
        if self.bank.sfreq != sfreq:
            raise ValueError(
                f"The bank of artifacts is of {self.bank.sfreq:g} Hz and the clean signal of "
                f"{sfreq:g} Hz. Bring the clean signal to {self.bank.sfreq:g} Hz with resample."
            )
        sources = [item.signal for item in self.bank.sources]
        shortest = min(x.shape[-1] for x in (*sources, *(f.sources for f in self.bank.fields)))
        if shortest < n_times:
            raise ValueError(
                f"The bank of artifacts holds one of {shortest / sfreq:g} s, and windows have "
                f"{n_times / sfreq:g} s. Ask for a shorter duration."
            )


def read_generators(
    artifacts: Artifacts, sfreq: float, n_times: int
) -> dict[str, ArtifactGenerator]:
    """Find what draws each kind of artifact.

    Parameters
    ----------
    artifacts : Bank | ArtifactGenerator | sequence of str | mapping
        A bank or a generator with all kinds it knows; names of kinds or groups that formulas make;
        or for each name what draws it: a bank, a generator, or physical parameters of the formula.
    sfreq : float
        Sampling rate of the clean signal, in hertz.
    n_times : int
        Samples of a window.

    Returns
    -------
    generators : dict of str -> ArtifactGenerator
        At least one. What is not known is a ValueError or TypeError that says what is.
    """
    if isinstance(artifacts, str):
        raise TypeError(f"artifacts must be a list of names, such as [{artifacts!r}], not one.")
    if isinstance(artifacts, Bank | ArtifactGenerator):
        generator = _as_generator(artifacts)
        found = dict.fromkeys(generator.labels, generator)
    elif isinstance(artifacts, Mapping):
        found = {}
        for name, material in artifacts.items():
            found.update(_read_one(name, material))
    elif isinstance(artifacts, Sequence):
        physical = PhysicalArtifacts({kind: {} for kind in expand_kinds(artifacts)})
        found = dict.fromkeys(physical.labels, physical)
    else:
        raise TypeError(
            "artifacts must be a Bank, an object with labels and generate, a list of names, or a "
            f"dict of these by name, got {type(artifacts).__name__}."
        )
    if not found:
        raise ValueError("There is no artifact to draw: artifacts is empty.")
    for generator in found.values():
        if isinstance(generator, BankArtifacts):
            generator.check(sfreq, n_times)
    return found


def _as_generator(material: Material) -> ArtifactGenerator:
    return BankArtifacts(material) if isinstance(material, Bank) else material


def _read_one(name: str, material: Material | Mapping[str, Any]) -> dict[str, ArtifactGenerator]:
    """Find what draws one name; a group of formulas has several kinds."""
    if isinstance(material, Mapping):
        physical = {kind: material for kind in expand_kinds([name])}
        return dict.fromkeys(physical, PhysicalArtifacts(physical))
    if not isinstance(material, Bank) and not hasattr(material, "generate"):
        raise TypeError(
            f"artifacts[{name!r}] must be a Bank, an object with generate, or a dict of physical "
            f"parameters, got {type(material).__name__}."
        )
    generator = _as_generator(material)
    if name not in getattr(generator, "labels", [name]):
        known = ", ".join(map(repr, generator.labels))
        raise ValueError(f"Unknown artifact {name!r}: what was given for it knows {known}.")
    return {name: generator}


def replaces(kind: str, generator: ArtifactGenerator) -> bool:
    """Tell whether an artifact takes the place of what a channel records."""
    return kind in REPLACING and isinstance(generator, PhysicalArtifacts)


def draw_active(
    generator: ArtifactGenerator,
    electrodes: Electrodes,
    n_times: int,
    label: str,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Draw an artifact until there is one, shape (n_channels, n_times), and check what was drawn.

    Silence again and again, another shape and values that are not finite are a ValueError.
    """
    shape = (len(electrodes), n_times)
    for _ in range(TRIES):
        artifact = np.asarray(generator.generate(electrodes, n_times, label, rng), np.float64)
        if artifact.shape != shape or not np.isfinite(artifact).all():
            raise ValueError(
                f"What draws {label!r} must give finite numbers of shape {shape}, and gave "
                f"{'others' if artifact.shape == shape else f'shape {artifact.shape}'}."
            )
        if artifact.any():
            return artifact
    raise ValueError(
        f"The artifact {label!r} was silent {TRIES} times in {n_times} samples. Ask for a longer "
        "duration, or for more of it."
    )


def share_kinds(
    kinds: Sequence[str] | Mapping[str, float] | None, labels: Sequence[str]
) -> dict[str, float]:
    """Find how often each kind is drawn.

    Parameters
    ----------
    kinds : sequence of str | mapping of str -> float | None
        Kinds or groups, with a share for each, or alike. None: all, alike.
    labels : sequence of str
        Kinds that can be drawn. Another one is a ValueError that lists them.

    Returns
    -------
    shares : dict of str -> float
        Positive, with sum one. A group's share is parted among its kinds.
    """
    if isinstance(kinds, str):
        raise TypeError(f"kinds must be a list of names, such as [{kinds!r}], not one.")
    asked = dict.fromkeys(labels if kinds is None else kinds, 1.0)
    if isinstance(kinds, Mapping):
        asked = {name: float(share) for name, share in kinds.items()}
    shares: dict[str, float] = {}
    for name, share in asked.items():
        members = find_members(name, labels)
        for member in members:
            shares[member] = shares.get(member, 0.0) + share / len(members)
    total = sum(shares.values())
    if not all(0 < share < np.inf for share in shares.values()) or not total > 0:
        raise ValueError(f"kinds must have positive shares, got {kinds!r}.")
    return {name: share / total for name, share in shares.items()}


def find_members(name: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Find which labels a name stands for: itself, or those of the group."""
    members = (name,) if name in labels else GROUPS.get(name, ())
    members = tuple(member for member in members if member in labels)
    if not members:
        hint = " Name it in artifacts first." if name in {**KINDS, **GROUPS} else ""
        raise ValueError(f"Unknown kind {name!r}. Known: {', '.join(map(repr, labels))}.{hint}")
    return members
