"""ALBERT: factorized tables, shared layers, sentences in order (Lan et al. 2020)."""
