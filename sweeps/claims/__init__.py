"""Claims: what a sweep sets out to show, and whether its scores show it."""
