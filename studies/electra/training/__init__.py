"""The stages of the ELECTRA study that train and judge encoders."""
