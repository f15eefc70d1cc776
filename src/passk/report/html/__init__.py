"""The page as HTML: template, tables, numbers with their sources, images."""
