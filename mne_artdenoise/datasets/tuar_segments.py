"""Windows of the labelled spans of TUAR, for generators to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from .._typing import FloatArray
from ..synthesis.segments import DURATION, SFREQ, Segments, gather, prepare
from .tuar import TuarRecording

LEAD = 0.5  # seconds before the onset of a label that belong to its first window


def cut_tuar(recordings: Iterable[TuarRecording]) -> Segments:
    """Cut labelled windows from recordings of TUAR.

    Parameters
    ----------
    recordings : iterable of TuarRecording
        What :func:`~mne_artdenoise.datasets.load_tuar` found, of one part of a split by person:
        see :func:`~mne_artdenoise.datasets.tuar.split_people`.

    Returns
    -------
    segments : Segments
        Windows of 4 s at 128 Hz, half overlapping, from half a second before each span to its end,
        of the bipolar channel that has the label. Join them with those of a bank by ``|``.

    Notes
    -----
    Spans with labels of two kinds at once are left out, for neither would be learned from them
    (Arasu & Jahangiri take the first). The corpus labels no hearts. Recordings without any window
    at all are a ValueError.
    """
    return gather(row for recording in recordings for row in _cut_recording(recording))


def _cut_recording(recording: TuarRecording) -> Iterator[tuple[str, str, FloatArray]]:
    spans = [span for span in recording.spans if len(span.kinds) == 1]
    if not spans:
        return
    raw = recording.read_raw()
    sfreq, names = raw.info["sfreq"], [name.upper() for name in raw.ch_names]
    limited: dict[tuple[str, str], FloatArray] = {}
    size = round(DURATION * SFREQ)
    for span in spans:
        if span.channel not in names:
            continue
        key = span.channel, span.kinds[0]
        if key not in limited:
            x = raw.get_data([names.index(span.channel)])[0]
            limited[key] = prepare(x, sfreq, key[1])
        first = max(0, round((span.onset - LEAD) * SFREQ))
        last = round((span.onset + max(span.duration, DURATION)) * SFREQ)
        x = limited[key][first:last]
        for start in range(0, len(x) - size + 1, size // 2):
            yield key[1], recording.subject, np.asarray(x[start : start + size])
