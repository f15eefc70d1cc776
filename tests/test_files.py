"""Files whole or not at all: killed writers, full disks, several writers at once."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from passk.core import files
from passk.core.files import FileError

OLD, NEW = "old " * 1000, "new " * 500_000


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail_after(path: Path) -> None:
    path.write_text(NEW)
    raise KeyError


def test_content_folders_and_mode_are_as_for_a_plain_write(tmp_path):
    plain, whole = tmp_path / "plain", tmp_path / "deep" / "er" / "whole"
    plain.write_text("a\r\nü\n", encoding="utf-8", newline="")
    files.write_text(whole, "a\r\nü\n")
    assert whole.read_bytes() == plain.read_bytes()
    assert whole.stat().st_mode == plain.stat().st_mode
    assert listed(whole.parent) == ["whole"]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "a"
    files.write_text(path, OLD)
    with pytest.raises(KeyError), files.replacing(path) as temporary:
        fail_after(temporary)
    assert path.read_text() == OLD
    assert listed(tmp_path) == ["a"]


def test_an_error_while_filling_a_folder_leaves_the_old_one(tmp_path):
    folder = tmp_path / "model"
    with files.replacing_folder(folder) as temporary:
        (temporary / "weights").write_text(OLD)
    with pytest.raises(KeyError), files.replacing_folder(folder) as temporary:
        fail_after(temporary / "other")
    assert listed(folder) == ["weights"]
    assert listed(tmp_path) == ["model"]


def test_a_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    folder = tmp_path / "model"
    for name in ("first", "second"):
        with files.replacing_folder(folder) as temporary:
            (temporary / name).write_text(name)
    assert listed(folder) == ["second"]
    assert listed(tmp_path) == ["model"]


KILLED = """
import os, signal, sys
from pathlib import Path
from passk.core import files

