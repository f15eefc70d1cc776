"""How fast stated answers are read: 40,000 characters each, in processor time of one core.

    python benchmarks/stated_answers.py

The reading alone (`passk.domains.stated.reading.read`), best of five runs of each kind of text.
"""

import time

from passk.domains.stated.reading import read

LENGTH = 40_000
PROSE = "We compute x = 3 + 4 < 10, f(x) is about 12, so we go on. I think [1, 2] is to check.\n"
KINDS = {
    "nothing stated": PROSE,
    "Chinese": "我们计算 x = 3, 因此 y < 4。再看图中的数字。\n",
    "answers that are none": "Let me see whether the answer is 5 here. " + 3 * PROSE,
    "formulas, a box at the end": r"so $\frac{a}{b}$ and $x_{1}$ follow. ",
    "many answers": "the answer is 5, ",
    "many answers in Chinese": "答案是.",
    "many choices in Chinese": "故选A ",
    "many mistakes": r"\boxed{5} There is an error. ",
    "thoughts, then a box": "<think>" + PROSE + "</think>",
}
RUNS, RESPONSES = 5, 20


def main() -> None:
    """Print the rate of each kind of text."""
    for kind, part in KINDS.items():
        response = (part * (LENGTH // len(part) + 1))[:LENGTH]
        response += r" \boxed{5}" if "box" in kind else ""
        spent = []
        for _ in range(RUNS):
            begun = time.process_time()
            for _ in range(RESPONSES):
                read(response)
            spent.append(time.process_time() - begun)
        print(f"{kind:28} {RESPONSES / min(spent):8.0f} responses/s")


if __name__ == "__main__":
    main()
