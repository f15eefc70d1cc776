"""What the page says of words alone."""

from passk.report.sections.domain import domain_section

SECTION = domain_section("words", title="Words", caption="Words, said backwards.")
