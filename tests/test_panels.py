"""Sections that compare many models: what is on them, the folded axis, the paper's numbers."""

import csv
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import report_tables as made
from passk.report import comparing, folded, progress, published, seeds, setup, solvable, tables
from passk.report.contents import drawings, sections
from passk.report.numbers import Number, plain
from passk.report.page import page
from passk.report.plots import plots

ORDER = [
    "pass_at_k", "difference", "histogram", "coverage", "greedy", "algorithms", "efficiency",
    "steps", "families", "distillation", "ablations", "objectives", "seeds", "training", "cost",
    "bounds", "setup", "validation",
]  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """The figures of a study with everything, drawn."""
    return drawings(made.many())


@pytest.fixture(scope="module")
def document(drawn) -> str:
    return page(made.many(), drawn)


def test_every_section_stands_in_the_page_in_order_and_in_its_contents(document, drawn):
    found = [section.name for section in sections(made.many(), drawn)]
    assert found == [name for name in ORDER if name != "greedy"]  # no greedy draw in this study
    listed = re.findall(r'<a href="#([\w-]+)">', document[: document.index("<main>")])
    assert [name for name in listed if not name.startswith("claim")] == found
    assert set(re.findall(r'<section id="([\w-]+)"', document)) == {*found, "claims"}


def test_ids_stay_unique_with_many_figures(document):
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', document)) <= set(ids)


def test_every_number_names_a_row_that_exists(document):
    material = made.many()
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
        rows = material.results[table]
        for name, value in (item.split("=") for item in key.split()):
            rows = rows.filter(pl.col(name).cast(pl.String) == value)
        assert len(rows) == 1, (table, key)
        assert column in rows.columns


def test_the_first_panel_shows_the_main_pair_alone_and_a_section_its_own_draws():
    shown = {name: list(plot.looks) for name, plot in plots(made.many()).items()}
    assert shown["pass_at_k"] == ["base", "grpo"]
    assert shown["algorithms"] == ["base", *made.ALGORITHMS]
    assert shown["steps"] == ["base", "grpo-40", "grpo-80", "grpo"]
    assert shown["ablations"] == ["grpo", "grpo-n32", "grpo-kl"]
    assert shown["efficiency"] == made.ALGORITHMS
    sets = {name: list(plot.panels) for name, plot in plots(made.many()).items()}
    assert sets["algorithms"] == made.STUDIED
    assert sets["families"] == ["indomain", "outdomain", "hard"]


def test_what_a_section_shows_is_told_apart_and_set_colours_stay():
    palette = [*made.PALETTE, "#6A3D9A", "#7A7A7A"]
    for name, plot in plots(made.many(palette=palette)).items():
        looks = list(plot.looks.values())
        assert len({look.label for look in looks}) == len(looks), name
        assert len({(look.colour, look.line) for look in looks}) == len(looks), name
        if name != "families":
            assert len({look.colour for look in looks}) == len(looks), name
        if "grpo" in plot.looks:
            assert plot.looks["grpo"].colour == "#d55e00"


def test_a_family_has_one_colour_the_base_dashed():
    looks = plots(made.many())["families"].looks
    for base, rl in (("base", "grpo"), ("base-llama", "grpo-llama")):
        assert looks[base].colour == looks[rl].colour
        assert (looks[base].line, looks[rl].line) == ("dashed", "solid")
    assert looks["grpo"].colour != looks["grpo-llama"].colour


def test_training_curves_are_grouped_and_every_arm_is_on_one():
    material = made.many()
    found = {name: plot for name, plot in plots(material).items() if plot.section == "training"}
    assert list(found["training-algorithms"].looks) == made.ALGORITHMS
    assert set(found["training-algorithms"].panels) == set(progress.QUANTITIES)  # PPO's critic too
    assert "critic_loss" not in found["training-objectives"].panels
    assert {arm for plot in found.values() for arm in plot.looks} == set(material.train)
    alone = [p for p in plots(made.compared()).values() if p.section == "training"]
    assert [(plot.name, list(plot.looks), plot.heading) for plot in alone] == [
        ("training", ["grpo"], "")
    ]
    assert list(alone[0].panels) == ["reward", "length", "entropy", "kl"]


def test_an_arm_without_a_draw_has_its_curves_too():
    material = made.many(panels={"algorithms": made.PANELS["algorithms"]})
    other = plots(material)["training-other"]
    assert set(other.looks) == set(material.train) - set(made.ALGORITHMS)
    assert other.heading == "Other arms"


def test_the_loss_of_fine_tuning_has_a_figure_of_its_own():
    material = made.many()
    losses = made.training(["distilled"], 40).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("reward", "length", "entropy", "kl")
    )
    table = pl.concat([material.results["training"], losses.with_columns(loss=2 / pl.col("step"))])
    tuned = replace(material, results={**material.results, "training": table})
    before, after = plots(material), plots(tuned)
    assert [name for name in after if name not in before] == ["training-sft"]
    plot = after["training-sft"]
    assert (list(plot.looks), list(plot.panels)) == (["distilled"], ["loss"])
    axes = plot.draw("loss").axes[0]
    assert axes.get_ylabel() == "nats per token"
    assert axes.lines[0].get_ydata()[0] == 2.0
    assert list(after["training-distillation"].looks) == list(before["training-distillation"].looks)


