"""The resolved DAG of `dvc.yaml`: the only module that touches DVC's internals.

DVC's version is pinned and `tests/test_dag.py` holds the contract. `dvc.yaml` stays the only
definition; this module reads it as DVC does, with the parameters filled in.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from passk.config.paths import STATE
from passk.core.digests import digest, file_digest
from passk.core.files import read_json, write_json
from passk.pipeline.retry import patiently

# The stage that brings components.json up to date for `dvc repro`; it is always changed. Whoever
# reads the DAG here has written that file before.
IDENTITY = "components"


@dataclass(frozen=True)
class Stage:
    """One stage as DVC resolves it.

    Attributes:
        name: `group@item`, or the group alone.
        cmd: the shell command.
        deps: paths of files and folders it reads, relative to the root.
        outs: paths it writes, relative to the root.
        params: parameter file -> keys declared.
        parents: names of stages whose outputs it reads.
        meta: resources; never makes a stage stale.
    """

    name: str
    cmd: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    params: Mapping[str, tuple[str, ...]]
    parents: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The stage group."""
        return self.name.split("@", 1)[0]

    @property
    def item(self) -> str:
        """The item within the group; empty for a stage without items."""
        return self.name.partition("@")[2]


class Dag:
    """All stages by name, with their order."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages = {stage.name: stage for stage in stages}

    def groups(self) -> dict[str, list[Stage]]:
        """Stages per group, in the order of `dvc.yaml`."""
        groups: dict[str, list[Stage]] = {}
        for stage in self.stages.values():
            groups.setdefault(stage.group, []).append(stage)
        return groups

    def priorities(self) -> dict[str, int]:
        """How soon each stage should run: first what an early figure waits for, then long chains.

        A stage's priority is the cost (`meta`, seconds on the default study) of the longest chain
        that begins with it; what a stage with `early: true` in its `meta` waits for comes before
        everything else.
        """
        chain: dict[str, int] = {}
        for name in reversed(self.ordered()):
            chain.setdefault(name, 0)
            chain[name] += int(self.stages[name].meta.get("cost", 1))
            for parent in self.stages[name].parents:
                chain[parent] = max(chain.get(parent, 0), chain[name])
        urgent = [name for name, stage in self.stages.items() if stage.meta.get("early")]
        first = max(chain.values(), default=0)
        while urgent:
            name = urgent.pop()
            if chain[name] <= first:
                chain[name] += first
                urgent += self.stages[name].parents
        return chain

    def ordered(self) -> list[str]:
        """Names with parents before their children."""
        sorter = TopologicalSorter({name: stage.parents for name, stage in self.stages.items()})
        return list(sorter.static_order())

    def downstream(self, names: Iterable[str]) -> set[str]:
        """The named stages and all that lie downstream of them."""
        children: dict[str, list[str]] = {name: [] for name in self.stages}
        for stage in self.stages.values():
            for parent in stage.parents:
                children[parent].append(stage.name)
        reached: set[str] = set()
        queue = [name for name in names if name in self.stages]
        while queue:
            name = queue.pop()
            if name not in reached:
                reached.add(name)
                queue += children[name]
        return reached


def _relpath(path: str, root: Path) -> str:
    """A path relative to the root, also where it lies outside of it."""
    return Path(os.path.relpath(path, root)).as_posix()


def load(root: Path = Path()) -> Dag:
    """Resolve `dvc.yaml` with the present parameters; 0.5 s, nearly all of it DVC's import."""
    from dvc.dependency import ParamsDependency
    from dvc.repo import Repo
    from dvc.stage import PipelineStage

    root = root.resolve()
    stages = []
    with Repo(str(root), _wait_for_lock=True) as repo:
        graph = repo.index.graph
        for stage in repo.index.stages:
            if not isinstance(stage, PipelineStage) or stage.name == IDENTITY:
                continue
            params = {
                _relpath(dep.fs_path, root): tuple(dep.params)
                for dep in stage.deps
                if isinstance(dep, ParamsDependency)
            }
            deps = [d for d in stage.deps if not isinstance(d, ParamsDependency)]
            stages.append(
                Stage(
                    name=stage.name,
                    cmd=str(stage.cmd),
                    deps=tuple(_relpath(d.fs_path, root) for d in deps),
                    outs=tuple(_relpath(o.fs_path, root) for o in stage.outs),
                    params=params,
                    parents=tuple(
                        sorted(p.name for p in graph.successors(stage) if p.name != IDENTITY)
                    ),
                    meta=stage.meta or {},
                )
            )
    return Dag(stages)


