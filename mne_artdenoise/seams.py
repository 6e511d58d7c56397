"""Where recordings in discontinuous EDF+ and BDF+ were interrupted; no reader tells. A leaf."""

from __future__ import annotations

import re
from pathlib import Path

import mne
import numpy as np

from ._compat import annotations_starts_stops, warn

DISCONTINUOUS = (b"EDF+D", b"BDF+D")
HEAD = 256  # bytes of the header, and of what it says of each signal
# Bytes that the header has per signal before its number of samples in a record.
BEFORE_COUNTS = 16 + 80 + 8 + 8 + 8 + 8 + 8 + 80
MARK = "EDGE boundary"


def mark_seams(raw: mne.io.BaseRaw) -> int:
    """Annotate where a recording was interrupted, so that nothing filters across it.

    Parameters
    ----------
    raw : Raw
        The recording. ``EDGE boundary`` annotations of no length are added to it where it was read
        from one file of discontinuous EDF+ or BDF+.

    Returns
    -------
    n_seams : int
        How many were added.
    """
    seams = find_seams(raw)
    if seams:
        held = raw.annotations
        # Onsets count from the first sample where there is no date, else from the date.
        shift = raw.first_time if held.orig_time is None else 0.0
        onsets = np.array(seams) / raw.info["sfreq"] + raw.first_time
        raw.set_annotations(
            mne.Annotations(
                np.concatenate([held.onset, onsets]) - shift,
                np.concatenate([held.duration, np.zeros(len(seams))]),
                [*held.description, *[MARK] * len(seams)],
                held.orig_time,
                [*held.ch_names, *[()] * len(seams)],
            )
        )
    return len(seams)


def check_seams(raw: mne.io.BaseRaw) -> None:
    """Warn of interruptions that no annotation marks."""
    starts, stops = annotations_starts_stops(raw, ("BAD", "EDGE"))
    seams = [
        seam
        for seam in find_seams(raw)
        if not any(a - 1 <= seam <= b + 1 for a, b in zip(starts, stops, strict=True))
    ]
    if seams:
        warn(
            f"{Path(raw.filenames[0]).name} was interrupted {len(seams)} times, first at "
            f"{seams[0] / raw.info['sfreq']:.3f} s: MNE-Python joins its parts. Mark the seams, "
            "with mne_artdenoise.seams.mark_seams(raw), so that nothing is filtered across them.",
            RuntimeWarning,
        )


def find_seams(raw: mne.io.BaseRaw) -> list[int]:
    """Find the first sample after each interruption; none where it is not known."""
    names = [Path(name) for name in raw.filenames if name]
    if len(names) != 1 or names[0].suffix.lower() not in (".edf", ".bdf"):
        return []
    try:
        duration, starts = read_starts(names[0])
    except (OSError, ValueError, StopIteration):
        return []
    size = duration * raw.info["sfreq"]
    jumps = np.flatnonzero(np.abs(np.diff(starts) - duration) > 0.5 / raw.info["sfreq"]) + 1
    seams = [round(jump * size) - raw.first_samp for jump in jumps.tolist()]  # it may be cropped
    return [seam for seam in seams if 0 < seam < raw.n_times]


def read_starts(path: Path) -> tuple[float, list[float]]:
    """Read the duration of a record, and when each began, of a file that may be discontinuous.

    Parameters
    ----------
    path : Path
        The file. What is no EDF+ is a ValueError.

    Returns
    -------
    duration : float
        Of each record, in seconds.
    starts : list of float
        Of each record, in seconds; empty for a file that says that it is continuous.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head[192:197] not in DISCONTINUOUS:
            return 1.0, []
        duration, n_signals = float(head[244:252]), int(head[252:256])
        width = 3 if head[192:193] == b"B" else 2
        more = file.read(HEAD * n_signals)
        labels = [more[16 * k : 16 * k + 16].strip() for k in range(n_signals)]
        counts = more[BEFORE_COUNTS * n_signals :]
        sizes = [width * int(counts[8 * k : 8 * k + 8]) for k in range(n_signals)]
        notes = next(k for k, label in enumerate(labels) if label.endswith(b"Annotations"))
        if not 0 < duration < np.inf or min(sizes) < 0 or not any(sizes):
            raise ValueError(f"{path}: impossible sizes of records")
        # As many as there are, which the header does not know of an unfinished recording.
        n_records = (path.stat().st_size - HEAD * (1 + n_signals)) // sum(sizes)
        starts = []
        for record in range(n_records):
            file.seek(HEAD * (1 + n_signals) + record * sum(sizes) + sum(sizes[:notes]))
            found = re.match(rb"([+-]\d+(?:\.\d*)?)\x14", file.read(sizes[notes]))
            if found is None:
                raise ValueError(f"{path}: record {record} does not say when it began")
            starts.append(float(found[1]))
    return duration, starts
