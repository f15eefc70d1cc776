r"""MathVision (MATH-V) as its authors publish it: testmini.jsonl, test.jsonl, or the Hub's Parquet.

All images of a problem are drawn as one image. A question's only placeholder `<image1>` stands
for it and goes, as the image stands before the text; where several number the parts of the
image (1 in 9 problems), sentences refer to them and all stay; so does the placeholder of a
question that stands in its image (`test` has one). Choices stand below the question as
in the authors' own prompts: not where they are the letters of drawings in the image.

The answer of a multiple-choice problem is published as a letter, and kept as the text of that
choice. Of free-form answers, dollar signs and a `\boxed{}` around the whole go, and the control
character that a backslash and `f` became in two of them is mended.

Example of a row:
    {"id": "4", "question": "How many digits can you find in this picture?\n<image1>",
     "options": [], "answer": "6", "solution": null, "level": 1, "subject": "counting",
     "image": "images/4.jpg"}
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import text, value
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.visual.readers import answer_types as visual

_PLACEHOLDER = re.compile(r"<image\d+>")
_LETTERS = "ABCDE"


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """The problems of MathVision."""
    del options
    for row in rows:
        name = str(value(row, "id", (str, int)))
        choices = visual.texts(row, name, "options")
        answer = text(row, "answer").strip()
        answer = _chosen(row, name, answer, choices) if choices else _bare(answer)
        yield BenchmarkProblem(
            name=name,
            place=row.place,
            question=_question(row, name, choices),
            answer=answer,
            answer_type="text" if choices else visual.answer_type(answer),
            tags=(text(row, "subject"), f"level-{value(row, 'level', (int, str))}"),
            choices=choices or None,
            image_file=visual.image(row, name, "decoded_image", "image"),
        )


def _question(row: Row, name: str, choices: tuple[str, ...]) -> str:
    asked = visual.question(row, name, "question")
    if len(_PLACEHOLDER.findall(asked)) == 1:
        bare = re.sub(r"\n\s*\n", "\n", _PLACEHOLDER.sub("", asked)).strip()
        asked = bare or asked
    if choices and choices != tuple(_LETTERS[: len(choices)]):
        asked = f"{asked}\n{visual.lettered(choices)}"
    return asked.strip()


def _chosen(row: Row, name: str, letter: str, choices: tuple[str, ...]) -> str:
    """The text of the choice that a letter names."""
    if len(letter) != 1 or not 0 <= (place := ord(letter) - ord("A")) < len(choices):
        raise RecordedError(
            f"{row.place}: problem {name!r}: answer {letter!r} names none of its {len(choices)} "
            "options; download the file again"
        )
    return choices[place]


def _bare(answer: str) -> str:
    r"""An answer without what is around all of it.

    Example:
        >>> _bare(r"$\boxed{\frac{16}{7}}$"), _bare("\x0crac{36}{13}"), _bare("$4$ or $5$")
        ('\\frac{16}{7}', '\\frac{36}{13}', '$4$ or $5$')
    """
    answer = answer.replace("\x0c", r"\f")
    if answer.startswith("$") and answer.endswith("$") and answer.count("$") == 2:
        answer = answer[1:-1].strip()
    if answer.startswith(r"\boxed{") and answer.endswith("}") and answer.count(r"\boxed") == 1:
        answer = answer[len(r"\boxed{") : -1]
    return answer
