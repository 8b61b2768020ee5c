"""Measures what a job costs around its work, here and in Celery over Redis; benches/queue.sh starts it.

Both sides: a client submits jobs over HTTP, each with a token whose Ed25519 signature is checked; the work is
nothing; the result is stored. Ours is the real route (`POST /api/v1/runs`) of aimapper-api over PostgreSQL
(with fsync) and RabbitMQ; what is accepted, begun and done is on disk. Celery's is a small Flask front over
gunicorn and prefork workers, results in Redis, whose log is synced every second or at each write.

Only one side runs at a time. Rounds alternate; figures are medians over the rounds.
"""

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import jwt
import redis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parent.parent
# Open requests at a time, and jobs of the measurement of an idle system.
CONNECTIONS = 16
IDLE_JOBS = 200
WARM_UP = 50
SLOTS = (16, 48)
PROCESSES = (2, 4)
SYNCS = ("everysec", "always")
GUNICORN = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--keep-alive", "60"]
SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--worker", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", nargs=2, metavar=("FOLDER", "URL"), required=True)
    parser.add_argument("--rabbitmq", nargs=2, metavar=("FOLDER", "URL"), required=True)
    args = parser.parse_args()
    # So that an end from outside takes the processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="aimapper-queue.") as folder:
        compare(args, Path(folder))


def compare(args: argparse.Namespace, folder: Path) -> None:
    ours = Ours(args, folder / "ours")
    peer = None
    try:
        peer = Peer(folder / "peer")
        ours.prepare()
        sides = [(ours, {"slots": slots}) for slots in SLOTS]
        sides += [(peer, {"processes": many, "sync": sync}) for sync in SYNCS for many in PROCESSES]
        print_machine(ours, peer, folder)
        bursts = {about(side, how): [] for side, how in sides}
        idles = {about(side, how): [] for side, how in sides}
        for number in range(args.rounds):
            for side, how in sides:
                burst, idle = measured(side, how, args.jobs)
                bursts[about(side, how)].append(burst)
                idles[about(side, how)].append(idle)
                print(f"round {number + 1}: {about(side, how)}: {burst['rate']:.0f} jobs/s", flush=True)
        report(args, bursts, idles)
    finally:
        ours.clear()
        if peer is not None:
            peer.clear()


def about(side, how: dict) -> str:
    return f"{side.NAME}, " + ", ".join(f"{value} {key}" for key, value in how.items())


# The client.


class Line:
    """A connection that is kept. A client of its own, because a common one would take as long as the servers."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        self.socket.sendall(request)
        held = b""
        while b"\r\n\r\n" not in held:
            held += self.more()
        head, _, body = held.partition(b"\r\n\r\n")
        if b" 202 " not in head.split(b"\r\n", 1)[0]:
            sys.exit(f"not accepted: {held.decode(errors='replace')}")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += self.more()
        return body

    def more(self) -> bytes:
        came = self.socket.recv(65536)
        if not came:
            sys.exit("the server has hung up")
        return came


def request(port: int, path: str, token: str, body: dict) -> bytes:
    text = json.dumps(body)
    head = [
        f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}",
        "Content-Type: application/json", f"Content-Length: {len(text)}",
    ]  # fmt: skip
    return ("\r\n".join(head) + "\r\n\r\n" + text).encode()


def submit(side, line: Line) -> dict:
    sent, began = time.time(), time.perf_counter()
    answer = line.ask(side.request)
    took = time.perf_counter() - began
    job = json.loads(answer)["job"]
    side.accepted.append(job)
    return {"job": job, "sent": sent, "took": took}


def submit_all(side, count: int) -> list[dict]:
    numbers, sent, failures = iter(range(count)), [], []
    turn = threading.Lock()

    def send() -> None:
        try:
            line = Line(side.port)
            while True:
                with turn:
                    if next(numbers, None) is None:
                        return
                sent.append(submit(side, line))
        except (OSError, SystemExit) as failure:
            failures.append(failure)

    senders = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failures:
        sys.exit(f"a request failed: {failures[0]}")
    return sent


def until_done(side) -> None:
    end = time.monotonic() + SECONDS
    while side.left() > 0:
        if time.monotonic() > end:
            sys.exit(f"after {SECONDS} s {side.left()} jobs of {side.NAME} are not done")
        time.sleep(0.01)


def measured(side, how: dict, jobs: int) -> tuple[dict, dict]:
    """Many jobs at once, then some one after the other."""
    side.start(**how)
    submit_all(side, WARM_UP)
    until_done(side)
    before, began = side.processors(), time.perf_counter()
    many = submit_all(side, jobs)
    accepted = time.perf_counter() - began
    until_done(side)
    took, after = time.perf_counter() - began, side.processors()
    few, line = [], Line(side.port)
    for _ in range(IDLE_JOBS):
        few.append(submit(side, line))
        until_done(side)
    began_at = side.stop([sent["job"] for sent in many + few])
    burst = {"rate": jobs / took, "accepted": jobs / accepted, **latencies(many, began_at)}
    burst["cpu"] = {name: (after[name] - before[name]) * 1e3 / jobs for name in after}
    return burst, latencies(few, began_at)


def latencies(sent: list[dict], began_at: dict[str, float]) -> dict:
    """Milliseconds: until a submit is answered, and from sending it to the start of its work."""
    answered = [one["took"] * 1e3 for one in sent]
    started = [(began_at[one["job"]] - one["sent"]) * 1e3 for one in sent]
    return {
        "submit50": statistics.median(answered), "submit95": percentile(answered, 95),
        "start50": statistics.median(started), "start95": percentile(started, 95),
    }  # fmt: skip


def percentile(values: list[float], part: int) -> float:
    """The smallest value that so many in a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]


