"""Problems of several models beside each other: by id, by question, or refused in a line."""

import json

import pytest

from passk.core.rows import RecordedError
from passk.logs.alignment import align
from passk.logs.reader import LogReading, LogSummary, expand, read
from passk.logs.side import gather
from passk.logs.stated_problems import read_problems, reading_beside

N = 6


def lines(path, *values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def samples(*paths, summary=None, **reading):
    return list(read(expand(paths), LogReading(**reading), summary))


def sides(tmp_path, base, rl, **reading):
    rows = {"base": base, "rl": rl}
    return {
        name: gather(samples(lines(tmp_path / f"{name}.jsonl", *values), **reading))
        for name, values in rows.items()
    }


def row(p, **more):
    return {"problem": f"Q{p}?", "answer": str(p), "response": f"\\boxed{{{p}}}"} | more


def test_samples_of_one_question_stay_where_each_has_an_id_of_its_own(tmp_path):
    drawn = {
        name: [row(p, uuid=f"{name}-{p}-{s}") for p in range(N) for s in range(4)]
        for name in ("base", "rl")
    }
    with pytest.raises(RecordedError, match=r"uuid differs in all: .*problem_id=problem"):
        sides(tmp_path, **drawn)
    asked = {"fields": {"problem": "problem"}}
    aligned = align(sides(tmp_path, **drawn, **asked))
    assert aligned.by == "id"
    assert [problem.smallest_n for problem in aligned.problems] == [4] * N
    numbers = [s.number for s in aligned.problems[0].answered["rl"].samples]
    assert numbers == [0, 1, 2, 3]
    drawn["rl"][1] |= {"answer": "7"}
    with pytest.raises(RecordedError, match=r"rl.jsonl, line 2: problem 'Q0\?' has .* '7'"):
        align(sides(tmp_path, **drawn, **asked))


@pytest.mark.parametrize("golds", [True, False])
def test_ids_that_were_numbered_anew_are_refused(tmp_path, golds):
    def rows(order):
        kept = [row(p, id=i) for i, p in enumerate(order)]
        return [r if golds else {k: v for k, v in r.items() if k != "answer"} for r in kept]

    base, rl = rows(range(N)), rows([1, 0, *range(2, N)])  # two are enough
    table = [{"id": p, "problem": f"Q{p}?", "answer": str(p)} for p in range(N)]
    known = read_problems(lines(tmp_path / "problems.jsonl", *table), {})
    with pytest.raises(RecordedError, match=r"id '0' asks 'Q1\?' there.*problem_id=COLUMN"):
        align(sides(tmp_path, base, rl), known)
    by_question = sides(tmp_path, base, rl, fields={"problem": "problem"})
    assert len(align(by_question, known).problems) == N
    with pytest.raises(RecordedError, match=r"'0' is the id of a problem that asks 'Q0\?'"):
        align(sides(tmp_path, rl, rl), known)
    templated = [r | {"problem": "Solve: " + r["problem"]} for r in base]
    assert align(sides(tmp_path, base, templated), known).reworded == N


def test_one_id_with_two_questions_is_refused_on_one_side(tmp_path):
    two = [row(1, id=0), row(2, id=0, answer="1")]
    with pytest.raises(RecordedError, match=r"line 2: problem '0' asks 'Q2\?', and 'Q1\?' in .*1:"):
        sides(tmp_path, two, two)
    blanks = [row(1, id=0), row(1, id=0, problem=" Q1?\n"), row(1, id=0, problem=None)]
    assert len(sides(tmp_path, blanks, blanks)["rl"]) == 1


def test_sets_of_other_names_are_one_where_each_side_has_one(tmp_path):
    base = [row(p, id=p, benchmark="gsm8k") for p in range(N)]
    rl = [row(p, id=p, benchmark="gsm8k_cot") for p in range(N)]
    aligned = align(sides(tmp_path, base, rl))
    assert {problem.key[0] for problem in aligned.problems} == {"gsm8k"}
    other = [row(p, id=p, benchmark="math", problem=f"Other {p}?") for p in range(N)]
    with pytest.raises(RecordedError, match=r"the sets are 'gsm8k', 'math'"):
        align(sides(tmp_path, base, other))
    with pytest.raises(RecordedError, match=r"sets differ \(base: .*--where .*--column set="):
        align(sides(tmp_path, base, [*rl, *other]))


def test_a_column_that_differs_in_every_problem_holds_no_sets(tmp_path):
    base = [row(p, id=p, task=f"What is {p}?") for p in range(N)]
    rl = [row(p, id=p, task=f"Say: what is {p}?") for p in range(N)]
    assert {key[0] for key in (p.key for p in align(sides(tmp_path, base, rl)).problems)} == {"all"}
    told_apart = [row(p, id=0, task=f"set {p}") for p in range(N)]
    assert len(align(sides(tmp_path, told_apart, told_apart)).problems) == N


def test_a_rerun_is_refused_and_responses_of_another_file_are_counted(tmp_path):
    rows = [row(p, response=f"Long words about {p}. " * 20) for p in range(N)]
    first = lines(tmp_path / "seed1.jsonl", *rows)
    rerun = lines(tmp_path / "seed2.jsonl", *({"time": 1} | r for r in reversed(rows)))
    with pytest.raises(RecordedError, match=r"seed2.jsonl: holds the same 6 .* as .*seed1.jsonl"):
        samples(first, rerun)
    summary = LogSummary()
    partly = lines(tmp_path / "seed3.jsonl", *rows[:4], row(4), row(5))
    assert len(samples(first, partly, summary=summary)) == 2 * N
    assert summary.repeated == 4
    short = [lines(tmp_path / f"short{i}.jsonl", row(1) | {"run": i}) for i in range(2)]
    assert len(samples(*short)) == 2  # a short response may be drawn twice


def test_columns_may_be_named_for_the_file_of_problems_alone(tmp_path):
    problems = lines(tmp_path / "p.jsonl", *({"id": float(p), "key": str(p)} for p in range(N)))
    drawn = lines(tmp_path / "s.jsonl", *({"id": p, "response": str(p)} for p in range(N)))
    with pytest.raises(RecordedError, match=r"p.jsonl.*no right answer.*--column gold=COLUMN"):
        read_problems(problems, {})
    reading = LogReading(fields={"reference": "key"})
    side = gather(read([drawn], reading_beside(reading, [drawn], problems)))
    aligned = align({"a": side, "b": side}, read_problems(problems, reading.fields))
    assert [p.references for p in aligned.problems] == [(str(p),) for p in range(N)]
    with pytest.raises(RecordedError, match=r"no row has 'key'"):
        list(read([drawn], reading))
