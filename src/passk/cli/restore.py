"""`passk restore`: the block store, filled from the samples tables that are there."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config import paths
from passk.config.resolved import resolve
from passk.config.study import validate
from passk.core.yaml_files import read
from passk.pipeline.stages.job import Job
from passk.pipeline.stages.sample import refill_draw
from passk.provenance.lock import LockEntry, path_digest, read_lock
from passk.sampling.blocks import BlockStore
from passk.sampling.engines.registry import ENGINES


def main(
    params: Annotated[Path, typer.Option(help="Parameter file.")] = paths.PARAMS,
) -> None:
    """Fill the block store from existing samples, e.g. after a clone and `dvc pull`.

    Only samples that the parameters still ask for are kept; raising n then draws new ones alone.
    A table that is not what dvc.lock promises is refused. DVC removes a stage's output before it
    runs the stage, so run this before `dvc repro`.

    Example: passk restore
    """
    study = validate(read(params), str(params))
    store = BlockStore(paths.BLOCKS)
    entries = read_lock()
    refused, looked_at, restored = False, 0, 0
    for name, draw in study.draws.items():
        table = paths.samples(study.study, name)
        if ENGINES[draw.engine].blocks is None or not table.exists():
            continue
        if problem := check_table(table, entries.get(f"sample@{name}")):
            typer.echo(f"passk: {problem}", err=True)
            refused = True
            continue
        written = refill_draw(Job("sample", name, resolve(study), ""), store)
        looked_at, restored = looked_at + 1, restored + written
        if written:
            typer.echo(f"{name}: {written} block(s) put back")
    if refused:
        raise typer.Exit(1)
    if not looked_at:
        typer.echo("nothing to put back: no samples table is here; `dvc pull` brings them")
    elif not restored:
        typer.echo(f"nothing to put back: the store has every block of {looked_at} draw(s)")


def check_table(table: Path, entry: LockEntry | None) -> str:
    """Why nothing may be taken from a samples table; empty where it is what the lock promises.

    Args:
        table: its path.
        entry: the lock entry of the stage that wrote it; None where the lock has none.
    """
    if entry is None:
        return f"{table}: dvc.lock does not know it, so nothing is taken from it"
    promised, present = entry.outs.get(table.as_posix()), path_digest(table)
    if present == promised:
        return ""
    return (
        f"{table}: its md5 is {present}, dvc.lock has {promised}: damaged or edited, so nothing is "
        f"taken from it; dvc checkout --force {table} brings it back if the cache has it"
    )
