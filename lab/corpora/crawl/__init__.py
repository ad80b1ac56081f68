"""Crawls cleaned in bulk: C4's rules as blocks between datatrove's readers and writers."""
