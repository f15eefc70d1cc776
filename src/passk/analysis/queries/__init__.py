"""One query file per question, with a module of the same name that runs it and adds intervals."""
