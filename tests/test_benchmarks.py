"""Published formats become problems; what is counted, flagged, refused; nothing is unpickled."""

import base64
import datetime
import gzip
import json
import pickle
import re
import zlib
from collections import Counter
from pathlib import Path

import pytest

from passk.core.rows import RecordedError, Row
from passk.data.benchmarks import read_benchmark
from passk.data.filters import apply_filters
from passk.data.problem_filters import DateWindow, Untagged
from passk.data.readers import READERS
from passk.data.responses import as_response
from passk.data.sources import check_file, files, source, sources
from passk.domains.benchmark_problem import FLAGGED, UNTESTED
from passk.domains.benchmark_tables import problem_table
from passk.domains.code.readers import asserts
from passk.domains.code.readers.json_values import read_json_value
from passk.domains.code.readers.livecodebench import PRELUDE, errata
from passk.domains.code.readers.pickled import pickled_text
from passk.domains.code.sandbox.values import decode, encode
from passk.domains.registry import DOMAINS
from passk.logs.benchmark_join import in_common, join_benchmark
from passk.logs.reader import LogReading
from passk.logs.reader import read as read_log
from passk.logs.sample import LogSample
from passk.logs.side import gather

HUMANEVAL = {
    "task_id": "HumanEval/53",
    "prompt": "def add(x: int, y: int):\n    '''Add.'''\n",
    "entry_point": "add",
    "canonical_solution": "    return x + y\n",
    "atol": 0,
    "base_input": [[0, 1]],
    "plus_input": [[-3, 7], [1, 1]],
}
MBPP = HUMANEVAL | {"task_id": "Mbpp/1", "prompt": '"""Add."""\n'}
LIVECODEBENCH = {
    "question_id": "abc301_a",
    "question_title": "A. Overall Winner",
    "question_content": "Print it.",
    "platform": "atcoder",
    "contest_id": "abc301",
    "contest_date": "2024-08-03T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
}
STDIN = [{"input": "1\n", "output": "1\n", "testtype": "stdin"}]
FUNCTIONAL = [{"input": '[1, 2]\n"a"', "output": "[3]", "testtype": "functional"}]
TACO = {
    "question": "Double it.",
    "difficulty": "EASY",
    "source": "codeforces",
    "starter_code": "",
    "solutions": json.dumps(["print(2 * int(input()))"]),
    "input_output": json.dumps({"inputs": ["1\n", ["2", "3"]], "outputs": ["2\n", ["4"]]}),
}
LEETCODE = {
    "task_id": "two-sum",
    "difficulty": "Easy",
    "tags": ["Array"],
    "estimated_date": "2015-08-07",
    "problem_description": "Given numbers.",
    "starter_code": "class Solution:\n    def twoSum(self, nums: List[int], target: int):\n    ",
    "prompt": "from typing import *\n",
    "entry_point": "Solution().twoSum",
    "completion": "class Solution:\n    def twoSum(self, nums, target):\n        return [0, 1]\n",
    "query": "Given numbers. Answer.",
    "test": "def check(candidate):\n    assert candidate(nums = [2, 7], target = 9) == [0, 1]\n",
}
MATHVISTA = {
    "pid": "2",
    "question": "How long is it?",
    "image": "images/2.jpg",
    "choices": None,
    "unit": "cm",
    "precision": 1,
    "answer": "1.2",
    "question_type": "free_form",
    "answer_type": "float",
    "metadata": {"task": "geometry", "grade": "not applicable", "skills": ["algebra"]},
}
MATHVISION = {
    "id": "4",
    "question": "How many?\n<image1>",
    "options": [],
    "answer": "6",
    "solution": None,
    "level": 1,
    "subject": "counting",
    "image": "images/4.jpg",
}
GEOMETRY3K = {
    "images": [{"bytes": b"png", "path": None}],
    "problem": "<image>Find x.",
    "answer": "3",
}
ROWS = {
    "geometry3k": GEOMETRY3K,
    "mathvista": MATHVISTA,
    "mathvision": MATHVISION,
    "humaneval": HUMANEVAL | {"test": "def check(candidate):\n    assert candidate(0, 1) == 1\n"},
    "humaneval_plus": HUMANEVAL,
    "mbpp_plus": MBPP,
    "livecodebench": LIVECODEBENCH
    | {
        "metadata": "{}",
        "public_test_cases": json.dumps(STDIN),
        "private_test_cases": json.dumps(STDIN),
    },
    "taco": TACO,
    "leetcode": LEETCODE,
    "math_sets": {"id": "1", "problem": "1+1?", "answer": 2.0},
}
MATH = {"name": "id", "question": "problem", "answer": "answer"}


