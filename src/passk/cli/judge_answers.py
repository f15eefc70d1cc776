"""`passk judge` in domains that need a benchmark: answers in a file of their own, which name them.

No image is read: a verdict needs the problem's answer, type, precision, unit and choices alone.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import typer

from passk.core.rows import RecordedError, read_rows
from passk.data import recorded_samples as samples
from passk.data import sources as registry
from passk.data.benchmarks import read_benchmark
from passk.data.import_settings import Columns
from passk.domains.benchmark_problem import ANY_FILE
from passk.domains.domain import Domain, JudgeSettings
from passk.pipeline.stages.verify import judge_samples

Hint = Callable[[str], str]


def judge_file(
    responses: Path,
    problems: Path | None,
    source: str | None,
    columns: Columns,
    *,
    domain: Domain,
    settings: JudgeSettings,
    hint: Hint,
    any_digest: bool = False,
    part: bool = False,
    free_form: bool = False,
) -> pl.DataFrame:
    """The verdict table of a file of responses, with gold answers and recorded grades beside it.

    Args:
        responses: rows name their problem.
        problems: the benchmark's published file.
        source: the benchmark; None: as the file's digest says.
        columns: what the file of responses calls its columns.
        domain: of the benchmark.
        settings: options and limits of its judge.
        hint: says what to do about a missing column.
        any_digest: take another file than the published one for the source's.
        part: leave out rows of other problems, and problems without a row.
        free_form: leave out problems with answers to choose from.

    Raises:
        RecordedError: neither benchmark nor row can be read, or they do not belong together.
        StageError: an answer that cannot be compared.
    """
    if problems is None:
        raise RecordedError(f"--domain {domain.name}: name the benchmark's file with --problems")
    if (name := source or registry.published(problems, domain.name)) is None:
        legal = [key for key, entry in registry.sources().items() if entry.domain == domain.name]
        raise RecordedError(
            f"{problems}: no published file of a {domain.name} benchmark that is known here; say "
            f"which it is by --source ({', '.join(legal)}) and --any-digest"
        )
    known = registry.source(name)
    if known.domain != domain.name:
        raise RecordedError(
            f"--source {name}: is of domain {known.domain}; leave out --domain {domain.name}"
        )
    try:
        asked = read_benchmark(name, problems, ANY_FILE if any_digest else None)
    except registry.OtherFileError as error:
        raise RecordedError(f"{error.fact}, or, to take it as it is, add --any-digest") from error
    if responses.is_dir():
        raise RecordedError(f"{responses}: a folder; name a file of responses")
    rows = read_rows(responses)
    answered = samples.join(rows, asked, columns, partial=part, others=part, hint=hint)
    if part:
        kept = sum(len(entry.samples) for entry in answered)
        typer.echo(
            f"left out: {len(rows) - kept} of {len(rows)} rows (other problems), "
            f"{len(asked) - len(answered)} of {len(asked)} problems (no row)",
            err=True,
        )
    if free_form:
        answered = [entry for entry in answered if not entry.problem.choices]
    if not answered:
        raise RecordedError(f"{problems}: no free-form problem; leave out --free-form")
    draw = responses.name.partition(".")[0]
    table, texts = samples.tables(answered, draw, domain, known.title)
    frame = texts.join(
        table.drop("image_bytes", "date", "tags"),
        on="problem_id",
        how="left",
        maintain_order="left",
    ).with_columns(draw=pl.lit(draw), finish_reason=pl.lit("unknown"), gold=pl.col("answer"))
    return judge_samples(frame, settings)
