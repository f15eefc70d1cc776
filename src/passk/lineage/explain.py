"""Walking a number back: result row, counts, verdicts, samples, model, training, data, source.

Works from `dvc.lock`, the run records and the tables, without DVC. What is read here was written
by the stages themselves; each link says whether the file still has the locked digest.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from passk import paths
from passk.lineage import records
from passk.lineage.lock import LockEntry, path_digest

_CODE = "src/"


class ExplainError(ValueError):
    """A number cannot be found or walked back; the message says why and what to do."""


@dataclass(frozen=True)
class Link:
    """One step of the way back.

    Attributes:
        path: the file or folder.
        locked: its digest in `dvc.lock`.
        state: same, changed or missing, compared with that digest.
        entry: the lock entry of the stage that wrote it; None for a source.
        record: the run record of that execution; None where this repository has none.
        depth: how many stages lie between it and the number.
    """

    path: str
    locked: str
    state: str
    entry: LockEntry | None
    record: Mapping[str, Any] | None
    depth: int


def result_row(
    study: str, table: str, where: Mapping[str, Any], row: int | None = None, root: Path = Path()
) -> dict[str, Any]:
    """The one row of a result table that a person asks about.

    Args:
        study: the study.
        table: a question, e.g. `pass_at_k`.
        where: column -> value; all must hold.
        row: position among the rows that match, from 0.
        root: the project's root.

    Raises:
        ExplainError: no such table, column or row, or several rows match.
    """
    path = root / paths.results(study, table)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.parquet"))) or "none yet"
        raise ExplainError(f"{path}: no such result; known: {known}")
    frame = pl.read_parquet(path)
    if unknown := where.keys() - set(frame.columns):
        raise ExplainError(f"{path}: no column {sorted(unknown)}; it has {frame.columns}")
    for column, value in where.items():
        frame = frame.filter(pl.col(column) == value)
    if row is not None:
        frame = frame.slice(row, 1)
    if len(frame) == 1:
        return frame.row(0, named=True)
    if frame.is_empty():
        raise ExplainError(f"{path}: no row with {dict(where)}{f' at {row}' if row else ''}")
    differing = [c for c in frame.columns if frame[c].dtype != pl.List and frame[c].n_unique() > 1]
    options = [f"--{name}" for name in ("draw", "set", "k", "pair") if name in differing]
    raise ExplainError(
        f"{path}: {len(frame)} rows match {dict(where)}; narrow it by "
        f"{', '.join(options) or 'TABLE:ROW'}"
    )


def draws_of(row: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    """The draws that a result row is computed from: its own, or those of its pair."""
    if row.get("draw"):
        return [str(row["draw"])]
    if row.get("pair"):
        pair = params["analysis"]["pairs"][row["pair"]]
        return [str(pair[role]) for role in ("base", "rl") if role in pair]
    return []


def trace(
    path: str,
    entries: Mapping[str, LockEntry],
    names: Collection[str],
    root: Path = Path(),
) -> Iterator[Link]:
    """The files that a path was made from, nearest first, each once.

    Args:
        path: where to begin.
        entries: `dvc.lock`.
        names: draws and sets of interest: of a folder that many stages write to, only theirs count.
        root: the project's root.
    """
    seen: set[str] = set()

    def walk(path: str, locked: str, depth: int) -> Iterator[Link]:
        if path in seen:
            return
        seen.add(path)
        writers = _writers(path, entries, names)
        for written, entry in writers or [(path, None)]:
            if written != path and written in seen:
                continue
            seen.add(written)
            digest = locked if entry is None or written not in entry.outs else entry.outs[written]
            record = records.find(entry, root) if entry else None
            yield Link(written, digest, _state(root / written, digest, root), entry, record, depth)
            if entry is not None:
                for dep, md5 in sorted(entry.deps.items(), key=_rank):
                    if not dep.startswith(_CODE):
                        yield from walk(dep, md5, depth + 1)

    start = next((e.outs[path] for e in entries.values() if path in e.outs), "")
    yield from walk(path, start, 0)


def _writers(
    path: str, entries: Mapping[str, LockEntry], names: Collection[str]
) -> list[tuple[str, LockEntry | None]]:
    """Who wrote a path: itself, the folder around it, or the files of interest within it."""
    found: list[tuple[str, LockEntry | None]] = []
    for entry in entries.values():
        for out in entry.outs:
            if path == out or path.startswith(f"{out}/"):
                return [(path, entry)]
            if out.startswith(f"{path}/") and Path(out).stem in names:
                found.append((out, entry))
    return found


def _rank(dep: tuple[str, str]) -> tuple[int, str]:
    """The order in which a number is walked back: judgements, samples, models, then problems."""
    places = ("/verdicts/", "/samples/", "models/")
    return next((i for i, p in enumerate(places) if p in dep[0]), len(places)), dep[0]


def _state(path: Path, locked: str, root: Path) -> str:
    if not path.exists():
        return "missing"
    return "same" if not locked or path_digest(path, root) == locked else "changed"


def counts(study: str, draw: str, name: str | None, root: Path = Path()) -> pl.DataFrame:
    """Count rows of a draw, of one set if named: `set, index, problem_id, n, c, unknown`."""
    frame = pl.read_parquet(root / paths.counts(study, draw))
    if name is not None:
        frame = frame.filter(pl.col("set") == name)
    return frame.select("set", "index", "problem_id", "n", "c", "unknown").sort("set", "index")


def samples(
    study: str, draw: str, name: str | None, problem: str, root: Path = Path()
) -> pl.DataFrame:
    """Samples of one problem beside their verdicts.

    Args:
        study: the study.
        draw: the draw.
        name: the set, or None for all.
        problem: a problem id, its beginning, or an index.
        root: the project's root.

    Returns:
        `sample_index, verdict, reason, answer, text`, in order of index.
    """
    rows = counts(study, draw, name, root)
    same = pl.col("problem_id").str.starts_with(problem)
    wanted = rows.filter(same | (pl.col("index").cast(pl.String) == problem))
    if wanted["problem_id"].n_unique() != 1:
        raise ExplainError(
            f"problem {problem!r}: {wanted['problem_id'].n_unique()} problems of draw {draw!r} "
            "match; give more of its id, or a set"
        )
    key = ["set", "problem_id", "sample_index"]
    one = pl.col("problem_id") == wanted["problem_id"][0]
    texts = pl.scan_parquet(root / paths.samples(study, draw)).filter(one).select(*key, "text")
    judged = pl.scan_parquet(root / paths.verdicts(study, draw)).filter(one)
    judged = judged.select(*key, "verdict", "reason", "answer")
    joined = texts.join(judged, on=key, how="left").sort("set", "sample_index").collect()
    return joined if name is None else joined.filter(pl.col("set") == name)
