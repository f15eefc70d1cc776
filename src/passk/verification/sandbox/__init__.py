"""Untrusted programs, run one by one in bubblewrap; knows no problem and no expected output."""
