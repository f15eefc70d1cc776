"""From published or recorded files to problems, prompts and sets."""
