"""`passk prune`: remove what the parameters no longer name."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import PARAMS, data
from passk.config.study import load_study
from passk.pipeline.dag import Dag, cached


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
) -> None:
    """List, or with --yes remove, artifacts that params.yaml no longer names.

    DVC's cache and the block store stay, so naming a draw again brings it back without sampling.

    Example: passk prune --yes
    """
    study = load_study(PARAMS).study
    removable = list(unnamed(cached(), study))
    for path in removable:
        typer.echo(f"{'removed' if yes else 'would remove'} {path}")
        if yes and path.is_dir():
            shutil.rmtree(path)
        elif yes:
            path.unlink()
    if not removable:
        typer.echo(f"nothing to prune: all of study {study!r} is named by {PARAMS}")
    elif not yes:
        typer.echo("run `passk prune --yes` to remove them")
