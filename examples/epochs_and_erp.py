"""
Epochs and evoked responses
===========================

Does denoising leave an evoked response as it was? Epochs are cleaned as recordings are. Here the
response to a cue on a screen, with and without the artifacts; and then a response whose size is
known, because it was put there.
"""

# %%
# Learn from the recording, apply to epochs
# -----------------------------------------
# Forty-five cues, each telling a person which fist to imagine. The filters are learned from the
# whole recording: in epochs of two seconds the network sees little around an artifact, and the
# blinks between trials teach as much as those within. (Where there is nothing but epochs,
# ``denoise(epochs)`` learns from them.) The baseline is subtracted afterwards.

import matplotlib.pyplot as plt
import mne
import numpy as np
from scipy.signal import find_peaks

from mne_artdenoise import ArtifactDenoiser, denoise
from mne_artdenoise.datasets import load_sample
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.synthesis.evoked import place_evoked_responses
from mne_artdenoise.synthesis.ocular import make_blinks

raw = load_sample(subject=1, runs=[4, 8, 12])
print(raw.info["description"])
raw.filter(0.5, 40.0)

events, ids = mne.events_from_annotations(raw)
cues = {"left": ids["T1"], "right": ids["T2"]}
epochs = mne.Epochs(raw, events, cues, tmin=-0.5, tmax=1.5, baseline=None, preload=True)
epochs_clean = ArtifactDenoiser().fit(raw).transform(epochs)

before, after = (inst.copy().apply_baseline((-0.5, 0)).average() for inst in (epochs, epochs_clean))

fig, axes = plt.subplots(1, 2, sharey=True, layout="constrained")
for ax, name in zip(axes, ["Fpz", "Oz"], strict=True):
    ax.plot(before.times, 1e6 * before.get_data([name])[0], label="before")
    ax.plot(after.times, 1e6 * after.get_data([name])[0], label="after", linestyle="--")
    ax.set(title=name, xlabel="time (s)")
axes[0].set_ylabel("µV")
axes[0].legend()

# %%
# The forehead, where eyes are heard, and the back of the head, where the cue is seen. How much was
# removed from single trials there:

for name in ("Fpz", "Oz"):
    removed = epochs.get_data([name]) - epochs_clean.get_data([name])
    print(f"{name:4} {1e6 * removed.std():5.1f} of {1e6 * epochs.get_data([name]).std():5.1f} µV")

# %%
# A response whose size is known
# ------------------------------
# In real data nobody knows how large the response is. So a P300 of 8 µV is put into a simulated
# recording with blinks and muscle, forty times.

info = raw.info
noisy, brain, _ = simulate_raw(info, 120.0, artifacts=("eye", "muscle"), snr_db=None, rng=0)
onsets = np.arange(2.0, 118.0, 2.9)
p300 = place_evoked_responses(info, len(noisy.times), events=onsets, component="P300")
for inst in (noisy, brain):
    inst._data += p300

events = np.column_stack([np.round(onsets * info["sfreq"]), 0 * onsets, 1 + 0 * onsets]).astype(int)
found = {
    label: mne.Epochs(inst, events, tmin=-0.2, tmax=0.9).average("Pz")
    for label, inst in (("true", brain), ("with artifacts", noisy), ("after", denoise(noisy)))
}
fig, ax = plt.subplots(layout="constrained")
for label, evoked in found.items():
    error = evoked.get_data() - found["true"].get_data()
    peak = evoked.get_data(tmin=0.3, tmax=0.5).max()
    print(f"{label:15} peak {1e6 * peak:5.2f} µV, error {1e6 * np.sqrt(np.mean(error**2)):.2f} µV")
    ax.plot(evoked.times, 1e6 * evoked.get_data()[0], label=label)
ax.set(title="Pz", xlabel="time (s)", ylabel="µV")
ax.legend()

# %%
# Glances and blinks are as slow as a P300, and forty trials are few: the average after denoising is
# nearer to the true one, not equal to it. Where the size of a slow response is what you report,
# look at what was removed around it, ``denoiser.estimate_artifact(raw)``, averaged the same way.

# %%
# Blinks that answer the stimulus
# -------------------------------
# Worse are blinks that come with the response. What goes with a blink is taken for a part of it,
# and the response goes with it. So let the filters be learned from epochs whose average was
# subtracted, and apply them to the recording as it is, as `Gratton, Coles & Donchin (1983)
# <https://doi.org/10.1016/0013-4694(83)90135-9>`_ did for regression. Here a stimulus comes 0.35 s
# before every blink, and others where there is none.

_, brain, _ = simulate_raw(info, 180.0, artifacts=(), rng=0)
blinks = make_blinks(info, len(brain.times), 0, rate=9.0)
tops, _ = find_peaks(blinks[info["ch_names"].index("Fpz")], height=50e-6, distance=80)
answered = tops / info["sfreq"] - 0.35
others = [when for when in np.arange(2.0, 177.0, 1.7) if np.abs(when - answered).min() > 1.7]
onsets = np.sort(np.r_[answered[answered > 1], others])
print(f"{len(onsets)} stimuli, {len(answered)} blinks")

brain._data += place_evoked_responses(info, len(brain.times), events=onsets, component="P300")
noisy = brain.copy()
noisy._data += blinks
events = np.column_stack([np.round(onsets * info["sfreq"]), 0 * onsets, 1 + 0 * onsets]).astype(int)
epochs = mne.Epochs(noisy, events, tmin=-0.2, tmax=1.4, baseline=None, preload=True)
denoiser = ArtifactDenoiser().fit(epochs.subtract_evoked())

fig, ax = plt.subplots(layout="constrained")
for label, inst in (
    ("true", brain),
    ("learned from the recording", denoise(noisy)),
    ("learned without the average", denoiser.transform(noisy)),
):
    evoked = mne.Epochs(inst, events, tmin=-0.2, tmax=0.9).average("Pz")
    print(f"{label:28} peak {1e6 * evoked.get_data(tmin=0.3, tmax=0.5).max():5.2f} µV")
    ax.plot(evoked.times, 1e6 * evoked.get_data()[0], label=label)
ax.set(title="Pz", xlabel="time (s)", ylabel="µV")
ax.legend()

# %%
# Conditions with responses of their own want an average each: ``subtract_evoked`` on the epochs of
# one condition, then :func:`mne.concatenate_epochs`. If every stimulus is answered by a blink, the
# average takes the blink along, and no method can tell the two apart by when they happen.
