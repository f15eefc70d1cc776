"""Sections, claims and example renderers: open to other packages, true about what they read."""

import sys
from dataclasses import replace

import pytest

import report_tables as made
from passk.config.checks.comparisons import find_faults
from passk.core.registry import UnknownNameError
from passk.report.claims.judging import judge_claims
from passk.report.claims.registry import CLAIMS
from passk.report.domains import EXAMPLE_RENDERERS
from passk.report.html.page import render_page
from passk.report.sections.assembly import build_sections, draw_charts, list_charts
from passk.report.sections.registry import SECTIONS, load_sections
from passk.report.settings import COUNTERPARTS, GROUP_ROLES, PANELS, ROLES

MODULE = '''"""A section and a claim of another package."""
from passk.report.claims.verdict import Claim, ClaimVerdict, rows_by_set
from passk.report.html.tables import HtmlTable
from passk.report.sections.difference import comparison_table
from passk.report.sections.section import PaperFigure, Section

SECTION = Section(
    "Mine", "Limits at {level}.", reads=("difference",), paper=PaperFigure("Figure 99"),
    tables=lambda context: [
        comparison_table(context, context.panel("mine"), context.panel_sets("mine"))],
    compares=True, after="greedy",
)


def judge(results, subjects):
    return [ClaimVerdict(pair, name, "undecided", ("nobody knows [0, 1]",))
            for pair, name, _ in rows_by_set(results, "difference", subjects.by_role["odd"])]


CLAIM = Claim(99, "mine", "A claim of mine.", "Never decided.", judge, roles=("odd",))
GROUPS = Claim(98, "all", "Of groups.", "Never.", lambda *_: [], roles=("even",), of_groups=True)
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that brings a section and a claim, as pip would install it."""
    (tmp_path / "foreign_report.py").write_text(MODULE)
    entries = tmp_path / "foreign_report-1.dist-info"
    entries.mkdir()
    (entries / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-report\nVersion: 1\n")
    (entries / "entry_points.txt").write_text(
        "[passk.sections]\nmine = foreign_report:SECTION\n"
        "[passk.claims]\nmine = foreign_report:CLAIM\nall = foreign_report:GROUPS\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for registry in (SECTIONS, CLAIMS):
        vars(registry).pop("_brought", None)
    yield
    for registry in (SECTIONS, CLAIMS):
        vars(registry).pop("_brought", None)
        registry._loaded.pop("mine", None)
        registry._loaded.pop("all", None)
    sys.modules.pop("foreign_report", None)


def test_a_section_and_a_claim_of_another_package_are_on_the_page(installed):
    panels = made.PANELS | {"mine": {"comparisons": ["kl"], "sets": ["hard"]}}
    context = made.many(panels=panels, claims=made.CLAIMS | {"odd": ["kl"]})
    names = list(load_sections())
    assert names[names.index("greedy") + 1] == "mine"
    text = render_page(context, {})
    section = text[text.index('<section id="mine"') :]
    section = section[: section.index("</section>")]
    assert "Limits at 95%." in section
    assert "In the paper: Figure 99." in section
    assert section.count("<tr>") == 2  # the heading and the pair
    verdicts = {claim.number: verdicts for claim, verdicts in judge_claims(context)}
    assert {verdict.subject for verdict in verdicts[99]} == {"kl"}
    assert 'id="claim-99"' in text
    draws = list(context.draws)
    assert list(find_faults(context.analysis, context.params, draws, context.sets)) == []


def test_a_claim_of_another_package_may_be_about_groups(installed):
    context = made.many(claims=made.CLAIMS | {"odd": ["kl"], "even": ["kl"]})
    messages = list(find_faults(context.analysis, context.params, context.draws, context.sets))
    (message,) = messages
    assert message.startswith("report.claims.even = 'kl': unknown group")
    (group, *_) = context.analysis.groups
    context = made.many(claims=made.CLAIMS | {"even": [group]})
    assert not list(find_faults(context.analysis, context.params, context.draws, context.sets))
    assert context.subjects()["even"] == [group]


def test_unknown_panels_counterparts_and_roles_are_named_with_the_legal_ones():
    context = made.many(
        panels={
            "step": {"comparisons": ["grpo"], "sets": []},
            "greedy": {"comparisons": ["kl"], "sets": []},
        },
        counterparts={"family": {"grpo": "GRPO"}},
        claims={"longr": ["longer"]},
    )
    messages = list(find_faults(context.analysis, context.params, context.draws, context.sets))
    for name in ("step", "greedy", "family", "longr"):
        assert any(name in message for message in messages), name
    assert any("'steps'" in message for message in messages)
    assert any("'longer'" in message for message in messages)
    with pytest.raises(ValueError, match=r"report\.panels: 'step': legal sections: .*steps"):
        build_sections(made.many(panels={"step": {"comparisons": ["grpo"], "sets": []}}), {})
    with pytest.raises(UnknownNameError, match="section"):
        SECTIONS["greedyy"]


def test_names_that_need_no_registry_are_those_of_the_registries():
    assert sorted(PANELS) == sorted(n for n, section in SECTIONS.items() if section.compares)
    tables = [n for n, section in SECTIONS.items() if section.paper and section.paper.largest_k]
    assert sorted(COUNTERPARTS) == sorted([*tables, "sets"])
    assert set(ROLES) == {role for claim in CLAIMS.values() for role in claim.roles}
    of_groups = [claim for claim in CLAIMS.values() if claim.of_groups]
    assert set(GROUP_ROLES) == {role for claim in of_groups for role in claim.roles}


@pytest.mark.parametrize("name", list(SECTIONS))
def test_a_section_reads_what_it_says(name):
    """With the tables that it names alone, a section is as with all."""
    whole = made.seeing()
    section = SECTIONS[name]
    part = replace(whole, results={question: whole.results[question] for question in section.reads})
    assert [c.name for c in section.charts(part)] == [c.name for c in section.charts(whole)]
    assert list(section.tables(part)) == list(section.tables(whole))
    assert list(section.sentences(part)) == list(section.sentences(whole))


def test_each_domain_with_an_example_renderer_has_a_section_that_compares():
    for name in EXAMPLE_RENDERERS:
        assert SECTIONS[name].compares


def test_mathematics_has_a_section_like_other_domains():
    panels = made.PANELS | {"math": {"comparisons": ["grpo"], "sets": ["hard"]}}
    context = made.many(panels=panels)
    charts = [chart for chart in list_charts(context).values() if chart.section == "math"]
    assert [chart.name for chart in charts] == ["math", "math-difference", "math-histogram"]
    assert all(list(chart.panels) == ["hard"] for chart in charts)
    section = next(s for s in build_sections(context, {}) if s.name == "math")
    assert section.title == "Mathematics"
    assert len(section.tables) >= 4


def test_two_charts_of_one_name_are_refused(installed, monkeypatch):
    twin = replace(SECTIONS["histogram"], charts=SECTIONS["pass_at_k"].charts)
    monkeypatch.setitem(SECTIONS._loaded, "mine", twin)
    with pytest.raises(ValueError, match="second chart 'pass_at_k'"):
        draw_charts(made.compared(("indomain",)))
