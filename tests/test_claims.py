"""The paper's claims: verdicts at their edges, and what they are judged on."""

import json
from dataclasses import replace

import polars as pl
import pytest

import report_tables as made
from passk.analysis.proportions import mcnemar_mid_p, wilson
from passk.report.claims import ablations, algorithms, crossover, distillation, longer, subset
from passk.report.claims.conditions import Condition, Estimate, apply_holm, combine
from passk.report.claims.document import describe_claims
from passk.report.claims.ends import find_ends
from passk.report.claims.judging import (
    correct_cells,
    judge_claims,
    mark_primary,
    select_primary_verdicts,
)
from passk.report.claims.registry import CLAIMS
from passk.report.claims.sizes import count_solvable, size_of_equality, size_of_signs
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    THRESHOLDS,
    UNDECIDABLE,
    UNDECIDED,
    ClaimSubjects,
    ClaimVerdict,
)
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, to_text
from passk.report.sections.assembly import draw_charts
from passk.report.settings import PrimaryCell

UP, DOWN, OPEN = (0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1)
MORE, FEWER, EQUAL = (10, 0), (0, 10), (3, 3)  # problems solved by candidate and reference alone
K = {64: (1, 4, 16, 64), 4: (1, 2, 4)}  # grids by n


def differences(first, large, alone=EQUAL, *, n=64, problems=48, bands=None):
    """Rows of `difference`: one interval at k = 1, another past it, and who solves more at n."""
    rows = []
    for k in K[n]:
        low, high = first if k == 1 else large
        band = (bands or {}).get(k, (low - 0.02, high + 0.02))
        rows.append(
            {"comparison": "pair", "set": "s", "k": k, "difference": (low + high) / 2, "low": low,
             "high": high, "band_low": band[0], "band_high": band[1], "problems": problems, "n": n,
             "flip_p": 0.001 if low > 0 or high < 0 else 0.4,
             "candidate_only": None, "reference_only": None, "mid_p": None}
        )  # fmt: skip
    if alone is not None:
        p = mcnemar_mid_p(*alone)
        rows[-1].update(candidate_only=alone[0], reference_only=alone[1], mid_p=p)
    return pl.DataFrame(rows, infer_schema_length=None)


