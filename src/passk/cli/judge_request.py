"""What a command line asks `passk judge` for, and what it is told before any work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from passk.cli.reading_text import describe_formats, describe_losses
from passk.data.judging_ids import QUESTION
from passk.data.judging_problems import ProblemFile
from passk.data.responses import Holds, Missing
from passk.domains.domain import Domain
from passk.domains.settings import Verification
from passk.logs.known_problems import AnsweredProblems
from passk.logs.summary import LogReading


@dataclass(frozen=True)
class JudgeRequest:
    """What a command line asks for.

    Attributes:
        responses: files of responses, of one draw.
        problems: file of problems; None: the responses hold them.
        domain: decides the judge.
        settings: of its judge.
        reading: how responses are read.
        columns: of the file of problems: kind -> column, as named.
        source: the benchmark that `problems` is; None: as its digest says, else a table.
        any_digest: take another file than the published one for the source's.
        part: leave out responses whose problem is not there.
        free_form: leave out problems with answers to choose from.
        holds: what the column of responses holds; None: as its name says.
        missing: what a response that is null counts as; None: an error.
    """

    responses: Sequence[Path]
    problems: Path | None
    domain: Domain
    settings: Verification
    reading: LogReading = field(default_factory=LogReading)
    columns: Mapping[str, str | None] = field(default_factory=dict)
    source: str | None = None
    any_digest: bool = False
    part: bool = False
    free_form: bool = False
    holds: Holds | None = None
    missing: Missing | None = None

    @property
    def draw(self) -> str:
        """What verdicts call the draw: its file, or the folder of several."""
        first = self.responses[0]
        one = len(self.responses) == 1
        return (first if one else first.absolute().parent).name.partition(".")[0]


def describe_columns(
    request: JudgeRequest, file: ProblemFile | None, answered: AnsweredProblems
) -> list[str]:
    """Which columns were chosen, and which rows and problems are left out.

    Args:
        request: what is asked for.
        file: of problems; None: the samples state right answers.
        answered: what was read.
    """
    read = answered.summary.columns
    response = read.get("response", "")
    if request.domain.tested and answered.samples:
        response += f" (a {request.holds or answered.samples[0].holds})"
    own = request.problems is None
    of_samples = {
        "problem id": read.get("problem") or "none (the question tells problems apart)",
        **({"question": read.get("question"), "gold": read.get("reference")} if own else {}),
        "response": response,
        "recorded grade": read.get("grade"),
        "sample index": read.get("number"),
        "finish reason": read.get("finish"),
    }
    lines = [f"{describe_formats(answered.summary)}: {_list_columns(of_samples)}"]
    if file is not None and not own:
        asked = file.columns.get("problem") if answered.key == QUESTION else None
        of_problems = {"problem id": answered.key, "question": asked, **_judged_by(file)}
        source = f" ({file.source})" if file.source else ""
        lines.append(f"{file.path}{source}: {_list_columns(of_problems)}")
    if answered.left_out:
        total = answered.left_out + len({sample.place for sample in answered.samples})
        lines.append(f"left out: {answered.left_out} of {total} rows, of other problems")
    if answered.unanswered:
        total = len(answered.problems) + answered.unanswered
        lines.append(f"not answered: {answered.unanswered} of {total} problems")
    return [*lines, *describe_losses(answered.summary)]


def _judged_by(file: ProblemFile) -> dict[str, str | None]:
    return {"gold": file.columns.get("gold"), "tests": file.columns.get("tests")}


def _list_columns(columns: Mapping[str, str | None]) -> str:
    return ", ".join(f"{kind} = {name}" for kind, name in columns.items() if name is not None)
