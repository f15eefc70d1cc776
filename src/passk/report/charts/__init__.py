"""Charts: axes, one plotting function per kind of panel, SVG."""
