"""Tests of what is packed: weights and types are in, data and benchmarks are not; it is small."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from importing import import_or_skip

from mne_artdenoise import get_record, list_models
from mne_artdenoise.weights.download import FILES

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 10e6  # bytes of a wheel
NO_DATA = (".fif", ".edf", ".bdf", ".set", ".vhdr", ".npz", ".mat", ".gz", ".pt", ".pyc")

if not (ROOT / "pyproject.toml").is_file():
    pytest.skip("tests without the sources of the package", allow_module_level=True)


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Build both, without a network."""
    import_or_skip("hatchling")
    import_or_skip("hatch_vcs")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = dist.glob("*.whl")
    assert path.stat().st_size < LIMIT
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist(dist):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        yield [name.partition("/")[2] for name in archive.getnames()]


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert len(folders) == 2
    assert "mne_artdenoise" in folders
    assert not [name for name in wheel.namelist() if name.endswith(NO_DATA)]
    assert "mne_artdenoise/py.typed" in wheel.namelist()


def test_the_wheel_holds_records_and_the_weights_that_are_bundled(wheel):
    names = wheel.namelist()
    for model in list_models():
        assert f"mne_artdenoise/weights/records/{model}.json" in names
    bundled = {path.name for path in FILES.glob("*.safetensors")}
    assert get_record("any-montage-v1").file in bundled
    assert {f"mne_artdenoise/weights/files/{name}" for name in bundled} <= set(names)


def test_the_wheel_asks_for_what_pyproject_says(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    metadata = message_from_bytes(wheel.read(name))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(asked) == sorted(project["dependencies"])
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == project["requires-python"]


def test_the_recipe_of_conda_asks_for_what_pyproject_says():
    recipe = (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    needs = recipe.partition("  run:\n")[2].partition("\ntests:")[0]
    asked = dict(re.findall(r"^    - ([\w-]+) (>=.+)$", needs, re.M))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    others = {"matplotlib": "matplotlib-base", "mne": "mne-base", "torch": "pytorch"}
    parts = [re.fullmatch(r"([\w-]+)(>=.+)", line) for line in project["dependencies"]]
    minimum = re.search(r'python_min: "(.+)"', recipe)[1]
    assert f">={minimum}" == project["requires-python"]
    assert asked.pop("python") == ">=${{ python_min }}"
    assert asked == {others.get(part[1], part[1]): part[2] for part in parts}


def test_the_version_is_that_of_the_tag_or_comes_after_it(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    version = message_from_bytes(wheel.read(name))["Version"]
    told = subprocess.run(
        ["git", "tag", "--points-at", "HEAD", "v*"], cwd=ROOT, capture_output=True, text=True
    )
    tags = told.stdout.split() if told.returncode == 0 else []
    assert not tags or version.startswith(tags[-1].removeprefix("v"))
    assert version[0].isdigit()


def test_the_source_archive_holds_tests_and_docs_but_no_data(sdist):
    for path in ("pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "tests/conftest.py"):
        assert path in sdist
    assert not [name for name in sdist if name.startswith(("weights/", "benchmarks/", ".ci/"))]
    data = [name for name in sdist if name.endswith(NO_DATA)]
    assert all(name.startswith("tests/golden/") for name in data), data


@pytest.mark.slow
def test_the_wheel_runs_the_first_example_in_an_environment_of_its_own(dist, tmp_path):
    (path,) = dist.glob("*.whl")
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", target, path]
    subprocess.run([str(word) for word in install], check=True, capture_output=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import mne_artdenoise; "
        f"assert mne_artdenoise.__file__.startswith({str(target)!r}); "
        "from mne_artdenoise.__main__ import main; sys.exit(main(['clean', '--out', 'out']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "dB" in done.stdout
    assert list((tmp_path / "out").glob("*.png"))
