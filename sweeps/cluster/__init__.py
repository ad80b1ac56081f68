"""Stages as jobs on a SLURM cluster, through submitit."""
