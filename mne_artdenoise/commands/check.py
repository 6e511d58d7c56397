"""The command ``check``: what denoising did to a recording, and whether it left the brain alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .channels import add_channels, describe_channels
from .files import EPOCHS_ENDINGS, check_targets, has_ending, read_source, write_report


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
    add_channels(check)
    check.add_argument("--no-components", action="store_true", help="do without ICA and ICLabel")
    check.add_argument("--report", type=Path, metavar="FILE.html", help="write a report")
    check.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run_check(args: argparse.Namespace) -> None:
    """Check a denoised recording, and print what was found."""
    from mne_artdenoise.checks import check_preservation
    from mne_artdenoise.verdict import judge_denoising

    args.figure = None
    check_targets([args.report], args)
    before, after = (open_recording(path, args) for path in (args.before, args.after))
    rows = check_preservation(before, after)
    verdict = judge_denoising(before, after, rows=rows, components=not args.no_components)
    print(verdict)
    if verdict.check is not None:
        print(f"\n{verdict.check.summary()}")
    print()
    for row in rows:
        print(f"{row.verdict:12} {row.name}: {row.sentence}")
    if args.report:
        found = {"check": verdict.check, "rows": rows, "verdict": verdict}
        write_report(args.report, before, after, title=args.before.name, **found)


def open_recording(path: Path, args: argparse.Namespace) -> Any:
    """Open a recording, with what the options say of its channels."""
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    inst: Any = read_source(path, has_ending(path, EPOCHS_ENDINGS))
    inst.load_data()
    describe_channels(inst, args)
    return inst
