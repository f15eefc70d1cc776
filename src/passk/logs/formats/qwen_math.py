"""Qwen2.5-Math, SimpleRL-Zoo and limit-of-RLVR: `idx`, `gt`, `code`; a file per seed."""

import re
from pathlib import Path

from passk.logs.fields import Fields
from passk.logs.format import LogFormat, Values


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"idx", "gt", "code"} <= values.keys()


FORMAT = LogFormat(
    "Qwen2.5-Math evaluation (SimpleRL-Zoo, limit-of-RLVR)",
    Fields(
        response=("code",),
        problem=("idx",),
        question=("question",),
        reference=("gt",),
        grade=("score",),
        finish=("finish_reason",),
    ),
    recognises,
    seed=re.compile(r"seed_?(\d+)"),
    note="`code` is the response, not a program. A file per seed: give them all.",
)
