"""
Generated artifacts
===================

How do artifacts that a network learned to draw differ from those of formulas, and how do I mix them
into pairs? :class:`~mne_artdenoise.synthesis.LearnedArtifacts` draws them at any electrodes.
"""

# %%
# Draw some
# ---------
# Two networks, which learned from the same windows of people: one trained against a critic
# (``"gan"``), which draws a window in one pass, and one that takes noise out of it step by step
# (``"diffusion"``).

import matplotlib.pyplot as plt
import mne
import numpy as np
from scipy.signal import welch

from mne_artdenoise.synthesis import LearnedArtifacts, make_artifact, make_pairs, simulate_raw

montage = mne.channels.make_standard_montage("biosemi32")
info = mne.create_info(montage.ch_names, 128.0, "eeg").set_montage(montage)
generators = {kind: LearnedArtifacts(kind) for kind in ("gan", "diffusion")}
print(generators["gan"].labels)

# %%
# Eight seconds of each, beside a formula. Artifacts are in volts, as large as they are in people.

shown = {"eye": ("Fp1", "blink"), "muscle": ("T7", "muscle")}
fig, axes = plt.subplots(3, 2, sharex=True, figsize=(9, 6), layout="constrained")
for column, (label, (name, formula)) in zip(axes.T, shown.items(), strict=True):
    row = info["ch_names"].index(name)
    drawn = {"formula": make_artifact(formula, info, 1024, 3)}
    for kind, generator in generators.items():
        drawn[kind] = generator.generate(info, 1024, label, np.random.default_rng(3))
    for ax, (kind, artifact) in zip(column, drawn.items(), strict=True):
        ax.plot(np.arange(1024) / info["sfreq"], 1e6 * artifact[row], lw=0.8)
        ax.set(title=f"{label} at {name}, {kind}", ylabel="µV")
    column[-1].set_xlabel("time (s)")

# %%
# Where on the head they are is drawn apart from what they do over time: any montage will do. Here
# the loudest pattern of four muscles.

muscles = generators["gan"].generate_many(info, 1024, ["muscle"] * 4, rng=0)
fig, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained")
for ax, artifact in zip(axes, muscles, strict=True):
    mne.viz.plot_topomap(1e6 * artifact.std(axis=1), info, axes=ax, cmap="Reds", show=False)

# %%
# Their spectra
# -------------
# The mean of sixteen windows of each. There is nothing above 60 Hz in what networks draw, as many
# of the recordings that they learned from have nothing there.

fig, axes = plt.subplots(1, 2, sharey=True, layout="constrained")
for ax, label in zip(axes, shown, strict=True):
    for kind, generator in generators.items():
        frequency, power = welch(generator.sample([label] * 16, rng=1), 128.0, nperseg=256)
        ax.loglog(frequency[1:], power.mean(axis=0)[1:], label=kind)
    ax.set(title=label, xlabel="frequency (Hz)")
axes[0].set_ylabel("power, share of all per Hz")
axes[0].legend()

# %%
# Mix them
# --------
# A generator goes where a kind of artifact goes, beside formulas:

clean, _, _ = simulate_raw(info, 30.0, artifacts=(), rng=0)
pairs = make_pairs(
    clean, {"eye": generators["gan"], "muscle": generators["gan"], "line": {}}, n_pairs=12, rng=0
)
for kinds, snr_db in list(zip(pairs.kinds, pairs.snr_db, strict=True))[:4]:
    print(f"{snr_db:6.1f} dB  {' + '.join(kinds)}")

# %%
# How like real ones they are, and what they cannot do: `Learned artifact generators
# <../../generators.html>`_.
