"""Findings of an audit as lines: those of one cause are one."""

import re
from collections.abc import Iterable, Sequence

from passk.provenance.audit.study import SHOWN, AuditFault, list_names

# Commands that take several targets, and `dvc repro` none: then it does what all of them ask for.
_COMMAND = re.compile(r"(?P<before>.*?)(?P<command>dvc repro|dvc checkout --force) (?P<target>\S+)")


def describe_faults(faults: Iterable[AuditFault]) -> list[str]:
    """A line for each cause, in the order of the first of it: where, what, and what to do."""
    groups: dict[tuple[str, ...], list[AuditFault]] = {}
    for fault in faults:
        groups.setdefault(_cause(fault), []).append(fault)
    return [_describe(group) for group in groups.values()]


def _cause(fault: AuditFault) -> tuple[str, ...]:
    """What is equal in faults that one thing made."""
    if fault.cause:
        return (fault.cause,)
    return fault.path, _mask(fault.problem, fault.stage), _mask(fault.remedy, fault.stage)


def _mask(text: str, stage: str) -> str:
    return text.replace(stage, "\0") if stage else text


def _describe(group: Sequence[AuditFault]) -> str:
    first = group[0]
    if len(group) == 1:
        return str(first)
    stages = list_names(list(dict.fromkeys(fault.stage for fault in group if fault.stage)))
    where = list_names(list(dict.fromkeys(fault.path for fault in group)))
    alike = len({_mask(fault.problem, fault.stage) for fault in group}) > 1
    problem = f"{first.problem}{', and so for each' if alike else ''}"
    return f"{where}{f' ({stages})' if stages else ''}: {problem}; {join_remedies(group)}"


def join_remedies(group: Sequence[AuditFault]) -> str:
    """What to do about several faults of one cause."""
    remedies = list(dict.fromkeys(fault.remedy for fault in group))
    if len(remedies) == 1:
        return remedies[0]
    parts = [_COMMAND.fullmatch(remedy) for remedy in remedies]
    matches = [part for part in parts if part is not None]
    if len(matches) == len(remedies) and len({part["before"] for part in matches}) == 1:
        commands = {part["command"] for part in matches}
        if len(commands) == 1 and len(matches) <= SHOWN:
            targets = " ".join(part["target"] for part in matches)
            return f"{matches[0]['before']}{commands.pop()} {targets}"
        return f"{matches[0]['before']}dvc repro"
    return f"{remedies[0]} (and so for each)"
