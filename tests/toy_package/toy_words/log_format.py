"""A format of sample files: {"word": "rose", "said": ["esor", "rose"]}, a word a line."""

from pathlib import Path

from passk.logs.fields import Fields
from passk.logs.format import LogFormat, Values


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"word", "said"} <= values.keys()


FORMAT = LogFormat(
    "word lists with what was said",
    Fields(response=("said",), problem=("word",), question=("word",), reference=("backwards",)),
    recognises,
)
