"""Whether a returned value or printed text is right: known answers of each rule."""

import math
import time

import pytest

from passk.domains.code.calibration import program_limits
from passk.domains.code.checkers import CHECKERS, SPECIAL, evalplus_comparison
from passk.domains.code.options import CodeOptions
from passk.domains.code.outcomes import is_right, tolerant
from passk.domains.code.sandbox.task import OPAQUE, PRINTED, RAISED, RETURNED, CaseResult
from passk.domains.code.sandbox.values import decode, digest, encode
from passk.domains.code.test_cases import Tests

EXACT = {"kind": "exact"}
CLOSE = {"kind": "close", "atol": 0}


def judged(got, expected, comparison, arguments=()):
    result = CaseResult(RETURNED, encode(got))
    return is_right(result, encode(expected), encode(list(arguments)), comparison)


def printed(got, expected):
    return is_right(CaseResult(PRINTED, got), expected, "", {"kind": "text"})


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        (1, 1.0, True),
        (True, 1, True),
        (0.0, -0.0, True),
        ([1, 2], (1, 2), False),
        ((1, 2), (1, 2), True),
        ([1, 2], [1.0, 2.0], True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({1, 2}, frozenset({2, 1}), True),
        ("1", 1, False),
        (None, False, False),
        (0.1 + 0.2, 0.3, False),
        (math.nan, math.nan, True),
        (10**40, 10**40 + 1, False),
    ],
)
def test_exact_is_pythons_equality(got, expected, right):
    assert judged(got, expected, EXACT) is right


@pytest.mark.parametrize(
    ("got", "expected", "atol", "right"),
    [
        (0.1 + 0.2, 0.3, 0, True),  # floats are close without a tolerance of their own
        (0.3 + 1e-5, 0.3, 0, False),
        ([0.1 + 0.2, 1.0], [0.3, 1.0], 0, True),
        ([0.1 + 0.2, 1], [0.3, 1], 0, False),  # not all floats: exact
        ((0.1 + 0.2,), [0.3], 0, False),  # another type
        ([0.1 + 0.2], [0.3, 0.3], 0, False),
        (1, 1.0, 0, True),  # equal, so its type does not matter
        (1, 1.0 + 1e-9, 0, False),
        (3.00005, 3.0, 1e-4, True),
        ([[1.00005], [2.0]], [[1.0], [2.0]], 1e-4, True),
        ([[1.0, 1.0]], [[1.00000001]], 1e-4, False),  # no broadcasting
        (math.inf, 1.0, 1e-4, False),
        (math.inf, math.inf, 0, True),
        (1e20, 1e20 + 1e12, 0, True),  # the relative tolerance is 1e-7
        (1e20, 1e20 + 1e14, 0, False),
        ("a", "b", 1e-4, False),
        (10**400, 10**400 + 1, 1e-4, False),
    ],
)
def test_close_is_that_of_evalplus(got, expected, atol, right):
    assert judged(got, expected, {"kind": "close", "atol": atol}) is right


def test_a_tolerance_of_one_case_is_not_that_of_the_next():
    # evalplus keeps 1e-6 after the first float expected, so that integers may then differ.
    assert judged(0.1 + 0.2, 0.3, CLOSE)
    assert not judged(100_000_000, 100_000_001, CLOSE)


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("1 2\n3\n", "1 2\n3", True),
        ("  1 2  \n3", "1 2\n3\n\n", True),
        ("1.0 2", "1 2.00", True),
        ("1e3", "1000", True),
        ("1.0000001", "1", False),
        ("1\n\n2", "1\n2", False),
        ("YES", "Yes", False),
        ("", "", True),
        ("sNaN", "nan", False),
        ("50000000000000000", "50000000000000001", False),
        ("1 2 3", "1 2", False),
    ],
)
def test_printed_text_is_compared_as_livecodebench_does(got, expected, right):
    assert printed(got, expected) is right


def test_a_tuple_counts_as_a_list_where_values_came_as_json():
    listed = {"kind": "listed"}
    assert judged((1, 2), [1, 2], listed)
    assert not judged([(1, 2)], [[1, 2]], listed)
    assert not judged(1.0000001, 1.0, listed)


def test_find_zero_takes_any_root():
    rule = evalplus_comparison("humaneval_plus", "find_zero", 1e-4)
    assert judged(1.0, 2.0, rule, [[-2, 3, -1]])
    assert judged(2.0, 1.0, rule, [[-2, 3, -1]])
    assert not judged(1.5, 1.5, rule, [[-2, 3, -1]])  # equal to what is expected, and no root
    assert not judged("1", 1.0, rule, [[-2, 3, -1]])
    assert not judged(1e300, 1.0, rule, [[-2, 3, -1, 4]])
    assert not judged(math.nan, 1.0, rule, [[-2, 3]])


