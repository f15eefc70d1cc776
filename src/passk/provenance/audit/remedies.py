"""What the checks of records share: remedies, the ledger, and short names of files."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from passk.config.paths import LEDGER
from passk.provenance.audit.study import AuditCheck, AuditedStudy
from passk.provenance.code_state import run_git
from passk.provenance.ledger import Ledger, LedgerError, parse_ledger, read_ledger


def run_again(name: str) -> str:
    """Drop what is recorded of a stage's execution, and record a new one."""
    return f"passk prune --record {name} --yes && dvc repro -f -s {name} && passk track"


def take_back(study: AuditedStudy, name: str, helps: Callable[[Ledger], bool]) -> str:
    """The ledger's own remedy: git's version where that helps, else the stage again."""
    text = run_git(study.root, "show", f"HEAD:./{LEDGER}")
    with suppress(LedgerError):
        if text is not None and helps(parse_ledger(text)):
            return f"git checkout HEAD -- {LEDGER}"
    return run_again(name)


def read_checked_ledger(study: AuditedStudy, check: AuditCheck) -> Ledger:
    """The study's ledger; an empty one, and a fault of the check, where it cannot be read."""
    try:
        return read_ledger(study.root)
    except LedgerError as error:
        remedy = f"git checkout HEAD -- {LEDGER}, or delete the line and: passk track"
        check.fault(LEDGER, "", str(error), remedy)
        return Ledger()


def shorten(file: Path, root: Path) -> str:
    """A path from the study's folder, where it lies in there."""
    inside = file.is_relative_to(root)
    return (file.relative_to(root) if inside else file).as_posix()
