"""
Clean a recording
=================

How do I remove artifacts from a recording, and how do I see what was done? A minute of rest with
open eyes, of a person whom no training saw: 64 electrodes, raw, full of blinks.
"""

# %%
# A recording
# -----------
# Any recording will do that has EEG channels with positions, in volts. No EOG channel is needed, no
# filter, and no component is chosen by hand.

import mne

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.datasets import load_sample
from mne_artdenoise.report import plot_denoising

raw = load_sample(subject=3, runs=[1])
print(raw.info["description"])

# %%
# Clean it
# --------
# `fit` looks at the recording with a network and makes of what it finds filters of this recording;
# `transform` applies them, on a copy.

denoiser = ArtifactDenoiser()
raw_clean = denoiser.fit_transform(raw)

# %%
# What was done
# -------------
# Before and after, what was removed, spectra, and where on the head. What was removed should look
# like artifacts: frontal and slow (eyes), along the rim and fast (muscle). Around 10 Hz, before and
# after should be the same.

plot_denoising(raw.copy().filter(1.0, None), raw_clean.copy().filter(1.0, None), show=False)

# %%
# How much of the blinks is left? The average around what looked like blinks before:

blinks = mne.preprocessing.find_eog_events(raw, ch_name=["Fp1", "Fp2"])
for label, inst in (("before", raw), ("after", raw_clean)):
    epochs = mne.Epochs(inst, blinks, tmin=-0.4, tmax=0.4, picks=["Fp1", "Fp2"])
    blink = epochs.average().get_data().mean(axis=0)
    print(f"{label:8} {len(blinks)} blinks, {1e6 * (blink.max() - blink.min()):5.0f} µV high")

# %%
# Before you subtract
# -------------------
# What would be removed can be had by itself, and when: with so many blinks, there is something to
# take from some band nearly always. Spans in which nothing was found come out bit-identical.

artifact = denoiser.estimate_artifact(raw)
spans = denoiser.annotate_repaired(raw)
print(f"{100 * spans.duration.sum() / raw.times[-1]:.0f} % of the time something is removed")

# %%
# What was done is written into the recording, and survives saving:

print(raw_clean.info["description"])
