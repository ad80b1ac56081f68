"""Training a text-to-text model to read questions, and having it choose or parse."""
