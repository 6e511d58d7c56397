"""Files that commands read, and files that they write whole or not at all."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..wording import to_line

if TYPE_CHECKING:
    from mne_artdenoise._typing import Instance

# By these endings MNE-Python tells what a file holds; each may be followed by .gz.
RAW_ENDINGS = ("_raw.fif", "-raw.fif", "_eeg.fif")
EPOCHS_ENDINGS = ("_epo.fif", "-epo.fif")
FIGURE_ENDINGS = (".png", ".pdf", ".svg")


def read_source(source: Path, is_epochs: bool) -> Instance:
    """Open a recording of any format."""
    import mne

    try:
        inst = mne.read_epochs(source, preload=False) if is_epochs else mne.io.read_raw(source)
    except Exception as error:  # readers of damaged files fail in every way
        raise OSError(f"{source} cannot be read: {to_line(error)}") from error
    files.check_channels(inst.info)
    return inst


def has_ending(path: Path, endings: Iterable[str]) -> bool:
    """Tell whether a file's name has one of these endings, compressed or not."""
    return path.name.removesuffix(".gz").endswith(tuple(endings))


def check_targets(targets: Iterable[Path | None], args: argparse.Namespace) -> None:
    """Make sure that all files can be written, before there is work that could be lost."""
    if args.figure and args.figure.suffix.lower() not in FIGURE_ENDINGS:
        raise ValueError(f"--figure must end in {', '.join(FIGURE_ENDINGS)}, got {args.figure}.")
    if args.report and args.report.suffix.lower() != ".html":
        raise ValueError(f"--report must end in .html, got {args.report}.")
    for target in targets:
        if target is None:
            continue
        if target.exists() and not args.overwrite:
            raise FileExistsError(f"{target} exists. Add --overwrite to replace it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() or not os.access(target.parent, os.W_OK):
            raise PermissionError(f"{target} cannot be written.")


def write_whole(target: Path, save: Callable[[Path], Any]) -> None:
    """Write a file whole or not at all, and say so."""
    files.write_whole(target, save)
    print(f"wrote {target}")


def write_instance(inst: Any, target: Path) -> None:
    """Write a recording, with as many digits as it came with."""
    fmt = "double" if getattr(inst, "orig_format", "single") == "double" else "single"
    write_whole(target, lambda path: inst.save(path, fmt=fmt))


def write_figure(
    target: Path, before: Instance, after: Instance, truth: Instance | None = None
) -> None:
    """Draw a recording before and after."""
    import matplotlib as mpl

    mpl.use("Agg")  # a machine without a screen can draw, too
    from matplotlib import pyplot as plt

    from mne_artdenoise.report import plot_denoising

    fig = plot_denoising(before, after, truth=truth, show=False)
    write_whole(target, lambda path: fig.savefig(path, dpi=150))
    plt.close(fig)


def write_report(
    target: Path,
    before: Instance,
    after: Instance,
    truth: Instance | None = None,
    *,
    title: str,
    **found: Any,
) -> None:
    """Write a report of what denoising did, and of what else was found."""
    import matplotlib as mpl

    mpl.use("Agg")  # a machine without a screen can draw, too
    import mne

    from mne_artdenoise.report import add_denoising

    report = mne.Report(title=f"Denoising of {title}")
    add_denoising(report, before, after, truth=truth, **found)
    write_whole(target, lambda path: report.save(path, open_browser=False))
