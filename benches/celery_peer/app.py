"""What AiMapper's queue is measured against: a small HTTP front that checks a token and hands a task to
Celery over Redis, and the task, which has nothing to do. benches/queue.sh starts both: the front as
`gunicorn app:web`, the worker as `celery --app app:queue worker`.

REDIS_URL names the broker, which keeps the results as well, in a database of their own; PEER_KEY a file with the public key of tokens.
"""

import os
import time
from pathlib import Path

import jwt
from celery import Celery
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask, abort, request

AUDIENCE = "peer"
ISSUER = "urn:peer"

queue = Celery("app", broker=os.environ["REDIS_URL"] + "/0", backend=os.environ["REDIS_URL"] + "/1")
web = Flask(__name__)
key = load_pem_public_key(Path(os.environ["PEER_KEY"]).read_bytes())


@queue.task
def nothing(asked: dict) -> float:
    """Gives when it began, in seconds since 1970."""
    return time.time()


@web.post("/jobs")
def submit():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        abort(401)
    try:
        needed = {"require": ["exp", "iat", "sub"]}
        jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options=needed)
    except jwt.InvalidTokenError:
        abort(401)
    return {"job": nothing.delay(request.get_json()).id}, 202
