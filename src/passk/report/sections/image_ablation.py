"""Image ablation: pass@1 with each problem's own image, and with that of another problem.

A set with `images: shuffled` asks the questions of its twin (the same source and filters) and
shows each with the image of another problem. A model that answers from its image falls there to
what guessing gives; one that does not use it solves as many as before.
"""

from collections.abc import Iterator, Mapping

from passk.report.context import ReportContext
from passk.report.entries import ReportedDraw, ReportedSet
from passk.report.html.tables import Cells, HtmlTable, format_point

TITLE = "Image ablation (shuffled images)"
CAPTION = (
    "The same questions with the image of another problem each. A model that uses its image "
    "falls there to what guessing gives; one that does not solves as many as with its own."
)


def tabulate_ablations(context: ReportContext) -> HtmlTable:
    """Pass@1 on own and on shuffled images, set by set; no rows where there is no control."""
    rows: list[Cells] = []
    for own, shuffled in find_twins(context.sets):
        for draw, other in _draws(context, own, shuffled):
            points = (
                format_point(context.row("pass_at_k", draw=by, set=name, k=1), by, name)
                for by, name in ((draw, own), (other, shuffled))
            )
            rows.append([[context.label(own)], [context.styles[draw].label], *points])
    return HtmlTable(
        ["Set", "Draw", "pass@1, own images", "pass@1, shuffled"],
        rows,
        frozenset({0, 1}),
        title=TITLE,
        caption=CAPTION,
    )


def find_twins(sets: Mapping[str, ReportedSet]) -> Iterator[tuple[str, str]]:
    """Each set with its control.

    Example:
        >>> own, control = ReportedSet("scenes"), ReportedSet("scenes", images="shuffled")
        >>> list(find_twins({"scenes": own, "shuffled": control}))
        [('scenes', 'shuffled')]
    """
    for name, control in sets.items():
        if control.shuffled:
            yield from ((own, name) for own, other in sets.items() if _is_twin(control, other))


def _is_twin(control: ReportedSet, other: ReportedSet) -> bool:
    """Whether a set is what a control was made from."""
    same = control.problems == other.problems and list(control.filters) == list(other.filters)
    return same and not other.shuffled


def _draws(context: ReportContext, own: str, shuffled: str) -> Iterator[tuple[str, str]]:
    """Draws of a set, each with itself or a draw like it that samples the control."""
    for draw, entry in context.draws.items():
        if context.row("pass_at_k", draw=draw, set=own, k=1) is None:
            continue
        alike = [
            name
            for name, other in context.draws.items()
            if context.row("pass_at_k", draw=name, set=shuffled, k=1) is not None
            and _settings(entry) == _settings(other)
        ]
        if alike:
            yield draw, draw if draw in alike else alike[0]


def _settings(draw: ReportedDraw) -> tuple[object, ...]:
    """What two draws of one model share where one asks a set and the other its control."""
    return (
        draw.model, draw.template, draw.temperature, draw.top_p, draw.max_new_tokens, draw.engine,
    )  # fmt: skip
