"""Questions: queries over Parquet, equality with the pure functions, and published numbers."""

import csv
import json

import numpy as np
import polars as pl
import pytest

from passk.analysis.database import query
from passk.analysis.evaluation_groups import group_counts
from passk.analysis.metrics import HISTOGRAM_LABELS, histogram_bin, pass_at_k
from passk.analysis.questions import (
    coverage,
    difference,
    efficiency,
    greedy,
    histogram,
    seeds,
    spread,
)
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import query_curves
from passk.analysis.settings import Analysis
from passk.core.schemas.counts import COUNTS
from passk.core.tables import TableError


def count_table(draw, c, n, *, set_name="test", unknown=0, temperature=0.6, ids=None):
    c = np.asarray(c)
    size = len(c)
    frame = pl.DataFrame(
        {
            "problem_id": ids or [f"{i:016x}" for i in range(size)],
            "index": range(size),
            "n": np.broadcast_to(n, size),
            "c": c,
            "unknown": np.broadcast_to(unknown, size),
        }
    )
    constant = {
        "draw": draw, "set": set_name, "d": None, "model": draw, "arm": draw, "step": None,
        "train_seed": None, "template": "plain", "temperature": temperature, "replicate": 0,
        "engine": "step_loop", "grader": "test",
    }  # fmt: skip
    return COUNTS.check(
        frame.with_columns(pl.lit(v, dtype=COUNTS.columns[k]).alias(k) for k, v in constant.items())
    )


def analysis(comparisons=None, k=(1, 2, 4, 8), efficiency_k=8, groups=None):
    return Analysis.model_validate(
        {
            "questions": {},
            "views": {},
            "coverage_excludes": [],
            "k": list(k),
            "comparisons": comparisons or {},
            "groups": groups or {},
            "efficiency_k": efficiency_k,
            "bootstrap": {"resamples": 200, "level": 0.95},
        }
    )


@pytest.fixture
def written(tmp_path):
    """Write count tables as Parquet and make a question's inputs of them."""

    def write(*frames, **options):
        files = []
        for frame in frames:
            files.append(tmp_path / f"{frame['draw'][0]}.parquet")
            COUNTS.write(frame, files[-1])
        groups = group_counts(pl.concat(frames))
        return QuestionInputs(analysis(**options), 1, counts=tuple(files), groups=groups)

    return write


@pytest.mark.parametrize("n", [1, 3, 64, 1024])
def test_sql_equals_the_pure_function_for_every_k(n, written):
    rng = np.random.default_rng(n)
    c = rng.integers(0, n + 1, 80)
    unknown = rng.integers(0, n - c + 1)
    k = np.arange(1, n + 1)
    found = query_curves(written(count_table("a", c, n, unknown=unknown)).counts, k.tolist())
    assert found["k"].to_list() == k.tolist()
    expected = pass_at_k(n, c[:, None], k).mean(axis=0)
    np.testing.assert_allclose(found["pass_at_k"], expected, rtol=0, atol=1e-12)
    bound = pass_at_k(n, (c + unknown)[:, None], k).mean(axis=0)
    np.testing.assert_allclose(found["bound_high"], bound, rtol=0, atol=1e-12)
    assert (found["bound_high"] >= found["pass_at_k"]).all()


def test_grid_is_clipped_at_each_draws_n(written):
    inputs = written(count_table("a", [1, 2], 4), count_table("b", [3, 9], 16))
    found = query_curves(inputs.counts, [1, 4, 8, 16, 32])
    assert found.group_by("draw").agg(pl.col("k").max()).sort("draw").rows() == [
        ("a", 4),
        ("b", 16),
    ]


def test_different_n_end_the_curve_at_the_smallest(written):
    inputs = written(count_table("a", [1, 5, 3], [8, 16, 4]))
    found = query_curves(inputs.counts, [1, 2, 4, 8])
    assert found["k"].to_list() == [1, 2, 4]
    assert found["n"].unique().to_list() == [4]
    expected = pass_at_k([8, 16, 4], [1, 5, 3], 2).mean()
    assert found["pass_at_k"][1] == pytest.approx(expected, abs=1e-15)


def test_greedy_draws_have_no_curve_and_imported_ones_do(written):
    inputs = written(
        count_table("g", [1, 0], 1, temperature=0.0), count_table("i", [1, 0], 2, temperature=None)
    )
    assert query_curves(inputs.counts, [1])["draw"].to_list() == ["i"]
    assert greedy.QUESTION.answer(inputs).select("draw", "accuracy").rows() == [("g", 0.5)]


