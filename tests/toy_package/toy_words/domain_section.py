"""What the page says of words alone."""

from passk.report.sections.domain import build_domain_section

SECTION = build_domain_section("words", title="Words", caption="Words, said backwards.")
