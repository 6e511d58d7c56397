"""Remove artifacts from EEG with pretrained networks, subtracting only what was estimated."""