def test_greedy_refuses_repeated_answers(written):
    with pytest.raises(ValueError, match=r"draws\.g: temperature 0 with n = 4"):
        greedy.QUESTION.answer(written(count_table("g", [1, 0], 4, temperature=0.0)))


def test_order_of_rows_changes_no_bit(tmp_path):
    frame = count_table("a", np.random.default_rng(0).integers(0, 65, 200), 64)
    paths = []
    for seed in range(2):
        paths.append(tmp_path / f"{seed}.parquet")
        frame.sample(fraction=1, shuffle=True, seed=seed).write_parquet(paths[-1])
    first, second = (query_curves([path], range(1, 65)) for path in paths)
    assert first.equals(second)


def test_histogram_equals_the_pure_function(written):
    n = 100
    c = np.concatenate([np.arange(n + 1), [0, 0, 100]])
    found = histogram.QUESTION.answer(written(count_table("a", c, n)))
    assert found["label"].to_list() == list(HISTOGRAM_LABELS)
    expected = np.bincount(histogram_bin(n, c), minlength=12)
    assert found["problems"].to_list() == expected.tolist()
    assert found["share"].sum() == pytest.approx(1)


def test_empty_bins_and_categories_are_rows(written):
    comparisons = {"p": {"reference": "a", "candidate": "b"}}
    inputs = written(
        count_table("a", [1, 1], 4), count_table("b", [4, 4], 4), comparisons=comparisons
    )
    assert len(histogram.QUESTION.answer(inputs)) == 24
    found = coverage.QUESTION.answer(inputs)
    assert dict(found.select("category", "problems").rows()) == {
        "both": 2, "reference_only": 0, "candidate_only": 0, "neither": 0,
    }  # fmt: skip
    assert found.filter(category="neither")["indices"].to_list() == [[]]


def test_coverage_of_the_math500_reproduction(written, real):
    # Published: both, base only, RL only, neither = 462, 19, 3, 16; pass@128 follows from them.
    parts = np.repeat(["both", "reference_only", "candidate_only", "neither"], [462, 19, 3, 16])
    base = np.isin(parts, ["both", "reference_only"]).astype(int)
    rl = np.isin(parts, ["both", "candidate_only"]).astype(int)
    comparisons = {"math500": {"reference": "base", "candidate": "simplerl"}}
    inputs = written(
        count_table("base", base, 128), count_table("simplerl", rl, 128), comparisons=comparisons
    )
    found = coverage.QUESTION.answer(inputs)
    assert dict(found.select("category", "problems").rows()) == {
        "both": 462, "reference_only": 19, "candidate_only": 3, "neither": 16,
    }  # fmt: skip
    assert found.filter(category="candidate_only")["indices"][0].to_list() == [481, 482, 483]
    assert found.filter(category="candidate_only")["share"].item() == 0.006
    with (real / "paper" / "reproduction_math500.csv").open() as stream:
        published = {
            row["model"]: float(row["pass_at_k"])
            for row in csv.DictReader(stream)
            if row["k"] == "128"
        }
    ours = query_curves(inputs.counts, [128])
    assert dict(ours.select("draw", "pass_at_k").rows()) == pytest.approx(published, abs=1e-12)


@pytest.mark.parametrize(
    "case",
    [
        ("Qwen2.5-7B-Base", "SimpleRL-Qwen2.5-7B", range(30), []),
        ("Qwen2.5-7B-Instruct-1M", "Coder-R1", range(400, 451), [430]),
    ],
)
def test_coverage_of_the_papers_solvable_sets(case, written, real):
    base, rl, problems, candidate_only = case
    with (real / "paper" / "solvable_sets.csv").open() as stream:
        solvable = {
            row["model"]: {int(x) for x in row["solvable_indices"].split()}
            for row in csv.DictReader(stream)
        }
    tables = [
        count_table(name, [i in solvable[model] for i in problems], 128).with_columns(
            index=pl.Series(problems)
        )
        for name, model in (("base", base), ("rl", rl))
    ]
    found = coverage.QUESTION.answer(
        written(*tables, comparisons={"p": {"reference": "base", "candidate": "rl"}})
    )
    assert found.filter(category="candidate_only")["indices"][0].to_list() == candidate_only
    assert found.filter(category="reference_only")["indices"][0].to_list() == sorted(
        solvable[base] - solvable[rl]
    )


