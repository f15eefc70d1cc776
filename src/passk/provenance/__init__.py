"""Where every number comes from: lock, records, audit, MLflow."""
