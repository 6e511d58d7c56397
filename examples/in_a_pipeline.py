"""
In a pipeline with cross-validation
===================================

How do I denoise inside a scikit-learn pipeline, without test trials having a say in training? The
denoiser is a transformer: in each fold its filters are learned from the training trials and applied
to the test trials, as those of CSP are. Left or right fist, imagined.
"""

# %%
# Trials
# ------

import matplotlib.pyplot as plt
import mne
import numpy as np
from mne.decoding import CSP, FilterEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.datasets import load_sample

raw = load_sample(subject=1, runs=[4, 8, 12])
print(raw.info["description"])

events, ids = mne.events_from_annotations(raw)
fists = {name: ids[name] for name in ("T1", "T2")}
epochs = mne.Epochs(raw, events, fists, tmin=0.5, tmax=3.5, baseline=None, preload=True)
X, y = epochs.get_data(), epochs.events[:, 2]
print(X.shape)

# %%
# With and without
# ----------------
# Trials are arrays here, so the denoiser is told their channels, ``info=``. It sees the whole band;
# the filter to 7-30 Hz comes after it.


def make_classifier(*first):
    """Decode from band power, with something before it."""
    return make_pipeline(
        *first,
        FilterEstimator(epochs.info, 7.0, 30.0),
        CSP(n_components=4, reg="ledoit_wolf"),
        LinearDiscriminantAnalysis(),
    )


folds = StratifiedKFold(5, shuffle=True, random_state=0)
denoiser = ArtifactDenoiser(info=epochs.info)
scores = {
    label: cross_val_score(classifier, X, y, cv=folds)
    for label, classifier in (
        ("as recorded", make_classifier()),
        ("denoised", make_classifier(denoiser)),
    )
}
for label, values in scores.items():
    print(f"{label:12} {np.mean(values):.2f} of trials right, folds {np.round(values, 2)}")

fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.plot(np.array(list(scores.values())), color="0.7", marker="o", markerfacecolor="tab:blue")
ax.plot([np.mean(values) for values in scores.values()], "_", color="k", markersize=40)
ax.axhline(0.5, linestyle=":", color="0.5")
ax.set(xticks=[0, 1], xticklabels=list(scores), xlim=(-0.4, 1.4), ylim=(0, 1.05))
ax.set(ylabel="trials right", title="five folds, and their mean")

# %%
# What to expect
# --------------
# With forty-five trials of one person the two differ by chance alone by several per cent. A higher
# score is no proof of better denoising, either: where artifacts go along with the task, they help
# to decode it, and removing them costs accuracy that was never the brain's.
#
# Parameters can be searched as those of any transformer, by the name of the step:
# ``{"artifactdenoiser__strength": [0.0, 0.5, 1.0]}``.
