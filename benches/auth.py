"""Times a protected endpoint of `aimapper-api` against Django REST framework with PyJWT and gunicorn.

Both check the same token (RS256, `aud`, `iss`, `exp`), find its account (remembered for 30 seconds), write a
line of their log and answer with what the token says; AiMapper also checks what else makes a token strict.
Bare Django is shown beside: no middleware, no account, no log. Before anything is timed, all have to take the
good token and refuse forged ones, so that a fast wrong answer does not count. Server and wrk share the machine.
"""

import argparse
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = Path(__file__).resolve().parent
ISSUER = "http://127.0.0.1:9/realms/bench"
CLIENT = "aimapper"
SUBJECT = "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10"
PATH = "/api/v1/me"
ROUNDS = 3
GOAL = 15
CONNECTIONS = 16
# Seconds that a server may need until it answers.
STARTING = 60
OURS = "aimapper-api"
# Which of them is best depends on the machine; the best one counts.
GUNICORN = {
    "2 workers": ["--workers", "2"],
    "4 workers": ["--workers", "4"],
    "2 workers, threads": ["--workers", "2", "--worker-class", "gthread", "--threads", "4"],
}
BARE = "bare Django, 2 workers"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--seconds", type=int, default=10)
    args = parser.parse_args()
    servers: list[subprocess.Popen] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            compare(args, Path(folder), servers)
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait(timeout=30)


def compare(args: argparse.Namespace, folder: Path, servers: list[subprocess.Popen]) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = folder / "realm.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    token = signed(key, {})
    print(f"a token of {len(token):,} characters, {os.cpu_count()} threads, {platform.machine()}; "
          f"{ROUNDS} rounds of {args.seconds} s, {CONNECTIONS} connections")  # fmt: skip

    urls = {OURS: start_aimapper(args, folder, public, servers)}
    for name, options in GUNICORN.items():
        logged = [*options, "--access-logfile", str(folder / f"{name}.access.log")]
        urls[f"Django, {name}"] = start_django(logged, name, folder, public, servers)
    urls[BARE] = start_django(GUNICORN["2 workers"], "bare", folder, public, servers)
    for name, url in urls.items():
        check(name, url, key, token)

    # One round that does not count warms everything; then they take turns.
    for url in urls.values():
        requests_per_second(url, token, 2)
    rates: dict[str, list[float]] = {name: [] for name in urls}
    for _ in range(ROUNDS):
        for name, url in urls.items():
            rates[name].append(requests_per_second(url, token, args.seconds))
    print_rates(rates)


def print_rates(rates: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in rates.items()}
    best = max((name for name in rates if name not in (OURS, BARE)), key=medians.__getitem__)
    print(f"{'':28}{'requests/s':>12}{'(lowest':>10}{'highest)':>10}{'x best Django':>15}")
    for name, values in rates.items():
        ratio = medians[name] / medians[best]
        print(f"{name:28}{medians[name]:12,.0f}{min(values):10,.0f}{max(values):10,.0f}{ratio:15.1f}")
    ratio = medians[OURS] / medians[best]
    reached = "reached" if ratio >= GOAL else "missed"
    print(f"{ratio:.1f} times {best}; the goal of {GOAL} is {reached}")


def signed(key: rsa.RSAPrivateKey, changes: dict) -> str:
    """A token as Keycloak 26 issues it."""
    now = int(time.time())
    claims = {
        "exp": now + 3600, "iat": now, "auth_time": now, "jti": "onrtac:5a1f0c4e-6d0b-4f6e-8b52-0c7f3f6f2a11",
        "iss": ISSUER, "aud": [CLIENT, "account"], "sub": SUBJECT, "typ": "Bearer", "azp": CLIENT,
        "sid": "0f4b6a3c-8d43-4d4f-a3b4-5d1f8f5d7e42", "acr": "1",
        "allowed-origins": ["http://localhost:8000"],
        "realm_access": {"roles": ["mapper", "default-roles-aimapper"]},
        "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": "openid profile email", "email_verified": True, "name": "Mia Mapper",
        "groups": ["/data-team"], "preferred_username": "mia", "given_name": "Mia",
        "family_name": "Mapper", "email": "mia@example.test",
    }  # fmt: skip
    return jwt.encode(claims | changes, key, algorithm="RS256", headers={"kid": "k1"})


