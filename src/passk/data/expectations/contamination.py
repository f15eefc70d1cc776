"""Contamination between the training and test sets of a study, as a part of its validation.

Only problems that somebody published are compared: those of a generated world come in splits that
share no question, and are alike by design.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from passk.data.contamination import find_overlaps, split_words
from passk.data.expectations.results import ContaminatedProblem, ContaminationResult
from passk.domains.expectations import Expect, Frame, expect_none

FRAME = "contamination"
SHOWN = 50  # problems that a result names
_GENERATED = "generated world "  # what the column `source` of their problems begins with


def compare_sets(
    sets: Mapping[str, pl.DataFrame], training: Collection[str], *, n: int, share: float
) -> list[ContaminationResult]:
    """Each test set beside each training set, where both hold published problems of one domain.

    Args:
        sets: set -> its problems.
        training: the sets that models are trained on, and those that are parts of them.
        n: words of a run.
        share: of a test problem's runs, how many must be shared.
    """
    published = {name: frame for name, frame in sets.items() if _is_published(frame)}
    return [
        _compare((name, other), (published[name], published[other]), n, share)
        for name in published
        if name in training
        for other in published
        if other not in training and _share_domain(published[name], published[other])
    ]


def _is_published(problems: pl.DataFrame) -> bool:
    return not problems["source"].str.starts_with(_GENERATED).any()


def _share_domain(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return bool(set(one["domain"]) & set(other["domain"]))


def _compare(
    names: tuple[str, str], problems: tuple[pl.DataFrame, pl.DataFrame], n: int, share: float
) -> ContaminationResult:
    """A training set and a test set, in this order."""
    learned_texts, asked_texts = (
        dict(frame.select("index", "question").iter_rows()) for frame in problems
    )
    matches = find_overlaps(learned_texts, asked_texts, n=n, share=share)
    return ContaminationResult(
        training=names[0],
        test=names[1],
        n=n,
        share=share,
        training_problems=len(learned_texts),
        test_problems=len(asked_texts),
        short=sum(len(split_words(text)) < n for text in asked_texts.values()),
        same=sum(match.same for match in matches),
        overlapping=sum(not match.same for match in matches),
        problems=tuple(
            ContaminatedProblem(
                index=match.index,
                training_index=match.training_index,
                same=match.same,
                share=round(match.share, 6),
            )
            for match in matches[:SHOWN]
        ),
    )


def make_frame(results: Sequence[ContaminationResult]) -> Frame:
    """A row per training and test set, with how many problems are given away."""
    rows = pl.DataFrame(
        [(one.training, one.test, one.test_problems, one.found) for one in results],
        schema={
            "training": pl.String, "test": pl.String, "compared": pl.Int64, "given_away": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    return Frame(rows, ("training", "test"))


def make_expectation(n: int) -> Expect:
    """What must hold where contamination is an error."""
    return expect_none(
        "given_away",
        FRAME,
        f"no test problem shares its text, or {n} words in a row, with a training problem",
        "drop the problems with a filter ({kind: drop, indices: [...]}); or, if they share only "
        "what such statements all say, raise validation.contamination.share",
    )


def describe(results: Sequence[ContaminationResult]) -> Iterator[str]:
    """One line for each pair of sets of which a test problem is given away."""
    for one in results:
        if one.found:
            shown = ", ".join(str(problem.index) for problem in one.problems[:10])
            yield (
                f"{one.found} of {one.test_problems} problems of {one.test!r} stand in the "
                f"training set {one.training!r}: {one.same} whole, {one.overlapping} by {one.n} "
                f"words in a row (index {shown}{', ...' if one.found > 10 else ''})"
            )
