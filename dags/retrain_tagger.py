"""
### retrain_tagger: train what is due, score it, and let the gate decide

**Inputs** the newest corpus version and the current champions; started by the asset `corpus` or by hand. Which tasks
are due is worked out from stored state, so a missed or doubled event does no harm.

**Outputs** registered model versions with their scores; `@challenger`, and `@champion` where the gate promoted (asset
`champion`).

**If it fails** the champions stand and go on serving. What the message means and what to do:
`infra/runbooks/retrain_tagger.md`.
"""

from __future__ import annotations

from airflow.sdk import DAG

from nightcap_airflow import champion, corpus, dag_defaults, force_param, step

with DAG(
    "retrain_tagger",
    schedule=[corpus],
    catchup=False,
    max_active_runs=1,
    default_args=dag_defaults("models"),
    params={"force": force_param()},
    tags=["nightcap", "tier-2"],
    doc_md=__doc__,
):
    select = step("retrain_tagger", "select")
    train = step("retrain_tagger", "train", pool="gpu")
    score = step("retrain_tagger", "score")
    gate = step("retrain_tagger", "gate", outlets=[champion], pool="alias")

    select >> train >> score >> gate
