"""A second domain on the page: its own section, and nothing else disturbed by it."""

import re
import shlex
from dataclasses import replace
from html import unescape

import polars as pl
import pytest

import report_tables as made
from passk.analysis.examples import EXAMPLES
from passk.report import summary
from passk.report.claims.judging import group_subjects, judge_claims
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, plain
from passk.report.sections import coverage, endpoints, failures, setup
from passk.report.sections.assembly import build_sections, draw_charts, list_charts

SHOWN = [*made.CODE, "late"]


@pytest.fixture(scope="module")
def drawn():
    return draw_charts(made.coded())


@pytest.fixture(scope="module")
def document(drawn) -> str:
    return render_page(made.coded(), drawn)


def test_the_section_shows_its_pairs_on_its_sets_and_views():
    found = {name: p for name, p in list_charts(made.coded()).items() if p.section == "code"}
    assert list(found) == ["code", "code-difference", "code-histogram", "code-failures"]
    for chart in found.values():
        assert list(chart.panels) == SHOWN
        assert chart.open
    assert list(found["code"].styles) == ["coder", "code-grpo"]
    assert list(found["code-difference"].styles) == ["code"]
    section = next(s for s in build_sections(made.coded(), {}) if s.name == "code")
    assert "later version" in section.where
    assert "42.8%" in section.numbers
    columns = [list(view.columns) for view in section.tables]
    assert ["Set", "Verdict", "Reason", "coder", "code-grpo"] in columns
    assert any("Crossover" in row for row in columns)
    assert any("Unknown as solved" in row for row in columns)


def test_other_sections_are_as_without_it():
    without, found = list_charts(made.many()), list_charts(made.coded())
    for name, chart in without.items():
        if chart.section != "training":
            assert (chart.panels, chart.styles) == (found[name].panels, found[name].styles), name
    assert set(found) - set(without) == {
        "code", "code-difference", "code-histogram", "code-failures", "failures", "training-code",
    }  # fmt: skip
    assert list(found["training-code"].styles) == ["code-grpo"]


def test_no_panel_and_no_table_is_empty(drawn):
    for drawing in drawn.values():
        for key, label in drawing.chart.panels.items():
            assert drawing.chart.draw(key).axes[0].has_data(), (drawing.chart.name, label)
    for section in build_sections(made.coded(), drawn):
        assert all(view.rows for view in section.tables), section.name


def test_a_section_without_sets_takes_those_that_its_pairs_share():
    panels = made.PANELS | {"code": {"comparisons": ["code"], "sets": []}}
    assert made.coded(panels=panels).panel_sets("code") == SHOWN
    assert made.coded(panels=panels).panel_sets("families") == ["indomain", "outdomain", "hard"]


def test_a_domain_that_nothing_samples_has_no_section():
    context = made.many(panels=made.PANELS)
    assert not {"code", "visual"} & {section.name for section in build_sections(context, {})}


def test_all_sets_and_views_are_shown_where_the_page_names_none():
    assert made.coded(sets=[]).set_names == [
        "indomain", "outdomain", "hard", "trained", *made.CODE, "late",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="late"):
        made.coded(sets=["lat"]).set_names  # noqa: B018


def test_claims_are_judged_on_every_pair_on_the_sets_that_it_shares():
    for panels in (None, made.PANELS):  # shown on a section of its own, or by the claim alone
        context = made.coded(**({} if panels is None else {"panels": panels}))
        first = judge_claims(context)[0][1]
        assert {v.set for v in first if v.subject == "code"} == set(SHOWN)
        assert {v.set for v in first if v.subject == "grpo"} >= {"indomain", "hard"}
        told = group_subjects(first)
        assert [subjects for _, subjects in told] == [["grpo", "llama", "wide"], ["code"]]
        assert [set(sets) for sets, _ in told][1] == set(SHOWN)


def test_subjects_that_share_a_set_stand_in_one_table():
    verdicts = judge_claims(made.coded())[0][1]
    moved = [replace(v, set="hard") if v.subject == "code" else v for v in verdicts]
    assert [subjects for _, subjects in group_subjects(moved)] == [
        ["grpo", "llama", "wide", "code"]
    ]


def test_the_page_has_one_table_of_verdicts_per_domain_and_unique_ids(document):
    claim = document[document.index('id="claim-1"') : document.index('id="claim-2"')]
    assert claim.count("<table") == 2
    assert claim.count('<th scope="row"') == 4
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    section = document[document.index('<section id="code"') :]
    section = section[: section.index("</section>")]
    assert "<details class" not in section  # its figures are open
    assert section.count("<h3>") == 4


def test_every_number_of_the_section_names_a_row_that_exists(document):
    context = made.coded()
    marked = set(re.findall(r'data-source="failures ([^"]*)" data-column="share"', document))
    assert len(marked) > 20
    for key in marked:
        words = dict(word.split("=") for word in shlex.split(unescape(key)))
        assert len(context.results["failures"].filter(**words)) == 1, key


