"""Run records: that each execution has one, that none was forged, and that they are a chain."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial
from pathlib import Path

from passk.config.paths import LEDGER
from passk.provenance.audit.remedies import read_checked_ledger, run_again, shorten, take_back
from passk.provenance.audit.study import AuditCheck, AuditedStudy, flatten_outs
from passk.provenance.ledger import Ledger
from passk.provenance.ledger_lines import find_unknown
from passk.provenance.lock import LockEntry
from passk.provenance.record_store import RecordStore, open_stores
from passk.provenance.records import find_record
from passk.provenance.run_record import RunRecord


def _has_record(ledger: Ledger, entry: LockEntry, digest: str = "") -> bool:
    """Whether a ledger has an unchanged record of an execution; with a digest, this one."""
    record = ledger.find(entry.digest)
    return record is not None and not _forgery(record, entry) and digest in ("", record.digest)


def _has_records(ledger: Ledger, digests: Set[str]) -> bool:
    return digests <= set(ledger.records)


def check_records(study: AuditedStudy) -> AuditCheck:
    """Each execution that the lock names has a record that is its own and whole."""
    check = AuditCheck("each stage has its run record, and none was changed", "records")
    ledger = read_checked_ledger(study, check)
    stores = open_stores(study.root)
    waiting = []
    for name, entry in study.locked.items():
        _check_readable(check, study, entry, stores)
        locations = list(_places(study, entry, ledger, stores))
        if not locations:
            problem = f"no record of execution {entry.digest[:16]}"
            remedy = take_back(study, name, partial(_has_record, entry=entry))
            check.fault(LEDGER, name, problem, remedy, f"no record: {remedy.partition(name)[0]}")
            continue
        check.looked_at += 1
        for file, record in locations:
            if problem := _forgery(record, entry):
                check.fault(file, name, problem, _mend(study, entry, file, len(locations) > 1))
        # Two runs of one lock entry, brought together by a merge, have two identities.
        runs = {(record.execution.id, record.digest) for _, record in locations}
        digests = sorted(digest for _, digest in runs)
        doubled = len({identity for identity, _ in runs}) < len(runs)
        if doubled and not any(_forgery(record, entry) for _, record in locations):
            problem = f"two records of one execution: {' and '.join(digests)}"
            own = next(r.digest for file, r in locations if file != str(LEDGER))
            remedy = take_back(study, name, partial(_has_record, entry=entry, digest=own))
            check.fault(LEDGER, name, problem, remedy)
        if not any(file == str(LEDGER) for file, _ in locations):
            waiting.append(name)
    if waiting:
        names = ", ".join([*waiting[:3], *(["..."] if len(waiting) > 3 else [])])
        check.skip(f"{len(waiting)} executions are not in {LEDGER} yet ({names}): passk track")
    return check


def check_ledger(study: AuditedStudy) -> AuditCheck:
    """The ledger holds records that are named, and their environments, and nothing else."""
    check = AuditCheck("the ledger holds nothing that nobody names", "lines")
    ledger = read_checked_ledger(study, AuditCheck("", ""))
    if not (ledger.records or ledger.environments):
        check.skip(f"{LEDGER} is missing, empty or damaged")
        return check
    lines = (study.root / LEDGER).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        check.looked_at += 1
        if unknown := find_unknown(json.loads(line)) if line.strip() else []:
            problem = f"line {number} holds what no line of a ledger does: {', '.join(unknown)}"
            check.fault(LEDGER, "", problem, "passk track")
    if not ledger.answers(study.locked.values()):
        check.skip("what is superseded: the ledger is behind dvc.lock")
        return check
    named = {entry.digest for entry in study.entries.values()}
    parents = {parent for record in ledger.records.values() for parent in record.parents}
    for record in ledger.records.values():
        if record.entry not in named and record.stated not in parents:
            problem = "dvc.lock and the other records do not name its record"
            check.fault(LEDGER, record.stage, f"{problem} {record.stated}", "passk track", problem)
    ran_with = {record.execution.environment for record in ledger.records.values()}
    for environment in sorted(set(ledger.environments) - ran_with):
        problem = f"no record ran with the packages of environment {environment}"
        check.fault(LEDGER, "", problem, "passk track")
    return check


def _places(
    study: AuditedStudy, entry: LockEntry, ledger: Ledger, stores: Sequence[RecordStore]
) -> Iterator[tuple[str, RunRecord]]:
    """Where the execution of a lock entry is recorded: ledger, `.passk/records`, shared cache."""
    line = ledger.find(entry.digest)
    if line is not None:
        yield str(LEDGER), line
    for store in stores:
        record = store.find(entry.digest)
        if record is not None:
            yield shorten(store.path(store.name(entry.digest)), study.root), record


def _check_readable(
    check: AuditCheck, study: AuditedStudy, entry: LockEntry, stores: Sequence[RecordStore]
) -> None:
    """A record that a store has and that does not read is at fault, whoever else has it."""
    for store in stores:
        name = store.name(entry.digest)
        if name and store.path(name).exists() and store.read(name) is None:
            file = shorten(store.path(name), study.root)
            check.fault(file, entry.stage, "cannot be read", f"rm {file} && passk track")


def _forgery(record: RunRecord, entry: LockEntry) -> str:
    """What shows that a record was changed, or is another's; empty where nothing does."""
    if record.stated != record.digest:
        return f"its content has digest {record.digest}, it states {record.stated}"
    if record.outs != dict(entry.outs):
        return "it has other outputs than dvc.lock"
    if record.stage != entry.stage:
        return f"it is a record of {record.stage}"
    if record.cmd:
        own = LockEntry(record.stage, record.cmd, record.deps, record.params, record.outs)
        if own.digest != record.entry:
            return "its command, parameters or inputs are not those that its name was made from"
    return ""


