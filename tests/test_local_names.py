"""Local names in the canonical form: a renaming counts for nothing, a change of meaning counts."""

import ast
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from passk.pipeline.identity.canonical import canonical
from passk.pipeline.identity.local_names import number_local_names

# In each text A and B are names of variables that only a function knows; P is a free name.
RENAMABLE = [
    "def f(x):\n    A = x\n    B = A + 1\n    return A, B",
    "def f():\n    for A in P:\n        B = A\n    return B",
    "def f():\n    A = 1\n    def g():\n        nonlocal A\n        A += 1\n    g()\n    return A",
    "def f():\n    A = 1\n    def g():\n        B = A\n        return B\n    return g",
    "def f():\n    A = 1\n    def g():\n        A = 2\n        return A\n    return g() + A",
    "def f():\n    A = 1\n    return lambda y, z=A: (y, A)",
    "x = [A for A in P if A]",
    "x = {A: B for A, B in P}",
    "x = [[A for A in B] for B in P]",
    "def f(A1):\n    return [A for A in A1 for B in A]",
    "def f():\n    return [(A := B) for B in P], A",
    "def f():\n    try: P()\n    except ValueError as A:\n        B = str(A)\n    return B",
    "def f(x):\n    match x:\n        case [A, *B]:\n            return A, B",
    "def f(x):\n    match x:\n        case {'k': A, **B}:\n            return A, B",
    "def f():\n    A = 1\n    del A\n    A = 2\n    return A",
    "def f():\n    with P as A, P as (B, *C):\n        return A, B",
    "async def f():\n    async for A in P:\n        B = [C async for C in A]\n    return B",
    "class K:\n    def f(self):\n        A = self\n        return A",
    "class K:\n    x = [A for A in P]",
    "def f():\n    A: int = 1\n    B = P(A=A)\n    return B.A",  # keyword and attribute stay
    "from m import *\ndef f():\n    A = P\n    return A",
    "def f(x=[A for A in P]):\n    B = x\n    return B",
    "@(lambda y: [A for A in y])\ndef f(): pass",
    "def f():\n    global P\n    A = P\n    P = A",
    "from passk.analysis import query\ndef f():\n    A = query(P)\n    return A",
    "def f(k):\n    A = P\n    return A, k, 'pass@k'",
]


def rename(source, **names):
    """Exchange whole names, but for those of keywords and attributes."""
    for old, new in names.items():
        source = re.sub(rf"(?<![.\w]){old}(?!\w)(?!=A)", new, source)
    return source


@pytest.mark.parametrize("source", RENAMABLE)
def test_a_renamed_local_variable_is_the_same(source):
    form = canonical(source)
    for names in ({"A": "first"}, {"B": "second", "A": "x_1"}, {"A": "B", "B": "A"}):
        other = rename(source, **{k: f"__{k}__" for k in names}) if "B" in names else source
        other = rename(other, **{f"__{k}__" if "B" in names else k: v for k, v in names.items()})
        ast.parse(other)
        assert canonical(other) == form, other


