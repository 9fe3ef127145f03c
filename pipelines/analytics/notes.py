"""One sentence each on where panels and roles of a generation come from: an empty table must say why."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.analytics.inputs import ROLE_TASKS, Serving


def panels_note(serving: Serving, by_source: Mapping[str, int], *, is_registered: bool) -> str:
    """`by_source`: panels by panel_source; `is_registered`: a panelization model exists, serving or not."""
    curated = f"{by_source.get('curator', 0)} panels are the curators'"
    model = serving.model("panelization")
    if model:
        return f"{curated}, {by_source.get('model', 0)} come from {model.name} ({model.tagger})."
    why = "no panelization model beats it on the benchmark" if is_registered else "no panelization model is registered"
    return f"{curated}, {by_source.get('rule', 0)} come by the letter rule because {why}."


def roles_note(serving: Serving, n_curated_roles: int, n_hypotheses: int) -> str:
    """`n_curated_roles`: annotations with a role controlled or measured."""
    serve = [m for t in sorted(ROLE_TASKS) if (m := serving.model(t))]
    curators = f"curators gave {n_curated_roles} roles" if n_curated_roles else "no delivery holds roles by curators"
    if serve:
        models = " and ".join(f"{m.name} ({m.data_kind} data)" for m in serve)
        note = f"Roles come from curators first ({curators}), then from {models}."
    else:
        note = f"Roles come from curators only ({curators}): no role model serves."
    if n_hypotheses:
        return note
    empty = "no panel of a document that stands holds both a controlled and a measured entity"
    return f"{note} out.hypotheses is empty because {empty if n_curated_roles or serve else 'there are no roles'}."
