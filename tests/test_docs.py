"""Tests of what the documentation takes from the package; ``make docs`` builds the site itself."""

from __future__ import annotations

import importlib
import sys
import zlib
from pathlib import Path

import pytest

from mne_artdenoise import list_models
from mne_artdenoise.synthesis.artifacts import KINDS

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module", autouse=True)
def _docs_on_the_path():
    if not DOCS.is_dir():
        pytest.skip("no documentation here")
    sys.path.insert(0, str(DOCS))
    yield
    sys.path.remove(str(DOCS))


def load(name):
    return importlib.import_module(name)


def test_every_kind_of_artifact_has_a_picture_and_a_place_on_the_page():
    gallery, pages = load("make_artifact_gallery"), load("make_pages")
    assert set(gallery.PANELS) == set(KINDS)
    page = (DOCS / "artifacts.md").read_text(encoding="utf-8")
    for kind in KINDS:
        name = pages.name_file(kind)
        assert f"generated/artifacts/{name}.png" in page
        assert f"generated/parts/{name}.md" in page


def test_every_public_name_of_the_package_is_in_the_api():
    import mne_artdenoise

    listed = "\n".join(load("make_pages").list_api())
    for name in mne_artdenoise.__all__:
        assert f"   {name}\n" in listed


def test_every_name_in_the_api_exists():
    pages = load("make_pages")
    for module, (_, names) in pages.API.items():
        here = importlib.import_module(f"mne_artdenoise.{module}".rstrip("."))
        for name in names:
            assert hasattr(here, name), f"{module}.{name}"


def test_every_model_is_described_with_its_weaknesses_and_scores():
    pages = load("make_pages")
    described = "\n".join(pages.describe_models())
    for model in list_models():
        assert f"## {model}" in described
    assert "Known weaknesses" in described
    assert "|---|" in "\n".join(pages.tabulate_scores())


def test_a_section_that_the_readme_has_no_longer_is_told():
    pages = load("make_pages")
    text = "# A\n\n## One\n\nfirst\n\n## Two\n\nsecond\n"
    assert pages.take_section(text, "One").strip() == "first"
    with pytest.raises(ValueError, match="no section 'Three'"):
        pages.take_section(text, "Three")


def test_links_to_files_of_the_repository_lead_there():
    mended = load("make_pages").mend_links("[a](README.md) [b](https://x.org) [c](#d)")
    assert mended == f"[a]({load('make_pages').SITE}README.md) [b](https://x.org) [c](#d)"


def test_inventories_name_the_pages_of_other_projects(tmp_path):
    inventories = load("make_inventories")
    written = inventories.write_inventories(tmp_path)
    assert len(written) == len(inventories.PROJECTS)
    head, _, body = written[0].read_bytes().partition(b"zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2")
    assert b"mne.Epochs py:class 1 generated/mne.Epochs.html#$" in zlib.decompress(body)
