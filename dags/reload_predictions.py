"""
### reload_predictions: the tables that analysts query, brought up to date

**Inputs** the newest corpus version, closed nights and the serving set of models; started by the asset `night` or
`champion`, or by hand.

**Outputs** predictions for what the serving set had not seen, a new generation of `analytics.duckdb` (asset
`analytics`), the night's report, receipts in the senders' outboxes.

**If it fails** analysts keep the last generation: the pointer moves only after the new file was checked. What the
message means and what to do: `infra/runbooks/reload_predictions.md`.
"""

from __future__ import annotations

from airflow.sdk import DAG

from nightcap_airflow import analytics, champion, dag_defaults, force_param, night, step

with DAG(
    "reload_predictions",
    schedule=(night | champion),
    catchup=False,
    max_active_runs=1,
    default_args=dag_defaults("analytics"),
    params={"force": force_param()},
    tags=["nightcap", "tier-1"],
    doc_md=__doc__,
):
    predict = step("reload_predictions", "predict")
    link = step("reload_predictions", "link", trigger_rule="none_failed")
    publish = step("reload_predictions", "publish", outlets=[analytics], pool="publish", trigger_rule="none_failed")
    report = step("reload_predictions", "report", trigger_rule="none_failed")

    feedback = step("reload_predictions", "feedback", trigger_rule="none_failed")

    predict >> link >> publish >> report >> feedback
