"""
Epochs and evoked responses
===========================

Does denoising leave an evoked response as it was? Epochs are cleaned as recordings are. Here the
response to a cue on a screen, with and without the artifacts; and then a response whose size is
known, because it was put there.
"""

# %%
# Clean epochs
# ------------
# Forty-five cues, each telling a person which fist to imagine. The filters are learned from all
# epochs together. A baseline that was applied before stays as it is: apply it afterwards.

import matplotlib.pyplot as plt
import mne
import numpy as np

from mne_artdenoise import denoise
from mne_artdenoise.datasets import load_sample
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.synthesis.evoked import place_evoked_responses

raw = load_sample(subject=1, runs=[4, 8, 12])
print(raw.info["description"])
raw.filter(0.5, 40.0)

events, _ = mne.events_from_annotations(raw)
cues = {"left": 2, "right": 3}
epochs = mne.Epochs(raw, events, cues, tmin=-0.5, tmax=1.5, baseline=None, preload=True)
epochs_clean = denoise(epochs)

evoked, evoked_clean = (
    inst.copy().apply_baseline((-0.5, 0)).average() for inst in (epochs, epochs_clean)
)

fig, axes = plt.subplots(1, 2, sharey=True, layout="constrained")
for ax, name in zip(axes, ["Fpz", "Oz"], strict=True):
    for inst, label in ((evoked, "before"), (evoked_clean, "after")):
        ax.plot(inst.times, 1e6 * inst.get_data([name])[0], label=label)
    ax.set(title=name, xlabel="time (s)")
axes[0].set_ylabel("µV")
axes[0].legend()

# %%
# At the forehead, what blinks left of themselves in the average is smaller; at the back of the
# head, the response to the cue is what it was.

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
fig, ax = plt.subplots(layout="constrained")
for label, inst in (("true", brain), ("with artifacts", noisy), ("after", denoise(noisy))):
    found = mne.Epochs(inst, events, tmin=-0.2, tmax=0.9).average("Pz")
    peak = found.get_data(tmin=0.3, tmax=0.5).max()
    print(f"{label:15} {1e6 * peak:5.2f} µV at Pz")
    ax.plot(found.times, 1e6 * found.get_data()[0], label=label)
ax.set(title="Pz", xlabel="time (s)", ylabel="µV")
ax.legend()
