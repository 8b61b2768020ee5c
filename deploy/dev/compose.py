"""Tries docker-compose.yml without Docker: checks what its schema cannot see, then starts the commands of
migrate, Keycloak, api and three workers as plain processes, with the variables that the file gives them, asks
for their health with the commands that it names, sends a file through with tokens of the realm, backs up and
restores as docs/operations.md says, and ends them as Docker would.

    compose.py FOLDER    with the programs aimapper, aimapper-api and aimapper-worker

Of a service's surroundings only this is changed: addresses become those of AIMAPPER_TEST_POSTGRES_URL (a
database of its own) and AIMAPPER_TEST_RABBITMQ_URL (queues of their own), ports become free ones, /data
becomes a temporary folder. `sslmode` and `sslrootcert` are checked and then left out, because that server
has no TLS. Where AIMAPPER_TEST_RABBITMQ_FOLDER names the broker's folder (deploy/dev/rabbitmq.sh), its
health check and the import of the definitions are run as well. Keycloak is that of deploy/dev/keycloak.sh; where
it cannot be had, the api runs in local mode, and that is said.
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pika
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3
# Seconds that they may need to end (crates/api, SHUTDOWN; crates/worker, the time without a lease).
ENDING = {"api": 5, "worker": 20}
# A job over a file of a few kilobytes, on a machine that has other things to do.
JOB_SECONDS = 60
REALM = "aimapper"
# The exit code of deploy/dev/keycloak.sh where Maven Central cannot be reached.
NO_KEYCLOAK = 3
DISCOVERY = "/.well-known/openid-configuration"


class Wrong(Exception):
    """What is wrong, and what to do about it."""


# The file.

VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")


def interpolated(value, variables):
    """Puts variables in, as Compose does: ${A}, ${A:-default}, ${A:?what is missing}, $$."""
    if isinstance(value, dict):
        return {key: interpolated(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value

    def put(match):
        dollar, name, operator, rest = match.groups()
        if dollar:
            return "$"
        held = variables.get(name, "")
        if held or operator is None:
            return held
        if operator == ":?":
            raise Wrong(f"{name} is missing: {rest}")
        return rest

    return VARIABLE.sub(put, value)


def names_of(value):
    """Names of all variables in a value."""
    return {match[2] for match in VARIABLE.finditer(json.dumps(value)) if match[2]}


def seconds(duration):
    parts = re.findall(r"(\d+)(h|m|s)", duration)
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


def check(holds, message):
    if not holds:
        raise Wrong(message)


def mounts(service):
    """Where each volume or file of the host is seen."""
    return {place.split(":")[1]: place.split(":")[0] for place in service.get("volumes", [])}


def check_variables(raw):
    example = (ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", example, re.MULTILINE))
    for name in sorted(names_of(raw) - listed):
        raise Wrong(f"docker-compose.yml asks for {name}, which .env.example does not name")
    needed = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    given = {name: secrets.token_hex(8) for name in needed}
    for name in sorted(needed):
        without = {key: value for key, value in given.items() if key != name}
        try:
            interpolated(raw, without)
        except Wrong as missing:
            check(name in str(missing), f"without {name} another variable is asked for: {missing}")
        else:
            raise Wrong(f"docker-compose.yml takes no notice of {name} missing")
    return given


def check_secrets(raw):
    for name, service in raw["services"].items():
        for key, value in service.get("environment", {}).items():
            inside = re.search(r"://[^:/@]+:(.*?)@", str(value))
            secret = inside[1] if inside else str(value) if re.search("PASS|SECRET|TOKEN", key) else None
            check(secret is None or VARIABLE.fullmatch(secret), f"{name} has {key} written out")


def check_services(compose):
    services, volumes = compose["services"], set(compose["volumes"])
    used = set()
    for name, service in services.items():
        for other, needs in service.get("depends_on", {}).items():
            check(other in services, f"{name} waits for {other}, which is no service")
            if needs["condition"] == "service_healthy":
                known = "healthcheck" in services[other]
                check(known, f"{name} waits for the health of {other}, which has no check")
            else:
                ends = services[other]["restart"] == "no"
                check(ends, f"{name} waits for the end of {other}, which is started again")
        for outside in mounts(service).values():
            if outside.startswith("."):
                check((ROOT / outside).is_file(), f"{name} wants {outside}, which is not there")
            else:
                check(outside in volumes, f"{name} wants the volume {outside}, which is not declared")
                used.add(outside)
        check(service["restart"] == "no" or "mem_limit" in service, f"{name} has no limit on its memory")
    check(used == volumes, f"no service uses {', '.join(sorted(volumes - used))}")
    built = [service["image"] for service in services.values() if "build" in service]
    check(len(built) == 1, "not exactly one service builds the image")
    for name in ("migrate", "api", "worker"):
        check(services[name]["image"] == built[0], f"{name} has another image than the one that is built")
    for name, needed in ENDING.items():
        check(seconds(services[name]["stop_grace_period"]) > needed, f"{name} may need {needed} s to end")
    alone = {"ports", "container_name", "hostname"} & set(services["worker"])
    check(not alone, f"there can be one worker only, because of {', '.join(alone)}")


def check_address(compose, name, url, other, port, keys):
    """Whether a service finds another one where it looks for it, and is let in."""
    at, target = urlsplit(url), compose["services"][other]
    found = at.hostname == other and at.port == port
    check(found, f"{name} looks for {other} at {at.hostname}:{at.port}, where it is not")
    user, password = (target["environment"][key] for key in keys)
    check((at.username, at.password) == (user, password), f"{name} does not know user and password of {other}")
    return at


def check_sign_in(compose):
    """Whether api, Keycloak, browsers and the realm's file agree about who is found where."""
    api, keycloak = compose["services"]["api"], compose["services"]["keycloak"]
    settings = api["environment"]
    base, issuer = settings["AIMAPPER__SERVER__PUBLIC_URL"], settings["AIMAPPER__AUTH__ISSUER"]
    for name, service, port, url in (("api", api, 8000, base), ("keycloak", keycloak, 8080, issuer)):
        at = urlsplit(url)
        published = at.hostname == "localhost" and service["ports"] == [f"127.0.0.1:{at.port}:{port}"]
        check(published, f"browsers look for {name} at {url}, where it is not")
    check(settings["AIMAPPER__SERVER__BIND"] == "0.0.0.0:8000", "the api is not reached within its network")
    command = keycloak["command"]
    named = command[command.index("--hostname") + 1] + "/realms/" + REALM
    check(named == issuer, f"tokens say {named}, and the api wants {issuer}")
    inner = f"http://keycloak:8080/realms/{REALM}{DISCOVERY}"
    check(settings["AIMAPPER__AUTH__DISCOVERY_URL"] == inner, "the api does not look for Keycloak where it is")
    imported = mounts(keycloak)[f"/opt/keycloak/data/import/{REALM}-realm.json"]
    realm = json.loads((ROOT / imported).read_text())
    check("clientScopes" not in realm, "with client scopes in the file, tokens have no `sub`")
    client = next(one for one in realm["clients"] if one["clientId"] == settings["AIMAPPER__AUTH__CLIENT_ID"])
    check(client["redirectUris"] == [f"{base}/accounts/complete/keycloak/"], "browsers may not come back")
    attributes = client["attributes"]
    check(attributes["post.logout.redirect.uris"] == f"{base}/", "browsers may not come back after signing out")
    told = "http://api:8000/accounts/logout/keycloak/backchannel/"
    check(attributes["backchannel.logout.url"] == told, "Keycloak does not find the api to tell it of an end")
    for name in names_of(realm):
        check(name in keycloak["environment"], f"the realm's file asks for {name}")
    secret = VARIABLE.fullmatch(client["secret"])[2]
    same = keycloak["environment"][secret] == settings["AIMAPPER__AUTH__CLIENT_SECRET"]
    check(same, "api and Keycloak have different secrets for the client")


