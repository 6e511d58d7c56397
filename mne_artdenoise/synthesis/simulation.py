"""A whole recording from formulas: brain, the artifacts in it, and both together, for any montage.

It needs no data, so it is for first steps, tests and teaching; what is true of real people is in a
bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import mne
import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt, sosfilt_zi

from .._typing import FloatArray
from .brain import make_brain
from .electrodes import Electrodes, read_electrodes
from .generators import ArtifactGenerator, Artifacts, read_generators, replaces
from .mixing import find_active
from .ratios import Ratio, draw_ratios, read_ratios
from .recipe import add_artifacts, sum_parts

SENSOR_DENSITY = 60e-9  # volts per root hertz, of electrode and amplifier: 0.7 µV below 125 Hz
GAP = 0.02  # seconds without artifact that do not part two spans


def simulate_raw(
    info: mne.Info,
    duration: float,
    *,
    artifacts: Artifacts = ("eye", "muscle"),
    snr_db: Ratio | Mapping[str, Ratio] = -3.0,
    brain: Mapping[str, Any] | None = None,
    high_pass: float | None = 0.5,
    rng: int | np.random.Generator | None = None,
) -> tuple[mne.io.RawArray, mne.io.RawArray, mne.io.RawArray]:
    """Simulate a recording of which brain and artifacts are known.

    Parameters
    ----------
    info : mne.Info
        Channels and sampling rate. All EEG channels need a position (else ValueError), those marked
        bad too; channels of other types hold zeros.
    duration : float
        Length in seconds, 1 or more.
    artifacts : sequence of str | mapping | Bank | ArtifactGenerator
        What is added to the brain: names from ``KINDS`` or ``GROUPS`` of
        :mod:`mne_artdenoise.synthesis.artifacts` (another is a ValueError that lists them), or a
        mapping from names to physical parameters, such as
        ``{"blink": {"rate": 20.0}, "line": {}}``, or to a bank or learned generator. Each
        happens once or more; with none, the recording is the brain alone.
    snr_db : float | (float, float) | None | mapping of str -> the same
        Power of the brain over power of all artifacts, in decibels, over all EEG channels and
        times, or limits between which it is drawn; a mapping gives each kind or group its own:
        ``{"eye": -6.0, "muscle": 0.0}``. None leaves artifacts as large as they are in people:
        blinks of 100 to 200 µV above the eyes.
    brain : mapping of str -> object | None
        Parameters of :func:`~mne_artdenoise.synthesis.brain.make_brain`. Eyes are open unless
        ``{"eyes": "closed"}`` or another says otherwise.
    high_pass : float | None
        Cut-off of the amplifier in hertz, by a filter of first order: a gaze that rests is seen to
        fall back. None is an amplifier for direct current, whose recordings hold mostly what lies
        below the band of EEG where eyes move.
    rng : int | Generator | None
        Seed or generator. The same seed gives the same bytes, and the same brain whatever the
        artifacts; None is different each time.

    Returns
    -------
    raw, truth, artifact : mne.io.RawArray
        The recording, its brain and its artifacts, in volts; the first is the sum of the others.
        ``raw`` and ``artifact`` have an annotation for each span with an artifact, with its kind as
        description, and with ``ch_names`` where only some channels have it. The amplifier may
        carry a tail of it beyond.

    Notes
    -----
    The truth is brain and the noise of electrodes and amplifier, 60 nV in each root hertz. From
    three channels on, the recording is of the average reference.
    ``"flat"`` and ``"dead"`` take the place of what a channel records, artifacts included: they
    have the size of what they replace, and do not count in the ratio.
    """
    electrodes = read_electrodes(info)
    if not (np.isfinite(duration) and duration >= 1.0):
        raise ValueError(f"duration must be 1 second or more, got {duration!r}.")
    n_times = round(duration * electrodes.sfreq)
    nothing = isinstance(artifacts, list | tuple | dict) and not artifacts
    generators = {} if nothing else read_generators(artifacts, electrodes.sfreq, n_times)
    ratios = read_ratios(snr_db, tuple(generators))
    seed = int(np.random.default_rng(rng).integers(2**63))

    def find_rng(part: str) -> np.random.Generator:
        # A generator for each part: what one draws moves no other.
        return np.random.default_rng((seed, crc32(part.encode())))

    truth = make_brain(electrodes, n_times, find_rng("brain"), **{"eyes": "open", **(brain or {})})
    noise = find_rng("sensors").standard_normal(truth.shape)
    truth = truth + SENSOR_DENSITY * np.sqrt(electrodes.sfreq / 2) * noise
    if len(truth) > 2:
        truth -= truth.mean(axis=0)
    sos = None if high_pass is None else design_amplifier(high_pass, electrodes.sfreq)
    truth = truth if sos is None else amplify(truth, sos)
    shown: dict[str, ArtifactGenerator] = {
        kind: generator if replaces(kind, generator) else Amplified(generator, sos)
        for kind, generator in generators.items()
    }
    asked = draw_ratios(ratios, find_rng("ratio"))
    parts = add_artifacts(truth, shown, electrodes, asked, find_rng)
    total = sum_parts(truth, parts)
    raw, clean, artifact = (_make_raw(x, electrodes, info) for x in (truth + total, truth, total))
    for inst in (raw, artifact):
        inst.set_annotations(annotate(find_sources(parts, shown), electrodes))
    return raw, clean, artifact


class Amplified:
    """An artifact as an amplifier shows it; ``source`` is the last one before it."""

    def __init__(self, generator: ArtifactGenerator, sos: FloatArray | None) -> None:
        self.generator, self.sos = generator, sos
        self.source: FloatArray = np.zeros((0, 0))

    @property
    def labels(self) -> Sequence[str]:
        """Kinds of artifact it knows."""
        return self.generator.labels

    def generate(
        self, info: mne.Info | Electrodes, n_times: int, label: str, rng: np.random.Generator
    ) -> FloatArray:
        """Draw one artifact, in volts."""
        self.source = self.generator.generate(info, n_times, label, rng)
        return self.source if self.sos is None else amplify(self.source, self.sos)


def design_amplifier(high_pass: float, sfreq: float) -> FloatArray:
    """Design the filter of an amplifier, or say why there is none."""
    if not 0 < high_pass < sfreq / 2:
        raise ValueError(
            f"high_pass must lie between 0 and {sfreq / 2:g} Hz, half the sampling rate, or be "
            f"None, got {high_pass!r}."
        )
    return np.asarray(butter(1, high_pass, "highpass", fs=sfreq, output="sos"))


def amplify(x: FloatArray, sos: FloatArray) -> FloatArray:
    """Pass a signal (n_channels, n_times) through an amplifier that was on before it began."""
    state = sosfilt_zi(sos)[:, np.newaxis] * x[np.newaxis, :, :1]
    return np.asarray(sosfilt(sos, x, zi=state)[0])


def find_sources(
    parts: Mapping[str, FloatArray], shown: Mapping[str, ArtifactGenerator]
) -> dict[str, FloatArray]:
    """Find what was drawn of each kind before the amplifier: it tells where the artifacts are."""
    return {
        kind: made.source if isinstance(made := shown[kind], Amplified) else part
        for kind, part in parts.items()
    }


def annotate(parts: Mapping[str, FloatArray], electrodes: Electrodes) -> mne.Annotations:
    """Tell where each artifact is.

    Parameters
    ----------
    parts : mapping of str -> ndarray, shape (n_channels, n_times)
        Artifacts by kind, zero where there is none.
    electrodes : Electrodes
        Names of the channels, and the sampling rate.

    Returns
    -------
    annotations : mne.Annotations
        One for each span, from the first sample in which a channel is not zero to after the last,
        named after the kind; with the names of the channels, where not all have it.
    """
    found = []
    for kind, part in parts.items():
        for start, stop in find_spans(find_active(part), round(GAP * electrodes.sfreq)):
            heard = part[:, start:stop].any(axis=1)
            names = () if heard.all() else tuple(np.array(electrodes.ch_names)[heard].tolist())
            found.append((start / electrodes.sfreq, (stop - start) / electrodes.sfreq, kind, names))
    onsets, durations, kinds, names = zip(*sorted(found), strict=True) if found else ((),) * 4
    return mne.Annotations(onsets, durations, kinds, ch_names=names or None)


def find_spans(active: npt.NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Find first and last sample (excluded) of each span; pauses of ``gap`` or less are in it."""
    where = np.flatnonzero(active)
    if not len(where):
        return []
    breaks = np.flatnonzero(np.diff(where) > gap + 1) + 1
    return [(int(span[0]), int(span[-1]) + 1) for span in np.split(where, breaks)]


def _make_raw(x: FloatArray, electrodes: Electrodes, info: mne.Info) -> mne.io.RawArray:
    volts = np.zeros((len(info["ch_names"]), x.shape[-1]))
    volts[[info["ch_names"].index(name) for name in electrodes.ch_names]] = x
    return mne.io.RawArray(volts, info.copy(), verbose="error")