@pytest.mark.parametrize(
    ("entry", "got", "expected", "arguments", "right"),
    [
        ("similar_elements", [2, 1, 1], (1, 2), [], True),
        ("similar_elements", [2, 3], (1, 2), [], False),
        ("similar_elements", [[2]], (1, 2), [], False),  # not hashable
        ("are_equivalent", "no", True, [], True),
        ("sum_div", 0, 7, [], True),
        ("sum_div", 6, 7, [], False),
        ("surface_Area", 33, 0, [3, 4], False),
        ("surface_Area", round(9 + 6 * math.sqrt(2.25 + 16)), 0, [3, 4], True),
        ("digit_distance_nums", 7, 0, [1, 26], True),  # 01 and 26: 2 + 5
        ("digit_distance_nums", 6, 0, [1, 26], False),
        ("check_str", "match", True, [], True),
        ("check_str", None, True, [], False),
        ("check_str", None, False, [], True),
        ("check_str", False, False, [], True),
        ("check_str", False, True, [], False),
        ("anything_else", [1, 2], [1, 2], [], True),
    ],
)
def test_special_checkers_of_mbpp_plus(entry, got, expected, arguments, right):
    assert judged(got, expected, evalplus_comparison("mbpp_plus", entry, 0), arguments) is right


def test_what_is_no_plain_value_is_given_but_equal_to_nothing():
    match = CaseResult(OPAQUE, "re.Match")
    assert is_right(match, encode(True), encode([]), {"kind": "given"})
    assert not is_right(match, encode(False), encode([]), {"kind": "given"})
    assert not is_right(match, encode(1), encode([]), EXACT)


@pytest.mark.parametrize(
    "result",
    [
        CaseResult(RAISED, "AssertionError: 3"),
        CaseResult(PRINTED, "3"),
        CaseResult(OPAQUE, "3"),
        CaseResult(RETURNED, "3]"),
        CaseResult(RETURNED, ""),
        CaseResult(RETURNED, "[" * 50_000),
        CaseResult("no such kind", "3"),
    ],
)
def test_nothing_but_a_returned_value_is_right(result):
    assert not is_right(result, "3", "[]", EXACT)


def test_a_value_far_longer_than_what_is_expected_is_not_decoded():
    many = encode(list(range(1_000_000)))
    assert not is_right(CaseResult(RETURNED, many), encode([1]), "[]", {"kind": "unordered"})


def test_an_unknown_comparison_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"comparison 'equal'.*'exact'"):
        is_right(CaseResult(RETURNED, "3"), "3", "[]", {"kind": "equal"})


def test_special_checkers_exist():
    assert {kind for rules in SPECIAL.values() for kind in rules.values()} <= set(CHECKERS)


BIG = list(range(20_001))


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (BIG, True),
        ([float(value) for value in BIG], True),  # floats have no digest; they come whole
        ([0, *map(float, BIG[1:])], True),
        ([True if value == 1 else value for value in BIG], True),
        ([-0.0, *BIG[1:]], True),
        (tuple(BIG), False),
        (BIG[:-1], False),
        ([*BIG[:-1], 0.5000001], False),
        ([*BIG[:-1], 2**60], False),
        ("x" * 20_000, False),
    ],
)
@pytest.mark.parametrize("kind", ["exact", "close"])
def test_large_values_are_compared_by_digests(got, right, kind):
    whole = 1 << 13
    text = digest(got, whole) or encode(got)
    expected = digest(BIG, whole)
    assert expected is not None
    assert is_right(CaseResult(RETURNED, text), expected, "[]", {"kind": kind}) is right


def test_a_large_tuple_counts_as_a_list_where_values_came_as_json():
    text = digest(tuple(BIG), 1 << 13)
    assert is_right(CaseResult(RETURNED, text), encode(BIG), "[]", {"kind": "listed"})
    assert not is_right(CaseResult(RETURNED, text), encode(BIG), "[]", EXACT)


def test_a_digest_is_nothing_but_equal():
    text = digest("x" * 20_000, 1 << 13)
    assert is_right(CaseResult(RETURNED, text), text, "[]", EXACT)
    assert is_right(CaseResult(RETURNED, text), encode("x" * 20_000), "[]", EXACT)
    assert not is_right(CaseResult(RETURNED, text), text.replace('"s', '"l'), "[]", EXACT)
    assert not is_right(CaseResult(RETURNED, text), encode("x"), "[]", {"kind": "unordered"})
    with pytest.raises(ValueError, match="tag"):
        decode(text)


def colliding(count, tag="s"):
    """A set, or a dictionary, that takes time in the square of its size to build."""
    hashed = [encode(number * (2**61 - 1)) for number in range(1, count + 1)]
    held = [f"[{one},0]" for one in hashed] if tag == "d" else hashed
    return '{{"{}":[{}]}}'.format(tag, ",".join(held))