def check_tls(compose, work):
    """Whether the certificate that the file makes is good for the names that its services ask for."""
    services = compose["services"]
    made = services["certificate"]
    places = {volume: place for place, volume in mounts(made).items() if not volume.startswith(".")}
    folders = {place: work / place.strip("/") for place in places.values()}
    for folder in folders.values():
        folder.mkdir(parents=True)
    script = ROOT / mounts(made)[made["entrypoint"][1]]
    arguments = [str(folders[place]) for place in made["entrypoint"][2:]]
    for _ in range(2):
        run(["bash", str(script), *arguments])
    root = folders[places["tls-root"]] / "root.crt"
    server = services["postgres"]
    for setting in ("ssl_cert_file", "ssl_key_file"):
        place = next(word.split("=")[1] for word in server["command"] if word.startswith(setting))
        volume = mounts(server).get(str(Path(place).parent))
        there = volume in places and (folders[places[volume]] / Path(place).name).is_file()
        check(there, f"{setting} is not at {place}")
    for name in ("migrate", "api", "worker"):
        url = services[name]["environment"]["AIMAPPER__DATABASE__URL"]
        at = check_address(compose, name, url, "postgres", 5432, ("POSTGRES_USER", "POSTGRES_PASSWORD"))
        check(at.path == "/" + server["environment"]["POSTGRES_DB"], f"{name} asks for the database {at.path}")
        options = parse_qs(at.query)
        check(options.get("sslmode") == ["verify-full"], f"{name} does not check who the database is")
        place = Path(options["sslrootcert"][0])
        there = mounts(services[name]).get(str(place.parent)) == "tls-root" and place.name == root.name
        check(there, f"{name} has no {place}")
        said = run(["openssl", "x509", "-in", str(root), "-noout", "-checkhost", at.hostname])
        check("does match" in said, f"the certificate is not for {at.hostname}")


