"""`passk compose`: params.yaml of study.yaml."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config.composition import check_composed, compose_text, find_edits
from passk.config.composition_sources import STUDY
from passk.config.paths import PARAMS
from passk.core.files import write_text
from passk.core.yaml_files import ParameterError


def main(
    check: Annotated[
        bool, typer.Option(help="Write nothing; exit code 1 where params.yaml is another.")
    ] = False,
    force: Annotated[
        bool, typer.Option(help="Put edits of params.yaml away, and write it anew.")
    ] = False,
) -> None:
    """Write params.yaml: what study.yaml says, with every entry laid out.

    Values of params.yaml that were edited by hand are never lost unasked: they are named, and
    --force puts them away. Comments written there are lost; they belong in study.yaml.

    Example: passk compose
    """
    root = Path()
    if not (root / STUDY).exists():
        raise ParameterError(
            f"{STUDY}: no such file; `passk new DIR --like NAME` makes a folder with one, and a "
            f"study without one is its {PARAMS} alone"
        )
    text = compose_text(root)
    if check:
        state = check_composed(root)
        typer.echo(state.note or f"{PARAMS} is what {STUDY} composes")
        raise typer.Exit(1 if state.edited else 0)
    edits = () if force else find_edits(root)
    if edits:
        raise ParameterError(
            f"{PARAMS} was edited since it was composed: {', '.join(edits)}; move what shall stay "
            f"into {STUDY}, then `passk compose --force` writes {PARAMS} anew"
        )
    old = (root / PARAMS).read_text(encoding="utf-8") if (root / PARAMS).exists() else ""
    if text == old:
        typer.echo(f"{PARAMS} is what {STUDY} composes")
        return
    write_text(root / PARAMS, text)
    typer.echo(f"{PARAMS}: written; `passk status` says what will run")
