"""From what a person typed to sweeps of rows and cells."""