def test_kl_measured_now_and_then_is_drawn_where_it_was_measured():
    log = made.training(["a"], 60)
    looks = {"a": next(iter(plots(made.compared())["training"].looks.values()))}
    axes = progress.training(log, looks, progress.Frame("kl", "KL", (4, 3))).axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[10, 20, 30, 40, 50, 60]]


def test_a_section_without_pairs_or_without_data_is_not_there():
    material = made.many(panels={"steps": made.PANELS["steps"]})
    names = {section.name for section in sections(material, drawings(material))}
    assert "steps" in names
    assert not names & {"algorithms", "families", "distillation", "ablations", "objectives"}
    with pytest.raises(ValueError, match=r"report\.panels\.steps\.pairs: 'x' is not.*legal: grpo"):
        plots(made.many(panels={"steps": {"pairs": ["x"], "sets": []}}))
    with pytest.raises(ValueError, match=r"report\.panels\.steps\.sets: 'x' is not"):
        plots(made.many(panels={"steps": {"pairs": ["grpo"], "sets": ["x"]}}))


# ----------------------------------------------------------------------------------- folded axis


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [([0.3, 0.35], [0.7, 0.9], 2), ([0.3, 0.6], [0.5, 0.9], 1), ([], [0.5], 1), ([0.9], [0.9], 1)],
)
def test_stretched_ranges_hold_their_values_and_never_overlap(first, last, count):
    found = folded.ranges(first, last)
    assert len(found) == count
    assert all(any(low <= v <= high for low, high in found) for v in [*first, *last])
    assert all(a[1] < b[0] for a, b in pairwise(found))
    assert all(0 <= low < high <= 1 for low, high in found)


def test_the_folded_scale_rises_and_gives_both_ranges_the_same_room():
    values, places = folded.scale((0.05, 0.95), [(0.3, 0.32), (0.7, 0.9)])
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0.0, pytest.approx(1.0))
    where = dict(zip(values, places, strict=True))
    room = where[0.32] - where[0.3]
    assert room == pytest.approx(where[0.9] - where[0.7]) == pytest.approx(folded.STRETCHED / 2)


def test_the_folded_axis_shows_every_curve_whole():
    plot = plots(made.many())["algorithms"]
    axes = plot.draw("indomain").axes[0]
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
        ours = published.numbers().filter(table=table)
        assert len(ours) == len(rows)
        for row in rows:
            for column in ("pass_at_1", "pass_at_256"):
                told = published.value(row["model"], row["set"], column)
                assert told == pytest.approx(float(row[column]) / 100, abs=1e-12)


def test_published_gaps_are_those_that_the_papers_table_gives():
    gaps = {"GRPO": 44.0, "PPO": 42.3, "ReMax": 45.3, "RLOO": 41.0, "Reinforce++": 41.1}
    for model, points in gaps.items():
        assert published.gap("Qwen2.5-7B", model, "Omni-MATH-Test") == pytest.approx(points / 100)
    assert published.gap("Qwen2.5-7B", None, "Omni-MATH-Test") is None


def test_the_papers_numbers_stand_in_the_row_of_their_counterpart():
    material = made.many()
    view = comparing.ends(material, "algorithms")
    rows = {(plain(row[0]), plain(row[1])): [plain(cell) for cell in row] for row in view.rows}
    assert view.columns[3] == "Paper, k = 1"
    assert rows["In-domain", "ppo"][3::2] == ["0.268", "0.692"]
    assert rows["Out-of-domain", "Base"][3::2] == ["0.345", "0.962"]
    steps = comparing.ends(material, "steps")
    last = [row for row in steps.rows if plain(row[1]) == "GRPO"]
    assert plain(last[0][3]) == "0.283"  # step 450 there, though GRPO among the algorithms is 0.251
    assert len(comparing.ends(made.many(paper=False), "algorithms").columns) == 4
    assert len(comparing.ends(made.many(counterparts={}), "algorithms").columns) == 4


def test_an_unknown_counterpart_is_named():
    with pytest.raises(ValueError, match=r"counterparts\.algorithms\.ppo = 'PPP'.*legal: Qwen2\.5"):
        published.check({"algorithms": {"ppo": "PPP"}})
    with pytest.raises(ValueError, match=r"counterparts\.sets\.x = 'PPO'.*legal: Omni"):
        published.check({"sets": {"x": "PPO"}})


# ---------------------------------------------------------------------------------------- tables


def test_cost_names_how_many_times_the_cheapest_arm_an_arm_drew():
    material = made.many()
    view = comparing.cost(material)
    rows = {plain(row[0]): [plain(cell) for cell in row] for row in view.rows}
    place = view.columns.index("Times the least")
    assert rows["dapo"][place] == "3.00"
    assert rows["GRPO"][place] == "1.00"
    assert rows["GRPO"][view.columns.index("Rollouts drawn")] == "15,360"
    assert "Share with a gradient" in view.columns


