"""DAGs whose tasks end in every way, through the same task factory as the real ones (see tests/dags/test_endings.py).

The step is played by tests/support/fake_interpreter.py; it takes its behaviour from the step's name.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from nightcap_airflow import dag_defaults, step

QUICK = {"retry_delay": timedelta(seconds=1), "max_retry_delay": timedelta(seconds=2), "retries": 1}


def _dag(name: str) -> DAG:
    return DAG(name, schedule=None, catchup=False, default_args=dag_defaults("tests") | QUICK, doc_md=__doc__)


for case in ("marked_failed", "cleared", "runner_killed", "supervisor_killed"):
    with _dag(case):
        step(case, "linger", retries=0)

with _dag("timed_out"):
    step("timed_out", "stubborn", retries=0, execution_timeout=timedelta(seconds=15))

for case in ("exit1", "exit2", "exit3", "exit4", "exit5", "crash"):
    with _dag(case):
        step(case, case)

with _dag("skipping"):
    first = step("skipping", "well")
    skipped = step("skipping", "skip")
    after = step("skipping", "mute_if_reached", trigger_rule="all_success")
    last = step("skipping", "last", trigger_rule="none_failed")
    first >> skipped >> [after, last]

with DAG(
    "backfilled", schedule="0 2 * * *", catchup=False, max_active_runs=1, default_args=dag_defaults("tests") | QUICK,
    doc_md=__doc__,
):  # fmt: skip
    step("nightly_corpus", "note")
