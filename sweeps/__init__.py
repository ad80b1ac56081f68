"""The engine of ablation studies: from choices on a command line to finished pieces of training.

axis    a folder of conf/<study>/: one choice of a study, such as the objective or the data set
row     a label of a table and the overrides that make it, each with one or several seeds
cell    one fully resolved configuration with one seed
stage   one piece of a cell's work, such as a pre-training; cells that need the same share it
key     a stage's identity: the hash of all that it reads
record  what a sweep asked for: rows, seeds, and the keys behind each score, as tables read it
lease   who works on a stage: the highest generation owns it, while its heartbeat goes on
store   the folder where finished stages lie, by their keys
study   a package that turns a cell into stages; the engine knows it by its face alone (study.py)
claim   a statement about rows, written before they run, that scores support or contradict
"""

import missing_packages  # noqa: F401