def problems(adapter, *rows, **options):
    placed = [Row(f"row {number}", row) for number, row in enumerate(rows, 1)]
    return list(READERS[adapter](placed, options or (MATH if adapter == "math_sets" else {})))


def packed(value):
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


# ------------------------------------------------------------------------------------- real files

COUNTS = {
    "humaneval_plus": ("code/HumanEvalPlus-v0.1.10.jsonl.gz", 164),
    "humaneval_base": ("code/HumanEvalPlus-v0.1.10.jsonl.gz", 164),
    "humaneval": ("code/HumanEval.jsonl.gz", 164),
    "livecodebench_v5": ("code/livecodebench_v5_problems.jsonl", 880),
    "gsm8k": ("math/gsm8k.jsonl", 1319),
    "math500": ("math/math500.jsonl", 500),
    "minerva_math": ("math/minerva_math.jsonl", 272),
    "olympiadbench": ("math/olympiadbench.jsonl", 675),
    "aime24": ("math/aime24.jsonl", 30),
    "amc23": ("math/amc23.jsonl", 40),
    "mathvista_testmini": ("visual/mathvista_testmini.json", 1000),
    "mathvision_testmini": ("visual/mathvision_testmini.jsonl", 304),
    "mathvision_test": ("visual/mathvision_test.jsonl", 3040),
}


@pytest.mark.parametrize("name", COUNTS)
def test_published_files_have_the_papers_numbers_of_problems(real, name):
    path, number = COUNTS[name]
    found = read_benchmark(name, real / path)
    frame = problem_table(found, name, DOMAINS[source(name).domain], source(name).title)
    assert len(found) == frame["problem_id"].n_unique() == number == source(name).problems
    if source(name).domain != "code":
        assert not any(one.tests for one in found)
        assert all(one.answer for one in found)
    elif name != "livecodebench_v5":
        assert all(one.tests.inputs and one.tests.reference for one in found if one.tests)


INSIDE = [
    name
    for name, one in sources().items()
    if one.tried and re.match(r"(math|code|visual)/", one.tried)
]


def test_what_the_table_calls_tried_is_what_is_tried_here():
    assert set(INSIDE) == set(COUNTS)
    assert {name: sources()[name].tried for name in INSIDE} == {
        n: p for n, (p, _) in COUNTS.items()
    }
    for name, one in sources().items():
        assert one.tried or one.layout, name
        elsewhere = one.tried and name not in INSIDE
        assert not elsewhere or re.match(r"[\w-]+/[\w-]+ [0-9a-f]{7}: \S+$", one.tried), name


@pytest.mark.parametrize("name", INSIDE)
def test_a_tried_file_has_the_recorded_digest(real, name):
    assert check_file(name, real / sources()[name].tried) in sources()[name].sha256.values()


# Rows of files that are published and not here, as their layouts have them.
PUBLISHED = {
    "omni_math_rule": {
        "domain": ["Mathematics -> Algebra", "Mathematics -> Number Theory"], "difficulty": 4.5,
        "problem": "Find n.", "solution": "...", "answer": "\\frac{1}{2}", "source": "HMMT_2",
    },
    "aime25": {"problem": "Find n.", "answer": "70", "id": "0"},
    "math_beyond": {"problem": "Find n.", "answer": "70", "topic": "x"},
    "gsm8k_train": {"question": "How many?", "answer": "So <<1+1=2>>2.\n#### 1,002"},
    "math_train": {
        "problem": "Find n.", "level": "Level 5", "type": "Algebra",
        "solution": "It is \\boxed{3}, no, $\\boxed{\\frac{1}{2}}$.",
    },
    "simplerl_zoo": {
        "input": "<|im_start|>...", "answer": "It is 2.", "gt_answer": "2", "subject": "Algebra",
        "level": 5, "question": "Find n.", "ground_truth_answer": "2", "target": "2",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "tags"),
    [
        ("omni_math_rule", r"\frac{1}{2}",
         ("Mathematics -> Algebra", "Mathematics -> Number Theory", "4.5", "HMMT_2")),
        ("aime25", "70", ()),
        ("math_beyond", "70", ()),
        ("gsm8k_train", "1002", ()),
        ("math_train", r"\frac{1}{2}", ("Algebra", "Level 5")),
        ("simplerl_zoo", "2", ("Algebra", "5")),
    ],
)  # fmt: skip
def test_rows_of_math_sets_as_they_are_published(name, answer, tags):
    entry = source(name)
    (one,) = problems(entry.reader, PUBLISHED[name], **entry.options)
    assert (one.name, one.answer, one.tags) == ("0", answer, tags)


