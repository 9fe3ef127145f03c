"""`nightcap quarantine …` over a home with two nights of the sample: what was rejected, and a third that mends some."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from killing import run_steps

from pipelines.cli.quarantine import rule_of
from pipelines.feedback.step import read_issues
from pipelines.settings import load

BAD_TYPE, BAD_LISTS = "10-5555_nightcap-nmr-39.xml", "10-5555_nightcap-nightone-49.xml"
CUT = "10-5555_nightcap-nightlife-59.xml"


def call(home: Path, *args: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "pipelines", "quarantine", *args, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def issues(home: Path, *args: str) -> dict[str, dict[str, Any]]:
    """By file name less its folder."""
    said = json.loads(call(home, "list", "--json", *args))
    return {i["name"].rsplit("/", 1)[-1]: i for i in said["issues"]}


def outbox(home: Path) -> dict[str, bytes]:
    folder = home / "outbox"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.*"))}


@pytest.fixture(scope="module")
def template(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    home = tmp_path_factory.mktemp("quarantine") / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def redeliver(sample: Path, folder: Path) -> dict[str, str]:
    """A delivery that mends two of three faults: one under its old name, one under a new one; a file is cut again."""
    old = sample / "2026-11-19" / "curation" / "curators-b"
    for name in ("curators-b", "mended"):
        (folder / name).mkdir(parents=True)
        shutil.copy(old / "delivery.toml", folder / name)
    wrong, right = 'category="entity" entity_type="spaceship"', 'category="assay" entity_type=""'
    typed = (old / BAD_TYPE).read_text().replace(wrong, right)
    (folder / "curators-b" / BAD_TYPE).write_text(typed)
    paired = re.sub(r'(id="sdTag1"[^>]* ext_ids="[^"/]*)///[^"]*"', r'\1"', (old / BAD_LISTS).read_text(), count=1)
    (folder / "mended" / "all-figures.xml").write_text(paired)
    (folder / "curators-b" / CUT).write_bytes((old / CUT).read_bytes()[:9000])
    return {"date": "2026-11-21", "curation": str(folder)}


def test_every_fault_of_the_sample_is_listed_and_explained(home: Path) -> None:
    said = json.loads(call(home, "list", "--json", "--night", "2026-11-19"))
    assert said["n"] == len(said["issues"]) == said["by_status"]["open"] == 9
    assert issues(home, "--reason", "unknown_type").keys() == {BAD_TYPE}
    found = json.loads(call(home, "show", issues(home)[BAD_LISTS]["issue_id"][:8], "--json"))
    assert (found["reason"], found["sender"]) == ("unequal_id_lists", "curators-b (synthetic)")
    assert found["expected"] == "as many ids as databases, in the same order"
    assert found["payload"]["ext_ids"] in Path(found["raw_uri"]).read_text()
    start, end = found["legend"]["spans"][0]
    assert (found["legend"]["text"][start:end], found["legend"]["is_exact"]) == (found["payload"]["text"], True)
    assert (found["line"], found["rule"]["stage"]) == (1, "parse")
    assert found["delivery_id"] == found["delivery"]["delivery_id"]
    assert f"»{found['payload']['text']}«" in call(home, "show", found["issue_id"])


def test_errors_say_what_to_do(home: Path, tmp_path: Path) -> None:
    assert "quarantine list" in call(home, "show", "nope", code=2)
    assert "there are: " in call(home, "list", "--reason", "nope", code=2)
    assert "YYYY-MM-DD" in call(home, "list", "--night", "monday", code=2)
    assert "does not exist" in call(tmp_path / "nothing", "list", code=2)
    assert not (tmp_path / "nothing").exists()
    assert "say why" in call(home, "waive", issues(home)[CUT]["issue_id"], code=2)


def test_an_export_holds_every_issue_in_both_forms(home: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in call(home, "export").splitlines()]
    call(home, "export", "--format", "csv", "--to", str(tmp_path / "new" / "issues.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "new" / "issues.csv").read_text())))
    assert [r["issue_id"] for r in rows] == [line["issue_id"] for line in lines]
    assert [json.loads(r["payload"]) for r in rows] == [line["payload"] for line in lines]


def test_receipts_go_to_every_sender_once(home: Path) -> None:
    said = json.loads(call(home, "receipts", "--json"))
    first = outbox(home)
    assert said["written"] == len(first) / 2
    page = first["curators-b (synthetic)/curation:2026-11-19:3.html"].decode()
    assert page.count("<mark>") == 2
    receipt = json.loads(first["curators-b (synthetic)/curation:2026-11-19:3.json"])
    assert (receipt["files"]["accepted"], receipt["files"]["rejected"], receipt["n_rejected"]) == (2, 1, 3)
    assert receipt["accepted"]["figure"] == 8
    assert json.loads(call(home, "receipts", "--json"))["written"] == 0
    assert outbox(home) == first
    (home / "outbox" / "curators-b (synthetic)" / "curation:2026-11-19:3.html").unlink()
    shutil.rmtree(home / "staging")
    assert json.loads(call(home, "receipts", "--json"))["written"] == 1
    assert outbox(home) == first


def test_a_waiver_holds_until_it_is_taken_back(home: Path) -> None:
    name = issues(home)[CUT]["issue_id"]
    call(home, "waive", name, "--why", "the paper is withdrawn", "--who", "ada")
    assert issues(home, "--status", "waived")[CUT]["settled_by"].startswith("ada, ")
    call(home, "receipts")
    page = outbox(home)["curators-b (synthetic)/curation:2026-11-19:3.html"].decode()
    assert "the paper is withdrawn" in page
    call(home, "waive", name, "--undo")
    assert issues(home)[CUT]["status"] == "open"
    assert "nothing to undo" in call(home, "waive", name, "--undo", code=2)


def test_a_redelivery_fixes_what_it_mends(home: Path, sample_folder: Path, tmp_path: Path) -> None:
    call(home, "receipts")
    options = redeliver(sample_folder, tmp_path / "again")
    run_steps(home, options, ["pull", "parse", "check"])
    assert {i["status"] for i in issues(home).values()} == {"open"}
    run_steps(home, options, ["pull", "freeze", "close"])
    found = read_issues(load({}, home, "demo"))
    fixed = {i.name.rsplit("/", 1)[-1]: i.settled_by for i in found if i.status == "fixed"}
    assert fixed == {BAD_TYPE: "curation:2026-11-21:1", BAD_LISTS: "curation:2026-11-21:2"}
    assert [i.status for i in found if i.name.endswith(CUT)] == ["open", "open"]
    said = json.loads(call(home, "receipts", "--json"))
    assert said["written"] == 3
    page = outbox(home)["curators-b (synthetic)/curation:2026-11-19:3.html"].decode()
    assert "fixed since, with the delivery curation:2026-11-21:2" in page
    assert {rule_of(i)["stage"] for i in found} == {"parse"}
    assert {i.sender for i in found} >= {"curators-b (synthetic)"}
    status = [sys.executable, "-m", "pipelines", "status", "--json", "--home", str(home)]
    state = json.loads(subprocess.run(status, capture_output=True, text=True, check=True).stdout)
    assert (state["issues"]["fixed"], sum(state["quarantine"].values())) == (2, state["issues"]["open"])
