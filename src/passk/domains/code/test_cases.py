"""The tests of a problem: column `tests` of the problem table, as JSON.

Values that JSON does not have (tuples, sets, complex numbers, infinities, big integers as such)
are written by `passk.domains.code.sandbox.values`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Tests:
    """How programs that answer one problem are tested.

    Attributes:
        entry: what is called: `name`, or `Class.method`; None: a program that reads standard
            input and prints.
        inputs: for each case the encoded list of arguments, or the text of standard input.
        expected: for each case the encoded value, or the text printed. Never enters a sandbox.
        prelude: Python that the benchmark runs before each program.
        comparison: `{"kind": "exact"}`, `{"kind": "close", "atol": 1e-6, "rtol": 1e-7}`,
            `{"kind": "text"}` for printed output, or the special checker of a benchmark, by name;
            see `passk.domains.code.checkers`.
        reference: a solution known to be right, or None. It calibrates time limits on the machine
            that judges; how long it took is never kept here.
    """

    __test__ = False  # not a test of this project's

    entry: str | None
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    prelude: str = ""
    comparison: Mapping[str, Any] = field(default_factory=lambda: {"kind": "exact"})
    reference: str | None = None

    def dump(self) -> str:
        """As JSON, one text for equal tests."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Self:
        """From JSON. Raises ValueError (KeyError, TypeError inside) where it is not such."""
        read = json.loads(text)
        if not isinstance(read["inputs"], list) or not isinstance(read["expected"], list):
            raise TypeError("inputs and expected are lists")
        return cls(**read | {"inputs": tuple(read["inputs"]), "expected": tuple(read["expected"])})
