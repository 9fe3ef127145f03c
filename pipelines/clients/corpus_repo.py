"""The corpus repository: a git branch that holds data.dvc and manifests, and a DVC remote that holds the files.

The clone is sparse: it never pulls history. New files are added to the tracked folder one by one, which keeps all
other entries of the list (`dvc add data` there would commit the loss of all history without an error).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.clients.meter import Meter
from pipelines.clients.objectstore import ObjectStore, open_store
from pipelines.errors import LeaseLost, PermanentError, TransientError
from pipelines.settings import Settings, child_environment

BRANCH = "corpus"
_FILE = re.compile(r"^(\w+)/(?:night=(\d{4}-\d{2}-\d{2})|month=(\d{4}-\d{2}))/part-(\d+)\.parquet$")
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Nightcap", "GIT_AUTHOR_EMAIL": "nightcap@localhost",
    "GIT_COMMITTER_NAME": "Nightcap", "GIT_COMMITTER_EMAIL": "nightcap@localhost",
    "GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "gc.auto", "GIT_CONFIG_VALUE_1": "0",
    "GIT_CONFIG_KEY_2": "commit.gpgsign", "GIT_CONFIG_VALUE_2": "false", "GIT_TERMINAL_PROMPT": "0",
}  # fmt: skip


@dataclass(frozen=True)
class CorpusFile:
    """One frozen file: `path` is its local copy in the cache, `seq` the version that added it.

    One that upkeep wrote (`is_rewritten`) holds rows of many nights and versions, each with its own night, seq and
    part; `night` is then a month, YYYY-MM.
    """

    table: str
    night: str
    part: int
    seq: int
    relpath: str
    md5: str
    path: Path

    @property
    def is_rewritten(self) -> bool:
        return len(self.night) == len("2026-11")

    def may_hold(self, night: str) -> bool:
        """False where the file holds no row of this night."""
        return night.startswith(self.night)


def parse_relpath(relpath: str) -> tuple[str, str, int]:
    """(table, night or month, part) of `<table>/night=<date>/part-<n>.parquet` or `<table>/month=<YYYY-MM>/…`."""
    match = _FILE.match(relpath)
    if match is None:
        raise PermanentError(f"the corpus holds a file of no known form: {relpath}")
    return match[1], match[2] or match[3], int(match[4])


class CorpusRepo:
    """`root` is the clone; remotes default to a bare git repository and a folder below the home. `meter` has what
    opening and writing cost, by part."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.path("corpus")
        remotes = settings.path("remotes")
        self.git_remote = settings.storage.corpus_git or str(remotes / "corpus.git")
        self.dvc_remote = settings.storage.corpus_remote or str(remotes / "dvc")
        self._settings = settings
        self._s3 = settings.s3
        self._tmp = settings.path("tmp")
        self._env = self._environment(settings)
        self.meter = Meter()

    def _environment(self, settings: Settings) -> dict[str, str]:
        env = child_environment()
        site = settings.path("tmp", "dvc-site")
        env.update(_IDENTITY, DVC_NO_ANALYTICS="1", CI="1", DVC_SITE_CACHE_DIR=str(site))
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            env.pop(name, None)
        return env

    # programs

    def _call(self, command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=cwd, env=self._env, capture_output=True, text=True, check=False)

    def git(self, *args: str, cwd: Path | None = None) -> str:
        done = self._call(["git", *args], cwd or self.root)
        if done.returncode:
            raise TransientError(f"git {' '.join(args[:3])} failed in {cwd or self.root}: {done.stderr.strip()[-500:]}")
        return done.stdout.strip()

    def dvc(self, *args: str, cwd: Path | None = None) -> str:
        done = self._call([sys.executable, "-m", "dvc", "--wait-for-lock", *args], cwd or self.root)
        if done.returncode:
            detail = (done.stderr or done.stdout).strip()[-600:]
            raise TransientError(f"dvc {args[0]} failed for {self.dvc_remote}: {detail}")
        return done.stdout.strip()

    # set up

    def open(self) -> None:
        """Bring the clone to the remote's branch: made where absent; whatever a killed run left is dropped."""
        self._tmp.mkdir(parents=True, exist_ok=True)
        self._make_git_remote()
        if not (self.root / ".git" / "HEAD").is_file() or not (self.root / ".dvc" / "config").is_file():
            self._make_clone()
        for lock in (".git/index.lock", ".git/HEAD.lock", ".git/packed-refs.lock", f".git/refs/heads/{BRANCH}.lock"):
            (self.root / lock).unlink(missing_ok=True)
        self.git("remote", "set-url", "origin", self.git_remote)
        self.git("fetch", "-q", "--prune", "--prune-tags", "--tags", "--force", "origin")
        self.git("checkout", "-q", "-f", "-B", BRANCH, f"origin/{BRANCH}")
        self.git("clean", "-fdq", "-e", ".dvc")
        shutil.rmtree(self.root / "data", ignore_errors=True)
        self._configure_dvc()
        self.meter.lap("open")

    def _make_git_remote(self) -> None:
        remote = Path(self.git_remote)
        if "://" in self.git_remote or (remote / "HEAD").is_file():
            return
        staged = self._tmp / f"{remote.name}.new"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        self.git("init", "-q", "--bare", "-b", BRANCH, ".", cwd=staged)
        seed = self._tmp / "corpus-seed"
        shutil.rmtree(seed, ignore_errors=True)
        seed.mkdir()
        self.git("init", "-q", "-b", BRANCH, ".", cwd=seed)
        self.dvc("init", "-q", cwd=seed)
        self.dvc("config", "core.analytics", "false", cwd=seed)
        self.dvc("config", "cache.type", "reflink,copy", cwd=seed)
        (seed / ".gitignore").write_text("/data\n")
        self.git("add", "-A", ".", cwd=seed)
        self.git("commit", "-q", "-m", "An empty corpus", cwd=seed)
        self.git("push", "-q", str(staged), BRANCH, cwd=seed)
        remote.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(remote)
        shutil.rmtree(seed, ignore_errors=True)

    def _make_clone(self) -> None:
        staged = self._tmp / "corpus.clone"
        shutil.rmtree(staged, ignore_errors=True)
        self.git("clone", "-q", "-b", BRANCH, self.git_remote, str(staged), cwd=self._tmp)
        cache = self.root / ".dvc" / "cache"
        if cache.is_dir():
            cache.rename(staged / ".dvc" / "cache")
        shutil.rmtree(self.root, ignore_errors=True)
        staged.rename(self.root)

    def _configure_dvc(self, cwd: Path | None = None, cache: Path | None = None) -> None:
        lines = ["[core]", "    remote = origin", "['remote \"origin\"']", f"    url = {self.dvc_remote}",
                 "    verify = true"]  # fmt: skip
        if self.dvc_remote.startswith("s3://"):
            lines.append(f"    region = {self._s3.region}")
            if self._s3.endpoint_url:
                lines.append(f"    endpointurl = {self._s3.endpoint_url}")
        if cache is not None:
            lines += ["[cache]", f"    dir = {cache}"]
        path = (cwd or self.root) / ".dvc" / "config.local"
        if not path.is_file() or path.read_text() != "\n".join(lines) + "\n":
            path.write_text("\n".join(lines) + "\n")

    # reading

    @property
    def cache(self) -> Path:
        return self.root / ".dvc" / "cache" / "files" / "md5"

    def exists(self) -> bool:
        return (self.root / ".git").is_dir()

    def tags(self) -> list[str]:
        return self.git("tag", "--list", "corpus/*").split()

    def _at(self, version: str, path: str) -> str | None:
        done = self._call(["git", "show", f"{version}:{path}"], self.root)
        return done.stdout if done.returncode == 0 else None

    def head_md5(self, version: str = "HEAD") -> str:
        """md5 of the file list in data.dvc (with .dir), empty before the first freeze."""
        text = self._at(version, "data.dvc")
        match = re.search(r"md5: ([0-9a-f]{32}\.dir)", text or "")
        return match[1] if match else ""

    def manifests(self, version: str = "HEAD") -> list[dict[str, object]]:
        """Manifests of all versions up to and with this one, by seq."""
        names = self.git("ls-tree", "--name-only", version, "manifests/").split()
        if not names:
            return []
        if version == "HEAD" and (self.root / names[-1]).is_file():
            return [json.loads((self.root / n).read_text()) for n in sorted(names)]
        return [json.loads(self._at(version, n) or "{}") for n in sorted(names)]

    def file_list(self, version: str = "HEAD") -> dict[str, str]:
        """relpath → md5 of every file of a version."""
        md5 = self.head_md5(version)
        if not md5:
            return {}
        path = self._object(md5)
        if not path.is_file():
            self._fetch(version)
        return {str(e["relpath"]): str(e["md5"]) for e in json.loads(path.read_bytes())}

    @staticmethod
    def remote_key(md5: str) -> str:
        """Where the DVC remote holds an object."""
        return f"files/md5/{md5[:2]}/{md5[2:]}"

    @property
    def remote(self) -> ObjectStore:
        """The DVC remote as a store of objects."""
        return open_store(self.dvc_remote, self._settings)

    def read_object(self, md5: str) -> bytes | None:
        """An object from the cache, else from the remote; None where neither has it (a purge took it)."""
        path = self._object(md5)
        if path.is_file():
            return path.read_bytes()
        remote = self.remote
        return remote.read(self.remote_key(md5)) if remote.exists(self.remote_key(md5)) else None

    def listed_at(self, version: str) -> dict[str, str]:
        """As `file_list`, but fetches only the list: for versions whose files a purge took."""
        md5 = self.head_md5(version)
        data = self.read_object(md5) if md5 else b"[]"
        return {str(e["relpath"]): str(e["md5"]) for e in json.loads(data or b"[]")}

    def remove_object(self, md5: str) -> None:
        """Take an object off the remote and out of the cache, for good: only a purge does."""
        self.remote.delete(self.remote_key(md5))
        self._object(md5).unlink(missing_ok=True)

    def _object(self, md5: str) -> Path:
        return self.cache / md5[:2] / md5[2:]

    def files(self, version: str = "HEAD", tables: Sequence[str] | None = None) -> list[CorpusFile]:
        """Every file of a version, fetched to the cache where it is not there yet."""
        listing = self.file_list(version)
        seqs = {str(f): int(str(m["seq"])) for m in self.manifests(version) for f in _names(m)}
        wanted = {r: m for r, m in listing.items() if tables is None or parse_relpath(r)[0] in tables}
        if any(not self._object(md5).is_file() for md5 in wanted.values()):
            self._fetch(version)
        out = []
        for relpath, md5 in sorted(wanted.items()):
            table, night, part = parse_relpath(relpath)
            out.append(CorpusFile(table, night, part, seqs[relpath], relpath, md5, self._object(md5)))
        return out

    def _fetch(self, version: str) -> None:
        """Bring the files of a version from the DVC remote to the cache, through a throw-away work tree."""
        tree = self._tmp / f"tree-{hashlib.sha256(version.encode()).hexdigest()[:12]}"
        self.checkout(version, tree, cache=self.root / ".dvc" / "cache", fetch_only=True)
        shutil.rmtree(tree, ignore_errors=True)

    def checkout(self, version: str, folder: Path, *, cache: Path | None = None, fetch_only: bool = False) -> str:
        """A version as a work tree of its own, its data from the remote alone; returns the md5 of its data.dvc.

        With `cache` None the tree has a cache of its own, so that nothing local can stand in for the remote.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        commit = self.git("rev-parse", f"{version}^{{commit}}")
        self.git("clone", "-q", "--no-checkout", self.git_remote, str(folder), cwd=self._tmp)
        self.git("checkout", "-q", "--detach", commit, cwd=folder)
        self._configure_dvc(folder, cache)
        if (folder / "data.dvc").is_file():
            self.dvc("fetch" if fetch_only else "pull", "-q", cwd=folder)
        return self.head_md5(version)

    def checked_out(self, folder: Path) -> str | None:
        """Tag of the version that lies in a folder; None where it is no checkout of this corpus."""
        is_tree = (folder / "data.dvc").is_file() and (folder / ".git").is_dir()
        tags = self.git("tag", "--points-at", "HEAD", cwd=folder).split() if is_tree else []
        return next((str(m["tag"]) for m in self.manifests() if m["tag"] in tags), None)

    # writing

    def write_files(self, files: Mapping[str, bytes]) -> None:
        for relpath, data in sorted(files.items()):
            path = self.root / "data" / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.meter.lap("files")

    def add_files(self, relpaths: Sequence[str], dropped: Sequence[str] = ()) -> str:
        """Add these files to the list in data.dvc and take the dropped ones off it; returns its md5.

        Proves that the new list is exactly the old one and these files, less what was dropped.
        """
        before = self.file_list()
        is_first = not (self.root / "data.dvc").is_file()
        if relpaths:
            self.dvc("add", *(["data"] if is_first else [f"data/{r}" for r in sorted(relpaths)]))
        if dropped:
            self._drop_entries(set(dropped))
        md5 = self._stated()
        listed = {str(e["relpath"]): str(e["md5"]) for e in json.loads(self._object(md5).read_bytes())}
        kept = {r: m for r, m in before.items() if r not in set(dropped)}
        lost = [r for r, m in kept.items() if listed.get(r) != m]
        missing = [r for r in relpaths if r not in listed]
        unasked = sorted(listed.keys() - kept.keys() - set(relpaths))
        if lost or missing or unasked:
            raise PermanentError(
                f"the new file list lost or changed {lost[:3]}, lacks {missing[:3]} or holds {unasked[:3]} unasked: "
                "not committed"
            )
        self.meter.lap("dvc add")
        return md5

    def _stated(self) -> str:
        match = re.search(r"md5: ([0-9a-f]{32}\.dir)", (self.root / "data.dvc").read_text())
        if match is None:
            raise PermanentError(f"dvc add left no file list in {self.root / 'data.dvc'}")
        return match[1]

    def _drop_entries(self, dropped: set[str]) -> None:
        """Write the list without these entries as DVC would: it has no command that drops from a folder it has not
        checked out. Refused where writing the old list again does not give the old md5 (another DVC)."""
        md5 = self._stated()
        entries = json.loads(self._object(md5).read_bytes())
        if _list_md5(_list_bytes(entries)) != md5:
            raise PermanentError("this DVC writes file lists in another way: dropping files needs a look at the code")
        data = _list_bytes([e for e in entries if e["relpath"] not in dropped])
        new = _list_md5(data)
        path = self._object(new)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged = path.with_name(f"{path.name}.tmp")
            staged.write_bytes(data)
            staged.chmod(0o444)
            staged.replace(path)
        size = sum(self._object(e["md5"]).stat().st_size for e in entries if e["relpath"] in dropped)
        text = (self.root / "data.dvc").read_text().replace(md5, new)
        text = re.sub(r"size: (\d+)", lambda m: f"size: {int(m[1]) - size}", text)
        text = re.sub(r"nfiles: (\d+)", lambda m: f"nfiles: {len(json.loads(data))}", text)
        (self.root / "data.dvc").write_text(text)

    def write_manifest(self, manifest: Mapping[str, object]) -> None:
        path = self.root / "manifests" / f"{int(str(manifest['seq'])):06d}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")

    def push_data(self, relpaths: Sequence[str]) -> None:
        """Push, then look: the list and these files must be on the remote before a commit may name them.

        TransientError where one is missing: the push went elsewhere, or somebody deletes there.
        """
        self.dvc("push", "-q")
        md5, remote = self._stated(), self.remote
        listed = {str(e["relpath"]): str(e["md5"]) for e in json.loads(self._object(md5).read_bytes())}
        wanted = {md5: "the file list", **{listed[r]: r for r in relpaths}}
        if missing := [name for m, name in wanted.items() if not remote.exists(self.remote_key(m))]:
            raise TransientError(
                f"{self.dvc_remote} lacks {', '.join(missing[:3])} after the push: nothing was committed; look who may "
                "delete there, then run the step again"
            )
        self.meter.lap("push")

    def commit(self, message: str) -> str:
        self.git("add", "-A", "--", "data.dvc", "manifests", ".gitignore")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str) -> None:
        self.git("tag", "-f", name)

    def push(self, tag: str) -> None:
        """Branch and tag in one step, without force: a writer that started from an older version loses cleanly."""
        done = self._call(["git", "push", "-q", "--atomic", "origin", BRANCH, f"refs/tags/{tag}"], self.root)
        if done.returncode and re.search(r"rejected|non-fast-forward|fetch first", done.stderr):
            raise LeaseLost("another writer committed to the corpus first; run the step again")
        if done.returncode:
            raise TransientError(f"git push to {self.git_remote} failed: {done.stderr.strip()[-500:]}")
        self.meter.lap("commit")


def _list_bytes(entries: Sequence[Mapping[str, str]]) -> bytes:
    return json.dumps(entries, sort_keys=True).encode()


def _list_md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest() + ".dir"


def _names(manifest: Mapping[str, object]) -> list[str]:
    files = manifest.get("files")
    return [str(f["path"]) for f in files] if isinstance(files, list) else []
