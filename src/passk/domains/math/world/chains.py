r"""Chains of thought of the `digits` world, read exactly.

A response is a chain of steps and a final answer. A step names a function of the question, the
operation it is taken to be, and the result:

     h:left=82134 g:up=93245 \boxed{93245}

The parser works from the texts alone, without knowing set or answer, and imports nothing heavy: a
hundred thousand responses take about a second.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from passk.domains.math.world.functions import operation
from passk.domains.math.world.operations import OPERATIONS, Digits, digits, inverse, text
from passk.domains.math.world.questions import DigitsQuestion, parse_question

_RESPONSE = re.compile(r"((?: ?[a-z]+:[a-z]+=\d+)+) \\boxed\{(\d+)\}")
_STEP = re.compile(r"([a-z]+):([a-z]+)=(\d+)")

# Chooses the operation of a step from the function's name and the number it is applied to.
Strategy = Callable[[str, Digits], str]


class DigitsStep(NamedTuple):
    """One step as stated: a function's name, the operation it is taken to be, the result."""

    name: str
    operation: str
    result: Digits


class DigitsChain(NamedTuple):
    """A parsed response: steps, of which the operations are the strategy, and final answer."""

    steps: tuple[DigitsStep, ...]
    answer: Digits


def parse_chain(response: str) -> DigitsChain | None:
    r"""Read a response; None where it is not a chain of this world.

    Example:
        >>> parse_chain(r" h:reverse=31284 \boxed{31284}").steps[0].operation
        'reverse'
    """
    match = _RESPONSE.fullmatch(response.strip())
    if match is None:
        return None
    steps = (
        DigitsStep(name, kind, digits(result)) for name, kind, result in _STEP.findall(match[1])
    )
    return DigitsChain(tuple(steps), digits(match[2]))


def write_chain(chain: DigitsChain) -> str:
    """The response of a chain; the inverse of `parse_chain`."""
    steps = "".join(f" {step.name}:{step.operation}={text(step.result)}" for step in chain.steps)
    return rf"{steps} \boxed{{{text(chain.answer)}}}"


def solve(question: DigitsQuestion, strategy: Strategy = operation) -> DigitsChain:
    """Work a question out step by step, by the meaning of its names or by another strategy."""
    steps: list[DigitsStep] = []
    number = question.number
    for name in question.names:
        kind = strategy(name, number)
        if question.family == "undo":
            kind = inverse(kind)
        number = OPERATIONS[kind](number)
        steps.append(DigitsStep(name, kind, number))
    return DigitsChain(tuple(steps), number)


def chain_valid(question: str, response: str) -> bool | None:
    r"""Whether a response solves its question by steps that hold.

    Valid: every function of the question is applied in its turn, as the operation that it is on
    the number at hand; each stated result follows from the one before it; the last is the final
    answer. A right answer reached by a wrong operation, or in spite of a slip, is not valid.

    Returns:
        None where the question is not of this world, or the response cannot be read as a chain.

    Example:
        >>> chain_valid("f(48213)", r" f:reverse=31284 \boxed{31284}")
        True
        >>> chain_valid("f(48213)", r" f:reverse=31285 \boxed{31285}")
        False
        >>> chain_valid("f(48213)", "It is 31284.") is None
        True
    """
    parsed, chain = parse_question(question), parse_chain(response)
    if parsed is None or chain is None:
        return None
    return chain == solve(parsed)
