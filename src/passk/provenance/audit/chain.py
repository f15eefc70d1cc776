"""Run records: that each execution has one, that none was forged, and that they are a chain."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from passk.config.paths import LEDGER, PARAMS
from passk.core.yaml_files import select
from passk.provenance.audit.study import AuditCheck, AuditedStudy, flatten_outs
from passk.provenance.code_state import has_object, is_shallow, read_committed, run_git
from passk.provenance.environment import environment_digest
from passk.provenance.ledger import Ledger, LedgerError, parse_ledger, read_ledger
from passk.provenance.lock import LockEntry
from passk.provenance.record_store import RecordStore, open_stores
from passk.provenance.records import find_record
from passk.provenance.run_record import RunRecord


def _run_again(name: str) -> str:
    """Drop what is recorded of a stage's execution, and record a new one."""
    return f"passk prune --record {name} --yes && dvc repro -f -s {name} && passk track"


def _take_back(study: AuditedStudy, name: str, helps: Callable[[Ledger], bool]) -> str:
    """The ledger's own remedy: git's version where that helps, else the stage again."""
    text = run_git(study.root, "show", f"HEAD:./{LEDGER}")
    with suppress(LedgerError):
        if text is not None and helps(parse_ledger(text)):
            return f"git checkout HEAD -- {LEDGER}"
    return _run_again(name)


def _has_record(ledger: Ledger, entry: LockEntry, digest: str = "") -> bool:
    """Whether a ledger has an unchanged record of an execution; with a digest, this one."""
    record = ledger.find(entry.digest)
    return record is not None and not _forgery(record, entry) and digest in ("", record.digest)


def _has_records(ledger: Ledger, digests: Set[str]) -> bool:
    return digests <= set(ledger.records)


def check_records(study: AuditedStudy) -> AuditCheck:
    """Each execution that the lock names has a record that is its own and whole."""
    check = AuditCheck("each stage has its run record, and none was changed", "records")
    ledger = _read_ledger(study, check)
    stores = open_stores(study.root)
    waiting = []
    for name, entry in study.locked.items():
        _check_readable(check, study, entry, stores)
        places = list(_places(study, entry, ledger, stores))
        if not places:
            problem = f"no record of execution {entry.digest[:16]}"
            remedy = _take_back(study, name, partial(_has_record, entry=entry))
            check.fault(LEDGER, name, problem, remedy)
            continue
        check.looked_at += 1
        for file, record in places:
            if problem := _forgery(record, entry):
                check.fault(file, name, problem, _mend(study, entry, file, len(places) > 1))
        # Two runs of one lock entry, brought together by a merge, have two identities.
        runs = {(record.execution.id, record.digest) for _, record in places}
        digests = sorted(digest for _, digest in runs)
        doubled = len({identity for identity, _ in runs}) < len(runs)
        if doubled and not any(_forgery(record, entry) for _, record in places):
            problem = f"two records of one execution: {' and '.join(digests)}"
            own = next(r.digest for file, r in places if file != str(LEDGER))
            remedy = _take_back(study, name, partial(_has_record, entry=entry, digest=own))
            check.fault(LEDGER, name, problem, remedy)
        if not any(file == str(LEDGER) for file, _ in places):
            waiting.append(name)
    if waiting:
        names = ", ".join([*waiting[:3], *(["..."] if len(waiting) > 3 else [])])
        check.skip(f"{len(waiting)} executions have no line in {LEDGER} yet ({names}): passk track")
    return check


def _read_ledger(study: AuditedStudy, check: AuditCheck) -> Ledger:
    try:
        return read_ledger(study.root)
    except LedgerError as error:
        remedy = f"git checkout HEAD -- {LEDGER}, or delete the line and: passk track"
        check.fault(LEDGER, "", str(error), remedy)
        return Ledger()


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
            yield _shorten(store.path(store.name(entry.digest)), study.root), record


def _check_readable(
    check: AuditCheck, study: AuditedStudy, entry: LockEntry, stores: Sequence[RecordStore]
) -> None:
    """A record that a store has and that does not read is at fault, whoever else has it."""
    for store in stores:
        name = store.name(entry.digest)
        if name and store.path(name).exists() and store.read(name) is None:
            file = _shorten(store.path(name), study.root)
            check.fault(file, entry.stage, "cannot be read", f"rm {file} && passk track")


def _shorten(file: Path, root: Path) -> str:
    """A path from the study's folder, where it lies in there."""
    inside = file.is_relative_to(root)
    return (file.relative_to(root) if inside else file).as_posix()


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
        return _take_back(study, entry.stage, partial(_has_record, entry=entry))
    if not other:
        return _run_again(entry.stage)
    return "passk track" if file == str(LEDGER) else f"rm {file} && passk track"


def check_parents(study: AuditedStudy) -> AuditCheck:
    """Each record names the records whose outputs it read, and they are known."""
    check = AuditCheck("records name the records whose outputs they read", "links")
    stores = open_stores(study.root)
    ledger = _read_ledger(study, AuditCheck("", ""))
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
                remedy = _take_back(study, name, partial(_has_records, digests=wanted))
                check.fault(LEDGER, name, problem, remedy)
            else:
                parents[digest] = parent
        if len(parents) == len(record.parents):
            for path in _unexplained(entry, outs, list(parents.values())):
                problem = f"its record {record.digest} names no record that made {path}"
                check.fault(LEDGER, name, problem, _run_again(name))
    return check


