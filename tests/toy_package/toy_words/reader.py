"""A reader of word lists: {"id": "1", "word": "rose"}, a word a line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import text
from passk.domains.benchmark_problem import BenchmarkProblem


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """A problem for each word.

    Args:
        rows: of the file.
        options: `column`, which holds the word.

    Raises:
        RecordedError: a row has no word, or more than one.
    """
    for row in rows:
        word = text(row, options["column"])
        if len(word.split()) != 1:
            raise RecordedError(f"{row.place}: {word!r} is not one word; remove the row")
        yield BenchmarkProblem(
            name=text(row, "id"),
            place=row.place,
            question=f"What is {word} backwards?",
            answer=word[::-1],
            answer_type="text",
        )
