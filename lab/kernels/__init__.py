"""The operations that models are made of, as formulas and fast on a CPU and on a GPU."""
