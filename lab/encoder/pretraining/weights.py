"""Weights of losses, as plans read them too: torch-free."""

DISCRIMINATOR_WEIGHT = 50.0
"""Of the discriminator's loss, beside the generator's (Clark et al. 2020, appendix A)."""
