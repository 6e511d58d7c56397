"""Remove artifacts from EEG recordings with pretrained networks, subtracting only what was estimated."""
