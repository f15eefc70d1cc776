"""What stages ran with: commits, parameters and packages are those that the records name."""

from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from passk.config.dotted_keys import value_at
from passk.config.paths import LEDGER, PARAMS
from passk.provenance.audit.remedies import read_checked_ledger, run_again, shorten, take_back
from passk.provenance.audit.study import AuditCheck, AuditedStudy
from passk.provenance.code_state import has_object, is_shallow, read_committed, run_git
from passk.provenance.environment import environment_digest
from passk.provenance.ledger import Ledger
from passk.provenance.lock import LockEntry
from passk.provenance.record_store import open_stores
from passk.provenance.records import find_record


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
                remedy = f"git fetch origin {facts.commit}, or: {run_again(name)}"
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
            check.fault(LEDGER, name, problem, run_again(name))
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
            differs = value_at(values, key) != value
        except KeyError:
            differs = True
        if differs:
            yield key


def check_environments(study: AuditedStudy) -> AuditCheck:
    """The packages that each record ran with are known."""
    check = AuditCheck("the installed packages of each record are known", "environments")
    stores = open_stores(study.root)
    ledger = read_checked_ledger(study, AuditCheck("", ""))
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
                short = shorten(file, study.root)
                check.fault(short, name, "was changed", f"rm {short} && passk track")
        if _has_packages(ledger, environment) or (
            listed and environment not in ledger.environments
        ):
            continue
        remedy = take_back(study, name, partial(_has_packages, environment=environment))
        problem = f"the packages of environment {environment} are missing or were changed"
        check.fault(LEDGER, name, problem, "passk track" if listed else remedy)
    return check


def _read_text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _has_packages(ledger: Ledger, environment: str) -> bool:
    packages = ledger.environments.get(environment, ())
    return environment_digest("\n".join(packages)) == environment
