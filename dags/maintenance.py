"""
### maintenance: prove each week that an old corpus version can still be rebuilt, and keep the corpus small

**Inputs** the corpus remote and the chain of versions.

**Outputs** from `verify` nothing new: an old version is fetched from the remote alone, with an empty cache, and must
have the md5 that its version states. From `compact`, where a month has closed, a version `corpus/compact-<seq>` with
the same rows in fewer files. From `gc` free space: copies that the remote or the corpus holds too.

**If it fails** do not delete anything, and do not run a garbage collection. What the message means and what to do:
`infra/runbooks/maintenance.md`.
"""

from __future__ import annotations

from airflow.sdk import DAG

from nightcap_airflow import dag_defaults, force_param, step

with DAG(
    "maintenance",
    schedule="30 12 * * 6",
    catchup=False,
    max_active_runs=1,
    default_args=dag_defaults("corpus"),
    params={"force": force_param()},
    tags=["nightcap", "tier-3"],
    doc_md=__doc__,
):
    verify = step("maintenance", "verify")
    compact = step("maintenance", "compact", pool="corpus_writer")
    gc = step("maintenance", "gc", pool="corpus_writer", trigger_rule="none_failed")

    verify >> compact >> gc
