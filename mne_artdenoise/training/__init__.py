"""Streams of pairs, losses and the loop that fit a network to them."""