def test_a_joined_set_has_the_problems_of_its_parts_under_their_names(tmp_path):
    whole = tmp_path / "joined"
    (whole / "math").mkdir(parents=True)
    write(whole / "gsm8k.jsonl", PUBLISHED["gsm8k_train"])
    write(whole / "math" / "algebra.jsonl", PUBLISHED["math_train"])
    write(whole / "math" / "geometry.jsonl", PUBLISHED["math_train"] | {"problem": "Find m."})
    found = read_benchmark("gsm8k_math_train", whole, "any")
    assert [one.name for one in found] == ["gsm8k_train/0", "math_train/0", "math_train/1"]
    assert [one.answer for one in found] == ["1002", r"\frac{1}{2}", r"\frac{1}{2}"]
    with pytest.raises(RecordedError, match=r"gsm8k\.jsonl: sha256 is .* gsm8k_train has 17f347dc"):
        read_benchmark("gsm8k_math_train", whole)


def test_integers_of_tests_may_have_any_number_of_digits():
    digits = "1" + "0" * 5000
    assert read_json_value(f'[{digits}, "{digits}", -{digits}, 7]') == [
        10**5000,
        digits,
        -(10**5000),
        7,
    ]


def test_livecodebench_has_880_problems_and_279_in_the_papers_window(real):
    found = read_benchmark("livecodebench_v5", real / COUNTS["livecodebench_v5"][0])
    frame = problem_table(found, "lcb", DOMAINS["code"], "LiveCodeBench")
    window = {"first": datetime.date(2024, 8, 1), "last": datetime.date(2025, 1, 31)}
    kept, table = apply_filters(frame, [DateWindow.model_construct(**window)])
    assert (frame.height, kept.height) == (880, 279)
    assert table.row(0)[2:4] == (880, 279)
    # All that the errata name are here, and those whose statements accept several outputs; a view
    # can leave them out.
    assert len(errata()) == 17
    reasons = Counter(one.tags[-1] for one in found if FLAGGED in one.tags)
    assert reasons == {"multiple-answers": 17, "tolerance": 9, "interactive": 2, "wrong-tests": 4}
    assert apply_filters(frame, [Untagged(tags=[FLAGGED])])[0].height == 848
    # Without tests they can be asked and dated, not judged, and each says so.
    assert frame["tests"].null_count() == 880
    assert apply_filters(frame, [Untagged(tags=[UNTESTED])])[0].is_empty()


def test_original_humaneval_is_cast_but_for_the_scripts(real):
    found = read_benchmark("humaneval", real / COUNTS["humaneval"][0])
    scripts = {one.name for one in found if one.tests is None}
    assert len(scripts) == 12
    assert {"HumanEval/32", "HumanEval/38", "HumanEval/50"} <= scripts
    fourth = found[4].tests
    assert fourth.comparison == {"kind": "close", "atol": 1e-6, "rtol": 0.0}
    assert decode(fourth.expected[0]) == 2.0 / 3.0


# ---------------------------------------------------------------------------------------- formats


