"""What the study's stages do."""
