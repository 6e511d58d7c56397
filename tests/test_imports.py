"""What may import what, where each library may appear, and sizes, read from the syntax trees."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mne_artdenoise

PACKAGE = "mne_artdenoise"
ROOT = Path(mne_artdenoise.__file__).parent
FILE_LINES, FUNCTION_LINES = 300, 45

LEAVES = {"_compat", "_typing", "archive", "files", "spans", "wording"}
STEPS = {"recording", "preconditions", "channels", "splines", "rate", "windows", "scale"}
CORE = STEPS | {
    "networks", "bands", "covariances", "separation", "prediction", "directions", "gate", "spatial",
    "metrics",
}  # fmt: skip
TOOL = CORE | LEAVES | {
    "inference", "weights", "synthesis", "datasets", "training", "components", "comparison",
    "denoiser",
}  # fmt: skip

# What of ours a module may import; its own folder may be imported too, unless the module itself is
# named. The longest name that fits counts. What is not here is a public tool: see TOOL.
MAY_IMPORT: dict[str, set[str]] = {
    **{leaf: {"_compat", "_typing", "files", "wording"} for leaf in LEAVES},
    **{part: set(LEAVES) for part in CORE},
    "covariances": LEAVES | {"bands"},
    "separation": LEAVES | {"bands"},
    "prediction": LEAVES | {"bands", "gate"},
    "spatial": LEAVES | {"bands", "covariances", "separation", "prediction", "directions", "gate"},
    "inference": LEAVES,
    "weights": LEAVES,
    "weights.record": LEAVES,
    "weights.registry": LEAVES | {"weights.record"},
    "weights.download": LEAVES | {"weights.registry"},
    "weights.load": LEAVES | {"weights.registry", "weights.download", "networks"},
    "weights.session": LEAVES | {"weights.download", "weights.record"},
    "weights.graph": LEAVES | {"weights.record", "weights.registry", "weights.session"},
    "weights.convert": LEAVES | {"weights.load", "networks"},
    "synthesis": LEAVES | STEPS | {"metrics", "inference", "weights", "networks"},
    "datasets": LEAVES | {"synthesis"},
    "datasets.download": LEAVES | {"weights"},
    "comparison": LEAVES | STEPS | {"metrics"},
    "evidence": LEAVES | STEPS | {"comparison"},
    "components": LEAVES | {"comparison", "evidence"},
    "checks": LEAVES | STEPS | {"comparison", "evidence"},
    "verdict": LEAVES | {"checks", "components", "evidence"},
    "projectors": LEAVES,
    "seams": LEAVES,
    "intake": LEAVES | STEPS | {"seams"},
    "provenance": LEAVES | {"weights"},
    "views": LEAVES | STEPS | {"inference", "weights"},
    "estimation": LEAVES | STEPS | {"projectors", "separation", "spatial", "views", "weights"},
    "storage": LEAVES | {"directions", "spatial", "weights", "provenance"},
    "denoiser": LEAVES
    | STEPS
    | {"intake", "estimation", "spatial", "projectors", "provenance", "storage", "weights"},
    "idioms": LEAVES | {"denoiser"},
    "erp": LEAVES | STEPS | {"networks", "weights"},
    "scan": LEAVES | {"training"},
    "causal": LEAVES | {"bands"},
    "dropouts": LEAVES,
    "live": LEAVES
    | {
        "bands",
        "causal",
        "covariances",
        "directions",
        "dropouts",
        "gate",
        "projectors",
        "recording",
        "spatial",
    },
    "online": LEAVES | {"denoiser", "dropouts", "live", "recording"},
    "staging": LEAVES | {"spatial"},
    "batch": LEAVES | {"denoiser", "outofcore"},
    "bids": LEAVES | {"batch", "denoiser", "outofcore", "provenance", "seams", "weights"},
    "outofcore": LEAVES
    | STEPS
    | {
        "bands",
        "denoiser",
        "projectors",
        "provenance",
        "seams",
        "spatial",
        "staging",
        "storage",
        "weights",
    },
    "controls": LEAVES | STEPS | {"intake", "weights"},
    "training": TOOL - {"denoiser"},
    "": TOOL | {"report", "idioms", "online", "outofcore", "provenance"},
    "__main__": {"commands", "wording"},
    "commands": TOOL | {"bids", "outofcore", "report", "checks", "verdict", ""},
    "report": TOOL | {"checks", "evidence", "provenance", "verdict"},
}

# Where a library may appear. A folder stands for all that is in it.
ONLY_IN: dict[str, set[str]] = {
    "torch": {
        "networks", "inference", "weights.load", "weights.convert", "training",
        "synthesis.adversarial", "synthesis.diffusion", "synthesis.fitting", "synthesis.learned",
        "synthesis.spread_mixture",
    },
    "pooch": {"weights.download", "datasets.download"},
    "sklearn": {"denoiser", "erp", "scan", "training"},
}  # fmt: skip
ONLY_NUMPY_AND_SCIPY = {
    "bands",
    "causal",
    "dropouts",
    "gate",
    "rate",
    "windows",
    "scale",
    "splines",
    "spatial",
    "metrics",
}
WITHOUT_MNE = ONLY_NUMPY_AND_SCIPY | {"networks", "inference", "weights", "_typing"}


def name_module(path: Path) -> str:
    """Name a module below the package: "rate", "weights.load", "weights", "" for the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_module(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def is_inside(module: str, place: str) -> bool:
    """Tell whether a module is this place or in this folder."""
    return module == place or module.startswith(f"{place}.")


def walk_running_code(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without the branches that only a type checker reads."""
    yield node
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        children = list(node.orelse)
    for child in children:
        yield from walk_running_code(child)


def find_package(module: str) -> list[str]:
    """Path of the package that a relative import of one dot starts from."""
    parts = [PACKAGE, *module.split(".")] if module else [PACKAGE]
    return parts if FILES[module].name == "__init__.py" else parts[:-1]


def find_imports(module: str) -> set[str]:
    """Full names of everything that a module imports, within functions too."""
    names: set[str] = set()
    for node in walk_running_code(TREES[module]):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = find_package(module)
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *filter(None, [node.module])])
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def find_ours(module: str) -> set[str]:
    """Modules of this package that a module imports."""
    ours = set()
    for name in find_imports(module):
        if is_inside(name, PACKAGE):
            below = name.removeprefix(PACKAGE).removeprefix(".")
            # `from .weights import get_record` imports weights, `from . import weights` too.
            ours.add(below if below in FILES else below.rpartition(".")[0])
    return ours - {module}


def find_libraries(module: str) -> set[str]:
    """Libraries, standard library left out, that a module imports."""
    roots = {name.partition(".")[0] for name in find_imports(module)}
    return roots - sys.stdlib_module_names - {PACKAGE}


def find_rule(module: str) -> str | None:
    """Find the longest name in MAY_IMPORT that a module is inside of."""
    fitting = [
        place for place in MAY_IMPORT if module == place or (place and is_inside(module, place))
    ]
    return max(fitting, key=len, default=None)


def find_functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Name every function with the lines of its body, docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield node.name, lines


@pytest.mark.parametrize("module", FILES)
def test_imports_run_one_way(module):
    rule = find_rule(module)
    allowed = TOOL if rule is None else MAY_IMPORT[rule]
    # A folder's rule lets its files import one another; a file with a rule of its own names them.
    folder = {rule} if rule and (rule != module or FILES[module].name == "__init__.py") else set()
    wrong = {
        name
        for name in find_ours(module)
        if not any(
            name == place or (place and is_inside(name, place)) for place in allowed | folder
        )
    }
    assert not wrong, f"{module or PACKAGE} may not import {sorted(wrong)}"


def test_no_module_imports_itself_in_a_circle():
    ours = {module: find_ours(module) - {""} for module in FILES}
    # A folder's __init__ gathers names from its files: only the files can close a circle.
    ours = {module: seen for module, seen in ours.items() if FILES[module].name != "__init__.py"}
    while ours:
        free = [module for module, seen in ours.items() if not seen & set(ours)]
        assert free, f"these import one another in a circle: {sorted(ours)}"
        for module in free:
            del ours[module]


@pytest.mark.parametrize("module", FILES)
def test_each_library_stays_in_its_place(module):
    libraries = find_libraries(module)
    for library, places in ONLY_IN.items():
        allowed = any(is_inside(module, place) for place in places)
        assert library not in libraries or allowed, f"{library} only in {sorted(places)}"
    if any(is_inside(module, place) for place in ONLY_NUMPY_AND_SCIPY):
        assert libraries <= {"numpy", "scipy"}
    if any(is_inside(module, place) for place in WITHOUT_MNE):
        assert "mne" not in libraries


@pytest.mark.parametrize("module", sorted(set(FILES) - {"_compat"}))
def test_private_names_of_mne_come_through_compat(module):
    private = [
        name
        for name in find_imports(module)
        if is_inside(name, "mne") and any(part.startswith("_") for part in name.split("."))
    ]
    assert private == []


@pytest.mark.parametrize("module", FILES)
def test_every_module_opens_with_a_sentence(module):
    docstring = ast.get_docstring(TREES[module])
    assert docstring, f"{module} has no docstring"
    assert docstring.splitlines()[0].rstrip().endswith((".", ";")), docstring.splitlines()[0]


@pytest.mark.parametrize("module", FILES)
def test_files_and_functions_stay_short(module):
    n_lines = len(FILES[module].read_text(encoding="utf-8").splitlines())
    assert n_lines <= FILE_LINES, f"{FILES[module].name} has {n_lines} lines"
    long = {name: lines for name, lines in find_functions(TREES[module]) if lines > FUNCTION_LINES}
    assert long == {}


@pytest.mark.parametrize("module", FILES)
def test_nothing_prints_or_asserts(module):
    asserts = [node.lineno for node in ast.walk(TREES[module]) if isinstance(node, ast.Assert)]
    prints = [
        node.lineno
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert asserts == []
    # The command line's output is what it prints.
    assert prints == [] or module == "__main__" or is_inside(module, "commands")


@pytest.mark.parametrize("name", ["mne_artdenoise", "mne_artdenoise.weights"])
def test_importing_brings_no_heavy_library(name):
    heavy = ["torch", "sklearn", "matplotlib.pyplot", "pandas", "onnxruntime", "mne_icalabel"]
    code = f"import sys, {name}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_what_is_imported_lazily_is_there():
    from mne_artdenoise import weights

    for name in weights.__all__:
        assert getattr(weights, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'fetch_weight'"):
        _ = weights.fetch_weight
