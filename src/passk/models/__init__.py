"""Tiny architectures with their tokenizers, and loading of checkpoints."""
