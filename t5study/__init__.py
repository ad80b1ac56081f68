"""The systematic study of T5: a cell of configuration becomes stages of training."""
