"""Sections that compare many models: what is on them, the folded axis, the paper's numbers."""

import csv
import re
import shlex
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import report_tables as made
from passk.provenance.audit.page import NumberParser, compare_number
from passk.report.charts import broken_axis, training_curves
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, to_text
from passk.report.published import faults, read_published
from passk.report.sections import cost, coverage, difference, endpoints, seeds, setup
from passk.report.sections.assembly import build_sections, draw_charts, list_charts

ORDER = [
    "pass_at_k", "difference", "histogram", "coverage", "greedy", "algorithms", "efficiency",
    "steps", "families", "distillation", "ablations", "objectives", "seeds", "training", "cost",
    "bounds", "setup", "validation",
]  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """The figures of a study with everything, drawn."""
    return draw_charts(made.many())


@pytest.fixture(scope="module")
def document(drawn) -> str:
    return render_page(made.many(), drawn)


def test_every_section_stands_in_the_page_in_order_and_in_its_contents(document, drawn):
    names = [section.name for section in build_sections(made.many(), drawn)]
    assert names == [name for name in ORDER if name != "greedy"]  # no greedy draw in this study
    listed = re.findall(r'<a href="#([\w-]+)">', document[: document.index("<main>")])
    assert [name for name in listed if not name.startswith("claim")] == names
    assert set(re.findall(r'<section id="([\w-]+)"', document)) == {*names, "claims"}


def test_ids_stay_unique_with_many_figures(document):
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', document)) <= set(ids)


def test_every_number_names_a_row_that_exists(document):
    context = made.many()
    marked = set(re.findall(r'data-source="(\w+) ([^"]*)" data-column="(\w+)"', document))
    assert {table for table, _, _ in marked} >= {
        "spread",
        "seeds",
        "cost",
        "efficiency",
        "coverage",
    }
    for table, key, column in marked:
        if table == "validation" or "," in key:
            continue
        rows = context.results[table]
        for name, value in (item.split("=") for item in key.split()):
            rows = rows.filter(pl.col(name).cast(pl.String) == value)
        assert len(rows) == 1, (table, key)
        assert column in rows.columns


@pytest.mark.parametrize("study", [made.alone, made.compared, made.many, made.coded, made.seeing])
def test_every_number_is_the_value_of_the_row_and_column_that_it_names(study):
    context = study()
    document = render_page(context, draw_charts(context))
    parser = NumberParser()
    parser.feed(document)
    wrong, looked_at = [], 0
    for value, source, column in dict.fromkeys(parser.numbers):
        table, *words = shlex.split(source)
        if table == "validation":
            continue
        where = dict(word.split("=", 1) for word in words)
        looked_at += 1
        if problem := compare_number(value, context.results[table], table, where, column):
            wrong.append(f"{column} of {source}: {problem}")
    assert wrong == []
    assert looked_at > 10


def test_the_first_panel_shows_the_main_pair_alone_and_a_section_its_own_draws():
    styles = {name: list(chart.styles) for name, chart in list_charts(made.many()).items()}
    assert styles["pass_at_k"] == ["base", "grpo"]
    assert styles["algorithms"] == ["base", *made.ALGORITHMS]
    assert styles["steps"] == ["base", "grpo-40", "grpo-80", "grpo"]
    assert styles["ablations"] == ["grpo", "grpo-n32", "grpo-kl"]
    assert styles["efficiency"] == made.ALGORITHMS
    sets = {name: list(chart.panels) for name, chart in list_charts(made.many()).items()}
    assert sets["algorithms"] == made.STUDIED
    assert sets["families"] == ["indomain", "outdomain", "hard"]


def test_what_a_section_shows_is_told_apart_and_set_colours_stay():
    palette = [*made.PALETTE, "#6A3D9A", "#7A7A7A"]
    for name, chart in list_charts(made.many(palette=palette)).items():
        styles = list(chart.styles.values())
        assert len({style.label for style in styles}) == len(styles), name
        assert len({(style.colour, style.line) for style in styles}) == len(styles), name
        if name != "families":
            assert len({style.colour for style in styles}) == len(styles), name
        if "grpo" in chart.styles:
            assert chart.styles["grpo"].colour == "#d55e00"


def test_a_family_has_one_colour_the_base_dashed():
    styles = list_charts(made.many())["families"].styles
    for base, rl in (("base", "grpo"), ("base-llama", "grpo-llama")):
        assert styles[base].colour == styles[rl].colour
        assert (styles[base].line, styles[rl].line) == ("dashed", "solid")
    assert styles["grpo"].colour != styles["grpo-llama"].colour


