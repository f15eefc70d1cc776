"""What the Hugging Face hub, or an address, says of a repository or a file that is not pinned yet.

Commits are resolved, and files of data sets got, by the hub's own client; another hub is chosen by
its environment variable HF_ENDPOINT. Every error is one line; `UnreachableError` says that nothing
else needs to be tried.
"""

import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import filter_repo_objects
from tqdm import tqdm

from passk.core.files import replacing, replacing_folder
from passk.data.origins import Origin
from passk.models.fetching import FetchError
from passk.models.hub import HubFile, compare

_TIMEOUT = 30.0  # seconds without an answer
_CHUNK = 1 << 20


class UnreachableError(FetchError):
    """There is no way to the hub or the address from here."""


def resolve_commit(repository: str, revision: str | None = None, *, dataset: bool = False) -> str:
    """The commit that a branch or tag of a repository is now; its main branch by default.

    Raises:
        FetchError: no such repository or revision, or no access to it.
        UnreachableError: no connection.
    """
    with _one_line(repository, revision):
        info = HfApi().repo_info(
            repository, revision=revision, repo_type=_kind(dataset), timeout=_TIMEOUT
        )
        return str(info.sha)


def get_file(origin: Origin, target: Path) -> None:
    """Get what an origin names, whole or not at all: a file, or a folder where it is several.

    Args:
        origin: of a repository, with the commit.
        target: the file, or the folder, to write.

    Raises:
        FetchError: no such file, or another content than is promised.
        UnreachableError: no connection.
    """
    if origin.url is not None:
        _get_address(origin.url, target)
        return
    assert origin.hub is not None, "checked by the schema, as the next"
    assert origin.file is not None, "a repository has files"
    with _one_line(origin.hub, origin.revision), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = _list_files(origin.hub, str(origin.revision), origin.file)
        if not files:
            raise FetchError(f"{origin.hub}: no file {origin.file!r} at {origin.revision}")
        for file in sorted(files):
            hf_hub_download(
                origin.hub, file, repo_type="dataset", revision=origin.revision, local_dir=folder
            )
        compare(folder, files)
        _put(folder, sorted(files), target, several=origin.several)


def _put(folder: Path, names: list[str], target: Path, *, several: bool) -> None:
    """Copy what was downloaded to its place; files of several folders get these in their names."""
    if not several:
        with replacing(target) as temporary:
            shutil.copyfile(folder / names[0], temporary)
        return
    with replacing_folder(target) as temporary:
        for name in names:
            shutil.copyfile(folder / name, temporary / name.replace("/", "-"))


def _list_files(repository: str, commit: str, pattern: str) -> dict[str, HubFile]:
    info = HfApi().dataset_info(repository, revision=commit, files_metadata=True, timeout=_TIMEOUT)
    return {
        file.rfilename: HubFile(file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id)
        for file in filter_repo_objects(
            info.siblings or [], allow_patterns=[pattern], key=lambda file: file.rfilename
        )
    }


def _get_address(url: str, target: Path) -> None:
    try:
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT) as answer,
            replacing(target) as temporary,
            temporary.open("wb") as stream,
            tqdm(
                total=int(answer.headers.get("Content-Length") or 0) or None,
                unit="B", unit_scale=True, desc=target.name,
            ) as bar,
        ):  # fmt: skip
            while chunk := answer.read(_CHUNK):
                stream.write(chunk)
                bar.update(len(chunk))
            if bar.total is not None and bar.n != bar.total:
                raise FetchError(f"{url}: ended after {bar.n} of {bar.total} bytes; run it again")
    except urllib.error.HTTPError as error:
        raise FetchError(f"{url}: answers {error.code} {error.reason}; correct the url") from error
    except (urllib.error.URLError, OSError) as error:
        raise UnreachableError(f"{url} cannot be reached from here ({error})") from error


def _kind(dataset: bool) -> str:
    return "dataset" if dataset else "model"


@contextmanager
def _one_line(repository: str, revision: str | None) -> Iterator[None]:
    """Say the hub's errors in one line each."""
    try:
        yield
    except FetchError:
        raise
    except RevisionNotFoundError as error:
        raise FetchError(f"{repository}: has no revision {revision!r}") from error
    except GatedRepoError as error:
        raise FetchError(
            f"{repository}: access must be asked for on its page; then run `hf auth login` here"
        ) from error
    except RepositoryNotFoundError as error:
        raise FetchError(
            f"{repository}: the hub has no repository of that name, or it is private"
        ) from error
    except HfHubHTTPError as error:
        code = getattr(error.response, "status_code", "no status")
        raise FetchError(f"{repository}: the hub answers {code}; try again later") from error
    except Exception as error:  # of the client's HTTP library, which depends on its version
        raise UnreachableError(
            f"the hub {constants.ENDPOINT} cannot be reached from here ({type(error).__name__})"
        ) from error
