"""LiveCodeBench: `*_eval_all.json`, an entry per problem with programs, responses and grades."""

from dataclasses import replace

from passk.core.rows import Row
from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FIELDS = Fields(
    response=("code_list",),
    problem=("question_id",),
    question=("question_content",),
    grade=("graded_list",),
    holds="program",
)


def narrow(_row: Row, fields: Fields) -> Fields:
    """Any other column than that of programs holds whole responses."""
    return fields if fields.response == FIELDS.response else replace(fields, holds="response")


FORMAT = LogFormat(
    "LiveCodeBench (*_eval_all.json)", FIELDS,
    lambda values, _path: {"question_id", "code_list"} <= values.keys(),
    narrow=narrow,
    note="Programs are read (code_list); --column response=output_list reads whole responses.",
    domain="code",
)  # fmt: skip
