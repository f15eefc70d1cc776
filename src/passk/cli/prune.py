"""`passk prune`: remove what parameters, lock and ledger no longer name."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import PARAMS, data
from passk.config.study import load_study
from passk.pipeline.dag import Dag, cached
from passk.provenance.pruning import (
    MadeFiles,
    drop_tree,
    find_records,
    forget,
    superseded,
    unnamed_trees,
)
from passk.provenance.record_store import own_store


def unnamed(dag: Dag, study: str, root: Path = Path()) -> Iterator[Path]:
    """Files and folders of a study that no stage writes or reads, outermost first."""
    outs = {root / out for stage in dag.stages.values() for out in stage.outs}
    around = {parent for out in outs for parent in out.parents}
    deps = {root / dep for stage in dag.stages.values() for dep in stage.deps}
    wanted = outs | (deps - around)  # a folder around outputs may hold some that nobody names
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


def divide_unnamed(paths: Iterator[Path], made: MadeFiles) -> tuple[Sequence[Path], Sequence[Path]]:
    """What stages made and may go, and what came from elsewhere and stays."""
    removable: list[Path] = []
    foreign: list[Path] = []

    def divide(path: Path) -> None:
        if made.knows(path):
            removable.append(path)
        elif path.is_dir() and not path.is_symlink():
            for inner in sorted(path.iterdir()):
                divide(inner)
        elif path.name != ".gitignore":
            foreign.append(path)

    for path in paths:
        divide(path)
    return removable, foreign


def main(
    yes: Annotated[bool, typer.Option("--yes", help="Remove, rather than list.")] = False,
    record: Annotated[
        str,
        typer.Option("--record", help="Remove the run record of this stage alone."),
    ] = "",
) -> None:
    """List, or with --yes remove, artifacts and run records that the study no longer names.

    DVC's cache and the block store stay, so naming a draw again brings it back without sampling.
    A file goes only where a run record, dvc.lock or DVC's cache knows its content; others are said.

    Example: passk prune --yes
    """
    foreign: Sequence[Path] = ()
    if record:
        removable = find_records(record)
        kept = f"no record of {record} is here"
    else:
        study = load_study(PARAMS).study
        files, foreign = divide_unnamed(unnamed(cached(), study), MadeFiles())
        removable = [*files, *superseded()]
        kept = f"nothing to prune: all of study {study!r} is named by {PARAMS}"
    for path in removable:
        typer.echo(f"{'removed' if yes else 'would remove'} {path}")
        if yes and not record:
            remove(path)
    for path in foreign:
        typer.echo(f"left alone {path}: no stage of this study is known to have made it")
    if record and yes:
        forget(record)
    trees = () if record else unnamed_trees()
    for ref in trees:
        typer.echo(f"{'removed' if yes else 'would remove'} git's ref {ref}")
        if yes:
            drop_tree(ref)
    if not removable and not trees:
        typer.echo("nothing to prune" if foreign else kept)
    elif not yes:
        words = f" --record {record}" if record else ""
        typer.echo(f"run `passk prune{words} --yes` to remove them")


def remove(path: Path) -> None:
    """Remove an artifact with folders that it leaves empty, or a record with what points to it."""
    store = own_store()
    if path == store.path(path.stem):
        store.drop(path)
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    for folder in list(path.parents)[:-3]:  # not data/STUDY, models/STUDY, and above
        if any(folder.iterdir()):
            break
        folder.rmdir()