def start_aimapper(
    args: argparse.Namespace, folder: Path, public: Path, servers: list[subprocess.Popen]
) -> str:
    port = free_port()
    variables = os.environ | {
        "AIMAPPER__SERVER__BIND": f"127.0.0.1:{port}",
        "AIMAPPER__DATA__DIR": str(folder / "data"),
        "AIMAPPER__DATABASE__URL": args.database,
        "AIMAPPER__AUTH__MODE": "oidc",
        "AIMAPPER__AUTH__ISSUER": ISSUER,
        "AIMAPPER__AUTH__CLIENT_ID": CLIENT,
        "AIMAPPER__AUTH__PUBLIC_KEY_FILE": str(public),
    }
    programs = args.programs.resolve()
    done = subprocess.run([programs / "aimapper", "migrate"], env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"aimapper migrate ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return start([programs / "aimapper-api"], port, variables, folder / "aimapper.log", servers)


def start_django(
    options: list[str], name: str, folder: Path, public: Path, servers: list[subprocess.Popen]
) -> str:
    port = free_port()
    variables = os.environ | {
        "BENCH_PUBLIC_KEY_FILE": str(public),
        "BENCH_ISSUER": ISSUER,
        "BENCH_AUDIENCE": CLIENT,
    }
    if name != "bare":
        variables["BENCH_WHOLE"] = str(folder / f"{name}.db")
        subprocess.run([sys.executable, HERE / "auth_django.py"], env=variables, check=True)
    gunicorn = [sys.executable, "-m", "gunicorn", "--chdir", HERE, "--bind", f"127.0.0.1:{port}", *options]
    command = [*gunicorn, "auth_django:application"]
    return start(command, port, variables, folder / f"django {name}.log", servers)


def start(
    command: list, port: int, variables: dict, log: Path, servers: list[subprocess.Popen]
) -> str:
    """Starts a server, waits until it answers, gives the address of the endpoint."""
    with log.open("w") as file:
        words = [str(word) for word in command]
        server = subprocess.Popen(words, env=variables, stdout=file, stderr=subprocess.STDOUT)
    servers.append(server)
    url = f"http://127.0.0.1:{port}{PATH}"
    until = time.monotonic() + STARTING
    while time.monotonic() < until and server.poll() is None:
        try:
            status_of(url, None)
        except OSError:
            time.sleep(0.1)
        else:
            return url
    sys.exit(f"it does not answer: {words}\n{log.read_text(errors='replace')}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def status_of(url: str, token: str | None) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check(name: str, url: str, key: rsa.RSAPrivateKey, token: str) -> None:
    """The good token opens the endpoint and others do not."""
    status, body = status_of(url, token)
    if status != 200 or json.loads(body)["subject"] != SUBJECT:
        sys.exit(f"{name} refuses the good token: {status} {body[:500]!r}")
    now = int(time.time())
    header, payload, _ = token.split(".")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong = {
        "no token": None,
        "no signature": f"{header}.{payload}.",
        "another key": signed(other, {}),
        "another audience": signed(key, {"aud": "account"}),
        "another issuer": signed(key, {"iss": ISSUER + "2"}),
        "an ended token": signed(key, {"iat": now - 120, "exp": now - 60}),
    }
    for what, forged in wrong.items():
        status, _ = status_of(url, forged)
        if status != 401:
            sys.exit(f"{name} answers {status} to {what}")


def requests_per_second(url: str, token: str, seconds: int) -> float:
    """What wrk counts; every answer has to be a good one."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    command += ["--header", f"Authorization: Bearer {token}", url]
    done = subprocess.run(command, capture_output=True, text=True)
    rate = re.search(r"^Requests/sec: +([0-9.]+)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not rate or "Non-2xx" in done.stdout:
        sys.exit(f"wrk ended with {done.returncode}\n{done.stdout}{done.stderr}")
    if errors := re.search(r"Socket errors: .*", done.stdout):
        print(f"{url}: {errors[0]}", file=sys.stderr)
    return float(rate[1])


if __name__ == "__main__":
    main()
