"""Which models there are: those of the package, and your own in a folder that you name."""

from __future__ import annotations

import difflib
import os
from importlib.resources import files
from pathlib import Path

from .record import ModelRecord, format_record, parse_record

__all__ = ["ModelRecord", "format_record", "get_record", "list_models", "parse_record"]

RECORDS = files("mne_artdenoise.weights") / "records"
MODELS_VARIABLE = "MNE_ARTDENOISE_MODELS"


def list_models() -> list[str]:
    """List the names of the models.

    Returns
    -------
    models : list of str
        What `get_record`, `fetch_weights` and ``ArtifactDenoiser(model=...)`` know, sorted.

    Notes
    -----
    Models of your own are those in the folder that the environment variable
    ``MNE_ARTDENOISE_MODELS`` names: records with their weights beside them, as
    :func:`mne_artdenoise.training.release.write_model` writes them. Where it names what is no
    folder, that is a FileNotFoundError. A name of the package stays the package's.
    """
    return sorted({*_list_released(), *_list_own()})


def get_record(model: str) -> ModelRecord:
    """Get the record of a model.

    Parameters
    ----------
    model : str
        Name of the model. An unknown one is a ValueError that lists the known ones.

    Returns
    -------
    record : ModelRecord
        The model's contract, licences, scores and weaknesses.
    """
    known = list_models()
    if model not in known:
        close = difflib.get_close_matches(str(model), known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        options = ", ".join(map(repr, known)) or "none"
        raise ValueError(f"Unknown model {model!r}. Known models: {options}.{hint}")
    own = find_own_folder()
    folder = RECORDS if own is None or model in _list_released() else own
    source = folder / f"{model}.json"
    record = parse_record(source.read_text(encoding="utf-8"), source=str(source))
    if record.id != model:
        raise ValueError(f"{source}: id is {record.id!r}, needs the name of its file, {model!r}")
    return record


def is_released(record: ModelRecord) -> bool:
    """Tell whether a record is one of the package's own, in every field."""
    return record.id in _list_released() and get_record(record.id) == record


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


def _list_released() -> list[str]:
    if not RECORDS.is_dir():
        return []
    names = [entry.name for entry in RECORDS.iterdir()]
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def _list_own() -> list[str]:
    # A folder of one's own may hold other JSON: only what has weights beside it is a model.
    paths = () if (folder := find_own_folder()) is None else folder.glob("*.json")
    return [path.stem for path in paths if path.with_suffix(".safetensors").is_file()]
