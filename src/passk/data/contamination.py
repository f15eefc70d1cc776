"""Problems of a test set whose text stands in a training set, whole or in part.

Texts are compared as words: in small letters, without signs, compatibility forms made one (NFKC). A
test problem is the same as a training problem where all their words are; it overlaps with one where
they share a run of n words (13 by default, as Brown et al., 2020, appendix C), at least a given
share of its own runs. A problem of fewer than n words is compared whole, and no other way.

Covered: copies, reformatted copies, long quotations. Not covered: paraphrases, translations,
changed numbers; and what programming statements all say ("return the answer in any order") counts
as overlap, for which `share` is there. All runs of the test sets are held at once, training
problems one after the other.

Example:
    >>> find_overlaps({0: "What is 1 + 1?"}, {5: "what is  1+1 ?", 6: "Other?"}, n=13)
    [Match(index=5, training_index=0, same=True, share=1.0)]
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"\w+")
DEFAULT_N = 13


@dataclass(frozen=True, kw_only=True)
class Match:
    """A test problem that a training problem gives away.

    Attributes:
        index: of the test problem, in its source.
        training_index: of the training problem that shares most with it.
        same: whether all words are the same.
        share: of the test problem's runs of n words, those that the training problem has; 1 where
            they are the same.
    """

    index: int
    training_index: int
    same: bool
    share: float


def split_words(text: str) -> list[str]:
    r"""The words of a text as they are compared.

    Example:
        >>> split_words("Find $\\frac{1}{2}$ of ＡＢ.")
        ['find', 'frac', '1', '2', 'of', 'ab']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def find_overlaps(
    training: Mapping[int, str], test: Mapping[int, str], *, n: int = DEFAULT_N, share: float = 0.0
) -> list[Match]:
    """The test problems that stand in a training set, by index.

    Args:
        training: index -> question.
        test: index -> question.
        n: words of a run.
        share: of a test problem's runs, how many one training problem must have at least; 0: any.
    """
    asked = _AskedTexts.of(test, n)
    best: dict[int, Match] = {}
    for training_index, text in training.items():
        for match in asked.match(training_index, split_words(text)):
            known = best.get(match.index)
            if match.share >= share and (known is None or _rank(match) > _rank(known)):
                best[match.index] = match
    return [best[index] for index in sorted(best)]


def _rank(match: Match) -> tuple[bool, float]:
    return match.same, match.share


@dataclass(frozen=True)
class _AskedTexts:
    """The texts of a test set, to look up.

    Attributes:
        n: words of a run.
        whole: text -> indices of the problems that have it.
        runs: run of words -> indices of the problems that hold it.
        sizes: index -> different runs of the problem.
    """

    n: int
    whole: Mapping[str, Sequence[int]]
    runs: Mapping[str, set[int]]
    sizes: Mapping[int, int]

    @classmethod
    def of(cls, test: Mapping[int, str], n: int) -> "_AskedTexts":
        whole: dict[str, list[int]] = {}
        runs: dict[str, set[int]] = {}
        sizes = {}
        for index, text in test.items():
            words = split_words(text)
            whole.setdefault(" ".join(words), []).append(index)
            own = set(_runs(words, n))
            sizes[index] = len(own)
            for run in own:
                runs.setdefault(run, set()).add(index)
        return cls(n, whole, runs, sizes)

    def match(self, training_index: int, words: Sequence[str]) -> Iterator[Match]:
        """What one training problem shares with each test problem."""
        same = self.whole.get(" ".join(words), ())
        for index in same:
            yield Match(index=index, training_index=training_index, same=True, share=1.0)
        own = set(_runs(words, self.n))
        shared = Counter(index for run in own for index in self.runs.get(run, ()))
        for index, count in shared.items():
            if index not in same:
                part = count / self.sizes[index]
                yield Match(index=index, training_index=training_index, same=False, share=part)


def _runs(words: Sequence[str], n: int) -> Iterator[str]:
    for start in range(len(words) - n + 1):
        yield " ".join(words[start : start + n])
