"""What commands tell: one line per message."""

from __future__ import annotations

import sys
from typing import Any


def tell_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line."""
    print(f"warning: {to_line(message)}", file=sys.stderr)


def to_line(message: object) -> str:
    """Put a message on one line; an error without a message by its name."""
    return " ".join(str(message).split()) or type(message).__name__
