"""
Denoise a stream
================

How do I clean EEG while it is recorded, block by block, at a latency that is known?
:class:`~mne_artdenoise.OnlineDenoiser` learns filters from a calibration, and applies them to
what comes.
"""

# %%
# Calibrate
# ---------
# Forty seconds of a person with open eyes, who blinks; the rest of that minute is the stream. In
# practice a minute is better, and the person should do in it what they will do later: blink, look
# around, clench the jaw.

import matplotlib.pyplot as plt
import numpy as np

from mne_artdenoise import ArtifactDenoiser, OnlineDenoiser
from mne_artdenoise.datasets import load_sample

raw = load_sample(subject=3, runs=[1])
calibration, stream = raw.copy().crop(0, 40), raw.copy().crop(40)

online = OnlineDenoiser(latency=0.05).fit(calibration)
print(f"{online.delay_} samples late, {1e3 * online.delay_ / online.sfreq_:.0f} ms")

# %%
# Process what comes
# ------------------
# Blocks of any size, all channels, in volts. What comes out is what came in ``delay_`` samples ago,
# less its artifact, whatever blocks it comes in.

blocks = np.array_split(stream.get_data(), 137, axis=1)
clean = np.concatenate([online.process(block) for block in blocks], axis=1)

online.reset()
at_once = online.process(stream.get_data())
print(f"other blocks differ by {1e6 * np.abs(clean - at_once).max():.0e} µV")

# %%
# Beside what the same filters do offline, where they see what comes later:

offline = ArtifactDenoiser().fit(calibration).transform(stream)
came = np.arange(clean.shape[1] - online.delay_)
shown = {
    "as it came": stream.get_data()[:, came],
    "online": clean[:, came + online.delay_],
    "offline": offline.get_data()[:, came],
}
fig, axes = plt.subplots(2, 1, sharex=True, layout="constrained")
for ax, name in zip(axes, ["Fp1", "Oz"], strict=True):
    row = raw.ch_names.index(name)
    for (label, x), width in zip(shown.items(), (0.6, 1.4, 0.8), strict=True):
        ax.plot(stream.times[came], 1e6 * (x[row] - np.median(x[row])), lw=width, label=label)
    ax.set(title=name, ylabel="µV", xlim=(2, 12))
axes[0].legend(loc="upper right", ncols=3)
axes[-1].set_xlabel("time (s)")

# %%
# When an electrode comes off
# ---------------------------
# A channel that is NaN, or stays at one value, passes through as it is. What it would have told of
# the blinks is told by the others.

online.reset()
broken = stream.get_data()
broken[raw.ch_names.index("Fp1"), 400:] = np.nan
result = online.process(broken)
row, late = raw.ch_names.index("Fp2"), came[400:] + online.delay_
removed = stream.get_data()[row, came[400:]] - clean[row, late]
change = result[row, late] - clean[row, late]
print(f"removed at Fp2 {1e6 * removed.std():.1f} µV; without Fp1 {1e6 * change.std():.1f} µV other")

# %%
# With mne-lsl
# ------------
# A stream of the lab streaming layer takes it as a callback::
#
#     from mne_lsl.stream import StreamLSL
#
#     stream = StreamLSL(bufsize=4).connect()
#     stream.add_callback(online.as_callback(units=1e-6))  # a stream in microvolts
#
# What latency costs, and what else can go wrong: `Streams <../../streams.html>`_.