def test_comparisons_stand_set_by_set_with_their_intervals():
    material = made.many()
    view = tables.comparison(material, ["rollouts", "kl"], ["indomain", "hard"])
    said = [[plain(cell) for cell in row] for row in view.rows]
    assert [row[:2] for row in said] == [
        ["In-domain", "grpo-n32 against GRPO"], ["In-domain", "grpo-kl against GRPO"],
        ["hard", "grpo-n32 against GRPO"], ["hard", "grpo-kl against GRPO"],
    ]  # fmt: skip
    assert said[0][3] == "k = 256: +0.040 [−0.010, +0.090]"


def test_coverage_says_what_is_more_than_luck():
    view = solvable.coverage(made.many(), ["distilled"], ["indomain"])
    row = [plain(cell) for cell in view.rows[0]]
    assert row[2:] == [
        "70 (58.3%)", "40 (33.3%); 20 by more than luck", "1 (0.8%); 0 by more than luck",
        "9 (7.5%)",
    ]  # fmt: skip
    assert [p.value for p in view.rows[0][3] if isinstance(p, Number)] == [40, 40 / 120, 20]


def test_setup_spells_algorithms_and_lists_what_was_fine_tuned():
    material = made.many()
    spelled = {plain(row[0]): plain(row[2]) for row in setup.arms(material).rows}
    assert (spelled["GRPO"], spelled["ppo"], spelled["remax"]) == ("GRPO", "PPO", "ReMax")
    assert [plain(cell) for cell in setup.finetuned(material).rows[0]][:3] == [
        "distilled", "Base", "teacher",
    ]  # fmt: skip
    drawn = {plain(row[0]): [plain(cell) for cell in row] for row in setup.draws(material).rows}
    assert "SFT" in drawn["distilled"]


def test_gaps_are_points_with_the_papers_beside_them():
    plot = plots(made.many())["efficiency"]
    axes = plot.draw("indomain").axes[0]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert len(hollow) == len(made.ALGORITHMS)
    assert hollow[0].get_xdata()[0] == pytest.approx(0.44)  # GRPO, first row
    assert axes.get_yticklabels()[0].get_text() == "GRPO"
    assert plot.draw("indomain").axes[0].get_xlim() == plot.draw("trained").axes[0].get_xlim()


# ---------------------------------------------------------------------------------- training seeds


def repeated(noise, **changes):
    """The study with everything, its repeated pair as noisy as said."""
    material = made.many(**changes)
    table = made.seeds(list(material.every_set)).with_columns(
        noise=pl.when(pl.col("noise").is_not_null()).then(noise)
    )
    return replace(material, results={**material.results, "seeds": table})


@pytest.mark.parametrize(
    ("noise", "verdict"),
    [(0.05, "more than seeds alone give"), (0.3, "which seeds alone may give")],
)
def test_the_spread_of_algorithms_stands_beside_that_of_seeds(noise, verdict):
    material = repeated(noise)
    said = [plain(sentence) for sentence in seeds.sentences(material)]
    assert len(said) == len(material.every_set)
    assert said[0] == (  # 0.37 - 0.31 at k = 1
        f"In-domain: ΔSE of algorithms spans 0.060, {verdict} (up to {noise:.3f}, from 3 seeds of "
        "GRPO against Base)."
    )
    row = [plain(cell) for cell in seeds.spreads(material).rows[0]]
    assert row == ["In-domain", "algorithms", "6", "0.060", "0.060", "GRPO against Base", "0.020",
                   f"{noise:.3f}"]  # fmt: skip


def test_values_by_seed_stand_with_their_mean():
    view = seeds.values(made.many())
    rows = [[plain(cell) for cell in row] for row in view.rows]
    assert rows[0] == ["In-domain", "GRPO", "pass@1", "3", "0.330, 0.350, 0.310",
                       "0.330 [0.280, 0.380]", "0.020"]  # fmt: skip
    assert [row[2] for row in rows[:5]] == [
        "pass@1", "pass@256", "difference, k = 1", "difference, k = 256", "ΔSE, k = 256",
    ]  # fmt: skip


def test_dots_show_each_seed_and_each_algorithm():
    plot = plots(made.many())["seeds"]
    axes = plot.draw("indomain").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["GRPO, 3 seeds", "algorithms"]
    at = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines]
    assert [x for x, y in at if y == 0] == pytest.approx([0.57, 0.57, 0.55, 0.59])  # mean first
    assert len([x for x, y in at if y == 1]) == len(made.ALGORITHMS)


def test_one_seed_has_no_section_and_seeds_without_a_group_their_values_alone():
    material = made.many()
    without = {name: table for name, table in material.results.items() if name != "seeds"}
    bare = replace(material, results=without)
    assert "seeds" not in plots(bare)
    assert "seeds" not in {section.name for section in sections(bare, {})}
    single = repeated(None)
    assert "seeds" not in plots(single)
    section = next(s for s in sections(single, {}) if s.name == "seeds")
    assert section.said == ()
    assert len(section.tables) == 1
