"""The verdict cache: what is kept, and everything that can happen to its file."""

import multiprocessing
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache
from passk.domains.verdict_database import VerdictDatabase

RIGHT, UNSURE = Verdict("correct", "equal", "1"), Verdict("unknown", "timeout", None)


def keys_of(cache, texts):
    return [cache.key("1", text, True) for text in texts]


def fill(folder, start, number=200):
    with VerdictCache(folder, "g") as cache:
        for key in keys_of(cache, map(str, range(start, start + number))):
            cache.put(key, RIGHT)


def read(folder, texts):
    """Verdicts of another process, as far as the cache knows."""
    with VerdictCache(folder, "g") as cache:
        keys = keys_of(cache, texts)
        verdicts = cache.get_many(keys)
        return [verdicts.get(key) for key in keys]


def file_of(folder):
    (path,) = folder.glob("*/*.sqlite")
    return path


def test_unknown_is_never_kept_and_graders_share_nothing(tmp_path):
    with VerdictCache(tmp_path, "one") as cache:
        cache.put(cache.key("1", "a", True), RIGHT)
        cache.put(cache.key("1", "b", True), UNSURE)
        assert cache.get(cache.key("1", "a", True)) == RIGHT  # written or not
    with VerdictCache(tmp_path, "one") as again:
        assert len(again) == 1
        assert again.get(again.key("1", "a", True)) == RIGHT
        assert again.get(again.key("1", "a", False)) is None
        assert again.get(again.key("2", "a", True)) is None
    with VerdictCache(tmp_path, "two") as other:
        assert len(other) == 0


def test_keys_tell_texts_apart_however_they_are_cut(tmp_path):
    cache = VerdictCache(tmp_path, "g")
    parts = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc",), ("a", "b", "c"), ("a\ud800", "")]
    assert len({cache.key(*texts) for texts in parts}) == len(parts)
    assert not list(tmp_path.iterdir())  # a cache that is only asked makes no file


def test_any_answer_comes_back_as_it_was(tmp_path):
    answers = ["", "\ud800", "a\nb\0c", "答案", "\U0001f600", None, "x" * 100_000]
    verdicts = [Verdict("wrong", "different", answer) for answer in answers]
    with VerdictCache(tmp_path, "g") as cache:
        for number, verdict in enumerate(verdicts):
            cache.put(cache.key("1", str(number), True), verdict)
    assert read(tmp_path, map(str, range(len(answers)))) == verdicts


def test_processes_write_at_once(tmp_path):
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=fill, args=(tmp_path, 100 * i)) for i in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 4
    assert read(tmp_path, map(str, range(500))) == [RIGHT] * 500


WRITER = """
import sys, time
from pathlib import Path
from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache
cache = VerdictCache(Path(sys.argv[1]), "g")
"""


