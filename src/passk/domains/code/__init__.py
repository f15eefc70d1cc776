"""Programs, judged by hidden tests in a sandbox."""
