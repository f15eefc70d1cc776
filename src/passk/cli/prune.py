"""`passk prune`: remove what parameters, lock and ledger no longer name."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import PARAMS, data
from passk.config.study import load_study
from passk.pipeline.dag import Dag, cached
from passk.provenance.pruning import drop_tree, find_records, forget, superseded, unnamed_trees
from passk.provenance.record_store import own_store


def unnamed(dag: Dag, study: str, root: Path = Path()) -> Iterator[Path]:
    """Files and folders of a study that no stage writes, outermost first."""
    wanted = {root / out for stage in dag.stages.values() for out in stage.outs}
    parents = {parent for path in wanted for parent in path.parents}

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path in wanted or path.name == ".gitignore":
                continue
            if path in parents and path.is_dir():
                yield from walk(path)
            else:
                yield path

    for top in (root / data(study), root / "models" / study):
        if top.is_dir():
            yield from walk(top)


def main(
    yes: Annotated[bool, typer.Option("--yes", help="Remove, rather than list.")] = False,
    record: Annotated[
        str,
        typer.Option("--record", help="Remove the run record of this stage alone."),
    ] = "",
) -> None:
    """List, or with --yes remove, artifacts and run records that the study no longer names.

    DVC's cache and the block store stay, so naming a draw again brings it back without sampling.

    Example: passk prune --yes
    """
    if record:
        removable = find_records(record)
        kept = f"no record of {record} is here"
    else:
        study = load_study(PARAMS).study
        removable = [*unnamed(cached(), study), *superseded()]
        kept = f"nothing to prune: all of study {study!r} is named by {PARAMS}"
    for path in removable:
        typer.echo(f"{'removed' if yes else 'would remove'} {path}")
        if yes and not record:
            remove(path)
    if record and yes:
        forget(record)
    trees = () if record else unnamed_trees()
    for ref in trees:
        typer.echo(f"{'removed' if yes else 'would remove'} git's ref {ref}")
        if yes:
            drop_tree(ref)
    if not removable and not trees:
        typer.echo(kept)
    elif not yes:
        words = f" --record {record}" if record else ""
        typer.echo(f"run `passk prune{words} --yes` to remove them")


def remove(path: Path) -> None:
    """Remove an artifact, or a record with what points to it."""
    store = own_store()
    if path == store.path(path.stem):
        store.drop(path)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