def covered(only, both, *, certain=0, back=0, robust=None, solvable=None, same_n=True):
    """Rows of `coverage`."""
    total = both + only if solvable is None else solvable
    outside = only if robust is None else robust
    low, high = wilson(outside, total) if total else (None, None)
    row = {
        "comparison": "pair", "set": "s", "problems": only, "certain": certain,
        "certain_p": 0.001 if certain else 1.0, "beyond_luck": certain, "sign_p": 1.0,
        "solvable": only + both, "robust_from": 5, "robust": outside, "robust_solvable": total,
        "outside": outside / total if total else None, "outside_low": low, "outside_high": high,
        "same_n": same_n,
    }  # fmt: skip
    empty = dict.fromkeys(row) | {"comparison": "pair", "set": "s"}
    rows = [
        row | {"category": "candidate_only"},
        empty | {"category": "both", "problems": both},
        empty | {"category": "reference_only", "problems": back},
        empty | {"category": "neither", "problems": 0},
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def crossed(p_none):
    return pl.DataFrame(
        {"comparison": ["pair"], "set": ["s"], "crossover_k": [4.0], "low": [2.0], "high": [8.0],
         "p_none": [p_none]}
    )  # fmt: skip


def judged(claim, role="rl", **results):
    (verdict,) = claim.judge(results, ClaimSubjects({role: ["pair"]}))
    return verdict


@pytest.mark.parametrize(
    ("first", "large", "alone", "p_none", "verdict"),
    [
        (UP, DOWN, FEWER, 0.0, SUPPORTED),
        (UP, DOWN, FEWER, THRESHOLDS.no_crossover, SUPPORTED),  # boundary: still legal
        (UP, DOWN, FEWER, THRESHOLDS.no_crossover + 1e-9, UNDECIDED),
        (UP, DOWN, FEWER, None, UNDECIDED),
        (UP, DOWN, (0, 4), 0.0, UNDECIDED),  # mid-p .0625: four problems are not enough at k = n
        (UP, DOWN, (0, 5), 0.0, SUPPORTED),  # .03125
        (UP, DOWN, MORE, 0.0, UNDECIDED),  # the curves cross again past n / 4
        ((0.0, 0.2), DOWN, FEWER, 0.0, UNDECIDED),  # boundary: an end at 0 includes 0
        (UP, (-0.2, 0.0), FEWER, 0.0, UNDECIDED),
        (UP, (0.01, 0.1), EQUAL, 1.0, NOT_SUPPORTED),  # RL still ahead at large k
        (UP, (0.01, 0.1), FEWER, 0.0, UNDECIDED),  # and behind at n: overtaken between
        (DOWN, (-0.3, -0.2), FEWER, 1.0, NOT_SUPPORTED),  # RL never ahead
        (OPEN, OPEN, EQUAL, 0.5, UNDECIDED),
    ],
)
def test_claim_1(first, large, alone, p_none, verdict):
    results = {"difference": differences(first, large, alone)}
    results |= {} if p_none is None else {"crossover": crossed(p_none)}
    assert judged(crossover.CLAIM, **results).verdict == verdict


def test_large_k_is_a_quarter_of_n_and_never_the_last_point():
    ends = find_ends(differences(UP, DOWN, FEWER).to_dicts())
    assert (ends.first["k"], ends.large["k"], ends.last["k"]) == (1, 16, 64)
    assert [row["k"] for row in ends.judged] == [1, 4, 16]


@pytest.mark.parametrize(
    ("table", "note"),
    [
        (differences(UP, DOWN, (0, 2), n=4), "needs 8 samples of each problem or more, not 4"),
        (differences(UP, DOWN, None), "needs as many samples of each problem by both draws"),
        (differences(UP, DOWN, (0, 2), problems=5), "needs about 30 problems"),
    ],
)
def test_what_no_data_of_this_size_could_decide_says_what_it_needs(table, note):
    verdict = judged(crossover.CLAIM, difference=table, crossover=crossed(0.0))
    assert (verdict.verdict, verdict.note) == (UNDECIDABLE, note)


def test_a_sign_is_shown_where_interval_and_sign_flips_agree():
    table = differences(UP, DOWN, FEWER).with_columns(
        flip_p=pl.when(pl.col("k") == 16).then(0.06).otherwise("flip_p")
    )
    verdict = judged(crossover.CLAIM, difference=table, crossover=crossed(0.0))
    assert (verdict.verdict, verdict.p) == (UNDECIDED, 1.0)


def test_unequal_n_may_still_refute():
    table = differences(UP, UP, None)
    assert judged(crossover.CLAIM, difference=table).verdict == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({"only": 0, "both": 73}, SUPPORTED),  # Wilson's upper limit at 0 of 73 is .04999
        ({"only": 0, "both": 72}, UNDECIDABLE),  # and .0507 at 0 of 72
        ({"only": 40, "both": 160, "robust": 0, "solvable": 80}, SUPPORTED),  # 40 by luck
        (
            {"only": 40, "both": 160, "certain": 11, "robust": 0, "solvable": 80},
            UNDECIDED,
        ),  # hidden
        ({"only": 40, "both": 160}, UNDECIDED),  # luck alone refutes nothing
        ({"only": 40, "both": 160, "certain": 40}, NOT_SUPPORTED),
        ({"only": 40, "both": 160, "certain": 16}, UNDECIDED),  # Wilson's lower limit is .0499
        ({"only": 40, "both": 160, "certain": 17}, NOT_SUPPORTED),
        ({"only": 0, "both": 5}, UNDECIDABLE),
        ({"only": 0, "both": 0}, UNDECIDABLE),  # nothing solvable says nothing
        ({"only": 0, "both": 200, "same_n": False}, UNDECIDABLE),
        ({"only": 90, "both": 10, "certain": 90, "same_n": False}, NOT_SUPPORTED),
    ],
)
def test_claim_2(counts, verdict):
    assert judged(subset.CLAIM, coverage=covered(**counts)).verdict == verdict


