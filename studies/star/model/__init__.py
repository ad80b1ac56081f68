"""What a text-to-text model of this study reads and writes."""
