"""What every other package may use: nothing here knows a study, a stage or a model."""
