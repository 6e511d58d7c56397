"""EEGdenoiseNet: single-channel epochs of clean EEG, of eyes and of muscles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._compat import verbose
from .._typing import FloatArray
from ..archive import UNREADABLE, check_numbers, read_array
from .download import RemoteFile, fetch_files

# The arrays are published under CC0 1.0 (datacite.yml of that repository). Their publisher gives
# no hash that was at hand here, so none is pinned.
URL = "https://gin.g-node.org/NCClab/EEGdenoiseNet/raw/master/data/"
NAMES: dict[float, dict[str, str]] = {
    256.0: {kind: f"{kind.upper()}_all_epochs.npy" for kind in ("eeg", "eog", "emg")},
    512.0: {kind: f"{kind.upper()}_all_epochs_512hz.npy" for kind in ("eeg", "emg")},
}
MICROVOLT = 1e-6
SECONDS = 2.0  # of an epoch


@dataclass(frozen=True, eq=False, repr=False)
class EEGdenoiseNet:
    """The epochs of one sampling rate, in volts.

    Attributes
    ----------
    sfreq : float
        Sampling rate in hertz, 256 or 512.
    eeg : ndarray, shape (n_eeg, n_times)
        Clean EEG; 4514 epochs of 2 s in the published set.
    eog : ndarray, shape (n_eog, n_times) | None
        Eyes, 3400 epochs; None at 512 Hz, where the set has none.
    emg : ndarray, shape (n_emg, n_times)
        Facial muscles, 5598 epochs.
    """

    sfreq: float
    eeg: FloatArray
    eog: FloatArray | None
    emg: FloatArray

    def __repr__(self) -> str:
        n_eog = 0 if self.eog is None else len(self.eog)
        sizes = f"{len(self.eeg)} EEG, {n_eog} EOG, {len(self.emg)} EMG"
        return f"<EEGdenoiseNet | {self.sfreq:g} Hz, epochs: {sizes}>"


def load_eegdenoisenet(path: str | Path, *, sfreq: float = 256.0) -> EEGdenoiseNet:
    """Load EEGdenoiseNet from its published files.

    Parameters
    ----------
    path : str | Path
        Folder with ``EEG_all_epochs.npy``, ``EOG_all_epochs.npy`` and ``EMG_all_epochs.npy``, or
        the folder above it where that has them in ``data``.
    sfreq : 256.0 | 512.0
        At 512 Hz, the rate of the published muscle task, ``EEG_all_epochs_512hz.npy`` and
        ``EMG_all_epochs_512hz.npy`` are read; the set has no eyes at this rate.

    Returns
    -------
    data : EEGdenoiseNet
        Epochs in volts. The files carry no unit; the authors' scripts convert to microvolts.

    Notes
    -----
    A missing file is a FileNotFoundError that tells where to get it; one that is not an array of
    2-s epochs (a pointer of git-annex among others) is a ValueError.

    References
    ----------
    Zhang et al. 2021, doi:10.1088/1741-2552/ac2bf8.
    """
    if sfreq not in NAMES:
        raise ValueError(f"sfreq is {sfreq!r}, but the set has epochs at 256 and 512 Hz only.")
    names, folder = NAMES[sfreq], Path(path).expanduser()
    if not (folder / names["eeg"]).is_file() and (folder / "data" / names["eeg"]).is_file():
        folder /= "data"
    missing = [name for name in names.values() if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}. fetch_eegdenoisenet() downloads them from {URL}."
        )
    n_times = round(SECONDS * sfreq)
    epochs = {kind: _load_epochs(folder / name, n_times) for kind, name in names.items()}
    return EEGdenoiseNet(sfreq, epochs["eeg"], epochs.get("eog"), epochs["emg"])


def _load_epochs(path: Path, n_times: int) -> FloatArray:
    try:
        with path.open("rb") as file:
            if file.read(6) == b"/annex":
                raise ValueError("it is a pointer of git-annex: get the file by `git annex get`")
            file.seek(0)
            epochs = read_array(file, "the array", path.stat().st_size)
        check_numbers(epochs, "the array", (None, n_times))
        if not epochs.any(axis=1).all():
            raise ValueError(f"epoch {int(epochs.any(axis=1).argmin())} is silent")
    except UNREADABLE as error:
        raise ValueError(f"{path} is not a file of EEGdenoiseNet: {error}.") from error
    return MICROVOLT * np.asarray(epochs, dtype=np.float64)


@verbose
def fetch_eegdenoisenet(
    path: str | Path | None = None,
    *,
    sfreq: float = 256.0,
    sha256: Mapping[str, str] | None = None,
    force: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Download the files of EEGdenoiseNet that are not there yet.

    Parameters
    ----------
    path : str | Path | None
        Folder to put them in; None for one in the cache.
    sfreq : 256.0 | 512.0
        Of which rate (another is a ValueError), as in :func:`load_eegdenoisenet`.
    sha256 : mapping of str to str | None
        SHA-256 that files of these names must have. None is pinned here: what comes is checked to
        be an array of this set when it is loaded, and its SHA-256 is told at log level INFO.
    force : bool
        Download again what is there.
    %(verbose)s

    Returns
    -------
    path : Path
        The folder, for :func:`load_eegdenoisenet`.

    Notes
    -----
    The arrays are in the public domain (CC0 1.0) at https://gin.g-node.org/NCClab/EEGdenoiseNet.
    Mirrors, folders and errors are those of :func:`~mne_artdenoise.datasets.download.fetch_files`.
    """
    if sfreq not in NAMES:
        raise ValueError(f"sfreq is {sfreq!r}, but the set has epochs at 256 and 512 Hz only.")
    files = [
        RemoteFile(name, URL + name, 256 * 2**20, b"\x93NUMPY") for name in NAMES[sfreq].values()
    ]
    return fetch_files("eegdenoisenet", files, path, sha256=sha256, force=force)
