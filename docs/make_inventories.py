"""Where pages of other projects are, for links in documentation that is built without a network.

Sphinx asks the projects themselves first. What it finds here is only what our pages name.
"""

from __future__ import annotations

import zlib
from pathlib import Path

# Address of each project; and of what we name its kind, its name, and its page.
PROJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mne": (
        "https://mne.tools/stable/",
        (
            "py:class mne.io.Raw generated/mne.io.Raw.html",
            "py:class mne.io.BaseRaw generated/mne.io.BaseRaw.html",
            "py:class mne.io.RawArray generated/mne.io.RawArray.html",
            "py:class mne.Epochs generated/mne.Epochs.html",
            "py:class mne.Evoked generated/mne.Evoked.html",
            "py:class mne.Info generated/mne.Info.html",
            "py:class mne.Annotations generated/mne.Annotations.html",
            "py:class mne.Report generated/mne.Report.html",
            "py:class mne.preprocessing.ICA generated/mne.preprocessing.ICA.html",
            "py:class mne.decoding.CSP generated/mne.decoding.CSP.html",
            "py:class mne.decoding.Vectorizer generated/mne.decoding.Vectorizer.html",
            "py:function mne.io.read_raw generated/mne.io.read_raw.html",
            "py:function mne.set_bipolar_reference generated/mne.set_bipolar_reference.html",
            "py:function mne.datasets.eegbci.load_data"
            " generated/mne.datasets.eegbci.load_data.html",
            "py:method mne.io.Raw.apply_function generated/mne.io.Raw.html",
            "py:method mne.io.Raw.set_montage generated/mne.io.Raw.html",
            "py:method mne.io.Raw.notch_filter generated/mne.io.Raw.html",
            "py:method mne.io.Raw.interpolate_bads generated/mne.io.Raw.html",
            "std:label tut-logging auto_tutorials/intro/50_configure_mne.html",
        ),
    ),
    "sklearn": (
        "https://scikit-learn.org/stable/",
        (
            "py:class sklearn.pipeline.Pipeline modules/generated/sklearn.pipeline.Pipeline.html",
            "py:function sklearn.pipeline.make_pipeline"
            " modules/generated/sklearn.pipeline.make_pipeline.html",
            "py:function sklearn.model_selection.cross_val_score"
            " modules/generated/sklearn.model_selection.cross_val_score.html",
            "std:term meta-estimator glossary.html#term-meta-estimator",
            "std:label metadata_routing metadata_routing.html#metadata-routing",
        ),
    ),
    "torch": (
        "https://docs.pytorch.org/docs/stable/",
        (
            "py:class torch.nn.Module generated/torch.nn.Module.html",
            "py:class torch.utils.data.IterableDataset data.html",
            "py:class torch.utils.data.DataLoader data.html",
        ),
    ),
    "numpy": (
        "https://numpy.org/doc/stable/",
        (
            "py:class numpy.ndarray reference/generated/numpy.ndarray.html",
            "std:term array_like glossary.html#term-array_like",
            "py:class numpy.random.Generator reference/random/generator.html",
        ),
    ),
    "python": (
        "https://docs.python.org/3/",
        (
            "py:class bool library/functions.html",
            "py:class dict library/stdtypes.html",
            "py:class float library/functions.html",
            "py:class int library/functions.html",
            "py:class list library/stdtypes.html",
            "py:class str library/stdtypes.html",
            "py:class tuple library/stdtypes.html",
            "py:class pathlib.Path library/pathlib.html",
            "py:data None library/constants.html",
            "std:term iterable glossary.html#term-iterable",
            "std:term sequence glossary.html#term-sequence",
            "std:label bltin-boolean-values library/stdtypes.html#boolean-type-bool",
        ),
    ),
    "matplotlib": (
        "https://matplotlib.org/stable/",
        ("py:class matplotlib.figure.Figure api/figure_api.html",),
    ),
    "pandas": (
        "https://pandas.pydata.org/docs/",
        ("py:class pandas.DataFrame reference/api/pandas.DataFrame.html",),
    ),
}


def write_inventories(folder: Path) -> list[Path]:
    """Write ``<project>.inv`` of each project, as Sphinx reads it, and give back where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (_, pages) in PROJECTS.items():
        head = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: \n"
        head += "# The remainder of this file is compressed using zlib.\n"
        lines = (page.split() for page in pages)
        body = "".join(
            f"{thing} {kind} 1 {complete(page)} {thing}\n" for kind, thing, page in lines
        )
        written.append(folder / f"{name}.inv")
        written[-1].write_bytes(head.encode() + zlib.compress(body.encode()))
    return written


def complete(page: str) -> str:
    """Add to a page the place of what is named, which in most projects has its name."""
    return page if "#" in page else f"{page}#$"