def test_humaneval_plus_and_mbpp_plus_leave_expected_outputs_to_the_reference():
    for adapter, row in (("humaneval_plus", HUMANEVAL), ("mbpp_plus", MBPP)):
        (one,) = problems(adapter, row)
        assert one.tests.inputs == tuple(map(encode, ([0, 1], [-3, 7], [1, 1])))
        assert one.tests.expected == ()
        assert one.tests.reference == one.answer == row["prompt"] + row["canonical_solution"]
        assert one.tests.comparison == {"kind": "close", "atol": 0}
        assert one.question == row["prompt"].strip()
        (base,) = problems(adapter, row, plus=False)
        assert base.tests.inputs == (encode([0, 1]),)
        # some copies hold inputs as a string of JSON, or nothing at all
        (text,) = problems(adapter, row | {"plus_input": json.dumps(row["plus_input"])})
        assert text.tests == one.tests
        (none,) = problems(adapter, row | {"plus_input": ""})
        assert none.tests == base.tests


@pytest.mark.parametrize(
    ("task", "case", "arguments"),
    [
        (2, [[1], [2]], [(1,), (2,)]),
        (63, [[[1, 2], [3, 4]]], [[(1, 2), (3, 4)]]),
        (75, [[[1, 2]], 3], [[(1, 2)], 3]),
        (106, [[1], [2]], [[1], (2,)]),
        (115, [[[1, 1], []]], [[{1}, {}]]),
        (124, ["1", "1j"], [1.0, 1j]),
        (250, [[1], 2], [(1,), 2]),
        (307, [[1], 2, 3], [(1,), 2, 3]),
        (259, [[[1, 2]], [[3]]], [((1, 2),), ((3,),)]),
        (278, [[1, [2]]], [(1, (2,))]),
        (722, [{"a": [1]}, 2], [{"a": (1,)}, 2]),
        (252, ["1+2j"], [1 + 2j]),
        (580, [[1, [2, [3]]]], [(1, (2, (3,)))]),
        (3, [[1]], [[1]]),
    ],
)
def test_mbpp_plus_inputs_get_back_the_types_that_json_lost(task, case, arguments):
    row = MBPP | {"task_id": f"Mbpp/{task}", "base_input": [case], "plus_input": []}
    (one,) = problems("mbpp_plus", row)
    assert one.tests.inputs == (encode(arguments),)


def test_livecodebench_private_tests_are_read_plain_or_packed():
    row = ROWS["livecodebench"]
    (plain,) = problems("livecodebench", row)
    assert plain.tests.inputs == ("1\n", "1\n")
    assert plain.tests.entry is None
    assert plain.tests.comparison == {"kind": "text"}
    assert (plain.date, plain.tags) == ("2024-08-03", ("atcoder", "easy"))
    (one,) = problems("livecodebench", row | {"private_test_cases": packed(json.dumps(STDIN))})
    assert one.tests == plain.tests
    (method,) = problems(
        "livecodebench",
        row
        | {
            "starter_code": "class Solution:\n    def f(self, a, b):\n        ",
            "metadata": json.dumps({"func_name": "f"}),
            "public_test_cases": json.dumps(FUNCTIONAL),
            "private_test_cases": packed(json.dumps(FUNCTIONAL)),
        },
    )
    assert method.tests.entry == "Solution.f"
    assert method.tests.inputs == (encode([[1, 2], "a"]),) * 2
    assert method.tests.expected == (encode([3]),) * 2
    compile(PRELUDE, "prelude", "exec")


def test_livecodebench_errata_say_why():
    (one,) = problems("livecodebench", LIVECODEBENCH | {"question_id": "abc343_e"})
    assert one.tags[2:] == (FLAGGED, "multiple-answers")
    (other,) = problems("livecodebench", LIVECODEBENCH | {"question_title": "most-frequent-ids"})
    assert other.tags[2:] == (FLAGGED, "wrong-tests")


class Exploit:
    def __reduce__(self):
        return Path.touch, (Path("ran"),)


def test_a_malicious_pickle_is_refused_and_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Exploit()))  # it would run
    assert Path("ran").exists()
    Path("ran").unlink()
    row = ROWS["livecodebench"] | {"private_test_cases": packed(Exploit())}
    with pytest.raises(RecordedError, match=r"row 1: 'private_test_cases'.* opcode .*can run"):
        problems("livecodebench", row)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (packed(["[1]"]), "opcode"),
        (packed(3), "opcode"),
        (packed(b"[1]"), "opcode"),
        ("?", "not base64 of zlib"),
        (base64.b64encode(b"no zlib").decode(), "not base64 of zlib"),
        (base64.b64encode(zlib.compress(b"\x80\x05.")).decode(), "0 texts"),
        (base64.b64encode(zlib.compress(pickle.dumps("x" * 99))[:-9]).decode(), "cut short"),
        (packed("x" * 2000), "more than 1000 bytes"),
    ],
)
def test_anything_but_one_small_text_in_a_pickle_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        pickled_text(text, limit=1000)
    assert pickled_text(packed("ünïcode"), limit=1000) == "ünïcode"


