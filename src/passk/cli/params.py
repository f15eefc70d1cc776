"""`passk params`: what a key of a parameter file means, and what is legal there."""

import contextlib
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any

import typer

from passk.config.paths import PARAMS
from passk.config.reference import (
    ParameterDoc,
    find_parameters,
    list_parameters,
    write_reference,
)
from passk.config.resolved import resolve
from passk.config.study import validate
from passk.config.values import format_value
from passk.core.yaml_files import ParameterError, read

_WIDTH = 100


def main(
    key: Annotated[
        str, typer.Argument(help="Dotted key; names that a study chooses as NAME, or any.")
    ] = "",
    write: Annotated[
        Path | None, typer.Option(help="Write reference page and JSON schema to a folder.")
    ] = None,
    file: Annotated[Path, typer.Option(help="Whose values are shown beside.")] = PARAMS,
) -> None:
    """Say what a key means: type, legal values, default, and its value in params.yaml.

    Example: passk params train.NAME.learning_rate

    Example: passk params draws.base
    """
    if write is not None:
        write_reference(write)
        return
    if not key:
        documents = [doc for doc in list_parameters() if len(doc.parts) == 1]
        print_table(documents)
        return
    values = _read_values(file)
    documents = find_parameters(key)
    depth = len(key.split("."))
    exact = [doc for doc in documents if len(doc.parts) == depth]
    for doc in exact:
        print_document(doc, _find_value(values, key))
    if inner := [doc for doc in documents if len(doc.parts) > depth]:
        if exact:
            typer.echo()
        print_table(inner)


def print_document(doc: ParameterDoc, value: str | None) -> None:
    """All that is known of one key."""
    typer.echo(f"{doc.key}{f' ({doc.form})' if doc.form else ''}")
    default = "none; the file must state it" if doc.required else doc.default
    for name, text in (
        ("type", doc.type), ("legal", doc.legal), ("default", default), ("value", value),
        ("meaning", doc.description),
    ):  # fmt: skip
        if text:
            lines = fill(text, _WIDTH - 11, subsequent_indent=" " * 11)
            typer.echo(f"  {name:<8} {lines}")


def print_table(documents: list[ParameterDoc]) -> None:
    """A block per key: type, legal values and default in one line, then what it means."""
    form = ""
    for doc in documents:
        if doc.form != form:
            form = doc.form
            typer.echo(f"with {form}:")
        default = "required" if doc.required else f"default {doc.default}" if doc.default else ""
        facts = "; ".join(filter(None, (doc.type, doc.legal, default)))
        typer.echo(fill(f"{doc.key}: {facts}", _WIDTH, subsequent_indent="    "))
        typer.echo(fill(doc.description, _WIDTH, initial_indent="    ", subsequent_indent="    "))


def _read_values(path: Path) -> dict[str, Any]:
    """What a legal file says, defaults too; nothing where there is none, or an illegal one."""
    if not path.exists():
        return {}
    try:
        values = read(path)
        with contextlib.chdir(path.parent):
            return resolve(validate(values, str(path)))
    except ParameterError:
        typer.echo(f"{path} is not legal, so no values are shown; see `passk check {path}`")
        return {}


def _find_value(values: dict[str, Any], key: str) -> str | None:
    node: Any = values
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    return None if isinstance(node, dict) else format_value(node)
