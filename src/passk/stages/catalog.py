"""`catalog`: what the stages that read all draws, arms and sets have to know of them."""

from passk import catalog, paths
from passk.stages.job import Job


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/catalog/NAME.json; returns how many items each section declares."""
    files = catalog.contents(job.params)
    for name, content in files.items():
        path = paths.catalog(job.study, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(catalog.text(content), encoding="utf-8", newline="\n")
        temporary.replace(path)
    return {section: float(len(items)) for section, items in files["declared"].items()}
