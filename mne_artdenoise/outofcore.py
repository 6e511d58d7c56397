"""Recordings larger than memory: read from disk, denoised and written block by block.

The filters of the spatial step are a statistic of some stretches, and are applied in blocks of
minutes, each with its margins. So only stretches and one block are ever in memory, and the result
is that of the denoiser in memory. What is found is kept in a folder beside the result (`staging`)
until MNE-Python's own writer has gone once through the recording, and a kill loses a block at most.
"""

from __future__ import annotations

import hashlib
import json
import os
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import mne
import numpy as np

from . import provenance
from ._compat import ProgressBar, logger, verbose
from ._typing import FloatArray, IntArray
from .bands import plan_blocks
from .denoiser import ArtifactDenoiser
from .files import check_channels
from .projectors import project
from .provenance import find_version
from .recording import weigh
from .seams import mark_seams
from .spans import tell_unreadable
from .spatial import filter_block
from .staging import Staging, is_left_over
from .storage import PARAMETERS
from .weights import get_record
from .wording import to_line

if TYPE_CHECKING:
    from .recording import Signal

ENDINGS = ("_raw.fif", "-raw.fif", "_eeg.fif")  # each may be followed by .gz


@verbose
def denoise_file(
    source: str | Path | mne.io.BaseRaw,
    target: str | Path,
    denoiser: ArtifactDenoiser | None = None,
    *,
    resume: bool = True,
    overwrite: bool = False,
    fmt: str | None = None,
    split_size: str = "2GB",
    verbose: bool | str | int | None = None,
) -> Path:
    """Denoise a recording from disk to disk, in bounded memory.

    Parameters
    ----------
    source : str | Path | Raw
        What `mne.io.read_raw` reads, or a Raw, which need not be loaded.
    target : str | Path
        A FIF file whose name ends in ``_raw.fif``, ``-raw.fif`` or ``_eeg.fif``; its folder exists.
    denoiser : ArtifactDenoiser | None
        How. If it is fitted, its filters are applied; else a copy of it is fitted to the recording.
        None stands for ``ArtifactDenoiser()``. It needs ``spatial=True``.
    resume : bool
        Whether work that was interrupted, on the same recording in the same way, is continued.
    overwrite : bool
        Whether an existing file may be replaced, which is a FileExistsError otherwise.
    fmt : "single" | "double" | None
        Precision of the file. None takes that of the recording.
    split_size : str
        Files are split before they get larger.
    %(verbose)s

    Returns
    -------
    target : Path
        The file, which appears when it is whole.

    Notes
    -----
    The result is that of ``denoiser.transform(raw).save(target)``: the same bits, or within the
    rounding of one matrix product where projectors are active. While it is made, a hidden folder
    beside it holds what is done: up to 8 bytes per value, less where nothing is found.

    Examples
    --------
    >>> from mne_artdenoise import denoise_file
    >>> path = denoise_file("day_raw.fif", "day_clean_raw.fif")
    """
    raw, target = open_recording(source), Path(target)
    denoiser = ArtifactDenoiser() if denoiser is None else denoiser
    check_request(raw, target, denoiser)
    fmt = fmt or ("double" if raw.orig_format == "double" else "single")
    fingerprint = take_fingerprint(raw, denoiser, fmt=fmt, split_size=split_size)
    if target.exists() and not overwrite and not is_left_over(target, fingerprint):
        raise FileExistsError(f"{target} exists: pass overwrite=True to replace it.")
    staging = Staging(target, fingerprint, resume=resume)
    try:
        if not staging.is_written:
            stage_result(raw, denoiser, staging, fmt=fmt, split_size=split_size)
        staging.finish()
    except BaseException:
        if not staging.done:  # nothing that is worth to be kept
            staging.remove()
        raise
    return target


