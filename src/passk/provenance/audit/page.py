"""Numbers of the report beside the tables that they name."""

import json
import math
import shlex
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

import polars as pl

from passk.config import paths
from passk.provenance.audit.study import AuditCheck, AuditedStudy
from passk.provenance.explain import ExplainError, read_table, select_rows
from passk.provenance.suites import read_suite
from passk.provenance.tables_in_git import locate

PAGE = paths.REPORTS / "index.html"
METRICS = paths.REPORTS / "numbers.json"
_TOLERANCE = 1e-9
_MOST = 8  # faults that are listed one by one


class NumberParser(HTMLParser):
    """Collects the numbers of a page: value, row, column."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element `data` that names its source."""
        values = {name: value or "" for name, value in attrs}
        if tag == "data" and "data-source" in values:
            number = (values.get("value", ""), values["data-source"], values.get("data-column", ""))
            self.numbers.append(number)


def check_page(study: AuditedStudy) -> AuditCheck:
    """Each number of the page is the value of the row and column that it names."""
    check = AuditCheck("numbers of the page are those of the tables", "numbers")
    if not (study.root / PAGE).exists():
        check.skip(f"{PAGE} is not here")
        return check
    parser = NumberParser()
    parser.feed((study.root / PAGE).read_text(encoding="utf-8"))
    wrong = []
    frames: dict[str, pl.DataFrame | None] = {}
    for value, source, column in dict.fromkeys(parser.numbers):
        table, *words = shlex.split(source)
        where = dict(word.split("=", 1) for word in words)
        if table == "validation":
            check.looked_at += 1
            if problem := _compare_suite(study, value, where.get("kind", ""), column):
                wrong.append(f"{column} of {source}: {problem}")
            continue
        if table not in frames:
            frames[table] = _read(study, check, table)
        frame = frames[table]
        if frame is None:
            continue
        check.looked_at += 1
        if problem := compare_number(value, frame, table, where, column):
            wrong.append(f"{column} of {source}: {problem}")
    remedy = "dvc repro -f -s report"
    for problem in wrong[:_MOST]:
        check.fault(PAGE, "report", problem, remedy)
    if len(wrong) > _MOST:
        check.fault(PAGE, "report", f"{len(wrong) - _MOST} more numbers differ", remedy)
    return check


def _read(study: AuditedStudy, check: AuditCheck, table: str) -> pl.DataFrame | None:
    path = locate(paths.results(study.name, table), study.root)
    try:
        return read_table(path)
    except ExplainError as error:
        check.skip(str(error))
        return None


def _compare_suite(study: AuditedStudy, value: str, kind: str, column: str) -> str:
    """What is wrong with a number of an expectation suite; empty where nothing is."""
    try:
        suite = read_suite(study.name, kind, study.root)
    except ExplainError as error:
        return str(error)
    if column == "filters":
        expected = {str(n) for step in suite.filters for n in (step.rows_in, step.rows_out)}
    else:
        expected = {str(len(suite.expectations) - suite.failed)}
    return (
        ""
        if value in expected
        else f"the page has {value}, the suite {', '.join(sorted(expected))}"
    )


def compare_number(
    value: str, frame: pl.DataFrame, table: str, where: Mapping[str, str], column: str
) -> str:
    """What is wrong with a number; empty where nothing is."""
    try:
        rows = select_rows(frame, table, where)
    except ExplainError as error:
        return str(error)
    if column not in rows.columns:
        return f"no such column in {table}"
    listed = rows[column].explode() if rows[column].dtype.is_nested() else rows[column]
    expected = listed.unique().to_list()  # of a list each value is one
    if any("," in text for text in where.values()):  # several rows: their sum
        expected = [rows[column].sum()]
    if any(_same(value, one) for one in expected):
        return ""
    return f"the page has {value or 'nothing'}, the table {expected[0] if expected else 'no row'}"


def _same(text: str, value: object) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return text in ("", "nan", "None")
    try:
        return abs(float(text) - float(str(value))) <= _TOLERANCE
    except ValueError:
        return text == str(value)


def check_metrics(study: AuditedStudy) -> AuditCheck:
    """Pass@k among the numbers beside the page are those of the table."""
    check = AuditCheck("numbers.json has the values of the tables", "values")
    path = locate(paths.results(study.name, "pass_at_k"), study.root)
    if not (study.root / METRICS).exists() or not path.exists():
        missing = METRICS if path.exists() else paths.results(study.name, "pass_at_k")
        check.skip(f"{missing} is not here")
        return check
    metrics = json.loads((study.root / METRICS).read_text(encoding="utf-8"))
    columns = ("draw", "set", "k", "pass_at_k")
    table = {(d, s, k): p for d, s, k, p in read_table(path).select(columns).iter_rows()}
    for draw, name, k, value in _find_metrics(metrics):
        check.looked_at += 1
        expected = table.get((draw, name, k))
        if expected is None or abs(expected - value) > _TOLERANCE:
            problem = f"draws.{draw}.{name}.pass_at_{k} is {value}, the table has {expected}"
            check.fault(METRICS, "report", problem, "dvc repro -f -s report")
    if not check.looked_at:
        check.skip(f"{METRICS} holds no pass@k")
    return check


def _find_metrics(metrics: object) -> Iterator[tuple[str, str, int, float]]:
    """Draw, set, k and value of every pass@k."""
    draws = metrics.get("draws", {}) if isinstance(metrics, Mapping) else {}
    for draw, sets in draws.items():
        for name, values in sets.items():
            for key, value in values.items():
                k = key.removeprefix("pass_at_")
                if k != key and k.isdecimal() and value is not None:
                    yield draw, name, int(k), float(value)
