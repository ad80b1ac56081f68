"""Noise masks, under the name that others import."""

from lab.noise import iid_noise_mask, random_spans_lengths, random_spans_noise_mask

__all__ = ["iid_noise_mask", "random_spans_lengths", "random_spans_noise_mask"]
