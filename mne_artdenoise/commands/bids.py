"""The command ``clean-bids``: denoise every EEG recording of a BIDS dataset."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .clean import add_ways, make_denoiser


def add_clean_bids(commands: Any) -> None:
    """Add the command that denoises a dataset."""
    about = (
        "Remove artifacts from every EEG recording of a BIDS dataset. A recording that fails does "
        "not stop the others; the exit code is then 1, and summary.tsv says why."
    )
    parser = commands.add_parser("clean-bids", help="denoise a BIDS dataset", description=about)
    parser.set_defaults(run=run_clean_bids)
    add = parser.add_argument
    add("root", type=Path, metavar="ROOT", help="folder of the dataset")
    add("--out", type=Path, metavar="DIR", help="default: ROOT/derivatives/mne-artdenoise")
    add("--subjects", nargs="+", metavar="LABEL", help="subjects, without sub- (default: all)")
    add("--part", type=read_part, default=(1, 1), metavar="K/N", help="part K of N, from 1/N")
    add("--montage", help="positions for recordings without, such as colin27_1005")
    add("--n-jobs", type=int, default=1, help="recordings at once (default: %(default)s)")
    add("--resume", action="store_true", help="keep results that are there, continue others")
    add("--overwrite", action="store_true", help="replace results that are there")
    add_ways(parser)


def read_part(text: str) -> tuple[int, int]:
    """Read which part of how many: "3/10"."""
    number, total = (int(word) for word in text.split("/"))
    if not 1 <= number <= total:
        raise ValueError(text)
    return number, total


def run_clean_bids(args: argparse.Namespace) -> int:
    """Denoise a dataset; 1 where a recording failed."""
    from mne_artdenoise.bids import clean_bids

    outcomes = clean_bids(
        args.root,
        make_denoiser(args),
        out=args.out,
        subjects=args.subjects,
        part=args.part,
        montage=args.montage,
        n_jobs=args.n_jobs,
        resume=args.resume,
        overwrite=args.overwrite,
    )
    counts = {status: 0 for status in ("done", "kept", "failed")}
    for outcome in outcomes:
        counts[outcome.status] += 1
        if outcome.error:
            print(f"failed: {outcome.source}: {outcome.error}", file=sys.stderr)
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return int(counts["failed"] > 0)