path, kind = Path(sys.argv[1]), sys.argv[2]
with getattr(files, kind)(path) as temporary:
    target = temporary / "part" if kind == "replacing_folder" else temporary
    target.write_text("new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["replacing", "replacing_folder"])
def test_killed_between_write_and_rename_the_old_content_stays(tmp_path, kind):
    path = tmp_path / "a"
    with getattr(files, kind)(path) as temporary:
        (temporary / "part" if kind == "replacing_folder" else temporary).write_text("old")
    process = subprocess.run([sys.executable, "-c", KILLED, str(path), kind], check=False)
    assert process.returncode == -signal.SIGKILL
    assert (path / "part" if kind == "replacing_folder" else path).read_text() == "old"
    assert len(listed(tmp_path)) == 2
    assert all(name == "a" or name.endswith(".tmp") for name in listed(tmp_path))
    with getattr(files, kind)(path) as temporary:
        (temporary / "part" if kind == "replacing_folder" else temporary).write_text("newer")
    assert (path / "part" if kind == "replacing_folder" else path).read_text() == "newer"
    if kind == "replacing_folder":  # models are large: what the killed one left is gone
        assert listed(tmp_path) == ["a"]


def test_on_a_full_disk_the_old_file_stays_and_no_part_is_left(tmp_path):
    # A limit on the size of files fails a write in its middle, as a full disk does.
    path = tmp_path / "a"
    files.write_text(path, OLD)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        for write in (files.write_text, files.write_once):
            with pytest.raises(OSError, match="too large"):
                write(path.with_name("b") if write is files.write_once else path, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == OLD
    assert listed(tmp_path) == ["a"]


def test_a_reader_beside_several_writers_sees_only_whole_files(tmp_path):
    path = tmp_path / "a"
    texts = [letter * 200_000 for letter in "abcd"]
    files.write_text(path, texts[0])
    writers = [
        threading.Thread(target=lambda text=text: [files.write_text(path, text) for _ in range(40)])
        for text in texts
    ]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_text())
    assert seen <= set(texts)
    assert listed(tmp_path) == ["a"]


def test_several_writers_of_a_folder_leave_one_of_theirs(tmp_path):
    folder, failed = tmp_path / "model", []

    def write(letter: str) -> None:
        try:
            for _ in range(40):
                with files.replacing_folder(folder) as temporary:
                    for name in ("x", "y"):
                        (temporary / name).write_text(letter)
        except OSError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert listed(tmp_path) == ["model"]
    assert (folder / "x").read_text() == (folder / "y").read_text()


def test_of_several_writers_of_a_file_that_is_written_once_the_first_wins(tmp_path):
    path, won = tmp_path / "a", []
    writers = [
        threading.Thread(target=lambda i=i: won.append((files.write_once(path, str(i)), i)))
        for i in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [str(i) for first, i in won if first] == [path.read_text()]
    assert listed(tmp_path) == ["a"]


def test_a_removed_folder_is_gone_and_a_missing_one_is_no_error(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for _ in range(2):
        files.remove_folder(tmp_path / "a")
        assert listed(tmp_path) == []


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_json_that_is_none_names_the_file_and_the_remedy(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"a\.json: not readable as JSON .*run it again"):
        files.read_json(path, "run it again")


def test_a_missing_file_names_itself(tmp_path):
    for read in (files.read_json, files.read_json_lines):
        with pytest.raises(FileError, match=r"a\.json: no such file; fetch it"):
            read(tmp_path / "a.json", "fetch it")


def test_json_lines_there_and_back(tmp_path):
    # U+2028 ends a line for str.splitlines(), but not in JSON.
    rows = [{"a": 1, "b": None}, {"a": 0.1, "b": "ü\u2028"}]
    for ascii_only in (True, False):
        files.write_text(tmp_path / "a", files.json_lines(rows, ascii_only=ascii_only))
        assert files.read_json_lines(tmp_path / "a") == rows
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.json_lines([{"a": float("nan")}])
    (tmp_path / "a").write_text('{"a": 1}\n{"a"\n')
    with pytest.raises(FileError, match="a, line 2: not JSON"):
        files.read_json_lines(tmp_path / "a")


def test_json_of_what_it_does_not_know_is_text(tmp_path):
    files.write_json(tmp_path / "a", {"path": Path("b")})
    assert json.loads((tmp_path / "a").read_text()) == {"path": "b"}
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208


def test_what_is_not_complete_stands_in_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(files.TEMPORARY, str(tmp_path / "state" / "tmp"))
    target = tmp_path / "data" / "a"
    with files.replacing(target) as temporary:
        temporary.write_text("x")
        assert temporary.parent == tmp_path / "state" / "tmp"
        assert listed(tmp_path / "data") == []
        with files.replacing(tmp_path / "other" / "a") as inner:  # the same name elsewhere
            inner.write_text("y")
            assert inner != temporary
    assert target.read_text() == "x"
    with files.replacing_folder(tmp_path / "data" / "model") as folder:
        (folder / "w").write_text("w")
        assert listed(tmp_path / "data") == ["a"]
    assert files.write_once(tmp_path / "data" / "once", "1")
    assert not files.write_once(tmp_path / "data" / "once", "2")
    assert listed(tmp_path / "data") == ["a", "model", "once"]
    assert listed(tmp_path / "state" / "tmp") == []


@pytest.mark.parametrize("kind", ["another file system", "another mount of it"])
def test_a_folder_for_temporary_files_elsewhere_costs_nothing(tmp_path, monkeypatch, kind):
    mounted = tmp_path / "state"
    mounted.mkdir()
    (tmp_path / "real").mkdir()
    words = ["-t", "tmpfs", "tmpfs"] if kind == "another file system" else ["--bind", "real"]
    done = subprocess.run(["mount", *words, str(mounted)], cwd=tmp_path, check=False)
    if done.returncode:
        pytest.skip("mounting a file system needs root")
    try:
        monkeypatch.setenv(files.TEMPORARY, str(mounted / "tmp"))
        for text in ("1", "2"):
            files.write_text(tmp_path / "data" / "a", text)
            with files.replacing_folder(tmp_path / "data" / "model") as folder:
                (folder / "w").write_text(text)
        assert files.write_once(tmp_path / "data" / "once", "1")
        assert not files.write_once(tmp_path / "data" / "once", "2")
        assert (tmp_path / "data" / "a").read_text() == "2"
        assert (tmp_path / "data" / "model" / "w").read_text() == "2"
        assert listed(tmp_path / "data") == ["a", "model", "once"]
        assert not any((mounted / "tmp").iterdir()) if (mounted / "tmp").exists() else True
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
