"""Results of expectation suites, read for `passk explain`."""

from pathlib import Path

from passk.config import paths
from passk.core.files import FileError, read_json
from passk.data.expectations.results import SuiteResult
from passk.provenance.explain import ExplainError
from passk.provenance.tables_in_git import locate


def read_suite(study: str, kind: str, root: Path = Path()) -> SuiteResult:
    """The result of an expectation suite.

    Raises:
        ExplainError: no such suite, or its file cannot be read.
    """
    path = locate(paths.validation(study, kind), root)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.json"))
        raise ExplainError(
            f"validation: no row kind={kind}; kind here: {', '.join(known) or 'none yet'}"
        )
    try:
        return SuiteResult.parse(read_json(path, "run the stage validate again"))
    except FileError as error:
        raise ExplainError(str(error)) from None
    except ValueError as error:
        raise ExplainError(f"{path}: not a validation result: {error}") from None
