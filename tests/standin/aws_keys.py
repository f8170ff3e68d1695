"""Who may call the stand-ins of AWS: access keys, what became of them, and the check of a request against them. One event loop."""

import secrets
import time
from calendar import timegm
from email.utils import formatdate

from aws_http import AwsError
from sigv4 import payload_hash_of, read_authorization, signature_of

ACCOUNT = "123456789012"
SKEW_SECONDS_MAX = 300  # AWS's own figure in its error text
KEYS_MAX = 10_000
STATIC_KEY = "AKIATWINSHIFTTEST000"
STATIC_SECRET = "twinshift-test-secret-of-nobody/+AAAAAAAA"


class Identity:
    __slots__ = ("key", "secret", "token", "expires", "arn")

    def __init__(self, key, secret, token="", expires=None, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/twinshift/test"):
        self.key = key
        self.secret = secret
        self.token = token
        self.expires = expires  # seconds since 1970 by the stand-in's clock; None: never
        self.arn = arn


class KeyRing:
    """`offset_seconds`: how far the stand-in's clock is ahead of the machine's."""

    def __init__(self):
        self.offset_seconds = 0.0
        self._keys = {}
        self.add(Identity(STATIC_KEY, STATIC_SECRET))

    def now(self):
        return time.time() + self.offset_seconds

    def date(self):
        return formatdate(self.now(), usegmt=True)

    def add(self, identity):
        self._keys[identity.key] = identity
        while len(self._keys) > KEYS_MAX:
            self._keys.pop(next(iter(self._keys)))
        return identity

    def remove(self, key):
        self._keys.pop(key, None)

    def issue(self, seconds, arn):
        """Temporary credentials, as STS and the metadata services give them."""
        made = Identity("ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30), "token/" + secrets.token_urlsafe(60),
                        self.now() + seconds, arn)
        return self.add(made)

    def expire(self, key=""):
        """From now on expired: one key, or all temporary ones."""
        for identity in self._keys.values():
            if identity.token and key in ("", identity.key):
                identity.expires = self.now() - 1

    def check(self, request, service, regions):
        """(Identity, the region signed for). Raises AwsError as AWS would answer. `regions`: those that are served; None: all."""
        authorization = read_authorization(request.headers.get("authorization", ""))
        if authorization is None:
            raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 400, "message")
        identity = self._keys.get(authorization.key)
        if identity is None or identity.token != request.headers.get("x-amz-security-token", ""):
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403, "message")
        if identity.expires is not None and identity.expires <= self.now():
            raise expired_token()
        self._check_scope(authorization, service, regions)
        self._check_time(request, authorization)
        check_signed_headers(request, authorization)
        if signature_of(request, authorization, identity.secret, request.headers["x-amz-date"], claimed_hash(request)) != \
                authorization.signature:
            raise invalid_signature("The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                                    "Access Key and signing method. Consult the service documentation for details.")
        return identity, authorization.region

    @staticmethod
    def _check_scope(authorization, service, regions):
        if authorization.service != service:
            raise invalid_signature(f"Credential should be scoped to correct service: '{service}'. ")
        if regions is not None and authorization.region not in regions:
            raise invalid_signature(f"Credential should be scoped to a valid region, not '{authorization.region}'. ")

    def _check_time(self, request, authorization):
        text = request.headers.get("x-amz-date", "")
        try:
            signed = timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise AwsError("IncompleteSignatureException", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                           "header.", 403, "message") from None
        if text[:8] != authorization.date:
            raise invalid_signature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
        now = self.now()
        if signed < now - SKEW_SECONDS_MAX:
            edge = stamp(now - SKEW_SECONDS_MAX)
            raise invalid_signature(f"Signature expired: {text} is now earlier than {edge} ({stamp(now)} - 5 min.)")
        if signed > now + SKEW_SECONDS_MAX:
            edge = stamp(now + SKEW_SECONDS_MAX)
            raise invalid_signature(f"Signature not yet current: {text} is still later than {edge} ({stamp(now)} + 5 min.)")


def stamp(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def invalid_signature(text):
    return AwsError("InvalidSignatureException", text, 403, "message")


def expired_token():
    return AwsError("ExpiredTokenException", "The security token included in the request is expired", 403, "message")


def check_signed_headers(request, authorization):
    names = authorization.signed_headers
    if names != sorted(set(names)) or any(name not in request.headers for name in names):
        raise invalid_signature("The list of signed headers is not sorted, or names a header that is not there.")
    left_out = [name for name in request.headers if (name == "host" or name.startswith("x-amz-")) and name not in names]
    if left_out:
        raise invalid_signature(f"There were headers present in the request which were not signed: {', '.join(left_out)}")


def claimed_hash(request):
    """The body's hash; a request that claims another one is refused."""
    found = payload_hash_of(request)
    if request.headers.get("x-amz-content-sha256", found) != found:
        raise invalid_signature("The provided 'x-amz-content-sha256' header does not match what was computed.")
    return found