def _unexplained(
    entry: LockEntry, outs: Mapping[str, tuple[str, str]], parents: Sequence[RunRecord]
) -> Iterator[str]:
    """Outputs of other stages that a stage read and no parent made."""
    made = {path: md5 for parent in parents for path, md5 in parent.outs.items()}
    for dep, md5 in entry.deps.items():
        around = {parent.as_posix() for parent in Path(dep).parents} & set(outs)
        if dep in outs:
            if made.get(dep) != md5:
                yield dep
        elif around:
            if not around & set(made):
                yield dep
        else:
            yield from (o for o in outs if o.startswith(f"{dep}/") and o not in made)


def check_commits(study: AuditedStudy) -> AuditCheck:
    """The commit of each record is here, and it, or the files kept, has the parameters that ran.

    It has the code, too, where the study lies in a repository of passk.
    """
    check = AuditCheck("git has the commits and the parameters that ran", "records")
    root = study.root
    if run_git(root, "rev-parse", "HEAD") is None:
        check.skip("this is no git repository (an unpacked archive, or nothing is committed)")
        return check
    shallow = is_shallow(root)
    exists = cache(lambda name: has_object(name, root))
    parameters = cache(lambda revision: _read_parameters(revision, root))
    has_code = cache(lambda revision: _has_code(revision, root))
    stores = open_stores(root)
    for name, entry in study.locked.items():
        record = find_record(entry, root, stores)
        if record is None:
            check.skip(f"{name} has no record")
            continue
        facts = record.execution
        if facts.commit is None:
            check.skip(f"{name} ran outside of git")
            continue
        if not exists(facts.commit):
            if shallow:
                check.skip("this clone has no history: git fetch --unshallow")
            else:
                problem = f"ran at commit {facts.commit}, which is not here"
                remedy = f"git fetch origin {facts.commit}, or: {_run_again(name)}"
                check.fault(LEDGER, name, problem, remedy)
            continue
        revision = facts.tree if facts.dirty else facts.commit
        if revision is None:
            check.skip(f"{name} ran from changed files that could not be kept")
            continue
        if not exists(revision):
            check.skip(
                f"{name} ran from changed files, kept where it ran: "
                "git fetch origin 'refs/passk/*:refs/passk/*'"
            )
            continue
        check.looked_at += 1
        if not has_code(revision):
            check.skip(
                "the code: git has none of passk's here, it was installed; "
                "the lists of packages have its version, dvc.lock the digests of what it means"
            )
        for key in _differing(parameters(revision), entry):
            problem = f"git's {revision[:12]} has another {key} than the stage ran with"
            check.fault(LEDGER, name, problem, _run_again(name))
    return check


def _has_code(revision: str, root: Path) -> bool:
    """Whether a commit or tree holds this package's source."""
    names = run_git(root, "ls-tree", "-r", "--name-only", "--full-tree", revision) or ""
    return any(f"/{name}".endswith("/passk/__init__.py") for name in names.splitlines())


def _read_parameters(revision: str, root: Path) -> Mapping[str, object] | None:
    """The parameter file of a commit or tree; None where it has none that reads."""
    text = read_committed(revision, PARAMS.as_posix(), root)
    try:
        return None if text is None else YAML(typ="safe").load(text)
    except YAMLError:
        return None


def _differing(values: Mapping[str, object] | None, entry: LockEntry) -> Iterator[str]:
    """Keys of the parameter file that a revision has otherwise."""
    locked = entry.params.get(PARAMS.as_posix(), {})
    for key, value in locked.items():
        try:
            present: object = select(values or {}, (key,))
            for part in key.split("."):
                present = present[part] if isinstance(present, Mapping) else None
        except (KeyError, TypeError):
            yield key
            continue
        if present != value:
            yield key


def check_environments(study: AuditedStudy) -> AuditCheck:
    """The packages that each record ran with are known."""
    check = AuditCheck("the installed packages of each record are known", "environments")
    stores = open_stores(study.root)
    ledger = _read_ledger(study, AuditCheck("", ""))
    users: dict[str, str] = {}
    for name, entry in study.locked.items():
        record = find_record(entry, study.root, stores)
        if record is not None:
            users.setdefault(record.execution.environment, name)
    for environment, name in users.items():
        check.looked_at += 1
        listed = False
        for file in (store.environments / f"{environment}.txt" for store in stores):
            if file.exists() and environment_digest(_read_text(file)) == environment:
                listed = True
            elif file.exists():
                short = _shorten(file, study.root)
                check.fault(short, name, "was changed", f"rm {short} && passk track")
        if _has_packages(ledger, environment) or (
            listed and environment not in ledger.environments
        ):
            continue
        remedy = _take_back(study, name, partial(_has_packages, environment=environment))
        problem = f"the packages of environment {environment} are missing or were changed"
        check.fault(LEDGER, name, problem, "passk track" if listed else remedy)
    return check


def _read_text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _has_packages(ledger: Ledger, environment: str) -> bool:
    packages = ledger.environments.get(environment, ())
    return environment_digest("\n".join(packages)) == environment
