"""Whether the engines that a study needs start on this host: `passk check --here`."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from passk.config.study import Study
from passk.core.machine import Machine
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.probing import require_packages
from passk.sampling.engines.registry import ENGINES


@dataclass(frozen=True)
class EngineFinding:
    """What became of one engine.

    Attributes:
        engine: its name.
        users: draws or arms that need it, as `draws a, b`.
        said: what it is; or what is wrong, with the remedy.
        works: which of them.
    """

    engine: str
    users: str
    said: str
    works: bool

    def __str__(self) -> str:
        return f"{self.engine} ({self.users}): {self.said}"


def probe_engines(study: Study, machine: Machine, *, draw: bool) -> Iterator[EngineFinding]:
    """Start each engine that draws or arms name, one after the other.

    Args:
        study: what is needed.
        machine: how engines start here.
        draw: whether each also draws two samples of a tiny model, if it draws of checkpoints.
    """
    for name in dict.fromkeys(entry.engine for entry in study.draws.values()):
        engine = ENGINES[name]
        draws = {key: entry.model for key, entry in study.draws.items() if entry.engine == name}
        sources = {model: _source(study, model) for model in draws.values()}
        if engine.probe is not None:
            start = partial(engine.probe, machine, sources)
            yield _try(name, _list("draws", list(draws)), start)
        if draw and engine.blocks is not None and not engine.served:
            yield _try(name, "a tiny draw", partial(_draw, name, machine))
    for name in dict.fromkeys(arm.engine for arm in study.train.values()):
        arms = [key for key, arm in study.train.items() if arm.engine == name]
        yield _try(name, _list("arms", arms), partial(_find_trainer, name))


def _list(kind: str, names: Sequence[str]) -> str:
    """Names of draws or arms, the first few of many."""
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return f"{kind} {', '.join(names[:3] if more else names)}{more}"


def _try(engine: str, users: str, start: Callable[[], str]) -> EngineFinding:
    """Start it; whatever is wrong becomes the finding."""
    try:
        return EngineFinding(engine, users, start(), works=True)
    except (ValueError, OSError, ImportError) as error:
        return EngineFinding(engine, users, str(error), works=False)


def _source(study: Study, model: str) -> str:
    fetched = study.fetch.get(model)
    return fetched.source if fetched else ""


def _find_trainer(name: str) -> str:
    """What this environment, in which arms train, has for an engine's rollouts."""
    packages = ENGINES[name].rollout_packages or ("torch", "trl")
    remedy = (
        "make setup-vllm, and train with its Python"
        if "vllm" in packages
        else "pip install 'passk[training]'"
    )
    require_packages(packages, remedy)
    return ", ".join(f"{package} {version(package)}" for package in packages)


def _draw(name: str, machine: Machine) -> str:
    """Two samples of a tiny model, made for this and thrown away."""
    load = ENGINES[name].blocks
    assert load is not None, "asked for before"
    with tempfile.TemporaryDirectory() as scratch:
        model = _make_model(Path(scratch) / "tiny")
        config = SamplingConfig(model, 1.0, 1.0, 8, 8, "float32", plain=True, machine=machine)
        blocks = plan_blocks({"engine": name}, "a b", None, 2, 2)
        ((_, samples),) = load(config).draw(blocks, lambda _: None)
    tokens = sum(len(sample.token_ids) for sample in samples)
    return f"{len(samples)} samples of {tokens} tokens"


def _make_model(folder: Path) -> Path:
    """A model of one layer with random weights, of a shape that every engine takes."""
    from passk.models.tiny import make_tiny_model
    from passk.models.tokenizer import train_tokenizer

    tokenizer = train_tokenizer("qwen2", ["a b c"], vocabulary=260, context=64)
    model = make_tiny_model(
        "qwen2", layers=1, width=64, heads=2, key_value_heads=1, feed_forward=64, context=64,
        rope_theta=10000.0, init_std=0.02, tokenizer=tokenizer, seed=0,
    )  # fmt: skip
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
