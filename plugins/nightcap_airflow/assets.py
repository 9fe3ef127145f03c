"""The assets that join the flows, defined once. They carry no data: an event says "look again", and the flow that it
starts works out from stored state what is pending (so a missed, doubled or batched event does no harm)."""

from __future__ import annotations

from airflow.sdk import Asset

corpus = Asset(name="corpus", uri="nightcap://corpus")  # a new corpus version was frozen
night = Asset(name="night", uri="nightcap://night")  # a night was closed, with or without a new version
champion = Asset(name="champion", uri="nightcap://champion")  # a champion alias moved
analytics = Asset(name="analytics", uri="nightcap://analytics")  # a new generation was published
