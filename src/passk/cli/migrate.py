"""`passk migrate`: a study made by the version before, brought to today's form."""

from pathlib import Path

import typer

from passk.config.paths import PARAMS
from passk.provenance.migration import migrate


def main() -> None:
    """Bring a study made by the version before to today's form: parameters, lock, records.

    Edits params.yaml (comments stay), dvc.lock and ledger.jsonl; the block store stays valid. What
    cannot be carried over is said. Doing it again changes nothing. Commit before, to be able to
    look at the difference.

    Example: passk migrate && git diff --stat
    """
    if not PARAMS.exists():
        typer.echo(f"passk: no study is here: {PARAMS} is missing; run it in a study", err=True)
        raise typer.Exit(1)
    outcome = migrate(Path())
    for sentence in outcome.done:
        typer.echo(f"done     {sentence}")
    for sentence in outcome.remains:
        typer.echo(f"remains  {sentence}")
    if not outcome.done and not outcome.remains:
        typer.echo("nothing to do: this study is of today's form")
