"""What `params.yaml` may say: one schema module per stage group."""
