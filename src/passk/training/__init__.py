"""Pretraining and reinforcement learning with verifiable rewards."""
