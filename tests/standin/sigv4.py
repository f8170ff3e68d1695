"""AWS Signature Version 4, the receiving side: what a request's signature must be. Pure; any thread.

Source: AWS General Reference, "Signing AWS API requests". Written apart from the service's own signer, so that the two check each other."""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_AUTHORIZATION = re.compile(ALGORITHM + r"\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-fA-F]+)\s*$")


class Authorization:
    """The header's parts; `scope` is date/region/service/aws4_request."""

    __slots__ = ("key", "date", "region", "service", "signed_headers", "signature")

    def __init__(self, key, date, region, service, signed_headers, signature):
        self.key = key
        self.date = date
        self.region = region
        self.service = service
        self.signed_headers = signed_headers
        self.signature = signature

    def scope(self):
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_authorization(text):
    """None: no header of this algorithm's form."""
    match = _AUTHORIZATION.match(text)
    if not match:
        return None
    credential = match.group(1).split("/")
    if len(credential) != 5 or credential[4] != "aws4_request":
        return None
    return Authorization(*credential[:4], match.group(2).split(";"), match.group(3))


def canonical_path(path, service):
    """Every service but s3 encodes the path, which is encoded already, once more, after taking out `.` and `..`."""
    if service == "s3":
        return quote(unquote(path), safe="/-_.~") or "/"
    kept = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    joined = "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
    return quote(joined, safe="/-_.~")


def canonical_query(query):
    pairs = []
    for piece in query.split("&") if query else []:
        name, _, value = piece.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(request, signed_headers, service, payload_hash):
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed_headers)
    return "\n".join([request.method, canonical_path(request.path, service), canonical_query(request.query), headers,
                      ";".join(signed_headers), payload_hash])


def string_to_sign(canonical, time, scope):
    return "\n".join([ALGORITHM, time, scope, hashlib.sha256(canonical.encode("latin-1")).hexdigest()])


def signing_key(secret, date, region, service):
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def payload_hash_of(request):
    return hashlib.sha256(request.body).hexdigest() if request.body else EMPTY_HASH


def signature_of(request, authorization, secret, time, payload_hash):
    canonical = canonical_request(request, authorization.signed_headers, authorization.service, payload_hash)
    key = signing_key(secret, authorization.date, authorization.region, authorization.service)
    return hmac.new(key, string_to_sign(canonical, time, authorization.scope()).encode(), hashlib.sha256).hexdigest()


def authorization_header(request, key, secret, region, service, time):
    """Signs `request` (its headers must hold host and x-amz-date = `time`): for tests that have no AWS client at hand."""
    signed = sorted(request.headers)
    made = Authorization(key, time[:8], region, service, signed, "")
    signature = signature_of(request, made, secret, time, payload_hash_of(request))
    return f"{ALGORITHM} Credential={key}/{made.scope()}, SignedHeaders={';'.join(signed)}, Signature={signature}"
