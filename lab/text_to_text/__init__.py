"""Models that read a text and write one: their settings, cost, batches, training and decoding.

The sections that its files name are those of Raffel et al. (2020).
"""
