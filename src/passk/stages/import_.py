"""Stage group `import`: somebody else's samples as problems and responses in normal form."""

from pathlib import Path

from passk import paths
from passk.params.imported import Imported
from passk.problems.imported import normal_form
from passk.problems.recorded import RecordedError, read_rows
from passk.schemas.problems import PROBLEMS
from passk.schemas.samples import RESPONSES
from passk.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Read the file whole, then write both tables; returns their sizes."""
    settings = Imported.model_validate(job.entry("imported"))
    try:
        rows = read_rows(Path(settings.path))
        problems, responses = normal_form(rows, settings.columns, job.item, settings.domain)
    except RecordedError as error:
        raise StageError(f"imported.{job.item}: {error}") from error
    PROBLEMS.write(problems, paths.problems(job.study, job.item))
    RESPONSES.write(responses, paths.model(job.study, job.item) / "responses.parquet")
    return {"problems": float(problems.height), "samples": float(responses.height)}
