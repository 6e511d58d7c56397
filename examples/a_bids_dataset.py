"""
A data set in BIDS
==================

How do I clean a whole study? :func:`~mne_artdenoise.bids.clean_bids` takes every EEG recording of a
data set in BIDS, and writes a derivative with a note of what was done to each.
"""

# %%
# A data set
# ----------
# Two people, a minute each, in a folder that is thrown away afterwards. Yours is there already.

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import mne_bids
import numpy as np

from mne_artdenoise.bids import clean_bids
from mne_artdenoise.datasets import load_sample

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "study"
for subject in (1, 3):
    raw = load_sample(subject, [1])
    path = mne_bids.BIDSPath(subject=f"{subject:03d}", task="rest", datatype="eeg", root=root)
    mne_bids.write_raw_bids(raw, path, format="EDF", allow_preload=True, verbose="error")

# %%
# Clean it
# --------
# Filters are learned from each recording anew. ``n_jobs=4`` takes four recordings at once. From the
# command line it is ``python -m mne_artdenoise clean-bids ROOT --n-jobs 4``.

outcomes = clean_bids(root)
for outcome in outcomes:
    facts = {name: round(float(value), 2) for name, value in outcome.facts}
    print(outcome.status, Path(outcome.source).name, facts)

# %%
# One recording that fails does not stop the others: it is named here, and in ``summary.tsv``. What
# is there already is kept, so an interrupted run goes on where it was:

print([outcome.status for outcome in clean_bids(root)])

# %%
# What was written
# ----------------
# A derivative as BIDS describes it. Beside each recording stands from what and how it was made.

derivative = root / "derivatives" / "mne-artdenoise"
for path in sorted(derivative.rglob("*")):
    if path.is_file():
        print(path.relative_to(derivative))

side = next(derivative.rglob("*_desc-denoised_eeg.json"))
note = json.loads(side.read_text())
print({name: note[name] for name in ("Sources", "Model", "Parameters", "Facts")})

# %%
# Go on with it
# -------------
# Read as any recording. How much was removed, by person and channel:

fig, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for ax, outcome in zip(axes, outcomes, strict=True):
    path = mne_bids.get_bids_path_from_fname(outcome.source, check=False)
    before = mne_bids.read_raw_bids(path, verbose="error").load_data()
    after = mne.io.read_raw(outcome.target, preload=True)
    share = 1 - after.get_data().var(axis=1) / before.get_data().var(axis=1)
    mne.viz.plot_topomap(np.clip(share, 0, 1), after.info, axes=ax, vlim=(0, 1), show=False)
    ax.set_title(f"sub-{path.subject}: share of variance removed")

folder.cleanup()

# %%
# Many machines, SLURM, dask: `Long recordings, many recordings <../../many_recordings.html>`_.
