"""A trained network becomes a model: its weights, and the record that inference replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from ..files import write_text
from ..networks.any_montage import AnyMontage
from ..weights.load import save_network
from ..weights.record import ModelRecord, format_record
from .loop import TrainingConfig

TRUSTED = 0.4  # of the sampling rate: above, filters of amplifiers and resampling bend the spectrum
L_FREQ = 0.5  # hertz; what banks and the released models are high-passed at


def write_model(
    weights: str | Path,
    folder: str | Path,
    *,
    model: str,
    config: TrainingConfig,
    sfreq: float,
    kinds: Sequence[str],
    data_licences: Sequence[str],
    weaknesses: Sequence[str],
    licence: str = "not published",
    recipe: str = "not published",
    scores: Mapping[str, Any] | None = None,
) -> ModelRecord:
    """Write a model of your own: ``<model>.safetensors`` and ``<model>.json``.

    Parameters
    ----------
    weights : str | Path
        What :func:`~mne_artdenoise.training.loop.train` gave.
    folder : str | Path
        Where to. ``ArtifactDenoiser(model)`` knows it once the environment variable
        ``MNE_ARTDENOISE_MODELS`` names this folder.
    model : str
        Its name: lower-case words joined by hyphens, ending in a version, such as ``"my-lab-v1"``.
    config : TrainingConfig
        How it was trained.
    sfreq : float
        Sampling rate of the bank it was trained with, in hertz.
    kinds : sequence of str
        Artifacts that it was trained on.
    data_licences : sequence of str
        What it was trained on, and under which licences.
    weaknesses : sequence of str
        Where it does badly. There is always something.
    licence : str
        Licence of the weights.
    recipe : str
        Script that trained it.
    scores : mapping | None
        What was measured of it.

    Returns
    -------
    record : ModelRecord
        What was written. A field that breaks a rule is a ValueError, before anything is written.
    """
    network, stride = AnyMontage(config.network), config.network.patch
    network.load_state_dict(load_file(weights))
    fields: dict[str, Any] = {
        "id": model,
        "network": "any_montage",
        "config": asdict(config.network),
        "channels": "any",
        "sfreq": float(sfreq),
        "window": config.stream.n_times // stride * stride,
        "stride": stride,
        "context": config.network.context,
        "l_freq": L_FREQ,
        "scaling": "recording",
        "band": (L_FREQ, TRUSTED * sfreq),
        "kinds": tuple(kinds),
        "estimates": "artifact",
        "file": f"{model}.safetensors",
        "licence": licence,
        "data_licences": tuple(data_licences),
        "recipe": recipe,
        "scores": dict(scores or {}),
        "weaknesses": tuple(weaknesses),
        "description": "An any-montage network, trained on recordings of one's own.",
    }
    ModelRecord(**fields, sha256="0" * 64, size=1)  # refused here, if at all
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    size, sha256 = save_network(network, folder / fields["file"], model=model)
    record = ModelRecord(**fields, sha256=sha256, size=size)
    write_text(folder / f"{model}.json", format_record(record))
    return record
