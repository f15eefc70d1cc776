"""A job hands out parameters as their schemas, and nothing that its stage does not declare."""

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from passk.pipeline.stages.job import Job


class Drawn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    n: int
    sets: list[str]


JOB = Job(
    "sample",
    "base",
    {
        "study": "toy",
        "seed": 7,
        "draws": {"base": {"n": 4, "sets": ["easy"]}, "rl": {"sets": ["hard"]}},
        "analysis": {"bootstrap": {"n": 9, "sets": []}},
    },
    "inputs",
)


def test_an_item_and_a_dotted_key_come_as_their_schema():
    assert JOB.settings("draws", Drawn) == Drawn(n=4, sets=["easy"])
    assert JOB.section("analysis.bootstrap", Drawn).n == 9
    assert (JOB.study, JOB.seed, JOB.sets_of("rl")) == ("toy", 7, ("hard",))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValidationError, match="sets"):
        JOB.section("analysis", Drawn)


def test_what_is_not_declared_is_not_there():
    with pytest.raises(KeyError):
        JOB.section("sampling", Drawn)
