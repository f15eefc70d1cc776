"""Lines of `ledger.jsonl`: the records of a stage group as one line, and back.

    {"group": "count", "runs": [{"commit": ..., "host": ..., "executions": [{"item": ...}, ...]}]}

A change of code that moves no bytes makes hundreds of stages run again, and a line for each would
bury the change in its own diff. So a group is one line; in it, executions from one commit on one
machine with the same packages stand together, and say so once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from passk.core.digests import digest
from passk.provenance.run_record import ExecutionFacts, RunRecord
from passk.provenance.value_types import Document, check_types

if TYPE_CHECKING:
    from pydantic import BaseModel

# What executions have in common that ran in one go; the rest of their facts is their own.
_SHARED = (
    "commit", "dirty", "tree", "environment", "host", "platform", "python", "device", "processor",
)  # fmt: skip

_FACTS = {field.name for field in fields(ExecutionFacts)} - {*_SHARED}
_EXECUTION = {"digest", "entry", "outs", "parents", "metrics"}


@cache
def _forms() -> "tuple[type[BaseModel], type[BaseModel]]":
    """The forms of a stage group's line and of an environment's."""
    from pydantic import create_model

    execution = create_model("Execution", item=(str, ...))
    run = create_model("Run", executions=(list[execution], ...))  # type: ignore[valid-type]
    line = create_model("Line", group=(str, ...), runs=(list[run], ...))  # type: ignore[valid-type]
    return line, create_model("Environment", environment=(str, ...), packages=(list[str], ...))


def build_lines(records: Iterable[RunRecord]) -> Iterator[dict[str, Any]]:
    """A line's content for each stage group, in order; nothing in it depends on the order given."""
    ordered = sorted(records, key=lambda r: (_group(r), _order(r)))
    for group, members in groupby(ordered, _group):
        runs: dict[str, dict[str, Any]] = {}
        for record in members:
            facts = record.execution.document
            shared = {name: facts[name] for name in _SHARED if name in facts}
            run = runs.setdefault(digest(shared), {**shared, "executions": []})
            run["executions"].append(_build_execution(record))
        yield {"group": group, "runs": list(runs.values())}


def _group(record: RunRecord) -> str:
    return record.stage.partition("@")[0]


def _order(record: RunRecord) -> tuple[str, str, str]:
    return record.stage, record.execution.started, record.digest


def _build_execution(record: RunRecord) -> dict[str, Any]:
    """What is an execution's own; what `dvc.lock` says is left out."""
    line = record.line
    facts = line.pop("execution")
    own = {name: value for name, value in facts.items() if name not in _SHARED}
    return {"item": line.pop("stage").partition("@")[2], **line, **own}


def parse_line(content: Document) -> list[RunRecord]:
    """The records of a line. One with the key `stage` is one record, as ledgers once had them.

    Raises:
        KeyError, TypeError, AttributeError, RecordError: it is no such line.
    """
    if "stage" in content:
        return [RunRecord.parse(content)]
    check_types(_forms()[0], content, "a line of the ledger")
    return [
        _parse_execution(content["group"], run, execution)
        for run in content["runs"]
        for execution in run["executions"]
    ]


def parse_environment(content: Document) -> dict[str, tuple[str, ...]]:
    """Name -> packages, of a line with an environment.

    Raises:
        RecordError: it is no such line.
    """
    check_types(_forms()[1], content, "an environment")
    return {content["environment"]: tuple(content["packages"])}


def _parse_execution(group: str, run: Document, execution: Document) -> RunRecord:
    stage = f"{group}@{execution['item']}" if execution["item"] else group
    return RunRecord.parse({**execution, "stage": stage, "execution": {**run, **execution}})


def find_unknown(content: Document) -> list[str]:
    """Keys of a line that was read and that say nothing to this version."""
    if "environment" in content:
        return sorted(set(content) - {"environment", "packages"})
    if "stage" in content:
        return sorted(set(content) - _EXECUTION - {"stage", "execution"})
    unknown = set(content) - {"group", "runs"}
    for run in content["runs"]:
        unknown |= set(run) - {*_SHARED, "executions"}
        for execution in run["executions"]:
            unknown |= set(execution) - _EXECUTION - _FACTS - {"item"}
    return sorted(unknown)
