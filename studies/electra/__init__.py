"""The arithmetic of ELECTRA: masking, detection, shapes, FLOPs, fine-tuning (Clark et al. 2020)."""
