"""What the encoders of this study are pre-trained on."""
