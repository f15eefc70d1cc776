r"""Geometry3K as EasyR1 trains on it: the Parquet files of hiyouga/geometry3k.

Written from the dataset's page, not tried on a file of it: columns `images` (a list of
`{bytes, path}`), `problem` (a text that begins with `<image>`), `answer`, and in a later revision
`id`, `choices` and `ground_truth`. EasyR1 puts the image in place of `<image>` and shows no
choices, so `<image>` goes, and the choices are not kept: the problem is asked free-form.

Example of a row:
    {"images": [{"bytes": b"...", "path": None}], "problem": "<image>Find x.", "answer": "3"}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import gold_answer, value
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.visual.readers import answer_types as visual

_PLACEHOLDER = "<image>"


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """The problems of Geometry3K; without a column `id` they are named by their place."""
    del options
    for place, row in enumerate(rows):
        name = str(value(row, "id", (int, str)) if "id" in row.values else place)
        answer = gold_answer(value(row, "answer", (str, int, float)), f"{row.place}, {name!r}")
        yield BenchmarkProblem(
            name=name,
            place=row.place,
            question=_question(row, name),
            answer=answer,
            answer_type=visual.answer_type(answer),
            image_file=_image(row, name),
        )


def _question(row: Row, name: str) -> str:
    asked = visual.question(row, name, "problem").strip()
    before, mark, after = asked.partition(_PLACEHOLDER)
    if before.strip() or _PLACEHOLDER in after:
        raise RecordedError(
            f"{row.place}: problem {name!r}: {_PLACEHOLDER} stands elsewhere than once before the "
            "text, and prompts show one image there; remove the row"
        )
    if mark and not after.strip():
        raise RecordedError(
            f"{row.place}: problem {name!r} has no question, only an image; remove the row"
        )
    return (after if mark else asked).strip()


def _image(row: Row, name: str) -> str | bytes:
    """The only image of a row."""
    found = value(row, "images", list)
    if len(found) != 1:
        raise RecordedError(
            f"{row.place}: problem {name!r}: {len(found)} images; expected one"
            f"{'' if found else ': a question without its image'}. Remove the row"
        )
    return visual.image(Row(row.place, {"images": found[0]}), name, "images")
