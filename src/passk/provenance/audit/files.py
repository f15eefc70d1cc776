"""Files of a study beside its lock: outputs, inputs, sources, cache, copies in git."""

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from passk.config import paths
from passk.core.digests import file_digest
from passk.data.sources import OtherFileError, check_file
from passk.provenance.audit.study import AuditCheck, AuditedStudy, flatten_outs
from passk.provenance.code_state import run_git
from passk.provenance.dvc_cache import cached_files, object_path, read_listing
from passk.provenance.lock import LOCK
from passk.provenance.tables_in_git import TABLES, find_other_copies

_SAMPLED = 20  # objects of the cache that are read without `--deep`


def check_outputs(study: AuditedStudy) -> AuditCheck:
    """Every output is here and has its digest; every stage ran."""
    check = AuditCheck("outputs are those of dvc.lock", "outputs")
    for name in sorted(set(study.stages) - set(study.entries)):
        first = next(iter(study.stages[name].outs), LOCK.as_posix())
        check.fault(
            first,
            name,
            f"the stage is not in {LOCK}: it never ran",
            f"dvc repro {name}",
            "it never ran",
        )
    for name, entry in study.locked.items():
        for path, md5 in entry.outs.items():
            check.looked_at += 1
            present = study.digest(path)
            if present != md5:
                problem = f"is {present or 'missing'}, should be {md5}"
                cause = "" if present else "missing"
                check.fault(path, name, problem, _bring_back(study, name, path, md5), cause)
    return check


def _bring_back(study: AuditedStudy, name: str, path: str, md5: str) -> str:
    """The command that brings an output back: from the cache where it lies there, or by its stage.

    DVC runs a stage whose output is missing or changed, or restores it.
    """
    cache = study.cache
    cached = cache and all(_is_whole(md5, file) for md5, file in cached_files(cache, md5))
    whole = cached and (not md5.endswith(".dir") or read_listing(cache, md5) is not None)  # type: ignore[arg-type]
    return f"dvc checkout --force {path}" if whole else f"dvc repro {name}"


def check_inputs(study: AuditedStudy) -> AuditCheck:
    """Every stage read what is here now; what no stage writes is as it was read."""
    check = AuditCheck("inputs and sources are those that were read", "inputs")
    outs = flatten_outs(study.locked.values())
    for name, entry in study.locked.items():
        for path, md5 in entry.deps.items():
            writer, written = outs.get(path, ("", ""))
            present = study.digest(path)
            if written and written != md5:
                problem = f"read {md5}, but {writer} wrote {written}"
                check.fault(path, name, problem, f"dvc repro {name}")
            elif present is None and (writer or _is_made(path, outs)):
                check.skip(f"what {name} read is not here; see the outputs")
                continue
            elif present != md5 and not writer and not _is_made(path, outs):
                problem = f"is {present or 'missing'}, {name} read {md5}"
                check.fault(path, name, problem, _restore_source(study, name, path, md5))
            elif present != md5 and not writer:
                problem = f"holds {present}, {name} read {md5}"
                check.fault(path, name, problem, f"dvc repro {name}")
            check.looked_at += 1
    return check


def _is_made(path: str, outs: Mapping[str, object]) -> bool:
    """Whether a path lies in an output, or around some."""
    inside = any(parent.as_posix() in outs for parent in Path(path).parents)
    return inside or any(out.startswith(f"{path}/") for out in outs)


def _restore_source(study: AuditedStudy, name: str, path: str, md5: str) -> str:
    tracked = run_git(study.root, "ls-files", "--error-unmatch", "--", path)
    if tracked and run_git(study.root, "diff", "--quiet", "HEAD", "--", path) is None:
        return f"git checkout HEAD -- {path}, or to go on with this one: dvc repro {name}"
    return f"put the file of md5 {md5} there, or to go on with this one: dvc repro {name}"


