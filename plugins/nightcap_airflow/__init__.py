"""What the DAG files need from Nightcap: one task factory, the assets that join the flows, the shared defaults."""

from __future__ import annotations

from nightcap_airflow.assets import analytics, champion, corpus, night
from nightcap_airflow.defaults import dag_defaults, force_param, night_params
from nightcap_airflow.tasks import step

__all__ = ["analytics", "champion", "corpus", "dag_defaults", "force_param", "night", "night_params", "step"]
