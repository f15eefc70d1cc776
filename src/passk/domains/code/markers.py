"""Marks of few-shot prompts and chat formats that stand around code, as fences."""

import re

_NAMES = "BEGIN|DONE|END|PYTHON|CODE|ANSWER|SOLUTION"
# On a line of its own, or, in the form that is no Python, anywhere.
_LINE = re.compile(rf"^[ \t]*\[(?P<close>/?)(?P<name>{_NAMES})\][ \t]*$", re.MULTILINE)
_INLINE = re.compile(rf"\[/(?:{_NAMES})\]|</?(?:code|python|solution|program)>", re.IGNORECASE)
_OPENING = re.compile(r"^[ \t]*\[(?:BEGIN|PYTHON|CODE)\](?=[ \t]*\S)", re.MULTILINE)
_QUOTES = re.compile(
    r"^[ \t]*('''|\"\"\")[ \t]*(?:python3?|py)[ \t]*\n(.*?)^[ \t]*\1[ \t]*$",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_END = re.compile(r"(?<=\S)[ \t]*\[(?:DONE|END)\][ \t]*$", re.MULTILINE)
_QUOTED = re.compile(r"\A\s*('''|\"\"\"|'|\"|`)(.*)\1\s*\Z", re.DOTALL)
_CLOSING_NAMES = frozenset({"DONE", "END"})
_CUT = "\ue000"


def fence_markers(text: str) -> str | None:
    r"""The text with fences in place of marks, and without quotation marks around the code.

    Example:
        >>> fence_markers("[BEGIN]\n'x = 1'\n[DONE]")
        '```python\nx = 1\n```'
        >>> fence_markers("none") is None
        True
    """
    cut, quotes = _QUOTES.subn(f"{_CUT}\n\\2\n{_CUT}/", text)
    cut, marks = _INLINE.subn(_mark_inline, cut)
    marks += quotes
    if text.count("[DONE]") + text.count("[END]") == len(re.findall(r"\b(?:DONE|END)\b", text)):
        cut, more = _END.subn(f"\n{_CUT}/\n", cut)
        marks += more
    cut, more = _OPENING.subn(f"{_CUT}\n", cut)
    marks += more
    cut, more = _LINE.subn(_mark_line, cut)
    if not marks + more:
        return None
    return _write_fences(cut.split(_CUT))


def _mark_inline(match: re.Match[str]) -> str:
    return f"\n{_CUT}/\n" if "/" in match[0] else f"\n{_CUT}\n"


def _mark_line(match: re.Match[str]) -> str:
    closes = match["close"] or match["name"] in _CLOSING_NAMES
    return f"{_CUT}/" if closes else _CUT


def _write_fences(parts: list[str]) -> str:
    """Fences between parts, of which those that close begin with a slash."""
    lines: list[str] = []
    opened = not any(part[:1] != "/" for part in parts[1:])  # the prompt opened it
    for number, part in enumerate(parts):
        if number:
            closes = part[:1] == "/"
            part = part[1:] if closes else part  # noqa: PLW2901
            if opened and (closes or number > 1):
                lines.append("```")
            if not closes:
                lines.append("```python")
            opened = not closes
        if opened and (quoted := _QUOTED.match(part)):
            part = quoted[2]  # noqa: PLW2901
        if part.strip("\n"):
            lines += part.strip("\n").split("\n")
    if opened:
        lines.append("```")
    return "\n".join(lines)
