r"""MathVista as its authors publish it: testmini.json, or the Parquet of AI4Math/MathVista.

A question is the benchmark's own query, but for the examples before it: the hint, the question with
its unit, the choices. The hint belongs to what is asked, since it alone tells the precision that an
answer is judged by. `image_present` and the other filters see every problem; 460 of testmini's
1,000 are free-form.

Not kept: captions and recognised text, which MathVista adds for models that see no images.

Example of a row (shortened):
    {"pid": "2", "question": "what is the total volume of the measuring cup?", "unit": "g",
     "image": "images/2.jpg", "choices": null, "precision": null, "answer": "1000",
     "question_type": "free_form", "answer_type": "integer",
     "metadata": {"source": "TextVQA", "task": "visual question answering", "skills": []}}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import optional, text, value
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.visual.readers import answer_types as visual

# (answer type, precision) -> what the benchmark's query says of the answer.
HINTS: Mapping[tuple[str, int | None], str] = {
    ("text", None): "question and provide the correct option letter, e.g., A, B, C, D, at the end.",
    ("integer", None): "question requiring an integer answer and provide the final value, "
    "e.g., 1, 2, 3, at the end.",
    ("float", 1): "question requiring a floating-point number with one decimal place and provide "
    "the final value, e.g., 1.2, 1.3, 1.4, at the end.",
    ("float", 2): "question requiring a floating-point number with two decimal places and provide "
    "the final value, e.g., 1.23, 1.34, 1.45, at the end.",
    ("list", None): "question requiring a Python list as an answer and provide the final list, "
    "e.g., [1, 2, 3], [1.2, 1.3, 1.4], at the end.",
}
_TAGS = ("task", "context", "grade", "source", "language", "category")
_NONE = "not applicable"


def query(asked: str, hint: str, unit: str | None, choices: tuple[str, ...]) -> str:
    """What a model is asked, as MathVista's `query`.

    Example:
        >>> print(query("How long?", "question.", "cm", ("1", "2")))
        Hint: Please answer the question.
        Question: How long? (Unit: cm)
        Choices:
        (A) 1
        (B) 2
    """
    found = f"Hint: Please answer the {hint}\nQuestion: {asked}"
    if unit:
        found += f" (Unit: {unit})"
    return f"{found}\nChoices:\n{visual.lettered(choices)}" if choices else found


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """The problems of MathVista."""
    del options
    for row in rows:
        name = str(value(row, "pid", (str, int)))
        kind, precision = text(row, "answer_type"), _precision(row, name)
        if (hint := HINTS.get((kind, precision))) is None:
            legal = ", ".join(f"{one} ({to})" if to else one for one, to in HINTS)
            raise RecordedError(
                f"{row.place}: problem {name!r}: answer_type {kind!r} with precision {precision} "
                f"is not supported; legal: {legal}. Leave the row out, or download the file again"
            )
        choices, unit = visual.texts(row, name, "choices"), optional(row, "unit")
        answer = text(row, "answer").strip()
        yield BenchmarkProblem(
            name=name,
            place=row.place,
            question=query(visual.question(row, name, "question"), hint, unit, choices).strip(),
            answer=visual.among(row, name, answer, choices) if choices else answer,
            answer_type=kind,
            tags=_tags(row),
            unit=unit,
            precision=precision,
            choices=choices or None,
            image_file=visual.image(row, name, "decoded_image", "image"),
        )


def _precision(row: Row, name: str) -> int | None:
    """Decimals; Parquet keeps them as floats."""
    found = row.values.get("precision")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found):
        raise RecordedError(
            f"{row.place}: problem {name!r}: precision is {found!r}; expected a whole number: "
            "download the file again"
        )
    return int(found)


def _tags(row: Row) -> tuple[str, ...]:
    about: Mapping[str, Any] = value(row, "metadata", dict)
    found = [about.get(tag) for tag in _TAGS]
    kept = [one for one in found if isinstance(one, str) and one != _NONE]
    return (*kept, *(one for one in about.get("skills") or () if isinstance(one, str)))