# Processes.


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until_listening(port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{process.args[0]} does not answer")
            time.sleep(0.05)


def end(process: subprocess.Popen | None) -> str:
    """Tells a process to end; gives what it has said."""
    if process is None or process.poll() is not None:
        return ""
    process.terminate()
    said, _ = process.communicate(timeout=SECONDS)
    return said or ""


def processor_seconds(root: int) -> float:
    """What a process and those that it has started have used."""
    below: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for about_it in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = about_it.read_text()
        except OSError:
            continue
        # Behind the name, which may hold anything: state, parent, .. (proc(5)).
        fields = text.rpartition(")")[2].split()
        pid = int(about_it.parent.name)
        below.setdefault(int(fields[1]), []).append(pid)
        # Its own, and those of its children that have ended.
        used[pid] = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    total, open_ends = 0.0, [root]
    while open_ends:
        pid = open_ends.pop()
        total += used.get(pid, 0.0)
        open_ends += below.get(pid, [])
    return total


class Ours:
    """AiMapper in parts."""

    NAME = "AiMapper"

    def __init__(self, args: argparse.Namespace, folder: Path):
        self.programs, self.bench_worker = args.programs.resolve(), args.worker.resolve()
        self.postgres, url = args.postgres
        self.rabbitmq, broker = args.rabbitmq
        self.url = url
        folder.mkdir(mode=0o700)
        self.port = free_port()
        self.settings = {
            "PATH": "/usr/bin:/bin",
            "AIMAPPER__DATA__DIR": str(folder),
            "AIMAPPER__DATABASE__URL": url,
            "AIMAPPER__BROKER__URL": broker,
            "AIMAPPER__SERVER__BIND": f"127.0.0.1:{self.port}",
            "AIMAPPER__WORKER__BIND": "127.0.0.1:0",
            "AIMAPPER__LOG__LEVEL": "warn,lapin=off",
        }
        self.api = self.worker = self.psql = None
        self.request = b""
        self.accepted: list[str] = []

    def prepare(self) -> None:
        """A file and a mapping of it, as a user makes them; the real worker reads and proposes."""
        subprocess.run(
            [self.programs / "aimapper", "migrate"], env=self.settings, check=True, capture_output=True
        )
        self.api = self.run(self.programs / "aimapper-api")
        until_listening(self.port, self.api)
        command = [self.programs / "aimapper", "token", "--role", "operator"]
        token = subprocess.run(command, env=self.settings, check=True, capture_output=True, text=True)
        self.token = token.stdout.strip()
        worker = self.run(self.programs / "aimapper-worker")
        schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
        target = self.call("POST", "targets", {"name": "target", "schema": schema})
        sent = self.upload(target["id"])
        read = self.ended(sent["job"])
        proposed = self.ended(read["outcome"]["propose"])
        version = self.call("GET", f"mapping-versions/{proposed['outcome']['mapping_version']}")
        match = {"If-Match": f'"{version["sha256"]}"'}
        edited = self.call("PATCH", f"mappings/{version['mapping']}", {"accept_at": 0.5}, match)
        run = {
            "mapping_version": edited["id"],
            "source_version": sent["version"],
            "format": "csv",
            "max_rejects": 0,
        }
        self.request = request(self.port, "/api/v1/runs", self.token, run)
        end(worker)
        command = ["psql", "--quiet", "--no-align", "--tuples-only", "--no-psqlrc", self.url]
        self.psql = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, *command) -> subprocess.Popen:
        return subprocess.Popen(
            [str(word) for word in command], env=self.settings, stdout=subprocess.PIPE, text=True
        )

    def call(self, method: str, path: str, body=None, more=None, kind="application/json"):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, **(more or {})}
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        asked = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
            return json.load(answer)

    def upload(self, target: str) -> dict:
        border = "7d1f0a3c"
        parts = [
            ('name="target"', target),
            (
                'name="file"; filename="rows.csv"\r\nContent-Type: text/csv',
                "id,note\n1,one\n2,two\n3,three\n",
            ),
        ]
        body = "".join(
            f"--{border}\r\nContent-Disposition: form-data; {about}\r\n\r\n{text}\r\n"
            for about, text in parts
        )
        kind = f"multipart/form-data; boundary={border}"
        return self.call("POST", "sources", f"{body}--{border}--\r\n".encode(), kind=kind)

    def ended(self, job: str) -> dict:
        end_at = time.monotonic() + SECONDS
        while time.monotonic() < end_at:
            found = self.call("GET", f"jobs/{job}")
            if found["state"] == "succeeded":
                return found
            if found["state"] in ("failed", "dead", "cancelled"):
                break
            time.sleep(0.05)
        sys.exit(f"the preparation failed: {found}")

    def start(self, slots: int) -> None:
        self.settings["AIMAPPER__WORKER__SLOTS__BATCH"] = str(slots)
        self.worker = self.run(self.bench_worker)
        if self.worker.stdout.readline() != "ready\n":
            sys.exit("the worker does not start")

    def asked(self, sql: str) -> str:
        self.psql.stdin.write(sql + ";\n")
        return self.psql.stdout.readline().strip()

    def left(self) -> int:
        """Jobs that are not done; both parts have an index for it."""
        running = "SELECT count(*) FROM jobs WHERE state IN ('dispatched', 'running')"
        return int(self.asked(f"SELECT (SELECT count(*) FROM outbox) + ({running})"))

    def stop(self, jobs: list[str]) -> dict[str, float]:
        lines = end(self.worker).splitlines()
        bad = self.asked("SELECT count(*) FROM jobs WHERE state <> 'succeeded'")
        if bad != "0":
            sys.exit(f"{bad} jobs have not succeeded")
        return {job: int(at) / 1e6 for job, at in (line.split() for line in lines)}

    def processors(self) -> dict[str, float]:
        postmaster = (Path(self.postgres) / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
        beam = (Path(self.rabbitmq) / "pid").read_text()
        roots = {"PostgreSQL": postmaster, "RabbitMQ": beam, "api": self.api.pid, "worker": self.worker.pid}
        return {name: processor_seconds(int(pid)) for name, pid in roots.items()}

    def clear(self) -> None:
        for process in (self.worker, self.api, self.psql):
            end(process)


class Peer:
    """Celery over Redis."""

    NAME = "Celery"

    def __init__(self, folder: Path):
        folder.mkdir(mode=0o700)
        self.port, port = free_port(), free_port()
        command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        command += ["--appendonly", "yes", "--daemonize", "no", "--logfile", folder / "log"]
        self.server = subprocess.Popen([str(word) for word in command])
        until_listening(port, self.server)
        self.results = redis.Redis(port=port, db=1)
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / "key.pem").write_bytes(public)
        now = int(time.time())
        claims = {"iss": "urn:peer", "aud": "peer", "sub": "bench", "iat": now, "exp": now + 86_400}
        self.request = request(
            self.port, "/jobs", jwt.encode(claims, key, algorithm="EdDSA"), {"rows": "of a file"}
        )
        self.settings = {
            "PATH": "/usr/bin:/bin", "REDIS_URL": f"redis://127.0.0.1:{port}", "PEER_KEY": str(folder / "key.pem"),
            "C_FORCE_ROOT": "1", "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self.front = self.worker = None
        self.accepted: list[str] = []

    def run(self, *command) -> subprocess.Popen:
        python = ["-m", *(str(word) for word in command)]
        there = ROOT / "benches" / "celery_peer"
        return subprocess.Popen(
            [sys.executable, *python],
            cwd=there,
            env=self.settings,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self, processes: int, sync: str) -> None:
        self.results.flushall()
        self.accepted = []
        self.results.config_set("appendfsync", sync)
        self.worker = self.run(
            "celery", "--quiet", "--app", "app:queue", "worker", "--concurrency", processes, "--loglevel", "error",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        )  # fmt: skip
        self.front = self.run(
            "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--log-level", "error", *GUNICORN, "app:web"
        )
        until_listening(self.port, self.front)

    def left(self) -> int:
        """Jobs without a result."""
        return len(self.accepted) - self.results.dbsize()

    def stop(self, jobs: list[str]) -> dict[str, float]:
        kept = self.results.mget([f"celery-task-meta-{job}" for job in jobs])
        end(self.front)
        end(self.worker)
        return {job: json.loads(result)["result"] for job, result in zip(jobs, kept, strict=True)}

    def processors(self) -> dict[str, float]:
        roots = {"Redis": self.server, "front": self.front, "worker": self.worker}
        return {name: processor_seconds(process.pid) for name, process in roots.items()}

    def clear(self) -> None:
        for process in (self.front, self.worker, self.server):
            end(process)


# What is printed.


def print_machine(ours: Ours, peer: Peer, folder: Path) -> None:
    model = next(
        (line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ":?"
    )
    disk = subprocess.run(
        ["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True
    ).stdout
    redis_version = peer.results.info("server")["redis_version"]
    print(
        f"{os.cpu_count()} processors ({model.split(':')[1].strip()}), {platform.machine()}, {disk.strip()}"
    )
    print(
        f"PostgreSQL {ours.asked('SHOW server_version')}, fsync {ours.asked('SHOW fsync')}; Redis {redis_version}"
    )


def report(args: argparse.Namespace, bursts: dict, idles: dict) -> None:
    def middle(rounds: list[dict], key: str) -> float:
        return statistics.median(one[key] for one in rounds)

    print(f"\n{args.jobs:,} jobs at once over {CONNECTIONS} connections, medians of {args.rounds} rounds")
    print(
        f"{'':36}{'jobs/s':>8}{'(lowest':>9}{'highest)':>9}{'accepted/s':>12}{'start p50':>11}{'start p95':>11}"
    )
    for name, rounds in bursts.items():
        rates = [one["rate"] for one in rounds]
        print(
            f"{name:36}{statistics.median(rates):8.0f}{min(rates):9.0f}{max(rates):9.0f}"
            f"{middle(rounds, 'accepted'):12.0f}{middle(rounds, 'start50'):8.0f} ms{middle(rounds, 'start95'):8.0f} ms"
        )
    print(f"\n{IDLE_JOBS} jobs, one after the other")
    print(f"{'':36}{'submit p50':>12}{'submit p95':>12}{'start p50':>12}{'start p95':>12}")
    for name, rounds in idles.items():
        figures = (middle(rounds, key) for key in ("submit50", "submit95", "start50", "start95"))
        print(f"{name:36}" + "".join(f"{figure:9.1f} ms" for figure in figures))
    print("\nprocessor time for each job of those at once, ms")
    for name, rounds in bursts.items():
        parts = {part: statistics.median(one["cpu"][part] for one in rounds) for part in rounds[0]["cpu"]}
        told = ", ".join(f"{part} {time_of:.2f}" for part, time_of in parts.items())
        print(f"{name:36}{sum(parts.values()):6.2f}  ({told})")
    rates = {name: middle(rounds, "rate") for name, rounds in bursts.items()}
    best = max((name for name in rates if name.startswith(Ours.NAME)), key=rates.get)
    print(f"\njobs per second of the best of ours ({best}) over the best of Celery:")
    for sync in SYNCS:
        other = max((name for name in rates if name.endswith(f"{sync} sync")), key=rates.get)
        print(f"  {rates[best] / rates[other]:.2f} x {other}")


if __name__ == "__main__":
    main()
