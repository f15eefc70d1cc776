"""Every path of a study, named once. All are relative to the project's root.

Artifacts live in a folder per study, so that switching studies neither collides nor leaves
strangers in a folder that a stage depends on.
"""

from pathlib import Path

PARAMS = Path("params.yaml")
COMPONENTS = Path("components.json")  # git-ignored: digests of the code that each stage uses
LEDGER = Path("ledger.jsonl")  # in git: each execution that dvc.lock names
STATE = Path(".passk")  # git-ignored: records, blocks, verdicts, resume folders, stamps
RECORDS = STATE / "records"
BLOCKS = STATE / "blocks"
VERDICTS = STATE / "verdicts"
CALIBRATION = STATE / "calibration"
RESUME = STATE / "resume"
LIVE = STATE / "live"
STAMPS = STATE / "stamps"
REPORTS = Path("reports")


def data(study: str) -> Path:
    """The folder of a study's tables."""
    return Path("data") / study


def problems(study: str, name: str) -> Path:
    """Problems of a set as they come."""
    return data(study) / "problems" / f"{name}.parquet"


def sets(study: str) -> Path:
    """The folder of filtered sets."""
    return data(study) / "sets"


def problem_set(study: str, name: str) -> Path:
    """Problems of a set that stay after its filters."""
    return sets(study) / f"{name}.parquet"


def filter_table(study: str, name: str) -> Path:
    """Rows in, rows out and reason, per filter of a set."""
    return data(study) / "filters" / f"{name}.parquet"


def model(study: str, name: str) -> Path:
    """A checkpoint, e.g. `base` or `grpo/step-120`, or a folder of recorded responses."""
    return Path("models") / study / name


def training_log(study: str, arm: str) -> Path:
    """Per-step training log of an arm, without times."""
    return data(study) / "training" / f"{arm}.jsonl"


def samples(study: str, draw: str) -> Path:
    """Samples of a draw."""
    return data(study) / "samples" / f"{draw}.parquet"


def verdicts(study: str, draw: str) -> Path:
    """Verdicts on a draw."""
    return data(study) / "verdicts" / f"{draw}.parquet"


def demonstrations(study: str, name: str) -> Path:
    """Questions and responses that models are fine-tuned on."""
    return data(study) / "demonstrations" / f"{name}.parquet"


def counts(study: str, draw: str) -> Path:
    """Counts of a draw."""
    return data(study) / "counts" / f"{draw}.parquet"


def manifest(study: str, name: str) -> Path:
    """A file of the manifest: `declared`, `views`, or the names behind a folder, e.g. `counts`."""
    return data(study) / "manifest" / f"{name}.json"


def validation(study: str, kind: str) -> Path:
    """Result of an expectation suite."""
    return data(study) / "validation" / f"{kind}.json"


def results(study: str, question: str) -> Path:
    """Result table of an analysis."""
    return data(study) / "results" / f"{question}.parquet"
