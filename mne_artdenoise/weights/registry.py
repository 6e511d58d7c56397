"""Which pretrained models there are."""

from __future__ import annotations

import difflib
from importlib.resources import files

from .record import ModelRecord, format_record, parse_record

__all__ = ["ModelRecord", "format_record", "get_record", "list_models", "parse_record"]

RECORDS = files("mne_artdenoise.weights") / "records"


def list_models() -> list[str]:
    """List the names of the pretrained models.

    Returns
    -------
    models : list of str
        What `get_record`, `fetch_weights` and ``ArtifactDenoiser(model=...)`` know, sorted.
    """
    if not RECORDS.is_dir():
        return []
    names = [entry.name for entry in RECORDS.iterdir()]
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def get_record(model: str) -> ModelRecord:
    """Get the record of a pretrained model.

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
    source = RECORDS / f"{model}.json"
    record = parse_record(source.read_text(encoding="utf-8"), source=str(source))
    if record.id != model:
        raise ValueError(f"{source}: id is {record.id!r}, needs the name of its file, {model!r}")
    return record
