"""From a store's records and stages to a table."""
