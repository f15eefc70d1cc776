"""Parquet contracts: one module per stage group, so that a new column re-runs only its readers."""
