"""`passk track`: bring MLflow up to date with what ran."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import RECORDS
from passk.provenance import tracking
from passk.provenance.mlflow_runs import tracking_uri


def main(
    history: Annotated[
        bool, typer.Option("--history", help="Also add all records in git, e.g. after a clone.")
    ] = False,
) -> None:
    """Add executions that wait to MLflow, and say which; running stages do this by themselves.

    Exit code 1 if the tracking store did not answer; what waits is kept for the next attempt.

    Example: passk track && mlflow ui --backend-store-uri sqlite:///mlflow.db
    """
    if history:
        for path in sorted(RECORDS.glob("*/*.json")):
            tracking.enqueue(path)
    report = tracking.sync(Path())
    for stage in report.added:
        typer.echo(f"added {stage}")
    typer.echo(
        f"MLflow at {tracking_uri()}: {len(report.added)} executions added, "
        f"{report.waiting} waiting"
    )
    if report.error:
        typer.echo(f"passk: the tracking store did not answer: {report.error}", err=True)
        raise typer.Exit(1)
