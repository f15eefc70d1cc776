"""The report: what it says is what the tables hold, and it stands on its own."""

import json
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pytest

import report_tables as made
from passk.analysis.evaluation_groups import group_counts
from passk.analysis.examples import EXAMPLES
from passk.analysis.metrics import HISTOGRAM_LABELS
from passk.analysis.questions import pass_at_k
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.core.files import FileError
from passk.core.schemas.counts import COUNTS
from passk.core.tables import TableError
from passk.pipeline.stages import headline, report
from passk.pipeline.stages.job import Job, StageError
from passk.report.charts.series_style import style_series
from passk.report.claims.judging import judge_claims
from passk.report.finding import state_finding
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, to_text
from passk.report.sections import difference, setup
from passk.report.sections.assembly import build_sections, draw_charts, list_charts
from passk.report.settings import Headline
from passk.report.summary import (
    MOST,
    collect_numbers,
    summarize_headlines,
    tabulate_curves,
)


def paged(context) -> str:
    """A study's page, as the stage makes it."""
    return render_page(context, draw_charts(context))


@pytest.fixture(scope="module")
def document() -> str:
    """The page of the study with a comparison."""
    return paged(made.compared())


def names(context) -> set[str]:
    """The sections that a study has data for."""
    return {section.name for section in build_sections(context, draw_charts(context))}


def value_of(context, number: SourcedValue) -> float | None:
    """Follow a number's source to the table, as `passk explain` does."""
    table = context.results[number.source.table]
    for column, value in number.source.key:
        table = table.filter(pl.col(column) == value)
    assert len(table) == 1, number.source.row
    return table[number.source.column].item()


# ------------------------------------------------------------------------------------- finding


@pytest.mark.parametrize("context", [made.compared(), made.alone()], ids=["comparison", "alone"])
def test_every_number_of_the_finding_is_the_result_tables(context):
    numbers = [part for part in state_finding(context) if isinstance(part, SourcedValue)]
    assert len(numbers) >= 8
    for number in numbers:
        value = value_of(context, number)
        assert number.value == value
        if re.fullmatch(r"\d+(\.\d+)?", number.text):
            digits = len(number.text.partition(".")[2])
            assert float(number.text) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-12)


def test_finding_says_who_is_ahead_and_where_the_curves_cross():
    said = to_text(state_finding(made.compared()))
    assert said.startswith(
        "On In-domain (120 problems), GRPO solves more at k = 1 (pass@1 GRPO 0.340"
    )
    assert "Base solves more at k = 256" in said
    assert "crossover at k = 8.3 [7.3, 10.3], P(no crossover) = 0.002." in said


@pytest.mark.parametrize(("resamples", "bound"), [(1000, "0.001"), (100, "0.010")])
def test_none_of_the_resamples_is_below_one_in_so_many_and_keeps_its_value(resamples, bound):
    context = made.compared()
    table = context.results["crossover"].with_columns(p_none=pl.lit(0.0))
    settings = context.analysis.bootstrap.model_copy(update={"resamples": resamples})
    context = replace(
        context,
        results={**context.results, "crossover": table},
        analysis=context.analysis.model_copy(update={"bootstrap": settings}),
    )
    sentence = state_finding(context)
    assert f", P(no crossover) < {bound}." in to_text(sentence)
    numbers = [part for part in sentence if isinstance(part, SourcedValue)]
    assert [n.value for n in numbers if n.source.column == "p_none"] == [0.0]
    assert to_text(difference.tabulate_crossovers(context).rows[0][-1]).endswith(
        f"P(no crossover) < {bound}"
    )


def test_setup_tables_share_their_labels_and_have_no_empty_column():
    context = made.compared()
    drawn, arms = setup.tabulate_draws(context), setup.tabulate_arms(context)
    said = [[to_text(cell) for cell in row] for row in drawn.rows]
    assert [row[0] for row in said][:2] == ["Base", "GRPO"]
    assert [to_text(cell) for cell in arms.rows[0]][:3] == ["GRPO", "Base", "GRPO"]
    assert setup.tabulate_draws(made.alone()).columns == [
        "Draw", "Model", "n", "Top-p", "New tokens", "Template", "Engine",
    ]  # fmt: skip
    assert setup.tabulate_draws(made.alone()).wide == {0, 1, 5, 6}


def test_finding_without_a_crossover_gives_the_difference_with_its_interval():
    context = made.compared()
    models = {"base": (0.16, 0.5), "grpo": (0.34, 0.9)}
    comparisons = {"grpo": {"reference": "base", "candidate": "grpo"}}
    context = replace(context, results=made.tables(models, comparisons, list(context.sets)))
    said = to_text(state_finding(context))
    assert "no crossover up to k = 256, P(no crossover) = 0.970" in said
    assert "difference RL − base at k = 256 of +0.400 [+0.350, +0.450]." in said


