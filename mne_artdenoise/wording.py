"""Messages of others, put so that they fit into ours; a leaf."""

from __future__ import annotations


def to_line(message: object) -> str:
    """Put a message on one line; an error without a message by its name."""
    return " ".join(str(message).split()) or type(message).__name__
