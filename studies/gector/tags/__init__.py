"""Edits as tags: pairs of sentences to tags of tokens, and back (section 3)."""
