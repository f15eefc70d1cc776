"""What must hold of problem sets, and of what their filters say."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import polars as pl

from passk.domains.expectations import Expect, Frame, expect_equal, expect_none
from passk.domains.registry import DOMAINS
from passk.domains.suites import SUITES, ProblemSuite


def _same_question() -> pl.Expr:
    """What a problem asks, for finding it elsewhere, as its domain says."""
    question = pl.col("problem_id")
    for name, domain in DOMAINS.items():
        of_domain = pl.col("domain") == name
        question = pl.when(of_domain).then(domain.same_question()).otherwise(question)
    return question


def frames(
    sets: Mapping[str, pl.DataFrame],
    filters: pl.DataFrame,
    training: Collection[str],
    sources: Mapping[str, str],
    read: Callable[[str, Sequence[str]], pl.DataFrame] | None = None,
) -> dict[str, Frame]:
    """Condense problem sets.

    A set counts as a training set, and not as a test set, where models are trained on it, or where
    it is part of such a set: of the same source, and without a problem that is not trained on.
    A test set that shares even one problem with a training set is at fault.

    Args:
        sets: set -> its problems.
        filters: the filter tables of all sets, one below the other.
        training: names of the sets that models are trained on.
        sources: set -> where its problems come from.
        read: columns of a set, by its name, where `sets` are without some, such as large images;
            None: `sets` have all.
    """
    problems = pl.concat(sets.values())
    question = _same_question()
    trained = (
        problems.filter(pl.col("set").is_in(list(training))).select(question).to_series().unique()
    )
    training = list_training(sets, training, sources)
    blank = {
        name: (pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")).cast(pl.Int64)
        for name in ("question", "answer", "tests")
    }
    tested = [name for name, domain in DOMAINS.items() if domain.tested]
    rows = problems.select(
        "set", "index", "problem_id", "domain",
        no_question=blank["question"],
        no_answer=pl.when(pl.col("domain").is_in(tested)).then(blank["tests"])
        .otherwise(blank["answer"] * blank["tests"]),
        repeated=pl.struct("set", "problem_id").is_duplicated().cast(pl.Int64),
        in_training=(question.is_in(trained.implode()) & ~pl.col("set").is_in(list(training)))
        .cast(pl.Int64),
    )  # fmt: skip
    sizes = pl.DataFrame(
        {"set": list(sets), "problems": [len(frame) for frame in sets.values()]},
        schema={"set": pl.String, "problems": pl.Int64},
    )
    steps = filters.sort("set", "order").with_columns(
        passed_on=pl.col("rows_out").shift(1).over("set").fill_null(pl.col("rows_in")),
        gained=(pl.col("rows_out") - pl.col("rows_in")).clip(0),
    )
    last = steps.group_by("set", maintain_order=True).last().select("set", said="rows_out")
    sizes = sizes.join(last, on="set", how="left").with_columns(
        said=pl.col("said").fill_null(pl.col("problems"))
    )
    return {
        **{suite.name: suite.frame(_tables(suite, sets, read)) for suite in SUITES.values()},
        "problems": Frame(rows, ("set", "index", "problem_id")),
        "sets": Frame(sizes, ("set",)),
        "filters": Frame(
            steps.select("set", "order", "filter", "rows_in", "rows_out", "passed_on", "gained"),
            ("set", "order", "filter"),
        ),
    }


def _tables(
    suite: ProblemSuite,
    sets: Mapping[str, pl.DataFrame],
    read: Callable[[str, Sequence[str]], pl.DataFrame] | None,
) -> Iterator[pl.DataFrame]:
    """The sets that a suite looks at; what has to be read is held for one set at a time."""
    for name, problems in sets.items():
        if suite.concerns(problems):
            whole = read is None or set(suite.columns) <= set(problems.columns)
            yield problems if whole or read is None else read(name, suite.columns)


def list_training(
    sets: Mapping[str, pl.DataFrame], training: Collection[str], sources: Mapping[str, str]
) -> set[str]:
    """The sets that models are trained on, and those that lie within one of them."""
    return {*training, *_parts(sets, training, sources)}


def _parts(
    sets: Mapping[str, pl.DataFrame], training: Collection[str], sources: Mapping[str, str]
) -> Iterator[str]:
    """Sets that are filtered from the source of a training set and lie within it."""
    for name, frame in sets.items():
        for whole in training:
            same = sources[name] == sources[whole]
            if same and set(frame["problem_id"]) <= set(sets[whole]["problem_id"]):
                yield name


def expectations() -> list[Expect]:
    """The suite `problems`."""
    return [
        Expect(
            "every problem has an id",
            "problems",
            "expect_column_values_to_not_be_null",
            {"column": "problem_id"},
        ),
        Expect(
            "places in a set are unique",
            "problems",
            "expect_compound_columns_to_be_unique",
            {"column_list": ["set", "index"]},
        ),
        expect_none(
            "repeated",
            "problems",
            "no problem occurs twice in a set",
            "drop the second one with a filter, or raise the world's number of distinct problems",
        ),
        expect_none("no_question", "problems", "every problem asks something"),
        expect_none(
            "no_answer",
            "problems",
            "every problem has an answer or tests",
            "fill the answer, or drop the problem with a filter; programs without tests can be "
            "asked, not judged: {kind: untagged, tags: [no-tests]} leaves out a benchmark's",
        ),
        Expect(
            "every domain is known",
            "problems",
            "expect_column_values_to_be_in_set",
            {"column": "domain", "value_set": list(DOMAINS)},
        ),
        expect_none(
            "in_training",
            "problems",
            "no test problem was trained on",
            "change seed or split of one of the two worlds, or drop the problem with a filter",
        ),
        Expect(
            "every set has problems",
            "sets",
            "expect_column_values_to_be_between",
            {"column": "problems", "min_value": 1},
            "loosen the set's filters",
        ),
        expect_equal(
            "problems", "said", "sets", "each set has as many problems as its filters say"
        ),
        expect_none("gained", "filters", "no filter adds problems"),
        expect_equal("rows_in", "passed_on", "filters", "each filter gets what the last passed on"),
        *(expected for suite in SUITES.values() for expected in suite.expectations()),
    ]
