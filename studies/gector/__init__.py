"""GECToR: correcting grammar by tagging tokens with edits (Omelianchuk et al. 2020).

Here is what needs no training: pairs to tags and back, data, users' files, inference, scores.
"""
