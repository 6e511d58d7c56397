"""
Make noisy and clean pairs
==========================

How well a method removes artifacts can only be told where the clean signal is known. Here clean EEG
gets artifacts at an exact signal-to-noise ratio: a set of windows to judge with, and an endless
stream of them to train with.
"""

# %%
# Clean signal
# ------------
# Any recording that you call clean will do, above 1 Hz: a Raw, Epochs, an array, or a bank of many
# people. So that this example needs no data, a brain is simulated.

import matplotlib.pyplot as plt
import mne
import numpy as np
import torch
from torch.utils.data import DataLoader

from mne_artdenoise.synthesis import KINDS, make_pairs, measure_snr, simulate_raw
from mne_artdenoise.training.dataset import PairDataset

info = mne.create_info(mne.channels.make_standard_montage("biosemi32").ch_names, 256.0, "eeg")
info.set_montage("biosemi32")
clean, _, _ = simulate_raw(info, 60.0, artifacts=(), rng=0)
clean.filter(1.0, None)

# %%
# A set of pairs
# --------------
# Each window of four seconds gets blinks or muscle, so that brain has half the power of the
# artifact: -3 dB. The kinds that are known:

print(", ".join(KINDS))

pairs = make_pairs(clean, ["blink", "muscle"], n_pairs=20, snr_db=-3.0, rng=0)
found = [measure_snr(*parts) for parts in zip(pairs.clean, pairs.artifact, strict=True)]
print(f"{len(pairs)} pairs of {pairs.noisy.shape[1:]}, {min(found):.2f} to {max(found):.2f} dB")

# %%
# ``noisy`` is the sum of ``clean`` and ``artifact``, exactly. As epochs, with what is in them:

print(np.array_equal(pairs.noisy, pairs.clean + pairs.artifact))
epochs = pairs.to_epochs()
print(epochs.metadata["kinds"].value_counts())

# %%
# A window with blinks and one with muscle, at a frontal and a temporal electrode:

fig, axes = plt.subplots(2, 1, sharex=True, layout="constrained")
for ax, kind, channel in zip(axes, ["blink", "muscle"], ["Fp1", "T7"], strict=True):
    index, row = pairs.kinds.index((kind,)), pairs.info["ch_names"].index(channel)
    times = np.arange(pairs.noisy.shape[-1]) / pairs.info["sfreq"]
    ax.plot(times, 1e6 * pairs.noisy[index, row], color="tab:red", lw=0.8, label="noisy")
    ax.plot(times, 1e6 * pairs.clean[index, row], color="black", lw=0.8, label="clean")
    ax.set(title=f"{kind}, {channel}", ylabel="µV")
axes[0].legend(loc="upper right")
axes[-1].set_xlabel("time (s)")

# %%
# More than one artifact, and other ratios
# ----------------------------------------
# Physical parameters go into a mapping; up to two kinds come together; each has a ratio of its own,
# drawn between limits, and some windows stay clean.

pairs = make_pairs(
    clean,
    {"blink": {}, "muscle": {"mode": "tonic"}, "line": {}},
    n_pairs=20,
    n_kinds=(0, 2),
    snr_db={"blink": (-10.0, 0.0), "muscle": (-5.0, 5.0), "line": 10.0},
    rng=0,
)
for kinds, snr_db in list(zip(pairs.kinds, pairs.snr_db, strict=True))[:5]:
    print(f"{snr_db:6.1f} dB  {' + '.join(kinds) or 'nothing'}")

# %%
# A stream to train with
# ----------------------
# Pairs without end, drawn while the network works. With ``num_workers=2``, two processes draw; the
# pairs are the same whatever their number, and the same in every run.

dataset = PairDataset(clean, ["eye", "muscle"], rng=0)
loader = DataLoader(dataset, batch_size=16)
for step, batch in zip(range(3), loader, strict=False):
    error = torch.mean(batch.artifact**2) / torch.mean(batch.clean**2)
    print(f"step {step}: {tuple(batch.noisy.shape)}, doing nothing errs by {float(error):.1f}")
