"""Times a run in the service, from asking for it to the end of its job, against the same run by the command.

The service is one process with its data folder and a slot for one run; its jobs are processes of their own
that check points and stage what they write. The command has as many threads as the service gives the job.
Both write Parquet; the balances are compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from engine import beside, write_mapping


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aimapper", required=True)
    parser.add_argument("--rows", type=int, default=7_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("target/bench"))
    args = parser.parse_args()
    aimapper, folder = Path(args.aimapper).resolve(), args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"engine_{args.rows}.csv"
    if not source.exists():
        beside("source", args.rows, source)
    mapping = write_mapping(aimapper, folder)
    with tempfile.TemporaryDirectory(dir=folder) as data:
        with Service(aimapper, Path(data)) as service:
            version = service.mapped(source, folder / "engine.schema.json", mapping)
            compare(aimapper, service, version, (source, mapping, Path(data) / "out"), args.rounds)


def compare(aimapper: Path, service: "Service", version: str, files: tuple[Path, Path, Path], rounds: int) -> None:
    source, mapping, out = files
    command = [
        aimapper, "run", "--mapping", mapping, source, "-o", out, "--format", "parquet",
        "--max-rejects", "100%", "--threads", os.cpu_count(), "--force",
    ]  # fmt: skip
    walls: dict[str, list[float]] = {"command": [], "service": []}
    # One round that does not count warms the file cache.
    for turn in range(rounds + 1):
        start = time.perf_counter()
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        middle = time.perf_counter()
        if done.returncode != 0:
            sys.exit(done.stderr)
        run = service.run(version)
        end = time.perf_counter()
        if turn > 0:
            walls["command"].append(middle - start)
            walls["service"].append(end - middle)
        own = json.loads((out / f"{source.stem}.report.json").read_text(encoding="utf-8"))["balance"]
        if any(run["balance"][part] != own[part] for part in run["balance"]):
            sys.exit(f"the balances differ: {own} and {run['balance']}")
    for name, values in walls.items():
        print(f"{name:8} {statistics.median(values):7.2f} s ({min(values):.2f} to {max(values):.2f})")
    ratio = statistics.median(walls["service"]) / statistics.median(walls["command"])
    print(f"the service takes {ratio:.2f} times the command's time")


class Service:
    """`aimapper serve` on a free port."""

    def __init__(self, aimapper: Path, data: Path) -> None:
        self.env = os.environ | {"AIMAPPER__DATA__DIR": str(data / "data"), "AIMAPPER__LOG__LEVEL": "warn"}
        self.aimapper = aimapper
        self.data = data

    def __enter__(self) -> "Service":
        words = [str(self.aimapper), "serve", "--bind", "127.0.0.1:0"]
        self.child = subprocess.Popen(words, env=self.env, cwd=self.data, stdout=subprocess.PIPE, text=True)
        ready = "AiMapper is ready at "
        line = next((line for line in self.child.stdout if line.startswith(ready)), None)
        if line is None:
            sys.exit("the service did not start")
        self.url = line.removeprefix(ready).strip().rstrip("/") + "/api/v1/"
        token = [str(self.aimapper), "token", "--role", "operator"]
        self.token = subprocess.check_output(token, env=self.env, cwd=self.data, text=True).strip()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        self.child.wait()

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers)) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read().decode()}")

    def ended(self, job: str) -> dict:
        """Follows the events of a job to its end."""
        self.ask(f"jobs/{job}/events")
        job = json.loads(self.ask(f"jobs/{job}"))
        if job["state"] != "succeeded":
            sys.exit(f"the job has {job['state']}: {job['failure']}")
        return job

    def mapped(self, source: Path, schema: Path, mapping: Path) -> str:
        """A mapping version of a source that is uploaded."""
        wanted = {"name": schema.stem, "schema": json.loads(schema.read_text(encoding="utf-8"))}
        target = json.loads(self.ask("targets", json.dumps(wanted).encode()))
        # A body of that size is left to curl.
        upload = ["curl", "--silent", "--show-error", "--fail", "--form", f"file=@{source}", "--header", "@-"]
        sent = subprocess.run(
            [*upload, self.url + "sources"],
            input=f"Authorization: Bearer {self.token}", check=True, capture_output=True, text=True,
        )  # fmt: skip
        sent = json.loads(sent.stdout)
        self.ended(sent["job"])
        place = f"mappings?source_version={sent['version']}&target_version={target['id']}"
        return json.loads(self.ask(place, mapping.read_bytes(), "application/yaml"))["id"]

    def run(self, version: str) -> dict:
        wanted = {"mapping_version": version, "format": "parquet", "max_rejects": 1_000_000_000}
        started = json.loads(self.ask("runs", json.dumps(wanted).encode()))
        self.ended(started["job"])
        return json.loads(self.ask(f"runs/{started['run']}"))


if __name__ == "__main__":
    main()