def spreads(spread, large, smallest, problems=400):
    """Rows of `spread`; the estimate is in the middle of its limits."""
    low, high = smallest
    at_small = {"smallest": (low + high) / 2, "smallest_low": low, "smallest_high": high}
    rows = [
        {"group": "g", "set": "s", "quantity": quantity, "k": k, "comparisons": 6,
         "problems": problems, "spread": sum(limits) / 2, "low": limits[0], "high": limits[1],
         "noise": (limits[1] - limits[0]) / 2, **at_small, "largest": 0.6, "largest_low": 0.5,
         "largest_high": 0.7}
        for quantity, k, limits in (
            ("efficiency_gap", 256, spread), ("pass_at_k", 64, large), ("closed", 1, spread),
        ) if limits is not None
    ]  # fmt: skip
    return pl.DataFrame(rows)


ALIKE, BIG = (0.0, 0.05), (0.45, 0.6)


@pytest.mark.parametrize(
    ("spread", "large", "smallest", "verdict"),
    [
        ((0.0, 0.1), ALIKE, (0.4 + 1e-9, 0.6), SUPPORTED),  # boundary: at most
        ((0.0, 0.1 + 1e-9), ALIKE, BIG, UNDECIDED),
        (ALIKE, (0.0, 0.2), BIG, UNDECIDED),
        (ALIKE, (0.2, 0.3), BIG, NOT_SUPPORTED),  # alike at k = 1, apart at k = 64
        (ALIKE, ALIKE, (0.4, 0.6), UNDECIDED),  # boundary: must be above
        ((0.2, 0.3), ALIKE, BIG, NOT_SUPPORTED),  # they differ
        ((0.1 + 1e-9, 0.2), ALIKE, BIG, UNDECIDED),  # barely: three tests share the error
        (ALIKE, ALIKE, (0.1, 0.3), NOT_SUPPORTED),  # the gap is small
        (ALIKE, None, BIG, UNDECIDABLE),  # too few samples for a large k
        ((0.0, 0.3), ALIKE, BIG, UNDECIDABLE),  # noise alone is more than what is alike
    ],
)
def test_claim_4(spread, large, smallest, verdict):
    problems = 20 if verdict == UNDECIDABLE else 400
    table = spreads(spread, large, smallest, problems)
    (found,) = algorithms.judge({"spread": table}, ClaimSubjects({"algorithms": ["g"]}))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("first", "large", "alone", "verdict"),
    [
        (UP, DOWN, FEWER, SUPPORTED),
        (UP, DOWN, EQUAL, UNDECIDED),
        (UP, OPEN, FEWER, UNDECIDED),
        (OPEN, DOWN, FEWER, UNDECIDED),
        ((0.0, 0.1), DOWN, FEWER, UNDECIDED),
        (UP, UP, MORE, NOT_SUPPORTED),
        (DOWN, DOWN, FEWER, NOT_SUPPORTED),
    ],
)
def test_claim_5(first, large, alone, verdict):
    table = differences(first, large, alone)
    assert judged(longer.CLAIM, "longer", difference=table).verdict == verdict


@pytest.mark.parametrize(
    ("large", "alone", "verdict"),
    [
        ((1e-9, 0.3), MORE, SUPPORTED),
        ((1e-9, 0.3), EQUAL, UNDECIDED),
        ((0.0, 0.3), MORE, UNDECIDED),
        ((THRESHOLDS.little, 0.3), MORE, SUPPORTED),  # boundary: a little is not excluded
        ((THRESHOLDS.little + 1e-9, 0.3), MORE, NOT_SUPPORTED),  # much is not a little
        ((-0.1, -1e-9), EQUAL, NOT_SUPPORTED),
        (OPEN, EQUAL, UNDECIDED),
    ],
)
def test_claim_6_rollouts(large, alone, verdict):
    table = differences(OPEN, large, alone)
    assert judged(ablations.CLAIM, "rollouts", difference=table).verdict == verdict