def test_finding_claims_no_lead_that_the_interval_does_not_show():
    context = made.compared()
    close = {"base": (0.16, 0.6), "grpo": (0.17, 0.6)}
    context = replace(
        context,
        results=made.tables(
            close, {"grpo": {"reference": "base", "candidate": "grpo"}}, ["indomain"]
        ),
    )
    assert to_text(state_finding(context)).count("GRPO and Base are not told apart") == 2


def test_finding_of_imported_samples():
    assert to_text(state_finding(made.alone())) == (
        "pass@1 = 0.911 [0.861, 0.941], pass@8 = 0.970 [0.920, 1.000] over 100 problems "
        "(100 MATH problems), 3 unsolved."
    )


def test_finding_says_when_there_is_nothing():
    empty = {name: table.clear() for name, table in made.alone().results.items()}
    context = replace(made.alone(), results=empty)
    assert to_text(state_finding(context)) == "No draw has been counted yet."
    assert names(context) == {"setup", "validation"}


# ---------------------------------------------------------------------------------------- page


@pytest.mark.parametrize("study", ["comparison", "alone"])
def test_page_asks_for_nothing_outside_itself(document, study):
    document = document if study == "comparison" else paged(made.alone())
    references = re.findall(r"(?:src|href|action|data|poster)=\"([^\"]*)\"", document)
    assert all(reference.startswith(("#", "data:,")) for reference in references)
    assert not re.search(r"@import|url\((?!#)|https?://|//cdn|fetch\(|XMLHttp", document)


def test_page_and_figures_have_the_same_bytes_each_time(document):
    assert paged(made.compared()) == document
    first, second = draw_charts(made.compared()), draw_charts(made.compared())
    for name, drawing in first.items():
        drawn = drawing.document()
        assert drawn == second[name].document()
        assert "<dc:date>" not in drawn
        assert str(Path.cwd()) not in drawn


def test_ids_in_the_page_are_unique_and_references_resolve(document):
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    referred = re.findall(r'(?:href="|url\()#([^")]+)', document)
    assert referred
    assert set(referred) <= set(ids)


def test_every_number_in_the_page_names_a_row_that_exists(document):
    context = made.compared()
    marked = re.findall(r'data-source="(\w+) ([^"]*)" data-column="(\w+)"', document)
    assert len(marked) > 200
    for table, key, column in set(marked):
        if table == "validation" or "," in key:
            continue
        rows = context.results[table]
        for name, value in (item.split("=") for item in key.split()):
            rows = rows.filter(pl.col(name).cast(pl.String) == value)
        assert len(rows) == 1, (table, key)
        assert column in rows.columns


def test_what_has_no_data_has_no_section():
    assert names(made.alone()) == {"pass_at_k", "histogram", "bounds", "setup", "validation"}
    assert 'id="claims"' not in paged(made.alone())
    everything = {"difference", "coverage", "greedy", "efficiency", "training"}
    context = made.compared(("indomain",))
    assert everything <= names(context)
    untrained = {k: v for k, v in context.results.items() if k != "training"}
    assert "training" not in names(replace(context, results=untrained))


def test_text_from_parameters_is_escaped():
    labels = {"base": "<b>Base</b>", "indomain": 'A "set" & <more>'}
    document = paged(made.compared(("indomain",), labels=labels, title="<script>x</script>"))
    assert "<script>x" not in document
    assert "<b>Base" not in document
    assert "&lt;b&gt;Base&lt;/b&gt;" in document


def test_papers_numbers_stand_beside_ours_unless_switched_off(document):
    assert "later version Figures 2 and 10" in document
    assert "In the paper:" not in paged(made.compared(("indomain",), paper=False))


def test_sets_and_pairs_are_shown_as_asked_and_unknown_ones_named():
    context = made.compared(sets=("hard", "indomain"))
    assert context.set_names == ["hard", "indomain"]
    assert to_text(state_finding(context)).startswith("On hard")
    with pytest.raises(ValueError, match=r"report\.sets: 'easy'.*legal: hard, indomain"):
        replace(context, params=made.ReportSettings(**made.report(sets=["easy"]))).set_names  # noqa: B018
    with pytest.raises(ValueError, match=r"report\.comparisons: 'ppo'.*legal: grpo"):
        replace(context, params=made.ReportSettings(**made.report(comparisons=["ppo"]))).comparisons  # noqa: B018


def test_draws_are_told_apart_by_colour_line_and_marker():
    models = {name: name for name in ("base", "grpo", "ppo", "rloo")}
    styles = list(style_series(made.ReportSettings(**made.report()), models).values())
    for attribute in ("colour", "line", "marker", "label"):
        assert len({getattr(style, attribute) for style in styles}) == 4
    assert styles[0].colour == "#0072b2"


