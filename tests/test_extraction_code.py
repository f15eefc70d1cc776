"""The program of a response, by the rules of the benchmarks' harnesses."""

import time

import pytest

from passk.domains.code.code_runs import code_runs
from passk.domains.code.extraction import extract
from passk.domains.code.python_syntax import LONGEST
from passk.domains.code.trials import without_trials

F = "def f(x):\n    return x + 1"
G = "def f(x):\n    return x + 2"


def program(response, entry="f"):
    found = extract(response, entry)
    return None if found is None else found.program


@pytest.mark.parametrize(
    "response",
    [
        F,
        f"```python\n{F}\n```",
        f"```\n{F}\n```",
        f"```py\n{F}\n```\n",
        f"```Python3 title=a\n{F}\n```\n",
        f"~~~python\n{F}\n~~~",
        f"````\n{F}\n````",
        f"  ```python\n{F}\n  ```",
        f"Sure! Here it is:\n\n```python\n{F}\n```\n\nIt adds 1, see `f(1)`.",
        f"Answer: ```python\n{F}\n```",
        f"```python\r\n{F}\r\n```".replace("\n", "\n"),
        f"{F}\n```",  # the prompt opened the fence
        f"{F}\n```\n\nThis adds one.\n",
        f"{F}\n```\nTry it:\n```\n$ python f.py\n```\n",
        f"```python\n{F}",  # never closed
        f"Some words.\n\n{F}\n\nMore words, and so on.",
        f"Here is the code:\n{F}\n```\nIt adds one.",  # prose before, and a fence that closes
        f"<think>\nmaybe\n```python\n{G}\n```\n</think>\n```python\n{F}\n```",
        f"thinking, {G}\n</think>\n{F}",
        f"<think>x</think><answer>\n{F}\n</answer>",
        f"<answer>{G}</answer> no: <answer>\n```python\n{F}\n```\n</answer> done",
        f"<answer>\n```python\n{F}\n```",
        f"```python\n{G}\n```\nBetter:\n```python\n{F}\n```",  # the last that defines it
        f"```python\n{F}\n```\nUse it:\n```python\nprint(f(1))\n```",
        f"```python\n{F}\n```\nOutput:\n```text\n2\n```",
        f"```python\n{F}\n```\nInstall:\n```bash\ndef f(x): 1\n```",
        f"```bash\npip install x\n```\n{F}\n",  # fenced shell, bare code
        f"```python\n{F}\n```python\nprint(f(2))\n```",  # a fence that was not closed
        f"````markdown\n```python\n{F}\n```\n````",
    ],
)
def test_the_function_is_found(response):
    assert program(response).strip() == F


def test_a_block_that_defines_the_entry_is_preferred_to_a_later_one_with_an_error():
    assert program(f"```python\n{F}\n```\n```python\ndef f(x) return\n```") == F


def test_a_block_with_a_syntax_error_is_still_the_program():
    broken = "def f(x)\n    return x"
    assert program(f"```python\nimport math\n```\n```python\n{broken}\n```\n") == broken


@pytest.mark.parametrize("response", ["", "I do not know.", "```\n\n```", "x", "So be it", "1 + 1"])
@pytest.mark.parametrize("entry", ["f", None])
def test_where_there_is_no_program_there_is_none(response, entry):
    assert program(response, entry) is None


def test_bare_code_that_does_not_define_the_entry_is_no_answer():
    assert program("def g(x):\n    return x") is None


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("n = int(input())\nprint(n)", "n = int(input())\nprint(n)"),
        ("```python\nprint(1)\n```\nor\n```python\nprint(2)\n```", "print(2)"),
        ("```python\nprint(1)\n```\nprints\n```\n1\n```", "print(1)"),
        ("```python\nprint(1)\n```\nprints\n```output\n1\n```", "print(1)"),
        ("print(1)\n```\nDone.", "print(1)"),
        ("Read n.\nprint(int(input()))\nThat is all of it.", "print(int(input()))"),
    ],
)
def test_programs_that_read_and_print(response, expected):
    assert program(response, None) == expected