def open_recording(source: str | Path | mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Open a recording of any format, not loaded; one that cannot be read is an OSError."""
    if isinstance(source, mne.io.BaseRaw):
        return source
    if not Path(source).exists():
        raise FileNotFoundError(f"{source} does not exist.")
    try:
        raw = mne.io.read_raw(source, preload=False)
        raw.info.get_channel_types()  # fails for some damaged headers, which are read all the same
        mark_seams(raw)
        return raw
    except Exception as error:  # readers of damaged files fail in every way
        raise OSError(f"{source} cannot be read: {to_line(error)}") from error


def check_request(raw: mne.io.BaseRaw, target: Path, denoiser: ArtifactDenoiser) -> None:
    """Refuse what cannot be done before there is work that could be lost."""
    if not denoiser.spatial:
        raise ValueError(
            "Block by block only filters can be applied: this needs spatial=True. Without filters "
            "the recording has to fit into memory: denoiser.fit_transform(raw).save(target)."
        )
    if not target.name.removesuffix(".gz").endswith(ENDINGS):
        raise ValueError(f"The name must end in {' or '.join(ENDINGS)}, got {target.name!r}.")
    check_channels(raw.info)
    if not target.parent.is_dir() or target.is_dir() or not os.access(target.parent, os.W_OK):
        raise PermissionError(f"{target} cannot be written: is {target.parent} a folder of yours?")
    if target.resolve() in {Path(name).resolve() for name in raw.filenames if name}:
        raise ValueError(f"The target must not be the recording itself, {target}.")


def stage_result(
    raw: mne.io.BaseRaw, denoiser: ArtifactDenoiser, staging: Staging, *, fmt: str, split_size: str
) -> None:
    """Fit, find the artifact, and write the result in the staging folder; all that is not yet."""
    fitted, signal = fit_once(raw, denoiser, staging)
    staging.allocate(signal.n_channels, int(raw.n_times))
    find_staged(fitted, signal, staging)
    after = DenoisedRaw(raw, signal.picks, staging)
    provenance.add_line(after, fitted.record_, fitted.get_params(deep=False))
    path = staging.make_room()
    after.save(path, fmt=fmt, split_size=split_size)
    check_written(path, raw)
    staging.note_written(path)


def check_written(path: Path, raw: mne.io.BaseRaw) -> None:
    """Make sure that a result can be read back; some annotations, for one, prevent it."""
    try:
        n_times = mne.io.read_raw_fif(path, verbose="error").n_times
    except Exception as error:  # readers fail in every way
        raise OSError(
            f"MNE-Python cannot read back what it wrote of this recording: {to_line(error)}. Look "
            "for annotations without a description, with raw.annotations.description."
        ) from error
    if n_times != raw.n_times:
        raise OSError(f"{n_times} of {raw.n_times} samples were written. Is the disk full?")


def fit_once(
    raw: mne.io.BaseRaw, denoiser: ArtifactDenoiser, staging: Staging
) -> tuple[ArtifactDenoiser, Signal]:
    """Give the fitted denoiser, fitted to the recording if it is not fitted at all."""
    if staging.fitted.is_file():
        try:
            denoiser = ArtifactDenoiser.load(staging.fitted)
        except ValueError:  # damaged, and what was found with it may be, too
            staging.start_over()
    if not hasattr(denoiser, "filter_"):
        denoiser = deepcopy(denoiser)
        signal = denoiser._fit(raw)
        denoiser.set_params(picks=list(denoiser.ch_names_))  # a slice cannot be kept in a file
        denoiser.save(staging.fitted, overwrite=True)
    else:
        signal = denoiser._read_like_fitted(raw)
    return denoiser, cast("Signal", signal)


def find_staged(fitted: ArtifactDenoiser, signal: Signal, staging: Staging) -> None:
    """Find the artifact, block by block, from where the staging folder ends."""
    blocks = [
        (segment, begin, start, stop)
        for segment, (_, begin, _) in zip(signal.segments, signal.places, strict=True)
        for start, stop in plan_blocks(segment.shape, signal.sfreq)
    ]
    if staging.done:
        logger.info(f"Continuing after {staging.done} of {len(blocks)} blocks")
    left = range(staging.done, len(blocks))
    for number in ProgressBar(left, mesg="Removing artifacts") if len(left) > 1 else left:
        segment, begin, start, stop = blocks[number]
        found = filter_block(fitted.filter_, segment, start, stop, signal.sfreq, gate=fitted.gate)
        (found,) = project([found], signal.info)
        staging.write(begin + start, weigh(found, fitted.strength), number + 1)
    staging.note_done()


class DenoisedRaw(mne.io.BaseRaw):  # type: ignore[misc]
    """A recording less the artifact that was staged for it, read where it is indexed."""

    def __init__(self, raw: mne.io.BaseRaw, picks: IntArray, staging: Staging) -> None:
        # What reads a segment sees of this object no more than raw_extras.
        held = {"before": raw, "changed": picks, "staging": staging, "first": raw.first_samp}
        super().__init__(
            raw.info.copy(),
            preload=False,
            first_samps=[raw.first_samp],
            last_samps=[raw.last_samp],
            filenames=[None],
            raw_extras=[held],
            orig_format=raw.orig_format,
            buffer_size_sec=raw.buffer_size_sec,
        )
        # Not set_annotations: it adds the time of the first sample to onsets without a date.
        self._annotations = raw.annotations.copy()

    def _read_segment_file(
        self,
        data: FloatArray,
        idx: slice | IntArray,
        fi: int,
        start: int,
        stop: int,
        cals: FloatArray,
        mult: FloatArray | None,
    ) -> None:
        held = self._raw_extras[fi]
        first, last = start - held["first"], stop - held["first"]
        with tell_unreadable(held["before"]):
            volts = np.array(held["before"][:, first:last][0])  # that of a loaded Raw is a view
        volts[held["changed"]] -= held["staging"].read(first, last)
        data[:] = volts[idx]


def take_fingerprint(raw: mne.io.BaseRaw, denoiser: ArtifactDenoiser, **options: Any) -> str:
    """Describe a recording and how it is denoised by a hash, so that a change is noticed."""
    info, notes = raw.info, raw.annotations
    parts: list[Any] = [
        find_version(),
        options,
        {name: repr(getattr(denoiser, name)) for name in PARAMETERS},
        get_record(denoiser.model).sha256,
        [(str(path), *_look_at(Path(path))) for path in raw.filenames if path],
        [int(raw.n_times), int(raw.first_samp), info["sfreq"], info["ch_names"], info["bads"]],
        info.get_channel_types(),
        _digest(np.array([ch["loc"][:3] for ch in info["chs"]])),
        [(proj["active"], _digest(proj["data"]["data"])) for proj in info["projs"]],
        [list(notes.onset), list(notes.duration), list(notes.description)],
        _digest(raw._data) if raw.preload else None,
    ]
    if hasattr(denoiser, "filter_"):
        for band in denoiser.filter_.bands:
            parts.append([_digest(band.unmixing), _digest(band.mixing), _digest(band.ratios)])
            parts.append([band.low, band.high, band.closed])
        parts.append([denoiser.ch_names_, repr(denoiser.filter_.config)])
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _look_at(path: Path) -> tuple[int, int]:
    seen = path.stat()
    return seen.st_size, seen.st_mtime_ns


def _digest(array: FloatArray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
