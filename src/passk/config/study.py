"""A parameter file, read and checked whole.

A test fails when the schema and a parameter file drift apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from passk.config.checks.files import find_file_faults
from passk.config.checks.sections import find_faults
from passk.config.messages import describe_errors, find_unstated
from passk.config.schema import Study
from passk.core.parameters import Name
from passk.core.yaml_files import ParameterError, read

__all__ = ["Name", "Study", "check_study", "load_study", "validate"]


def validate(values: Mapping[str, Any], name: str = "params.yaml") -> Study:
    """Check all parameters; no file is read but those of templates and sources of one's own.

    Args:
        values: of the file, as YAML has them.
        name: of the file, for messages.

    Raises:
        ParameterError: every fault by key, value, what is legal and what to do, one a line.
    """
    faults = list(find_unstated(values))
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        raise _refuse(name, [*faults, *describe_errors(error)]) from None
    faults += find_faults(study)
    if faults:
        raise _refuse(name, faults)
    return study


def load_study(path: Path) -> Study:
    """Read and check a parameter file, and the files that it names.

    Raises:
        ParameterError: as `validate`; the file cannot be read; a file that it names is missing,
            another one, or without a column or problem that is asked for.
    """
    return check_study(read(path), str(path))


def check_study(values: Mapping[str, Any], name: str) -> Study:
    """As `load_study`, of values that are read already."""
    study = validate(values, name)
    if faults := list(find_file_faults(study)):
        raise _refuse(name, faults)
    return study


def _refuse(name: str, faults: list[str]) -> ParameterError:
    return ParameterError("\n  ".join([f"{name} has {len(faults)} fault(s):", *faults]))
