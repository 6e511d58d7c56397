"""Checkpoints in the layout of the reference implementations, turned into weights of our networks.

The layouts are those of the repository roseDwayane/ART_ArtifactRemovalTransformer: a PyTorch file
that holds the weights under ``"state_dict"``. It is read without running what a pickle may hold.
"""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..networks.art import ART, ARTConfig
from ..networks.ic_unet import RELEASED, ICUNet
from .load import check_state, save_network

# What the reference calls a part, as a pattern, and what we call it; applied one after the other.
ART_RULES = (
    (r"^src_embed\.0\.lut\.", "source."),
    (r"^tgt_embed\.0\.lut\.", "target."),
    (r"^generator\.proj\.", "head."),
    (r"^(encoder|decoder)\.norm\.", r"\1_norm."),
    (r"^(encoder|decoder)\.layers\.", r"\1."),
    (r"\.self_attn\.linears\.", ".attention."),
    (r"\.src_attn\.linears\.", ".cross."),
    (r"\.(attention|cross)\.0\.", r".\1.query."),
    (r"\.(attention|cross)\.1\.", r".\1.key."),
    (r"\.(attention|cross)\.2\.", r".\1.value."),
    (r"\.(attention|cross)\.3\.", r".\1.out."),
    (r"\.feed_forward\.w_1\.", ".feed.widen."),
    (r"\.feed_forward\.w_2\.", ".feed.narrow."),
    (r"\.sublayer\.0\.norm\.", ".attention_norm."),
    (r"^(encoder\.\d+)\.sublayer\.1\.norm\.", r"\1.feed_norm."),
    (r"^(decoder\.\d+)\.sublayer\.1\.norm\.", r"\1.cross_norm."),
    (r"^(decoder\.\d+)\.sublayer\.2\.norm\.", r"\1.feed_norm."),
    (r"\.a_2$", ".weight"),
    (r"\.b_2$", ".bias"),
)
IC_UNET_RULES = (
    (r"^inc\.double_conv\.", "encoder.0."),
    (r"^down([123])\.maxpool_conv\.1\.double_conv\.", r"encoder.\1."),
    (r"^up1\.conv\.double_conv\.", "decoder.0.convolve."),
    (r"^up2\.conv\.double_conv\.", "decoder.1.convolve."),
    (r"^up3\.conv\.double_conv\.", "decoder.2.convolve."),
    (r"^outc\.conv\.", "head."),
    (r"^(encoder\.\d|decoder\.\d\.convolve)\.0\.", r"\1.first."),
    (r"^(encoder\.\d|decoder\.\d\.convolve)\.1\.", r"\1.first_norm."),
    (r"^(encoder\.\d|decoder\.\d\.convolve)\.3\.", r"\1.second."),
    (r"^(encoder\.\d|decoder\.\d\.convolve)\.4\.", r"\1.second_norm."),
)


@dataclass(frozen=True)
class Layout:
    """A reference implementation: how it names its parts, and our network with its config."""

    rules: tuple[tuple[str, str], ...]
    make_network: type[nn.Module]
    config: Any


LAYOUTS = {
    # The reference infers with a decoder that is one sample ahead.
    "art": Layout(ART_RULES, ART, ARTConfig(shift=1)),
    "ic_unet": Layout(IC_UNET_RULES, ICUNet, RELEASED),
}
# What torch raises on files that are damaged, of something else, or hold more than tensors.
UNREADABLE = (
    *(pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError, IndexError),
    *(AttributeError, TypeError, ValueError, ImportError, OverflowError),
)


def convert_checkpoint(source: Path, target: Path, *, network: str, model: str) -> tuple[int, str]:
    """Turn a checkpoint of a reference implementation into a file that `load_network` reads.

    Parameters
    ----------
    source : Path
        The checkpoint, such as ``checkpoint.pth.tar``.
    target : Path
        The file to write, in ``.safetensors``.
    network : "art" | "ic_unet"
        Whose layout it has: the published ART, or the released IC-U-Net.
    model : str
        Name of the model that the file is for, as its record will have it.

    Returns
    -------
    size, sha256 : int, str
        For the record.

    Notes
    -----
    A file that is missing is a FileNotFoundError. One that cannot be read as tensors alone, or that
    lacks a weight, has one too many or one of another shape is a ValueError, and nothing is
    written. Amplitudes: the reference trained on windows that each had zero mean and unit
    deviation, so the record of such weights needs ``scaling="window"``.
    """
    layout = _find_layout(network)
    filled = layout.make_network(layout.config)
    state = rename_state(read_checkpoint(source), network)
    for name, own in filled.state_dict().items():
        if name.endswith(".num_batches_tracked"):  # counts training steps; old files have none
            state.setdefault(name, own)
    check_state(filled.state_dict(), state, source)
    filled.load_state_dict(state, strict=True)
    return save_network(filled, target, model=model)


def rename_state(state: Mapping[str, Tensor], network: str) -> dict[str, Tensor]:
    """Give the weights of a reference implementation the names and shapes that ours has."""
    renamed = {}
    for name, value in state.items():
        # Whole networks were wrapped to train on several devices.
        short = name.removeprefix("module.")
        if short.endswith(".pe"):  # positions: computed, not learned
            continue
        for pattern, ours in _find_layout(network).rules:
            short = re.sub(pattern, ours, short)
        # Its embeddings are convolutions over one sample, ours the same matrices.
        embeds = short in ("source.weight", "target.weight") and value.ndim == 3
        renamed[short] = value.squeeze(-1) if embeds else value
    return renamed


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the weights of a PyTorch checkpoint; what is no tensor is never run."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, or is not a file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what comes as an error next, or does no harm
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        # Not what torch says: it recommends to run what the file holds.
        raise ValueError(
            f"{path} cannot be read as a checkpoint of tensors ({type(error).__name__}). Nothing "
            "was run or written. If it holds other objects, save its weights alone where they came "
            "from: torch.save({'state_dict': network.state_dict()}, path)."
        ) from None
    state = stored.get("state_dict", stored) if isinstance(stored, dict) else stored
    if not isinstance(state, dict) or not all(isinstance(part, Tensor) for part in state.values()):
        found = ", ".join(map(repr, list(stored)[:8])) if isinstance(stored, dict) else "no dict"
        raise ValueError(f"{path} needs named tensors under 'state_dict', found {found}.")
    return state


def _find_layout(network: str) -> Layout:
    if network not in LAYOUTS:
        known = ", ".join(map(repr, LAYOUTS))
        raise ValueError(f"Unknown network {network!r}. Networks with a reference layout: {known}.")
    return LAYOUTS[network]
