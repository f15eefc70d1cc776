"""Published numbers of words said backwards, to stand beside ours."""

from pathlib import Path

FILE = Path(__file__).parent / "published.csv"
