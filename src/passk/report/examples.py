"""Responses shown whole: what each model wrote for the hardest problems, right and wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from passk.analysis.questions.tracing import ResultRow
from passk.core.schemas.verdicts import CORRECT, WRONG
from passk.report.context import ReportContext
from passk.report.domains import EXAMPLE_RENDERERS, RenderedQuestion
from passk.report.html.sourced_values import Part, SourcedValue, cite

LONGEST = 4000  # characters of a response or a question; what is cut is counted


@dataclass(frozen=True)
class ExampleResponse:
    """What one model wrote.

    Attributes:
        title: the model and the verdict, numbers with their source.
        text: the response; empty where the model has none of this verdict.
    """

    title: tuple[Part, ...]
    text: str


@dataclass(frozen=True)
class ProblemExample:
    """One problem.

    Attributes:
        title: set and index of the problem.
        question: as its domain shows it.
        responses: of the base model and of the trained one, right ones first.
    """

    title: str
    question: RenderedQuestion
    responses: tuple[ExampleResponse, ...]


def show_examples(context: ReportContext, names: Sequence[str]) -> tuple[ProblemExample, ...]:
    """The problems of several entries of `examples`, where the study has them."""
    present = [name for name in names if name in context.examples]
    return tuple(example for name in present for example in _examples(context, name))


def _examples(context: ReportContext, name: str) -> list[ProblemExample]:
    """The problems of one entry, the hardest first."""
    # An entry that is not called like a domain may have images.
    render = EXAMPLE_RENDERERS[name if name in EXAMPLE_RENDERERS else "visual"]
    table = context.examples[name].sort("rank")
    draws = [draw for draw in context.draws if draw in set(table["draw"])]
    examples = []
    for part in table.partition_by("rank", maintain_order=True):
        rows = part.to_dicts()
        question = render(rows[0])
        examples.append(
            ProblemExample(
                f"{context.label(rows[0]['set'])}, problem {rows[0]['index']}",
                replace(question, text=_cut(question.text)),
                tuple(_responses(context, name, draws, rows)),
            )
        )
    return examples


def _responses(
    context: ReportContext, name: str, draws: Sequence[str], rows: Sequence[ResultRow]
) -> list[ExampleResponse]:
    """A right and a wrong response of each draw to one problem, or that there is none."""
    by_verdict = {(row["draw"], row["verdict"]): row for row in rows}
    by_draw = {row["draw"]: row for row in rows}
    responses = []
    for verdict in (CORRECT, WRONG):
        for draw in (draw for draw in draws if draw in by_draw):
            row = by_verdict.get((draw, verdict))
            label, entry = context.styles[draw].label, by_draw[draw]
            key = {column: entry[column] for column in ("draw", "problem_id", "verdict")}
            at = cite(f"examples-{name}", "c", **key)
            count = SourcedValue(f"{entry['c']} of {entry['n']}", entry["c"], at)
            title: tuple[Part, ...] = (f"{label}, {verdict}: none, ", count, " correct")
            if row is not None:
                title = (f"{label}, {verdict}: {row['reason']}; ", count, " correct")
            responses.append(ExampleResponse(title, "" if row is None else _cut(row["text"])))
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
