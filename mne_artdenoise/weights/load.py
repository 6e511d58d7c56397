"""Weights to a network that is ready to run: safetensors only, and every key must match."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from ..networks.any_montage import AnyMontage, AnyMontageConfig
from ..networks.art import ART, ARTConfig
from ..networks.artifact_gan import ArtifactGAN, ArtifactGANConfig
from ..networks.artifact_spread import ArtifactSpread, ArtifactSpreadConfig
from ..networks.artifact_unet import ArtifactUNet, ArtifactUNetConfig
from ..networks.at_at import ATAT, ATATConfig
from ..networks.beta_vae import BetaVAE, BetaVAEConfig
from ..networks.ic_unet import ICUNet, ICUNetConfig
from .download import fetch_weights
from .registry import ModelRecord, find_record, is_released

NETWORKS: dict[str, tuple[type[Any], type[nn.Module]]] = {
    "any_montage": (AnyMontageConfig, AnyMontage),
    "art": (ARTConfig, ART),
    "at_at": (ATATConfig, ATAT),
    "beta_vae": (BetaVAEConfig, BetaVAE),
    "artifact_gan": (ArtifactGANConfig, ArtifactGAN),
    "artifact_spread": (ArtifactSpreadConfig, ArtifactSpread),
    "artifact_unet": (ArtifactUNetConfig, ArtifactUNet),
    "ic_unet": (ICUNetConfig, ICUNet),
}
HEADER_LIMIT = 2**20  # bytes; some hundred per tensor, so ten thousand tensors
HARMLESS = 2**24  # bytes of weights that any config may ask for
LENGTH = 8  # bytes that give the length of the header


def load_network(model: str | ModelRecord) -> nn.Module:
    """Load a pretrained network.

    Parameters
    ----------
    model : str | ModelRecord
        The model: a name that `list_models` knows, or a record.

    Returns
    -------
    network : nn.Module
        The network with its weights, in float32, on the processor, in eval mode and without
        gradients.

    Notes
    -----
    The file is fetched and verified by `fetch_weights`, whose errors apply. A file that is not
    safetensors, or does not fit the network in every name, shape and type, is a ValueError, and
    nothing is loaded.
    """
    record = model if isinstance(model, ModelRecord) else find_record(model)
    network = build_network(record)  # first: nothing is fetched for what cannot be built
    return fill_network(network, fetch_weights(record), record)


def save_network(network: nn.Module, path: Path, *, model: str) -> tuple[int, str]:
    """Write the weights of a network, and give back the size and SHA-256 for its record."""
    # One entry of metadata: safetensors writes several in any order, and the hash would vary.
    state = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
    data = safetensors.torch.save(state, metadata={"model": model})
    path.write_bytes(data)
    return len(data), hashlib.sha256(data).hexdigest()


def build_network(record: ModelRecord) -> nn.Module:
    """Build the network of a record, its weights still as they were drawn."""
    if record.network not in NETWORKS:
        known = ", ".join(map(repr, NETWORKS))
        raise ValueError(
            f"Model {record.id!r} has the network {record.network!r}. Known networks: {known}. "
            f"It may need a newer mne-artdenoise."
        )
    make_config, make_network = NETWORKS[record.network]
    try:
        config = make_config(**record.config)
    except TypeError as error:
        raise ValueError(
            f"Model {record.id!r} has a config that {make_config.__name__} does not take: {error}. "
            f"It may need another version of mne-artdenoise."
        ) from error
    if not is_released(record):
        check_room(make_network, config, record)  # not ours: takes torch seconds, once
    with torch.random.fork_rng(devices=[]):  # draws that are overwritten must not move the user's
        return make_network(config).float()


def check_room(make_network: type[nn.Module], config: Any, record: ModelRecord) -> None:
    """Refuse a config whose network its file cannot fill, before memory is taken for it."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):  # shapes without values
            state = make_network(config).float().state_dict()
    except Exception as error:  # whatever sizes that are none lead to
        raise ValueError(
            f"Model {record.id!r} has a config that {make_network.__name__} cannot be built from: "
            f"{type(error).__name__}: {error}"
        ) from error
    needed = sum(value.numel() * value.element_size() for value in state.values())
    if needed > max(record.size, HARMLESS):
        raise ValueError(
            f"Model {record.id!r} has a config that asks for {needed} bytes of weights, and its "
            f"file has {record.size}."
        )


def fill_network(network: nn.Module, path: Path, record: ModelRecord) -> nn.Module:
    """Fill a network from a file that fits it exactly, and make it ready to run."""
    state = read_tensors(path, record)
    check_state(network.state_dict(), state, path)
    network.load_state_dict(state, strict=True)
    return network.eval().requires_grad_(False)


def read_tensors(path: Path, record: ModelRecord) -> dict[str, Tensor]:
    """Read the tensors of a file that is safetensors from its first to its last byte."""
    # Read whole, not mapped: a file cut short meanwhile would end the process, not raise.
    with path.open("rb") as file:
        data = file.read(record.size + 1)
    if len(data) != record.size:
        more = "more" if len(data) > record.size else str(len(data))
        raise ValueError(f"{path} needs {record.size} bytes for {record.id!r}, got {more}")
    header = read_header(data, path)
    try:
        state = safetensors.torch.load(data)
    except (SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise ValueError(describe_unreadable(path, f"{type(error).__name__}: {error}")) from error
    named = header.get("__metadata__", {}).get("model", record.id)
    if named != record.id:
        raise ValueError(f"{path} holds the weights of {named!r}, not of {record.id!r}")
    return state


def read_header(data: bytes, path: Path) -> dict[str, Any]:
    """Read the JSON at the head of a file, after a look at how long it says it is."""
    length = int.from_bytes(data[:LENGTH], "little")
    limit = min(HEADER_LIMIT, len(data) - LENGTH)
    if length > limit:
        found = f"its header says it has {length} bytes, at most {max(limit, 0)} can be"
        raise ValueError(describe_unreadable(path, found))
    try:
        header = json.loads(data[LENGTH : LENGTH + length])
    except (ValueError, RecursionError) as error:
        raise ValueError(describe_unreadable(path, f"its header is not JSON: {error}")) from error
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
        raise ValueError(describe_unreadable(path, "its header is not a table of tensors"))
    return header


def describe_unreadable(path: Path, found: str) -> str:
    """Say why a file is no safetensors, and that nothing was loaded."""
    return (
        f"{path} cannot be read as safetensors: {found}. Nothing was loaded. Weights are read from "
        f"safetensors only; a PyTorch file (.pt, .pth) or any other pickle is never opened."
    )


def check_state(needed: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights that are not those of the network, and say every way in which they differ."""
    both = [name for name in needed if name in found]
    faults = {
        "missing": [name for name in needed if name not in found],
        "unexpected": sorted(name for name in found if name not in needed),
        "mismatched": [
            f"{name} ({describe_tensor(found[name])}, needs {describe_tensor(needed[name])})"
            for name in both
            if describe_tensor(found[name]) != describe_tensor(needed[name])
        ],
        "not finite": [name for name in both if not torch.isfinite(found[name]).all()],
    }
    if any(faults.values()):
        told = "; ".join(f"{fault}: {shorten(names)}" for fault, names in faults.items() if names)
        raise ValueError(f"{path} does not fit the network, nothing was loaded. {told}")


def describe_tensor(tensor: Tensor) -> str:
    """Shape and type of a tensor, in words."""
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def shorten(names: list[str], most: int = 8) -> str:
    """List names, the first few of many."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
