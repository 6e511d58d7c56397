"""Every method of the benchmark, as a function from a case to the cleaned signal.

Those that are not blind say what they need: an electrooculogram, or the truth. Each names the
packages whose versions its cached rows hang on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mne
import numpy as np
import peers
import peers_more
from cases import Case
from oracle import filter_knowing

import mne_artdenoise
from mne_artdenoise import ArtifactDenoiser, get_record, list_models
from mne_artdenoise._typing import FloatArray
from mne_artdenoise.channels import THIRTY, find_directions, read_directions
from mne_artdenoise.splines import map_channels, map_there_and_back

DEFAULT = "any-montage-v1"
# Weights that are no part of the package are in the repository.
os.environ.setdefault("MNE_ARTDENOISE_WEIGHTS", str(Path(__file__).parents[1] / "weights"))
# What of the package an estimate hangs on: other files may change without a row becoming old.
PATH = (
    *(
        "bands",
        "channels",
        "covariances",
        "denoiser",
        "directions",
        "estimation",
        "gate",
        "inference",
        "intake",
        "projectors",
    ),
    *("prediction", "rate", "recording", "scale", "separation", "spatial", "splines", "views"),
    *("windows", "networks/*"),
)


@dataclass(frozen=True)
class Method:
    """One method of the benchmark.

    Attributes
    ----------
    run : callable
        From a case to the cleaned signal, shape (n_channels, n_times).
    packages : tuple of str
        Whose versions it hangs on; "ours" is this one.
    needs : str
        "" (blind), "eog", "truth", or "control" for what no one would use.
    costly : bool
        Whether the published grid runs it by kind at 19 channels only.
    """

    run: Callable[[Case], FloatArray]
    packages: tuple[str, ...] = ()
    needs: str = ""
    costly: bool = False

    def can_run(self, case: Case) -> bool:
        """Tell whether a case has what the method needs."""
        return self.needs != "eog" or case.eog is not None


def on_raw(
    function: Callable[..., mne.io.BaseRaw], **options: object
) -> Callable[[Case], FloatArray]:
    """Make a method of a function from Raw to Raw."""
    return lambda case: function(case.make_raw(), **options).get_data()


def on_raw_with_eog(function: Callable[..., mne.io.BaseRaw]) -> Callable[[Case], FloatArray]:
    """Make a method of a function that is given electrooculograms, too."""
    return lambda case: function(case.make_raw(eog=True)).get_data(picks="eeg")


def denoise_with(model: str, **options: bool) -> Callable[[Case], FloatArray]:
    """Make a method of one of the package's models."""
    return lambda case: ArtifactDenoiser(model, **options).fit_transform(case.make_raw()).get_data()


def map_only(case: Case) -> FloatArray:
    """Carry the recording to 30 electrodes and back by splines, with no network between."""
    mapping = map_channels(read_directions(case.info), find_directions(THIRTY))
    return map_there_and_back(case.noisy, mapping)


def filter_case(case: Case) -> FloatArray:
    """Filter a recording by the best linear filters there are, which know its artifact."""
    return case.noisy - filter_knowing(case.noisy, case.artifact, case.info["sfreq"])


def list_methods() -> dict[str, Method]:
    """Name every method, ours first."""
    label = ("mne", "mne-icalabel", "python-picard", "onnxruntime", "scikit-learn")
    ours = {DEFAULT: Method(denoise_with(DEFAULT), ("ours",))}
    for model in [DEFAULT, *(name for name in list_models() if name != DEFAULT)]:
        ours[model] = Method(denoise_with(model), ("ours", model))
        ours[f"{model}, network alone"] = Method(
            denoise_with(model, spatial=False), ("ours", model)
        )
    return ours | {
        "ICA (Picard) + ICLabel": Method(on_raw(peers.clean_with_ica), label),
        "ICA (infomax) + ICLabel": Method(
            on_raw(peers.clean_with_ica, algorithm="infomax"), label, costly=True
        ),
        "GEDAI": Method(on_raw(peers.clean_with_gedai), ("mne", "gedai")),
        "ASR (mne-denoise)": Method(on_raw(peers.clean_with_asr), ("mne", "mne-denoise")),
        "ASR (meegkit)": Method(
            on_raw(peers_more.clean_with_meegkit), ("meegkit", "pyriemann"), costly=True
        ),
        "ASR (asrpy)": Method(on_raw(peers_more.clean_with_asrpy), ("mne", "asrpy"), costly=True),
        "autoreject": Method(
            on_raw(peers_more.clean_with_autoreject), ("mne", "autoreject"), costly=True
        ),
        "wavelet threshold": Method(on_raw(peers_more.clean_with_wavelets), ("pywavelets",)),
        "EOGRegression": Method(on_raw_with_eog(peers.clean_with_regression), ("mne",), "eog"),
        "SSP": Method(on_raw_with_eog(peers_more.clean_with_ssp), ("mne",), "eog"),
        "mapping only": Method(map_only, ("ours",), "control"),
        "identity": Method(lambda case: case.noisy, (), "control"),
        "zero": Method(lambda case: np.zeros_like(case.noisy), (), "control"),
        "oracle": Method(filter_case, ("ours",), "truth"),
    }


def find_version(method: Method) -> str:
    """Name the versions that a row hangs on."""
    return " ".join(map(name_version, method.packages))


def name_version(package: str) -> str:
    """Name a package or model and its version, or the hash of what stands for it."""
    if package == "ours":
        return f"path {hash_path()}"
    if package in list_models():
        return f"{package} {get_record(package).sha256[:8]}"
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} missing"


def hash_path() -> str:
    """Hash the source of what an estimate goes through."""
    root = Path(mne_artdenoise.__file__).parent
    files = sorted(file for name in PATH for file in root.glob(f"{name}.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
