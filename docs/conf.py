"""How the documentation is built: ``make docs``, or ``sphinx-build -W docs docs/_build/html``.

No network is needed: where other projects cannot be reached, `make_inventories` says where their
pages are. The artifacts, the tables of models and scores and the page of the API are made at each
build from the package itself.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

from make_inventories import PROJECTS, write_inventories  # noqa: E402
from make_pages import write_pages  # noqa: E402
from sphinx_gallery.sorting import ExplicitOrder  # noqa: E402

import mne_artdenoise  # noqa: E402

# Before anything draws, and for the examples that start processes of their own.
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("MNE_LOGGING_LEVEL", "warning")

project = "mne-artdenoise"
author = "The mne-artdenoise developers"
copyright = "The mne-artdenoise developers, BSD-3-Clause"
version = release = mne_artdenoise.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
root_doc = "index"
exclude_patterns = ["_build", "generated/parts", "**/*.inc.md"]
templates_path = ["_templates"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["config.cache"]  # sphinx-gallery's settings hold functions

autosummary_generate = True
autosummary_imported_members = False
autodoc_typehints = "none"  # numpydoc says types in words, with shapes and units
numpydoc_show_class_members = True
numpydoc_class_members_toctree = False
numpydoc_show_inherited_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = {
    "shape",
    "type",
    "optional",
    "length",
    "default",
    "same",
    "as",
    "of",
    "mapping",
    "sequence",
}
numpydoc_xref_aliases = {
    "Raw": "mne.io.Raw",
    "Epochs": "mne.Epochs",
    "Evoked": "mne.Evoked",
    "Generator": "numpy.random.Generator",
    "Path": "pathlib.Path",
}

intersphinx_timeout = 10
intersphinx_mapping = {
    name: (address, (None, str(path)))
    for (name, (address, _)), path in zip(
        PROJECTS.items(), write_inventories(HERE / "generated" / "inventories"), strict=True
    )
}

html_theme = "pydata_sphinx_theme"
html_title = "mne-artdenoise"
html_static_path = ["_static"]
html_css_files = ["site.css"]
# A page without pages below it needs no list of them, but the width.
html_sidebars: dict[str, list[str]] = {
    page.stem: [] for page in HERE.glob("*.*") if page.suffix in (".md", ".rst")
}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "github_url": "https://github.com/mne-artdenoise/mne-artdenoise",
    "header_links_before_dropdown": 4,
    "navbar_align": "left",
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


html_sidebars["generated/gallery/*"] = []
ORDER = (
    "clean_a_recording", "epochs_and_erp", "few_channels", "as_apply_function", "in_a_pipeline",
    "check_the_evidence", "before_or_instead_of_ica", "make_pairs", "generated_artifacts",
    "train_a_small_model", "stream", "a_bids_dataset",
)  # fmt: skip


def tell_warning(message: Warning | str, category: type[Warning], *_: object) -> str:
    """Show a warning in an example without the place of the script on the machine that ran it."""
    return f"{category.__name__}: {message}\n"


def reset_mne(gallery_conf: dict[str, object], fname: str) -> None:
    """Let each example begin with the same settings, and without warnings of what it uses."""
    import matplotlib.pyplot as plt
    import mne

    plt.rcdefaults()
    plt.rcParams.update({"figure.dpi": 100, "savefig.bbox": None, "figure.figsize": (8, 4.5)})
    mne.set_log_level("warning")
    warnings.formatwarning = tell_warning
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    # ICLabel's, of recordings at 160 Hz: the example says so itself.
    warnings.filterwarnings("ignore", message="The provided Raw instance is not filtered")


sphinx_gallery_conf = {
    "examples_dirs": [str(HERE.parent / "examples")],
    "gallery_dirs": ["generated/gallery"],
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"training[/\\]",
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib", reset_mne),
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("mne_artdenoise",),
    "reference_url": {"mne_artdenoise": None},
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "within_subsection_order": ExplicitOrder([f"{name}.py" for name in ORDER] + ["*"]),
    "capture_repr": (),  # what is printed says enough
    "abort_on_example_error": False,
    "min_reported_time": 5,
    "plot_gallery": "True",
}


def setup(app: object) -> None:
    """Make the pages and pictures that come from the package itself."""
    write_pages(HERE.parent, HERE / "generated" / "parts")
