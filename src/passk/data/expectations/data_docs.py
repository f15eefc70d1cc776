"""Validation results as Great Expectations' Data Docs, outside the DAG.

Its templates fetch their styles from the network; a few rules of our own are put into each page, so
that it can be read without. `passk.data.expectations.pages` is the page to begin with.
"""

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passk.data.expectations.results import SuiteResult
from passk.domains.expectations import ExpectationResult, FailingRow

_STYLE = """<style>body{font-family:sans-serif;max-width:1000px;margin:1em auto;padding:0 1em}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:2px 8px;text-align:left}
footer,.cooltip,img,#ge-cta-footer,.ge-cta{display:none!important}</style></head>"""

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult


def build(results: Sequence[SuiteResult], folder: Path) -> dict[str, Path]:
    """Write Data Docs of validation results, over what an earlier call wrote.

    Args:
        results: of expectation suites.
        folder: where the site goes.

    Returns:
        Frame's name as `KIND-FRAME` -> its page.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for site in list(context.get_site_names()):
        context.delete_data_docs_site(site)
    store = {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": str(folder.resolve()),
    }
    context.add_data_docs_site(
        "passk",
        {
            "class_name": "SiteBuilder",
            "store_backend": store,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    now = datetime.now(UTC)
    for result in results:
        for frame in result.frames:
            validation = _convert_frame(result, frame)
            expectations = _list_expectations(validation)
            context.suites.add(gx.ExpectationSuite(validation.suite_name, expectations))
            key = ValidationResultIdentifier(
                ExpectationSuiteIdentifier(validation.suite_name),
                RunIdentifier(run_name=result.study, run_time=now),
                f"frame-{validation.suite_name}",
            )
            context.validation_results_store.add(key, validation)
    for earlier in ("expectations", "validations"):
        shutil.rmtree(folder / earlier, ignore_errors=True)
    context.build_data_docs()
    pages = {path.stem.partition("-")[2]: path for path in _list_pages(folder / "validations")}
    for path in [*pages.values(), *_list_pages(folder / "expectations"), folder / "index.html"]:
        path.write_text(path.read_text().replace("</head>", _STYLE, 1))
    return pages


def _list_pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def _list_expectations(validation: "ExpectationSuiteValidationResult") -> list[Any]:
    """The expectations of a result, as a suite has them."""
    configurations = [result.expectation_config for result in validation.results]
    return [config.to_domain_obj() for config in configurations if config is not None]


def _convert_frame(suite: SuiteResult, frame: str) -> "ExpectationSuiteValidationResult":
    """One frame's results in Great Expectations' own form."""
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    expectations = [result for result in suite.expectations if result.frame == frame]
    good = sum(result.success for result in expectations)
    return ExpectationSuiteValidationResult(
        success=good == len(expectations),
        results=[
            ExpectationValidationResult(
                success=result.success,
                expectation_config=ExpectationConfiguration(
                    type=result.type, kwargs=dict(result.kwargs), meta={"notes": _describe(result)}
                ),
                result=_detail(result),
                exception_info={
                    "raised_exception": False,
                    "exception_message": None,
                    "exception_traceback": None,
                },
            )
            for result in expectations
        ],
        suite_name=f"{suite.kind}-{frame}",
        statistics={
            "evaluated_expectations": len(expectations),
            "successful_expectations": good,
            "unsuccessful_expectations": len(expectations) - good,
            "success_percent": 100 * good / len(expectations) if expectations else 100.0,
        },
        meta={
            "great_expectations_version": version("great_expectations"),
            "active_batch_definition": {
                "datasource_name": suite.study,
                "data_connector_name": suite.kind,
                "data_asset_name": frame,
                "batch_identifiers": {"rows": suite.frames[frame]},
            },
        },
    )


def _describe(result: ExpectationResult) -> str:
    """What must hold, in words; where it does not, what to do."""
    remedy = f" — {result.remedy}" if result.remedy and not result.success else ""
    return f"{result.name}{remedy}"


def _detail(result: ExpectationResult) -> dict[str, Any]:
    """Counts and failing rows under Great Expectations' names."""
    checked, failed, rows = result.checked, result.failed, result.rows
    columns = [value for key, value in result.kwargs.items() if key.startswith("column")]
    values = [
        tuple(row.get(c) for c in columns) if len(columns) > 1 else _take_value(row, columns)
        for row in rows
    ]
    percent = 100 * failed / checked if checked else 0.0
    return {
        "element_count": checked,
        "missing_count": 0,
        "unexpected_count": failed,
        "unexpected_percent": percent,
        "unexpected_percent_total": percent,
        "unexpected_percent_nonmissing": percent,
        "partial_unexpected_list": values,
        "unexpected_list": values,
        "unexpected_index_list": [dict(row) for row in rows],
        "partial_unexpected_index_list": [dict(row) for row in rows],
        "unexpected_index_column_names": list(rows[0]) if rows else [],
        "partial_unexpected_counts": [],
    }


def _take_value(row: FailingRow, columns: Sequence[Any]) -> object:
    """The checked column's value; of several columns, the whole row."""
    if columns and isinstance(columns[0], str):
        return row.get(columns[0])
    return json.dumps(row, ensure_ascii=False)
