"""Generated worlds: problems with a difficulty ladder, a corpus, and chains that parse exactly."""
