"""What a reader of a comparison should know of its files before its numbers."""

from collections.abc import Iterator, Mapping

import polars as pl

from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.core.words import count


def reworded(problems: int) -> Iterator[str]:
    """That sides ask in other words, where ids tell problems apart."""
    if problems:
        asked = "is asked" if problems == 1 else "are asked"
        told = "told by its id" if problems == 1 else "told by their ids"
        yield f"{count(problems, 'problem')} {asked} in other words by the two sides; {told}"


def differs_in_n(counts: pl.DataFrame) -> bool:
    """Whether some problem has more samples on one side than on the other."""
    sizes = counts.group_by("set", "problem_id").agg(pl.col("n").n_unique())
    return bool((sizes["n"] > 1).any())


def same_counts(counts: pl.DataFrame) -> Iterator[str]:
    """That nothing differs, as where files are compared with themselves."""
    columns = ("n", "c", "unknown")
    sides = [
        counts.filter(pl.col("draw") == draw).sort("set", "problem_id").select(columns)
        for draw in (REFERENCE, CANDIDATE)
    ]
    if sides[0].equals(sides[1]):
        yield (
            "both sides have the same counts on every problem, so that nothing differs; are these "
            "the same samples? Verdicts on them say nothing"
        )


def unequal_n(counts: pl.DataFrame, labels: Mapping[str, str]) -> Iterator[str]:
    """That `solved` is not the same on both sides, where one has more samples."""
    if not differs_in_n(counts):
        return
    spans = []
    for draw in (REFERENCE, CANDIDATE):
        n = counts.filter(pl.col("draw") == draw)["n"].to_list()
        span = str(min(n)) if min(n) == max(n) else f"{min(n)} to {max(n)}"
        spans.append(f"{labels[draw]} has {span}")
    yield (
        f"the sides differ in their samples a problem ({', '.join(spans)}): solved means at least "
        "once in these, so the side with more solves more by that alone. Compare pass@k at one k, "
        "which is not affected; whether one solves a subset is not judged"
    )


def limiting_n(counts: pl.DataFrame, names: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Which problems let no k go further, where others have more samples.

    Args:
        counts: of both draws.
        names: (set, problem_id) -> what the files call the problem.
    """
    sizes = counts.group_by("set", "problem_id", maintain_order=True).agg(pl.col("n").min())
    least, *more = sorted(set(sizes["n"].to_list()))
    if not more:
        return
    fewest = sizes.filter(pl.col("n") == least)
    name = names.get(fewest.row(0)[:2], fewest["problem_id"][0])
    others = f" and {count(fewest.height - 1, 'other')}" if fewest.height > 1 else ""
    have, them = ("has", "it") if fewest.height == 1 else ("have", "them")
    yield (
        f"k goes no further than {least}, as problem {name[:60]!r}{others} {have} only "
        f"{count(least, 'sample')} on a side; --min-n {more[0]} leaves {them} out"
    )
