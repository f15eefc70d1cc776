"""What the two draws of a comparison are called in tables; pages show their labels."""

REFERENCE, CANDIDATE = "reference", "candidate"
DRAWS = (REFERENCE, CANDIDATE)
