"""Where DVC keeps its cache, read without DVC, is where DVC itself says."""

import pytest
from dvc.repo import Repo

from passk.provenance.dvc_cache import find_cache


@pytest.mark.parametrize("written", ["../other", '"../other"', "'../a # b'"])
def test_a_path_in_quotes_is_read_as_dvc_reads_it(tmp_path, written):
    with Repo.init(str(tmp_path), no_scm=True):
        pass
    with (tmp_path / ".dvc" / "config").open("a") as file:
        file.write(f"[cache]\n    dir = {written}\n")
    with Repo(str(tmp_path)) as repo:
        theirs = repo.cache.legacy.path
    assert find_cache(tmp_path).resolve().as_posix() == theirs
