"""What is asked and how answers are judged: one folder per domain, and what they share."""
