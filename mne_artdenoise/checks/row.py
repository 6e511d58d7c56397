"""What one check found: numbers, a sentence and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

Verdict: TypeAlias = Literal["good", "doubtful", "cannot tell"]


@dataclass(frozen=True)
class CheckRow:
    """What one check found.

    Attributes
    ----------
    name : str
        What was checked.
    verdict : "good" | "doubtful" | "cannot tell"
        Whether it is as it should be.
    sentence : str
        What was found, in plain words.
    values : mapping of str to float
        The numbers behind it.
    """

    name: str
    verdict: Verdict
    sentence: str
    values: Mapping[str, float] = field(default_factory=dict)


def judge(good: bool) -> Verdict:
    """Turn a yes or no into a verdict."""
    return "good" if good else "doubtful"


def cannot_tell(name: str, why: str) -> CheckRow:
    """Say why a check has nothing to say."""
    return CheckRow(name, "cannot tell", why)


def to_data_frame(rows: Sequence[CheckRow]) -> pd.DataFrame:
    """Give one line per number of each check.

    Parameters
    ----------
    rows : sequence of CheckRow
        What `check_preservation` gave.

    Returns
    -------
    table : pandas.DataFrame
        Columns ``check``, ``verdict``, ``quantity`` and ``value``.
    """
    import pandas as pd

    lines: list[dict[str, Any]] = [
        {"check": row.name, "verdict": row.verdict, "quantity": name, "value": value}
        for row in rows
        for name, value in row.values.items()
    ]
    return pd.DataFrame(lines, columns=["check", "verdict", "quantity", "value"])
