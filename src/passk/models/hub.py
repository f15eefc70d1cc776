"""Model files of a commit of a repository of the Hugging Face hub, compared with their digests."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import filter_repo_objects

from passk.core.digests import file_digest
from passk.core.disk import FULL, is_full
from passk.models.fetching import PATTERNS, FetchError, check_weights, find_model_files


@dataclass(frozen=True)
class HubFile:
    """What the hub says of a file.

    Attributes:
        size: bytes.
        sha256: of a large file.
        git: of a small one, the SHA-1 by which git names its content.
    """

    size: int
    sha256: str | None
    git: str | None


def download(repository: str, commit: str, folder: Path) -> Path:
    """Download the model files of a commit into a folder; whole files there are not asked again.

    Raises:
        FetchError: no such repository or commit, no access, no connection, or a file that differs
            from what the hub promises.
    """
    try:
        files = _list_files(repository, commit)
        snapshot_download(
            repository, revision=commit, local_dir=folder, allow_patterns=sorted(files)
        )
    except RevisionNotFoundError as error:
        raise FetchError(f"revision {commit}: the repository has no such commit") from error
    except GatedRepoError as error:
        raise FetchError(
            "access must be asked for on the repository's page; then run `hf auth login` here"
        ) from error
    except RepositoryNotFoundError as error:
        raise FetchError(
            "the hub has no such repository, or it is private; a folder is written with /, ./, "
            "../ or ~/ before it"
        ) from error
    except Exception as error:  # of the client's HTTP library, which depends on its version
        if is_full(error):
            raise FetchError(f"{folder}: {FULL}") from error
        if (cached := find_cached(repository, commit)) is not None:
            return cached
        raise FetchError(
            f"the hub cannot be reached ({type(error).__name__}: {str(error).splitlines()[0]}), "
            f"and this machine's cache does not hold the commit. Fetch the repository elsewhere "
            f"(`hf download {repository} --revision {commit} --local-dir "
            "FOLDER`), then set source to that folder and revision to null"
        ) from error
    compare(folder, files)
    return folder


def find_cached(repository: str, commit: str) -> Path | None:
    """The folder of a commit in the hub's cache on this machine, where its model is whole there.

    Filled by `hf download REPOSITORY --revision COMMIT` while there was a network. A file there is
    named by the digest that the hub promised, and compared with it.
    """
    try:
        folder = Path(
            snapshot_download(
                repository, revision=commit, allow_patterns=list(PATTERNS), local_files_only=True
            )
        )
        files = find_model_files(folder)
        check_weights(folder, files)
    except (FetchError, HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError):
        return None
    return folder if all(map(_is_as_named, files)) else None


def _is_as_named(path: Path) -> bool:
    """Whether a file of the cache is what its name there says, where that is a digest."""
    name = path.resolve().name
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name):
        return True
    of_large = len(name) == 64
    promised = HubFile(path.stat().st_size, name if of_large else None, None if of_large else name)
    return _has_promised_content(path, promised)


def _list_files(repository: str, commit: str) -> dict[str, HubFile]:
    info = HfApi().model_info(repository, revision=commit, files_metadata=True)
    return {
        file.rfilename: HubFile(file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id)
        for file in filter_repo_objects(
            info.siblings or [], allow_patterns=list(PATTERNS), key=lambda file: file.rfilename
        )
        if "/" not in file.rfilename  # patterns cross folders; a model's files lie at the top
    }


def compare(folder: Path, files: Mapping[str, HubFile]) -> None:
    """Raise FetchError unless every file is there with the size and content promised."""
    for name, file in files.items():
        path = folder / name
        if not path.is_file():
            raise FetchError(f"{path}: not downloaded; run the stage again")
        if path.stat().st_size != file.size or not _has_promised_content(path, file):
            path.unlink()
            raise FetchError(f"{path}: not what the hub promised; removed, run the stage again")


def _has_promised_content(path: Path, file: HubFile) -> bool:
    if file.sha256 is not None:
        return file_digest(path) == file.sha256
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == file.git
