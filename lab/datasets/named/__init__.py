"""The data sets with a name: YAML files that define one each, and `DATASETS` of what is more."""
