"""
As a function for ``apply_function``
====================================

How do I denoise within MNE-Python's own idiom, and only some channels or spans?
:func:`~mne_artdenoise.denoise_array` is a function of an array and the ``info`` of its channels.
"""

# %%
# A function of an array
# ----------------------
# ``channel_wise=False``, because where an artifact is on the head is what tells it from brain.

import matplotlib.pyplot as plt

from mne_artdenoise import ArtifactDenoiser, denoise_array
from mne_artdenoise.datasets import load_sample

raw = load_sample(subject=3, runs=[1])
info = raw.copy().pick("eeg").info

raw_clean = raw.copy().apply_function(denoise_array, picks="eeg", channel_wise=False, info=info)

fig, axes = plt.subplots(2, 1, sharex=True, layout="constrained")
shown = slice(*raw.time_as_index([20.0, 30.0]))
for ax, name in zip(axes, ["Fp1", "Oz"], strict=True):
    for inst, label in ((raw, "before"), (raw_clean, "after")):
        ax.plot(raw.times[shown], 1e6 * inst.get_data([name])[0, shown], lw=0.8, label=label)
    ax.set(title=name, ylabel="µV")
axes[0].legend(loc="upper right")
axes[1].set_xlabel("time (s)")

# %%
# The same as the denoiser itself, which also writes down what was done and minds annotations (an
# array has none: spans marked ``BAD_`` are denoised with the rest).

same = ArtifactDenoiser().fit_transform(raw)
print(abs(raw_clean.get_data() - same.get_data()).max())

# %%
# Only some channels
# ------------------
# ``picks`` are those of MNE-Python. Names take bad channels, too; types leave them out.

front = [name for name in raw.ch_names if name.startswith(("Fp", "AF"))]
some = ArtifactDenoiser(picks=front).fit_transform(raw)
changed = abs(some.get_data() - raw.get_data()).max(axis=1) > 0
print([name for name, is_changed in zip(raw.ch_names, changed, strict=True) if is_changed])

# %%
# Better is to learn from all channels and keep what is needed: the more electrodes, the better a
# filter can tell a blink from the brain behind it.
#
# Only some spans
# ---------------
# Spans annotated ``BAD_`` are neither learned from nor changed.

raw.annotations.append(10.0, 5.0, "BAD_manual")
clean = ArtifactDenoiser().fit_transform(raw)
start, stop = raw.time_as_index([10.0, 15.0])
print((clean.get_data(start=start, stop=stop) == raw.get_data(start=start, stop=stop)).all())
