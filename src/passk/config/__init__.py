"""What a parameter file may say as a whole, and where a study keeps its files."""
