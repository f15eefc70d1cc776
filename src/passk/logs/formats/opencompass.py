"""OpenCompass: `predictions/MODEL/SET_i.json`, an object of entries; shards go on."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.value_paths import content
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values, log_rows
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("prediction",), problem=("__problem__",), question=("__question__",),
    reference=("gold",),
)  # fmt: skip
_SHARD = re.compile(r"_\d+$")


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"origin_prompt", "prediction"} <= values.keys()


def set_of(path: Path) -> str:
    """The benchmark, which the file's name tells: `gsm8k_0.json`, `tmp_gsm8k_0.jsonl`."""
    return _SHARD.sub("", path.name.split(".")[0].removeprefix("tmp_"))


def rows(path: Path) -> Iterator[Row]:
    """Entries; one that asks again what another asked (`n` of a data set) is a further sample."""
    shard = path.name.split(".")[0].removeprefix("tmp_")
    problems: dict[bytes, int] = {}
    for row in log_rows(path):
        question = _asked(row.values.get("origin_prompt"), row.place)
        key = sha256(repr(row.values["origin_prompt"]).encode("utf-8", "replace")).digest()
        number = problems.setdefault(key, len(problems))
        values = {"__problem__": f"{shard}:{number}", "__question__": question}
        yield Row(row.place, row.values | values)


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of an entry."""
    prediction = row.values.get("prediction")
    prompt = row.values.get("origin_prompt")
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], list):
        raise RecordedError(
            f"{row.place}: a dialogue of {len(prompt)} rounds; only the samples of one question "
            "can be judged"
        )
    if isinstance(prediction, dict):
        row = Row(row.place, row.values | {"prediction": list(prediction.values())})
    yield from samples(row, fields)


def _asked(prompt: object, place: str) -> str:
    """What is asked: the last prompt of a few-shot dialogue."""
    if isinstance(prompt, list) and prompt and all(isinstance(turn, dict) for turn in prompt):
        human = [turn for turn in prompt if str(turn.get("role", "")).upper() in {"HUMAN", "USER"}]
        prompt = content((human or prompt)[-1])
    elif isinstance(prompt, list):
        return str(prompt)  # rounds of a dialogue, which `read` refuses
    if not isinstance(prompt, str):
        raise RecordedError(f"{place}: `origin_prompt` is no text and no dialogue; mend it")
    return prompt


FORMAT = LogFormat(
    "OpenCompass (predictions/MODEL/SET_i.json)", FIELDS, recognises, rows=rows, read=read,
    set_of=set_of,
    note="Prompts are few-shot: name a stop string for base models, which run on.",
)  # fmt: skip