@pytest.mark.parametrize(
    ("first", "large", "alone", "verdict"),
    [
        ((-THRESHOLDS.same, THRESHOLDS.same), DOWN, FEWER, SUPPORTED),
        ((-THRESHOLDS.same, THRESHOLDS.same), DOWN, EQUAL, UNDECIDED),
        ((-THRESHOLDS.same - 1e-9, 0.0), DOWN, FEWER, UNDECIDED),
        ((-0.02, 0.02), OPEN, FEWER, UNDECIDED),
        ((-0.02, 0.02), UP, EQUAL, NOT_SUPPORTED),
        ((THRESHOLDS.same + 1e-9, 0.2), DOWN, FEWER, NOT_SUPPORTED),  # pass@1 is not the same
        ((-0.2, -THRESHOLDS.same - 1e-9), DOWN, FEWER, NOT_SUPPORTED),
        ((-0.1, 0.1), DOWN, FEWER, UNDECIDABLE),  # wider than the same at 48 problems
    ],
)
def test_claim_6_kl(first, large, alone, verdict):
    table = differences(first, large, alone)
    assert judged(ablations.CLAIM, "kl", difference=table).verdict == verdict


@pytest.mark.parametrize(
    ("lifts", "alone", "coverage", "verdict"),
    [
        ((UP, UP, {}), MORE, covered(6, 40, certain=3), SUPPORTED),
        ((UP, (0.0, 0.1), {}), MORE, covered(6, 40, certain=3), UNDECIDED),  # as at the ceiling
        ((UP, UP, {}), EQUAL, covered(6, 40, certain=3), UNDECIDED),  # not at k = n
        ((UP, UP, {}), MORE, covered(6, 40), UNDECIDED),  # nothing beyond the base but by luck
        ((UP, UP, {}), MORE, covered(0, 100), NOT_SUPPORTED),  # nearly a subset
        ((UP, DOWN, {16: DOWN}), EQUAL, covered(6, 40, certain=3), NOT_SUPPORTED),
        ((UP, DOWN, {4: OPEN, 16: OPEN, 64: DOWN}), EQUAL, covered(6, 40), UNDECIDED),  # past n / 4
    ],
)
def test_claim_7(lifts, alone, coverage, verdict):
    first, large, bands = lifts
    table = differences(first, large, alone, bands=bands)
    found = judged(distillation.CLAIM, "distilled", difference=table, coverage=coverage)
    assert found.verdict == verdict


# ------------------------------------------------------------------ conditions, sizes, many cells


def test_an_interval_excludes_a_bound_exactly_where_its_p_value_is_below_the_level():
    for low in (-0.01, 0.0, 0.01, 0.2):
        condition = Estimate("x", 0.3, low, 0.5).above()
        assert condition.holds == (low > 0) == (condition.supports < 0.05 - 1e-12)
    assert Estimate("x", 0.3, 0.1, 0.5).below().supports == 1.0
    assert Estimate("x", 0.3, 0.1, 0.5).below().fails


def test_more_than_two_refuting_tests_share_the_error():
    barely = [Estimate("x", 0.2, 1e-6, 0.4).below()]
    assert combine(barely, 0.95).outcome == -1
    assert combine(barely, 0.95, refuting=3).outcome == 0


def test_holm_stops_at_the_first_that_fails():
    assert apply_holm([0.03, 0.04, 0.001], 0.95) == [False, False, True]
    assert apply_holm([0.03, 0.04], 0.95) == [False, False]
    assert apply_holm([], 0.95) == []


def cell(subject, name, verdict, p, part=""):
    return ClaimVerdict(subject, name, verdict, (), part, p=p)