def test_taco_reads_standard_input_functions_and_wrapped_values():
    (one,) = problems("taco", TACO)
    assert one.tests.inputs == ("1\n", "2\n3")
    assert one.tests.expected == ("2\n", "4")
    assert one.tests.reference == "print(2 * int(input()))"
    called = {"fn_name": "f", "inputs": [[1, [2]]], "outputs": [[3]]}
    row = TACO | {"input_output": json.dumps(called)}
    (plain,) = problems("taco", row | {"source": "hackerrank"})
    assert (plain.tests.entry, plain.tests.expected) == ("f", (encode([3]),))
    (wrapped,) = problems("taco", row | {"source": "codewars"})
    assert wrapped.tests.expected == (encode(3),)
    (method,) = problems("taco", row | {"starter_code": "class Solution:\n    def f(self): pass"})
    assert method.tests.entry == "Solution.f"
    (none,) = problems("taco", TACO | {"input_output": "{}", "solutions": []})
    assert none.tests is None
    assert (
        problem_table([none], "taco", DOMAINS["code"], "TACO")["tags"].to_list()[0][-1] == UNTESTED
    )


def test_leetcode_arguments_by_name_take_their_places():
    (one,) = problems("leetcode", LEETCODE)
    assert one.tests.entry == "Solution.twoSum"
    assert one.tests.inputs == (encode([[2, 7], 9]),)
    assert one.tests.expected == (encode([0, 1]),)
    assert one.tests.prelude == LEETCODE["prompt"]
    old = {key: LEETCODE[key] for key in ("task_id", "prompt", "entry_point", "completion", "test")}
    old |= {"query": "Given.", "meta": {"lang_code": "class Solution: ...", "difficulty": "Easy"}}
    (earlier,) = problems("leetcode", old)
    assert (earlier.question, earlier.tags) == ("Given.", ("Easy",))
    assert earlier.starter_code == "class Solution: ..."


TREES = """
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right

def tree_node(values):
    nodes = [None if value is None else TreeNode(value) for value in values]
    rest = iter(nodes[1:])
    for node in nodes:
        if node is not None:
            node.left, node.right = next(rest, None), next(rest, None)
    return nodes[0] if nodes else None
"""


def test_leetcode_trees_are_lists_outside_and_trees_inside():
    row = LEETCODE | {
        "prompt": TREES,
        "completion": "class Solution:\n    def twoSum(self, root, depth):\n        return root\n",
        "test": "def check(candidate):\n"
        "    assert is_same_tree(candidate(root = tree_node([1, None, 2]), depth = 1), "
        "tree_node([1, None, 2]))\n"
        "    assert is_same_tree(candidate(root = tree_node([]), depth = 1), None)\n",
    }
    (one,) = problems("leetcode", row)
    space = {}
    exec(one.tests.prelude + one.tests.reference, space)
    returned = [space[one.tests.entry](*decode(case)) for case in one.tests.inputs]
    assert returned == [decode(value) for value in one.tests.expected] == [[1, None, 2], []]


@pytest.mark.parametrize(
    "line",
    [
        "for x in range(3):\n        assert candidate(x) == x",
        "assert candidate(open('x')) == 1",
        "assert candidate(1) > 1",
        "assert candidate(b=1) == 1",
        "assert candidate([0] * 10**9) == 1",
        "x = 1",
    ],
)
def test_scripts_of_other_forms_are_not_read(line):
    assert asserts.read(f"def check(candidate):\n    {line}\n", ("a", "b")) is None
    assert asserts.read("def check(candidate:") is None


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("adapter", ROWS)
def test_a_good_row_is_read_and_a_bad_one_is_named(adapter):
    good = ROWS[adapter]
    assert len(problems(adapter, good)) == 1
    for column in good:
        for bad in ({key: value for key, value in good.items() if key != column},
                    good | {column: None}, good | {column: {"x"}}):  # fmt: skip
            try:
                problems(adapter, good, bad)
            except RecordedError as error:
                said = str(error)
            else:  # a column that may be missing, or that nobody reads
                assert column not in {"prompt", "entry_point", "question_content", "answer"}
                continue
            assert "row 2" in said


