"""Validation results as Great Expectations' Data Docs, outside the DAG.

Its templates fetch their styles from the network; a few rules of our own are put into each page, so
that it can be read without. `passk.data.expectations.pages` is the page to begin with.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

_STYLE = """<style>body{font-family:sans-serif;max-width:1000px;margin:1em auto;padding:0 1em}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:2px 8px;text-align:left}
footer,.cooltip,img,#ge-cta-footer,.ge-cta{display:none!important}</style></head>"""

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult


def build(results: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Path]:
    """Write Data Docs of validation results, over what an earlier call wrote.

    Args:
        results: documents of `passk.domains.expectations.evaluate`, with `study`.
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
    for document in results:
        for frame in document["frames"]:
            judged = _result(document, frame)
            context.suites.add(gx.ExpectationSuite(judged.suite_name, _expectations(judged)))
            key = ValidationResultIdentifier(
                ExpectationSuiteIdentifier(judged.suite_name),
                RunIdentifier(run_name=document["study"], run_time=now),
                f"frame-{judged.suite_name}",
            )
            context.validation_results_store.add(key, judged)
    for pages in ("expectations", "validations"):  # of an earlier call
        shutil.rmtree(folder / pages, ignore_errors=True)
    context.build_data_docs()
    found = {path.stem.partition("-")[2]: path for path in _pages(folder / "validations")}
    for path in [*found.values(), *_pages(folder / "expectations"), folder / "index.html"]:
        path.write_text(path.read_text().replace("</head>", _STYLE, 1))
    return found


def _pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def _expectations(judged: "ExpectationSuiteValidationResult") -> list[Any]:
    """The expectations of a result, as a suite has them."""
    found = [result.expectation_config for result in judged.results]
    return [config.to_domain_obj() for config in found if config is not None]


def _result(document: Mapping[str, Any], frame: str) -> "ExpectationSuiteValidationResult":
    """One frame's results in Great Expectations' own form."""
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    outcomes = [e for e in document["expectations"] if e["frame"] == frame]
    good = sum(e["success"] for e in outcomes)
    return ExpectationSuiteValidationResult(
        success=good == len(outcomes),
        results=[
            ExpectationValidationResult(
                success=e["success"],
                expectation_config=ExpectationConfiguration(
                    type=e["type"], kwargs=e["kwargs"], meta={"notes": _notes(e)}
                ),
                result=_details(e),
                exception_info={
                    "raised_exception": False,
                    "exception_message": None,
                    "exception_traceback": None,
                },
            )
            for e in outcomes
        ],
        suite_name=f"{document['kind']}-{frame}",
        statistics={
            "evaluated_expectations": len(outcomes),
            "successful_expectations": good,
            "unsuccessful_expectations": len(outcomes) - good,
            "success_percent": 100 * good / len(outcomes) if outcomes else 100.0,
        },
        meta={
            "great_expectations_version": version("great_expectations"),
            "active_batch_definition": {
                "datasource_name": document["study"],
                "data_connector_name": document["kind"],
                "data_asset_name": frame,
                "batch_identifiers": {"rows": document["frames"][frame]},
            },
        },
    )


def _notes(outcome: Mapping[str, Any]) -> str:
    """What must hold, in words; where it does not, what to do."""
    remedy = f" — {outcome['remedy']}" if outcome["remedy"] and not outcome["success"] else ""
    return f"{outcome['name']}{remedy}"


def _details(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and failing rows under Great Expectations' names."""
    checked, failed, rows = outcome["checked"], outcome["failed"], outcome["rows"]
    columns = [value for key, value in outcome["kwargs"].items() if key.startswith("column")]
    values = [
        tuple(row.get(c) for c in columns) if len(columns) > 1 else _value(row, columns)
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


def _value(row: Mapping[str, Any], columns: Sequence[Any]) -> object:
    """The checked column's value; of several columns, the whole row."""
    if columns and isinstance(columns[0], str):
        return row.get(columns[0])
    return json.dumps(row, ensure_ascii=False)
