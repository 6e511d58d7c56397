"""TUAR, the artifact corpus of Temple University Hospital: clinical EEG with spans of artifacts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np

from .._compat import warn

# Five classes; the last two codes are one, as in the corpus' own description.
KINDS = {
    "eyem": "eye",
    "musc": "muscle",
    "chew": "chewing",
    "shiv": "shiver",
    "elec": "electrode",
    "elpp": "electrode",
}
COLUMNS = ["channel", "start_time", "stop_time", "label", "confidence"]
# Chains from front to back and across, as the corpus was labelled. Its montage 03_tcp_ar_a has
# neither ear, so neither A1-T3 nor T4-A2.
TCP = (
    *("FP1-F7", "F7-T3", "T3-T5", "T5-O1", "FP2-F8", "F8-T4", "T4-T6", "T6-O2"),
    *("A1-T3", "T3-C3", "C3-CZ", "CZ-C4", "C4-T4", "T4-A2"),
    *("FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4", "P4-O2"),
)
HOW_TO_GET = (
    "TUAR may be used under an agreement with Temple University only, so nothing downloads it. Ask "
    "for it at https://isip.piconepress.com/projects/nedc/html/tuh_eeg/, copy "
    "data/tuh_eeg/tuh_eeg_artifact/v3.0.1 from there by rsync, and pass the folder to load_tuar."
)


@dataclass(frozen=True)
class LabelSpan:
    """One label on one bipolar channel.

    Attributes
    ----------
    channel : str
        Bipolar channel as in the corpus, such as ``"FP1-F7"``.
    onset, duration : float
        Seconds from the start of the recording.
    label : str
        As in the corpus; several at once are joined, such as ``"eyem_musc"``.
    kinds : tuple of str
        What the label means: ``"eye"``, ``"muscle"``, ``"chewing"``, ``"shiver"``,
        ``"electrode"``. Empty for what is no artifact.
    confidence : float
        As in the corpus; 1 throughout.
    """

    channel: str
    onset: float
    duration: float
    label: str
    kinds: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, repr=False)
class TuarRecording:
    """One recording of the corpus: its labels, and where its signal is.

    Attributes
    ----------
    subject, session, token : str
        From its name, such as ``"aaaaaaju"``, ``"s005"`` and ``"t000"``.
    montage : str
        Folder it is in, such as ``"01_tcp_ar"``.
    path : Path
        The EDF file.
    spans : tuple of LabelSpan
        Artifacts, in the order of the file.
    seizures : tuple of LabelSpan
        What the file beside it has of seizures: brain, not artifact.
    """

    subject: str
    session: str
    token: str
    montage: str
    path: Path
    spans: tuple[LabelSpan, ...]
    seizures: tuple[LabelSpan, ...]

    def __repr__(self) -> str:
        kinds = sorted({kind for span in self.spans for kind in span.kinds})
        return f"<TuarRecording | {self.path.stem}, {len(self.spans)} spans: {', '.join(kinds)}>"

    def read_raw(self, *, bipolar: bool = True) -> mne.io.RawArray | mne.io.BaseRaw:
        """Read the signal, with the spans as annotations.

        Parameters
        ----------
        bipolar : bool
            True for the bipolar channels on which the labels are. False for the electrodes as
            recorded, renamed and with positions; the annotations are then on both electrodes of a
            pair, and what is no electrode of the head has another type.

        Returns
        -------
        raw : Raw
            In volts. Spans that go on after the end of the signal end with it.
        """
        raw = mne.io.read_raw_edf(self.path, preload=True, verbose="error")
        raw.rename_channels(_name_electrodes(raw.ch_names))
        raw = _derive_pairs(raw, self.path) if bipolar else _place_electrodes(raw)
        return raw.set_annotations(_annotate(raw, self.spans + self.seizures), verbose="error")


def load_tuar(path: str | Path) -> tuple[TuarRecording, ...]:
    """Load the labels of TUAR, and find its signals.

    Parameters
    ----------
    path : str | Path
        Folder of the corpus, version 3 (or any folder in it): EDF files with a CSV of the same
        name beside each, sorted into folders by montage.

    Returns
    -------
    recordings : tuple of TuarRecording
        In the order of their names. Signals are read by :meth:`TuarRecording.read_raw`.

    Notes
    -----
    A folder without recordings is a FileNotFoundError that says how to get the corpus; there is no
    function to download it, since it may be had under an agreement only. A CSV that is not of the
    corpus is a ValueError with file and line. EDF files without one are left out with a warning.

    References
    ----------
    Hamid et al. 2020, doi:10.1109/SPMB50085.2020.9353647.
    """
    folder = Path(path).expanduser()
    signals = sorted(folder.rglob("*.edf"))
    labelled = [signal for signal in signals if signal.with_suffix(".csv").is_file()]
    if not labelled:
        found = f"holds {len(signals)} EDF files without a CSV beside them" if signals else "none"
        raise FileNotFoundError(f"{folder} has no recordings of TUAR ({found}). {HOW_TO_GET}")
    if len(labelled) < len(signals):
        warn(f"{len(signals) - len(labelled)} EDF files in {folder} have no CSV: left out.")
    return tuple(_find_recording(signal) for signal in labelled)


def split_people(
    recordings: Sequence[TuarRecording],
    shares: Sequence[float] = (0.7, 0.15, 0.15),
    *,
    rng: int | np.random.Generator | None = None,
) -> tuple[tuple[TuarRecording, ...], ...]:
    """Split recordings at random so that nobody is in two parts.

    Parameters
    ----------
    recordings : sequence of TuarRecording
        The recordings.
    shares : sequence of float
        Share of the people in each part; they add up to one, else ValueError.
    rng : int | Generator | None
        Seed or generator.

    Returns
    -------
    parts : tuple of tuple of TuarRecording
        As many as shares, each in the order of ``recordings``.
    """
    if not np.isclose(sum(shares), 1.0) or min(shares) < 0:
        raise ValueError(f"shares are {tuple(shares)}, but must be of one whole.")
    people = np.random.default_rng(rng).permutation(sorted({r.subject for r in recordings}))
    ends = np.round(np.cumsum(shares) * len(people)).astype(int)
    groups = [set(group) for group in np.split(people, ends[:-1])]
    return tuple(tuple(r for r in recordings if r.subject in group) for group in groups)


def _find_recording(signal: Path) -> TuarRecording:
    match = re.fullmatch(r"([a-z0-9]+)_(s\d+)_(t\d+)", signal.stem)
    if match is None:
        raise ValueError(f"{signal} is not named as in TUAR: person_session_part.edf.")
    subject, session, token = match.groups()
    seizures = signal.with_name(f"{signal.stem}_seiz.csv")
    return TuarRecording(
        subject,
        session,
        token,
        montage=signal.parent.name,
        path=signal,
        spans=_read_spans(signal.with_suffix(".csv")),
        seizures=_read_spans(seizures) if seizures.is_file() else (),
    )


def _read_spans(path: Path) -> tuple[LabelSpan, ...]:
    """Read a CSV of the corpus: comments, the names of five columns, one span in each row."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not rows or [name.strip() for name in rows[0][1].split(",")] != COLUMNS:
        found = rows[0][1] if rows else "nothing"
        raise ValueError(f"{path} must start with {','.join(COLUMNS)}, found {found!r}.")
    return tuple(_read_span(path, number, line) for number, line in rows[1:])


