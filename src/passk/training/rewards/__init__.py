"""The rewards of rollouts by name."""
