"""Fine-tuning an encoder on a labelled data set, and scoring what it learned.

Letters: N inputs, B rows of a batch, T positions, D width, L labels.
"""
