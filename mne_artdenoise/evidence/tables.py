"""Tables and paragraphs of a report, as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..checks import CheckRow
    from ..components import ComponentCheck
    from ..verdict import Verdict

# A sign beside each word: colour alone does not reach every reader, nor every printer.
SIGNS = {"good": "✓", "doubtful": "!", "cannot tell": "–"}
STYLES = {"good": "table-success", "doubtful": "table-warning", "cannot tell": "table-light"}


def write_numbers(values: Mapping[str, str]) -> str:
    """Write names and values, one below the other."""
    rows = "".join(
        f'<tr><th scope="row" class="text-nowrap">{html.escape(name)}</th>'
        f"<td>{html.escape(value)}</td></tr>"
        for name, value in values.items()
    )
    return f'<table class="table table-sm w-auto"><tbody>{rows}</tbody></table>'


def write_checks(rows: Sequence[CheckRow]) -> str:
    """Write what each check found, with its verdict."""
    body = "".join(
        f'<tr class="{STYLES[row.verdict]}"><th scope="row" class="text-nowrap">'
        f'{html.escape(row.name)}</th><td class="text-nowrap">{SIGNS[row.verdict]} {row.verdict}'
        f"</td><td>{html.escape(row.sentence)}</td></tr>"
        for row in rows
    )
    return _write_table(("check", "verdict", "what was found"), body)


def write_components(check: ComponentCheck) -> str:
    """Write what happened to each component, the least kept first."""
    order = sorted(range(len(check.before)), key=lambda number: float(check.kept[number]))
    body = "".join(
        f"<tr><th scope='row'>{number}</th><td>{check.labels[number]}</td>"
        f"<td>{check.probabilities[number].max():.2f}</td>"
        f"<td>{1e12 * check.before[number]:.1f}</td><td>{100 * check.kept[number]:.1f}</td>"
        f"<td>{check.correlation[number]:.3f}</td>"
        + "".join(f"<td>{100 * kept:.1f}</td>" for kept in check.kept_by_band[number])
        + "</tr>"
        for number in order
    )
    bands = ("slow kept, %", "alpha kept, %", "fast kept, %")[: check.kept_by_band.shape[1]]
    names = ("component", "class", "probability", "variance, µV²", "kept, %", "correlation", *bands)
    told = f'<pre style="white-space: pre-wrap">{html.escape(check.summary())}</pre>'
    return told + _write_table(names, body)


def write_verdict(verdict: Verdict) -> str:
    """Write the verdict, and below it what speaks against the result."""
    style = "success" if verdict.trusted else "warning"
    found = [("Harm", verdict.harms), ("Left", verdict.remains), ("Do not trust", verdict.doubts)]
    items = "".join(
        f"<li><b>{word}:</b> {html.escape(sentence)}</li>"
        for word, sentences in found
        for sentence in sentences
    )
    word = "Nothing speaks against it." if verdict.trusted else "Look at it before you use it."
    return (
        f'<div class="alert alert-{style}"><p><b>{html.escape(verdict.sentence)}</b> {word}</p>'
        f"<ul>{items}</ul></div>"
    )


def _write_table(names: Iterable[str], body: str) -> str:
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in names)
    return (
        f'<table class="table table-sm w-auto"><thead><tr>{head}</tr></thead><tbody>{body}'
        "</tbody></table>"
    )