def test_one_cell_of_each_part_is_primary_and_the_others_are_corrected():
    cells = [
        cell("a", "x", SUPPORTED, 0.04), cell("a", "y", SUPPORTED, 0.03),
        cell("b", "x", NOT_SUPPORTED, 0.001), cell("b", "y", UNDECIDED, 1.0),
        cell("c", "x", SUPPORTED, 0.04, "KL"),
    ]  # fmt: skip
    found = correct_cells(mark_primary(cells, {}), 0.95)
    assert [v.primary for v in found] == [True, False, False, False, True]
    assert [v.verdict for v in found] == [
        SUPPORTED, UNDECIDED, NOT_SUPPORTED, UNDECIDED, SUPPORTED,
    ]  # fmt: skip
    assert found[1].note == "by itself supported"
    stated = mark_primary(cells, {"report.primary.rl": ("b", "y")})
    assert [v.primary for v in stated] == [False, False, False, True, True]
    with pytest.raises(ValueError, match=r"report\.primary\.rl: 'a' is not judged on 'z'"):
        mark_primary(cells, {"report.primary.rl": ("a", "z")})


def test_the_primary_cell_is_the_first_unless_parameters_state_another():
    context = made.many()
    primary = {
        claim.number: [(v.subject, v.set) for v in verdicts]
        for claim, verdicts in select_primary_verdicts(judge_claims(context))
    }
    assert primary[1] == [("grpo", "indomain")]
    assert primary[6] == [("rollouts", "indomain"), ("kl", "indomain")]
    stated = {"rl": PrimaryCell(subject="wide", set="hard")}
    params = context.params.model_copy(update={"primary": stated})
    chosen = select_primary_verdicts(judge_claims(replace(context, params=params)))
    assert [(v.subject, v.set) for v in chosen[0][1]] == [("wide", "hard")]
    assert [(v.subject, v.set) for v in chosen[1][1]] == [("wide", "hard")]


def test_sizes_are_those_of_their_formulas():
    assert count_solvable(0.05, 0.01, 0.95) == (73, 142)
    sign = Condition("x", "above 0", 0.1, None, holds=True, supports=0.05)
    assert size_of_signs([sign], 100, 0.95).power == 205  # 100 ((1.96 + .84) / 1.96)^2
    other = Condition("x", "above 0", -0.1, None, holds=False)
    assert size_of_signs([sign, other], 100, 0.95).power is None
    equal = size_of_equality(0.1, 0.05, 48, 0.95)
    assert (equal.least, equal.power) == (192, 526)  # 48 x 4; times ((1.96 + 1.28) / 1.96)^2


# ------------------------------------------------------------------------------- on a page


def test_each_claim_is_judged_on_the_pairs_that_the_parameters_name():
    context = made.many()
    verdicts_by_claim = {claim.number: verdicts for claim, verdicts in judge_claims(context)}
    subjects = {
        number: list(dict.fromkeys(v.subject for v in verdicts_by_claim[number]))
        for number in verdicts_by_claim
    }
    assert subjects == {
        1: ["grpo", "llama", "wide"], 2: ["grpo", "llama", "wide"], 4: ["algorithms"],
        5: ["longer"], 6: ["rollouts", "kl"], 7: ["distilled"],
    }  # fmt: skip
    sets = [verdict.set for verdict in verdicts_by_claim[5]]
    assert sets == ["indomain", "outdomain", "hard", "trained"]


def test_without_roles_the_main_pairs_are_judged_and_no_other_claim():
    context = made.many(claims={})
    assert [claim.number for claim, _ in judge_claims(context)] == [1, 2]
    assert {v.subject for _, verdicts in judge_claims(context) for v in verdicts} == {"grpo"}
    with pytest.raises(ValueError, match=r"report\.claims\.longer: 'lnger' is not.*legal: grpo, "):
        judge_claims(made.many(claims={"longer": ["lnger"]}))


