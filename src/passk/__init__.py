"""passk: a reproducible study of the reasoning boundary of language models (arXiv 2504.13837)."""
