"""Responses shown whole: what each model wrote for the hardest problems, right and wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from passk.core.schemas.verdicts import CORRECT, WRONG
from passk.report.material import Material
from passk.report.numbers import Number, Part, source
from passk.report.pictures import Inline, embedded
from passk.report.plots import DOMAINS

LONGEST = 4000  # characters of a response or a question; what is cut is said
STATED = ("Choices:", "(A) ")  # in a question that lists its choices itself


@dataclass(frozen=True)
class Response:
    """What one model wrote.

    Attributes:
        title: the model and the verdict, numbers with their source.
        text: the response; empty where the model has none of this verdict.
    """

    title: tuple[Part, ...]
    text: str


@dataclass(frozen=True)
class Example:
    """One problem.

    Attributes:
        title: set and index of the problem.
        question: as the problem has it.
        responses: of the base model and of the trained one, right ones first.
        choices: what may be answered; empty where the answer is free or the question lists them.
        picture: what the question shows, or None.
    """

    title: str
    question: str
    responses: tuple[Response, ...]
    choices: tuple[str, ...] = ()
    picture: Inline | None = None


def whole(material: Material, section: str) -> tuple[Example, ...]:
    """Examples of a section: those of its name, or all that are of no domain in `examples`."""
    names = [section] if section in DOMAINS else [n for n in material.examples if n not in DOMAINS]
    return tuple(
        example for name in names if name in material.examples for example in _of(material, name)
    )


def _of(material: Material, name: str) -> list[Example]:
    """The problems of one entry, the hardest first."""
    table = material.examples[name].sort("rank")
    draws = [draw for draw in material.draws if draw in set(table["draw"])]
    found = []
    for part in table.partition_by("rank", maintain_order=True):
        rows = part.to_dicts()
        first = rows[0]
        found.append(
            Example(
                f"{material.label(first['set'])}, problem {first['index']}",
                _cut(first["question"]),
                tuple(_responses(material, name, draws, rows)),
                ()
                if any(one in first["question"] for one in STATED)
                else tuple(first["choices"] or ()),
                None if first["picture"] is None else embedded(first["picture"]),
            )
        )
    return found


def _responses(
    material: Material, name: str, draws: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[Response]:
    """A right and a wrong response of each draw to one problem, or that there is none."""
    found = {(row["draw"], row["verdict"]): row for row in rows}
    told = {row["draw"]: row for row in rows}
    responses = []
    for verdict in (CORRECT, WRONG):
        for draw in (draw for draw in draws if draw in told):
            row = found.get((draw, verdict))
            label, entry = material.looks[draw].label, told[draw]
            key = {column: entry[column] for column in ("draw", "problem_id", "verdict")}
            at = source(f"examples-{name}", "c", **key)
            count = Number(f"{entry['c']} of {entry['n']}", entry["c"], at)
            said: tuple[Part, ...] = (f"{label}, {verdict}: none, ", count, " correct")
            if row is not None:
                said = (f"{label}, {verdict}: {row['reason']}; ", count, " correct")
            responses.append(Response(said, "" if row is None else _cut(row["text"])))
    return responses


def _cut(text: str) -> str:
    """A text, or its beginning with what is left out.

    Example:
        >>> _cut("a" * 4001)[-22:]
        'a … (1 more character)'
    """
    text = text.strip("\n")
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]} … ({more} more character{'s' * (more > 1)})"
