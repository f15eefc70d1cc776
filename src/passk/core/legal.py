"""Names that nothing bears: what is legal, and the nearest first."""

import difflib
from collections.abc import Iterable, Iterator


def suggest(name: str, known: Iterable[str]) -> str:
    """What is legal, with the nearest name first where one is near.

    Example:
        >>> suggest("bse", ["grpo", "base"])
        "did you mean 'base'? legal: base, grpo"
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"{f'did you mean {near[0]!r}? ' if near else ''}legal: {', '.join(known) or 'none'}"


def unknown(key: str, name: str, known: Iterable[str], what: str) -> Iterator[str]:
    """The fault of a name that is not known; nothing where it is."""
    if name not in (names := set(known)):
        yield f"{key} = {name!r}: unknown {what}; {suggest(name, names)}"
