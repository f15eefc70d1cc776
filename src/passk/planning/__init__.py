"""What a study will cost and what its sizes buy, before the first hour is spent."""
