"""
Few channels
============

Does it work on a headband of four electrodes, where ICA has next to nothing to unmix? A simulated
recording at the places of a Muse, so that the truth is known, and the same four of a real one.
"""

# %%
# Four electrodes
# ---------------
# Left and right ear, left and right forehead. Eyes are everywhere in such recordings.

import matplotlib.pyplot as plt
import mne
import numpy as np

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.datasets import load_sample
from mne_artdenoise.metrics import snr_gain
from mne_artdenoise.synthesis import simulate_raw

montage = mne.channels.make_standard_montage("easycap-M1")
info = mne.create_info(["TP9", "AF7", "AF8", "TP10"], 256.0, "eeg").set_montage(montage)
raw, truth, _ = simulate_raw(info, 120.0, artifacts=("eye", "muscle"), snr_db=-3.0, rng=0)
for inst in (raw, truth):
    inst.filter(1.0, None)

raw_clean = ArtifactDenoiser().fit_transform(raw)

# %%
# The gain in signal-to-noise ratio, of all channels together:

gain = snr_gain(*(inst.get_data() for inst in (truth, raw, raw_clean)))
print(f"{gain:.1f} dB")

fig, axes = plt.subplots(4, 1, sharex=True, sharey=True, layout="constrained")
shown = slice(*raw.time_as_index([20.0, 30.0]))
for ax, name, row in zip(axes, raw.ch_names, range(4), strict=True):
    for label, inst, width in (
        ("recorded", raw, 0.6),
        ("true", truth, 1.6),
        ("after", raw_clean, 0.8),
    ):
        ax.plot(raw.times[shown], 1e6 * inst.get_data()[row, shown], lw=width, label=label)
    ax.set_ylabel(name)
axes[0].legend(loc="upper right", ncols=3)
axes[-1].set_xlabel("time (s)")

# %%
# What four electrodes cannot do
# ------------------------------
# A filter of four electrodes can take away one direction, or two, and three or two are left: what
# the brain had in that direction goes along. How much of each channel's power was removed, by band,
# in a real recording of which only these four places are kept:

real = load_sample(subject=3, runs=[1]).filter(1.0, None).pick(["TP7", "AF7", "AF8", "TP8"])
real_clean = ArtifactDenoiser().fit_transform(real)
before, after = (
    inst.compute_psd(fmin=1, fmax=45, n_fft=320).get_data() for inst in (real, real_clean)
)
frequencies = real.compute_psd(fmin=1, fmax=45, n_fft=320).freqs
for low, high in ((1, 4), (8, 13), (20, 45)):
    band = (frequencies >= low) & (frequencies < high)
    share = 1 - after[:, band].sum(axis=1) / before[:, band].sum(axis=1)
    print(
        f"{low:2}-{high:2} Hz", dict(zip(real.ch_names, np.round(share, 2).tolist(), strict=True))
    )
