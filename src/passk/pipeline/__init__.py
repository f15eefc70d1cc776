"""The DAG on two engines: its definition as DVC resolves it, its runner, its stages."""
