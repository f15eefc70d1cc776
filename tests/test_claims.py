"""The paper's claims: verdicts at their edges, and what they are judged on."""

from dataclasses import replace

import polars as pl
import pytest

import report_tables as made
from passk.report.claims.ablations import kl_verdict, rollouts_verdict
from passk.report.claims.algorithms import algorithms_verdict
from passk.report.claims.crossover import crossover_verdict
from passk.report.claims.distillation import distillation_verdict, goes_beyond
from passk.report.claims.judging import first_verdicts, judge_claims
from passk.report.claims.longer import longer_verdict
from passk.report.claims.registry import CLAIMS
from passk.report.claims.subset import subset_verdict
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    THRESHOLDS,
    UNDECIDED,
    ClaimSubjects,
)
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, plain
from passk.report.sections.assembly import draw_charts

UP, DOWN, OPEN = (0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1)


@pytest.mark.parametrize(
    ("first", "last", "p_none", "verdict"),
    [
        (UP, DOWN, 0.0, SUPPORTED),
        (UP, DOWN, THRESHOLDS.no_crossover, SUPPORTED),  # boundary: still legal
        (UP, DOWN, THRESHOLDS.no_crossover + 1e-9, UNDECIDED),
        (UP, DOWN, None, UNDECIDED),
        ((0.0, 0.2), DOWN, 0.0, UNDECIDED),  # boundary: an end at 0 includes 0
        (UP, (-0.2, 0.0), 0.0, UNDECIDED),
        (UP, (0.01, 0.1), 1.0, NOT_SUPPORTED),  # RL still ahead at large k
        (DOWN, (-0.3, -0.2), 1.0, NOT_SUPPORTED),  # RL never ahead
        (OPEN, OPEN, 0.5, UNDECIDED),
    ],
)
def test_claim_1(first, last, p_none, verdict):
    assert crossover_verdict(first, last, p_none) == verdict


@pytest.mark.parametrize(
    ("only", "solvable", "verdict"),
    [
        (0, 0, UNDECIDED),  # nothing solvable says nothing
        (0, 73, SUPPORTED),  # Wilson's upper limit at 0 of 73 is .04999
        (0, 72, UNDECIDED),  # and .0507 at 0 of 72
        (0, 5, UNDECIDED),
        (30, 100, NOT_SUPPORTED),
        (5, 100, UNDECIDED),
    ],
)
def test_claim_2(only, solvable, verdict):
    assert subset_verdict(only, solvable) == verdict


@pytest.mark.parametrize(
    ("spread", "smallest", "verdict"),
    [
        ((0.0, THRESHOLDS.alike), (THRESHOLDS.large + 1e-9, 0.6), SUPPORTED),  # boundary: at most
        ((0.0, THRESHOLDS.alike + 1e-9), (0.45, 0.6), UNDECIDED),
        ((0.0, 0.05), (THRESHOLDS.large, 0.6), UNDECIDED),  # boundary: must be above
        ((THRESHOLDS.alike + 1e-9, 0.2), (0.45, 0.6), NOT_SUPPORTED),  # they differ
        ((0.0, 0.05), (0.1, THRESHOLDS.large - 1e-9), NOT_SUPPORTED),  # the gap is small
        ((0.0, 0.05), (0.1, THRESHOLDS.large), UNDECIDED),
    ],
)
def test_claim_4(spread, smallest, verdict):
    assert algorithms_verdict(spread, smallest) == verdict


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        (UP, DOWN, SUPPORTED),
        (UP, OPEN, UNDECIDED),
        (OPEN, DOWN, UNDECIDED),
        ((0.0, 0.1), DOWN, UNDECIDED),
        (UP, UP, NOT_SUPPORTED),
        (DOWN, DOWN, NOT_SUPPORTED),
    ],
)
def test_claim_5(first, last, verdict):
    assert longer_verdict(first, last) == verdict


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ((1e-9, 0.3), SUPPORTED),
        ((0.0, 0.3), UNDECIDED),
        ((THRESHOLDS.little, 0.3), SUPPORTED),  # boundary: a little is not excluded
        ((THRESHOLDS.little + 1e-9, 0.3), NOT_SUPPORTED),  # much is not a little
        ((-0.1, -1e-9), NOT_SUPPORTED),
        (OPEN, UNDECIDED),
    ],
)
def test_claim_6_rollouts(last, verdict):
    assert rollouts_verdict(last) == verdict


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        ((-THRESHOLDS.same, THRESHOLDS.same), DOWN, SUPPORTED),
        ((-THRESHOLDS.same - 1e-9, 0.0), DOWN, UNDECIDED),
        ((-0.02, 0.02), OPEN, UNDECIDED),
        ((-0.02, 0.02), UP, NOT_SUPPORTED),
        ((THRESHOLDS.same + 1e-9, 0.2), DOWN, NOT_SUPPORTED),  # pass@1 is not the same
        ((-0.2, -THRESHOLDS.same - 1e-9), DOWN, NOT_SUPPORTED),
    ],
)
def test_claim_6_kl(first, last, verdict):
    assert kl_verdict(first, last) == verdict


