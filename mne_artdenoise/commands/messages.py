"""What commands tell: one line per message."""

from __future__ import annotations

import sys
from typing import Any

from ..wording import to_line


def tell_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line."""
    print(f"warning: {to_line(message)}", file=sys.stderr)