def check_sources(study: AuditedStudy) -> AuditCheck:
    """Published files have the digests that parameters or `sources.yaml` record."""
    check = AuditCheck("published files have their recorded digests", "files")
    for key, entry in _find_sources(study.values):
        path = Path(str(entry["path"]))
        if not (study.root / path).exists():
            check.skip(f"{path} ({key}) is not here")
            continue
        wanted = entry.get("sha256")
        try:
            check_file(
                str(entry["source"]), study.root / path, None if wanted is None else str(wanted)
            )
        except OtherFileError as error:
            remedy = str(error).removeprefix(error.fact).removeprefix(", or ")
            check.fault(path, key, error.fact, remedy)
        except (ValueError, OSError) as error:
            check.fault(path, key, str(error), "passk check")
        check.looked_at += 1
    return check


def _find_sources(values: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Where parameters name a published file, and its entry."""
    for section, items in values.items():
        for item, entry in items.items() if isinstance(items, Mapping) else ():
            if not isinstance(entry, Mapping):
                continue
            entries = {
                f"{section}.{item}": entry,
                f"{section}.{item}.benchmark": entry.get("benchmark"),
            }
            for key, inner in entries.items():
                if isinstance(inner, Mapping) and {"source", "path"} <= set(inner):
                    yield key, inner


def check_cache(study: AuditedStudy) -> AuditCheck:
    """DVC's cache has every output, and what is read of it has its digest."""
    check = AuditCheck("the cache has every output", "objects")
    cache = study.cache
    if cache is None or not cache.is_dir():
        check.skip("there is no cache here (a clone has none before it ran or pulled)")
        return check
    objects = {
        file: (name, path, md5)
        for name, entry in study.locked.items()
        for path, whole in entry.outs.items()
        if not _is_uncached(path, whole, cache)
        for md5, file in cached_files(cache, whole)
    }
    check.looked_at = len(objects)
    stride = 1 if study.deep else max(1, len(objects) // _SAMPLED)
    for number, (file, (name, path, md5)) in enumerate(objects.items()):
        if not file.is_file():
            problem, remove = "missing", ""
        elif (md5.endswith(".dir") or number % stride == 0) and not _is_whole(md5, file):
            problem, remove = f"damaged: its md5 should be {md5}", f"rm -f {file} && "
        else:
            continue
        present = study.digest(path) == study.locked[name].outs[path]
        remedy = f"dvc commit --force {name}" if present else f"dvc repro {name}"
        cause = "" if remove else f"missing, here: {present}"
        check.fault(file, name, f"{problem}; it is a part of {path}", remove + remedy, cause)
    if not study.deep:
        check.skip(f"the content of most of the {len(objects)} objects; --deep reads all")
    return check


def check_copies(study: AuditedStudy) -> AuditCheck:
    """Copies of tables in git are those tables, as the lock has them."""
    check = AuditCheck("copies of tables in git are those of dvc.lock", "copies")
    check.looked_at, others = find_other_copies(study.name, study.root)
    outs = flatten_outs(study.locked.values())
    for copy in others:
        file = copy.relative_to(study.root)
        table = paths.data(study.name) / file.relative_to(TABLES / study.name)
        name, md5 = outs.get(table.as_posix(), ("", ""))
        if not md5:
            problem, remedy = "dvc.lock has no such table", f"rm {file}"
        elif study.digest(table.as_posix()) == md5:
            problem, remedy = "is another table than dvc.lock has", "passk track"
        elif _is_committed(study, file, md5):
            problem, remedy = "was changed", f"git checkout HEAD -- {file}"
        else:
            problem, remedy = "is another table than dvc.lock has", f"rm {file}"
        check.fault(file, name, problem, remedy)
    return check


def _is_committed(study: AuditedStudy, file: Path, md5: str) -> bool:
    """Whether git's last commit has a file with a digest."""
    words = ["git", "-C", str(study.root), "show", f"HEAD:./{file.as_posix()}"]
    done = subprocess.run(words, capture_output=True, check=False)
    return done.returncode == 0 and hashlib.md5(done.stdout).hexdigest() == md5


def _is_uncached(path: str, md5: str, cache: Path) -> bool:
    """Whether an output is declared with `cache: false`: the report, which lies in git."""
    return path.startswith(f"{paths.REPORTS}/") and not object_path(cache, md5).exists()


def _is_whole(md5: str, file: Path) -> bool:
    return file.is_file() and file_digest(file, "md5") == md5.removesuffix(".dir")
