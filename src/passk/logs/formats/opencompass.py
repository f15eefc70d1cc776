"""OpenCompass: `predictions/MODEL/SET_i.json`, an object of entries; shards go on."""

import re
from collections.abc import Iterator
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample
from passk.logs.values import content, is_chat

FIELDS = Fields(
    response=("prediction",), problem=("problem",), question=("question",), reference=("gold",),
    set=("set",),
)  # fmt: skip
_SHARD = re.compile(r"_\d+$")
_GSM8K = re.compile(r"####\s*(.+?)\s*$")


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"origin_prompt", "prediction"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of an entry: what it asks is the last prompt of a few-shot dialogue."""
    values = dict(row.values)
    path, _, entry = row.place.rpartition(", entry ")
    file = Path(path).stem
    values["set"] = _SHARD.sub("", file)
    values["problem"] = f"{file}:{entry}"
    values["question"] = _asked(values["origin_prompt"], row.place)
    gold = values.get("gold")
    if isinstance(gold, str) and (match := _GSM8K.search(gold)):
        values["gold"] = match[1]
    prediction = values["prediction"]
    if isinstance(prediction, dict):
        values["prediction"] = list(prediction.values())
    yield from samples(Row(row.place, values), fields)


def _asked(prompt: object, place: str) -> str:
    if isinstance(prompt, list) and prompt and all(isinstance(turn, dict) for turn in prompt):
        human = [turn for turn in prompt if str(turn.get("role", "")).upper() in {"HUMAN", "USER"}]
        prompt = content((human or prompt)[-1]) if not is_chat(prompt) or human else prompt[-1]
    if not isinstance(prompt, str):
        raise RecordedError(f"{place}: `origin_prompt` is no text and no dialogue")
    return prompt


FORMAT = LogFormat(
    "OpenCompass (predictions/MODEL/SET_i.json)", FIELDS, recognises, read=read,
    note="Prompts are few-shot: name a stop string for base models, which run on.",
)  # fmt: skip
