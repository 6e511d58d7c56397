"""
Before ICA or instead of ICA
============================

I remove artifacts by ICA. Should I denoise instead of it, before it, or after it? A simulated
recording says which removes most, since its truth is known, and a real one shows what becomes of
its components.
"""

# %%
# What each removes
# -----------------
# A minute and a half, 28 electrodes, blinks, glances and muscle. ICA is done as most people do it
# today: extended Picard, 1 to 100 Hz, and out goes what ICLabel calls an eye or a muscle.

import matplotlib.pyplot as plt
import mne
from mne_icalabel import label_components

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.datasets import load_sample
from mne_artdenoise.metrics import snr_gain
from mne_artdenoise.synthesis import simulate_raw


def fit_ica(raw, n_components):
    """Fit an ICA as ICLabel asks for it: filtered, against the average."""
    filtered = raw.copy().filter(1.0, min(100.0, 0.45 * raw.info["sfreq"])).set_eeg_reference()
    ica = mne.preprocessing.ICA(
        n_components, method="picard", fit_params={"extended": True, "ortho": False}, rng=0
    )
    ica.fit(filtered)
    labels = label_components(filtered, ica, method="iclabel")["labels"]
    ica.exclude = [k for k, label in enumerate(labels) if label in ("eye blink", "muscle artifact")]
    return ica, labels


def remove_by_ica(raw):
    """Remove what ICLabel calls an eye or a muscle."""
    ica, _ = fit_ica(raw, 20)
    return ica.apply(raw.copy())


names = (
    "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 O1 Oz O2"
)
info = mne.create_info(names.split(), 250.0, "eeg").set_montage("easycap-M1")
raw, truth, _ = simulate_raw(info, 90.0, artifacts=("eye", "muscle"), rng=3)
for inst in (raw, truth):
    inst.filter(1.0, None)
    inst.set_eeg_reference()  # as an ICA takes it, so that all are compared alike

denoise = ArtifactDenoiser().fit_transform
results = {
    "denoising": denoise(raw),
    "ICA": remove_by_ica(raw),
    "ICA, then denoising": denoise(remove_by_ica(raw)),
    "denoising, then ICA": remove_by_ica(denoise(raw)),
}
for name, result in results.items():
    gain = snr_gain(*(inst.get_data() for inst in (truth, raw, result)))
    print(f"{name:20} {gain:5.1f} dB")

# %%
# The two do different things. An ICA removes whole components, brain that is in them included, and
# a muscle rarely is one component. Denoising removes, band by band, a part that the artifact's size
# asks for. ICLabel has never seen denoised recordings: what it says of components that are left is
# worth less, so *denoising, then ICA by ICLabel* has no more to remove, and may take brain.
#
# What becomes of the components
# ------------------------------
# A minute of a real person with open eyes. The ICA of the recording spends components on eyes; that
# of the denoised recording can spend them on the brain. (ICLabel wants to see up to 100 Hz, and at
# 160 samples a second there is nothing above 80 Hz: it warns of that.)

real = load_sample(subject=3, runs=[1])
real_clean = ArtifactDenoiser().fit_transform(real)

figure = plt.figure(figsize=(9, 4.4), layout="constrained")
rows = figure.subfigures(2, 1)
for row, title, inst in zip(rows, ("before", "after"), (real, real_clean), strict=True):
    ica, labels = fit_ica(inst, 15)
    counts = {label: labels.count(label) for label in dict.fromkeys(labels)}
    print(f"{title:7}", ", ".join(f"{label}: {count}" for label, count in counts.items()))
    axes = row.subplots(1, 6)
    ica.plot_components(range(6), axes=axes, show=False)
    for ax, label in zip(axes, labels, strict=False):
        ax.set_title(label, fontsize=8)
    row.suptitle(f"first components {title} denoising")

# %%
# Denoising keeps the rank of the recording, so an ICA afterwards has as many components as before:

print({title: mne.compute_rank(inst) for title, inst in (("before", real), ("after", real_clean))})

# %%
# Which, then?
# ------------
# *Instead* where components were only a means to lose artifacts. *Before* where you want the
# components themselves, for sources or clusters: fit the ICA on the denoised recording, and choose
# brain components by their dipoles or by eye. *After* ICA where you keep an ICA that exists and
# what is left of muscle disturbs. With 64 and more channels and nothing but eyes, ICA alone removes
# more: see `Is it safe for my data? <../../safety.html>`_
