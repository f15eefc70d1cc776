"""Writes the files beside it: a few samples in the schema of each tool, as its source writes them.

    python tests/data/logs/write.py

Not written here, since they are real, from repositories under the MIT licence (inspect_ai:
copyright 2024 UK AI Security Institute; every_eval_ever: copyright 2026 EvalEval):

- `inspect/2024.eval`: UKGovernmentBEIS/inspect_ai, tests/log/test_eval_log/log_streaming.eval
- `inspect/2024.json`: the same, tests/log/test_eval_log/log_length_stop_reason.txt
- `lm-eval/samples_math_perturbed_full_2026-01-21T03-44-18.458309.jsonl`: evaleval/every_eval_ever,
  tests/data/lm_eval, two lines of it
- `every-eval-ever/demo.jsonl`: evaleval/every_eval_ever, tests/data/skill_reference_conversion
"""

import json
import struct
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
Q = {0: "What is 1 + 1?", 1: "What is 6 * 7?"}
A = {0: "2", 1: "42"}
SEVEN = r"It is \boxed{7}."


def said(problem):
    return rf"It is \boxed{{{A[problem]}}}."


def lines(name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file(name).write_text(text, encoding="utf-8")


def whole(name, value):
    file(name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def parquet(name, rows):
    pq.write_table(pa.Table.from_pylist(rows), file(name), compression="zstd")


def file(name):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def lm_eval():
    def row(problem, texts, name, grade, **more):
        return {
            "doc_id": problem,
            "doc": {"problem": Q[problem], "solution": "...", "answer": A[problem]},
            "target": A[problem],
            "arguments": {"gen_args_0": {"arg_0": f"Problem: {Q[problem]}\nAnswer:", "arg_1": {}}},
            "resps": [texts],
            "filtered_resps": texts[:1],
            "filter": name,
            "metrics": ["exact_match"],
            "doc_hash": f"d{problem}",
            "exact_match": grade,
        } | more  # fmt: skip

    draws = {0: [said(0), SEVEN], 1: [said(1), said(1)]}
    lines(
        "lm-eval/samples_minerva_math_2025-03-01T10-00-00.123456.jsonl",
        [row(p, draws[p], name, 1) for name in ("strict", "flexible") for p in Q],
    )
    # from 2026 on the score of each repeat stands there, too
    lines(
        "lm-eval/repeats.jsonl",
        [
            row(p, draws[p], "none", 0.5, scores_per_repeat={"exact_match": [1.0, float(p)]})
            for p in Q
        ],
    )
    # of 2024: no name of a filter, and no list of metrics
    old = [row(p, draws[p][:1], "", 1.0) for p in (0, 1, 0, 1)]
    for one in old:
        del one["filter"], one["metrics"]
    lines("lm-eval/of_2024.jsonl", old)
    gsm8k = row(1, [said(1)], "strict-match", 1.0, target="6 * 7 = <<6*7=42>>42\n#### 42")
    many = row(0, ["Paris"], "strict-match", 1.0, target="['Paris', 'paris']")
    lines("lm-eval/targets.jsonl", [gsm8k, many])
    choice = row(0, [["-1.5", "False"]], "none", 1.0, resps=[[["-1.5", "False"]], [["-2", "True"]]])
    lines("lm-eval/multiple_choice.jsonl", [choice])


def lighteval():
    def row(problem, texts):
        return {
            "doc": {
                "id": str(problem),
                "task_name": "lighteval|math_500|0",
                "query": f"Solve. {Q[problem]}",
                "original_query": Q[problem] if problem else None,
                "choices": [rf"Since so, \boxed{{{A[problem]}}}."],
                "gold_index": 0 if problem else [0],
            },
            "model_response": {"text": texts, "truncated_tokens_count": 3},
            "metric": {"extractive_match": 1.0},
        }

    rows = [row(1, [said(1), SEVEN]), row(1, [said(1)]) | {"doc": row(1, [])["doc"] | {"id": "2"}}]
    parquet("lighteval/details_math_500_2026-01-01.parquet", rows)
    underscored = [{f"__{name}__": value for name, value in row.items()} for row in rows]
    parquet("lighteval/underscored.parquet", underscored)
    # up to 0.9 every value was written as text
    flat = [
        {
            "example": Q[p],
            "full_prompt": f"Solve. {Q[p]}",
            "predictions": str([said(p)]),
            "gold": str([A[p]]),
            "metrics": str({"extractive_match": p}),
            "truncated": "[0]",
        }
        for p in Q
    ]
    parquet("lighteval/flat.parquet", flat)


def inspect():
    def sample(problem, epoch, text, value, stop="stop", **more):
        return {
            "id": f"p{problem}",
            "epoch": epoch,
            "input": "attachment://abc" if problem else [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": Q[0]},
            ],
            "target": [A[problem], "two"] if problem == 0 else A[problem],
            "output": {
                "model": "m",
                "choices": [
                    {
                        "message": {
                            "role": "assistant",
                            "content": [
                                {"type": "reasoning", "reasoning": "Hm."},
                                {"type": "text", "text": text},
                            ],
                        },
                        "stop_reason": stop,
                    }
                ],
                "completion": text,
                "usage": {"output_tokens": 5},
            },
            "scores": {"match": {"value": value, "answer": "?"}},
            "attachments": {"abc": Q[1]},
            "events": [],
        } | more  # fmt: skip

    samples = [
        sample(0, 1, said(0), "C"),
        sample(0, 2, SEVEN, "I", "max_tokens"),
        sample(1, 1, said(1), "P"),
        sample(1, 2, "", "I", error={"message": "boom"}, output={"choices": [], "completion": ""}),
    ]
    plan = {"name": "plan", "steps": [], "config": {"temperature": 0.7, "max_tokens": 64}}
    header = {"version": 2, "status": "success", "eval": {"task": "sums"}, "plan": plan}
    whole("inspect/log.json", header | {"samples": samples})
    members = {"_journal/start.json": header, "header.json": header}
    members |= {f"samples/{s['id']}_epoch_{s['epoch']}.json": s for s in samples}
    zstandard("inspect/zstd.eval", members)


def zstandard(name, members):
    """An archive whose members are zstd, method 93, which zipfile writes from Python 3.14 on."""
    body, directory = b"", b""
    for member, value in members.items():
        raw = json.dumps(value).encode()
        packed = pa.compress(raw, codec="zstd", asbytes=True)
        head = struct.pack(
            "<HHHHHIIIHH", 63, 0, 93, 0, 33, zlib.crc32(raw), len(packed), len(raw), len(member), 0
        )
        directory += (
            b"PK\x01\x02" + struct.pack("<H", 63) + head
            + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + member.encode()
        )  # fmt: skip
        body += b"PK\x03\x04" + head + member.encode() + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    file(name).write_bytes(body + directory + b"PK\x05\x06" + end)


def nemo_skills():
    def row(problem, text, right, end, **more):
        return {
            "problem": Q[problem],
            "expected_answer": A[problem],
            "generation": text,
            "num_generated_tokens": 9,
            "finish_reason": end,
            "predicted_answer": "?",
            "symbolic_correct": right,
        } | more  # fmt: skip

    for seed in (2, 10):
        rows = [row(0, said(0), True, "stop"), row(1, SEVEN, False, "length")]
        lines(f"nemo-skills/output-rs{seed}.jsonl", rows)
        for chunk, one in enumerate(rows):
            lines(f"nemo-skills/output-rs{seed}_chunk_{chunk}.jsonl", [one])
    whole("nemo-skills/metrics.json", {"math": {"pass@1": {"symbolic_correct": 50.0}}})
    judged = [
        row(p, said(p), None, "stop", judgement=f"Reasoning: fine.\nJudgement: {word}")
        for p, word in ((0, "Yes"), (1, "No"))
    ]
    for one in judged:
        del one["symbolic_correct"]
    lines("nemo-skills/judged.jsonl", judged)


def evalplus():
    program = "def f(x):\n    return x\n"
    rows = [{"task_id": t, "solution": program} for t in ("HumanEval/0", "HumanEval/0", "Mbpp/2")]
    lines("evalplus/samples.jsonl", rows)
    lines("evalplus/completions.jsonl", [{"task_id": "HumanEval/0", "completion": "    return x"}])
    for number in (0, 2, 10):
        file(f"evalplus/folder/HumanEval_0/{number}.py").write_text(program)

    def result(task, base, plus):
        return {
            "task_id": task, "solution": program, "base_status": base, "plus_status": plus,
            "base_fail_tests": [], "plus_fail_tests": [],
        }  # fmt: skip

    tasks = {
        "HumanEval/0": [
            result("HumanEval/0", "pass", "pass"),
            result("HumanEval/0", "pass", "fail"),
        ],
        "HumanEval/1": [result("HumanEval/1", "pass", None)],
    }
    head = {"date": "2025-01-01 10:00", "hash": "fe585eb4df8c88d844eeb463ea4d0302"}
    whole("evalplus-results/samples_eval_results.json", head | {"eval": tasks})
    old = {"HumanEval/0": {"nfiles": 1, "base": [["success", []]], "plus": [["success", []]]}}
    whole("evalplus-results/of_2023.json", head | {"eval": old})


def livecodebench():
    entry = {
        "question_title": "Sum",
        "question_content": "Add two numbers.",
        "question_id": "1873_A",
        "contest_date": "2023-08-21T00:00:00",
        "output_list": ["```python\nprint(1)\n```", "no program"],
        "code_list": ["print(1)", ""],
        "graded_list": [True, False],
        "pass@1": 0.5,
        "metadata": ["{}", "{}"],
    }
    whole("livecodebench/Scenario.codegeneration_2_0.2_eval_all.json", [entry])


def opencompass():
    def human(text):
        return [
            {"role": "HUMAN", "prompt": "What is 0 + 0?"},
            {"role": "BOT", "prompt": "0"},
            {"role": "HUMAN", "prompt": text},
        ]

    run_on = "It is 2.\nQuestion: What is 9 + 9?\nAnswer: It is 18."
    entries = {
        "0": {"origin_prompt": human(Q[0]), "prediction": run_on, "gold": "so\n#### 2"},
        "1": {"origin_prompt": human(Q[1]), "prediction": [said(1), SEVEN], "gold": "42"},
    }
    whole("opencompass/gsm8k_0.json", entries)
    third = {"origin_prompt": "Question: What is 3 + 3?\nAnswer:", "gold": "6"}
    whole("opencompass/gsm8k_1.json", {"0": third | {"prediction": {"0": "6", "1": "7"}}})
    # n = 2: each prompt stands there twice
    repeated = [
        {"origin_prompt": human(Q[p]), "prediction": said(p), "gold": A[p]} for p in (0, 0, 1, 1)
    ]
    whole("opencompass/repeated.json", {str(i): entry for i, entry in enumerate(repeated)})
    rounds = {"origin_prompt": [human(Q[0]), human(Q[1])], "prediction": ["2", "42"]}
    whole("opencompass/rounds.json", {"0": rounds | {"gold": ["2", "42"]}})


def qwen_math():
    for folder, seed in (("math500", 0), ("math500", 1), ("aime24", 0)):
        name = f"qwen-math/{folder}/test_qwen-boxed_-1_seed{seed}_t0.6_s0_e-1.jsonl"
        rows = [
            {
                "idx": p, "question": Q[p], "gt_cot": "...", "gt": A[p], "code": [said(p), SEVEN],
                "pred": [A[p], "7"], "report": [None, None], "score": [True, False],
                "finish_reason": ["stop", "length"],
            }
            for p in Q
        ]  # fmt: skip
        lines(name, rows)


def verl():
    def row(problem, text, score, **more):
        prompt = f"system\nYou are helpful.\nuser\n{Q[problem]}\nassistant\n"
        return {
            "input": prompt,
            "output": text,
            "gts": A[problem],
            "score": score,
            "step": 20,
        } | more

    lines(
        "verl-dump/20.jsonl",
        [row(0, said(0), 1.0), row(0, SEVEN, -1.0), row(1, said(1), 1.0), row(1, SEVEN, 0.1)],
    )
    graded = [row(0, said(0), 0.4, acc=True), row(0, SEVEN, 0.9, acc=False)]
    lines("verl-dump/with_acc.jsonl", graded)
    lines("verl-dump/40.jsonl", [row(0, said(0), 1.0, step=40)])
    rows = [
        {
            "data_source": source,
            "prompt": [{"role": "user", "content": f"{Q[p]} Put it in a box."}],
            "reward_model": {"ground_truth": A[p], "style": "rule"},
            "extra_info": {"index": 0, "split": "test"},
            "responses": [said(p), SEVEN, ""],
        }
        for p, source in ((0, "math500"), (1, "aime"))
    ]
    parquet("verl-generation/responses.parquet", rows)


def trl():
    rows = [
        {
            "step": 5,
            "prompt": f"<|im_start|>user\n{Q[p]}<|im_end|>\n<|im_start|>assistant\n",
            "completion": text,
            "accuracy_reward": reward,
            "format_reward": 0.0,
            "advantage": 0.1,
        }
        for p, text, reward in (
            (0, said(0), 1.0), (0, SEVEN, 0.0), (1, said(1), float("nan")), (1, said(1), 1.5),
        )
    ]  # fmt: skip
    parquet("trl/completions_00005.parquet", rows)
    messages = [
        {
            "step": 5,
            "prompt": [{"role": "user", "content": Q[0]}],
            "completion": [{"role": "assistant", "content": said(0)}],
            "reward": 1.0,
            "solution": rf"So \boxed{{{A[0]}}}.",
        }
    ]
    parquet("trl/messages.parquet", messages)


def batch():
    def row(name, texts, ends, status=200, error=None):
        choices = [
            {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": end}
            for i, (text, end) in enumerate(zip(texts, ends, strict=True))
        ]
        body = {"choices": choices} if status == 200 else {"error": {"message": "limit"}}
        return {
            "id": "b", "custom_id": name, "error": error,
            "response": {"status_code": status, "request_id": "r", "body": body},
        }  # fmt: skip

    lines(
        "batch/output.jsonl",
        [
            row("p0-sample-1", [SEVEN], ["length"]),
            row("p0-sample-0", [said(0)], ["stop"]),
            row("p1-sample-0", [], [], status=429),
            row("p1-sample-1", [said(1)], ["stop"]),
        ],
    )
    lines("batch/choices.jsonl", [row("p0", [said(0), SEVEN], ["stop", "stop"])])
    text = [{"type": "output_text", "text": said(0)}]
    answer = {
        "status": "incomplete",
        "output": [{"type": "reasoning"}, {"type": "message", "content": text}],
    }
    lines(
        "batch/responses_api.jsonl",
        [{"custom_id": "p0", "response": {"status_code": 200, "body": answer}, "error": None}],
    )
    message = {"content": [{"type": "text", "text": said(0)}], "stop_reason": "end_turn"}
    lines(
        "batch/anthropic.jsonl",
        [
            {"custom_id": "p0", "result": {"type": "succeeded", "message": message}},
            {"custom_id": "p1", "result": {"type": "errored", "error": {}}},
        ],
    )
    problems = [{"id": f"p{p}", "question": Q[p], "answer": A[p]} for p in Q]
    lines("batch-problems/problems.jsonl", problems)


def verifiers():
    def row(problem, text, reward, **more):
        return {
            "example_id": problem,
            "prompt": [
                {"role": "system", "content": "Think."}, {"role": "user", "content": Q[problem]},
            ],
            "completion": [{"role": "assistant", "content": text}],
            "answer": A[problem], "task": "sums", "reward": reward, "is_truncated": False,
            "error": None,
        } | more  # fmt: skip

    lines(
        "verifiers/results.jsonl",
        [
            row(0, said(0), 1.0),
            row(0, SEVEN, 0.2, is_truncated=True),
            row(1, said(1), 1.0),
            row(1, "", 0.0, error={"error": "ToolError", "error_chain_repr": "ToolError()"}),
        ],
    )


def list_columns():
    openr1 = [
        {
            "problem": Q[p], "solution": "...", "answer": rf"\boxed{{{A[p]}}}", "uuid": f"u{p}",
            "generations": [said(p), SEVEN], "finish_reasons": ends,
            "is_reasoning_complete": [True, False],
            "correctness_math_verify": grades, "correctness_llama": None, "correctness_count": 1,
        }
        for p, grades, ends in ((0, [True, False], ["stop", "length"]), (1, None, None))
    ]  # fmt: skip
    parquet("list-columns/openr1.parquet", openr1)
    evalchemy = [
        {"id": p, "problem": Q[p], "answer": A[p], "model_outputs": [said(p), SEVEN]} for p in Q
    ]
    whole("list-columns/evalchemy.json", evalchemy)
    solution = r"First \boxed{1}; then, of $\frac{4}{2}$, it is \boxed{\frac{4}{2}}."
    monkeys = {"question": Q[0], "gt_answer": solution, "orig_dset_idx": 3}
    monkeys |= {"samples": [said(0), SEVEN, said(0)], "is_corrects": [True, False, True]}
    parquet("list-columns/monkeys.parquet", [monkeys])


def every_eval_ever():
    def row(problem, metric, right, **more):
        return {
            "schema_version": "0.3.0", "evaluation_id": "e", "model_id": "org/model",
            "evaluation_name": "sums", "evaluation_result_id": metric, "sample_id": f"s{problem}",
            "interaction_type": "single_turn",
            "input": {"raw": Q[problem], "formatted": "...", "reference": [A[problem], "two"]},
            "output": {"raw": [said(problem)]},
            "evaluation": {"score": float(right), "is_correct": right},
            "token_usage": {"input_tokens": 1, "output_tokens": 6, "total_tokens": 7},
            "error": None,
        } | more  # fmt: skip

    chat = [{"turn_idx": 0, "role": "user", "content": Q[0]}]
    chat += [{"turn_idx": 1, "role": "assistant", "content": said(0)}]
    rows = [row(p, metric, metric == "exact") for p in Q for metric in ("exact", "quasi")]
    rows.append(row(0, "exact", True, interaction_type="multi_turn", output=None, messages=chat))
    rows.append(row(1, "exact", False, error="timeout", output=None))
    lines("every-eval-ever/samples.jsonl", rows)


def visual():
    entries = {
        str(p): {
            "pid": str(p), "question": Q[p], "query": f"Hint: ... {Q[p]}", "answer": A[p],
            "response": f"{A[p]}", "extraction": A[p], "true_false": p == 0, "unit": None,
        }
        for p in Q
    }  # fmt: skip
    entries["2"] = {"pid": "2", "question": "?", "query": "?", "answer": "1", "error": "blocked"}
    whole("mathvista/output_model.json", entries)
    sheet(
        "vlmevalkit/model_MathVista.xlsx",
        [
            ["index", "question", "answer", "prediction", "hit"],
            [0, Q[0], "2", "It is 2.", 1],
            [1, Q[1], "42", "It is 7.", 0],
            [2, "Why?", "x", "Failed to obtain answer via API.", 0],
        ],
    )


def sheet(name, rows):
    """The least of an Excel file that its readers take."""
    cells = "".join(
        "<row>" + "".join(
            f"<c><v>{v}</v></c>" if isinstance(v, int)
            else f'<c t="inlineStr"><is><t>{v}</t></is></c>' for v in row
        ) + "</row>"
        for row in rows
    )  # fmt: skip
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f"""<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/></Types>""",
        "_rels/.rels": f"""<Relationships xmlns="{relations}">
<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
        "xl/workbook.xml": f"""<workbook xmlns="{main}" xmlns:r="{office}"><sheets>
<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>""",
        "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{relations}">
<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
        "xl/worksheets/sheet1.xml": f"""<worksheet xmlns="{main}">
<sheetData>{cells}</sheetData></worksheet>""",
    }  # fmt: skip
    with zipfile.ZipFile(file(name), "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            entry = zipfile.ZipInfo(part, (2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, f'<?xml version="1.0" encoding="UTF-8"?>{text}')


def plain():
    lines(
        "plain/samples.jsonl",
        [
            {"problem": Q[p], "answer": A[p], "response": text, "truncated": cut}
            for p in Q
            for text, cut in ((said(p), False), (SEVEN, True), (None, False))
        ],
    )


if __name__ == "__main__":
    for write in (
        lm_eval, lighteval, inspect, nemo_skills, evalplus, livecodebench, opencompass, qwen_math,
        verl, trl, batch, verifiers, list_columns, every_eval_ever, visual, plain,
    ):  # fmt: skip
        write()
