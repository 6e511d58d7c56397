"""What a file does not say of its channels: types, which are bad, and where they are."""

from __future__ import annotations

import argparse
from typing import Any


def add_channels(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a file does not."""
    add = parser.add_argument
    add("--montage", metavar="NAME", help="template of positions, for a recording without any")
    more = "may be repeated"
    add("--type", action="append", metavar="NAME=TYPE", help=f"type, as EOG1=eog; {more}")
    add("--bad", action="append", metavar="NAME", help=f"a channel to leave as it is; {more}")


def describe_channels(inst: Any, args: argparse.Namespace) -> None:
    """Set types, bads and positions of a recording as the options say; wrong ones are errors."""
    types = dict(split_type(word) for word in args.type or ())
    bads = args.bad or ()
    unknown = [name for name in (*types, *bads) if name not in inst.ch_names]
    if unknown:
        known = ", ".join(inst.ch_names)
        raise ValueError(f"No channel is called {', '.join(unknown)}. The channels are {known}.")
    if types:
        inst.set_channel_types(types)
    inst.info["bads"] = list(dict.fromkeys([*inst.info["bads"], *bads]))
    if args.montage is not None:
        give_positions(inst, args.montage)


def split_type(word: str) -> tuple[str, str]:
    """Split the name of a channel from its type."""
    name, equals, kind = word.rpartition("=")
    if not (name and equals and kind):
        raise ValueError(f"--type needs NAME=TYPE, for example --type EOG1=eog, got {word!r}.")
    return name, kind


def give_positions(inst: Any, montage: str) -> None:
    """Give positions of a template to a recording that brings none."""
    import mne

    template = mne.channels.make_standard_montage(montage)
    if not has_positions(inst):
        inst.set_montage(template, match_case=False, on_missing="warn")


def need_positions(inst: Any) -> None:
    """Say how to give positions to a recording that has none."""
    import mne

    if has_positions(inst):
        return
    known = mne.channels.get_builtin_montages()
    usual = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    raise ValueError(
        "The recording does not say where its EEG channels are. If their names are those of the "
        f"10-20 system or its extensions, add --montage {usual}; other templates are those of "
        "mne.channels.get_builtin_montages()."
    )


def has_positions(inst: Any) -> bool:
    """Tell whether any EEG channel has a position, or there is none that could have one."""
    import mne
    import numpy as np

    picks = mne.pick_types(inst.info, eeg=True)
    places = np.array([inst.info["chs"][index]["loc"][:3] for index in picks])
    return not len(picks) or bool((np.isfinite(places) & (places != 0)).any())
