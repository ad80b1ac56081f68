"""The corpora that have a name: each file here has `CORPORA`, its corpora by their names.

Adding a corpus is adding a file; nothing lists them. Another package adds one as an entry point of
group `lab.corpora`.
"""
