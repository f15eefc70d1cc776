"""`passk diff`: are this machine's results the committed ones, byte for byte?"""

import sys
from typing import Annotated

import typer
from tqdm import tqdm

from passk.provenance.comparison import committed_lock, differences


def main(
    revision: Annotated[
        str, typer.Argument(help="Commit whose dvc.lock is compared with.")
    ] = "HEAD",
    brief: Annotated[bool, typer.Option(help="Print the count alone.")] = False,
) -> None:
    """Compare the outputs at hand with the digests of a commit; exit code 1 if any differ.

    Outputs are read, not trusted: a stage counts if each of its files has the committed digest.

    Example: passk diff HEAD
    """
    committed = committed_lock(revision)
    with tqdm(total=len(committed), desc="compare", unit="stage", delay=2, file=sys.stderr) as bar:
        changes = list(differences(committed, progress=lambda stage: bar.update()))
    differing = {difference.stage for difference in changes}
    same = len(committed) - len(differing)
    line = f"{same} of {len(committed)} stages have the committed digests"
    typer.echo(f"reproduced: {line}" if not changes else line)
    if not changes:
        return
    if brief:
        typer.echo("`passk diff` lists the others")
    for change in () if brief else changes:
        what = (
            "missing"
            if change.present is None
            else f"is {change.present}, committed {change.committed}"
        )
        typer.echo(f"  {change.stage}: {change.path}: {what}")
    raise typer.Exit(1)