def test_pass_at_k_of_the_real_math_responses(written, real):
    # Recorded grades, with the one wrong grade (index 72) put right as Math-Verify judges it.
    lines = (real / "samples" / "math_qwen_100x8.jsonl").read_text().splitlines()
    scores = np.array([json.loads(line)["score"] for line in lines])
    c = scores.sum(axis=1)
    c[72] += 1
    found = query_curves(written(count_table("qwen", c, 8, temperature=None)).counts, [1, 2, 4, 8])
    expected = [0.91125, 0.935357142857143, 0.956, 0.97]
    np.testing.assert_allclose(found["pass_at_k"], expected, rtol=0, atol=1e-12)
    assert (c == 0).sum() == 3


def test_damaged_and_missing_files_are_named(tmp_path):
    path = tmp_path / "counts.parquet"
    with pytest.raises(TableError, match=r"counts\.parquet: no such file"):
        query_curves([path], [1])
    path.write_bytes(b"PAR1 not quite")
    with pytest.raises(TableError, match=r"counts\.parquet: not readable as Parquet"):
        query_curves([path], [1])


def test_query_reads_parameters_and_frames(tmp_path):
    sql = tmp_path / "q.sql"
    sql.write_text("SELECT x + $y AS z FROM t ORDER BY z")
    assert query(sql, {"t": pl.DataFrame({"x": [2, 1]})}, {"y": 1})["z"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"c": 5}, "c=5, unknown=0 is impossible"),
        ({"unknown": 4}, "unknown=4 is impossible"),
        ({"n": 0, "c": 0}, "n=0, c=0"),
        ({"c": -1}, "c=-1"),
    ],
)
def test_impossible_counts_are_named(change, message):
    frame = count_table("a", [1], 4).with_columns(**{k: pl.lit(v) for k, v in change.items()})
    with pytest.raises(ValueError, match=message):
        group_counts(frame)


def test_problems_told_apart_by_more_than_luck(written):
    # 16 of 32 samples against none: C(32, 16) / C(64, 16) = 1.2e-6; 1 of 32 against none: 1/2.
    base, rl = [0, 0, 5, 0], [16, 1, 0, 0]
    comparisons = {"p": {"reference": "a", "candidate": "b"}}
    inputs = written(count_table("a", base, 32), count_table("b", rl, 32), comparisons=comparisons)
    found = dict(coverage.QUESTION.answer(inputs).select("category", "certain").rows())
    # 5 of 32 by luck: C(32, 5) / C(64, 5) = .026, not below .025 / 4
    assert found == {"both": None, "neither": None, "candidate_only": 1, "reference_only": 0}


def test_the_band_over_all_k_holds_every_interval(written):
    rng = np.random.default_rng(5)
    tables = [count_table(name, rng.integers(0, 9, 30), 8) for name in ("a", "b")]
    found = difference.QUESTION.answer(
        written(*tables, comparisons={"p": {"reference": "a", "candidate": "b"}})
    )
    assert (found["band_low"] <= found["low"]).all()
    assert (found["band_high"] >= found["high"]).all()
    assert ((found["band_high"] - found["band_low"]) > (found["high"] - found["low"])).any()


def test_the_spread_is_that_of_the_gaps(written):
    rng = np.random.default_rng(6)
    tables = [count_table(name, rng.integers(0, 9, 40), 8) for name in ("base", "a", "b", "c")]
    comparisons = {name: {"reference": "base", "candidate": name} for name in ("a", "b", "c")}
    groups = {"some": ["a", "b", "c"], "two": ["a", "b"]}
    inputs = written(*tables, comparisons=comparisons, groups=groups)
    gaps = dict(efficiency.QUESTION.answer(inputs).select("comparison", "efficiency_gap").rows())
    table = spread.QUESTION.answer(inputs)
    assert table["quantity"].unique().sort().to_list() == ["closed", "efficiency_gap", "pass_at_k"]
    spreads = table.filter(quantity="efficiency_gap")
    found = {row["group"]: row for row in spreads.iter_rows(named=True)}
    # Shares of one gap differ by as much as the gaps do, in units of it.
    shares = table.filter(quantity="closed")["spread"] / spreads["spread"]
    assert shares.n_unique() == 1 or shares[0] == pytest.approx(shares[1])
    assert table.filter(quantity="pass_at_k")["k"].to_list() == [2, 2]  # n / 4 of 8 samples
    for group, names in groups.items():
        row = found[group]
        values = [gaps[name] for name in names]
        assert row["spread"] == pytest.approx(max(values) - min(values), abs=1e-12)
        assert row["smallest"] == pytest.approx(min(values), abs=1e-12)
        assert row["comparisons"] == len(names)
        assert row["low"] == max(0.0, row["spread"] - row["noise"])
    assert found["some"]["noise"] > found["two"]["noise"]  # more to compare, more noise


