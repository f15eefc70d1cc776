"""Code identity: what a stage depends on of the code, by meaning."""
