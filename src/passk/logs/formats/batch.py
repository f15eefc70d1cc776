"""Batches of OpenAI, vLLM and Anthropic: a line per request, told apart by `custom_id`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.value_paths import MISSING, content, lookup
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("__texts__",), problem=("__problem__",), finish=("__finishes__",),
    number=("__numbers__",),
)  # fmt: skip
# `aime24-3-sample-7`, `aime24-3_s7`, `aime24-3#7`: what stands before is the problem.
_SAMPLE = re.compile(r"(.+?)(?:[-_:/](?:sample|s|rep|repeat|run|n|seed|try)[-_=:]?|#)(\d+)")
_Choice = tuple[str | None, object]  # text, and how it ended


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return "custom_id" in values and ("response" in values or "result" in values)


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The choices of a request; one that failed has no response."""
    name = row.values.get("custom_id")
    if not isinstance(name, str) or not name:
        raise RecordedError(f"{row.place}: `custom_id` is {name!r}; expected text")
    match = _SAMPLE.fullmatch(name)
    problem, start = (match[1], int(match[2])) if match else (name, None)
    choices: Sequence[_Choice] = _choices(row) or [(None, None)]
    values = {
        "__problem__": problem,
        "__texts__": [text for text, _ in choices],
        "__finishes__": [end for _, end in choices],
    }
    if start is not None and len(choices) == 1:  # of several choices the order decides
        values["__numbers__"] = start
    yield from samples(Row(row.place, row.values | values), fields)


def _choices(row: Row) -> list[_Choice]:
    """Texts and ends of what was answered; none where the request failed."""
    result = row.values.get("result")
    if isinstance(result, dict):  # Anthropic
        message = result.get("message") or {}
        failed = result.get("type") != "succeeded"
        return [] if failed else [(_checked(content(message), row), message.get("stop_reason"))]
    status = lookup(row.values, "response.status_code")
    if row.values.get("error") or status not in (MISSING, None, 200):
        return []
    body = lookup(row.values, "response.body")
    body = body if isinstance(body, dict) else {}
    if isinstance(body.get("output"), list):  # OpenAI's interface of responses
        messages = [item for item in body["output"] if item.get("type") == "message"]
        return [(_checked(content(item), row), body.get("status")) for item in messages]
    choices = body.get("choices") or []
    return [(_text(choice, row), choice.get("finish_reason")) for choice in choices]


def _text(choice: Values, row: Row) -> str | None:
    message = choice.get("message")
    return _checked(content(message) if isinstance(message, dict) else choice.get("text"), row)


def _checked(text: object, row: Row) -> str | None:
    if text is not None and not isinstance(text, str):
        raise RecordedError(f"{row.place}: the content of a choice is no text; mend it")
    return text


FORMAT = LogFormat(
    "a batch of OpenAI, vLLM or Anthropic", FIELDS, recognises, read=read,
    note="Questions and right answers are not in the file: give the problems. A request that "
    "failed has no response.",
)  # fmt: skip
