"""What will run, why, and for how long: DVC's status in words, with the components of code named.

DVC says that `train.grpo` of `components.json` is modified; what a person wants to know is that the
algorithm was edited, and in which file. DVC says that a parameter changed; here stand both values.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from passk.config.dotted_keys import find_value
from passk.config.paths import COMPONENTS, PARAMS
from passk.pipeline.dag import Dag, Stage, changes
from passk.pipeline.identity.components import StageComponents
from passk.pipeline.identity.current import Identity, changed_files, differing
from passk.pipeline.lock_entries import HEAD, split
from passk.provenance.lock import LOCK, LockEntry, parse_lock, read_lock

_SHOWN = 4  # values or files of one reason
_PARAMETERS = "parameters"


@dataclass(frozen=True)
class StageStatus:
    """A stage that will run.

    Attributes:
        name: `group@item`, or the group alone.
        reasons: why it changed itself; empty for one that only follows others.
    """

    name: str
    reasons: tuple[str, ...] = ()


def read_status(dag: Dag, identity: Identity, root: Path = Path()) -> list[StageStatus]:
    """The stages that will run, parents first, each with its reasons.

    Args:
        dag: of the study.
        identity: of the parameters and the code at hand; `components.json` must say the same.
        root: of the study.
    """
    reasons = changes(root)
    lock = _read_entries(reasons, root)
    planned = dag.downstream(reasons)
    return [
        StageStatus(
            name,
            tuple(_reasons(dag.stages[name], reasons[name], lock.get(name), identity, root))
            if name in reasons
            else (),
        )
        for name in dag.ordered()
        if name in planned
    ]


def _read_entries(names: Collection[str], root: Path) -> Mapping[str, LockEntry]:
    """The lock's entries of some stages; YAML is read slowly, so no others are."""
    path = root / LOCK
    text = path.read_text(encoding="utf-8") if names and path.exists() else ""
    entries = split(text)
    if entries is None:  # not as DVC prints it
        return read_lock(root)
    wanted = "".join(lines for name, lines in entries.items() if name in names)
    return parse_lock(HEAD + wanted, path, root) if wanted else {}


def _reasons(
    stage: Stage,
    changes_found: Sequence[Any],
    entry: LockEntry | None,
    identity: Identity,
    root: Path = Path(),
) -> Iterator[str]:
    """Why a stage changed itself, from its lock entry and from what DVC says."""
    if entry is None:
        yield "it never ran"
        return
    yield from _changed_code(stage, entry, identity, root)
    yield from _changed_values(stage, entry, identity)
    for part in changes_found:
        if isinstance(part, str):  # "changed command"
            yield part
            continue
        for key, noun in (("changed deps", "input"), ("changed outs", "output")):
            files: dict[str, list[str]] = {}
            for path, state in part.get(key, {}).items():
                if path not in (PARAMS.as_posix(), COMPONENTS.as_posix()):
                    files.setdefault(_state(state), []).append(path)
            for state, paths in files.items():
                every = noun == "output" and set(paths) == set(stage.outs)
                yield f"its outputs are {state}" if every else f"{noun} {state}:{_list(paths, ' ')}"
        if "changed checksum" in part:
            yield "its definition in dvc.yaml changed"


def _state(state: object) -> str:
    words = {"deleted": "missing", "not in cache": "neither here nor in the cache"}
    return words.get(str(state), str(state))


def _changed_code(stage: Stage, entry: LockEntry, identity: Identity, root: Path) -> Iterator[str]:
    """Components of code that differ, with the files where both states are known here."""
    before = _recorded(entry)
    now = identity.of_stage(stage)
    if not before:
        yield "code: none was recorded when it ran"
        return
    for name in differing(before, now):
        if name == _PARAMETERS:
            continue  # the values below say it
        if name not in now or name not in before:
            yield f"code: {name} is {'no longer' if name in before else 'now'} used"
            continue
        files = changed_files(before[name], now[name], root)
        yield f"code: {name} changed{_list(files, ' in ')}"


def _changed_values(stage: Stage, entry: LockEntry, identity: Identity) -> Iterator[str]:
    """Parameters that differ, with both values; a default that changed; another way to say it."""
    declared = stage.params.get(PARAMS.as_posix(), ())
    before = _flatten(entry.params.get(PARAMS.as_posix(), {}))
    stated = _flatten({key: find_value(identity.stated, key) for key in declared})
    now = _flatten({key: find_value(identity.parameters, key) for key in declared})
    keys = [key for key in before if before[key] != now.get(key) and before[key] != {}]
    keys += [key for key in stated if key not in before and stated[key] != {}]
    for key in keys[:_SHOWN]:
        yield f"parameter {key}: {_value(before, key)} -> {_value(now, key)}"
    if len(keys) > _SHOWN:
        yield f"and {len(keys) - _SHOWN} more parameters"
    recorded = _recorded(entry)
    if keys:
        return
    if recorded and recorded[_PARAMETERS] != identity.of_stage(stage)[_PARAMETERS]:
        yield "a default of its parameters changed"
    elif before != stated:
        yield f"{PARAMS} states the same values in another way"


def _recorded(entry: LockEntry) -> StageComponents:
    """The components that a lock entry holds; none where it is older than they are."""
    components: Any = entry.params.get(COMPONENTS.as_posix(), {})
    return next(iter(components.values()), {})


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys of nested mappings; a list is one value."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _value(values: Mapping[str, Any], key: str) -> str:
    text = str(values[key]) if key in values else "not stated"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _list(names: Sequence[str], before: str) -> str:
    if not names:
        return ""
    rest = len(names) - _SHOWN
    return before + ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def estimate_seconds(
    dag: Dag, planned: Sequence[str], past: Callable[[str], float | None]
) -> dict[str, float]:
    """Seconds that each planned stage will take, by its own past, its group's, or the DAG's guess.

    Args:
        dag: of the study.
        planned: names of the stages.
        past: seconds of a stage's last execution; None where none is recorded.
    """
    known = {name: past(name) for name in dag.stages}
    seconds = {}
    for name in planned:
        stage = dag.stages[name]
        group = [
            s for n, s in known.items() if s is not None and dag.stages[n].group == stage.group
        ]
        own = known[name]
        guess = median(group) if group else float(stage.meta.get("cost", 1))
        seconds[name] = guess if own is None else own
    return seconds


def makespan(dag: Dag, seconds: Mapping[str, float], cores: int) -> float:
    """Seconds until all stages are done on so many cores, urgent ones first, as Snakemake does.

    Args:
        dag: of the study.
        seconds: planned stage -> how long it takes.
        cores: stages at once; each needs `meta.threads` of them.
    """
    priorities = dag.priorities()
    waiting = sorted(seconds, key=lambda name: -priorities[name])
    ends: dict[str, float] = {}
    running: dict[str, int] = {}
    now, free = 0.0, cores
    while waiting or running:
        for name in list(waiting):
            parents = (p for p in dag.stages[name].parents if p in seconds)
            threads = min(cores, int(dag.stages[name].meta.get("threads", 1)))
            if threads <= free and all(p in ends and p not in running for p in parents):
                waiting.remove(name)
                running[name] = threads
                ends[name] = now + seconds[name]
                free -= threads
        done = min(running, key=lambda name: ends[name])
        now = ends[done]
        free += running.pop(done)
    return now
