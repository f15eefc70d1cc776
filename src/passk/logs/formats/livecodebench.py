"""LiveCodeBench: `*_eval_all.json`, an entry per problem with programs, responses and grades."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "LiveCodeBench (*_eval_all.json)",
    Fields(
        response=("code_list",),
        problem=("question_id",),
        grade=("graded_list",),
        holds="program",
    ),
    lambda values, _path: {"question_id", "code_list"} <= values.keys(),
)
