"""Which models there are: those of the package, and your own in a folder that you name."""

from __future__ import annotations

import difflib
import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from .record import ModelRecord, format_record, parse_record

__all__ = ["ModelRecord", "format_record", "get_record", "list_models", "parse_record"]

RECORDS = files("mne_artdenoise.weights") / "records"
GENERATORS = "generators"  # folder, in that one, of what draws artifacts instead
MODELS_VARIABLE = "MNE_ARTDENOISE_MODELS"
RESPONSES = "responses"  # and of what gives responses to events
# What a model that does not denoise does instead, and for what it is.
OTHERS = {
    "generate": (
        "nothing",
        "draws artifacts and denoises nothing",
        "mne_artdenoise.synthesis.LearnedArtifacts",
    ),
    "respond": (
        "response",
        "gives responses to events and removes no artifacts",
        "mne_artdenoise.erp.ERPDenoiser",
    ),
}
FOLDERS = {"generate": GENERATORS, "respond": RESPONSES}
PURPOSES = ("denoise", *OTHERS)


def list_models(purpose: str = "denoise") -> list[str]:
    """List the names of the models.

    Parameters
    ----------
    purpose : "denoise" | "generate" | "respond"
        What they are for: those of ``ArtifactDenoiser(model=...)``, those of
        :class:`~mne_artdenoise.synthesis.LearnedArtifacts`, which draw artifacts, or those of
        :class:`~mne_artdenoise.erp.ERPDenoiser`, which give responses. Another is a ValueError.

    Returns
    -------
    models : list of str
        What `get_record` and `fetch_weights` know, sorted.

    Notes
    -----
    Models of your own are those in the folder that the environment variable
    ``MNE_ARTDENOISE_MODELS`` names: records with their weights beside them, as
    :func:`mne_artdenoise.training.release.write_model` writes them. Where it names what is no
    folder, that is a FileNotFoundError. A name of the package stays the package's.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"purpose is {purpose!r}, but must be {' or '.join(map(repr, PURPOSES))}.")
    own = _list_own() if purpose == "denoise" else []
    return sorted({*_list_released(purpose), *own})


def get_record(model: str, purpose: str = "denoise") -> ModelRecord:
    """Get the record of a model.

    Parameters
    ----------
    model : str
        Name of the model. An unknown one is a ValueError that lists the known ones.
    purpose : "denoise" | "generate" | "respond"
        What it is for, as in `list_models`. One that is for something else is a ValueError.

    Returns
    -------
    record : ModelRecord
        The model's contract, licences, scores and weaknesses.
    """
    known = list_models(purpose)
    if purpose == "denoise" and (other := _find_other(model)) is not None:
        raise ValueError(describe_other(model, other))
    if model not in known:
        close = difflib.get_close_matches(str(model), known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        options = ", ".join(map(repr, known)) or "none"
        raise ValueError(f"Unknown model {model!r}. Known models: {options}.{hint}")
    own = find_own_folder()
    released = own is None or model in _list_released(purpose)
    folder = _find_released(purpose) if released or own is None else own
    source = folder / f"{model}.json"
    record = parse_record(source.read_text(encoding="utf-8"), source=str(source))
    if record.id != model:
        raise ValueError(f"{source}: id is {record.id!r}, needs the name of its file, {model!r}")
    if purpose == "denoise" and (meant := _find_purpose(record)) != purpose:
        raise ValueError(describe_other(model, meant))
    return record


def find_record(model: str) -> ModelRecord:
    """Get the record of a model, whatever it is for."""
    return get_record(model, _find_other(model) or "denoise")


def is_released(record: ModelRecord) -> bool:
    """Tell whether a record is one of the package's own, in every field."""
    purpose = _find_purpose(record)
    return record.id in _list_released(purpose) and get_record(record.id, purpose) == record


def describe_other(model: str, purpose: str) -> str:
    """Say what a model is for that does not denoise."""
    known = ", ".join(map(repr, list_models())) or "none"
    _, does, user = OTHERS[purpose]
    return f"The model {model!r} {does}: it is for {user}. Models that denoise: {known}."


def find_own_folder() -> Path | None:
    """Find the folder with models of the user's own; None where none is named."""
    named = os.environ.get(MODELS_VARIABLE)
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}, named by the environment variable {MODELS_VARIABLE}, is not a folder. Make "
            "it with mne_artdenoise.training.release.write_model, or unset the variable."
        )
    return folder


def _find_released(purpose: str) -> Traversable:
    return RECORDS / FOLDERS[purpose] if purpose in FOLDERS else RECORDS


def _find_other(model: str) -> str | None:
    """Find what a released model does that does not denoise."""
    return next((purpose for purpose in OTHERS if model in list_models(purpose)), None)


def _find_purpose(record: ModelRecord) -> str:
    instead = {estimates: purpose for purpose, (estimates, _, _) in OTHERS.items()}
    return instead.get(record.estimates, "denoise")


def _list_released(purpose: str = "denoise") -> list[str]:
    folder = _find_released(purpose)
    if not folder.is_dir():
        return []
    names = [entry.name for entry in folder.iterdir()]
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def _list_own() -> list[str]:
    # A folder of one's own may hold other JSON: only what has weights beside it is a model.
    paths = () if (folder := find_own_folder()) is None else folder.glob("*.json")
    return [path.stem for path in paths if path.with_suffix(".safetensors").is_file()]
