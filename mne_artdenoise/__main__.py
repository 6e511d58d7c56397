"""The command line: ``python -m mne_artdenoise``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

from .commands.bids import add_clean_bids
from .commands.check import add_check
from .commands.clean import add_clean
from .commands.messages import tell_warning
from .commands.models import add_models
from .commands.simulate import add_simulate
from .wording import to_line

# What goes wrong because of what was asked, not because of a mistake in this package.
EXPECTED = (ValueError, TypeError, OSError, RuntimeError, ImportError, MemoryError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and give back its exit code: its own, or 2 with one line that says why."""
    args = make_parser().parse_args(argv)
    import mne

    try:
        with warnings.catch_warnings(), mne.use_log_level("warning"):
            warnings.showwarning = tell_warning
            return int(args.run(args) or 0)
    except EXPECTED as error:
        print(f"error: {to_line(error)}", file=sys.stderr)
        return 2


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m mne_artdenoise", description="Remove artifacts from EEG recordings."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_clean(commands)
    add_check(commands)
    add_clean_bids(commands)
    add_models(commands)
    add_simulate(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
