"""Words in tables of samples that somebody else drew."""

ANY = "any"  # type of an answer that is a JSON list of right ones
MISSING = "missing"  # finish reason of a sample without a response
