"""What a number is computed from: its result row, counts, samples and verdicts.

Read are the tables, or copies of them in git; `origins` walks on to models, data and sources.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from passk.analysis.examples import EXAMPLES
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.questions.tracing import ResultRow
from passk.analysis.views import ViewMembers
from passk.config import manifest, paths
from passk.core.schemas.agreement import AGREEMENT
from passk.core.tables import Table
from passk.provenance.tables_in_git import locate_any


class ExplainError(ValueError):
    """A number cannot be found or walked back; the message says why and what to do."""


# Result tables that are no answer to a question, each of a stage group of its own: `GROUP-NAME`.
_OF_STAGES = {"examples": EXAMPLES, "agreement": AGREEMENT}


def find_own_table(table: str) -> Table | None:
    """The contract of `examples-NAME` or `agreement-NAME`; None for the answer to a question."""
    group, dash, _ = table.partition("-")
    return _OF_STAGES.get(group) if dash else None


def key_columns(table: str) -> tuple[str, ...]:
    """The columns that name a row of a result table.

    Raises:
        UnknownNameError: no question has that name.
    """
    return (find_own_table(table) or QUESTIONS[table].table).key


def find_rows(
    study: str, table: str, where: Mapping[str, object], row: int | None = None, root: Path = Path()
) -> Sequence[ResultRow]:
    """The row of a result table that a person asks about; several only where values are listed.

    Args:
        study: the study.
        table: a question, e.g. `pass_at_k`.
        where: column -> value, or values with commas between; all must hold.
        row: position among the rows that match, from 0.
        root: the project's root.

    Raises:
        ExplainError: no such table, column or row, or more rows match than values were listed.
    """
    path = locate_any(paths.results(study, table), root)
    if not path.exists():
        folders = (path.parent, locate_any(paths.results(study, "pass_at_k"), root).parent)
        known = sorted({p.stem for folder in folders for p in folder.glob("*.parquet")})
        raise ExplainError(f"{path}: no such result; known: {', '.join(known) or 'none yet'}")
    frame = read_table(path)
    frame, listed = _narrow(frame, table, where)
    columns = _plain_columns(frame)
    condition = _format_condition(where)
    if row is not None:
        if not 0 <= row < len(frame):
            raise ExplainError(f"{table}: no row {row}: {len(frame)} rows match, from 0")
        return frame.slice(row, 1).to_dicts()
    if frame.is_empty():
        raise ExplainError(f"{path}: the table has no rows")
    if len(frame) == (frame.select(listed).n_unique() if listed else 1):
        return frame.to_dicts()
    keys = [n for n in key_columns(table) if n in columns and frame[n].n_unique() > 1]
    options = ", ".join(f"{name} ({_format_values(frame[name])})" for name in keys)
    raise ExplainError(
        f"{' '.join([table, condition]).strip()}: {len(frame)} rows match; "
        f"narrow by {options or f'row: {table}:0'}"
    )


def select_rows(frame: pl.DataFrame, table: str, where: Mapping[str, object]) -> pl.DataFrame:
    """The rows of a result table that have some values.

    Raises:
        ExplainError: no such column or row.
    """
    return _narrow(frame, table, where)[0]


def _narrow(
    frame: pl.DataFrame, table: str, where: Mapping[str, object]
) -> tuple[pl.DataFrame, list[str]]:
    """The rows that have some values, and the columns of which several values were listed."""
    columns = _plain_columns(frame)
    if unknown := [name for name in where if name not in columns]:
        raise ExplainError(
            f"{table}: no column {', '.join(unknown)}; columns: {', '.join(columns)}"
        )
    condition = _format_condition(where)
    listed = []
    for name, value in where.items():
        values = _split_values(frame[name], str(value))
        parts = {text: frame.filter(_equal(frame[name], text)) for text in values}
        if missing := [text for text, part in parts.items() if part.is_empty()]:
            which = f" ({name}={missing[0]})" if len(values) > 1 else ""
            here = f"; {name} here: {_format_values(frame[name])}" if len(frame) else ""
            raise ExplainError(f"{table}: no row {condition}{which}{here}")
        frame = pl.concat(parts.values())
        listed += [name] if len(values) > 1 else []
    return frame, listed


def _plain_columns(frame: pl.DataFrame) -> list[str]:
    return [name for name, kind in frame.schema.items() if not kind.is_nested()]


def _format_condition(where: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in where.items())


def read_table(path: Path, maker: str = "") -> pl.DataFrame:
    """A table of the study; what is wrong with it names the file, and the stage that makes it.

    Raises:
        ExplainError: it is not here, or is no parquet file.
    """
    if not path.exists():
        remedy = f"dvc repro {maker} makes it" if maker else "run its stage"
        raise ExplainError(f"{path}: not here; {remedy} (dvc pull fetches it from a remote)")
    try:
        return pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise ExplainError(f"{path}: not a readable parquet file: {reason}") from None


def _split_values(column: pl.Series, text: str) -> list[str]:
    """The values that a text asks for: itself where the column has it, else split at commas."""
    values = list(dict.fromkeys(part.strip() for part in text.split(",")))
    whole = len(values) == 1 or (column.dtype == pl.String and (column == text).any())
    return [text] if whole else values


def _equal(column: pl.Series, text: str) -> pl.Series:
    """Where a column has a value that is given as text; `None` stands for no value."""
    if text == "None":
        return column.is_null()
    if column.dtype.is_numeric():
        try:
            return column == float(text)
        except ValueError:
            raise ExplainError(f"{column.name}={text}: {column.name} is a number") from None
    return column.cast(pl.String) == text


def _format_values(column: pl.Series, most: int = 16) -> str:
    """The distinct values of a column, in order."""
    values = column.unique().sort().to_list()
    return ", ".join([*map(str, values[:most]), *(["..."] if len(values) > most else [])])


def read_counts(study: str, draw: str, name: str | None, root: Path = Path()) -> pl.DataFrame:
    """Count rows of a draw, of a set or view if named: `set, index, problem_id, n, c, unknown`."""
    frame = read_table(locate_any(paths.counts(study, draw), root), f"count@{draw}")
    if name is not None:
        view = _read_views(study, root).get(name)
        frame = frame.filter(pl.col("set") == (name if view is None else view.set))
        if view is not None:
            frame = frame.filter(pl.col("problem_id").is_in(view.problems))
    return frame.select("set", "index", "problem_id", "n", "c", "unknown").sort("set", "index")


def _read_views(study: str, root: Path) -> Mapping[str, ViewMembers]:
    """Each view's set and problems, where the study has views."""
    path = locate_any(paths.manifest(study, "views"), root)
    return manifest.read_views(path).views if path.exists() else {}


