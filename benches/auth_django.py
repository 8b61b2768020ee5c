"""The service that `auth.py` compares with: one view behind a bearer token, as Django REST framework does it.

With BENCH_WHOLE it is set up as `startproject` does it, with the account of the token from the database,
remembered for 30 seconds; that is what `aimapper-api` does for a request. Without it there is nothing but the
route, the check and the answer. What the token has to be stands in the variables BENCH_PUBLIC_KEY_FILE,
BENCH_ISSUER and BENCH_AUDIENCE.
"""

import os
from pathlib import Path

import django
import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.wsgi import get_wsgi_application

WHOLE = os.environ.get("BENCH_WHOLE")
APPS = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": WHOLE}} if WHOLE else {},
    DEBUG=False,
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS if WHOLE), "rest_framework"],
    MIDDLEWARE=MIDDLEWARE if WHOLE else [],
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="signs nothing here",
)
django.setup()

from django.core.cache import cache  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.authentication import BaseAuthentication, get_authorization_header  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

# Read once, not for each token.
KEY = load_pem_public_key(Path(os.environ["BENCH_PUBLIC_KEY_FILE"]).read_bytes())
ISSUER = os.environ["BENCH_ISSUER"]
AUDIENCE = os.environ["BENCH_AUDIENCE"]


def account(subject: str):
    """Whose token it is: a row, or just the name."""
    if not WHOLE:
        return subject
    from django.contrib.auth.models import User

    key = f"account:{subject}"
    known = cache.get(key)
    if known is None:
        known, _ = User.objects.get_or_create(username=subject)
        cache.set(key, known, 30)
    return known


class Bearer(BaseAuthentication):
    """RS256 by the realm's key, `aud`, `iss` and `exp`."""

    def authenticate(self, request):
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            return None
        try:
            claims = jwt.decode(
                token,
                KEY,
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=30,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise AuthenticationFailed("the access token is not valid") from error
        return account(claims["sub"]), claims

    def authenticate_header(self, request):
        return 'Bearer realm="bench"'


class SignedIn(BasePermission):
    def has_permission(self, request, view):
        return request.auth is not None


class Me(APIView):
    authentication_classes = [Bearer]
    permission_classes = [SignedIn]

    def get(self, request):
        claims = request.auth
        return Response({
            "issuer": claims["iss"],
            "subject": str(request.user),
            "name": claims.get("name"),
            "username": claims.get("preferred_username"),
            "email": claims.get("email"),
            "client": claims.get("azp"),
            "roles": claims.get("realm_access", {}).get("roles", []),
            "expires_at": claims["exp"],
        })  # fmt: skip


urlpatterns = [path("api/v1/me", Me.as_view())]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
