r"""Samples of a benchmark's problems that somebody else drew: each row names its problem.

evalplus-style files have `task_id` and `solution` (a whole program) or `completion` (what follows
the problem's prompt); others have the whole response. All become responses, the text from which
the grader takes a program: a program stands in a fenced block there. `import@NAME` and
`passk judge --domain code` both read samples here.

Example:
    >>> as_response("def f(x):\n    return x", "program", prefix="")
    '```python\ndef f(x):\n    return x\n```\n'
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import polars as pl

from passk.core.rows import RecordedError, Row
from passk.core.schemas.samples import RESPONSES
from passk.data.import_settings import Columns
from passk.data.imported import Hint, cell, read_samples, under_columns
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.benchmark_tables import problem_table
from passk.domains.domain import Domain

Holds = Literal["response", "program", "completion"]

# Names under which files in the wild keep these columns, in order of preference.
NAMES = ("task_id", "question_id", "problem_id", "pid", "id")
TEXTS = ("response", "solution", "completion", "code_list", "code")
# What a column of that name holds; any other holds responses.
_HOLDS: dict[str, Holds] = {
    "solution": "program", "code": "program", "code_list": "program", "completion": "completion",
}  # fmt: skip


class Answered(NamedTuple):
    """A problem with its samples.

    Attributes:
        position: of the problem in its benchmark.
        problem: itself.
        samples: number, response and recorded grade of each, in the order of the file.
    """

    position: int
    problem: BenchmarkProblem
    samples: list[tuple[int, str, bool | None]]


def named(rows: Sequence[Row], columns: Columns) -> Columns:
    """The columns of a file of samples, by their usual names where they are not named rightly."""
    cells = rows[0].values
    chosen: dict[str, str | None] = {}
    if columns.problem_id is None:
        chosen["problem_id"] = next((name for name in NAMES if name in cells), None)
    if columns.response not in cells:
        chosen["response"] = next((name for name in TEXTS if name in cells), columns.response)
    return columns.model_copy(update=chosen)


def as_response(cell_text: str, holds: Holds, prefix: str) -> str:
    """The response that a cell stands for."""
    if holds == "response":
        return cell_text
    program = prefix + cell_text if holds == "completion" else cell_text
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", program)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}python\n{program}\n{fence}\n"


def join(
    rows: Sequence[Row],
    problems: Sequence[BenchmarkProblem],
    columns: Columns,
    holds: Holds | None = None,
    *,
    partial: bool = False,
    others: bool = False,
    hint: Hint = under_columns,
) -> list[Answered]:
    """Problems with their samples, in the order of the benchmark.

    Args:
        rows: of the file of samples; cells may hold a list, one entry per sample.
        problems: of the benchmark.
        columns: what the file calls its columns; see `named`. Columns of questions and gold
            answers are not looked at.
        holds: what the cells hold; None: what the column's name says (`solution` and `code` a
            program, `completion` what continues the prompt, else a whole response).
        partial: whether problems may be without a sample; such are left out.
        others: whether rows may name problems that the benchmark does not have; likewise.
        hint: says what to do about a missing column.

    Raises:
        RecordedError: an unknown problem, a missing column, a sample index twice, or problems
            without a sample.
    """
    columns = named(rows, columns)
    if columns.problem_id is None:
        raise RecordedError(
            f"{rows[0].place}: no column names the problem; found {sorted(rows[0].values)}. "
            f"{hint('problem_id')}"
        )
    kind: Holds = holds or _HOLDS.get(columns.response, "response")
    known = {problem.name: Answered(index, problem, []) for index, problem in enumerate(problems)}
    taken: dict[tuple[str, int], str] = {}
    for row in rows:
        name = str(cell(row, columns, "problem_id", hint))
        if name not in known and others:
            continue
        if name not in known:
            raise RecordedError(
                f"{row.place}: {columns.problem_id} is {name!r}, and no problem of the benchmark "
                f"has that name (its first is {problems[0].name!r}); is it another benchmark's? "
                "`others: true` (`passk judge`: --part) leaves such rows out"
            )
        answered = known[name]
        for sample in read_samples(row, columns, hint):
            index = len(answered.samples) if sample.number is None else sample.number
            if (first := taken.setdefault((name, index), row.place)) != row.place:
                raise RecordedError(
                    f"{row.place}: sample index {index} of {name} was taken in {first}"
                )
            response = as_response(sample.text, kind, answered.problem.prefix)
            answered.samples.append((index, response, sample.grade))
    lacking = [answered.problem.name for answered in known.values() if not answered.samples]
    if len(lacking) == len(known):
        raise RecordedError(
            f"{rows[0].place.split(',')[0]}: no row answers a problem of the benchmark; is it "
            "another benchmark's?"
        )
    if lacking and not partial:
        raise RecordedError(
            f"{rows[0].place.split(',')[0]}: {len(lacking)} problems of the benchmark have no "
            f"sample, first {lacking[0]!r}; add them, or leave these problems out by "
            "`partial: true` (`passk judge`: --part)"
        )
    return [answered for answered in known.values() if answered.samples]


def tables(
    answered: Sequence[Answered], name: str, domain: Domain, title: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Problems and responses that keep the contracts PROBLEMS and RESPONSES.

    Args:
        answered: from `join`; of domain code with expected outputs.
        name: of the set.
        domain: of the problems.
        title: of the benchmark.
    """
    problems = problem_table(
        [entry.problem for entry in answered],
        name,
        domain,
        title,
        [entry.position for entry in answered],
    )
    identities = dict(problems.select("index", "problem_id").iter_rows())
    responses = [
        (identities[entry.position], number, text, grade)
        for entry in answered
        for number, text, grade in entry.samples
    ]
    return problems, RESPONSES.check(
        pl.DataFrame(responses, schema=dict(RESPONSES.columns), orient="row")
    )
