"""Whole responses of what files hold: a program stands in a fenced block of one."""

import re
from typing import Literal, get_args

Holds = Literal["response", "program", "completion"]
Missing = Literal["unknown", "wrong", "drop"]  # what a row without a response is
MISSING_RULES: tuple[str, ...] = get_args(Missing)


def as_response(text: str, holds: Holds, prefix: str) -> str:
    r"""The response that a text stands for.

    Args:
        text: a whole response, a program, or what continues the problem's prompt.
        holds: which of these.
        prefix: what a completion continues.

    Example:
        >>> as_response("def f(x):\n    return x", "program", prefix="")
        '```python\ndef f(x):\n    return x\n```\n'
    """
    if holds == "response":
        return text
    program = prefix + text if holds == "completion" else text
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", program)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}python\n{program}\n{fence}\n"
