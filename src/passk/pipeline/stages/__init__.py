"""One module per stage group: reads files, calls the libraries, writes files."""
