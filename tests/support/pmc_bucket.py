"""A bucket in the layout of PMC Open Access of 2026, as a folder that an S3 server serves; all values are invented."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

BUCKET = "pmc-oa-opendata"
_JATS = (
    '<article article-type="research-article"><front><article-meta><article-id pub-id-type="pmc">{pmcid}</article-id>'
    '<article-id pub-id-type="doi">10.5555/pmc.{n}</article-id><title-group><article-title>Article {n}</article-title>'
    "</title-group></article-meta></front><body><fig id='f1'><label>Figure 1</label><caption><p>{legend}</p></caption>"
    "</fig></body></article>"
)


class PmcBucket:
    """`folder`: what the S3 server serves; the bucket lies in it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / BUCKET
        self.root.mkdir(parents=True, exist_ok=True)

    def put(
        self, n: int, version: int = 1, *, legend: str = "Cells.", has_xml: bool = True, **metadata: object
    ) -> None:
        """One article version: its JATS file and its metadata."""
        pmcid, name = f"PMC{n}", f"PMC{n}.{version}"
        url = None
        if has_xml:
            xml = _JATS.format(pmcid=pmcid, n=n, legend=legend).encode()
            self.write(f"{name}/{name}.xml", xml)
            url = f"s3://{BUCKET}/{name}/{name}.xml?md5={hashlib.md5(xml).hexdigest()}"
        record = {
            "pmcid": pmcid, "version": version, "pmid": str(30_000_000 + n), "doi": f"10.5555/pmc.{n}",
            "title": f"Article {n}", "citation": "Demo J. 2026; 1:2", "is_pmc_openaccess": True, "is_manuscript": False,
            "is_historical_ocr": False, "is_retracted": False, "license_code": "CC BY", "xml_url": url, "pdf_url": None,
            "text_url": None, "media_urls": [], **metadata,
        }  # fmt: skip
        self.write(f"metadata/{name}.json", json.dumps(record).encode())

    def write(self, key: str, data: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(self, n: int, version: int = 1) -> None:
        (self.root / f"metadata/PMC{n}.{version}.json").unlink()

    def rows(self, modified: str = "2026-11-01") -> list[str]:
        """Lines of an inventory of what is there now, in no order that means anything."""
        files = sorted((self.root / "metadata").glob("*.json"), key=lambda p: hashlib.md5(p.name.encode()).hexdigest())
        return [
            f'"{BUCKET}","metadata/{p.name}","{modified}T02:11:09.000Z","{hashlib.md5(p.read_bytes()).hexdigest()}"\n'
            for p in files
        ]

    def take_inventory(self, date: str, rows: Iterable[str] | None = None, parts: int = 2) -> None:
        """The provider's inventory of a day, in gzipped files without header; `rows` instead of what is there."""
        lines, base = list(self.rows() if rows is None else rows), f"inventory-reports/{BUCKET}/metadata"
        files = []
        for i in range(parts):
            data, key = gzip.compress("".join(lines[i::parts]).encode()), f"{base}/data/{date}-{i}.csv.gz"
            self.write(key, data)
            files.append({"key": key, "size": len(data), "MD5checksum": hashlib.md5(data).hexdigest()})
        manifest = {"sourceBucket": BUCKET, "fileFormat": "CSV", "fileSchema": "Bucket, Key, LastModifiedDate, ETag",
                    "files": files}  # fmt: skip
        self.write(f"{base}/{date}T01-00Z/manifest.json", json.dumps(manifest).encode())
