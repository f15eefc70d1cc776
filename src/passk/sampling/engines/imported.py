"""The `imported` engine: samples that somebody else drew, in the form of a samples table."""

from typing import TYPE_CHECKING

from passk.sampling.engines.engine import Engine, ResponsesError

if TYPE_CHECKING:  # vLLM's environment has no polars, and parameters are checked without it
    import polars as pl


def collect_samples(
    responses: "pl.DataFrame", problems: "pl.DataFrame", n: int | None
) -> "pl.DataFrame":
    """The responses to some problems; all but `draw` and `template` of a samples table.

    Args:
        responses: as `passk.core.schemas.samples.RESPONSES`.
        problems: `set, problem_id, index`; responses to other problems are left out.
        n: samples of each problem, those with the least indices; None: all there are.

    Raises:
        ResponsesError: a sample index is there twice, or a problem has fewer samples than n.
    """
    import polars as pl

    from passk.core.schemas.samples import SAMPLES

    repeated = responses.filter(responses.select("problem_id", "sample_index").is_duplicated())
    if repeated.height:
        row = repeated.row(0, named=True)
        raise ResponsesError(
            f"{repeated.height} rows repeat a sample index, first problem {row['problem_id']}, "
            f"sample {row['sample_index']}; number the samples of a problem 0, 1, ..."
        )
    # A seed of somebody else's generator is that of many samples, and no stream of ours.
    frame = problems.select("set", "problem_id").join(responses.drop("seed"), on="problem_id")
    if n is not None:
        rank = pl.col("sample_index").rank("ordinal").over("set", "problem_id")
        frame = frame.filter(rank <= n)
    least = n or 1
    sizes = frame.group_by("set", "problem_id").len()
    counted = problems.join(sizes, ["set", "problem_id"], "left").with_columns(
        pl.col("len").fill_null(0)
    )
    short = counted.filter(pl.col("len") < least)
    if short.height:
        row = short.row(0, named=True)
        raise ResponsesError(
            f"{short.height} of {problems.height} problems have fewer than {least} sample(s), "
            f"first {row['problem_id']} (set {row['set']!r}, index {row['index']}) with "
            f"{row['len']}; set n to what every problem has or to null for all there are, or "
            "drop the problem by a filter"
        )
    empty = {
        name: pl.lit(None, kind)
        for name, kind in SAMPLES.columns.items()
        if name not in frame.columns
    }
    return frame.with_columns(**empty)


IMPORTED = Engine(version=1, exact=True, collect=collect_samples)