@pytest.mark.parametrize(
    ("intervals", "bands", "beyond", "subset", "verdict"),
    [
        ([UP, UP], [UP, UP], True, False, SUPPORTED),
        ([UP, (0.0, 0.1)], [UP, OPEN], True, False, UNDECIDED),  # one k, as at the ceiling
        ([UP, UP], [UP, UP], False, False, UNDECIDED),  # nothing beyond the base but by luck
        ([UP, UP], [UP, UP], True, True, NOT_SUPPORTED),  # nearly a subset
        ([UP, DOWN], [UP, DOWN], True, False, NOT_SUPPORTED),
        (
            [UP, DOWN],
            [UP, (-0.3, 0.0)],
            True,
            False,
            UNDECIDED,
        ),  # one k of many may differ by chance
        ([], [], True, False, UNDECIDED),
    ],
)
def test_claim_7(intervals, bands, beyond, subset, verdict):
    assert distillation_verdict(intervals, bands, beyond, subset) == verdict


def test_each_claim_is_judged_on_the_pairs_that_the_parameters_name():
    context = made.many()
    found = {claim.number: verdicts for claim, verdicts in judge_claims(context)}
    subjects = {number: list(dict.fromkeys(v.subject for v in found[number])) for number in found}
    assert subjects == {
        1: ["grpo", "llama", "wide"], 2: ["grpo", "llama", "wide"], 4: ["algorithms"],
        5: ["longer"], 6: ["rollouts", "kl"], 7: ["distilled"],
    }  # fmt: skip
    sets = [verdict.set for verdict in found[5]]
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
            limits = columns & {"low", "smallest_low"} or "[" in plain(verdict.evidence)
            assert limits, claim.number
            assert verdict.verdict in {SUPPORTED, NOT_SUPPORTED, UNDECIDED}


def test_no_claim_is_judged_on_imported_samples():
    assert all(
        claim.judge(made.alone().results, ClaimSubjects({"rl": ["grpo"]})) == []
        for claim in CLAIMS.values()
    )


def test_the_head_of_the_page_names_each_claim_once_with_its_parts():
    context = made.many()
    short = {claim.number: verdicts for claim, verdicts in first_verdicts(judge_claims(context))}
    assert {number: [v.part for v in verdicts] for number, verdicts in short.items()} == {
        1: [""], 2: [""], 4: [""], 5: [""], 6: ["rollouts", "KL"], 7: [""],
    }  # fmt: skip
    assert {v.set for verdicts in short.values() for v in verdicts} == {"indomain"}
    assert short[1][0].subject == "grpo"


def test_the_page_prints_every_threshold_and_every_verdict():
    context = made.many(("indomain",), panels={})
    document = render_page(context, draw_charts(context))
    for claim, verdicts in judge_claims(context):
        assert f'id="claim-{claim.number}"' in document
        assert claim.rule.replace("'", "&#39;").replace('"', "&#34;") in document
        assert len(verdicts) > 0
    rules = " ".join(claim.rule for claim in CLAIMS.values())
    for value in vars(THRESHOLDS).values():
        assert f"{value:g}" in rules


def test_evidence_of_claim_7_names_the_least_certain_k_and_the_problems_beyond_luck():
    context = made.many(("indomain",), panels={})
    table = context.results["coverage"].with_columns(
        certain=pl.when(category="candidate_only").then(1).otherwise("certain")
    )
    context = replace(context, results={**context.results, "coverage": table})
    verdict = next(v for claim, v in judge_claims(context) if claim.number == 7)[0]
    assert verdict.verdict == SUPPORTED
    said = plain(verdict.evidence)
    assert "above the base by the interval at 9 of 9 k; least certain" in said
    assert "at k = 256: +0.080 [+0.030, +0.130]" in said
    assert said.endswith("by more than luck: 1; base only: 40, sign test p = 1")


@pytest.mark.parametrize(
    ("certain", "only", "back", "found"),
    [
        (1, 1, 40, True),  # one problem suffices, whatever was lost
        (0, 6, 0, True),  # 2^-6 = .016
        (0, 5, 0, False),  # 2^-5 = .031, above half of .05
        (0, 40, 40, False),
        (0, 0, 0, False),
    ],
)
def test_problems_beyond_the_base(certain, only, back, found):
    assert goes_beyond(certain, only, back, 0.95) == found
