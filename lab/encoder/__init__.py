"""Transformer encoders after BERT: embeddings, blocks, heads, and Hugging Face's checkpoints."""
