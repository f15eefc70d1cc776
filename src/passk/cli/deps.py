"""`passk deps`: the code dependencies in `dvc.yaml`, generated from the imports."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from passk.pipeline.closure import code_dependencies

_CODE = "src/passk/"


def _bodies(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The body of each stage group in a loaded `dvc.yaml`."""
    return {name: stage.get("do", stage) for name, stage in definition["stages"].items()}


def outdated(definition: Mapping[str, Any], root: Path) -> dict[str, tuple[set[str], set[str]]]:
    """Groups whose code dependencies differ from their imports: (missing, superfluous)."""
    differing = {}
    for group, body in _bodies(definition).items():
        declared = {dep for dep in body["deps"] if dep.startswith(_CODE)}
        wanted = set(code_dependencies(group, root))
        if declared != wanted:
            differing[group] = (wanted - declared, declared - wanted)
    return differing


def main(
    write: Annotated[bool, typer.Option(help="Write the lists into dvc.yaml.")] = False,
) -> None:
    """Compare the code dependencies in dvc.yaml with the imports; --write mends them.

    Example: passk deps --write
    """
    path = Path("dvc.yaml")
    root = Path.cwd()
    yaml = YAML()
    yaml.width = 10_000
    yaml.preserve_quotes = True
    definition = yaml.load(path)
    differing = outdated(definition, root)
    for group, (missing, superfluous) in differing.items():
        typer.echo(f"{group}: {len(missing)} missing, {len(superfluous)} superfluous")
        for name in sorted(missing):
            typer.echo(f"  + {name}")
        for name in sorted(superfluous):
            typer.echo(f"  - {name}")
    if not differing:
        typer.echo("dvc.yaml agrees with the imports")
        return
    if not write:
        raise typer.Exit(1)
    for group, body in _bodies(definition).items():
        deps = body["deps"]
        kept = [dep for dep in deps if not dep.startswith(_CODE)]
        deps.clear()
        deps.extend([*kept, *code_dependencies(group, root)])
    yaml.dump(definition, path)
