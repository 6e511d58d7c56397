"""The commands ``models`` and ``fetch``: which pretrained models there are, and their weights."""

from __future__ import annotations

import argparse
from typing import Any

DEFAULT_MODEL = "any-montage-v1"


def add_models(commands: Any) -> None:
    """Add the commands that list models and fetch their weights."""
    models = commands.add_parser("models", help="list the pretrained models")
    models.set_defaults(run=run_models)
    fetch = commands.add_parser("fetch", help="fetch the weights of a model, and say where")
    fetch.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    fetch.add_argument("--force", action="store_true", help="download them again")
    fetch.set_defaults(run=run_fetch)


def run_models(args: argparse.Namespace) -> None:
    """List the pretrained models."""
    from mne_artdenoise.weights import get_record, list_models

    for model in list_models():
        record = get_record(model)
        print(f"{model}  {record.description}")
        print(
            f"    removes {', '.join(record.kinds)}; {record.band[0]:g} to {record.band[1]:g} Hz; "
            f"{record.size / 1e6:.1f} MB; {record.licence}"
        )


def run_fetch(args: argparse.Namespace) -> None:
    """Fetch the weights of a model."""
    from mne_artdenoise.weights import fetch_weights

    print(fetch_weights(args.model, force=args.force))