def test_panels_drawn_one_by_one_share_their_axis():
    context = made.compared()
    table = context.results["pass_at_k"].with_columns(
        high=pl.when(pl.col("set") == "hard").then(0.2).otherwise("high"),
        low=pl.when(pl.col("set") == "hard").then(0.1).otherwise("low"),
    )
    chart = list_charts(replace(context, results={**context.results, "pass_at_k": table}))[
        "pass_at_k"
    ]
    limits = {chart.draw(name).axes[0].get_ylim() for name in chart.panels}
    assert len(limits) == 1


# --------------------------------------------------------------------------- metrics and plots


def test_headline_numbers_are_those_of_the_headlines_and_of_claims():
    context = made.many()
    headlines = {
        name: Headline(reference="base", candidate=name, set="indomain")
        for name in ("grpo", "ppo", "rloo", "dapo")
    }
    summary = summarize_headlines(context, headlines)
    assert list(summary) == ["grpo", "ppo", "rloo", "claims"]  # a fourth is beyond what is read
    assert sum(map(len, summary.values())) <= MOST
    point = context.row("pass_at_k", draw="ppo", set="indomain", k=256)
    crossing = context.row("crossover", comparison="ppo", set="indomain")
    assert list(summary["ppo"]) == [
        "reference_pass_at_1", "candidate_pass_at_1", "reference_pass_at_256",
        "candidate_pass_at_256", "crossover_k",
    ]  # fmt: skip
    assert summary["ppo"]["candidate_pass_at_256"] == point["pass_at_k"]
    assert summary["ppo"]["crossover_k"] == crossing["crossover_k"]
    verdicts = [verdict.verdict for _, judged in judge_claims(context) for verdict in judged]
    assert sum(summary["claims"].values()) == len(verdicts)
    assert summary["claims"]["not_supported"] == verdicts.count("not supported")


def test_without_headlines_main_comparisons_stand_for_them_and_draws_where_nothing_is_compared():
    assert summarize_headlines(made.many(), {}).keys() == {"grpo", "claims"}
    assert summarize_headlines(made.alone(), {}) == {
        "real": {"pass_at_1": 0.91125, "pass_at_8": 0.97}
    }


def test_all_numbers_are_there():
    numbers = collect_numbers(made.compared())
    assert numbers["draws"]["base"]["indomain"]["pass_at_1"] == pytest.approx(0.16)
    assert numbers["draws"]["base-greedy"]["indomain"] == {"greedy": 0.16}
    comparison = numbers["comparisons"]["grpo"]["indomain"]
    assert comparison["difference_at_1"] == pytest.approx(0.18)
    assert comparison["crossover_k"] == pytest.approx(8.3)
    assert comparison["candidate_only_share"] == pytest.approx(1 / 120)
    assert set(comparison) >= {"difference_at_256", "p_none", "efficiency_gap_at_256"}
    assert collect_numbers(made.alone())["draws"]["real"]["real"]["unsolved"] == 3


def test_curves_are_one_table_per_draw_and_set():
    curves = tabulate_curves(made.compared())
    assert set(curves) == {
        f"{d}@{s}" for d in ("base", "grpo") for s in ("indomain", "outdomain", "hard")
    }
    assert curves["base@hard"]["k"].to_list() == made.K


# -------------------------------------------------------------------------------------- stages


def entries(section) -> dict[str, dict]:
    """A section as the parameter file has it."""
    return {name: asdict(entry) for name, entry in section.items()}


def report_job(context) -> Job:
    params = {
        "study": "made", "seed": 1, "report": context.params.model_dump(),
        "analysis": context.analysis.model_dump(), "draws": entries(context.draws),
        "sets": entries(context.sets), "train": entries(context.train),
        "sft": entries(context.sft), "pretrain": {}, "headline": {},
        "examples": {name: {} for name in context.examples},
    }  # fmt: skip
    return Job("report", "", params, "0")


def write_study(context) -> None:
    for name, table in context.results.items():
        QUESTIONS[name].table.write(table, paths.results("made", name))
    for name, table in context.examples.items():
        EXAMPLES.write(table, paths.results("made", f"examples-{name}"))
    for kind in report.SUITES:
        path = paths.validation("made", kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made.SUITE))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_report_stage_writes_the_same_bytes_twice(folder):
    context = made.compared(("indomain",))
    write_study(context)
    report.run(report_job(context))
    first = {p: p.read_bytes() for p in sorted(Path("reports").rglob("*")) if p.is_file()}
    assert {str(p) for p in first} >= {
        "reports/index.html", "reports/numbers.json", "reports/claims.json",
        "reports/figures/pass_at_k.svg",
        "reports/metrics/grpo.json", "reports/metrics/claims.json",
        "reports/plots/base@indomain.csv",
    }  # fmt: skip
    (Path("reports/plots") / "stranger.csv").write_text("k,pass_at_k\n")
    report.run(report_job(context))
    assert first == {p: p.read_bytes() for p in sorted(Path("reports").rglob("*")) if p.is_file()}
    json.loads(Path("reports/numbers.json").read_text())


