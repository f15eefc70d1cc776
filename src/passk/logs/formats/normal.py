"""What `passk import` writes."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "passk import",
    Fields(
        response=("text",),
        problem=("problem",),
        question=("question",),
        reference=("references",),
        set=("set",),
        number=("number",),
        grade=("grade",),
        finish=("finish",),
        tokens=("tokens",),
        seed=("seed",),
        step=("step",),
    ),
    lambda values, _path: {"problem", "references", "text", "holds", "finish"} <= values.keys(),
)
