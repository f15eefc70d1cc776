"""Tokens of responses: counted in a study's own tables where they are there, else priors."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from passk.config import paths
from passk.config.checks.lengths import find_origin
from passk.config.checks.names import arm_of
from passk.config.schema import Study
from passk.domains.worlds import WORLDS
from passk.planning.priors import Guess, read_priors
from passk.planning.problems import source_of


@dataclass(frozen=True)
class HeldSamples:
    """What a samples table holds of a set: samples, and mean tokens of a response."""

    samples: int
    tokens: float


@dataclass(frozen=True)
class ResponseLengths:
    """Lengths of a study's responses; `root` is its folder."""

    study: Study
    root: Path = Path()

    @cached_property
    def drawn(self) -> dict[tuple[str, str], HeldSamples]:
        """(draw, set) -> what was sampled; only the column of lengths is read."""
        found = {}
        for name in self.study.draws:
            path = self.root / paths.samples(self.study.study, name)
            if path.exists():
                table = pl.scan_parquet(path).group_by("set").agg(pl.len(), pl.mean("n_tokens"))
                for set_name, rows, tokens in table.collect().iter_rows():
                    found[name, set_name] = HeldSamples(rows, tokens or 0.0)
        return found

    def response(self, draw: str, set_name: str) -> Guess:
        """Mean tokens of a draw's responses on a set, at most what they may have.

        Of its own samples; else of another draw of the same model, template and set; else a prior.
        """
        entry = self.study.draws[draw]
        limit = entry.max_new_tokens or float("inf")
        if (own := self.drawn.get((draw, set_name))) is not None:
            return Guess(own.tokens, "measured")
        for (other, other_set), drawn in self.drawn.items():
            second = self.study.draws[other]
            same = (second.model, second.template) == (entry.model, entry.template)
            if other_set == set_name and same:
                return Guess(min(drawn.tokens, limit), f"measured on {other}")
        return self._prior(entry.model, set_name, limit)

    def rollout(self, arm: str) -> Guess:
        """Mean tokens of an arm's rollouts: those of its start model on its set."""
        entry = self.study.train[arm]
        for (name, set_name), drawn in self.drawn.items():
            if set_name == entry.set and self.study.draws[name].model == entry.start:
                return Guess(min(drawn.tokens, entry.max_new_tokens), f"measured on {name}")
        return self._prior(entry.start, entry.set, entry.max_new_tokens)

    def _prior(self, model: str, set_name: str, limit: float) -> Guess:
        origin = find_origin(self.study, arm_of(model))
        if origin in self.study.pretrain:  # worlds' responses fill half of what they may
            return Guess(limit / 2, "prior: half of the longest")
        fetched = self.study.fetch.get(origin)
        guess = read_priors().response(
            fetched.source if fetched else origin,
            domain_of(self.study, set_name),
            source_of(self.study, set_name),
        )
        return Guess(min(guess.tokens, limit), guess.source)


def domain_of(study: Study, set_name: str) -> str:
    """The domain of a set's problems."""
    view = study.analysis.views.get(set_name)
    problems = study.sets[view.set if view else set_name].problems
    if problems in study.worlds:
        return WORLDS[study.worlds[problems].world].domain
    if problems in study.benchmarks:
        return study.benchmarks[problems].described.domain
    imported = study.imported[problems]
    benchmark = imported.benchmark
    return str(imported.domain) if benchmark is None else benchmark.described.domain