def test_report_stage_names_what_is_missing(folder):
    context = made.compared()
    write_study(context)
    paths.validation("made", "samples").write_text("{")
    with pytest.raises(FileError, match=r"samples\.json: not readable .*run the stage validate"):
        report.run(report_job(context))
    paths.results("made", "coverage").unlink()
    with pytest.raises(TableError, match=r"coverage\.parquet: no such file"):
        report.run(report_job(context))
    assert not Path("reports").exists()  # nothing half-written


def counts(draw: str, solved: list[int]) -> pl.DataFrame:
    rows = [
        {"draw": draw, "set": "indomain", "problem_id": f"{i:016x}", "index": i, "n": 16, "c": c,
         "d": None, "unknown": 0, "model": draw, "arm": draw, "step": None, "train_seed": None,
         "template": "plain", "temperature": 0.6, "replicate": 0, "engine": "step_loop",
         "grader": "toy"}
        for i, c in enumerate(solved)
    ]  # fmt: skip
    return COUNTS.check(pl.DataFrame(rows, schema=dict(COUNTS.columns)))


def headline_job(rl: str = "grpo", set_name: str = "indomain") -> Job:
    analysis = made.analysis({})
    params = {
        "study": "made", "seed": 7,
        "headline": {"math": {"reference": "base", "candidate": rl, "set": set_name}},
        "analysis": {"k": analysis["k"], "bootstrap": analysis["bootstrap"]},
        "report": made.report(),
    }  # fmt: skip
    return Job("headline", "math", params, "0")


def test_headline_shows_what_the_result_table_will_hold(folder):
    files = []
    for draw, solved in (("base", [1, 2, 1, 0, 3, 1]), ("grpo", [16, 12, 0, 0, 9, 0])):
        files.append(paths.counts("made", draw))
        COUNTS.write(counts(draw, solved), files[-1])
    measured = headline.run(headline_job())
    groups = group_counts(pl.concat(COUNTS.read(file) for file in files))
    inputs = QuestionInputs(Analysis(**made.analysis({})), 7, counts=tuple(files), groups=groups)
    table = pass_at_k.QUESTION.answer(inputs)
    drawn = headline.tabulate_curves(
        {draw: group for (draw, _), group in groups.items()}, headline_job()
    )
    both = table.join(drawn, on=["draw", "set", "k"], validate="1:1")
    assert len(both) == len(table) == len(drawn)
    for column in ("pass_at_k", "low", "high"):
        assert both[column].to_list() == pytest.approx(both[f"{column}_right"].to_list(), abs=1e-12)
    assert set(measured) == {
        "base_pass_at_1",
        "base_pass_at_16",
        "grpo_pass_at_1",
        "grpo_pass_at_16",
    }
    first = Path("reports/headline-math.svg").read_bytes()
    headline.run(headline_job())
    assert Path("reports/headline-math.svg").read_bytes() == first


def test_headline_of_one_draw_and_of_a_set_it_does_not_sample(folder):
    COUNTS.write(counts("base", [1, 2, 3]), paths.counts("made", "base"))
    assert set(headline.run(headline_job(rl="base"))) == {"base_pass_at_1", "base_pass_at_16"}
    with pytest.raises(StageError, match=r"headline\.math\.set = 'hard'.*legal: indomain"):
        headline.run(headline_job(rl="base", set_name="hard"))


def test_histogram_has_the_papers_bins():
    axes = list_charts(made.compared())["histogram"].draw("indomain").axes[0]
    assert tuple(label.get_text() for label in axes.get_xticklabels()) == HISTOGRAM_LABELS


# ------------------------------------------------------------------------------------- browser


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 500])
def test_page_loads_in_a_browser(tmp_path, width):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium here; install it to load the page in a browser")
    # The page reports its own width and errors through its title.
    probe = (
        "<script>addEventListener('load', () => { document.title = "
        "document.documentElement.scrollWidth <= innerWidth ? 'fits' : 'overflows'; });"
        "addEventListener('error', () => { document.title = 'error'; });</script>"
    )
    file = tmp_path / "index.html"
    file.write_text(paged(made.many()).replace("<style>", probe + "<style>", 1))
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1000", "--dump-dom",
         file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "<title>fits</title>" in done.stdout
