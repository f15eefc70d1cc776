"""`passk check`: is a parameter file legal?"""

from pathlib import Path
from typing import Annotated

import typer

from passk.config.paths import PARAMS
from passk.config.study import load_study
from passk.core.yaml_files import ParameterError


def main(
    path: Annotated[Path, typer.Argument(help="The parameter file.")] = PARAMS,
) -> None:
    """Check a parameter file; every fault is named by key, value and what is legal.

    Example: passk check studies/smoke.yaml
    """
    try:
        study = load_study(path)
    except ParameterError as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"{path}: study {study.study!r} is legal: {len(study.sets)} sets, "
        f"{len(study.pretrain) + len(study.train)} trained models, {len(study.draws)} draws"
    )
