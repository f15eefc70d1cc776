"""Words about numbers."""


def count(number: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> count(1, "problem"), count(1200, "problem")
        ('1 problem', '1200 problems')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