@pytest.mark.parametrize(
    "response",
    ["class Solution:\n    def f(self, x):\n        return x", "def f(self, x):\n    return x"],
)
def test_a_method_is_that_of_a_class_or_a_bare_function(response):
    assert program(f"So:\n```python\n{response}\n```", "Solution.f") == response


@pytest.mark.parametrize(
    ("response", "closed"),
    [
        (f"```python\n{F}\n```", True),
        (f"{F}\n```", True),
        (f"<answer>{F}</answer>", True),
        (f"```python\n{F}", False),
        (F, False),
        (f"<answer>{F}", False),
        (f"```python\n{F}\n```\nNow let me check it: f(1) is", True),
        (f"```python\n{F}\n```\nBetter:\n```python\n{G}", False),
        (f"```python\n{F}\n```\nBetter:\n```python\n{F} + (", False),
        (f"```python\n{F}\n```\nFor example:\n```python\nprint(f(", True),
        (f"<answer>{F}</answer> Or <answer>def f(x", False),
        (f"```python\n{F}\n```\n<answer>", False),
    ],
)
def test_it_is_said_whether_a_program_may_have_been_cut(response, closed):
    assert extract(response, "f").closed is closed


@pytest.mark.parametrize(
    "trial",
    [
        "print(f(1))",
        "assert f(1) == 2",
        'if __name__ == "__main__":\n    main()',
        "x = int(input())\nprint(f(x))",
        "for i in range(3):\n    print(f(i))",
    ],
)
def test_statements_that_try_the_function_out_are_left_out(trial):
    assert without_trials(f"import math\n\n{F}\n\n{trial}", "f") == f"import math\n\n{F}"


@pytest.mark.parametrize(
    "more",
    [
        "sys.setrecursionlimit(10_000)",
        "f = cache(f)",
        "LIMIT = 3",
        "def h(x):\n    print(x)",
    ],
)
def test_statements_that_matter_are_kept(more):
    assert without_trials(f"{F}\n{more}", "f") == f"{F}\n{more}"


def test_what_a_trial_binds_is_kept_where_it_is_used():
    source = "def f(x):\n    return x + base\nbase = int(input())"
    assert without_trials(source, "f") == source
    assert without_trials(source, None) == source


def test_what_fills_a_table_that_is_used_is_kept():
    source = (
        "def f(x):\n    return table[x]\ntable = [0]\nfor i in range(3):\n    table.append(g(i))"
    )
    shown = f"{source}\nprint(f(1))\nfor i in range(2):\n    print(f(i), table)"
    assert without_trials(shown, "f") == source


TABLE = """class Solution:
    table = [0, 1]

    @classmethod
    def build(cls):
        cls.table.append(2)

    def f(self, n):
        return Solution.table[n]
"""


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ("Solution.f", f"{TABLE}Solution.build()"),
        ("Solution.f", f"{TABLE}Solution().build()"),
        ("Solution.f", f"{TABLE}s = Solution()\ns.build()"),
        ("Solution.f", f"{TABLE}t = Solution.table\nt.append(2)"),
        ("Solution.f", f"{TABLE}for i in range(2, 50): Solution.table.append(i)"),
        ("Solution.f", f"{TABLE}def build():\n    t = Solution.table\n    t.append(3)\nbuild()"),
        ("f", "def f(n):\n    return f.memo[n]\nf.memo = {}\nf.memo.update({0: 0, 1: 1})"),
        (
            "f",
            "F = [0]\ndef build(n):\n    F.append(n)\n    print('Built')\n"
            "def f(n): return F[n]\nbuild(9)",
        ),
        (
            "f",
            "F = [0]\ndef add(n): F.append(n)\ndef main():\n    add(9)\n    print(f(1))\n"
            "def f(n): return F[n]\nmain()",
        ),
        (
            "f",
            "F = {}\nclass A:\n    def __init__(self): self.exit = 3\n"
            "def build(a): F[a.exit] = 1\ndef f(n): return F[n]\nbuild(A())",
        ),
    ],
)
def test_what_changes_what_the_solution_reads_is_kept(entry, source):
    assert without_trials(source, entry) == source