def test_failures_stand_by_reason_wrong_before_unknown():
    view = failures.failure_table(made.coded(), ["coder", "code-grpo"], ["code-functions"])
    rows = [[plain(cell) for cell in row] for row in view.rows]
    assert rows[0] == ["code-functions", "wrong", "wrong output", "50.0%", "25.0%"]
    assert rows[2] == ["code-functions", "wrong", "timeout", "2.0%", "–"]
    assert rows[3][3] == "0.04%"
    assert rows[-1][1:] == ["unknown", "truncated", "1.0%", "0.5%"]
    assert not view.folded
    assert failures.failure_table(made.coded(), ["coder", "code-grpo"], SHOWN).folded


def test_the_figure_of_failures_shows_what_matters_a_bar_per_draw():
    chart = list_charts(made.coded())["code-failures"]
    axes = chart.draw("late").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "wrong output", "error: TypeError", "timeout", "unknown: truncated",
    ]  # fmt: skip
    widths = [bar.get_width() for bars in axes.containers for bar in bars]
    assert widths == [0.5, 0.1, 0.02, 0.01, 0.25, 0.05, 0.0, 0.005]
    assert axes.get_xlim() == chart.draw("code-functions").axes[0].get_xlim()


def test_the_papers_numbers_stand_beside_those_of_code():
    view = endpoints.endpoint_table(made.coded(), "code", 128)
    assert list(view.columns)[-1] == "Paper, k = 128"
    told = {tuple(plain(c) for c in row[:2]): plain(row[-1]) for row in view.rows}
    assert told["code-functions", "coder"] == "about 0.500"
    assert told["code-functions", "code-grpo"] == "0.428"
    assert told["code-sentences", "coder"] == "–"


def test_indices_are_ranges_and_problems_left_out_are_counted():
    assert coverage.ranges([]) == ""
    assert coverage.ranges([4]) == "4"
    assert coverage.ranges([0, 1, 3, 4, 5]) == "0, 1, 3–5"
    context = made.coded()
    assert plain(coverage.index_table(context, ["code"], ["late"]).rows[0][-1]) == "0–69"
    assert "Left out" not in coverage.coverage_table(context, ["code"], SHOWN).columns
    table = context.results["coverage"].with_columns(
        excluded=pl.when(set="late").then(3).otherwise(0)
    )
    flagged = replace(context, results={**context.results, "coverage": table})
    view = coverage.coverage_table(flagged, ["code"], SHOWN)
    assert [plain(row[-1]) for row in view.rows] == ["0", "0", "3"]
    number = next(part for part in view.rows[2][-1] if isinstance(part, SourcedValue))
    assert number.source.row == "coverage comparison=code set=late category=both"


def test_a_view_is_called_so_among_the_sets_and_has_its_files():
    context = made.coded()
    rows = {plain(row[0]): [plain(c) for c in row] for row in setup.set_table(context).rows}
    assert rows["late"] == ["late", "120", "a view of code-functions"]
    assert "coder@late" in summary.curves(context)
    assert "late" in summary.metrics(context)["comparisons"]["code"]


PROGRAM = "def f(x):\n    return x < 1 and '<b>'\n"


def shown(name):
    """The study with one example under a name; RL has no right response."""
    rows = [
        {"draw": draw, "set": made.CODE[0], "problem_id": "p3", "index": 3, "rank": 1,
         "question": "def f(x):\n    \"\"\"<script>\"\"\"", "choices": None, "image": None,
         "image_bytes": None, "c": c, "n": 256, "verdict": verdict, "reason": reason,
         "sample_index": i, "text": PROGRAM}
        for i, (draw, c, verdict, reason) in enumerate([
            ("coder", 2, "correct", "all tests passed"), ("coder", 2, "wrong", "wrong output"),
            ("code-grpo", 0, "wrong", "timeout"),
        ])
    ]  # fmt: skip
    table = EXAMPLES.check(pl.DataFrame(rows, schema=dict(EXAMPLES.columns), orient="row"))
    return replace(made.coded(), examples={name: table})


def test_examples_stand_folded_in_their_section_and_escaped(drawn):
    text = render_page(shown("code"), drawn)
    section = text[text.index('<section id="code"') :]
    section = section[: section.index("</section>")]
    assert '<details class="example">' in section
    assert "return x &lt; 1 and &#39;&lt;b&gt;&#39;" in section
    assert "<script>" not in section
    assert section.index("coder, correct: all tests passed") < section.index("coder, wrong")
    assert "code-grpo, correct: none" in section
    assert "2 of 256" in section
    assert '<section id="examples"' not in text


def test_examples_of_no_domain_have_a_section_of_their_own():
    found = {s.name: s for s in build_sections(shown("math"), {})}
    assert found["examples"].examples[0].title == "code-functions, problem 3"
    assert found["code"].examples == ()
