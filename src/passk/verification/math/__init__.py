"""Judging math answers with Math-Verify, in worker processes."""
