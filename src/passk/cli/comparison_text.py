"""What `passk compare` says: the answers in a few lines."""

from pathlib import Path

from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.settings import COMPARED
from passk.core.words import count
from passk.report.context import ReportContext
from passk.report.finding import state_finding
from passk.report.html.sourced_values import to_text
from passk.report.reading import ReadDraw


def describe(context: ReportContext, out: Path) -> str:
    """The answers as text: pass@k of both with intervals, difference, crossover, coverage."""
    lines = []
    for draw, read in context.reading.draws.items():
        formats = ", ".join(dict.fromkeys(file.format for file in read.files))
        lines.append(
            f"{context.label(draw)}: {count(len(read.files), 'file')} ({formats}), "
            f"{count(read.problems, 'problem')}, {count(read.samples, 'sample')} "
            f"({_range(read.smallest, read.largest)} a problem)" + "".join(_noted(read))
        )
    lines += [f"note: {note}" for note in context.reading.notes]
    for name in context.set_names:
        heading = [f"{context.label(name)}:"] if len(context.set_names) > 1 else []
        lines += ["", *heading, *_curve(context, name), *_coverage(context, name)]
    for draw, read in context.reading.draws.items():
        if (agreed := read.agreement) is not None:
            kappa = "undefined" if agreed.kappa is None else f"{agreed.kappa:.3f}"
            lines.append(
                f"{context.label(draw)}: recorded grades differ on "
                f"{agreed.right_here + agreed.right_there} of {agreed.graded} samples "
                f"(Cohen's kappa {kappa})"
            )
    return "\n".join([*lines, "", to_text(state_finding(context)), f"page: {out}"])


def _noted(read: ReadDraw) -> list[str]:
    noted = (
        (read.only, "problem", "not compared: the other side lacks it, or has too few samples"),
        (read.missing, "row", "without a response"),
        (read.cut, "response", "cut at a stop string"),
        (read.running_on, "response", "running on behind its answer: name a --stop string"),
        (read.two_answers, "response", "with two final answers that differ; the last is judged"),
        (read.errors, "row", "without a sample, since something failed"),
        (read.truncated, "response", "ended at the limit"),
        (read.empty, "response", "without text"),
        (read.repeated, "response", "as an earlier file of the draw has it, word by word"),
        (read.scores, "score", "neither 1 nor 0, and no grade: name --grade-from"),
    )
    return [f"\n  {count(number, noun)} {what}" for number, noun, what in noted if number]


def _range(smallest: int, largest: int) -> str:
    return str(smallest) if smallest == largest else f"{smallest} to {largest}"


def _curve(context: ReportContext, name: str) -> list[str]:
    """A row for each k."""
    level = f"{context.analysis.bootstrap.level * 100:g}%"
    first, second = context.label(REFERENCE)[:26], context.label(CANDIDATE)[:26]
    lines = [f"{'pass@k':>6}  {first:<26}  {second:<26}  difference ({level})"]
    for row in sorted(
        context.rows("difference", comparison=COMPARED, set=name), key=lambda row: int(row["k"])
    ):
        cells = [_point(context, draw, name, row["k"]) for draw in (REFERENCE, CANDIDATE)]
        lines.append(
            f"{row['k']:>6}  {cells[0]:<26}  {cells[1]:<26}  "
            f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        )
    return lines


def _point(context: ReportContext, draw: str, name: str, k: int) -> str:
    row = context.row("pass_at_k", draw=draw, set=name, k=k)
    return "–" if row is None else f"{row['pass_at_k']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _coverage(context: ReportContext, name: str) -> list[str]:
    rows = {
        row["category"]: row["problems"]
        for row in context.rows("coverage", comparison=COMPARED, set=name)
    }
    lines = []
    crossover = context.row("crossover", comparison=COMPARED, set=name)
    if crossover is not None:
        k = crossover["crossover_k"]
        at = "none within n" if k is None else f"at k = {k:.1f}"
        lines.append(f"crossover: {at}; P(none) = {crossover['p_none']:.3f}")
    counts = [rows.get(c, 0) for c in ("both", "reference_only", "candidate_only", "neither")]
    lines.append(
        f"solved by both {counts[0]}, by {context.label(REFERENCE)} alone {counts[1]}, by "
        f"{context.label(CANDIDATE)} alone {counts[2]}, by neither {counts[3]}"
    )
    return lines