def writer(folder, code, **options):
    command = [sys.executable, "-c", WRITER + code, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_kill_9_keeps_what_was_judged_a_second_before(tmp_path):
    code = """
for i in range(100):
    cache.put(cache.key("1", str(i), True), Verdict("correct", "equal", "1"))
time.sleep(1.1)
cache.put(cache.key("1", "100", True), Verdict("correct", "equal", "1"))
print("done", flush=True)
time.sleep(60)
"""
    process = writer(tmp_path, code)
    assert process.stdout.readline()
    process.kill()
    process.communicate()
    assert read(tmp_path, map(str, range(101))) == [RIGHT] * 101


def test_kill_9_in_the_middle_of_writing_leaves_whole_batches(tmp_path, capsys):
    code = """
for batch in range(10**6):
    print(batch, flush=True)
    for i in range(1000):
        cache.put(cache.key("1", f"{batch} {i}", True), Verdict("correct", "equal", "1"))
"""
    draw = random.Random(0)
    for _ in range(4):
        process = writer(tmp_path, code)
        process.stdout.readline()
        time.sleep(draw.uniform(0.05, 0.3))
        process.kill()
        begun = len(process.communicate()[0].splitlines())
        verdicts = read(tmp_path, [f"{batch} {i}" for batch in range(begun) for i in range(1000)])
        batches = [set(verdicts[k : k + 1000]) for k in range(0, len(verdicts), 1000)]
        assert set.union(set(), *batches[:-1]) <= {RIGHT}
        assert all(len(batch) == 1 for batch in batches)  # all of the last one, or none
    assert capsys.readouterr().err == ""


def test_a_damaged_row_is_named_ignored_and_healed(tmp_path, capsys):
    fill(tmp_path, 0, 3)
    path = file_of(tmp_path)
    content = path.read_bytes()
    assert content.count(b'"correct"') == 3
    path.write_bytes(content.replace(b'"correct"', b'"wrongly"', 1))
    verdicts = read(tmp_path, "012")
    assert verdicts.count(RIGHT) == 2
    assert verdicts.count(None) == 1
    complaint = capsys.readouterr().err
    assert str(path) in complaint
    assert "is damaged; such rows are ignored, and judged again" in complaint
    fill(tmp_path, 0, 3)
    assert read(tmp_path, "012") == [RIGHT] * 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("damage", ["cut short", "zeros", "text"])
def test_a_damaged_file_is_named_and_never_used_again(tmp_path, capsys, damage):
    fill(tmp_path, 0, 2000)
    path = file_of(tmp_path)
    content = path.read_bytes()
    half = len(content) // 8192 * 4096
    path.write_bytes(
        {"cut short": content[:half], "zeros": content[:100] + bytes(half), "text": b"x" * 9000}[
            damage
        ]
    )
    verdicts = read(tmp_path, map(str, range(2000)))
    assert set(verdicts) <= {RIGHT, None}
    assert None in verdicts
    complaint = capsys.readouterr().err
    assert str(path) in complaint
    assert "is damaged" in complaint
    fill(tmp_path, 0, 2000)
    assert read(tmp_path, map(str, range(2000))) == [RIGHT] * 2000
    assert capsys.readouterr().err == ""
    assert len(list(tmp_path.glob("*/*.sqlite"))) == 2


def test_no_damage_of_single_bytes_makes_a_wrong_verdict(tmp_path, capsys):
    fill(tmp_path, 0, 300)
    path = file_of(tmp_path)
    content = path.read_bytes()
    draw = random.Random(1)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(5):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        assert set(read(tmp_path, map(str, range(300)))) <= {RIGHT, None}
        for marker in path.parent.glob("*.damaged"):
            marker.unlink()
    capsys.readouterr()


def test_a_full_disk_is_said_once_and_judging_goes_on(tmp_path):
    code = """
for i in range(20_000):
    cache.put(cache.key("1", str(i), True), Verdict("correct", "equal", "1"))
print("done", cache.get(cache.key("1", "0", True)).verdict)
"""
    limit = 1 << 18
    process = writer(
        tmp_path, code, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    out, complaint = process.communicate()
    assert out == b"done correct\n", complaint
    assert complaint.count(b"judging goes on, nothing more is kept") == 1
    assert complaint.count(b"\n") == 1
    verdicts = read(tmp_path, map(str, range(20_000)))
    assert verdicts[:1000] == [RIGHT] * 1000
    assert verdicts[-1] is None
    fill(tmp_path, 19_000, 1000)  # space again
    assert read(tmp_path, map(str, range(19_000, 20_000))) == [RIGHT] * 1000


def test_a_folder_that_cannot_be_made_is_said_and_judging_goes_on(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    fill(tmp_path / "file", 0, 3)
    assert capsys.readouterr().err.count("judging goes on, nothing more is kept") == 1
    assert read(tmp_path / "file", "012") == [None] * 3


def test_a_lock_that_nobody_gives_back_stops_nobody(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("passk.domains.verdict_database._PATIENCE", 0.1)
    fill(tmp_path, 0, 3)
    code = """
cache._database._open(make=True).execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(60)
"""
    process = writer(tmp_path, code)
    assert process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    assert read(tmp_path, "012") == [None] * 3
    assert "cannot be read (database is locked)" in capsys.readouterr().err
    fill(tmp_path, 3, 1)
    assert "cannot be written (database is locked)" in capsys.readouterr().err
    process.kill()
    process.communicate()
    assert read(tmp_path, "0123") == [RIGHT] * 3 + [None]


def test_opening_and_looking_up_do_not_grow_with_the_file(tmp_path):
    """2,000 rows and 200,000 take the same memory and, within noise, the same time per lookup."""
    sizes = {}
    for number in (2000, 200_000):
        with VerdictDatabase(tmp_path / str(number)) as database:
            database.write({i.to_bytes(16, "big"): b"row" for i in range(number)})
        code = f"""
from passk.domains.verdict_database import VerdictDatabase
database = VerdictDatabase(Path(sys.argv[1]) / "{number}")
begun = time.monotonic()
assert len(database.read([i.to_bytes(16, "big") for i in range(0, {number}, {number} // 1000)]))
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(peak, time.monotonic() - begun)
"""
        out, _ = writer(tmp_path, code).communicate()
        sizes[number] = list(map(float, out.split()))
    assert sizes[200_000][0] - sizes[2000][0] < 4 << 10  # KiB; the file has 10 MB
    assert sizes[200_000][1] < 1
