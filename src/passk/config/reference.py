"""The reference of all parameters, made from the schema: for the terminal, the docs, and editors.

`docs/reference/` holds what `write_reference` writes; a test keeps it in step.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from passk.config.legal_values import describe_legal, describe_type
from passk.config.schema import STATED
from passk.config.schema_tree import Node, entry_form, follow, parameter_schema, variants
from passk.config.values import format_value
from passk.core.files import write_text
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError
from passk.data import source_table

NAME = "NAME"  # stands for a name that the study chooses
SCHEMA_FILE, PAGE_FILE = "params.schema.json", "parameters.md"


@dataclass(frozen=True)
class ParameterDoc:
    """What is known of one key.

    Attributes:
        key: dotted; NAME is a name that the study chooses, [] an entry of a list.
        type: in words.
        legal: legal values in words; empty where the type says all.
        default: as a file would state it; empty where there is none.
        required: whether a file must state the key.
        description: what it means.
        form: of a section with several forms, the key and value that choose this one.
    """

    key: str
    type: str
    legal: str
    default: str
    required: bool
    description: str
    form: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The key's parts, without the marks of lists."""
        return tuple(part.removesuffix("[]") for part in self.key.split("."))


@cache
def list_parameters() -> tuple[ParameterDoc, ...]:
    """Every key, in the order of the schema: a section before its keys."""
    return tuple(_walk("", parameter_schema(), ""))


def _walk(prefix: str, node: Node, form: str) -> Iterator[ParameterDoc]:
    """The keys of a section, and below each of them its own."""
    required = node.get("required", [])
    for name, stated in node.get("properties", {}).items():
        key = f"{prefix}.{name}" if prefix else name
        needed = name in required or key in STATED
        yield _document(key, stated, required=needed, form=form)
        yield from _descend(key, follow(stated), form)


def _descend(key: str, node: Node, form: str) -> Iterator[ParameterDoc]:
    items = follow(node.get("items", {}))
    if items.get("properties") or variants(items):
        yield from _descend(f"{key}[]", items, form)
        return
    for tag, variant in variants(node).items():
        chosen = f"{node['discriminator']['propertyName']}: {tag}"
        yield from _walk(key, variant, chosen)
    entry = entry_form(node)
    if entry is not None and (follow(entry).get("properties") or entry_form(follow(entry))):
        yield from _descend(f"{key}.{NAME}", follow(entry), form)
    if not variants(node):
        yield from _walk(key, node, form)


def _document(key: str, stated: Node, *, required: bool, form: str) -> ParameterDoc:
    node = follow(stated)
    default = format_value(node["default"]) if "default" in node else ""
    if "default" in node and node.get("properties"):
        default = "{}"  # each key has its own
    description = " ".join(str(node.get("description", "")).split())
    return ParameterDoc(
        key, describe_type(stated), describe_legal(stated), default, required, description, form
    )


def find_parameters(key: str) -> list[ParameterDoc]:
    """A key, and where it is a section the keys right below it.

    Args:
        key: dotted; where the study chooses names, NAME or any name.

    Raises:
        ParameterError: no such key; it names the nearest, and the legal ones.
    """
    parts = tuple(part.removesuffix("[]") for part in key.split("."))
    exact = [doc for doc in list_parameters() if _matches(doc.parts, parts)]
    below = [doc for doc in list_parameters() if _is_below(doc.parts, parts)]
    if exact or below:
        return [*exact, *below]
    for depth in range(len(parts) - 1, -1, -1):
        names = {
            doc.parts[depth]
            for doc in list_parameters()
            if len(doc.parts) == depth + 1 and _matches(doc.parts[:depth], parts[:depth])
        }
        if names:
            section = ".".join(parts[:depth]) or "params.yaml"
            raise ParameterError(
                f"{key}: no such key; {section} has no {parts[depth]!r}: "
                f"{suggest(parts[depth], names)}"
            )
    raise ParameterError(f"{key}: no such key")


def _matches(known: Sequence[str], parts: Sequence[str]) -> bool:
    return len(known) == len(parts) and all(
        name in (NAME, part) for name, part in zip(known, parts, strict=True)
    )


def _is_below(known: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a key is right below another, or below names that the study chooses there."""
    if not _matches(known[: len(parts)], parts):
        return False
    rest = known[len(parts) :]
    return len(rest) == 1 or (len(rest) == 2 and rest[0] == NAME)


def write_reference(folder: Path) -> None:
    """Write the page, the JSON schema, and the table of benchmarks."""
    write_text(folder / PAGE_FILE, render_page())
    write_text(folder / source_table.PAGE, source_table.render_sources())
    write_text(folder / SCHEMA_FILE, render_schema())


def render_schema() -> str:
    """The JSON schema for editors."""
    head: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters of a passk study",
    }
    return json.dumps({**head, **parameter_schema()}, indent=1, ensure_ascii=False) + "\n"


def render_page() -> str:
    """The reference page, in Markdown."""
    lines = [_HEAD]
    parameters = list_parameters()
    for section in (doc for doc in parameters if len(doc.parts) == 1):
        lines += [f"## {section.key}", "", section.description, ""]
        inner = [doc for doc in parameters if doc.parts[0] == section.key and doc is not section]
        if not inner:
            lines += [f"{section.type}{_join_legal(section)}; required.", ""]
            continue
        lines += ["| key | type | legal | default | meaning |", "|---|---|---|---|---|"]
        lines += [_row(doc) for doc in inner] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _join_legal(doc: ParameterDoc) -> str:
    return f", {doc.legal}" if doc.legal else ""


def _row(doc: ParameterDoc) -> str:
    """A row of a table; bars would end its cells."""
    key = f"`{doc.key}`" + (f" ({doc.form})" if doc.form else "")
    default = f"`{doc.default}`" if doc.default else ""
    if doc.required:
        default = f"required; usual is {default}" if default else "required"
    cells = (key, doc.type, doc.legal, default, doc.description)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_HEAD = """# Parameters

All keys of `params.yaml`, made from the schema by `passk params --write docs/reference`: do not
edit this page. `passk params KEY` prints the same for one key, `passk check` says whether a file is
legal, and `passk check --resolved` prints a file with all defaults filled in.

NAME stands for a name that the study chooses, `[]` for an entry of a list. A key without a default
is required, or made from others as its meaning says. Whole sections, and a few keys that DVC reads
(`analysis.k` and the others that are required and have a usual value), must stand in the file.
Numbers are finite; text in quotes is no number, and `true` is none either; a whole number may stand
where a number is asked for.

Editors check a file while it is written with the [JSON schema](params.schema.json): put

```yaml
# yaml-language-server: $schema=docs/reference/params.schema.json
```

on the first line of `params.yaml` (the path is relative to the file). VS Code (with the extension
"YAML"), Neovim and Helix (with yaml-language-server) and JetBrains' editors read that line: they
complete keys, show descriptions, and underline illegal values. What must agree between keys and
sections (names, sets, n, contexts) is `passk check`'s alone.
"""
