"""The finding in one sentence, every number generated from the result tables."""

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.ends import find_lead
from passk.report.context import ReportContext, sort_rows
from passk.report.html.intervals import format_crossing, format_interval
from passk.report.html.sourced_values import Part, SourcedValue, bound_shares, cite

_FEW = 4  # sets: of more, each has no sentence of its own


def state_finding(context: ReportContext) -> list[Part]:
    """What was found for the first comparison; without comparisons, for each draw.

    It is of the first set, or of each where the context says so; of many it is said on which one
    solves more. Where the tables hold nothing yet, the sentence says so.
    """
    found = list(context.comparisons_and_sets("difference"))
    of_first = [(name, rows) for comparison, name, rows in found if comparison == found[0][0]]
    if len(of_first) > _FEW and context.finding_of_each:
        return _compared_on_many(context, found[0][0], of_first)
    if found:
        shown = of_first if context.finding_of_each else of_first[:1]
        sentences = [[*_compared(context, found[0][0], *of_set), " "] for of_set in shown]
        return [part for sentence in sentences for part in sentence][:-1]
    alone = [part for draw in context.curves for part in _alone(context, draw)]
    return [*alone[:-1], "."] if alone else ["No draw has been counted yet."]


def _compared(
    context: ReportContext, comparison: str, name: str, rows: list[ResultRow]
) -> list[Part]:
    """Base against RL at the smallest and the largest k that both have."""
    base, rl = context.comparisons[comparison].reference, context.comparisons[comparison].candidate
    rows = [dict(row) for row in sort_rows(rows, "k")]
    parts: list[Part] = [f"On {context.label(name)} (", *_problems(context, base, name), "), "]
    ends = rows[:1] + rows[1:][-1:]
    ahead = [_ahead(context, base, rl, row) for row in ends]
    for i, row in enumerate(ends):
        parts += [" and " if i else ""]
        again = context.roles.named and i and ahead[i] == ahead[0]
        parts += ["" if again else f"{ahead[i]} ", f"at k = {row['k']} ("]
        parts += [*_against(context, (rl, base), name, row["k"]), ")"]
    if (crossing := context.row("crossover", comparison=comparison, set=name)) is not None:
        crossed = format_crossing(crossing, ends[-1]["k"])
        parts += ["; ", *bound_shares(crossed, context.analysis.bootstrap.resamples)]
        if crossing["crossover_k"] is None:
            key = {"comparison": comparison, "set": name, "k": ends[-1]["k"]}
            parts += [f", with a difference {context.roles.trained} − {context.roles.base}"]
            parts += [f" at k = {ends[-1]['k']} of "]
            parts += format_interval("difference", "difference", ends[-1], key, signed=True)
    return [*parts, "."]


def _compared_on_many(
    context: ReportContext, comparison: str, found: list[tuple[str, list[ResultRow]]]
) -> list[Part]:
    """On which sets who solves more, at the smallest and at the largest k of each."""
    base, rl = context.comparisons[comparison].reference, context.comparisons[comparison].candidate
    sentences = []
    for end, at in ((0, "the smallest k"), (-1, "the largest k")):
        names: dict[str, list[str]] = {}
        for name, rows in found:
            row = dict(sort_rows(rows, "k")[end])
            ahead = _ahead(context, base, rl, row)
            names.setdefault(ahead, []).append(f"{context.label(name)} (k = {row['k']})")
        said = "; ".join(f"{ahead} on {', '.join(sets)}" for ahead, sets in names.items())
        sentences.append(f"At {at} of each of {len(found)} sets: {said}.")
    return [" ".join(sentences)]


def _ahead(context: ReportContext, base: str, rl: str, row: ResultRow) -> str:
    """Who solves more at one k, as far as tests tell: at k = n McNemar's, else as claims judge."""
    labels = {1: context.styles[rl].label, -1: context.styles[base].label}
    which = find_lead(row, context.analysis.bootstrap.level)
    if which:
        return f"{labels[which]} solves more"
    return f"{labels[1]} and {labels[-1]} are not told apart"


def _against(context: ReportContext, draws: tuple[str, ...], name: str, k: int) -> list[Part]:
    """Pass@k of several draws at one k."""
    parts: list[Part] = [f"pass@{k} "]
    for draw in draws:
        row = context.row("pass_at_k", draw=draw, set=name, k=k)
        if row is None:
            continue
        parts += [f"{context.styles[draw].label} "]
        parts += format_interval("pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": k})
        parts += [", "]
    return parts[:-1]


def _alone(context: ReportContext, draw: str) -> list[Part]:
    """One draw on the first set that it samples."""
    for name in context.set_names:
        ends = context.ends(draw, name)
        if not ends:
            continue
        single = len(context.curves) == 1
        parts: list[Part] = [] if single else [f"{context.styles[draw].label}: "]
        for row in ends:
            key = {"draw": draw, "set": name, "k": row["k"]}
            parts += [
                f"pass@{row['k']} = ",
                *format_interval("pass_at_k", "pass_at_k", row, key),
                ", ",
            ]
        parts = [*parts[:-1], " over ", *_problems(context, draw, name)]
        parts += [f" ({context.label(name)})"]
        unsolved = context.row("histogram", draw=draw, set=name, bin=0)
        if unsolved:
            at = cite("histogram", "problems", draw=draw, set=name, bin=0)
            count = unsolved["problems"]
            parts += [", ", SourcedValue(str(count), count, at), " unsolved"]
        return [*parts, "; "]
    return []


def _problems(context: ReportContext, draw: str, name: str) -> list[Part]:
    """How many problems a set has."""
    row = context.ends(draw, name)[0]
    at = cite("pass_at_k", "problems", draw=draw, set=name, k=row["k"])
    return [SourcedValue(str(row["problems"]), row["problems"], at), " problems"]
