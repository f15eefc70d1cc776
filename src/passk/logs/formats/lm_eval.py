"""lm-evaluation-harness: `samples_TASK_DATE.jsonl`, a line per document and filter."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.recorded_values import references
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values, log_rows
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("resps",),
    problem=("doc_id",),
    question=(
        "doc.problem", "doc.question", "doc.Question", "doc.Problem", "doc.prompt",
        "arguments.gen_args_0.arg_0", "arguments[0][0]",
    ),
    reference=("target",),
)  # fmt: skip
_DATED = re.compile(r"samples_(.+)_\d{4}-\d\d-\d\dT[\d.-]+")
# What a request by log-likelihood holds, once it is text: `(-3.2, False)`, or its two parts.
_LIKELIHOOD = re.compile(r"\(?-?(?:\d+(?:\.\d+)?(?:e-?\d+)?|inf|nan)(?:, (?:True|False)\))?")
_REPEATED = "__filter__"


def recognises(values: Values, _path: object) -> bool:
    """Whether a row is of this format."""
    return {"doc_id", "resps", "target"} <= values.keys()


def task(path: Path) -> str | None:
    """The task, which the file's name alone tells."""
    match = _DATED.match(path.name)
    return match[1] if match else None


def rows(path: Path) -> Iterator[Row]:
    """Rows; of versions that did not name filters (2024), the lines of each by a number."""
    seen: dict[tuple[str, int], int] = {}
    for row in log_rows(path):
        if "filter" in row.values:
            yield row
            continue
        key = str(row.values.get("doc_id")), hash(repr(row.values.get("resps")))
        seen[key] = seen.get(key, 0) + 1
        yield Row(row.place, row.values | {_REPEATED: f"the {seen[key]}. of a document"})


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The repeats of a document.

    The metric grades the filtered answer, not the response. It is the recorded grade where a
    document has one response, or where the scores of each repeat stand beside it.
    """
    texts = _texts(row)
    values = row.values | {"resps": texts, "target": _target(row.values.get("target"))}
    if not fields.grade:
        values["__grade__"] = _grades(row.values, len(texts))
        fields = replace(fields, grade=("__grade__",))
    yield from samples(Row(row.place, values), fields)


def _texts(row: Row) -> list[str]:
    """The responses: of one request `[[repeat, repeat, ...]]`.

    Raises:
        RecordedError: there are none, say since choices were scored by their likelihood.
    """
    responses = row.values.get("resps")
    if not isinstance(responses, list) or not responses:
        raise RecordedError(f"{row.place}: `resps` is no list of responses; is the file complete?")
    texts = responses[0] if isinstance(responses[0], list) else responses
    arguments = row.values.get("arguments")
    scored = len(arguments) > 1 if isinstance(arguments, dict | list) else False
    if scored or not all(isinstance(text, str) and not _is_score(text) for text in texts):
        raise RecordedError(
            f"{row.place}: `resps` holds no generated text; a task of multiple choice by "
            "log-likelihood has no samples to judge: run a task that generates"
        )
    return list(texts)


def _is_score(text: str) -> bool:
    return text.endswith(("False)", "True)")) and _LIKELIHOOD.fullmatch(text) is not None


def _target(target: object) -> object:
    """Right answers: a list of them was written as text, `['Paris', 'paris']`."""
    if isinstance(target, str) and target.startswith("[") and target.endswith("]"):
        try:
            values = ast.literal_eval(target)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return target  # an interval, `[1, 2)`, or a matrix
        if isinstance(values, list) and values and all(isinstance(v, str) for v in values):
            return list(references(values, "target"))
    return target


def _grades(values: Values, size: int) -> list[bool | None] | None:
    for name in values.get("metrics") or (n for n in ("exact_match", "acc") if n in values):
        repeats = (values.get("scores_per_repeat") or {}).get(name)
        scores = repeats if isinstance(repeats, list) else [values.get(name)]
        if len(scores) == size and all(_is_grade(score) for score in scores):
            return [bool(score) for score in scores]
    return None


def _is_grade(score: object) -> bool:
    return isinstance(score, int | float) and score in {0, 1}


FORMAT = LogFormat(
    "lm-evaluation-harness (samples_*.jsonl)", FIELDS, recognises, rows=rows, read=read,
    set_of=task, scorer=("filter", _REPEATED),
    settings=("arguments.gen_args_0.arg_1", "arguments[0][1]"),
    note="A line per document and filter: lines of the first filter are read, or of "
    "--where filter=NAME. A grade is that of the filtered answer.",
)  # fmt: skip
