"""Great Expectations suites that gate the analyses."""
