"""What docs/threat_model.md promises of the code itself: nothing unpickles, runs or climbs."""

from __future__ import annotations

import ast
import io
import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import mne_artdenoise
from mne_artdenoise import ArtifactDenoiser, get_record, list_models
from mne_artdenoise.weights.download import BASE_URL, FILES, find_fault
from mne_artdenoise.weights.load import HEADER_LIMIT, read_header
from mne_artdenoise.weights.record import SIZE_LIMIT, format_record, parse_record

ROOT = Path(mne_artdenoise.__file__).parent
PATHS = sorted(ROOT.rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in PATHS}

# Modules that run what they read, and where one may be imported all the same, for its errors only.
RUNS_WHAT_IT_READS = {
    *("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"),
    *("yaml", "code", "runpy", "ctypes", "pty", "xmlrpc", "joblib.numpy_pickle"),
}
ONLY_ITS_ERRORS = {"weights/convert.py": {"pickle": {"UnpicklingError"}}}
FORBIDDEN_CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load"),
    *("pickle.loads", "joblib.load", "pd.read_pickle", "pandas.read_pickle", "np.fromregex"),
    *("tempfile.mktemp", "ssl._create_unverified_context"),
}


def name_of(node: ast.AST) -> str:
    """Name of what is called: "np.load"."""
    return ast.unparse(node)


def find_calls(tree: ast.AST):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def get_keyword(call: ast.Call, name: str):
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value
    return "not given"


@pytest.mark.parametrize("module", TREES)
def test_nothing_is_imported_that_runs_what_it_reads(module):
    imported = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    allowed = ONLY_ITS_ERRORS.get(module, {})
    assert imported & RUNS_WHAT_IT_READS <= set(allowed)
    for library, names in allowed.items():
        used = {
            node.attr
            for node in ast.walk(TREES[module])
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == library
        }
        assert used <= names


@pytest.mark.parametrize("module", TREES)
def test_nothing_is_called_that_runs_what_it_reads(module):
    for call in find_calls(TREES[module]):
        name = name_of(call.func)
        assert name not in FORBIDDEN_CALLS, f"{name} in line {call.lineno}"
        if name in ("np.load", "numpy.load"):  # numpy's own default is False, too
            assert get_keyword(call, "allow_pickle") in (False, "not given"), call.lineno
        if name == "torch.load":
            assert get_keyword(call, "weights_only") is True, call.lineno
        assert get_keyword(call, "shell") is not True, call.lineno
        assert get_keyword(call, "verify") is not False, call.lineno
        assert not name.endswith(("extractall", ".unpack_archive")), call.lineno


@pytest.mark.parametrize("module", TREES)
def test_no_module_is_imported_by_a_name_that_was_read(module):
    for call in find_calls(TREES[module]):
        if name_of(call.func).endswith("import_module"):
            # A name from a table in the code itself, below this package.
            assert name_of(call.args[0]).startswith(("f'.", "f'{__name__}.")), call.lineno


