"""`passk docs`: validation results as pages."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config import paths
from passk.core.files import read_json
from passk.core.yaml_files import read

DOCS = paths.STATE / "data-docs"
KINDS = ("problems", "samples", "verdicts")


def find_results(study: str) -> dict[str, Path]:
    """The newest result of each suite: a failed one lies outside of DVC's outputs."""
    folders = {
        kind: [paths.STATE / "validation" / study / f"{kind}.json", paths.validation(study, kind)]
        for kind in KINDS
    }
    existing = {kind: [p for p in both if p.exists()] for kind, both in folders.items()}
    return {
        kind: max(both, key=lambda path: path.stat().st_mtime)
        for kind, both in existing.items()
        if both
    }


def main(
    study: Annotated[str, typer.Option(help="Study; the one of params.yaml by default.")] = "",
    folder: Annotated[Path, typer.Option(help="Where the pages go.")] = DOCS,
) -> None:
    """Build Data Docs: what was expected of problems, samples and verdicts, and which rows failed.

    Example: passk docs && xdg-open .passk/data-docs/index.html
    """
    from passk.data.expectations import data_docs, pages
    from passk.data.expectations.results import SuiteResult

    study = study or str(read(paths.PARAMS)["study"])
    files = find_results(study)
    if not files:
        typer.echo(
            f"passk: study {study!r} has no validation results; run `dvc repro validate`", err=True
        )
        raise typer.Exit(1)
    results = [SuiteResult.parse(read_json(path)) for path in files.values()]
    links = data_docs.build(results, folder / "great-expectations")
    index = pages.write(results, links, folder)
    for result in results:
        number = len(result.expectations)
        typer.echo(f"{result.kind}: {number - result.failed} of {number} expectations hold")
    typer.echo(f"page: {index.resolve()}")
