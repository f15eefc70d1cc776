"""How questions are shown whole, by what they consist of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from passk.report.domains import ShownQuestion
from passk.report.html.images import embed

LISTED = ("Choices:", "(A) ")  # in a question that lists its choices itself


def render_text(row: Mapping[str, Any]) -> ShownQuestion:
    """A question in words, with its choices.

    Example:
        >>> render_text({"question": "Which?", "choices": ["a", "b"]}).choices
        ('a', 'b')
        >>> render_text({"question": "Which? Choices: a, b", "choices": ["a", "b"]}).choices
        ()
    """
    listed = any(mark in row["question"] for mark in LISTED)
    return ShownQuestion(row["question"], () if listed else tuple(row["choices"] or ()))


def render_image(row: Mapping[str, Any]) -> ShownQuestion:
    """A question about an image; one without an image is shown as text."""
    question = render_text(row)
    if row["image_bytes"] is None:
        return question
    return replace(question, image=embed(row["image_bytes"]))
