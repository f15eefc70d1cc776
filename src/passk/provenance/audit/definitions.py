"""What defines a stage, beside its lock: command, parameters, and the meaning of its code."""

import json
from collections.abc import Iterator, Mapping

from passk.config import paths
from passk.core.yaml_files import ParameterError, read, select
from passk.provenance.audit.study import AuditCheck, AuditedStudy, list_names
from passk.provenance.lock import LOCK

COMPONENTS = paths.COMPONENTS.as_posix()  # a parameter file, which machines write


def check_parameters(study: AuditedStudy) -> AuditCheck:
    """Commands and parameters are those that each stage ran with."""
    check = AuditCheck("commands and parameters are those of dvc.lock", "parameters")
    files: dict[str, Mapping[str, object]] = {paths.PARAMS.as_posix(): study.values}
    for name, entry in study.locked.items():
        stage = study.stages[name]
        if stage.cmd != entry.cmd:
            problem = f"the command is {stage.cmd!r}, {LOCK} has {entry.cmd!r}"
            check.fault("dvc.yaml", name, problem, f"dvc repro {name}")
        for file, keys in stage.params.items():
            if file == COMPONENTS:
                continue
            try:
                if file not in files:
                    files[file] = read(study.root / file)
            except ParameterError as error:
                check.skip(str(error))
                continue
            locked = entry.params.get(file, {})
            check.looked_at += len(keys)
            for key in sorted({*keys, *locked}):
                present = _value(files[file], key) if key in keys else "undeclared"
                if problem := _compare(key, present, locked.get(key, "nothing")):
                    remedy = f"put it back, or to run with the new value: dvc repro {name}"
                    check.fault(file, name, problem, remedy)
    return check


def _compare(key: str, present: object, locked: object) -> str:
    if _plain(present) == _plain(locked):
        return ""
    return f"{key} is {_short(present)}, the stage ran with {_short(locked)}"


def _value(values: Mapping[str, object], key: str) -> object:
    try:
        value: object = select(values, (key,))
    except (KeyError, TypeError):
        return "missing"
    for part in key.split("."):
        assert isinstance(value, Mapping)
        value = value[part]
    return value


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str, sort_keys=True))


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) < 120 else f"{text[:117]}..."


def check_components(study: AuditedStudy) -> AuditCheck:
    """The installed code is, by meaning, the code that each stage ran."""
    check = AuditCheck("installed code is, by meaning, what ran", "stages")
    if study.components is None:
        check.skip("the digests of the installed code are not known")
        return check
    for name, entry in study.locked.items():
        locked = {k: v for key in entry.params.get(COMPONENTS, {}).values() for k, v in _items(key)}
        present = study.components.get(name)
        if not locked or present is None:
            check.skip(f"{name} names no components")
            continue
        check.looked_at += 1
        differing = [c for c in sorted({*locked, *present}) if present.get(c) != locked.get(c)]
        if differing:
            first, *others = differing
            now, then = present.get(first, "gone"), locked.get(first, "none")
            problem = f"{first} is {now}, the stage ran with {then}"
            if others:
                problem += f"; other than it ran are also {list_names(others)}"
            cause = f"components of {name.partition('@')[0]}"
            check.fault(COMPONENTS, name, problem, f"dvc repro {name}", cause)
    return check


def _items(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield from ((str(name), str(digest)) for name, digest in value.items())
