"""Responses shown whole: what each model wrote for the hardest problems, right and wrong."""

from dataclasses import dataclass

from passk.report.material import Material
from passk.report.numbers import Number, Part, source
from passk.report.plots import DOMAINS
from passk.schemas.verdicts import CORRECT, WRONG

LONGEST = 4000  # characters of a response or a question; what is cut is said


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
    """

    title: str
    question: str
    responses: tuple[Response, ...]


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
        rows = {(row["draw"], row["verdict"]): row for row in part.to_dicts()}
        first = part.row(0, named=True)
        told = {row["draw"]: row for row in part.to_dicts()}
        responses = []
        for verdict in (CORRECT, WRONG):
            for draw in (draw for draw in draws if draw in told):
                row = rows.get((draw, verdict))
                label, entry = material.looks[draw].label, told[draw]
                key = {
                    "draw": draw, "problem_id": entry["problem_id"], "verdict": entry["verdict"],
                }  # fmt: skip
                count = Number(
                    f"{entry['c']} of {entry['n']}",
                    entry["c"],
                    source(f"examples-{name}", "c", **key),
                )
                said: tuple[Part, ...] = (f"{label}, {verdict}: none, ", count, " correct")
                if row is not None:
                    said = (f"{label}, {verdict}: {row['reason']}; ", count, " correct")
                responses.append(Response(said, "" if row is None else _cut(row["text"])))
        title = f"{material.label(first['set'])}, problem {first['index']}"
        found.append(Example(title, _cut(first["question"]), tuple(responses)))
    return found


def _cut(text: str) -> str:
    """A text, or its beginning with what is left out.

    Example:
        >>> _cut("a" * 4001)[-22:]
        'a … (1 more character)'
    """
    text = text.strip("\n")
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]} … ({more} more character{'s' * (more > 1)})"
