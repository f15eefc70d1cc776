"""`passk track`: bring the ledger and MLflow up to date with what ran."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import LEDGER, PARAMS
from passk.core.yaml_files import read
from passk.provenance import records, tracking
from passk.provenance.ledger import update_ledger
from passk.provenance.lock import LOCK, read_lock
from passk.provenance.mlflow_runs import tracking_uri
from passk.provenance.tables_in_git import TABLES, copy_tables


def main(
    history: Annotated[
        bool,
        typer.Option("--history", help="Also add all of the ledger, e.g. after a clone."),
    ] = False,
) -> None:
    """Bring the ledger up to date with dvc.lock, and MLflow with the executions that wait.

    Running stages feed MLflow by themselves. Result and count tables are copied to reports/tables,
    so that git has them.

    Exit code 1 if the tracking store did not answer; what waits is kept for the next attempt.

    Example: passk track && mlflow ui --backend-store-uri sqlite:///mlflow.db
    """
    root = Path()
    if not PARAMS.exists() and not LOCK.exists():
        typer.echo(f"passk: no study is here: no {PARAMS} and no {LOCK}", err=True)
        raise typer.Exit(1)
    if update_ledger(root):
        typer.echo(f"{LEDGER} is up to date with dvc.lock; commit both")
    study = str(read(PARAMS).get("study", "")) if PARAMS.exists() else ""
    if study and (number := copy_tables(study, root)):
        typer.echo(f"{TABLES}: {number} tables brought up to date; commit them")
    if history:
        for entry in read_lock(root).values():
            record = records.find_record(entry, root)
            if record is not None:
                records.enqueue(record, root)
    report = tracking.sync(root)
    for stage in report.added:
        typer.echo(f"added {stage}")
    typer.echo(
        f"MLflow at {tracking_uri()}: {len(report.added)} executions added, "
        f"{report.waiting} waiting"
    )
    if report.error:
        typer.echo(f"passk: the tracking store did not answer: {report.error}", err=True)
        raise typer.Exit(1)
