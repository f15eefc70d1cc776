"""A study with all its defaults filled in: what every stage is handed, and what is compared.

Example:
    >>> from pathlib import Path
    >>> from passk.config.study import load_study
    >>> resolve(load_study(Path("params.yaml")))["sampling"]  # doctest: +SKIP
    {'block': 32, 'rows': 128, 'dtype': 'float32'}
"""

from typing import Any

from passk.config.schema import Study


def resolve(study: Study) -> dict[str, Any]:
    """Every key of a study with its value, stated or not: mappings, lists, texts and numbers.

    It is a parameter file itself, of the same meaning: `validate(resolve(study)) == study`.
    """
    return study.model_dump(mode="json")
