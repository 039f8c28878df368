"""Starts a pipeline of Hex projects from a Dagster op, and hands its result on.

The workflow id is the partition: an op that Dagster retries follows the pipeline that runs already. Needs the `temporal`
command beside Dagster; TEMPORAL_ADDRESS and the like as usual.
"""

import json
import subprocess

from dagster import Config, RetryPolicy, job, op

STEPS = [
    {"id": "extract", "projectId": "extract-project-id", "inputParams": {"date": "{{ params.date }}"}},
    {"id": "load", "projectId": "load-project-id"},
]


class HexEtl(Config):
    date: str


def temporal(*arguments):
    """Runs the temporal command and returns what it prints; fails with its message."""
    done = subprocess.run(["temporal", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


@op(retry_policy=RetryPolicy(max_retries=3))
def refresh(config: HexEtl):
    workflow_id = f"etl-{config.date}"
    pipeline = {
        "pipeline": {"name": "etl", "params": {"date": {"type": "date"}}, "steps": STEPS},
        "params": {"date": config.date},
    }
    temporal(
        *("workflow", "start", "--type", "hexPipeline", "--task-queue", "hex"),
        *("--workflow-id", workflow_id, "--id-conflict-policy", "UseExisting"),
        *("--input", json.dumps(pipeline)),
    )
    answer = json.loads(temporal("workflow", "result", "--workflow-id", workflow_id, "--output", "json"))
    return {step: result["runUrl"] for step, result in answer["result"]["steps"].items()}


@job
def hex_etl():
    refresh()