def test_a_pair_may_have_a_gap_at_a_k_of_its_own(written):
    tables = [count_table("base", [1, 4], 8), count_table("short", [1, 3], 4)]
    tables.append(count_table("rl", [2, 4], 4))
    comparisons = {
        "long": {"reference": "base", "candidate": "rl"},
        "brief": {"reference": "short", "candidate": "rl", "efficiency_k": 4},
    }
    found = efficiency.QUESTION.answer(written(*tables, comparisons=comparisons, efficiency_k=8))
    gaps = {
        row["comparison"]: (row["k"], row["efficiency_gap"]) for row in found.iter_rows(named=True)
    }
    # Both problems are solved at k = n by either base; pass@1 of rl is (2 + 4) / 8.
    assert gaps == {"long": (8, pytest.approx(0.25)), "brief": (4, pytest.approx(0.25))}


def test_a_shared_draw_is_resampled_once(written):
    tables = [count_table(name, [1, 2, 5], 8) for name in ("a", "b", "c")]
    comparisons = {name: {"reference": "a", "candidate": name} for name in ("b", "c")}
    inputs = written(*tables, comparisons=comparisons)
    difference.QUESTION.answer(inputs)
    assert [draw for draw, _, _ in inputs.curves] == ["b", "a", "c"]


def of_model(frame, arm, step=None, seed=None):
    """Counts as those of a model of that arm, step and training seed."""
    model = arm + (f"-s{seed}" if seed else "") + (f"/step-{step}" if step else "")
    return frame.with_columns(
        model=pl.lit(model), arm=pl.lit(arm), step=pl.lit(step, dtype=pl.Int64)
    )


def seeded(single=(1, 2, 3), many=(2, 4, 3)):
    """Base and RL of three seeds, each problem alike, so that pass@1 is c / 8 and pass@8 is 1."""
    for i, (c, rl) in enumerate(zip(single, many, strict=True)):
        name = f"-s{i}" if i else ""
        yield of_model(count_table(f"base{name}", [c, 0], 8), "base", seed=i)
        yield of_model(count_table(f"rl{name}", [rl, rl], 8), "rl", 90, i)


SEEDED = {
    "rl": {"reference": "base", "candidate": "rl"},
    "rl-s1": {"reference": "base-s1", "candidate": "rl-s1"},
    "rl-s2": {"reference": "base-s2", "candidate": "rl-s2"},
}


def test_values_over_training_seeds(written):
    found = seeds.QUESTION.answer(written(*seeded(), comparisons=SEEDED))
    rows = {(r["name"], r["quantity"], r["k"]): r for r in found.iter_rows(named=True)}
    assert set(rows) == {
        ("base", "pass_at_k", 1), ("base", "pass_at_k", 8), ("rl", "pass_at_k", 1),
        ("rl", "pass_at_k", 8), ("rl", "difference", 1), ("rl", "difference", 8),
        ("rl", "efficiency_gap", 8),
    }  # fmt: skip
    base = rows["base", "pass_at_k", 1]
    assert base["values"] == pytest.approx([1 / 16, 2 / 16, 3 / 16])
    assert (base["mean"], base["sd"]) == (pytest.approx(2 / 16), pytest.approx(1 / 16))
    half = 4.302653 / 16 / 3**0.5  # Student's t with 2 degrees of freedom, at .975
    assert (base["low"], base["high"]) == pytest.approx((2 / 16 - half, 2 / 16 + half), rel=1e-4)
    assert (base["seeds"], base["train_seeds"]) == (3, [0, 1, 2])
    assert base["draws"] == ["base", "base-s1", "base-s2"]
    gap = rows["rl", "efficiency_gap", 8]
    assert gap["values"] == pytest.approx([1 / 2 - 2 / 8, 1 / 2 - 4 / 8, 1 / 2 - 3 / 8])
    assert gap["draws"] == ["base", "rl", "base-s1", "rl-s1", "base-s2", "rl-s2"]
    assert rows["rl", "difference", 1]["values"] == pytest.approx([3 / 16, 6 / 16, 3 / 16])
    assert rows["rl", "difference", 8]["sd"] == 0.0
    assert found["noise"].null_count() == len(found)


