"""The command ``check``: what denoising did to a recording, and whether it left the brain alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .files import EPOCHS_ENDINGS, check_targets, has_ending, read_source, write_whole


def add_check(commands: Any) -> None:
    """Add the command that checks a denoised recording."""
    about = (
        "Say what denoising did to a recording: brain and artifact components by ICLabel, "
        "spectrum, alpha peak, blinks and muscle left, and a verdict."
    )
    check = commands.add_parser("check", help="check a denoised recording", description=about)
    check.set_defaults(run=run_check)
    check.add_argument("before", type=Path, metavar="BEFORE", help="the recording, or epochs")
    check.add_argument("after", type=Path, metavar="AFTER", help="the same, denoised")
    check.add_argument("--montage", help="positions, if the files have none (as standard_1005)")
    check.add_argument("--no-components", action="store_true", help="do without ICA and ICLabel")
    check.add_argument("--report", type=Path, metavar="FILE.html", help="write a report")
    check.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run_check(args: argparse.Namespace) -> None:
    """Check a denoised recording, and print what was found."""
    from mne_artdenoise.checks import check_preservation
    from mne_artdenoise.components import check_components
    from mne_artdenoise.verdict import judge_denoising

    args.figure = None
    check_targets([args.report], args)
    before, after = (open_recording(path, args.montage) for path in (args.before, args.after))
    rows = check_preservation(before, after)
    check = None if args.no_components else check_components(before, after)
    if check is not None:
        print(judge_denoising(before, after, check=check, rows=rows))
        print(f"\n{check.summary()}")
    for row in rows:
        print(f"{row.verdict:12} {row.name}: {row.sentence}")
    if args.report:
        write_evidence(args, before, after, check, rows)


def open_recording(path: Path, montage: str | None) -> Any:
    """Open a recording, and set its positions if they are named."""
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    inst: Any = read_source(path, has_ending(path, EPOCHS_ENDINGS))
    inst.load_data()
    return inst.set_montage(montage, match_case=False, on_missing="warn") if montage else inst


def write_evidence(
    args: argparse.Namespace, before: Any, after: Any, check: Any, rows: Any
) -> None:
    """Write a report of what was found."""
    import matplotlib as mpl

    mpl.use("Agg")  # a machine without a screen can draw, too
    import mne

    from mne_artdenoise.report import add_denoising

    report = mne.Report(title=f"What denoising did to {args.before.name}")
    add_denoising(report, before, after, check, rows=rows)
    write_whole(args.report, lambda path: report.save(path, open_browser=False))
