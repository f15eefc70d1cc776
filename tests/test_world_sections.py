"""Sections of generated worlds: exact curves, valid chains, perplexity, the ignorant line."""

from dataclasses import replace

import polars as pl
import pytest

import report_tables as made
from passk.analysis.questions.chain_validity import TABLE as VALIDITY
from passk.analysis.questions.coverage import TABLE as COVERAGE
from passk.analysis.questions.exact import LARGEST
from passk.analysis.questions.exact import TABLE as EXACT
from passk.analysis.questions.ignorant import TABLE as IGNORANT
from passk.analysis.questions.perplexity import TABLE as PERPLEXITY
from passk.report.html.sourced_values import SourcedValue
from passk.report.sections.registry import SECTIONS

SETS = ["indomain", "outdomain", "hard"]
FAR = [1, 16, 256, LARGEST]


@pytest.fixture(scope="module")
def context():
    plain = made.compared()
    of_set = [("base", name) for name in SETS] + [("grpo", name) for name in SETS]
    exact = [
        {
            "draw": draw, "set": name, "k": k, "pass_at_k": 1 - 0.99**k, "low": 1 - 0.99**k,
            "high": 1.0, "valid_pass_at_k": 0.1, "limit": 0.9, "problems": 30,
        }
        for draw, name in of_set
        for k in sorted({*FAR, *plain.results["pass_at_k"]["k"]})
    ]  # fmt: skip
    ignorant = [
        {"set": "indomain", "k": k, "pass_at_k": 0.5, "valid_pass_at_k": 0.25, "problems": 30}
        for k in FAR
    ]
    validity = [
        {
            "draw": draw, "set": name, "accuracy": "all", "problems": 9, "right": 80, "valid": 60,
            "share": 0.75, "low": 0.5, "high": 0.9,
        }
        for draw, name in of_set
    ]  # fmt: skip
    perplexity = [
        {
            "score": f"{draw}-by-base", "draw": draw, "model": "base", "own": "base-by-base",
            "set": name, "verdict": "correct", "responses": 90, "problems": 30, "lower": 1.1,
            "median": 1.2, "upper": 1.4, "rank": 0.4, "rank_low": 0.3, "rank_high": 0.45,
            "ranked": 30, "matched": None, "matched_low": None, "matched_high": None,
            "matchable": 0,
        }
        for draw, name in of_set
    ]  # fmt: skip
    rows = {
        "exact": (EXACT, exact), "ignorant": (IGNORANT, ignorant),
        "chain_validity": (VALIDITY, validity), "perplexity": (PERPLEXITY, perplexity),
    }  # fmt: skip
    tables = {
        name: table.check(pl.DataFrame(entries, schema=dict(table.columns)))
        for name, (table, entries) in rows.items()
    }
    tables["valid_pass_at_k"] = plain.results["pass_at_k"]
    tables["valid_difference"] = plain.results["difference"]
    tables["valid_coverage"] = COVERAGE.check(plain.results["coverage"])
    return replace(plain, results={**plain.results, **tables})


@pytest.mark.parametrize("name", ["exact", "valid_chains", "perplexity"])
def test_every_panel_is_drawn_and_every_number_has_a_source(context, name):
    section = SECTIONS[name]
    for chart in section.charts(context):
        drawn = chart.render()
        assert list(drawn.panels) == SETS
        assert all("<path" in panel for panel in drawn.panels.values())
    tables = [table for table in section.tables(context) if table.rows]
    assert tables
    numbers = [
        part
        for table in tables
        for row in table.rows
        for cell in row
        for part in cell
        if isinstance(part, SourcedValue)
    ]
    assert numbers
    for number in numbers:
        source = number.source
        key = {column: value for column, value in source.key if "," not in str(value)}
        held = context.results[source.table].filter(
            *(pl.col(column).cast(pl.String) == str(value) for column, value in key.items())
        )
        assert number.value in held[source.column].to_list(), source


@pytest.mark.parametrize("name", ["pass_at_k", "valid_chains", "exact"])
def test_the_ignorant_line_stands_where_its_set_is_shown(context, name):
    (chart,) = SECTIONS[name].charts(context)
    assert "Ignorant strategy, exact" in [style.label for style in chart.styles.values()]
    drawn = chart.render()
    without = replace(
        context, results={k: v for k, v in context.results.items() if k != "ignorant"}
    )
    (bare,) = SECTIONS[name].charts(without)
    assert "Ignorant strategy, exact" not in [style.label for style in bare.styles.values()]
    lines = {key: panel.count("<path") for key, panel in drawn.panels.items()}
    plain = {key: panel.count("<path") for key, panel in bare.render().panels.items()}
    assert lines["indomain"] == plain["indomain"] + 1
    assert lines["hard"] == plain["hard"]


def test_exact_curves_go_on_far_past_the_samples(context):
    (chart,) = SECTIONS["exact"].charts(context)
    assert "262144" in chart.render().panels["indomain"]
