"""`passk pin`: resolve what a study does not pin yet, and get the files whose origin is known."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from passk.config.composition import REMEDY, compose_text, find_edits
from passk.config.composition_sources import STUDY
from passk.config.paths import PARAMS
from passk.config.pins import PINS, Pins, name_place, write_parameters, write_pins
from passk.config.schema import Study
from passk.config.study import validate
from passk.core.files import write_text
from passk.core.yaml_files import ParameterError, read
from passk.data.benchmark_settings import Benchmark
from passk.data.benchmarks import check_files, joined_digest
from passk.data.origins import Origin
from passk.data.sources import source
from passk.models.fetch_settings import Fetch


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names under `fetch` or `benchmarks`; all where none is given."),
    ] = None,
) -> None:
    """Resolve commits and digests of what is not pinned, write them, and get benchmarks' files.

    A model of the Hugging Face hub is pinned by its commit, a benchmark by its origin's commit and
    the digest of its file, which is got and put at its `path`. Pins are written to pins.yaml beside
    study.yaml, from which params.yaml is composed anew; in a study without study.yaml into
    params.yaml itself. Run it where the internet is; access to gated repositories is the hub's
    (`hf auth login`), and another hub is named by the environment variable HF_ENDPOINT. What is
    pinned stays; to resolve it anew, remove its line from pins.yaml.

    Example: passk pin

    Example: passk pin aime25 base
    """
    study = _read_study()
    chosen = _choose(study, names or [])
    pins: Pins = {}
    failed = 0
    try:
        for section, name, entry in chosen:
            failed += not _pin(section, name, entry, pins)
    finally:
        if pins:
            _write(pins)
    if failed:
        raise typer.Exit(1)


def _read_study() -> Study:
    """The study's parameters, whose files may be missing yet."""
    return validate(read(PARAMS), str(PARAMS))


def _choose(study: Study, names: list[str]) -> list[tuple[str, str, Fetch | Benchmark]]:
    """The entries to pin: those that are named, or all that are got from somewhere."""
    entries: list[tuple[str, str, Fetch | Benchmark]] = [
        ("fetch", name, fetched) for name, fetched in study.fetch.items() if not fetched.folder
    ]
    entries += [
        ("benchmarks", name, entry)
        for name, entry in study.benchmarks.items()
        if entry.got_from is not None
    ]
    known = [name for _, name, _ in entries]
    for name in names:
        if name not in known:
            raise ParameterError(
                f"{name}: nothing to pin of that name; legal: {', '.join(known) or 'none'}"
            )
    return [entry for entry in entries if not names or entry[1] in names]


def _pin(section: str, name: str, entry: Fetch | Benchmark, pins: Pins) -> bool:
    """Pin one entry, and say what was done; False where it cannot be."""
    from passk.models.fetching import FetchError
    from passk.models.pinning import UnreachableError

    try:
        pin = _pin_model(entry) if isinstance(entry, Fetch) else _pin_benchmark(entry)
    except UnreachableError as error:
        raise ParameterError(f"{error}; run `passk pin` where it can be") from error
    except (FetchError, ValueError, OSError) as error:
        typer.echo(f"{section}.{name}: {error}", err=True)
        return False
    if pin is None:
        typer.echo(f"{section}.{name}: is pinned")
        return True
    if pin:
        pins.setdefault(section, {})[name] = {"source": entry.source, **_place(entry), **pin}
    marks = [pin["revision"]] if "revision" in pin else [pin.get("sha256", "its file is there")]
    typer.echo(f"{section}.{name}: {marks[0]}")
    return True


def _place(entry: Fetch | Benchmark) -> dict[str, str]:
    """The origin that a benchmark states, by which its pin knows it again."""
    if isinstance(entry, Fetch) or entry.origin is None:
        return {}
    return {"place": name_place(entry.origin.model_dump())}


def _pin_model(entry: Fetch) -> dict[str, Any] | None:
    """The commit of a model; None where it is pinned."""
    from passk.models.pinning import resolve_commit

    if entry.revision is not None:
        return None
    return {"revision": resolve_commit(entry.source)}


def _pin_benchmark(entry: Benchmark) -> dict[str, Any] | None:
    """Get a benchmark's files; what pins them, nothing where that is known; None: all is there."""
    described, path = entry.described, Path(entry.path)
    if entry.pinned and path.exists():
        return None
    pin: dict[str, Any] = {}
    if not path.exists():
        for origin, target in _list_origins(entry):
            resolved = _get(origin, target)
            if not entry.pinned and resolved.hub is not None and not described.parts:
                pin["origin"] = resolved.model_dump(exclude_none=True)
    check_files(entry.source or described, path, entry.sha256)
    if not entry.pinned:
        pin["sha256"] = joined_digest(described, path)
    return pin


def _list_origins(entry: Benchmark) -> Iterator[tuple[Origin, Path]]:
    """Where each file of a benchmark is from, and where it goes."""
    path = Path(entry.path)
    for part, name in entry.described.parts.items():
        if (origin := source(name).origin) is not None:
            yield origin, path / part
    if not entry.described.parts and isinstance(entry.got_from, Origin):
        yield entry.got_from, path


def _get(origin: Origin, target: Path) -> Origin:
    """Get what an origin names, at a commit; the origin with that commit."""
    from passk.models.pinning import get_file, resolve_commit

    if origin.hub is not None and not origin.pinned:
        commit = resolve_commit(origin.hub, origin.revision, dataset=True)
        origin = origin.model_copy(update={"revision": commit})
    get_file(origin, target)
    return origin


def _write(pins: Pins) -> None:
    """Write pins where they belong, and compose params.yaml anew."""
    root = Path()
    if not (root / STUDY).exists():
        write_parameters(root / PARAMS, pins)
        typer.echo(f"{PARAMS}: pins are written")
        return
    edits = find_edits(root)
    write_pins(root, pins)
    if edits:
        raise ParameterError(
            f"{PINS}: pins are written, but {PARAMS} was edited by hand since it was composed "
            f"({', '.join(edits[:4])}); {REMEDY}, which says what to do"
        )
    with contextlib.chdir(root):
        write_text(PARAMS, compose_text(root))
    typer.echo(f"{PINS}: pins are written, and {PARAMS} is composed of them")