def _mend(study: AuditedStudy, entry: LockEntry, file: str, other: bool) -> str:
    """Another place may have the record as it was: what was changed goes, and is written anew."""
    if file == str(LEDGER) and not other:
        return take_back(study, entry.stage, partial(_has_record, entry=entry))
    if not other:
        return run_again(entry.stage)
    return "passk track" if file == str(LEDGER) else f"rm {file} && passk track"


def check_parents(study: AuditedStudy) -> AuditCheck:
    """Each record names the records whose outputs it read, and they are known."""
    check = AuditCheck("records name the records whose outputs they read", "links")
    stores = open_stores(study.root)
    ledger = read_checked_ledger(study, AuditCheck("", ""))
    outs = flatten_outs(study.locked.values())
    for name, entry in study.locked.items():
        record = find_record(entry, study.root, stores)
        if record is None:
            check.skip(f"{name} has no record")
            continue
        parents = {}
        for digest in record.parents:
            check.looked_at += 1
            parent = ledger.records.get(digest) or next(
                (r for s in stores if (r := s.read(digest))), None
            )
            if parent is None or parent.digest != digest:
                problem = f"its record {record.digest} names {digest}, of which there is no record"
                wanted = {digest, *ledger.records}
                remedy = take_back(study, name, partial(_has_records, digests=wanted))
                cause = f"{digest}: {remedy.partition(name)[0]}"
                check.fault(LEDGER, name, problem, remedy, cause)
            else:
                parents[digest] = parent
        if len(parents) == len(record.parents):
            for path in _unexplained(entry, outs, list(parents.values())):
                problem = f"its record {record.digest} names no record that made {path}"
                check.fault(LEDGER, name, problem, run_again(name))
    return check


def _unexplained(
    entry: LockEntry, outs: Mapping[str, tuple[str, str]], parents: Sequence[RunRecord]
) -> Iterator[str]:
    """Outputs of other stages that a stage read and no parent made."""
    written = {path: md5 for parent in parents for path, md5 in parent.outs.items()}
    for dep, md5 in entry.deps.items():
        around = {parent.as_posix() for parent in Path(dep).parents} & set(outs)
        if dep in outs:
            if written.get(dep) != md5:
                yield dep
        elif around:
            if not around & set(written):
                yield dep
        else:
            yield from (o for o in outs if o.startswith(f"{dep}/") and o not in written)
