"""Wrong sentences and their corrections: real ones out of packages, and generated ones."""