def test_training_curves_are_grouped_and_every_arm_is_on_one():
    context = made.many()
    charts = {
        name: chart for name, chart in list_charts(context).items() if chart.section == "training"
    }
    assert list(charts["training-algorithms"].styles) == made.ALGORITHMS
    assert set(charts["training-algorithms"].panels) == set(
        training_curves.QUANTITIES
    )  # PPO's critic too
    assert "critic_loss" not in charts["training-objectives"].panels
    assert {arm for chart in charts.values() for arm in chart.styles} == set(context.train)
    alone = [p for p in list_charts(made.compared()).values() if p.section == "training"]
    assert [(chart.name, list(chart.styles), chart.heading) for chart in alone] == [
        ("training", ["grpo"], "")
    ]
    assert list(alone[0].panels) == ["reward", "length", "entropy", "kl"]


def test_an_arm_without_a_draw_has_its_curves_too():
    context = made.many(panels={"algorithms": made.PANELS["algorithms"]})
    other = list_charts(context)["training-other"]
    assert set(other.styles) == set(context.train) - set(made.ALGORITHMS)
    assert other.heading == "Other arms"


def test_the_loss_of_fine_tuning_has_a_figure_of_its_own():
    context = made.many()
    losses = made.training(["distilled"], 40).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("reward", "length", "entropy", "kl")
    )
    table = pl.concat([context.results["training"], losses.with_columns(loss=2 / pl.col("step"))])
    tuned = replace(context, results={**context.results, "training": table})
    before, after = list_charts(context), list_charts(tuned)
    assert [name for name in after if name not in before] == ["training-sft"]
    chart = after["training-sft"]
    assert (list(chart.styles), list(chart.panels)) == (["distilled"], ["loss"])
    axes = chart.draw("loss").axes[0]
    assert axes.get_ylabel() == "nats per token"
    assert axes.lines[0].get_ydata()[0] == 2.0
    assert list(after["training-distillation"].styles) == list(
        before["training-distillation"].styles
    )


def test_kl_measured_now_and_then_is_drawn_where_it_was_measured():
    log = made.training(["a"], 60)
    styles = {"a": next(iter(list_charts(made.compared())["training"].styles.values()))}
    axes = training_curves.draw_quantity(
        log, styles, training_curves.PanelFrame("kl", "KL", (4, 3))
    ).axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[10, 20, 30, 40, 50, 60]]


def test_a_section_without_pairs_or_without_data_is_not_there():
    context = made.many(panels={"steps": made.PANELS["steps"]})
    names = {section.name for section in build_sections(context, draw_charts(context))}
    assert "steps" in names
    assert not names & {"algorithms", "families", "distillation", "ablations", "objectives"}
    with pytest.raises(
        ValueError, match=r"report\.panels\.steps\.comparisons: 'x' is not.*legal: grpo"
    ):
        list_charts(made.many(panels={"steps": {"comparisons": ["x"], "sets": []}}))
    with pytest.raises(ValueError, match=r"report\.panels\.steps\.sets: 'x' is not"):
        list_charts(made.many(panels={"steps": {"comparisons": ["grpo"], "sets": ["x"]}}))


# ----------------------------------------------------------------------------------- folded axis


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [([0.3, 0.35], [0.7, 0.9], 2), ([0.3, 0.6], [0.5, 0.9], 1), ([], [0.5], 1), ([0.9], [0.9], 1)],
)
def test_stretched_ranges_hold_their_values_and_never_overlap(first, last, count):
    stretched = broken_axis.find_ranges(first, last)
    assert len(stretched) == count
    assert all(any(low <= v <= high for low, high in stretched) for v in [*first, *last])
    assert all(a[1] < b[0] for a, b in pairwise(stretched))
    assert all(0 <= low < high <= 1 for low, high in stretched)


def test_the_folded_scale_rises_and_gives_both_ranges_the_same_room():
    values, places = broken_axis.scale_ranges((0.05, 0.95), [(0.3, 0.32), (0.7, 0.9)])
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0.0, pytest.approx(1.0))
    where = dict(zip(values, places, strict=True))
    room = where[0.32] - where[0.3]
    assert (
        room == pytest.approx(where[0.9] - where[0.7]) == pytest.approx(broken_axis.STRETCHED / 2)
    )


def test_the_folded_axis_shows_every_curve_whole():
    chart = list_charts(made.many())["algorithms"]
    axes = chart.draw("indomain").axes[0]
    low, high = axes.get_ylim()
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in axes.lines])
    assert low <= drawn.min()
    assert drawn.max() <= high
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    assert len(ticks) >= 4


# --------------------------------------------------------------------------------- paper's numbers