@pytest.mark.parametrize("missing", ["spread", "coverage", "difference", "crossover"])
def test_a_missing_table_takes_away_what_needs_it_and_breaks_nothing(missing):
    context = made.many(("indomain",), panels={})
    kept = {name: table for name, table in context.results.items() if name != missing}
    numbers = {claim.number for claim, _ in judge_claims(replace(context, results=kept))}
    gone = {"spread": {4}, "coverage": {2}, "difference": {1, 5, 6, 7}, "crossover": set()}
    assert numbers == {1, 2, 4, 5, 6, 7} - gone[missing]


def test_no_verdict_without_an_interval():
    context = made.many(("indomain",), panels={})
    for claim, verdicts in judge_claims(context):
        for verdict in verdicts:
            columns = {p.source.column for p in verdict.evidence if isinstance(p, SourcedValue)}
            assert columns & {"low", "smallest_low", "outside_low"}, claim.number
            assert verdict.verdict in {SUPPORTED, NOT_SUPPORTED, UNDECIDED, UNDECIDABLE}
            assert verdict.p is not None
            assert (verdict.p < 1) == (verdict.verdict in {SUPPORTED, NOT_SUPPORTED})


def test_no_claim_is_judged_on_imported_samples():
    assert all(
        claim.judge(made.alone().results, ClaimSubjects({"rl": ["grpo"]})) == []
        for claim in CLAIMS.values()
    )


def test_the_head_of_the_page_names_each_claim_once_with_its_parts():
    context = made.many()
    short = {
        claim.number: verdicts for claim, verdicts in select_primary_verdicts(judge_claims(context))
    }
    assert {number: [v.part for v in verdicts] for number, verdicts in short.items()} == {
        1: [""], 2: [""], 4: [""], 5: [""], 6: ["rollouts", "KL"], 7: [""],
    }  # fmt: skip
    assert {v.set for verdicts in short.values() for v in verdicts} == {"indomain"}
    assert short[1][0].subject == "grpo"


def test_the_page_prints_every_threshold_every_verdict_and_what_it_needs():
    context = made.many(("indomain",), panels={})
    document = render_page(context, draw_charts(context))
    for claim, verdicts in judge_claims(context):
        assert f'id="claim-{claim.number}"' in document
        assert claim.rule.replace("'", "&#39;").replace('"', "&#34;") in document
        assert all(verdict.note in document for verdict in verdicts)
    assert "How many problems a verdict needs" in document
    assert "Primary: " in document
    rules = " ".join(claim.rule for claim in CLAIMS.values())
    for value in vars(THRESHOLDS).values():
        assert f"{value:g}" in rules


def test_evidence_of_claim_7_names_the_least_certain_k_and_the_problems_beyond_luck():
    context = made.many(("indomain",), panels={})
    verdict = next(v for claim, v in judge_claims(context) if claim.number == 7)[0]
    said = to_text(verdict.evidence)
    assert "above the base by the interval at 7 of 7 k up to n/4; least certain" in said
    assert "at k = n = 256: 12 against 1 problems solved by one alone (mid-p = 0.002)" in said
    assert said.endswith("told apart one by one: 0; base only: 40")


def test_claims_are_written_as_hypotheses_with_what_would_change_them():
    context = made.many()
    judged = judge_claims(context)
    document = json.loads(json.dumps(describe_claims(judged, 0.95)))
    assert [claim["number"] for claim in document["claims"]] == [1, 2, 4, 5, 6, 7]
    for (_, verdicts), claim in zip(judged, document["claims"], strict=True):
        parts = {verdict.part for verdict in verdicts}
        assert sum(c["primary"] for c in claim["cells"]) == len(parts)
        for verdict, entry in zip(verdicts, claim["cells"], strict=True):
            assert entry["verdict"] == verdict.verdict
            assert entry["would_change"]
            states = {condition["state"] for condition in entry["conditions"]}
            assert (entry["by_itself"] == SUPPORTED) == (states == {"shown"})
            for condition in entry["conditions"]:
                assert condition["null"] != condition["claimed"]
                table = (condition["row"] or "difference").split()[0]
                assert table in context.results
