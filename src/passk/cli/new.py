"""`passk new`: a folder with a study of one's own."""

import shlex
from pathlib import Path
from typing import Annotated

import typer


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; new, or empty.")],
    like: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A study that comes with passk (default, full, paper, smoke, imported, compare), "
            "or the path of another study's folder.",
        ),
    ],
    extend: Annotated[
        bool, typer.Option(help="Let study.yaml extend the other study, instead of a copy of it.")
    ] = False,
) -> None:
    """Make a study's folder: a DVC repository of its own that both engines run at once.

    It is like what the other's study.yaml says; edits of the other's params.yaml are named, and not
    taken over. In git nothing is staged.

    Example: passk new my-samples --like imported
    """
    from passk.pipeline.study_folder import make_folder

    new_study = make_folder(folder, like, extend=extend)
    typer.echo(f"{folder}: study {new_study.study!r}, like {like}")
    if new_study.shares is not None:
        typer.echo(f"It shares DVC's cache of {new_study.shares}: what ran there is restored.")
    if new_study.left:
        typer.echo(
            f"Not taken over, as the new study is like its study.yaml alone: {new_study.left}"
        )
    if new_study.git:
        typer.echo(f"Nothing of it is staged in git: git add {shlex.quote(str(folder))}")
    else:
        typer.echo("It is in no git repository (or ignored there): DVC keeps it without one.")
    if new_study.lacks:
        typer.echo(f"Before it runs: {new_study.lacks}")
    typer.echo(
        f"Next:\n  cd {shlex.quote(str(folder))}\n"
        "  passk compose          # after an edit of study.yaml\n"
        "  snakemake --cores 2    # or: dvc repro\n  passk status           # what would run"
    )
