"""Tables computed again: random streams, counts from verdicts, curves and intervals from counts."""

from pathlib import Path

import polars as pl

from passk.analysis.evaluation_groups import group_counts
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.analysis.views import add_views, tabulate_excluded, tabulate_views
from passk.config import manifest, paths
from passk.core.schemas.counts import COUNTS
from passk.core.tables import read_parquet
from passk.provenance.audit.study import AuditCheck, AuditedStudy
from passk.provenance.tables_in_git import locate
from passk.sampling.streams import StreamError, audit

_KEY = ["draw", "set", "problem_id"]
_USUAL = ("pass_at_k", "difference")  # computed again without `--deep`
_TOLERANCE = 1e-9  # of another processor's last bits


def check_streams(study: AuditedStudy) -> AuditCheck:
    """No two samples share a random stream, across all draws."""
    check = AuditCheck("no two samples share a random stream", "samples")
    columns = [*_KEY, "sample_index", "seed"]
    frames = []
    for draw in study.names("draws"):
        path = paths.samples(study.name, draw)
        if (study.root / path).exists():
            frames.append(read_parquet(study.root / path, columns))
        else:
            check.skip(f"{path} is not here")
    if not frames:
        return check
    samples = pl.concat(frames)
    try:
        check.looked_at = audit(samples)
    except StreamError as error:
        check.looked_at = len(samples)
        shared = samples.filter(pl.col("seed").is_not_null() & pl.col("seed").is_duplicated())
        for draw in sorted(shared["draw"].unique()):
            path = paths.samples(study.name, draw)
            check.fault(path, f"sample@{draw}", str(error), _again(study, f"sample@{draw}", path))
    if not check.looked_at:
        check.skip("all samples are imported, and have no streams of their own")
    return check


def check_counts(study: AuditedStudy) -> AuditCheck:
    """Counts follow from verdicts."""
    check = AuditCheck("counts follow from verdicts", "counts")
    for draw in study.names("draws"):
        path, source = paths.counts(study.name, draw), paths.verdicts(study.name, draw)
        missing = [p for p in (path, source) if not (study.root / p).exists()]
        if missing:
            check.skip(f"{missing[0]} is not here")
            continue
        verdict = pl.col("verdict")
        again = (
            pl.scan_parquet(study.root / source)
            .group_by(_KEY)
            .agg(
                n=pl.len().cast(pl.Int64),
                c=(verdict == "correct").sum().cast(pl.Int64),
                unknown=(verdict == "unknown").sum().cast(pl.Int64),
            )
            .collect()
        )
        rows = read_parquet(study.root / path, [*_KEY, "n", "c", "unknown"])
        check.looked_at += len(rows)
        differing = pl.concat([again.select(rows.columns), rows]).unique(keep="none")
        if len(differing):
            first = differing.sort(_KEY).row(0, named=True)
            problem = (
                f"{differing.select(_KEY).n_unique()} rows do not follow from {source}, first set "
                f"{first['set']!r}, problem {first['problem_id']}"
            )
            check.fault(path, f"count@{draw}", problem, _again(study, f"count@{draw}", path))
    return check


def check_curves(study: AuditedStudy) -> AuditCheck:
    """Curves and intervals are those that counts and the recorded seed give."""
    check = AuditCheck("curves and intervals follow from counts and seed", "values")
    try:
        inputs = _read_inputs(study)
    except (OSError, KeyError, ValueError) as error:  # of tables and of parameters
        check.skip(f"what the questions read is not here or not legal: {error}")
        return check
    for name in study.questions:
        path = paths.results(study.name, name)
        question = QUESTIONS[name]
        if question.reads != "counts" or not (study.deep or name in _USUAL):
            continue
        table = locate(path, study.root)
        if not table.exists():
            check.skip(f"{path} is not here")
            continue
        rows = pl.read_parquet(table)
        again = question.answer(inputs)
        check.looked_at += rows.width * rows.height
        if problem := _difference(rows, again, list(question.table.key)):
            stage = f"analyze@{name}"
            check.fault(path, stage, problem, _again(study, stage, path))
    if not study.deep:
        check.skip(f"of the questions only {' and '.join(_USUAL)}; --deep computes all again")
    return check


def _read_inputs(study: AuditedStudy) -> QuestionInputs:
    """What the stage `analyze` reads of counts."""
    views_of = manifest.read_views(locate(paths.manifest(study.name, "views"), study.root))
    draws = manifest.read_names(locate(paths.manifest(study.name, "counts"), study.root))
    views = tabulate_views(views_of.views)
    tables = pl.concat(
        COUNTS.read(locate(paths.counts(study.name, draw), study.root)) for draw in draws
    )
    counts = add_views(tables, views)
    return QuestionInputs(
        Analysis.model_validate(study.values["analysis"]),
        int(str(study.values["seed"])),
        counts=counts,
        groups=group_counts(counts),
        excluded=add_views(tabulate_excluded(views_of.excluded), views),
    )


def _difference(rows: pl.DataFrame, again: pl.DataFrame, key: list[str]) -> str:
    """What is the first that differs between a table and its like; empty where nothing does."""
    if columns := sorted(set(rows.columns) ^ set(again.columns)):
        return f"has columns that do not follow, or lacks some that do: {', '.join(columns)}"
    if len(rows) != len(again):
        return f"has {len(rows)} rows, {len(again)} follow"
    rows, again = rows.sort(key), again.select(rows.columns).sort(key)
    for name in rows.columns:
        equal = _equal(rows[name], again[name])
        if not equal.all():
            index = int((~equal).arg_true()[0])
            row = ", ".join(f"{column}={rows[column][index]}" for column in key)
            return (
                f"{name} of {row} is {rows[name][index]}, {again[name][index]} follows; "
                f"{int((~equal).sum())} of {len(rows)} values differ"
            )
    return ""


def _equal(left: pl.Series, right: pl.Series) -> pl.Series:
    if left.dtype.is_float():
        near = (left - right.cast(left.dtype)).abs() <= _TOLERANCE
        return near.fill_null(False) | left.eq_missing(right.cast(left.dtype))
    return left.eq_missing(right.cast(left.dtype))


def _again(study: AuditedStudy, stage: str, path: Path) -> str:
    """An output that was changed behind the lock comes back; what the lock names is made again."""
    entry = study.entries.get(stage)
    changed = entry is not None and study.digest(path.as_posix()) != entry.outs.get(path.as_posix())
    return f"dvc checkout --force {path}" if changed else f"dvc repro -f -s {stage}"
