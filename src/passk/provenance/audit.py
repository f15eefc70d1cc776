"""Checking a whole study: files against `dvc.lock`, records, random streams, counts."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import polars as pl

from passk.config import paths
from passk.core.tables import read_parquet
from passk.provenance import records
from passk.provenance.lock import LockEntry, path_digest
from passk.sampling.streams import StreamError, audit

_KEY = ["draw", "set", "problem_id"]


def files(
    stages: Collection[str], entries: Mapping[str, LockEntry], root: Path = Path()
) -> Iterator[str]:
    """Stages that never ran, and outputs that differ from `dvc.lock`.

    Args:
        stages: names of all stages of the DAG.
        entries: `dvc.lock`.
        root: the project's root.
    """
    for name in sorted(stages):
        if name not in entries:
            yield f"{name}: not in dvc.lock; run dvc repro {name}"
            continue
        for path, locked in entries[name].outs.items():
            if not (root / path).exists():
                yield f"{path}: missing; dvc checkout {path}, or dvc repro {name}"
            elif path_digest(root / path, root) != locked:
                yield f"{path}: differs from dvc.lock; dvc checkout {path}, or dvc repro -f {name}"


def chain(stages: Collection[str], entries: Mapping[str, LockEntry]) -> Iterator[str]:
    """Stages that read another version of a file than its writer has locked."""
    locked = {path: md5 for name in stages if name in entries
              for path, md5 in entries[name].outs.items()}  # fmt: skip
    for name in sorted(stages):
        for path, md5 in entries[name].deps.items() if name in entries else ():
            if locked.get(path, md5) != md5:
                yield f"{name}: read another version of {path} than is locked; run dvc repro {name}"


def recorded(
    stages: Collection[str], entries: Mapping[str, LockEntry], root: Path = Path()
) -> Iterator[str]:
    """Stages without a run record, or with one that says something else than `dvc.lock`."""
    for name in sorted(stages):
        if name not in entries:
            continue
        entry = entries[name]
        record = records.find_record(entry, root)
        file = records.record_path(entry)
        if record is None:
            yield f"{name}: no run record {file}; git checkout records, or dvc repro -f {name}"
        elif record.outs != dict(entry.outs):
            yield f"{file}: other outputs than in dvc.lock; git checkout {file}"


def streams(study: str, draws: Collection[str], root: Path = Path()) -> Iterator[str]:
    """Samples that share a random stream, across all draws."""
    columns = [*_KEY, "sample_index", "seed"]
    tables = [root / paths.samples(study, draw) for draw in draws]
    frames = [read_parquet(path, columns) for path in tables if path.exists()]
    try:
        if frames:
            audit(pl.concat(frames))
    except StreamError as error:
        yield str(error)


def counted(study: str, draws: Collection[str], root: Path = Path()) -> Iterator[str]:
    """Count rows that do not follow from the verdicts."""
    for draw in sorted(draws):
        path = root / paths.counts(study, draw)
        source = root / paths.verdicts(study, draw)
        if not (path.exists() and source.exists()):
            continue
        verdict = pl.col("verdict")
        again = (
            pl.scan_parquet(source)
            .group_by(_KEY)
            .agg(
                n=pl.len().cast(pl.Int64),
                c=(verdict == "correct").sum().cast(pl.Int64),
                unknown=(verdict == "unknown").sum().cast(pl.Int64),
            )
            .collect()
        )
        rows = read_parquet(path, [*_KEY, "n", "c", "unknown"])
        differing = pl.concat([again.select(rows.columns), rows]).unique(keep="none")
        if len(differing):
            first = differing.sort(_KEY).row(0, named=True)
            yield (
                f"{path}: {differing.select(_KEY).n_unique()} rows do not follow from {source}, "
                f"first set {first['set']!r}, problem {first['problem_id']}; "
                f"run dvc repro -f count@{draw}"
            )
