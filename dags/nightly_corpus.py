"""
### nightly_corpus: one night from publications and curator deliveries to a corpus version

**Inputs** the deposit of publications and the curator deliveries, as configured or as given by `articles` and
`curation`; the night is `date`, else the run's own date (UTC).

**Outputs** a corpus version (asset `corpus`) where something changed; the night's record (asset `night`); rejected
rows in quarantine, each with its reason.

**If it fails** nothing half-done is visible: the last version stands. Run it again as often as you like. What the
message means and what to do: `infra/runbooks/nightly_corpus.md`.
"""

from __future__ import annotations

from airflow.sdk import DAG

from nightcap_airflow import corpus, dag_defaults, night, night_params, step

with DAG(
    "nightly_corpus",
    schedule="0 2 * * *",
    catchup=False,
    max_active_runs=1,
    default_args=dag_defaults("corpus"),
    params=night_params(),
    tags=["nightcap", "tier-1"],
    doc_md=__doc__,
):
    pull = step("nightly_corpus", "pull")
    parse = step("nightly_corpus", "parse")
    check = step("nightly_corpus", "check")
    freeze = step("nightly_corpus", "freeze", outlets=[corpus], pool="corpus_writer")
    close = step("nightly_corpus", "close", outlets=[night], trigger_rule="none_failed")

    pull >> parse >> check >> freeze >> close
