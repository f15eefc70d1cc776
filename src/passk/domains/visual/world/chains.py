r"""Chains of thought of the `scenes` world: what is seen, then step by step, then the answer.

    b7 g2 r3 y5; reverse: y5 r3 g2 b7; front g: g2 y5 r3 b7; \boxed{2537}

Standard library only.
"""

from collections.abc import Callable
from typing import NamedTuple

from passk.domains.visual.world.operations import apply
from passk.domains.visual.world.questions import Asked, SceneQuestion, operation, parse_question
from passk.domains.visual.world.scene import Items, Scene, number, read, text

# Chooses the operation of a step.
Strategy = Callable[[Asked, Scene], str]


class SceneStep(NamedTuple):
    """An operation, with its colour, and the items behind it."""

    operation: str
    result: Items


class SceneChain(NamedTuple):
    """A parsed response: what is seen, steps, and the final answer."""

    seen: Items
    steps: tuple[SceneStep, ...]
    answer: str


def solve(question: SceneQuestion, scene: Scene, strategy: Strategy = operation) -> SceneChain:
    """Work a question out by the meaning of its phrases, or by another strategy."""
    items, steps = scene.items, []
    for asked in question.asked:
        word = strategy(asked, scene)
        done = apply(word, items)
        assert done is not None, f"no operation {word!r}"
        items = done
        steps.append(SceneStep(word, items))
    return SceneChain(scene.items, tuple(steps), number(items))


def write_chain(chain: SceneChain) -> str:
    """The response of a chain; the inverse of `parse_chain`."""
    steps = "".join(f" {step.operation}: {text(step.result)};" for step in chain.steps)
    return rf" {text(chain.seen)};{steps} \boxed{{{chain.answer}}}"


def parse_chain(response: str) -> SceneChain | None:
    r"""Read a response; None where it is not a chain of this world.

    Example:
        >>> parse_chain(r" r3 b7; reverse: b7 r3; \boxed{73}").steps[0].operation
        'reverse'
    """
    *lines, last = response.strip().split("; ")
    if not lines or not (last.startswith(r"\boxed{") and last.endswith("}")):
        return None
    steps = []
    for line in lines[1:]:
        word, colon, result = line.partition(": ")
        items = read(result)
        if not colon or not items:
            return None
        steps.append(SceneStep(word, items))
    answer, seen = last[len(r"\boxed{") : -1], read(lines[0])
    return SceneChain(seen, tuple(steps), answer) if seen and answer.isdecimal() else None


def chain_valid(question: str, response: str, shown: str | None) -> bool | None:
    r"""Whether a response reads the image right and solves its question by steps that hold.

    Args:
        question: its text.
        response: to be read.
        shown: the scene, as the column `tests` of the problem table has it.

    Returns:
        None where the question is not of this world, or the response cannot be read as a chain.

    Example:
        >>> scene = Scene("chart", read("b7 g2 r3 y5"), "white", "left").dump()
        >>> asked = "Read the bars, blue to yellow: backwards. Which number?"
        >>> chain_valid(asked, r" b7 g2 r3 y5; reverse: y5 r3 g2 b7; \boxed{5327}", scene)
        True
        >>> chain_valid(asked, r" b7 g2 r3 y5; ends: y5 g2 r3 b7; \boxed{5237}", scene)
        False
    """
    asked, chain = parse_question(question), parse_chain(response)
    if asked is None or chain is None or shown is None:
        return None
    return chain == solve(asked, Scene.load(shown))
