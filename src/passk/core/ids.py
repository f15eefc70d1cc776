"""A problem is named by what a model sees of it, never by its answer."""

from collections.abc import Sequence

from passk.core.digests import digest


def problem_id(
    domain: str,
    question: str,
    choices: Sequence[str] | None = None,
    starter_code: str | None = None,
    image: str | None = None,
) -> str:
    """Sixteen hex digits of the digest of everything that is asked.

    Two sets that share a problem share its id, which is how overlap is found.

    Example:
        >>> problem_id("math", "What is 1+1?") == problem_id("math", "What is 1+1?")
        True
    """
    return digest(domain, question, list(choices or ()), starter_code, image)[:16]
