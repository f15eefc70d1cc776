"""What each table holds: columns, keys, legal values."""