def test_published_numbers_are_the_papers(real):
    for table, file in (("algorithms", "algorithms.csv"), ("steps", "training_steps.csv")):
        with (real / "paper" / file).open() as stream:
            rows = list(csv.DictReader(stream))
        published = read_published()
        ours = published.rows.filter(table=table)
        assert len(ours) == len(rows)
        for row in rows:
            for column in ("pass_at_1", "pass_at_256"):
                number = published.value(row["model"], row["set"], column)
                assert number == pytest.approx(float(row[column]) / 100, abs=1e-12)


def test_published_gaps_are_those_that_the_papers_table_gives():
    published = read_published()
    gaps = {"GRPO": 44.0, "PPO": 42.3, "ReMax": 45.3, "RLOO": 41.0, "Reinforce++": 41.1}
    for model, points in gaps.items():
        assert published.gap("Qwen2.5-7B", model, "Omni-MATH-Test") == pytest.approx(points / 100)
    assert published.gap("Qwen2.5-7B", None, "Omni-MATH-Test") is None


def test_the_papers_numbers_stand_in_the_row_of_their_counterpart():
    context = made.many()
    view = endpoints.tabulate_endpoints(context, "algorithms", 256)
    rows = {
        (to_text(row[0]), to_text(row[1])): [to_text(cell) for cell in row] for row in view.rows
    }
    assert view.columns[3] == "Paper, k = 1"
    assert rows["In-domain", "ppo"][3::2] == ["0.268", "0.692"]
    assert rows["Out-of-domain", "Base"][3::2] == ["0.345", "0.962"]
    steps = endpoints.tabulate_endpoints(context, "steps", 256)
    last = [row for row in steps.rows if to_text(row[1]) == "GRPO"]
    assert (
        to_text(last[0][3]) == "0.283"
    )  # step 450 there, though GRPO among the algorithms is 0.251
    assert len(endpoints.tabulate_endpoints(made.many(paper=False), "algorithms", 256).columns) == 4
    assert (
        len(endpoints.tabulate_endpoints(made.many(counterparts={}), "algorithms", 256).columns)
        == 4
    )


def test_an_unknown_counterpart_is_named():
    entries = {"algorithms": {"ppo": "PPP", "grpo": "GRPO"}, "sets": {"x": "PPO"}}
    algorithm, name = faults(["yue2025"], entries)
    assert re.search(r"counterparts\.algorithms\.ppo = 'PPP'.*legal: Qwen2\.5", algorithm)
    assert re.search(r"counterparts\.sets\.x = 'PPO'.*legal: Omni", name)


# ---------------------------------------------------------------------------------------- tables


def test_cost_names_how_many_times_the_cheapest_arm_an_arm_drew():
    context = made.many()
    view = cost.tabulate_costs(context)
    rows = {to_text(row[0]): [to_text(cell) for cell in row] for row in view.rows}
    place = view.columns.index("Times the least")
    assert rows["dapo"][place] == "3.00"
    assert rows["GRPO"][place] == "1.00"
    table = context.results["cost"]
    longer = pl.when(arm="dapo").then(90).otherwise("steps").cast(pl.Int64)
    results = {**context.results, "cost": table.with_columns(steps=longer)}
    view = cost.tabulate_costs(replace(context, results=results))
    rows = {to_text(row[0]): [to_text(cell) for cell in row] for row in view.rows}
    assert rows["dapo"][place] == "–"  # no other arm has as many steps
    coded = made.coded()
    view = cost.tabulate_costs(coded)
    domains = {to_text(row[0]): to_text(row[place]) for row in view.rows}
    assert domains.get("code-grpo", "–") == "–"  # alone on its training set
    assert rows["GRPO"][view.columns.index("Rollouts drawn")] == "15,360"
    assert "Share with a gradient" in view.columns


def test_comparisons_stand_set_by_set_with_their_intervals():
    context = made.many()
    view = difference.tabulate_differences(context, ["rollouts", "kl"], ["indomain", "hard"])
    said = [[to_text(cell) for cell in row] for row in view.rows]
    assert [row[:2] for row in said] == [
        ["In-domain", "grpo-n32 against GRPO"], ["In-domain", "grpo-kl against GRPO"],
        ["hard", "grpo-n32 against GRPO"], ["hard", "grpo-kl against GRPO"],
    ]  # fmt: skip
    assert said[0][3] == "k = 64: +0.040 [−0.010, +0.090]"
    assert said[0][4] == "k = 256: +0.040 [−0.010, +0.090]"
    assert said[0][5] == "at k = n = 256: 12 against 1 problems solved by one alone (mid-p = 0.002)"


