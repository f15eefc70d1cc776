"""The README says what the committed report says: its numbers are copied, never typed."""

import html
import re

from tests.conftest import ROOT


def finding() -> str:
    """The report's finding as plain text."""
    page = (ROOT / "reports/index.html").read_text()
    marked = re.search(r'id="finding">(.*?)</p>', page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", marked[1])).split())


def test_the_readme_quotes_the_finding():
    readme = (ROOT / "README.md").read_text()
    quoted = re.search(r"<!-- finding -->\n(.*?)\n<!-- /finding -->", readme, re.DOTALL)
    assert " ".join(quoted[1].replace("> ", "").split()) == finding()


def test_every_file_that_the_readme_links_to_is_there():
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\((?!http)([^)#]+)\)", readme)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
