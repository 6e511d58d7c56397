"""Tests of links within documentation, README and community files: each leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *DOCS.glob("*.rst")])
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# What a build writes: pages of examples, of the API, parts that are included, pictures.
GENERATED = re.compile(
    r"generated/(gallery/(?P<example>\w+)|(api|gallery/index)|parts/|artifacts/)"
)

if not DOCS.is_dir():
    pytest.skip("no documentation here", allow_module_level=True)


def read(path: Path) -> str:
    """Read a page without its blocks of code, in which brackets mean something else."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.M | re.S)


def find_links(text: str) -> list[str]:
    """Find the targets of links of Markdown and reStructuredText that are not web addresses."""
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"`[^`<>]+ <([^`<>]+)>`_", text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def name_anchors(path: Path) -> set[str]:
    """Name the anchors of a page's headings, as Sphinx and GitHub do, and its own targets."""
    text = read(path)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    names = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings]
    return {*names, *re.findall(r"^\((\S+)\)=$", text, re.M)}


def find_fault(link: str, page: Path) -> str | None:
    """Tell what is wrong with a link; None if it leads somewhere."""
    place, _, anchor = link.partition("#")
    if match := GENERATED.match(place):
        example = match["example"]
        known = example in (None, "index") or (ROOT / f"examples/{example}.py").is_file()
        return None if known else f"there is no example {example}"
    target = (page.parent / place) if place else page
    if not target.exists() and target.with_suffix(".md").exists():
        target = target.with_suffix(".md")  # documents may be named without their ending
    if not target.exists():
        return f"{place} does not exist"
    if anchor and target.suffix == ".md" and anchor not in name_anchors(target):
        return f"{place or page.name} has no heading {anchor}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    faults = {link: find_fault(link, page) for link in find_links(read(page))}
    assert {link: fault for link, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_link_of_an_example_leads_to_a_page(example):
    for link in find_links(example.read_text(encoding="utf-8")):
        name = link.removeprefix("../../").removesuffix(".html")
        assert find_fault(name, DOCS / "index.md") is None, link


def test_every_page_is_in_a_table_of_contents():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = {line for block in re.findall(r"```\{toctree\}(.+?)```", index, re.S)
              for line in block.split()}  # fmt: skip
    pages = {path.stem for path in PAGES if path.parent == DOCS} - {"index"}
    assert pages <= listed


def test_every_example_has_its_place_in_the_gallery():
    order = (DOCS / "conf.py").read_text(encoding="utf-8")
    for example in EXAMPLES:
        assert f'"{example.stem}"' in order, example.stem


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A heading\n\n[a](#a-heading) [b](#another) [c](nowhere.md)\n")
    faults = [find_fault(link, page) for link in find_links(read(page))]
    assert faults == [None, "page.md has no heading another", "nowhere.md does not exist"]
