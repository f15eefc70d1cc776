"""Metrics, statistics and queries on the count table; knows no model."""
