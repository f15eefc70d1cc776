"""Qwen2.5-Math, SimpleRL-Zoo and limit-of-RLVR: `idx`, `gt`, `code`; a file per seed."""

import re
from pathlib import Path

from passk.logs.fields import Fields
from passk.logs.format import LogFormat, Values

# Folders of its benchmarks: a folder of another name tells nothing.
_BENCHMARKS = re.compile(
    r"(?:gsm8k|math(?:[-_]?500|_oai)?|minerva_math|olympiadbench|aime\d\d|amc\d\d|svamp|asdiv|mawps"
    r"|carp_en|tabmwp|gaokao\w*|college_math|cmath|cn_middle_school|mmlu_stem|sat_math|aqua)"
)


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"idx", "gt", "code"} <= values.keys()


def set_of(path: Path) -> str | None:
    """The benchmark, which the folder tells."""
    name = path.absolute().parent.name
    return name if _BENCHMARKS.fullmatch(name) else None


FORMAT = LogFormat(
    "Qwen2.5-Math evaluation (SimpleRL-Zoo, limit-of-RLVR)",
    Fields(
        response=("code",),
        problem=("idx",),
        question=("question", "problem"),
        reference=("gt",),
        grade=("score",),
        finish=("finish_reason",),
    ),
    recognises,
    seed=re.compile(r"seed_?(\d+)"),
    set_of=set_of,
    note="`code` is the response, not a program. A file per seed, a folder per benchmark.",
)
