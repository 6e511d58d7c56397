"""Noisy and clean pairs of EEG with known truth."""