# Pairs that a careless renaming would make equal.
DIFFERENT = [
    ("def f(a): return a", "def f(b): return b"),  # callers may name a parameter
    ("def f():\n    a = 1\n    b = 2\n    return a",
     "def f():\n    a = 1\n    b = 2\n    return b"),
    ("def f():\n    a = 1\n    return b", "def f():\n    b = 1\n    return b"),
    ("def f():\n    a = 1\n    return c", "def f():\n    a = 1\n    return d"),
    ("def f():\n    global a\n    a = 1", "def f():\n    global b\n    b = 1"),
    ("def f():\n    global a\n    a = 1", "def f():\n    a = 1"),
    ("a = 1\ndef f():\n    return a", "b = 1\ndef f():\n    return b"),
    ("class K:\n    a = 1", "class K:\n    b = 1"),
    ("def f():\n    def g(): pass\n    return g", "def f():\n    def h(): pass\n    return h"),
    ("def f():\n    import a\n    return a", "def f():\n    import a as b\n    return b"),
    ("def f():\n    class A: pass\n    return A", "def f():\n    class B: pass\n    return B"),
    ("def f():\n    a = 1\n    return locals()", "def f():\n    b = 1\n    return locals()"),
    ("def f():\n    a = 1\n    return eval('a')", "def f():\n    b = 1\n    return eval('a')"),
    ("def f():\n    a = 1\n    exec('x')", "def f():\n    b = 1\n    exec('x')"),
    ("def f():\n    a = 1\n    def g():\n        exec(a)",
     "def f():\n    b = 1\n    def g():\n        exec(b)"),
    ("l = locals\ndef f():\n    a = 1\n    return l()",
     "l = locals\ndef f():\n    b = 1\n    return l()"),
    ("from builtins import vars as v\ndef f():\n    a = 1\n    return v()",
     "from builtins import vars as v\ndef f():\n    b = 1\n    return v()"),
    ("def f(c):\n    a = 1\n    return c.sql('from a')",
     "def f(c):\n    b = 1\n    return c.sql('from a')"),
    *(
        (f"{head}def f(p):\n    a = p\n    return {text}",
         f"{head}def f(p):\n    b = p\n    return {text}")
        for head, text in (
            ("from polars import sql\n", "sql('select 1')"),
            ("from duckdb_engine import query as q\n", "q('select 1')"),
            ("", "getattr(p, 'sql')('select 1')"),
            ("", "p.table('x')"),
            ("", "inspect.getclosurevars(p)"),
            ("", "f.__code__.co_varnames"),
            ("", "p.filter('x in (select x FROM a)')"),
            ("", "p.join('join  a on x')"),
            ("", "p.where('x+@a')"),
        )
    ),
    ("def f():\n    a = 1\n    return f'{a=}'", "def f():\n    b = 1\n    return f'{b=}'"),
    ("def f():\n    a = 1\n    class K:\n        x: 'a'",
     "def f():\n    b = 1\n    class K:\n        x: 'a'"),
    # the inner variable, or the outer one
    ("def f():\n    a = 1\n    def g():\n        b = 2\n        return a\n    return g",
     "def f():\n    a = 1\n    def g():\n        b = 2\n        return b\n    return g"),
    ("def f():\n    a = 1\n    def g():\n        nonlocal a\n        a = 2\n    g()\n    return a",
     "def f():\n    a = 1\n    def g():\n        a = 2\n    g()\n    return a"),
    ("def f():\n    a = 1\n    return [a for b in P]",
     "def f():\n    a = 1\n    return [b for b in P]"),
    ("def f():\n    a = P\n    return [x for x in a]",
     "def f():\n    a = P\n    return [x for a in a]"),
    ("def f(a):\n    return [a for a in a]", "def f(b):\n    return [a for a in a]"),
    ("def f():\n    [(a := b) for b in P]\n    return a",
     "def f():\n    [(c := b) for b in P]\n    return a"),
    ("def f():\n    a = 1\n    return lambda a=a: a",
     "def f():\n    a = 1\n    return lambda b=a: b"),
    ("def f():\n    a = 1\n    return lambda a=a: a",
     "def f():\n    a = 1\n    return lambda x=a: a"),
    ("def f(x):\n    match x:\n        case a: return a",
     "def f(x):\n    match x:\n        case K.a: return K.a"),
    ("def f(x):\n    match x:\n        case [a, b]: return a",
     "def f(x):\n    match x:\n        case [a, b]: return b"),
    ("def f():\n    a = b = 1\n    del a\n    return b",
     "def f():\n    a = b = 1\n    del b\n    return b"),
    ("class K:\n    def f(self):\n        __a = 1\n        return _K__a",
     "class K:\n    def f(self):\n        __a = 1\n        return _K__b"),
    ("def f():\n    print = 1\n    return print", "def f():\n    x = 1\n    return print"),
    # an outer function's `global` is meant by the functions within
    ("def f():\n    a = 1\n    def g():\n        global a\n        def h(): return a",
     "def f():\n    a = 1\n    def g():\n        global b\n        def h(): return a"),
    ("def f(P):\n    a = P.x\n    return a", "def f(P):\n    a = P.y\n    return a"),
    ("def f():\n    return P(a=1)", "def f():\n    return P(b=1)"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_meaning_is_another_form(one, other):
    assert canonical(one) != canonical(other)


# ----------------------------------------------------------------------- programs made at random
NAMES = st.sampled_from(["a", "b", "c"])


# What a function may say, of names ONE, TWO and THREE.
STATEMENTS = (
    "ONE = note('read', lambda: TWO)",
    "ONE = 1",
    "note('list', lambda: [ONE for TWO in range(2)])",
    "for ONE in range(2): note('for', lambda: TWO)",
    "note('walrus', lambda: [(ONE := 7) for q in range(1)] and TWO)",
    "try: raise ValueError\nexcept ValueError as ONE: note('except', lambda: str(TWO))",
    "note('nested', lambda: [[ONE for TWO in range(2)] for THREE in range(2)])",
    "note('default', lambda ONE=TWO: (ONE, THREE))",
    "match 3:\n    case ONE: note('match', lambda: TWO)",
    "del ONE",
    "global ONE",
    "nonlocal ONE",
)


@st.composite
def functions(draw, depth=0):
    """Lines of a function that Python accepts or not."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        if depth < 2 and draw(st.integers(0, 4)) == 0:
            lines += ["def inner(a=3):", *_indent(draw(functions(depth + 1)))]
            lines += ["note('inner', inner)"]
        else:
            line = draw(st.sampled_from(STATEMENTS))
            for name in ("ONE", "TWO", "THREE"):
                line = line.replace(name, draw(NAMES))
            lines.append(line)
    return lines


def _compiles(source):
    try:
        compile(source, "x", "exec")
    except SyntaxError:
        return False
    return True


def _indent(lines):
    return [f"    {line}" for text in lines for line in text.split("\n")]


def _run(source):
    """What a text notes as it runs; names in errors do not count."""
    notes = []

    def note(label, value):
        try:
            result = value()
        except NameError as error:
            result = type(error).__name__
        notes.append((label, repr(result) if not callable(result) else "function"))
        return 5

    namespace = {"note": note, "a": "global a", "b": "global b"}
    try:
        exec(compile(source, "x", "exec"), namespace)
        namespace["f"]()
    except NameError as error:
        notes.append(type(error).__name__)
    return notes


@settings(max_examples=200, deadline=None)
@given(functions(), st.integers(0, 30), NAMES)
def test_what_runs_otherwise_has_another_form(lines, position, name):
    source = "\n".join(["def f():", *_indent(lines)])
    places = [match.span() for match in re.finditer(r"\b[abc]\b", source)]
    assume(places)
    start, end = places[position % len(places)]
    other = source[:start] + name + source[end:]
    assume(_compiles(source) and _compiles(other))
    if _run(source) != _run(other):
        assert canonical(source) != canonical(other)


READ = "note('read', lambda: a)"
OUTER = ["a = 1", "def inner():", "    nonlocal a", "    a = 2", "inner()", READ]
GLOBAL = ["a = 1", "def inner():", "    global a", f"    {READ}", "inner()", READ]
FIRST = ["a = [1, 2]", "b = [a for a in a]", "a = b", READ]


@settings(max_examples=200, deadline=None)
@given(functions())
@example(OUTER)
@example(GLOBAL)
@example(FIRST)
def test_numbers_mean_what_the_names_meant(lines):
    source = "\n".join(["def f():", *_indent(lines)])
    assume(_compiles(source))
    numbered = re.sub(r":(\d+)", r"v\1_", ast.unparse(number_local_names(ast.parse(source))))
    assert _run(numbered) == _run(source)
    assert canonical(numbered) == canonical(source)