class Bomb:
    """What fails when it is read from a pickle."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("where", ["meta", "band0/mixing", "info/positions"])
def test_a_pickle_in_a_fitted_denoiser_is_never_opened(make_raw, tmp_path, where):
    path = tmp_path / "x-artdenoise.npz"
    raw = make_raw(3, 4.0)
    ArtifactDenoiser(info=raw.info).fit(raw).save(path)
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(path, **arrays | {where: np.array([Bomb()], dtype=object)}, allow_pickle=True)
    with pytest.raises(ValueError, match="pickle"):
        ArtifactDenoiser.load(path)


# Models


@pytest.mark.parametrize(
    "file", ["../x.safetensors", "/x.safetensors", "a/b.safetensors", "..", ""]
)
def test_the_file_of_a_model_cannot_climb(make_record, file):
    with pytest.raises(ValueError, match="bare file name"):
        make_record(file=file)


@pytest.mark.parametrize(
    "model", ["../records/any-montage-v1", "any-montage-v1/../x", "/etc/passwd"]
)
def test_the_name_of_a_model_cannot_climb(model):
    with pytest.raises(ValueError, match="Unknown model"):
        get_record(model)


@pytest.mark.parametrize("network", ["os.system", "builtins.eval", "torch.load", "__class__"])
def test_a_record_chooses_from_our_networks_only(make_record, network):
    from mne_artdenoise.weights.load import build_network

    with pytest.raises(ValueError, match="Known networks"):
        build_network(make_record(network=network))


@pytest.mark.parametrize(
    "config", [{"width": 2**40}, {"hidden": 10**12}, {"width": 65_536}, {"dilations": [1] * 500}]
)
def test_a_record_that_asks_for_a_huge_network_is_refused(make_record, config):
    from mne_artdenoise.weights.load import build_network

    fields = json.loads(format_record(get_record("any-montage-v1")))
    fields["config"] |= config
    record = parse_record(json.dumps(fields))
    with pytest.raises(ValueError, match=r"cannot be built from|asks for \d+ bytes of weights"):
        build_network(record)


def test_a_config_without_end_is_refused(make_record):
    with pytest.raises(ValueError, match="at most 2000 characters"):
        make_record(config={"dilations": [1] * 4000})


def test_sizes_are_limited_before_anything_is_read(make_record):
    with pytest.raises(ValueError, match="a number of bytes from 1 to"):
        make_record(size=SIZE_LIMIT + 1)
    data = struct.pack("<Q", HEADER_LIMIT + 1) + b"{" * (HEADER_LIMIT + 10)
    with pytest.raises(ValueError, match="its header says it has"):
        read_header(data, Path("x"))


def test_metadata_of_weights_is_text_that_nobody_runs(make_record, tmp_path):
    from mne_artdenoise.weights.load import read_tensors

    code = "__import__('os').system('touch ran')"
    data = safetensors.numpy.save({"a": np.zeros(3, np.float32)}, {"model": code})
    (tmp_path / "x.safetensors").write_bytes(data)
    with pytest.raises(ValueError, match="holds the weights of"):
        read_tensors(tmp_path / "x.safetensors", make_record(size=len(data)))
    assert not Path("ran").exists()


def test_every_bundled_file_is_the_one_of_its_record():
    assert BASE_URL.startswith("https://")
    for model in list_models():
        record = get_record(model)
        if (FILES / record.file).is_file():
            assert find_fault(FILES / record.file, record) is None


# Files that are written


def test_a_link_in_the_place_of_a_result_is_replaced_not_followed(make_raw, tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "x-artdenoise.npz"
    victim.write_text("mine")
    path.symlink_to(victim)
    raw = make_raw(3, 4.0)
    ArtifactDenoiser().fit(raw).save(path, overwrite=True)
    assert victim.read_text() == "mine"
    assert not path.is_symlink()


def test_names_in_the_notes_of_unfinished_work_cannot_climb(make_raw, tmp_path):
    from mne_artdenoise import denoise_file, outofcore

    raw = make_raw(3, 4.0)
    raw.save(tmp_path / "in_raw.fif", verbose=False)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("mine")
    target = tmp_path / "x_raw.fif"
    options = {"fmt": "single", "split_size": "2GB"}
    opened = outofcore.open_recording(tmp_path / "in_raw.fif")
    mark = outofcore.take_fingerprint(opened, ArtifactDenoiser(), **options)
    folder = tmp_path / ".x_raw.fif.artdenoise"
    folder.mkdir()
    state = {"fingerprint": mark, "done": 0, "shape": None, "result": "../precious"}
    (folder / "state.json").write_text(json.dumps(state))
    denoise_file(tmp_path / "in_raw.fif", target)
    assert (tmp_path / "precious" / "file").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_results_are_for_those_whom_the_umask_lets(make_raw, tmp_path):
    from mne_artdenoise import denoise_file

    raw = make_raw(3, 4.0)
    raw.save(tmp_path / "in_raw.fif", verbose=False)
    before = os.umask(0o027)
    try:
        target = denoise_file(tmp_path / "in_raw.fif", tmp_path / "x_raw.fif")
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_importing_asks_no_network_and_starts_no_process():
    code = (
        "import socket, subprocess, sys\n"
        "def fail(*a, **k): raise AssertionError('a connection or a process at import')\n"
        "socket.socket.connect = subprocess.Popen.__init__ = fail\n"
        "import mne_artdenoise.bids, mne_artdenoise.online, mne_artdenoise.weights.load\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_bytes_of_a_zip_that_climbs_are_never_written(tmp_path):
    import zipfile

    path, data = tmp_path / "inner" / "x-artdenoise.npz", io.BytesIO()
    path.parent.mkdir()
    np.save(data, np.zeros(3))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../climbed.npy", data.getvalue())
    with pytest.raises(ValueError, match="not a whole file"):
        ArtifactDenoiser.load(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["inner"]
