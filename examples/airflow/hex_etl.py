"""Starts a pipeline of Hex projects from Airflow 3, without an operator of its own.

The workflow id is the DAG run's date: a task that Airflow retries, or whose worker died, follows the pipeline that runs
already. A task that is stopped in Airflow cancels the pipeline, and with it its runs in Hex. Needs the `temporal` command on the
worker; TEMPORAL_ADDRESS and the like as usual.
"""

import json
import subprocess

from airflow.sdk import dag, task

STEPS = [
    {"id": "extract", "projectId": "extract-project-id", "inputParams": {"date": "{{ params.date }}"}},
    {"id": "load", "projectId": "load-project-id"},
]


def temporal(*arguments):
    """Runs the temporal command and returns what it prints; fails with its message."""
    done = subprocess.run(["temporal", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


@dag(dag_id="hex_etl", schedule="@daily", catchup=False)
def hex_etl():
    @task(retries=3)
    def refresh(ds=None):
        workflow_id = f"etl-{ds}"
        pipeline = {
            "pipeline": {"name": "etl", "params": {"date": {"type": "date"}}, "steps": STEPS},
            "params": {"date": ds},
        }
        temporal(
            *("workflow", "start", "--type", "hexPipeline", "--task-queue", "hex"),
            *("--workflow-id", workflow_id, "--id-conflict-policy", "UseExisting"),
            *("--input", json.dumps(pipeline)),
        )
        try:
            answer = json.loads(temporal("workflow", "result", "--workflow-id", workflow_id, "--output", "json"))
        except RuntimeError:
            raise  # the pipeline has failed: its message says which step, and what to do
        except BaseException:  # Airflow stops the task
            temporal("workflow", "cancel", "--workflow-id", workflow_id)
            raise
        return {step: result["runUrl"] for step, result in answer["result"]["steps"].items()}

    refresh()


hex_etl()