BAD = {
    "two kinds of tests": (
        "livecodebench", {"public_test_cases": json.dumps(FUNCTIONAL)}, "do not go together"
    ),
    "no date": ("livecodebench", {"contest_date": "soon"}, "contest_date is 'soon'"),
    "argument that is no JSON": (
        "livecodebench",
        {
            "metadata": '{"func_name": "f"}',
            "public_test_cases": json.dumps([FUNCTIONAL[0] | {"input": "[1"}]),
            "private_test_cases": json.dumps(FUNCTIONAL),
        },
        "not JSON",
    ),
    "outputs missing": ("taco", {"input_output": '{"inputs": ["1"]}'}, "1 inputs and 0 outputs"),
    "no list of arguments": (
        "taco", {"input_output": '{"fn_name": "f", "inputs": [1], "outputs": [1]}'}, "no list of",
    ),
    "other entry point": ("leetcode", {"entry_point": "two_sum"}, "expected Solution().name"),
    "other solution": ("leetcode", {"completion": "x = 1"}, "does not define 'twoSum'"),
    "blank prompt": ("humaneval_plus", {"prompt": " "}, "'prompt' is blank"),
    "input no list": ("humaneval_plus", {"base_input": [1]}, "no list of arguments"),
    "inputs no JSON": ("humaneval_plus", {"base_input": "[1"}, "not JSON"),
    "another shape": (
        "mbpp_plus", {"task_id": "Mbpp/2", "base_input": [[1, 2]]}, "another shape than in MBPP+"
    ),
    "empty answer": ("math_sets", {"answer": " "}, "gold answer is empty"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_bad_rows_say_what_is_wrong(fault):
    adapter, change, message = BAD[fault]
    with pytest.raises(RecordedError) as caught:
        problems(adapter, ROWS[adapter] | change)
    assert "row 1" in str(caught.value)
    assert message in str(caught.value)


def write(path, *rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text)
    return path


def test_another_file_is_an_error_with_both_digests_and_the_remedy(tmp_path):
    path = write(tmp_path / "HumanEvalPlus.jsonl.gz", HUMANEVAL)
    with pytest.raises(RecordedError) as caught:
        read_benchmark("humaneval_plus", path)
    digest = check_file("humaneval_plus", path, "any")
    for words in (digest, "272720b90ac375", f"sha256: {digest}", "sha256: any", str(path)):
        assert words in str(caught.value)
    assert len(read_benchmark("humaneval_plus", path, digest)) == 1
    assert len(read_benchmark("humaneval_plus", path, "any")) == 1
    with pytest.raises(RecordedError, match="but humaneval_plus has " + "0" * 64):
        read_benchmark("humaneval_plus", path, "0" * 64)
    twice = write(tmp_path / "twice.jsonl", HUMANEVAL, HUMANEVAL)
    with pytest.raises(RecordedError, match=r"line 2: problem 'HumanEval/53' stands in .*line 1"):
        read_benchmark("humaneval_plus", twice, "any")
    with pytest.raises(RecordedError, match=r"without \['HumanEval/9'\]: no such problem"):
        read_benchmark("humaneval_plus", path, "any", ["HumanEval/9"])
    assert read_benchmark("humaneval_plus", path, "any", ["HumanEval/53"]) == []
    with pytest.raises(RecordedError, match="no such file or folder"):
        read_benchmark("humaneval_plus", tmp_path / "none.jsonl")


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path / f"test{number}.jsonl", LIVECODEBENCH | {"question_id": f"q{number}"})
    (tmp_path / "README.md").write_text("not a row")
    assert [path.name for path in files(tmp_path)] == ["test1.jsonl", "test2.jsonl", "test10.jsonl"]
    assert [one.name for one in read_benchmark("livecodebench", tmp_path)] == ["q1", "q2", "q10"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordedError, match="no file that ends in"):
        files(tmp_path / "empty")


def test_every_source_has_its_adapter_and_near_names_are_suggested():
    assert {one.reader for one in sources().values()} == set(READERS) - {"columns"}
    for one in sources().values():
        assert all(len(digest) == 64 for digest in one.sha256.values())
    with pytest.raises(RecordedError, match="did you mean 'humaneval_plus'"):
        source("humaneval_pluss")


# ---------------------------------------------------------------------------------------- samples


@pytest.fixture
def joined(tmp_path):
    """Samples of two problems of HumanEval+, beside them."""

    def join(*rows, columns=None, **options):
        asked = problems("humaneval_plus", HUMANEVAL, HUMANEVAL | {"task_id": "HumanEval/54"})
        path = write(tmp_path / "samples.jsonl", *rows)
        side = gather(read_log([path], LogReading(fields=columns or {})))
        return join_benchmark(side, asked, **options)

    return join


def texts(samples):
    return [(sample.number, sample.text, sample.grade) for sample in samples]


def test_solutions_completions_and_responses_become_responses(joined):
    rows = [{"task_id": f"HumanEval/{n}", "solution": f"x = {n}"} for n in (54, 53, 54)]
    answered = joined(*rows)
    assert texts(answered["HumanEval/53"]) == [(0, "```python\nx = 53\n```\n", None)]
    assert [sample.number for sample in answered["HumanEval/54"]] == [0, 1]
    rows = [{"task_id": f"HumanEval/{n}", "completion": "    return 1"} for n in (53, 54)]
    assert HUMANEVAL["prompt"] + "    return 1\n" in joined(*rows)["HumanEval/53"][0].text
    rows = [{"task_id": f"HumanEval/{n}", "response": ["a", "b"], "ok": [1, 0]} for n in (53, 54)]
    answered = joined(*rows, columns={"grade": "ok"})
    assert texts(answered["HumanEval/53"]) == [(0, "a", True), (1, "b", False)]
    # a program that holds a fence stays whole
    assert as_response('"""\n```\n"""', "program", "").startswith("````python\n")


def test_samples_that_do_not_fit_are_named(joined):
    good = [{"task_id": f"HumanEval/{n}", "solution": ""} for n in (53, 54)]
    with pytest.raises(RecordedError, match=r"line 3: the problem is 'Mbpp/2'.*another bench"):
        joined(*good, {"task_id": "Mbpp/2", "solution": ""})
    assert joined(*good, {"task_id": "Mbpp/2", "solution": ""}, others=True).keys() == {
        "HumanEval/53", "HumanEval/54",
    }  # fmt: skip
    with pytest.raises(RecordedError, match=r"1 problems .* no sample, first 'HumanEval/54'"):
        joined(good[0])
    assert list(joined(good[0], partial=True)) == ["HumanEval/53"]
    with pytest.raises(RecordedError, match="line 1: nothing tells which problem it answers"):
        joined({"response": ""})
    with pytest.raises(RecordedError, match="line 1: response 0 is 4; expected text"):
        joined(good[0] | {"solution": 4})
    with pytest.raises(RecordedError, match=r"line 2: sample 4 .* stands twice"):
        joined(good[0] | {"k": 4}, good[0] | {"k": 4}, columns={"number": "k"})


def test_problems_that_every_model_answered_keep_their_position():
    asked = problems("humaneval_plus", HUMANEVAL, HUMANEVAL | {"task_id": "HumanEval/54"})
    sample = LogSample("row 1", "HumanEval/54", "")
    both = {"HumanEval/53": [sample], "HumanEval/54": [sample, sample]}
    one = {"HumanEval/54": [sample]}
    assert [place for place, _ in in_common({"a": both, "b": one}, asked, 1)] == [1]
    with pytest.raises(RecordedError, match="min_n = 2"):
        in_common({"a": both, "b": one}, asked, 2)


def test_real_livecodebench_programs_join_with_their_problems(real):
    asked = read_benchmark("livecodebench_v5", real / COUNTS["livecodebench_v5"][0])
    side = gather(read_log([real / "samples/livecodebench_o1mini.jsonl"], LogReading()))
    answered = join_benchmark(side, asked)
    assert len(answered) == 880
    assert all(len(samples) == 1 for samples in answered.values())