def read_samples(
    study: str, draw: str, name: str | None, problem: str, root: Path = Path()
) -> pl.DataFrame:
    """Samples of one problem beside their verdicts.

    Args:
        study: the study.
        draw: the draw.
        name: the set, or None for all.
        problem: an index within the set, a problem id, or its beginning, tried in this order.
        root: the project's root.

    Returns:
        `sample_index, verdict, reason, answer, text`, in order of index.
    """
    rows = read_counts(study, draw, name, root)
    identity = pl.col("problem_id")
    conditions = [identity == problem, identity.str.starts_with(problem)]
    if problem.isdecimal():
        conditions.insert(0, pl.col("index") == int(problem))
    selections = (rows.filter(condition) for condition in conditions)
    matches = next((selection for selection in selections if len(selection)), rows.clear())
    if len(matches) != 1:
        options = ", ".join(f"{s} {i} {p}" for s, i, p, *_ in matches.head(8).iter_rows())
        fault = (
            f"{len(matches)} problems match: {options}" if len(matches) else "no problem matches"
        )
        raise ExplainError(
            f"problem {problem} of draw {draw}: {fault}; give a set and an index of its "
            f"{len(rows)} problems, or more of an id"
        )
    key = ["set", "problem_id", "sample_index"]
    selected = (identity == matches["problem_id"][0]) & (pl.col("set") == matches["set"][0])
    texts = (
        read_table(root / paths.samples(study, draw), f"sample@{draw}")
        .filter(selected)
        .select(*key, "text")
    )
    verdicts = read_table(root / paths.verdicts(study, draw), f"verify@{draw}").filter(selected)
    verdicts = verdicts.select(*key, "verdict", "reason", "answer")
    return texts.join(verdicts, on=key, how="left").sort("sample_index")