@contextmanager
def parameters_read_once() -> Iterator[None]:
    """Inside, DVC parses a parameter file once, not once for every stage, and looks keys up.

    DVC itself walks through all values of the file for each key (dpath), which takes the square of
    a study's size.
    """
    from dvc.dependency import param

    load, read = param.load_path, param.read_param_file
    contents: dict[str, Any] = {}

    def load_once(path: str, fs: object, **kwargs: Any) -> Any:  # noqa: ANN401
        key = f"{path} {kwargs}"
        if key not in contents:
            contents[key] = load(path, fs, **kwargs)
        return contents[key]  # DVC only looks values up in it, or copies it

    def look_up(
        fs: object,
        path: str,
        key_paths: list[str] | None = None,
        flatten: bool = False,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if not flatten or not key_paths:
            return read(fs, path, key_paths, flatten, **kwargs)
        content = load_once(path, fs, **kwargs)
        values = {key: _value_at(content, key) for key in key_paths}
        others = [key for key in key_paths if values[key] is _MISSING]
        if others:  # missing, or a pattern
            values |= dict.fromkeys(others, _MISSING) | read(fs, path, others, flatten, **kwargs)
        return {key: value for key, value in values.items() if value is not _MISSING}

    param.load_path, param.read_param_file = load_once, look_up
    try:
        yield
    finally:
        param.load_path, param.read_param_file = load, read


_MISSING = object()
_PATTERN = frozenset("*?[]/")


def _value_at(content: object, key: str) -> object:
    """The value of a dotted key in nested mappings with texts as keys; `_MISSING` without one.

    Keys that DVC reads as patterns or paths count as missing: it has rules of its own for them.
    """
    if not _PATTERN.isdisjoint(key):
        return _MISSING
    for part in key.split("."):
        if not isinstance(content, dict) or part not in content:
            return _MISSING
        content = content[part]
    return content


def changes(root: Path = Path()) -> dict[str, Any]:
    """What `dvc status` says of each stage that changed itself, without what follows.

    `components.json` must be up to date.
    """
    from dvc.repo import Repo

    def status() -> dict[str, Any]:
        with parameters_read_once(), Repo(str(root.resolve()), _wait_for_lock=True) as repo:
            return dict(repo.status())

    # a name begins with the file's path where the working folder is not the root
    by_name = {
        address.rpartition(":")[2]: reasons for address, reasons in patiently(status).items()
    }
    return {name: reasons for name, reasons in by_name.items() if name != IDENTITY}


def stale(root: Path = Path()) -> set[str]:
    """Stages that changed themselves, without what follows; see `changes`."""
    return set(changes(root))


def cached(root: Path = Path()) -> Dag:
    """The resolved DAG, read again only when `dvc.yaml` or `params.yaml` changed."""

    def state() -> str:
        return digest(*(file_digest(root / name) for name in ("dvc.yaml", "params.yaml")))

    before = state()
    path = root / STATE / "dag" / f"{before}.json"
    if path.exists():
        return Dag(Stage(**stage) for stage in read_json(path, "delete it"))
    dag = load(root)
    if state() == before:  # else an edit came meanwhile: it must not be kept by that name
        write_json(path, [asdict(stage) for stage in dag.stages.values()])
    return dag
