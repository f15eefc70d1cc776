"""Sections, claims and example renderers: open to other packages, true about what they read."""

import re
import subprocess
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
from passk.report.published import PUBLISHED, read_published
from passk.report.sections.assembly import build_sections, draw_charts, list_charts
from passk.report.sections.registry import SECTIONS, load_sections
from passk.report.settings import STANDARD_CLAIMS, STANDARD_PUBLISHED, STANDARD_SECTIONS

MODULE = '''"""A section and a claim of another package."""
from passk.report.claims.verdict import Claim, ClaimVerdict, group_rows
from passk.report.html.tables import HtmlTable
from passk.report.sections.difference import tabulate_differences
from passk.report.sections.section import PaperFigure, Section

SECTION = Section(
    "Mine", "Limits at {level}.", reads=("difference",), paper=PaperFigure("Figure 99"),
    tables=lambda context: [
        tabulate_differences(context, context.panel("mine"), context.panel_sets("mine"))],
    compares=True,
)


def judge(results, subjects):
    return [ClaimVerdict(comparison, name, "undecided", ("nobody knows [0, 1]",))
            for comparison, name, _ in group_rows(results, "difference", subjects.by_role["odd"])]


CLAIM = Claim(99, "mine", "A claim of mine.", "Never decided.", judge, roles=("odd",))
GROUPS = Claim(98, "all", "Of groups.", "Never.", lambda *_: [], roles=("even",), of_groups=True)
'''

LOAD_ALL = """
from passk.report.claims.registry import CLAIMS
from passk.report.sections.registry import SECTIONS
list(SECTIONS.values()), list(CLAIMS.values())
print("matplotlib" in sys.modules)
"""


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
    changes = {"panels": panels, "claims": made.CLAIMS | {"odd": ["kl"]}}
    before = render_page(made.many(**changes), {})
    assert "Figure 99" not in before  # until the study names them, its page stays as it is
    assert "claim-99" not in before
    context = made.many(
        **changes, sections=["greedy", "mine", "setup"], judged_claims=["mine", "crossover"]
    )
    text = render_page(context, {})
    assert re.findall(r'<section id="(greedy|mine|setup|pass_at_k)"', text) == [
        name for name in ("greedy", "mine", "setup") if f'<section id="{name}"' in text
    ]
    section = text[text.index('<section id="mine"') :]
    section = section[: section.index("</section>")]
    assert "Limits at 95%." in section
    assert "In the paper: Figure 99." in section
    assert section.count("<tr>") == 2  # the heading and the comparison
    verdicts = {claim.number: verdicts for claim, verdicts in judge_claims(context)}
    assert {verdict.subject for verdict in verdicts[99]} == {"kl"}
    assert list(verdicts) == [99, 1]
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
    context = made.many(sections=["greedyy"], judged_claims=["subsets"])
    messages = list(find_faults(context.analysis, context.params, context.draws, context.sets))
    assert [message.partition(" = ")[0] for message in messages] == [
        "report.sections", "report.judged_claims",
    ]  # fmt: skip
    assert "did you mean 'greedy'" in messages[0]
    assert "did you mean 'subset'" in messages[1]
    with pytest.raises(UnknownNameError, match="section"):
        SECTIONS["greedyy"]


def test_a_page_that_says_nothing_shows_what_there_is():
    assert set(STANDARD_SECTIONS) <= set(SECTIONS)
    assert set(STANDARD_CLAIMS) <= set(CLAIMS)
    assert set(STANDARD_PUBLISHED) <= set(PUBLISHED)
    assert list(load_sections(STANDARD_SECTIONS)) == list(STANDARD_SECTIONS)


def test_checking_parameters_loads_no_plotting_library():
    code = "import sys, passk.config.study\nfrom passk.config.checks import comparisons\n"
    code += LOAD_ALL
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n"


def test_a_study_adds_published_numbers_of_its_own(tmp_path):
    file = tmp_path / "others.csv"
    file.write_text("# in points\nmodel,set,pass_at_1,pass_at_64\nTheirs,AIME,12.5,60\n")
    numbers = read_published(["yue2025", str(file)])
    assert numbers.value("Theirs", "AIME", "pass_at_64") == 0.6
    assert numbers.value("Theirs", "AIME", "pass_at_256") is None
    assert numbers.value("GRPO", "Omni-MATH-Test", "pass_at_1") == pytest.approx(0.251)
    context = made.many(
        published=["yue2025", str(file)], counterparts={"algorithms": {"grpo": "Theirs"}}
    )
    check = (context.analysis, context.params, context.draws, context.sets)
    assert list(find_faults(*check)) == []
    file.write_text("model,set,pass_at_1\nTheirs,AIME,high\n")
    (message,) = find_faults(*check)
    assert message.startswith(f"report.published: {file}: a number that is none")
    file.write_text("model,pass_at_1\nTheirs,1\n")
    (message,) = find_faults(*check)
    assert "no column set" in message
    file.unlink()
    (message,) = find_faults(*check)
    assert "not a readable CSV file" in message


@pytest.mark.parametrize("name", list(SECTIONS))
def test_a_section_reads_what_it_says(name):
    """With the tables that it names alone, a section is as with all."""
    whole = made.seeing()
    section = SECTIONS[name]
    part = replace(
        whole, results={q: whole.results[q] for q in section.reads if q in whole.results}
    )
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
    context = made.many(("indomain",), sections=["pass_at_k", "mine"])
    with pytest.raises(ValueError, match="second chart 'pass_at_k'"):
        draw_charts(context)
