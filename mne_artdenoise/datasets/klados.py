"""Klados and Bamidis: eyes-closed EEG of 19 electrodes to which real eye movements were added."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mne
import numpy as np
from scipy.io import loadmat

from .._compat import verbose, warn
from .._typing import FloatArray
from ..archive import UNREADABLE
from .download import RemoteFile, fetch_files

# Version 4, the one in a zip archive, under CC BY 4.0. Its publisher gives no hash that was at
# hand here, so none is pinned. (Version 1 is a RAR archive that others found cut short.)
ARCHIVE = RemoteFile(
    "wb6yvr725d-4.zip",
    "https://prod-dcd-datasets-cache-zipfiles.s3.eu-west-1.amazonaws.com/wb6yvr725d-4.zip",
    512 * 2**20,
    b"PK\x03\x04",
)
PAGE = "https://data.mendeley.com/datasets/wb6yvr725d/4"
LARGEST = 512 * 2**20  # bytes of a file in the archive
# Each file, and the names of its variables, numbered by recording.
LAYOUT = {
    "Pure_Data.mat": r"sim(\d+)_resampled",
    "Contaminated_Data.mat": r"sim(\d+)_con",
    "VEOG.mat": r"veog_(\d+)",
    "HEOG.mat": r"heog_(\d+)",
}
CH_NAMES = (
    *("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"),
    *("F7", "F8", "T3", "T4", "T5", "T6", "Fz", "Cz", "Pz"),
)
SFREQ = 200.0
MICROVOLT = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class KladosRecording:
    """One recording with its truth, in volts.

    Attributes
    ----------
    number : int
        Its number in the set, from 1.
    clean, noisy : ndarray, shape (19, n_times)
        Before and after the eyes were added, channels as in ``CH_NAMES``.
    veog, heog : ndarray, shape (n_times,)
        Vertical and horizontal electrooculogram that was added.
    """

    number: int
    clean: FloatArray
    noisy: FloatArray
    veog: FloatArray
    heog: FloatArray

    def __repr__(self) -> str:
        return f"<KladosRecording | {self.number}, {self.clean.shape[-1] / SFREQ:.1f} s>"

    def measure_propagation(self) -> FloatArray:
        """Measure how much of the eyes each channel has, by least squares.

        Returns
        -------
        shares : ndarray, shape (19, 2)
            Of VEOG and HEOG.
        """
        eyes = np.array([self.veog, self.heog])
        return np.asarray(np.linalg.lstsq(eyes.T, (self.noisy - self.clean).T)[0].T)

    def to_raws(self) -> tuple[mne.io.RawArray, mne.io.RawArray]:
        """Make recordings of it, with positions.

        Returns
        -------
        noisy, clean : RawArray
            In volts. Both have both EOG channels.
        """
        types = ["eeg"] * len(CH_NAMES) + ["eog"] * 2
        info = mne.create_info([*CH_NAMES, "VEOG", "HEOG"], SFREQ, types)
        known = mne.channels.get_builtin_montages()  # MNE 1.13 renamed standard_1020
        info.set_montage("colin27_1020" if "colin27_1020" in known else "standard_1020")
        noisy, clean = (
            mne.io.RawArray(np.vstack([x, self.veog, self.heog]), info.copy(), verbose="error")
            for x in (self.noisy, self.clean)
        )
        return noisy, clean


@dataclass(frozen=True, eq=False, repr=False)
class Klados:
    """The recordings of the set that are complete.

    Attributes
    ----------
    recordings : tuple of KladosRecording
        By number.
    """

    recordings: tuple[KladosRecording, ...]

    def __repr__(self) -> str:
        seconds = sum(recording.clean.shape[-1] for recording in self.recordings) / SFREQ
        return f"<Klados | {len(self.recordings)} recordings, {seconds / 60:.1f} min>"

    def split(self, held_out: Iterable[int]) -> tuple[Klados, Klados]:
        """Split by recording.

        The 54 recordings are of 27 people, and the set does not say which two are of one: whatever
        is held out, its person may be in the other part.

        Parameters
        ----------
        held_out : iterable of int
            Numbers of recordings. One that there is not is a ValueError.

        Returns
        -------
        training, held_out : Klados
            Without these recordings, and with only these.
        """
        out = set(held_out)
        unknown = sorted(out - {recording.number for recording in self.recordings})
        if unknown:
            raise ValueError(f"There are no recordings {unknown} in {self!r}.")
        kept, held = (
            tuple(r for r in self.recordings if (r.number in out) == side) for side in (False, True)
        )
        return Klados(kept), Klados(held)


def load_klados(path: str | Path) -> Klados:
    """Load the semi-simulated set of Klados and Bamidis from its published files.

    Parameters
    ----------
    path : str | Path
        Folder with ``Pure_Data.mat``, ``Contaminated_Data.mat``, ``VEOG.mat`` and ``HEOG.mat``, or
        one that has them in a folder below.

    Returns
    -------
    data : Klados
        54 recordings of about half a minute in the published set; 200 Hz, 19 channels, in volts.

    Notes
    -----
    The files carry no unit; the values are those of EEG in microvolts. EEG was filtered to 0.5 to
    40 Hz, EOG to 0.5 to 5 Hz, and electrodes of the left, the right and the middle are referenced
    to the left, the right and both mastoids. A recording that lacks one of its four parts is left
    out with a warning; one whose parts differ in length is cut to the shortest.

    Missing files are a FileNotFoundError that tells where to get them, others a ValueError.

    References
    ----------
    Klados and Bamidis 2016, doi:10.1016/j.dib.2016.06.032.
    """
    folder = _find_folder(Path(path).expanduser())
    parts = [_load_numbered(folder / name, pattern) for name, pattern in LAYOUT.items()]
    whole = sorted(set.intersection(*(set(part) for part in parts)))
    lost = sorted(set.union(*(set(part) for part in parts)) - set(whole))
    if lost:
        warn(f"Recordings {lost} in {folder} lack one of {', '.join(LAYOUT)}: they are left out.")
    if not whole:
        raise ValueError(f"{folder} holds no recording with clean and noisy EEG and both EOG.")
    return Klados(tuple(_make_recording(n, *(part[n] for part in parts)) for n in whole))


def _find_folder(path: Path) -> Path:
    found = [path, *(file.parent for file in sorted(path.rglob("Pure_Data.mat")))]
    for folder in found:
        if all((folder / name).is_file() for name in LAYOUT):
            return folder
    raise FileNotFoundError(
        f"{path} lacks {', '.join(name for name in LAYOUT if not (path / name).is_file())}. "
        f"fetch_klados() downloads them, or download and unpack the set from {PAGE}."
    )


def _load_numbered(path: Path, pattern: str) -> dict[int, FloatArray]:
    """Load the variables of a file that are named as expected, by their numbers."""
    try:
        stored: dict[str, Any] = loadmat(path)
    except Exception as error:  # loadmat has errors of its own, of no common kind
        raise ValueError(
            f"{path} is not a whole MATLAB file of version 5 to 7.2: {type(error).__name__}: "
            f"{error}."
        ) from error
    found = {name: re.fullmatch(pattern, name) for name in stored}
    numbered = {int(match[1]): stored[name] for name, match in found.items() if match}
    if not numbered:  # SciPy 1.14 takes a file of zeros for one without variables
        raise ValueError(f"{path} holds no recording: no variable has a name like {pattern}.")
    return numbered


def _make_recording(
    number: int, clean: FloatArray, noisy: FloatArray, veog: FloatArray, heog: FloatArray
) -> KladosRecording:
    signals = {"clean": clean, "noisy": noisy, "veog": np.ravel(veog), "heog": np.ravel(heog)}
    for name, signal in signals.items():
        shape = (len(CH_NAMES),) if name in ("clean", "noisy") else ()
        fits = signal.shape[:-1] == shape and signal.shape[-1] > 0
        if signal.dtype.kind not in "fiu" or not fits or not np.isfinite(signal).all():
            raise ValueError(
                f"Recording {number}: {name} is {signal.dtype} of shape {signal.shape}, needs "
                f"finite numbers, {' × '.join(map(str, (*shape, 'times')))}."
            )
    n_times = min(signal.shape[-1] for signal in signals.values())
    volts = {name: MICROVOLT * signal[..., :n_times] for name, signal in signals.items()}
    return KladosRecording(number, **volts)


@verbose
def fetch_klados(
    path: str | Path | None = None,
    *,
    sha256: Mapping[str, str] | None = None,
    force: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Download the semi-simulated set of Klados and Bamidis, and unpack what belongs to it.

    Parameters
    ----------
    path : str | Path | None
        Folder to put it in; None for one in the cache.
    sha256 : mapping of str to str | None
        SHA-256 that ``wb6yvr725d-4.zip`` must have. None is pinned here: what comes is checked when
        it is unpacked and loaded, and its SHA-256 is told at log level INFO.
    force : bool
        Download again what is there.
    %(verbose)s

    Returns
    -------
    path : Path
        The folder, for :func:`load_klados`.

    Notes
    -----
    The set is under CC BY 4.0: whoever uses it names Klados and Bamidis. Mirrors, folders and
    errors are those of :func:`~mne_artdenoise.datasets.download.fetch_files`.
    """
    folder = fetch_files("klados", [ARCHIVE], path, sha256=sha256, force=force)
    if force or not all((folder / name).is_file() for name in LAYOUT):
        _unpack(folder / ARCHIVE.name, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    """Write the four files of the set next to their archive, and nothing else that is in it."""
    try:
        with zipfile.ZipFile(archive) as stored:
            for name in LAYOUT:
                member = next(m for m in stored.infolist() if Path(m.filename).name == name)
                if member.file_size > LARGEST:
                    raise ValueError(f"{name} would have {member.file_size} bytes")
                part = folder / f".{name}.part"
                part.write_bytes(stored.read(member))
                part.replace(folder / name)
    except (StopIteration, *UNREADABLE) as error:
        raise ValueError(
            f"{archive} is not a whole archive with {', '.join(LAYOUT)}: {error}. Delete it and "
            f"fetch again, or get the set from {PAGE}."
        ) from error