@pytest.mark.parametrize("tag", ["s", "f", "d"])
@pytest.mark.parametrize("wrapped", ["%s", "[%s]", '{"t":[1,%s]}', '{"d":[[1,%s]]}'])
@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        (digest(BIG, 1), "exact"),
        (digest("x" * 20_000, 1), "close"),
        (encode(list(range(300_000))), "exact"),
        (encode(set(range(100_000))), "close"),
        (encode(dict.fromkeys(range(100000), 0)), "exact"),
        (encode([{number: 0} for number in range(50_000)]), "listed"),
        (encode(list(range(100_000))), "unordered"),
        (encode(True), "given"),
    ],
)
def test_no_forged_value_holds_up_the_host(expected, kind, wrapped, tag):
    forged = wrapped % colliding(40_000, tag)
    right = is_right(CaseResult(RETURNED, forged), expected, "[]", {"kind": kind})
    assert right is (kind == "given")


def test_a_list_of_colliding_numbers_is_not_made_a_set():
    forged = encode([number * (2**61 - 1) for number in range(100_000)])
    expected = encode(list(range(100_000)))
    assert not is_right(CaseResult(RETURNED, forged), expected, "[]", {"kind": "unordered"})


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ({1.0, 2}, {1, 2}),
        ({2: [{3}], (1, 2): "x"}, {(1.0, 2): "x", 2.0: [{3.0}]}),
        ([{0: 1}, {0: 2}, {1: 2}], [{False: 1}, {0: 2}, {True: 2}]),
        (frozenset({frozenset({1}), ()}), {frozenset({1.0}), ()}),
        ({2**61 - 1 + 5: 1, 5: 2}, {5.0: 2, 2**61 + 4: 1}),
    ],
)
def test_sets_and_dictionaries_that_are_equal_still_are(got, expected):
    for kind in ("exact", "close", "listed"):
        assert judged(got, expected, {"kind": kind})
        assert judged([got], [expected], {"kind": kind})


@pytest.mark.parametrize(
    ("got", "right"),
    [((1, 2, 2), True), ({2, 1}, True), ({1: 0, 2: 0}, True), ([1], False), ([1, 2, 3], False),
     (3, False), ([[1], [2]], False)],
)  # fmt: skip
def test_unordered_is_equality_of_sets(got, right):
    assert judged(got, [1, 2], {"kind": "unordered"}) is right


def test_output_far_longer_than_what_is_expected_is_not_looked_at():
    assert not printed("1\n" * 10_000_000, "1")
    assert not printed("1" + "\n" * 10_000_000, "1")
    assert printed("1" + "\n" * 10_000, "1")


@pytest.mark.parametrize("size", [50, 9000])
@pytest.mark.parametrize(
    ("got", "right"),
    [
        (lambda size: [0] + [i / 10 for i in range(1, size)], True),
        (lambda size: [i / 10 + 1e-9 for i in range(size)], True),
        (lambda size: [0] + [i / 10 + 1e-9 for i in range(1, size)], True),
        (lambda size: [0] * size, False),
    ],
)
def test_a_tolerance_holds_for_large_values_too(got, right, size):
    expected = encode([i * 0.1 for i in range(size)])
    whole = program_limits(1.0, Tests("f", ("[]",), (expected,), "", CLOSE), CodeOptions()).whole
    text = digest(got(size), whole) or encode(got(size))
    assert is_right(CaseResult(RETURNED, text), expected, "[]", CLOSE) is right
    rounded = encode([float(i) for i in range(size)])
    whole = program_limits(1.0, Tests("f", ("[]",), (rounded,), "", CLOSE), CodeOptions()).whole
    text = digest(list(range(size)), whole) or encode(list(range(size)))
    assert is_right(CaseResult(RETURNED, text), rounded, "[]", CLOSE)


def test_what_a_checker_misses_is_wrong():
    assert not judged(1, 1.5, {"kind": "root"}, [[1, 2]])
    assert not judged(1, 1.5, {"kind": "root", "atol": 1e-4}, [])


@pytest.mark.parametrize(
    ("expected", "floats"),
    [
        ([1e30, 2.0], True),
        ((math.inf, 1.5), True),
        ([math.nan], True),
        (-0.0, True),
        ([1, 2.0], False),
        ([1.0, 2], False),
        (["e.n", 1.0], False),
        ([], False),
        ({"n": 1.0}, False),
    ],
)
def test_what_is_right_within_a_tolerance_though_none_is_stated(expected, floats):
    assert tolerant(encode(expected), CLOSE) is floats
    assert not tolerant(encode(expected), EXACT)
    assert tolerant(encode(expected), {"kind": "close", "atol": 1e-9})


def test_many_small_sets_are_refused_in_linear_time():
    expected = encode({i: i for i in range(1000)})
    sent = "[" + ",".join(['{"s":[]}'] * 20_000) + "]"
    begun = time.process_time()
    assert not is_right(CaseResult(RETURNED, sent), expected, "[]", {"kind": "exact"})
    assert time.process_time() - begun < 1
