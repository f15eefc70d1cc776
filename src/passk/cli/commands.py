"""The commands by what a person wants, each with its first sentence: what `passk --help` shows.

A command is a module of its name in this folder; none is imported to be listed. A test compares the
sentences with the modules' own.
"""

COMMANDS_BY_PURPOSE: dict[str, dict[str, str]] = {
    "Judge and compare samples, no study needed": {
        "judge": "Judge a file of responses: verdicts, their reasons, pass@k.",
        "compare": "Compare two models by samples or counts that anybody drew: verdicts, pass@k, a "
        "page.",
        "import": "Read files of samples of any tool, say what they hold, and write them in one "
        "form.",
        "disagreements": "List verdicts that changed; against recorded grades unless --against or "
        "--rev is given.",
    },
    "Make and change a study": {
        "new": "Make a study's folder: a DVC repository of its own that both engines run at once.",
        "compose": "Write params.yaml: what study.yaml says, with every entry laid out.",
        "check": "Check a parameter file; every fault is a line: key, value, what is legal, what "
        "to do.",
        "pin": "Resolve commits and digests of what is not pinned, write them, and get benchmarks' "
        "files.",
        "params": "Say what a key means: type, legal values, default, and its value in "
        "params.yaml.",
        "plan": "Say what a study costs and what its sizes buy, before the first hour is spent.",
        "status": "What `dvc repro` and `snakemake` will run, why, and for about how long.",
    },
    "Ask where a result comes from": {
        "explain": "Walk a number back: result, counts, verdicts, samples, model, training, data, "
        "source, commit.",
        "audit": "Check the study of params.yaml: files, lock, cache, records, git, streams, "
        "tables, page.",
        "diff": "Compare the outputs at hand with the digests of a commit; exit code 1 if any "
        "differ.",
        "docs": "Build Data Docs: what was expected of problems, samples and verdicts, and which "
        "rows failed.",
    },
    "Keep and pass on": {
        "track": "Bring the ledger up to date with dvc.lock, and MLflow with the executions that "
        "wait.",
        "export": "Write a draw's samples with their grades, ready for `passk import` and for "
        "others.",
        "restore": "Fill the block store from existing samples, e.g. after a clone and `dvc pull`.",
        "prune": "List, or with --yes remove, artifacts and run records that the study no longer "
        "names.",
        "migrate": "Bring a study made by the version before to today's form: parameters, lock, "
        "records.",
    },
}
COMMANDS = {
    name: sentence
    for commands in COMMANDS_BY_PURPOSE.values()
    for name, sentence in commands.items()
}
