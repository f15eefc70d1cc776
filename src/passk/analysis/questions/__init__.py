"""Questions of the analyses: a module each, with its `.sql` beside it where SQL is used."""
