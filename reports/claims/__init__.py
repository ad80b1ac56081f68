"""The verdicts on a sweep's claims, ours beside the published ones, as a block below its table."""
