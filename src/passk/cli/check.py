"""`passk check`: is a parameter file legal, and what does it say whole?"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from ruamel.yaml import YAML

from passk.config.paths import PARAMS
from passk.config.resolved import resolve
from passk.config.study import load_study
from passk.core.yaml_files import ParameterError, UnreadableFileError


def main(
    path: Annotated[Path, typer.Argument(help="The parameter file.")] = PARAMS,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every key with its value, defaults too.")
    ] = False,
) -> None:
    """Check a parameter file; every fault is a line: key, value, what is legal, what to do.

    The exit code is 0 if it is legal, 1 if it has faults, 2 if it cannot be read.

    Example: passk check studies/smoke.yaml

    Example: passk check --resolved | less
    """
    try:
        study = load_study(path)
    except ParameterError as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, UnreadableFileError) else 1) from None
    if resolved:
        print_yaml(resolve(study))
        return
    typer.echo(
        f"{path}: study {study.study!r} is legal: {len(study.sets)} sets, "
        f"{len(study.pretrain) + len(study.train)} trained models, {len(study.draws)} draws"
    )


def print_yaml(values: object) -> None:
    """Print values as a parameter file has them: short lists on one line, keys in their order."""
    yaml = YAML(typ="safe", pure=True)
    options = {
        "default_flow_style": None,
        "sort_base_mapping_type_on_output": False,
        "width": 100,
    }
    for name, value in options.items():
        setattr(yaml, name, value)  # attributes without types
    yaml.dump(values, sys.stdout)
