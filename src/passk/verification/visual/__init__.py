"""Answers to questions about pictures: numbers, lists, texts, choices, formulas."""
