"""The data sets that have a name: each file here has `DATASETS`, a list of them."""
