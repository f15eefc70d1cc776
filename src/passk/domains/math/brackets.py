r"""Braces, parentheses and brackets of LaTeX: where they close, and what stands between them."""

from collections.abc import Iterator

_OPENING, _CLOSING = "{([", "})]"


def closing_brace(text: str, opening: int) -> int:
    """Position of the brace that closes the one at `opening`; -1 where none does."""
    depth = 0
    for position in range(opening, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    return -1


def closing_bracket(text: str, opening: int) -> int:
    r"""Position of what closes a bracket of any kind, `[2,5)` included; -1 where nothing does."""
    depth = 0
    for position in range(opening, len(text)):
        if text[position] in _OPENING:
            depth += 1
        elif text[position] in _CLOSING:
            depth -= 1
            if not depth:
                return position
            if depth < 0:
                return -1
    return -1


def argument(text: str, start: int) -> tuple[str, int]:
    r"""The argument of a command that ends at `start`, and where it ends.

    That is a group in braces or parentheses, a number, a command or a letter; empty where nothing
    follows.

    Example:
        >>> argument(r"\frac{1}{2}", 5), argument(r"\sqrt(x+1)y", 5), argument(r"\frac12", 5)
        (('1', 8), ('x+1', 10), ('1', 6))
    """
    while start < len(text) and text[start] == " ":
        start += 1
    if start >= len(text):
        return "", start
    if text[start] in "{(":
        end = closing_bracket(text, start)
        if end < 0:
            return "", start
        return text[start + 1 : end], end + 1
    if text[start] == "\\":
        end = start + 1
        while end < len(text) and text[end].isalpha():
            end += 1
        return text[start:end], end
    return text[start], start + 1


def top_level(text: str) -> Iterator[tuple[int, str]]:
    """Positions and characters outside of all brackets."""
    depth = 0
    for position, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(depth - 1, 0)
        elif not depth:
            yield position, character


def outside(text: str) -> str:
    """The text with all that stands in brackets, and these, replaced by NUL: as long as before.

    Example:
        >>> outside("f(x)=2").replace(chr(0), ".")
        'f...=2'
    """
    kept = ["\0"] * len(text)
    for position, character in top_level(text):
        kept[position] = character
    return "".join(kept)


def is_balanced(text: str, deepest: int = 25) -> bool:
    """Whether as many brackets close as open, none before it opens, and not too deep.

    Example:
        >>> is_balanced("[2,5)"), is_balanced("(1"), is_balanced(")(")
        (True, False, False)
    """
    depth = 0
    for character in text:
        depth += (character in _OPENING) - (character in _CLOSING)
        if not 0 <= depth <= deepest:
            return False
    return depth == 0