def test_seeds_alone_spread_a_group_by_the_studentized_range(written):
    other = of_model(count_table("other", [1, 1], 8), "other", 90)
    comparisons = SEEDED | {"other": {"reference": "base", "candidate": "other"}}
    inputs = written(*seeded(), other, comparisons=comparisons, groups={"g": ["rl", "other"]})
    row = seeds.QUESTION.answer(inputs).filter(quantity="efficiency_gap").row(0, named=True)
    assert row["sd"] == pytest.approx(1 / 8)
    assert row["noise"] == pytest.approx(6.0849 / 8, rel=1e-4)  # q(.95; 2, 2)


def test_only_repetitions_of_one_thing_are_grouped(written):
    tables = [
        of_model(count_table("a", [1, 2], 8), "a", 30),
        of_model(count_table("a-s1", [1, 3], 8), "a", 60, 1),  # another step
        of_model(count_table("b", [1, 2], 8), "b"),
        of_model(count_table("b-s1", [1, 2], 8, temperature=1.0), "b", seed=1),
        of_model(count_table("c-s1", [1, 2], 8), "c", seed=1),  # the only one
        of_model(count_table("d", [1], 1, temperature=0.0), "d"),
        of_model(count_table("d-s1", [1], 1, temperature=0.0), "d", seed=1),
    ]
    assert seeds.QUESTION.answer(written(*tables)).is_empty()
    # A comparison whose draws have different seeds repeats nothing.
    comparisons = SEEDED | {"rl-s1": {"reference": "base", "candidate": "rl-s1"}}
    found = seeds.QUESTION.answer(written(*seeded(), comparisons=comparisons))
    assert found.filter(quantity="efficiency_gap")["train_seeds"].to_list() == [[0, 2]]


def test_one_seed_twice_or_other_problems_are_refused(written):
    twice = [count_table("a", [1, 2], 8), count_table("a-s1", [1, 3], 8)]
    tables = [of_model(frame, "a", 30) for frame in twice]
    with pytest.raises(ValueError, match=r"draws a, a-s1 have the training seeds \[0, 0\]"):
        seeds.QUESTION.answer(written(*tables))
    tables = [
        of_model(count_table("a", [1], 8, ids=["p"]), "a"),
        of_model(count_table("a-s1", [1], 8, ids=["q"]), "a", seed=1),
    ]
    with pytest.raises(ValueError, match=r"'a' and 'a-s1' have different problems .* e\.g\. p"):
        seeds.QUESTION.answer(written(*tables))


# --- what cannot be answered is refused, cell by cell ---------------------------------------------


def pair(written, first, second, **parameters):
    parameters = {"k": [1, 2]} | parameters
    compared = parameters.pop("compared", {"reference": "a", "candidate": "b"})
    return written(first, second, comparisons={"p": compared}, **parameters)


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"k": [8, 16]}, "analysis.k: no k is at most n = 4 of draw '[ab]' in set '.*'"),
        (
            {"compared": {"reference": "a", "candidate": "a"}},
            r"analysis\.comparisons\.p: draw 'a' is compared with itself",
        ),
        ({"compared": {"reference": "a", "candidate": "c"}}, "candidate = 'c': no such draw"),
    ],
)
def test_a_comparison_that_says_nothing_is_refused_with_its_cell(written, parameters, refused):
    tables = count_table("a", [1, 2, 4], 4), count_table("b", [0, 2, 3], 4)
    with pytest.raises(ValueError, match=refused):
        difference.QUESTION.answer(pair(written, *tables, **parameters))


def test_draws_of_unequal_n_have_no_test_at_n_and_say_so(written):
    tables = count_table("a", [1, 2, 4], 4), count_table("b", [0, 2, 3], 8)
    rows = difference.QUESTION.answer(pair(written, *tables))
    assert rows["mid_p"].null_count() == len(rows)
    assert rows["n"].to_list() == [4, 4]
    covered = coverage.QUESTION.answer(pair(written, *tables)).filter(category="candidate_only")
    assert covered["same_n"].to_list() == [False]


def test_the_test_at_n_stands_in_the_last_row_alone(written):
    tables = count_table("a", [0] * 5 + [2], 4), count_table("b", [1] * 5 + [2], 4)
    rows = difference.QUESTION.answer(pair(written, *tables)).sort("k")
    assert rows["mid_p"].to_list() == [None, pytest.approx(0.03125)]
    assert rows.row(1, named=True)["candidate_only"] == 5
    assert rows.row(1, named=True)["reference_only"] == 0


def test_no_counts_at_all_are_refused():
    empty = count_table("a", [1], 4).clear()
    with pytest.raises(ValueError, match="no counts: no draw has a problem"):
        group_counts(empty)
