"""What programs of the `programs` world are made of: Python expressions over a list `xs`.

An operation keeps some of the elements, changes each of them, rearranges the list, or ends in a
number. Several ways of writing one are equal; the first is the reference's.

Standard library only, as in all modules of this world.
"""

from typing import NamedTuple

KEEP, EACH, LIST, END = "keep", "each", "list", "end"


class Operation(NamedTuple):
    """One operation.

    Attributes:
        kind: KEEP (`ways` are conditions on x), EACH (expressions in x), LIST or END (expressions
            in `{xs}`). `{k}` is the step's constant.
        ways: equal ways of writing it.
    """

    kind: str
    ways: tuple[str, ...]


OPERATIONS: dict[str, Operation] = {
    "even": Operation(KEEP, ("x % 2 == 0",)),
    "odd": Operation(KEEP, ("x % 2 == 1", "x % 2 != 0")),
    "positive": Operation(KEEP, ("x > 0",)),
    "nonnegative": Operation(KEEP, ("x >= 0",)),
    "above": Operation(KEEP, ("x > {k}",)),
    "from": Operation(KEEP, ("x >= {k}",)),
    "below": Operation(KEEP, ("x < {k}",)),
    "up to": Operation(KEEP, ("x <= {k}",)),
    "multiples": Operation(KEEP, ("x % {k} == 0",)),
    "others": Operation(KEEP, ("x % {k} != 0",)),
    "square": Operation(EACH, ("x * x", "x ** 2")),
    "double": Operation(EACH, ("x * 2", "x + x")),
    "negate": Operation(EACH, ("-x",)),
    "size": Operation(EACH, ("abs(x)",)),
    "add": Operation(EACH, ("x + {k}",)),
    "subtract": Operation(EACH, ("x - {k}",)),
    "multiply": Operation(EACH, ("x * {k}",)),
    "divide": Operation(EACH, ("x // {k}",)),
    "truncate": Operation(EACH, ("int(x / {k})",)),
    "remainder": Operation(EACH, ("x % {k}",)),
    "ascending": Operation(LIST, ("sorted({xs})",)),
    "descending": Operation(LIST, ("sorted({xs}, reverse=True)", "sorted({xs})[::-1]")),
    "reverse": Operation(LIST, ("{xs}[::-1]", "list(reversed({xs}))")),
    "unique": Operation(LIST, ("list(dict.fromkeys({xs}))",)),
    "set": Operation(LIST, ("sorted(set({xs}))",)),
    "first": Operation(LIST, ("{xs}[:{k}]",)),
    "skip": Operation(LIST, ("{xs}[{k}:]",)),
    "last": Operation(LIST, ("{xs}[-{k}:]",)),
    "shorten": Operation(LIST, ("{xs}[:-{k}]",)),
    "seconds": Operation(LIST, ("{xs}[1::2]",)),
    "alternate": Operation(LIST, ("{xs}[::2]",)),
    "changes": Operation(LIST, ("[b - a for a, b in zip({xs}, {xs}[1:])]",)),
    "falls": Operation(LIST, ("[a - b for a, b in zip({xs}, {xs}[1:])]",)),
    "sum": Operation(END, ("sum({xs})",)),
    "count": Operation(END, ("len({xs})",)),
    "distinct": Operation(END, ("len(set({xs}))",)),
    "largest": Operation(END, ("max({xs}, default=0)",)),
    "some largest": Operation(END, ("max({xs})",)),
    "smallest": Operation(END, ("min({xs}, default=0)",)),
    "some smallest": Operation(END, ("min({xs})",)),
}


class ProgramStep(NamedTuple):
    """An operation with its constant; None where it has none."""

    operation: str
    constant: int | None = None

    @property
    def kind(self) -> str:
        """KEEP, EACH, LIST or END."""
        return OPERATIONS[self.operation].kind


def takes_constant(operation: str) -> bool:
    """Whether an operation has a constant."""
    return "{k}" in OPERATIONS[operation].ways[0]


def normal(step: ProgramStep) -> tuple[str, int | None]:
    """A step's meaning: equal for steps that do the same to every list of whole numbers.

    Example:
        >>> normal(ProgramStep("above", 3)) == normal(ProgramStep("from", 4))
        True
    """
    name, k = step
    match name:
        case "above" | "from" | "positive" | "nonnegative":
            least = {"above": (k or 0) + 1, "from": k, "positive": 1, "nonnegative": 0}[name]
            return "at least", least
        case "below" | "up to":
            return "below", (k or 0) + (name == "up to")
        case "even" | "odd":
            return {"even": "multiples", "odd": "others"}[name], 2
        case "double":
            return "multiply", 2
        case "subtract":
            return "add", -(k or 0)
    return name, k


def meaning(steps: tuple[ProgramStep, ...]) -> tuple[tuple[str, int | None], ...]:
    """What identifies a specification, whatever its words.

    Normal steps; conditions in a row are sorted, as their order does nothing.

    Example:
        >>> a, b = ProgramStep("even"), ProgramStep("above", 3)
        >>> meaning((a, b)) == meaning((b, ProgramStep("multiples", 2)))
        True
    """
    normalized: list[tuple[str, int | None]] = []
    run = 0  # conditions at the end of `found`, in any order the same
    for step in steps:
        normalized.append(normal(step))
        run = run + 1 if step.kind == KEEP else 0
        if run > 1:
            normalized[-run:] = sorted(normalized[-run:], key=str)
    return tuple(normalized)
