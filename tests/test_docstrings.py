"""Tests of what the public API says of itself: whole, as numpydoc asks, with examples that run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import mne
import pytest
from importing import import_or_skip

import mne_artdenoise

DOCS = Path(__file__).resolve().parents[1] / "docs"

# What numpydoc asks for and is not followed, with the reason.
NOT_ASKED = {
    "GL01": "the first line is the summary, as PEP 257 has it; numpydoc 1.8 wants it on the second",
    "ES01": "a sentence may be enough",
    "SA01": "what belongs together is linked in the text",
    "EX01": "examples stand where something begins; the gallery has the others",
    "RT02": "what is returned has a name, as scikit-learn and MNE-Python do it",
    "RT03": "`self`, and classes that have a page, need no description",
}


def list_public() -> Iterator[tuple[str, Any]]:
    """List everything public as the page of the API does, with the methods of classes."""
    pages = importlib.import_module("make_pages")
    for module, (_, names) in pages.API.items():
        full = f"mne_artdenoise.{module}".rstrip(".")
        for name in names or pages.find_public(full):
            thing = getattr(importlib.import_module(full), name)
            yield f"{full}.{name}", thing
            methods = vars(thing).items() if inspect.isclass(thing) else ()
            for method, value in methods:
                kinds = (classmethod, staticmethod, property)
                is_written = inspect.isfunction(value) or isinstance(value, kinds)
                if not method.startswith("_") and is_written:
                    yield f"{full}.{name}.{method}", getattr(thing, method)


if DOCS.is_dir():
    sys.path.insert(0, str(DOCS))
    PUBLIC = dict(list_public())
    sys.path.remove(str(DOCS))
else:  # a source archive without documentation
    PUBLIC = {}


NUMPYS = {"Generator"}  # types of others that are called like one of ours
NETWORKS = "mne_artdenoise.networks"
OURS = {
    name: thing
    for info in pkgutil.walk_packages(mne_artdenoise.__path__, "mne_artdenoise.")
    if not info.name.endswith("__main__")
    for name, thing in vars(importlib.import_module(info.name)).items()
    if inspect.isclass(thing) and thing.__module__ == info.name
}


def test_the_public_api_is_not_empty():
    if not DOCS.is_dir():
        pytest.skip("no documentation here")
    assert len(PUBLIC) > 100


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_says_what_it_does(name):
    assert inspect.getdoc(PUBLIC[name]), name


@pytest.fixture(scope="module")
def numpydoc():
    """Import what validates, and what reads, docstrings."""
    return import_or_skip("numpydoc.validate"), import_or_skip("numpydoc.docscrape")


@pytest.mark.filterwarnings("ignore::UserWarning:numpydoc")
@pytest.mark.parametrize("name", PUBLIC)
def test_arrays_have_a_shape_and_types_of_ours_a_page(name, numpydoc):
    _, docscrape = numpydoc
    doc = docscrape.get_doc_object(PUBLIC[name])
    public = {known.rpartition(".")[2] for known in PUBLIC}
    for part in ("Parameters", "Returns", "Yields", "Attributes"):
        for entry in doc[part]:
            if re.search(r"\b(ndarray|Tensor)\b", entry.type):
                assert "shape" in entry.type, entry
            here = set(re.findall(r"\b[A-Z]\w+", entry.type)) & set(OURS) - NUMPYS
            assert {word for word in here - public if not is_size(OURS[word])} == set()


@pytest.mark.filterwarnings("ignore::UserWarning:numpydoc")
@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_hold_to_numpydoc(name, numpydoc):
    validate, docscrape = numpydoc
    found = [error for error in validate.validate(name)["errors"] if error[0] not in NOT_ASKED]
    doc = docscrape.get_doc_object(PUBLIC[name])
    if is_dataclass(PUBLIC[name]):
        # Attributes are what it is made of, and said once.
        told = {part for entry in doc["Parameters"] + doc["Attributes"] for part in split(entry)}
        assert {field.name for field in fields(PUBLIC[name])} <= told
    if is_dataclass(PUBLIC[name]) or getattr(PUBLIC[name], "_is_protocol", False):
        found = [error for error in found if error[0] != "PR01"]
    if all(entry.type or is_elsewhere(entry) for entry in doc["Parameters"]):
        found = [error for error in found if error[0] != "PR04"]
    assert found == []


def split(entry: Any) -> list[str]:
    """Split names that share a description."""
    return [part.strip() for part in entry.name.split(",")]


def is_elsewhere(entry: Any) -> bool:
    """Tell whether a parameter is that of another function, where its type is said."""
    return bool(entry.desc) and entry.desc[0].startswith(("As in ", "As for ", "Those of "))


@pytest.mark.parametrize("name", PUBLIC)
def test_errors_that_are_raised_are_told(name):
    thing = inspect.unwrap(getattr(PUBLIC[name], "fget", PUBLIC[name]))
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    if isinstance(tree, ast.ClassDef):
        makers = ("__init__", "__post_init__", "__call__")
        parts = [part for part in tree.body if getattr(part, "name", "") in makers]
    else:
        parts = [tree]
    raised = {
        node.exc.func.id
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }
    assert {error for error in raised if error not in inspect.getdoc(PUBLIC[name])} == set()


def is_size(thing: Any) -> bool:
    """Tell a network, or a config, in which comments give the reason of each default."""
    return thing.__name__.endswith("Config") or thing.__module__.startswith(NETWORKS)


@pytest.fixture
def names(make_noisy, tmp_path, monkeypatch):
    """Give the names that examples use, and a folder with the file that they read."""
    raw = make_noisy(8, 12.0)
    monkeypatch.chdir(tmp_path)
    with mne.use_log_level("error"):
        raw.save("day_raw.fif")
        found = {"raw": raw, "raw_calibration": raw, "block": raw.get_data(stop=50)}
        yield found


WITH_EXAMPLES = [name for name, thing in PUBLIC.items() if ">>>" in (inspect.getdoc(thing) or "")]


@pytest.mark.filterwarnings("ignore:.*montage:RuntimeWarning")
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name, names):
    from mne_artdenoise import denoise

    if "raw_clean = " not in inspect.getdoc(PUBLIC[name]):
        names["raw_clean"] = denoise(names["raw"])
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in finder.find(PUBLIC[name], name, globs=names):
        told: list[str] = []
        runner.run(test, out=told.append)
        assert runner.failures == 0, "".join(told)
