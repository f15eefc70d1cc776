"""`params.yaml` as composing writes it: what it was composed from, then every entry laid out."""

import io
import itertools
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from passk.config.composition_head import content_digest
from passk.config.composition_sources import TAGS
from passk.config.study import Study, validate

# Keys that dvc.yaml names: DVC looks for them in the file and knows no default.
STATED = (
    "analysis.questions", "analysis.views", "analysis.coverage_excludes", "analysis.k",
    "analysis.bootstrap",
)  # fmt: skip
_WIDTH = 140  # of one entry on one line
_PROSE_WIDTH = 100
_HEAD = """\
# Composed by `passk compose` from the files below; study.yaml is the short form, for people. A key
# that is left out has the schema's default. What stands here counts: an edit of a value by hand is
# accepted, and `passk check` names it; `passk compose --force` puts it away. Comments belong in
# study.yaml: those written here are lost when this file is composed anew.
"""


def params_text(values: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """The text of the file.

    Args:
        values: the parameters.
        sources: file or shipped name -> digest of its bytes.
    """
    yaml = YAML()
    yaml.width = 10 * _WIDTH  # lines break where this module says
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    parts = [_HEAD, *(f"# from {name} {digest}\n" for name, digest in sources.items())]
    parts.append(f"# content {content_digest(values)}\n")
    for section, content in values.items():
        stream = io.StringIO()
        yaml.dump(_layout({section: content}, 0, top=True), stream)
        parts.append("\n" * isinstance(content, Mapping) + stream.getvalue())
    return "".join(parts)


def _layout(node: Any, indent: int, *, key: str = "", top: bool = False) -> Any:  # noqa: ANN401
    """Short mappings and lists in one line each, others with a line for each key."""
    if isinstance(node, Mapping):
        mapping = CommentedMap()
        for name, value in node.items():
            # a section has a line for each entry; an entry may be one line
            lines = top and isinstance(value, Mapping) and value
            mapping[name] = _lines(value) if lines else _layout(value, indent + 2, key=str(name))
        if not top and _fits(node, indent + len(key)):
            mapping.fa.set_flow_style()
            # a text on the mapping's own line is not folded
            mapping.update({k: str(v) for k, v in mapping.items() if isinstance(v, str)})
        return mapping
    if isinstance(node, list):
        sequence = CommentedSeq(_layout(item, indent + 2) for item in node)
        if _fits(node, indent + len(key)):
            sequence.fa.set_flow_style()
        return sequence
    if isinstance(node, str) and "://" in node:
        return DoubleQuotedScalarString(node)  # on one line, a colon would end a plain text
    return _folded(node) if isinstance(node, str) and indent + len(node) > _PROSE_WIDTH else node


def _folded(text: str) -> str:
    """A long text over several lines, which are one when they are read."""
    lines = textwrap.wrap(text, _PROSE_WIDTH - 10, break_long_words=False, break_on_hyphens=False)
    if "\n" in text or " ".join(lines) != text:
        return text
    folded = FoldedScalarString(text)
    ends = itertools.accumulate(len(line) + 1 for line in lines[:-1])
    folded.fold_pos = [end - 1 for end in ends]
    return folded


def _lines(node: Mapping[str, Any]) -> CommentedMap:
    """A mapping with a line for each key."""
    return CommentedMap((key, _layout(value, 2, key=str(key))) for key, value in node.items())


def _fits(node: Any, indent: int) -> bool:  # noqa: ANN401
    """Whether a value fits on one line, without its quotes, and is not a maze of brackets."""
    text = json.dumps(node, ensure_ascii=False, default=str)
    deep = re.search(r"[{\[][^{}\[\]]*[{\[][^{}\[\]]*[{\[]", text)
    return not node or (not deep and indent + len(text.replace('"', "")) < _WIDTH)


def state_defaults(values: dict[str, Any]) -> None:
    """State the keys that `dvc.yaml` names, where they are left to the schema's defaults."""
    for key in STATED:
        section, name = key.split(".")
        known = Study.model_fields[section].annotation.model_fields[name]  # type: ignore[union-attr]
        stated = values.get(section)
        if isinstance(stated, dict) and name not in stated and not known.is_required():
            stated[name] = to_jsonable_python(known.get_default(call_default_factory=True))


def trim(values: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """Parameters without the values that the schema has as defaults, in the schema's order.

    Sections, and the keys that `dvc.yaml` names, are stated whatever their value.
    """
    trimmed = {
        name: _trimmed(values[name], getattr(study, name), name)
        for name in Study.model_fields
        if name in values
    }
    if validate(trimmed) != study:
        raise AssertionError("a left-out default changed the study")
    return trimmed


def _trimmed(value: Any, resolved: Any, location: str) -> Any:  # noqa: ANN401
    """A value without what its schema has as default; keys in the schema's order."""
    if isinstance(resolved, BaseModel) and isinstance(value, Mapping):
        return dict(_kept(value, resolved, location))
    if isinstance(resolved, dict) and isinstance(value, Mapping):
        return {k: _trimmed(v, resolved.get(k), f"{location}.{k}") for k, v in value.items()}
    if isinstance(resolved, list) and isinstance(value, list) and len(resolved) == len(value):
        pairs = zip(value, resolved, strict=True)
        return [_trimmed(one, other, location) for one, other in pairs]
    return value


def _kept(value: Mapping[str, Any], model: BaseModel, location: str) -> Iterator[tuple[str, Any]]:
    for key, known in type(model).model_fields.items():
        if key not in value:
            continue
        at, resolved = f"{location}.{key}", getattr(model, key)
        stated = at in STATED or key in TAGS or known.is_required()
        if stated or resolved != _default(known, model):
            yield key, _trimmed(value[key], resolved, at)


def _default(known: FieldInfo, model: BaseModel) -> Any:  # noqa: ANN401
    """What a field is where it is left out; a default may depend on the fields before it."""
    return known.get_default(call_default_factory=True, validated_data=dict(model))