def test_coverage_says_what_is_more_than_luck():
    view = coverage.tabulate_coverage(made.many(), ["distilled"], ["indomain"])
    row = [to_text(cell) for cell in view.rows[0]]
    assert row[2:] == [
        "70 (58.3%)", "40 (33.3%); 20 by more than luck", "1 (0.8%); 0 by more than luck",
        "9 (7.5%)",
    ]  # fmt: skip
    assert [p.value for p in view.rows[0][3] if isinstance(p, SourcedValue)] == [40, 40 / 120, 20]


def test_setup_spells_algorithms_and_lists_what_was_fine_tuned():
    context = made.many()
    spelled = {to_text(row[0]): to_text(row[2]) for row in setup.tabulate_arms(context).rows}
    assert (spelled["GRPO"], spelled["ppo"], spelled["remax"]) == ("GRPO", "PPO", "ReMax")
    assert [to_text(cell) for cell in setup.fine_tuning_table(context).rows[0]][:3] == [
        "distilled", "Base", "teacher",
    ]  # fmt: skip
    drawn = {
        to_text(row[0]): [to_text(cell) for cell in row]
        for row in setup.tabulate_draws(context).rows
    }
    assert "SFT" in drawn["distilled"]


def test_gaps_are_points_with_the_papers_beside_them():
    chart = list_charts(made.many())["efficiency"]
    axes = chart.draw("indomain").axes[0]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert len(hollow) == len(made.ALGORITHMS)
    assert hollow[0].get_xdata()[0] == pytest.approx(0.44)  # GRPO, first row
    assert axes.get_yticklabels()[0].get_text() == "GRPO"
    assert chart.draw("indomain").axes[0].get_xlim() == chart.draw("trained").axes[0].get_xlim()


# ---------------------------------------------------------------------------------- training seeds


def repeated(noise, **changes):
    """The study with everything, its repeated comparison as noisy as said."""
    context = made.many(**changes)
    table = made.seeds(list(context.every_set)).with_columns(
        noise=pl.when(pl.col("noise").is_not_null()).then(noise)
    )
    return replace(context, results={**context.results, "seeds": table})


@pytest.mark.parametrize(
    ("noise", "verdict"),
    [(0.05, "more than seeds alone give"), (0.3, "which seeds alone may give")],
)
def test_the_spread_of_algorithms_stands_beside_that_of_seeds(noise, verdict):
    context = repeated(noise)
    said = [to_text(sentence) for sentence in seeds.describe_seeds(context)]
    assert len(said) == len(context.every_set)
    assert said[0] == (  # 0.37 - 0.31 at k = 1
        f"In-domain: ΔSE of algorithms spans 0.060, {verdict} (up to {noise:.3f}, from 3 seeds of "
        "GRPO against Base)."
    )
    row = [to_text(cell) for cell in seeds.tabulate_spreads(context).rows[0]]
    assert row == ["In-domain", "algorithms", "6", "0.060", "0.060", "GRPO against Base", "0.020",
                   f"{noise:.3f}"]  # fmt: skip


def test_values_by_seed_stand_with_their_mean():
    view = seeds.tabulate_values(made.many())
    rows = [[to_text(cell) for cell in row] for row in view.rows]
    assert rows[0] == ["In-domain", "GRPO", "pass@1", "3", "0.330, 0.350, 0.310",
                       "0.330 [0.280, 0.380]", "0.020"]  # fmt: skip
    assert [row[2] for row in rows[:5]] == [
        "pass@1", "pass@256", "difference, k = 1", "difference, k = 256", "ΔSE, k = 256",
    ]  # fmt: skip


def test_dots_show_each_seed_and_each_algorithm():
    chart = list_charts(made.many())["seeds"]
    axes = chart.draw("indomain").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["GRPO, 3 seeds", "algorithms"]
    at = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines]
    assert [x for x, y in at if y == 0] == pytest.approx([0.57, 0.57, 0.55, 0.59])  # mean first
    assert len([x for x, y in at if y == 1]) == len(made.ALGORITHMS)


def test_one_seed_has_no_section_and_seeds_without_a_group_their_values_alone():
    context = made.many()
    without = {name: table for name, table in context.results.items() if name != "seeds"}
    bare = replace(context, results=without)
    assert "seeds" not in list_charts(bare)
    assert "seeds" not in {section.name for section in build_sections(bare, {})}
    single = repeated(None)
    assert "seeds" not in list_charts(single)
    section = next(s for s in build_sections(single, {}) if s.name == "seeds")
    assert section.sentences == ()
    assert len(section.tables) == 1
