"""The objectives: one short module per algorithm, a pure function from rewards to advantages."""
