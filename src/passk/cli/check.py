"""`passk check`: is a parameter file legal, and what does it say whole?"""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer
from ruamel.yaml import YAML

from passk.config.composition import check_composed, compose
from passk.config.composition_sources import STUDY
from passk.config.paths import PARAMS
from passk.config.resolved import resolve
from passk.config.study import Study, check_study
from passk.config.unready import list_unready
from passk.core.machine import read_machine
from passk.core.yaml_files import ParameterError, UnreadableFileError, read


def main(
    path: Annotated[Path, typer.Argument(help="A parameter file, or a study.yaml.")] = PARAMS,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every key with its value, defaults too.")
    ] = False,
    here: Annotated[
        bool,
        typer.Option(
            "--here",
            help="Also start each engine that the study needs, as machine.yaml says, and say what "
            "is missing on this host.",
        ),
    ] = False,
    draw: Annotated[
        bool, typer.Option("--draw", help="With --here: draw two samples of a tiny model, too.")
    ] = False,
) -> None:
    """Check a parameter file; every fault is a line: key, value, what is legal, what to do.

    Paths of data and templates begin in the file's folder. Beside a study.yaml it also says what
    was edited since, by hand or there; and what a legal study still lacks before all of it can
    run: pins of models, files of benchmarks. The exit code is 0 if the file is legal, 1 if it has
    faults, 2 if it cannot be read.

    Example: passk check

    Example: passk check studies/smoke/study.yaml

    With --here an engine that does not start is a fault, too; machine.yaml is read beside the file.

    Example: passk check --resolved | less

    Example: passk check --here --draw
    """
    try:
        values = compose(path) if path.name == STUDY else read(path)
        with contextlib.chdir(path.parent):
            study = check_study(values, str(path))
            unready = list(list_unready(study))
        note = check_composed(path.parent).note if path.name == PARAMS.name else ""
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
    if note:
        typer.echo(note)
    for line in unready:
        typer.echo(f"not ready: {line}")
    if here or draw:
        _check_engines(study, path.parent, draw=draw)


def _check_engines(study: Study, folder: Path, *, draw: bool) -> None:
    """Say of each engine whether it starts here; exit code 1 if one does not."""
    from passk.cli.engine_checks import probe_engines  # imports sampling

    works = True
    try:
        machine = read_machine(folder)
    except ParameterError as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None
    with contextlib.chdir(folder):
        for finding in probe_engines(study, machine, draw=draw):
            typer.echo(f"{'' if finding.works else 'passk: '}{finding}", err=not finding.works)
            works = works and finding.works
    if not works:
        raise typer.Exit(1)


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
