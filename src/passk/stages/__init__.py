"""One module per stage group: reads files, calls the library, writes files."""
