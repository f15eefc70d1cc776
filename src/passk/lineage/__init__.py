"""The DAG, run records, tracking: what ran, from what, and what it made."""
