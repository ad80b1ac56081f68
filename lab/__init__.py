"""What studies work with: text, data sets, batches, training; no study is known here."""

import missing_packages  # noqa: F401
