"""The rooms of the house: imports go down, libraries know no study, a class name has one meaning.

The order of the rooms, low to high, is that of docs/architecture.md.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "passk"
ROOMS = (
    "core", "domains", "data", "logs", "models", "sampling", "training", "analysis", "report",
    "config", "provenance", "planning", "pipeline", "comparing", "cli",
)  # fmt: skip
LIBRARIES = ROOMS[: ROOMS.index("config")]

# What only the rooms above know: files of a study, stages, and the tools that run and track them.
OF_A_STUDY = (
    "passk.config", "passk.provenance", "passk.pipeline", "passk.cli", "passk.api",
    "dvc", "dvc_data", "snakemake", "mlflow",
)  # fmt: skip

# Class names with several meanings that are not yet mended. This list may only shrink.
SEVERAL_MEANINGS: set[str] = set()

# Skips for what is outside the repository say so in these words; for all else a test brings its
# own data.
OUTSIDE = "needs ../shared"


def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module of the package in a room."""
    return {
        ".".join(("passk", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__init__.py" and path.parent != PACKAGE and "_vendor" not in path.parts
    }


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path, *, when_loaded: bool = False) -> Iterator[str]:
    """Modules that a file imports: anywhere, or only those that load with it."""
    nodes = list(tree(path).body) if when_loaded else list(ast.walk(tree(path)))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_module_is_in_a_room():
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "api.py"}
    assert {room(module) for module in modules()} == set(ROOMS)


def test_imports_go_down_the_rooms():
    known = modules()
    upwards = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imported(path)
        if other in known and ROOMS.index(room(other)) > ROOMS.index(room(name))
    ]
    assert upwards == []


def test_no_module_imports_itself_through_others():
    known = modules()
    graph = {
        name: {other for other in imported(path, when_loaded=True) if other in known} - {name}
        for name, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_libraries_know_no_study_no_stage_and_no_tool_that_runs_them():
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        if room(name) in LIBRARIES
        for other in imported(path)
        if any(other == known or other.startswith(f"{known}.") for known in OF_A_STUDY)
    ]
    assert wrong == []


def test_no_module_uses_the_public_interface():
    # closure() leaves `passk/__init__.py` out, so that nothing may depend on what it holds.
    wrong = [
        f"{name}: from passk import {alias.name}"
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "passk"
        for alias in node.names
        if alias.name not in ROOMS
    ]
    assert wrong == []


def test_a_class_name_has_one_meaning():
    places = defaultdict(list)
    for name, path in modules().items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    several = {name: where for name, where in places.items() if len(where) > 1}
    new = {name: where for name, where in several.items() if name not in SEVERAL_MEANINGS}
    assert new == {}, "give one of them another name"
    assert set(several) == SEVERAL_MEANINGS, "strike what is mended from the list"


def test_skips_for_what_is_outside_the_repository_say_so():
    wrong = []
    for path in sorted((ROOT / "tests").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name == "conftest.py":
            text = re.sub(r'f?"needs \.\./shared[^"\n]*"', "", text)
            assert text.count("SHARED") == 2, "one place knows what lies outside"
        elif path.name != "test_house.py":
            outside = re.findall(r".*(?:parents\[2\]|\.\./shared|ROOT\.parent|/work/).*", text)
            wrong += [f"{path.name}: {line.strip()}" for line in outside if OUTSIDE not in line]
    assert wrong == []
