"""OpenAI's and vLLM's batches: `custom_id` and `response.body`, a line per request."""

import re
from collections.abc import Iterator
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample
from passk.logs.values import MISSING, lookup

FIELDS = Fields(
    response=("texts",), problem=("problem",), finish=("finishes",), number=("numbers",),
)  # fmt: skip
# `aime24-3-sample-7`, `aime24-3_s7`, `aime24-3#7`: what stands before is the problem.
_SAMPLE = re.compile(r"(.+?)(?:[-_:/](?:sample|s|rep|repeat|run|n|seed|try)[-_=:]?|#)(\d+)")


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"custom_id", "response"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The choices of a request; one that failed has no response."""
    name = row.values["custom_id"]
    if not isinstance(name, str) or not name:
        raise RecordedError(f"{row.place}: `custom_id` is {name!r}; expected text")
    match = _SAMPLE.fullmatch(name)
    problem, start = (match[1], int(match[2])) if match else (name, None)
    choices = lookup(row.values, "response.body.choices")
    status = lookup(row.values, "response.status_code")
    failed = row.values.get("error") or (status is not MISSING and status != 200)
    answered = [] if failed or choices is MISSING else choices or []
    texts = [_text(choice, row.place) for choice in answered] or [None]
    finishes = [choice.get("finish_reason") for choice in answered] or [None]
    values = {"problem": problem, "texts": texts, "finishes": finishes}
    if start is not None:
        if len(texts) > 1:  # samples of a repeated request follow each other
            start *= len(texts)
        values["numbers"] = [start + position for position in range(len(texts))]
    yield from samples(Row(row.place, values), fields)


def _text(choice: Values, place: str) -> str | None:
    text = lookup(choice, "message.content")
    text = choice.get("text") if text is MISSING else text
    if text is not None and not isinstance(text, str):
        raise RecordedError(f"{place}: the content of a choice is no text")
    return text


FORMAT = LogFormat(
    "OpenAI or vLLM batch", FIELDS, recognises, read=read,
    note="Questions and right answers are not in the file: give the problems. A request that "
    "failed has no response.",
)  # fmt: skip