# Plain processes.


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Wrong(f"exit code {done.returncode} of {' '.join(command)}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Machine:
    """What stands in for the containers: programs, database, broker, data folder."""

    def __init__(self, compose, programs, work):
        self.compose, self.programs, self.work = compose, programs, work
        self.name = f"aimapper_compose_{secrets.token_hex(4)}"
        self.postgres = os.environ["AIMAPPER_TEST_POSTGRES_URL"]
        self.database = urlsplit(self.postgres)._replace(path=f"/{self.name}").geturl()
        self.broker = os.environ["AIMAPPER_TEST_RABBITMQ_URL"]
        self.prefix = self.name.replace("_", ".")
        self.data = work / "data"
        self.data.mkdir()
        self.started = []
        # Folder and address.
        self.keycloak = None

    def start_keycloak(self):
        """Starts it with the file's command, unless it cannot be had."""
        service = self.compose["services"]["keycloak"]
        command = service["command"]
        check(command[:2] == ["start-dev", "--import-realm"], "Keycloak starts in another way")
        script = ["bash", str(ROOT / "deploy/dev/keycloak.sh"), "start", *command[2:]]
        environment = {**os.environ, **service["environment"]}
        done = subprocess.run(script, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == NO_KEYCLOAK:
            return False
        check(done.returncode == 0, "Keycloak does not start")
        self.keycloak = done.stdout.strip().split("\t")
        port = str(urlsplit(self.keycloak[1]).port)
        health = service["healthcheck"]["test"]
        check(health[0] == "CMD", "the health check of keycloak needs a shell")
        health = [word.replace("/127.0.0.1/8080", f"/127.0.0.1/{port}") for word in health[1:]]
        run(health)
        unhealthy = subprocess.run([word.replace("/realms/", "/none/") for word in health], check=False)
        check(unhealthy.returncode != 0, "the health check of keycloak is content with anything")
        return True

    def local(self, name):
        """Command, environment and health check of a service, with the addresses of this machine."""
        service = self.compose["services"][name]
        ports, environment = {}, {}
        for key, value in service["environment"].items():
            value = str(value)
            if key == "AIMAPPER__DATABASE__URL":
                value = self.database
            elif key == "AIMAPPER__BROKER__URL":
                keys = ("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS")
                check_address(self.compose, name, value, "rabbitmq", 5672, keys)
                value = self.broker
                environment["AIMAPPER__BROKER__PREFIX"] = self.prefix
            elif key.endswith("BIND"):
                ports[value.split(":")[1]] = str(free_port())
                value = f"127.0.0.1:{ports[value.split(':')[1]]}"
            elif value == "/data":
                value = str(self.data)
            elif key == "AIMAPPER__AUTH__DISCOVERY_URL" and self.keycloak:
                value = value.replace("http://keycloak:8080", self.keycloak[1])
            elif key.startswith("AIMAPPER__AUTH__") and not self.keycloak:
                continue
            environment[key] = value
        # Nothing else is in a container either.
        environment["PATH"] = "/usr/bin:/bin"
        command = service["command"]
        health = service.get("healthcheck", {}).get("test", ["CMD"])
        check(health[0] == "CMD", f"the health check of {name} needs a shell")
        for there, here in ports.items():
            health = [word.replace(f"127.0.0.1:{there}/", f"127.0.0.1:{here}/") for word in health]
        return [str(self.programs / command[0]), *command[1:]], environment, health[1:], list(ports.values())

    def once(self, name):
        command, environment, _, _ = self.local(name)
        return run(command, env=environment, cwd=self.work)

    def start(self, name):
        command, environment, health, ports = self.local(name)
        log = self.work / f"{name}-{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=environment, cwd=self.work, stdout=out, stderr=out, start_new_session=True
            )
        started = {"name": name, "process": process, "log": log, "health": health}
        started |= {"environment": environment, "ports": ports}
        self.started.append(started)
        return started

    def until_healthy(self, started):
        about = self.compose["services"][started["name"]]["healthcheck"]
        end = time.monotonic() + seconds(about["start_period"]) + about["retries"] * seconds(about["interval"])
        while True:
            check(started["process"].poll() is None, f"{started['name']} has ended by itself")
            try:
                run(started["health"], timeout=seconds(about["timeout"]))
                return
            except (Wrong, subprocess.TimeoutExpired) as unhealthy:
                check(time.monotonic() < end, f"{started['name']} does not get healthy: {unhealthy}")
            time.sleep(0.5)

    def granted(self, client, secret, *more):
        """An access token of the realm."""
        secret = self.compose["services"]["keycloak"]["environment"][secret]
        said = [f"client_id={client}", f"client_secret={secret}", *more]
        url = f"{self.keycloak[1]}/realms/{REALM}/protocol/openid-connect/token"
        form = [word for pair in said for word in ("--data-urlencode", pair)]
        answer = run(["curl", "--silent", "--show-error", "--fail-with-body", *form, url])
        return json.loads(answer)["access_token"]

    def token(self, api):
        """The token of a program."""
        if self.keycloak:
            return self.granted("aimapper-worker", "KEYCLOAK_WORKER_SECRET", "grant_type=client_credentials")
        return run([str(self.programs / "aimapper"), "token"], env=api["environment"]).strip()

    def see_people(self, api):
        """Whether people of the realm are let in, and Keycloak is heard by the name that the api has for it."""
        password = self.compose["services"]["keycloak"]["environment"]["KEYCLOAK_USERS_PASSWORD"]
        issuer = api["environment"]["AIMAPPER__AUTH__ISSUER"]
        for name, role in (("mia", "mapper"), ("olaf", "operator"), ("ada", "admin")):
            who = ("grant_type=password", f"username={name}", f"password={password}")
            token = self.granted("aimapper", "KEYCLOAK_CLIENT_SECRET", *who)
            me = self.ask(api, "me", token=token)
            seen = (me["username"], me["roles"], me["issuer"])
            check(seen == (name, [role], issuer), f"{name} is taken for {seen}")
        url = f"http://127.0.0.1:{api['ports'][0]}/accounts/logout/keycloak/backchannel/"
        ask = ["curl", "--silent", "--header", "Host: api:8000", "--data", "logout_token=none", url]
        said = json.loads(run(ask))
        check(said == {"error": "invalid_request"}, f"a notice of Keycloak is answered with {said}")

    def ask(self, api, path, *arguments, token=None):
        who = ["--header", f"Authorization: Bearer {token or self.token(api)}"]
        url = f"http://127.0.0.1:{api['ports'][0]}/api/v1/{path}"
        return json.loads(run(["curl", "--silent", "--show-error", "--fail-with-body", *who, *arguments, url]))

    def read_a_file(self, api, file):
        """Sends a file to the api, and waits until a worker has read it."""
        job = self.ask(api, "sources", "--form", f"file=@{ROOT / file}")["job"]
        end = time.monotonic() + JOB_SECONDS
        state = "queued"
        while state in ("queued", "dispatched", "running"):
            check(time.monotonic() < end, f"after {JOB_SECONDS} s the job is still {state}")
            time.sleep(0.2)
            state = self.ask(api, f"jobs/{job}")["state"]
        check(state == "succeeded", f"the job has {state}")

    def held(self, api):
        """What there is: rows as the api shows them, files with their bytes and modes."""
        files = {}
        for part in ("auth", "blobs/objects"):
            for file in (self.data / part).rglob("*"):
                if file.is_file():
                    about = file.stat()
                    files[str(file)] = (file.read_bytes(), about.st_mode, int(about.st_mtime))
        return self.ask(api, "sources"), self.ask(api, "jobs"), files

    def follow(self, page, mark):
        """Runs the block of a page that stands behind a mark."""
        block = re.search(rf"^<!-- {mark} -->\n```\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        check(block, f"{page.name} has no block that is marked {mark}")
        _, settings, _, _ = self.local("migrate")
        path = f"{self.programs}:{os.environ['PATH']}"
        surroundings = {**settings, "PATH": path, "DATABASE_URL": self.database, "DATA_DIR": str(self.data)}
        folder = self.work / "backup"
        folder.mkdir(exist_ok=True)
        return run(["bash", "-euo", "pipefail", "-c", block[1]], env=surroundings, cwd=folder)

    def end_all(self):
        told = time.monotonic()
        for started in self.started:
            started["process"].send_signal(signal.SIGTERM)
        for started in self.started:
            name = started["name"]
            grace = seconds(self.compose["services"][name]["stop_grace_period"])
            try:
                code = started["process"].wait(max(0.0, told + grace - time.monotonic()))
            except subprocess.TimeoutExpired as late:
                raise Wrong(f"{name} has not ended after its stop_grace_period of {grace} s") from late
            check(code == 0, f"{name} ended with exit code {code}")

        self.started = []

    def clear(self):
        if self.keycloak:
            run(["bash", str(ROOT / "deploy/dev/keycloak.sh"), "stop", self.keycloak[0]])
        for started in self.started:
            if started["process"].poll() is None:
                started["process"].kill()
                started["process"].wait()
        run(["psql", "--quiet", "--command", f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)", self.postgres])
        connection = pika.BlockingConnection(pika.URLParameters(self.broker))
        channel = connection.channel()
        for kind in ("interactive", "batch", "assistant"):
            channel.queue_delete(f"{self.prefix}.{kind}")
        channel.exchange_delete(f"{self.prefix}.jobs")
        connection.close()


def others(compose, work):
    """Runs what the file has the images of others do, as far as it can be run here."""
    services = compose["services"]
    at = urlsplit(os.environ["AIMAPPER_TEST_POSTGRES_URL"])
    ready = services["postgres"]["healthcheck"]["test"][1:]
    run([*ready, f"--port={at.port}"])
    yield "the health check of postgres"
    folder = os.environ.get("AIMAPPER_TEST_RABBITMQ_FOLDER")
    if folder is None:
        return
    ask = ["bash", str(ROOT / "deploy/dev/rabbitmq.sh"), "ask", folder]
    run([*ask, *services["rabbitmq"]["healthcheck"]["test"][1:]])
    yield "the health check of rabbitmq"
    definitions = services["definitions"]
    program, _, node, *rest = definitions["command"]
    check(node == f"rabbit@{services['rabbitmq']['hostname']}", f"there is no node {node}")
    seen = mounts(definitions)
    run([*ask, program, *(str(ROOT / seen[word]) if word in seen else word for word in rest)])
    yield "the import of the definitions"


def say(text):
    print(text, flush=True)


def main(programs):
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    given = check_variables(raw)
    check_secrets(raw)
    compose = interpolated(raw, given)
    check_services(compose)
    check_sign_in(compose)
    with tempfile.TemporaryDirectory(prefix="aimapper-compose.") as folder:
        work = Path(folder)
        check_tls(compose, work)
        say("variables, secrets, conditions, volumes, addresses and the certificate are as they should be")
        for done in others(compose, work):
            say(f"ran {done}")
        machine = Machine(compose, programs, work)
        try:
            if machine.start_keycloak():
                say("keycloak has imported the realm, and is healthy")
            else:
                say("skipped: Keycloak cannot be had, so the api runs in local mode")
            run(["psql", "--quiet", "--command", f"CREATE DATABASE {machine.name}", machine.postgres])
            applied = machine.once("migrate").count("applied")
            check(applied > 0, "migrate has applied nothing to an empty database")
            say(f"migrate applied {applied} migrations")
            api, *workers = [machine.start(name) for name in ["api"] + WORKERS * ["worker"]]
            for started in (api, *workers):
                machine.until_healthy(started)
            say(f"api and {WORKERS} workers are healthy")
            if machine.keycloak:
                machine.see_people(api)
                say("people of the realm are let in, each with the role that Keycloak gives them")
            machine.read_a_file(api, "examples/bank/umsaetze_2026-03.csv")
            say("a file was sent to the api and read by a worker")
            before = machine.held(api)
            page = ROOT / "docs/operations.md"
            machine.follow(page, "backup")
            # A change that the restore has to take back.
            machine.read_a_file(api, "examples/bank/statement_2026-03.csv")
            check(machine.held(api) != before, "a second file has changed nothing")
            machine.end_all()
            say("all of them ended in order, in time")
            again = machine.once("migrate")
            check("is up to date" in again and "applied" not in again, f"the second migrate says: {again}")
            say("a second migrate found nothing to do")
            machine.follow(page, "restore")
            api = machine.start("api")
            machine.until_healthy(api)
            check(machine.held(api) == before, "the restore has brought back something else")
            machine.end_all()
            say("a backup was restored, with the same rows and files")
        except Wrong:
            for started in machine.started:
                say(f"-- {started['name']}\n{started['log'].read_text()[-4000:]}")
            raise
        finally:
            machine.clear()


if __name__ == "__main__":
    # So that an end from outside takes the processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for needed in ("psql", "pg_isready", "openssl", "curl"):
        if shutil.which(needed) is None:
            hint = "install it; Debian has it as postgresql-client, openssl or curl"
            sys.exit(f"error: {needed} is not here\nhint: {hint}")
    try:
        main(Path(sys.argv[1]).resolve())
    except Wrong as wrong:
        sys.exit(f"error: {wrong}\nhint: compare with docker-compose.yml and deploy/")
