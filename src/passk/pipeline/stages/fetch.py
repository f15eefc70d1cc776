"""`fetch@MODEL`: a checkpoint that somebody else made becomes a model of the study.

The parameters name the content (a digest or a commit), not only the place. So the source is no
dependency of the stage, and may vanish once it is fetched.
"""

import shutil
from pathlib import Path

from passk.config import paths
from passk.core.disk import FULL, is_full
from passk.core.files import replacing_folder
from passk.models.configuration import ConfigurationError
from passk.models.fetch_settings import Fetch
from passk.models.fetching import (
    FetchError,
    add_image_options,
    check_weights,
    digest_files,
    find_model_files,
    override_config,
)
from passk.models.served import ServedModel, write_served
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Copy a checkpoint's model files, checked; of the hub, going on where a kill stopped."""
    settings = job.settings("fetch", Fetch)
    key = f"fetch.{job.item}"
    if settings.served:
        with replacing_folder(paths.model(job.study, job.item)) as temporary:
            write_served(temporary, ServedModel(settings.served, settings.revision or ""))
        return {}
    resume = paths.RESUME / job.inputs
    try:
        if settings.folder:
            source = Path(settings.source).expanduser()
            files = find_model_files(source)
            _check_revision(key, settings.revision, digest_files(files, source))
        elif settings.revision is None:
            raise StageError(f"{key}.revision is null: not pinned yet; run `passk pin`")
        else:
            from passk.models.hub import download

            source = download(settings.source, settings.revision, resume)
            files = find_model_files(source)
        parameters = check_weights(source, files)
    except FetchError as error:
        raise StageError(f"{key}.source = {settings.source!r}: {error}") from error
    target = paths.model(job.study, job.item)
    try:
        _copy(key, settings, files, target)
    except OSError as error:
        if is_full(error):
            raise StageError(f"{key}: {target}: {FULL}") from error
        raise
    shutil.rmtree(resume, ignore_errors=True)
    return {
        "parameters": float(parameters),
        "bytes": float(sum(path.stat().st_size for path in target.iterdir())),
    }


def _copy(key: str, settings: Fetch, files: list[Path], target: Path) -> None:
    """Copy model files into the model's folder, whole or not at all."""
    with replacing_folder(target) as temporary:
        for path in files:
            shutil.copyfile(path, temporary / path.name)
        if settings.folder:  # what was copied is what was checked
            copies = [temporary / path.name for path in files]
            _check_revision(key, settings.revision, digest_files(copies, temporary))
        add_image_options(temporary)
        _override(key, temporary, settings)


def _override(key: str, folder: Path, settings: Fetch) -> None:
    if not settings.config:
        return
    try:
        override_config(folder, settings.config)
    except ConfigurationError as error:
        raise StageError(f"{key}.{error}") from error


def _check_revision(key: str, stated: str | None, revision: str) -> None:
    if stated is None:
        raise StageError(f"{key}.revision is null; the folder's is\n  revision: {revision}")
    if stated != revision:
        raise StageError(
            f"{key}.revision = {stated}: the folder holds other model files now; if they are "
            f"meant, write\n  revision: {revision}"
        )
