"""Everything that a writer of the corpus leaves, to compare a killed run with an undisturbed one."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines import settings
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.index import Index


def end_state(home: Path) -> object:
    """Versions, manifests, files, remote objects, index. Run ids and times apart."""
    repo = CorpusRepo(settings.load({}, home))
    tags = {t: repo.head_md5(t) for t in repo.tags()}
    remote = sorted(p.name for p in Path(repo.dvc_remote).rglob("*") if p.is_file())
    index = Index(home / "index" / "index.db")
    state = {
        "tags": tags, "manifests": repo.manifests(), "files": {f.relpath: f.md5 for f in repo.files()},
        "remote": remote, "index": index.fingerprint(), "branch": repo.git("ls-remote", repo.git_remote, "HEAD") != "",
    }  # fmt: skip
    index.close()
    return json.loads(json.dumps(state))
