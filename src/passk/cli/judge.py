"""`passk judge`: verdicts on anybody's responses, outside a study."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from passk.cli.judge_files import judge_files
from passk.cli.judge_options import (
    UsageError,
    read_settings,
    with_judge_options,
    without_effect,
)
from passk.cli.judge_request import JudgeRequest
from passk.cli.judged import check_out, summary, write_judged
from passk.cli.reading_options import (
    READING_ERRORS,
    AnyDigest,
    As,
    Column,
    GradeFrom,
    ProblemsId,
    Source,
    Stop,
    Where,
    make_reading,
)
from passk.config import paths
from passk.core.legal import unknown
from passk.core.tables import TableError
from passk.data.responses import MISSING_RULES, Holds
from passk.domains.domain import Domain
from passk.domains.math.domain import MATH
from passk.domains.registry import DOMAINS
from passk.domains.verdict import JudgeError
from passk.logs.files import expand
from passk.pipeline.stages.job import StageError

FAILED, USAGE, STOPPED = 1, 2, 130  # exit codes; 0: all responses have a verdict
_COLUMNS = "Columns (else by their usual names)"
_BENCHMARK = "Benchmarks"
# What a user can mend: the message says how.
_EXPECTED = (*READING_ERRORS, TableError, JudgeError, StageError)


@with_judge_options
def main(  # noqa: PLR0917  (a command line: every argument has a name)
    responses: Annotated[
        list[str],
        typer.Argument(
            metavar="RESPONSES...",
            help="Files, globs or folders of one draw, in any format of `passk import`.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Where the verdicts go: .parquet, .jsonl or .csv, by its ending.")
    ],
    problems: Annotated[
        Path | None,
        typer.Option(
            help="Problems with gold answers or tests: a table, or a benchmark's published file; "
            "without it the responses hold them."
        ),
    ] = None,
    domain: Annotated[
        str, typer.Option(help=f"Decides the judge: {', '.join(DOMAINS)}.")
    ] = MATH.name,
    as_: As = None,
    column: Column = None,
    where: Where = None,
    stop: Stop = None,
    grade_from: GradeFrom = None,
    part: Annotated[
        bool,
        typer.Option("--part", help="Leave out rows of problems that --problems lacks."),
    ] = False,
    missing: Annotated[
        str | None,
        typer.Option(
            help="What a response that is null counts as; without it one is an error.",
            metavar="|".join(MISSING_RULES),
        ),
    ] = None,
    problem_id: Annotated[
        str | None,
        typer.Option(help="Names the problem that a row answers.", rich_help_panel=_COLUMNS),
    ] = None,
    problems_id: ProblemsId = None,
    response: Annotated[
        str | None,
        typer.Option(help="The response, or a list of them.", rich_help_panel=_COLUMNS),
    ] = None,
    gold: Annotated[
        str | None, typer.Option(help="The gold answer.", rich_help_panel=_COLUMNS)
    ] = None,
    problem: Annotated[
        str | None, typer.Option(help="The question.", rich_help_panel=_COLUMNS)
    ] = None,
    recorded_grade: Annotated[
        str | None, typer.Option(help="Somebody's grade.", rich_help_panel=_COLUMNS)
    ] = None,
    sample_index: Annotated[
        str | None,
        typer.Option(
            help="Numbers a problem's samples; else order in the file.", rich_help_panel=_COLUMNS
        ),
    ] = None,
    finish_reason: Annotated[
        str | None,
        typer.Option(
            help="Why the response ended: `length` is cut off, and unknown unless it states a "
            "final answer.",
            rich_help_panel=_COLUMNS,
        ),
    ] = None,
    holds: Annotated[
        str | None,
        typer.Option(
            help="Code: what --response holds, where its name does not say.",
            metavar="|".join(get_args(Holds)),
            rich_help_panel=_COLUMNS,
        ),
    ] = None,
    source: Source = None,
    any_digest: AnyDigest = False,
    free_form: Annotated[
        bool,
        typer.Option(
            "--free-form",
            help="Visual: leave out problems with answers to choose from.",
            rich_help_panel=_BENCHMARK,
        ),
    ] = False,
    **options: Any,  # noqa: ANN401  (of all judges; see `with_judge_options`)
) -> None:
    """Judge a file of responses: verdicts, their reasons, pass@k.

    Files of most tools are recognised from what they hold; columns of others go by their usual
    names, or as told: a name, or a path like choices[0].message.content. Which were chosen is
    printed; where several may be meant, nothing is judged.

    Writes one row per sample: your problem id, sample index, extracted answer, verdict (correct,
    wrong, unknown), reason, grader. Verdicts are kept in .passk/verdicts, so that a run that was
    stopped goes on where it was, and the next one judges only what is new.

    Programs run in a sandbox. Exit codes: 0 judged, 1 a fault of a file, 2 a fault of the command
    line. Read more in docs/judging.

    Math, gold answers in a file of their own:

    Example: passk judge samples.jsonl --problems problems.jsonl --out verdicts.parquet

    Code, programs beside a benchmark's published file:

    Example: passk judge programs.jsonl --problems HumanEvalPlus-v0.1.10.jsonl.gz --domain code
    --out verdicts.parquet

    Visual, answers about images (which are not needed):

    Example: passk judge bard.json --problems testmini.json --domain visual --out verdicts.csv
    """
    flags = {
        "problem": problem, "gold": gold, "response": response, "recorded_grade": recorded_grade,
        "problem_id": problem_id, "sample_index": sample_index, "finish_reason": finish_reason,
    }  # fmt: skip
    try:
        named = [f"{kind}={path}" for kind, path in flags.items() if path is not None]
        reading = make_reading(as_, [*(column or []), *named], where, stop, grade_from)
        files = expand(responses)
        check_out(out, [*files, *([problems] if problems is not None else [])])
        judging_domain = _find_domain(domain)
        _check_choice("--missing", missing, MISSING_RULES)
        _check_choice("--holds", holds, get_args(Holds))
        _check_options(
            judging_domain, problems is not None,
            holds=holds, free_form=free_form, source=source, any_digest=any_digest, part=part,
            problems_id=problems_id, gold=gold,
        )  # fmt: skip
        settings = read_settings(domain, options)
        of_problems = {
            "problem": reading.fields.get("question"), "gold": reading.fields.get("reference"),
            "problems_id": problems_id,
        }  # fmt: skip
        request = JudgeRequest(
            files, problems, judging_domain, settings, reading, of_problems,
            source=source, any_digest=any_digest, part=part, free_form=free_form,
            holds=holds, missing=missing,  # type: ignore[arg-type]
        )  # fmt: skip
        verdicts = judge_files(request, typer.echo)
        write_judged(verdicts, out)
    except UsageError as error:
        raise _stop(str(error), USAGE) from None
    except _EXPECTED as error:
        raise _stop(str(error), FAILED) from None
    except KeyboardInterrupt:
        raise _stop(
            f"stopped; what is judged is kept in {paths.VERDICTS}, and the same command goes on",
            STOPPED,
        ) from None
    typer.echo(summary(verdicts, out))


def _stop(message: str, code: int) -> typer.Exit:
    typer.echo(f"passk judge: {message}", err=True)
    return typer.Exit(code)


def _find_domain(name: str) -> Domain:
    for fault in unknown("--domain", name, DOMAINS, "domain"):
        raise UsageError(fault)
    return DOMAINS[name]


def _check_choice(flag: str, value: str | None, legal: tuple[str, ...]) -> None:
    if value is not None and value not in legal:
        raise UsageError(f"{flag} {value}: legal: {', '.join(legal)}")


def _check_options(domain: Domain, has_problems: bool, **given: object) -> None:
    """Raise UsageError for an option that would be ignored."""
    needs = {
        "holds": [name for name, other in DOMAINS.items() if other.tested],
        "free_form": [name for name, other in DOMAINS.items() if other.has_images],
        "gold": [name for name, other in DOMAINS.items() if not other.tested],
    }
    for option, domains in needs.items():
        if given[option] and domain.name not in domains:
            raise without_effect(f"--{option.replace('_', '-')}", domain.name, domains)
    for option in ("source", "any_digest", "part", "problems_id"):
        if given[option] and not has_problems:
            raise UsageError(f"--{option.replace('_', '-')}: says how to read --problems; add it")
    if given["any_digest"] and not given["source"]:
        raise UsageError("--any-digest: name the benchmark that the file is, with --source")