@pytest.mark.parametrize(
    "trial",
    [
        "s = Solution()\nr = s.f(1)\nassert r == 9",
        "r = Solution().f(1)\nprint(r)",
        "def main():\n    Solution.table.append(int(input()))\nmain()",
        "def check(s):\n    assert s.f(0) == 7\ncheck(Solution())",
        "print(Solution.build())",
    ],
)
def test_calls_of_a_method_and_tests_are_left_out(trial):
    left = without_trials(f"{TABLE}{trial}", "Solution.f")
    assert left.startswith(TABLE.rstrip())
    assert trial.splitlines()[-1] not in left.splitlines()


def test_a_trial_on_a_line_with_something_else_is_kept():
    assert without_trials(f"{F}\nlimit = 3; print(f(1))", "f") == f"{F}\nlimit = 3; print(f(1))"


def test_the_longest_run_is_valid_and_cannot_be_made_longer():
    text = f"First:\nimport math\n\n{F}\n\ndef g():\n    return (1,\n\nThe end"
    runs = [run.text for run in code_runs(text)]
    assert f"import math\n\n{F}" in runs


@pytest.mark.parametrize(
    "text",
    [
        "word " * 40_000,
        "a = (\n" * 3_000,
        "(" * 50_000,
        "x\n" * 20_000,
        "if x:\n" * 2_000,
        "'''\n" * 3_001,
        "```\n" * 20_000,
        "x" * (LONGEST + 1),
        "\x00",
        "\ud800",
        "<answer>" * 10_000,
        "<think>" * 10_000,
    ],
)
@pytest.mark.parametrize("entry", ["f", None])
def test_hostile_text_ends_soon_and_raises_nothing(text, entry):
    begun = time.process_time()
    found = extract(text, entry)
    assert time.process_time() - begun < 5
    if found is not None and entry is not None:
        assert isinstance(found.program, str)


@pytest.mark.parametrize(
    "response",
    [
        "```" + " " * 100_000 + "`",
        "x ```" + " " * 100_000 + "`",
        "`" * 100_000 + "x",
        "`" * 100_000 + "\n" + "~" * 100_000,
        "````\n" + "```\n" * 30_000,
        "```python\nx = (\n" + "\n" * 100_000 + "y\n```",
        "```python\nx = (\ndef\n" + " \n" * 50_000 + "y\n```",
        "```python\n" + F + "\n" + "f(1)\n" * 20_000 + "```",
        "```python\n" + F + "\n" + "f(1);" * 20_000 + "\n```",
        "a b\n" * 5000 + "\n" * 80_000,
        "<answer>" * 15_000,
        "</think>" * 15_000 + "\n```\n" + F + "</think>\n```",
        "<answer>\n```python\n" * 6000,
        "```python\n" + F + "  # </think>\n```\n" * 4000,
    ],
)
def test_large_texts_take_time_in_proportion(response):
    extract(response, "f")
    extract(response, None)


@pytest.mark.parametrize(
    "response",
    [
        "1. So:\n\n   ```python\n   def f(x):\n       return x + 1\n   ```\n\n2. Done.",
        "- ```python\n  def f(x):\n      return x + 1\n  ```",
        "10) ```python\n    def f(x):\n        return x + 1\n    ```",
        "\t```\n\tdef f(x):\n\t    return x + 1\n\t```",
        "  ```python\n  def f(x):\n\n      return x + 1",
    ],
)
def test_a_block_within_a_list_is_indented_as_its_fence(response):
    assert program(response).replace("\n\n", "\n").strip() == F


@pytest.mark.parametrize("tag", ["</think>", "<answer>", "</answer>", "<answer>x</answer>"])
def test_a_tag_within_a_program_is_its_own(tag):
    source = f"def f(x):\n    return x.split({tag!r})"
    assert program(f"```python\n{source}\n```") == source
    assert program(f"<think>hm </think>\n```python\n{source}\n```\nDone.") == source
    assert program(f"<answer>\n```python\n{source}\n```\n</answer>") == source
    printing = f"print(input().split({tag!r}))"
    assert program(f"```python\n{printing}\n```", None) == printing
    # A block that a tag cuts is no program.
    assert program(f"```python\n{G}\n</think>\n```python\n{F}\n```") == F


def test_a_carriage_return_ends_a_line_as_in_python():
    assert program(f"```python\n{F}\rf(1)\r```") == F
