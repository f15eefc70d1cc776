"""`components.json`: for each stage item, digests of the components of code that it uses.

    {"train": {"grpo": {"code": d, "parameters": d, "algorithm.grpo": d, "judge.math": d}}}

`code` is the stage's own code, from its module to where registries begin; `parameters` are the
resolved values of the parameters that `dvc.yaml` declares for it, so that a default changed in the
schema reaches what it must; the rest is what the item uses of the registries (`usage`), without the
files that are in `code`. `libraries` are versions of packages that decide verdicts.

DVC compares these digests as it compares parameters (`params: - components.json: [train.${key}]`).
The file is ignored by git: `dvc.lock` holds what counted. It is written before DVC's status is read
(`passk status`, `passk check`, Snakemake's main process), and by the stage `components`, which
`dvc repro` runs first.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from passk.config.dotted_keys import value_at
from passk.config.paths import PARAMS
from passk.core.digests import digest
from passk.core.processor import pins
from passk.core.registry import Registry
from passk.pipeline.dag import Dag, Stage
from passk.pipeline.identity.source_files import PACKAGE, SourceFiles

StageComponents = Mapping[str, str]  # component -> digest
Components = Mapping[
    str, Mapping[str, StageComponents]
]  # group -> item ("" for none) -> components

# Sections of `verification` that a domain's judge reads.
READS = {"math": ("math",), "code": ("code",), "visual": ("visual", "math")}
# Groups whose numbers come of numpy's kernels, which no module of theirs chooses: the runner does.
PINNED = {"analyze", "headline", "report"}
JUDGING = {"verify", "expand"}  # stages that read `verification`, each for the judges of its sets
_LENGTH = 16  # hexadecimal digits of a digest that are kept: 64 bits


def stage_module(group: str) -> str:
    """The module of a stage group; `import` is a keyword of Python, so its module is `import_`."""
    return f"passk.pipeline.stages.{group}{'_' if group == 'import' else ''}"


def compute(
    parameters: Mapping[str, Any], dag: Dag, files: SourceFiles
) -> dict[str, dict[str, dict[str, str]]]:
    """The components of every stage.

    Args:
        parameters: all of `params.yaml`, resolved.
        dag: its stages, with the keys that they declare.
        files: the code.

    Raises:
        ValueError: a name that no registry has.
        SyntaxError: a source file is no Python.
    """
    components: dict[str, dict[str, dict[str, str]]] = {}
    for stage in dag.stages.values():
        entry = compute_stage(parameters, stage, files)
        components.setdefault(stage.group, {})[stage.item] = entry
    return components


def compute_stage(
    parameters: Mapping[str, Any], stage: Stage, files: SourceFiles
) -> dict[str, str]:
    """The components of one stage; see `compute`."""
    from passk.pipeline.identity.usage import USES

    code = files.closure(stage_module(stage.group))
    values = {key: value_at(parameters, key) for key in stage.params.get(PARAMS.as_posix(), ())}
    used = list(USES[stage.group](parameters, stage.item))
    judges = [use.name for use in used if use.kind == "judge"]
    if stage.group in JUDGING:
        values["verification"] = _options(values["verification"], judges)
    entry = {"code": _digest_files(code, files), "parameters": _short(values)}
    for use in used:
        entry[str(use)] = _digest_used(use.kind, use.name, code, files)
    if stage.group in JUDGING:
        entry["libraries"] = _short([_libraries(name) for name in judges])
    if stage.group in PINNED:
        entry["processor"] = _short(pins())
    return entry


def _options(verification: Any, judges: Iterable[str]) -> dict[str, Any]:  # noqa: ANN401
    """The sections of `verification` that judges read; one of a package may read any."""
    sections = {name: READS.get(name, tuple(verification)) for name in judges}
    names = {section for read in sections.values() for section in read}
    return {name: options for name, options in verification.items() if name in names}


def _short(*parts: object) -> str:
    return digest(*parts)[:_LENGTH]


def _digest_files(paths: Iterable[Path], files: SourceFiles, *of: str) -> str:
    """Files by name and meaning. A package's folder says nothing: it differs by installation.

    Args:
        paths: the files.
        files: the code.
        of: what else is part of the component.
    """
    chosen = frozenset(paths)
    if (chosen, of) not in files.marks:
        members = {_name(path): files[path].meaning for path in chosen}
        mark = _short(*of, sorted(members.items()))
        files.members[mark], files.marks[chosen, of] = members, mark
    return files.marks[chosen, of]


def _name(path: Path) -> str:
    """A file's name within its package; a study's own file by its name alone."""
    if path.is_relative_to(PACKAGE):
        return path.relative_to(PACKAGE).as_posix()
    top = path.parent
    while (top / "__init__.py").exists():
        top = top.parent
    return path.relative_to(top).as_posix()


def _digest_used(kind: str, name: str, code: frozenset[Path], files: SourceFiles) -> str:
    """The digest of a registered thing, of a template or of a source."""
    if kind == "template":
        return _digest_template(name, files)
    if kind == "source":
        return _digest_source(name)
    if kind in _FILES:
        return _digest_files([_FILES[kind](name)], files)
    registry = registries()["domain" if kind == "judge" else kind]
    module, _, attribute = registry.target(name).partition(":")
    try:
        closure = files.closure(module, lazy=kind != "domain")
    except ValueError as error:
        raise ValueError(f"{kind} {name!r}: {error}") from error
    return _digest_files(closure - code, files, attribute)


def _find_published(name: str) -> Path:
    from passk.report.published import find_file

    return find_file(name)


def _find_chat_template(name: str) -> Path:
    from passk.data.chat_options import chat_template_file

    return chat_template_file(name)


# Kinds of things that are one file each -> where it lies; it counts by its bytes.
_FILES: Mapping[str, Callable[[str], Path]] = {
    "published": _find_published,
    "chat_template": _find_chat_template,
    "file": Path,
}


def _digest_template(name: str, files: SourceFiles) -> str:
    """A template by its fields, those that its file leaves to their defaults among them."""
    from passk.data.prompts import read_template, template_file

    path = template_file(name)
    mark = _short(read_template(path).model_dump(mode="json"))
    files.members[mark] = {_name(path): files[path].meaning}
    return mark


def _digest_source(name: str) -> str:
    """A source by what it says: others stand in the same file."""
    from passk.data.sources import source

    return _short(source(name).identity())


def _libraries(domain: str) -> list[str]:
    """Versions of the packages that decide a domain's verdicts."""
    from passk.domains.registry import DOMAINS

    versions = []
    for name in getattr(DOMAINS[domain], "libraries", ()):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    return versions


@cache
def registries() -> Mapping[str, Registry[Any]]:
    """Every registry of this package by its kind; their modules import little."""
    modules = (
        "data.filters", "data.readers", "domains.completions", "domains.registry", "domains.suites",
        "domains.worlds", "logs.format", "sampling.engines.registry",
        "training.algorithms.registry",
        "training.curricula.registry", "training.rewards.registry", "analysis.questions.registry",
        "report.claims.registry", "report.domains", "report.sections.registry",
    )  # fmt: skip
    return {
        value.kind: value
        for name in modules
        for value in vars(importlib.import_module(f"passk.{name}")).values()
        if isinstance(value, Registry)
    }