def _read_span(path: Path, number: int, line: str) -> LabelSpan:
    try:
        channel, start, stop, label, confidence = (part.strip() for part in line.split(","))
        onset, end = float(start), float(stop)
        if not 0 <= onset <= end < np.inf or not channel or not label:
            raise ValueError("times must rise from zero, channel and label have names")
        kinds = tuple(dict.fromkeys(KINDS[code] for code in label.split("_") if code in KINDS))
        return LabelSpan(channel.upper(), onset, end - onset, label, kinds, float(confidence))
    except ValueError as error:
        message = f"{path}, line {number} is no span of TUAR: {line!r} ({error})."
        raise ValueError(message) from error


def _name_electrodes(names: Sequence[str]) -> dict[str, str]:
    """Name electrodes without what the corpus puts around them: "EEG FP1-REF" is "FP1"."""
    named: dict[str, str] = {}
    for name in names:
        short = re.sub(r"^(EEG|ECG)\s+|-(REF|LE|AR)$", "", name, flags=re.IGNORECASE).upper()
        named[name] = name if short in named.values() else short
    return named


def _derive_pairs(raw: mne.io.BaseRaw, path: Path) -> mne.io.RawArray:
    """Subtract electrodes from one another as the labels' montage does."""
    ends = {pair: pair.split("-") for pair in TCP}
    pairs = [pair for pair, names in ends.items() if set(names) <= set(raw.ch_names)]
    if not pairs:
        raise ValueError(
            f"{path} has no pair of electrodes of the labels' montage, only "
            f"{', '.join(raw.ch_names)}."
        )
    x = raw.get_data()
    places = [[raw.ch_names.index(name) for name in ends[pair]] for pair in pairs]
    signal = np.array([x[first] - x[second] for first, second in places])
    info = mne.create_info(pairs, raw.info["sfreq"], "eeg")
    return mne.io.RawArray(signal, info, verbose="error").set_meas_date(raw.info["meas_date"])


def _place_electrodes(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Give electrodes of the head their names and positions, and all else another type."""
    known = mne.channels.get_builtin_montages()  # MNE 1.13 renamed standard_1020
    name = "colin27_1020" if "colin27_1020" in known else "standard_1020"
    montage = mne.channels.make_standard_montage(name)
    spelling = {electrode.upper(): electrode for electrode in montage.ch_names}
    others = {"EKG": "ecg", "ECG": "ecg", "EMG": "emg", "LOC": "eog", "ROC": "eog"}
    types = {
        name: next((kind for start, kind in others.items() if name.startswith(start)), "misc")
        for name in raw.ch_names
        if name not in spelling
    }
    raw.set_channel_types(types, on_unit_change="ignore", verbose="error")
    raw.rename_channels({name: spelling[name] for name in raw.ch_names if name in spelling})
    return raw.set_montage(montage, verbose="error")


def _annotate(raw: mne.io.BaseRaw, spans: Sequence[LabelSpan]) -> mne.Annotations:
    """Make annotations of spans, on the channels that the recording has of them."""
    end = raw.n_times / raw.info["sfreq"]
    here = {name.upper(): name for name in raw.ch_names}
    annotations = mne.Annotations([], [], [])
    for span in spans:
        names = [here[n] for n in (span.channel, *span.channel.split("-")) if n in here]
        if names and span.onset < end:  # without names it would be on all channels
            duration = min(span.duration, end - span.onset)
            annotations.append(span.onset, duration, span.label, ch_names=[names])
    return annotations
