"""`passk audit`: does everything still fit together?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from polars.exceptions import PolarsError
from tqdm import tqdm

from passk.config import paths
from passk.core.yaml_files import ParameterError, read
from passk.pipeline.dag import cached
from passk.pipeline.identity.current import read_identity
from passk.provenance.audit import chain, conditions, definitions, files, page, tables
from passk.provenance.audit.findings import describe_faults
from passk.provenance.audit.study import AuditCheck, AuditedStudy, Components
from passk.provenance.lock import read_lock

CHECKS: Sequence[Callable[[AuditedStudy], AuditCheck]] = (
    files.check_outputs, files.check_inputs, files.check_sources, definitions.check_parameters,
    definitions.check_components, files.check_cache, files.check_copies, chain.check_records,
    chain.check_parents, chain.check_ledger, conditions.check_commits,
    conditions.check_environments, tables.check_streams, tables.check_counts, tables.check_curves,
    page.check_page, page.check_metrics,
)  # fmt: skip


def main(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every object of the cache, compute every table.")
    ] = False,
) -> None:
    """Check the study of params.yaml: files, lock, cache, records, git, streams, tables, page.

    Each check says how much it looked at; what it could not look at is said, not passed. Exit code
    1 if anything differs; each line names file and stage, what should be, and what to do.

    Example: passk audit
    """
    try:
        study = open_study(deep=deep)
    except (ParameterError, ValueError) as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None
    study = replace(study, components=read_components())
    checks = [run_check(check, study) for check in tqdm(CHECKS, "audit", delay=2, leave=False)]
    for line in format_checks(checks):
        typer.echo(line)
    if any(check.faults for check in checks):
        raise typer.Exit(1)


def open_study(
    root: Path = Path(), components: Components | None = None, *, deep: bool = False
) -> AuditedStudy:
    """The study at hand, as an audit sees it.

    Raises:
        ParameterError, ValueError: parameters or lock cannot be read.
    """
    values = read(root / paths.PARAMS)
    return AuditedStudy(cached(root).stages, read_lock(root), values, components, root, deep)


def read_components(root: Path = Path()) -> Components | None:
    """Each stage's components in the installed code; None where they cannot be known.

    Parameters that are not legal have none; the other checks go on.
    """
    try:
        identity = read_identity(root)
    except (ParameterError, SyntaxError, KeyError) as error:
        typer.echo(f"passk: the installed code is not compared: {error}", err=True)
        return None
    return {name: identity.of_stage(stage) for name, stage in cached(root).stages.items()}


def run_check(check: Callable[[AuditedStudy], AuditCheck], study: AuditedStudy) -> AuditCheck:
    """A check's outcome; what it cannot read is its fault, and the other checks go on."""
    try:
        return check(study)
    except (PolarsError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        name = check.__name__.removeprefix("check_")
        outcome = AuditCheck(f"{name} can be read", "files")
        reason = str(error).partition("\n")[0]
        if isinstance(error, TypeError | KeyError | AttributeError):  # a bare key says nothing
            reason = f"{type(error).__name__}: {reason}"
        outcome.fault(name, "", f"cannot be checked: {reason}", "mend the outputs first")
        return outcome


def format_checks(checks: Sequence[AuditCheck]) -> list[str]:
    """A line per check, and below it what is at fault and what could not be looked at."""
    width = max(len(check.title) for check in checks)
    lines = []
    for check in checks:
        count = f"{len(check.faults)} at fault, " if check.faults else ""
        lines.append(
            f"{check.state:<12}{check.title:<{width}}  {count}looked at {check.looked_at:,} "
            f"{check.unit}"
        )
        lines += [f"    {finding}" for finding in describe_faults(check.faults)]
        lines += [f"    not checked: {reason}" for reason in check.unchecked[:4]]
        if len(check.unchecked) > 4:
            lines.append(f"    not checked: and {len(check.unchecked) - 4} more of the kind")
    return lines
