"""Which differences count: the bold rule, tests, agreement."""
