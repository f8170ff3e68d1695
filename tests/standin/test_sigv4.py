"""The check of signatures against AWS's published examples, and what the key ring answers. Python's standard library only."""

import unittest

from aws_http import AwsError, Request
from aws_keys import Identity, KeyRing, stamp
from sigv4 import authorization_header, canonical_path, canonical_query, read_authorization, signature_of

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME = "20150830T123600Z"
HOST = {"host": "example.amazonaws.com", "x-amz-date": TIME}
FORM = "application/x-www-form-urlencoded"
# AWS's Signature Version 4 test suite; the last one is the General Reference's own worked example.
VECTORS = [
    ("get-vanilla", "GET", "/", HOST, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-vanilla-empty-query-key", "GET", "/?Param1=value1", HOST, b"",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", HOST, b"",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-header-value-trim", "GET", "/", {**HOST, "my-header1": " value1", "my-header2": ' "a   b   c"'}, b"",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("post-vanilla", "POST", "/", HOST, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("post-x-www-form-urlencoded", "POST", "/", {**HOST, "content-type": FORM}, b"Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("iam", "GET", "/?Action=ListUsers&Version=2010-05-08",
     {"host": "iam.amazonaws.com", "x-amz-date": TIME, "content-type": FORM + "; charset=utf-8"}, b"",
     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
]


class Vectors(unittest.TestCase):
    def test_published(self):
        for name, method, target, headers, body, wanted in VECTORS:
            with self.subTest(name):
                request = Request(method, target, headers, body)
                header = authorization_header(request, KEY, SECRET, "us-east-1", "iam" if name == "iam" else "service", TIME)
                self.assertTrue(header.endswith("Signature=" + wanted), header)

    def test_paths_and_queries(self):
        self.assertEqual(canonical_path("/a%20b/./c/../d/", "sqs"), "/a%2520b/d/")
        self.assertEqual(canonical_path("/a%20b//c", "s3"), "/a%20b//c")
        self.assertEqual(canonical_path("/", "sqs"), "/")
        self.assertEqual(canonical_query("b=2&a=%7e&a=1&flag"), "a=1&a=~&b=2&flag=")

    def test_headers_that_are_none(self):
        for text in ("", "Basic eA==", "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=00",
                     "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws5_request, SignedHeaders=host, Signature=00"):
            self.assertIsNone(read_authorization(text), text)


class Ring(unittest.TestCase):
    def setUp(self):
        self.keys = KeyRing()
        self.keys.add(Identity(KEY, SECRET))

    def request(self, body=b"{}", seconds=0, region="us-east-1", secret=SECRET, key=KEY, signed_for="sqs", **headers):
        time = stamp(self.keys.now() + seconds)
        request = Request("POST", "/", {"host": "h", "x-amz-date": time, "x-amz-target": "T.O",
                                        **{n.replace("_", "-"): v for n, v in headers.items()}}, body)
        request.headers["authorization"] = authorization_header(request, key, secret, region, signed_for, time)
        return request

    def refused(self, request, code, text=""):
        with self.assertRaises(AwsError) as caught:
            self.keys.check(request, "sqs", {"us-east-1"})
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, caught.exception.message)

    def test_good(self):
        identity, region = self.keys.check(self.request(), "sqs", {"us-east-1"})
        self.assertEqual((identity.key, region), (KEY, "us-east-1"))

    def test_each_change_is_seen(self):
        wrong = "InvalidSignatureException"
        changes = {"body": lambda r: setattr(r, "body", b"{ }"), "method": lambda r: setattr(r, "method", "PUT"),
                   "path": lambda r: setattr(r, "path", "/x"), "query": lambda r: setattr(r, "query", "a=b"),
                   "host": lambda r: r.headers.update(host="other"), "target": lambda r: r.headers.update({"x-amz-target": "T.P"})}
        for name, change in changes.items():
            with self.subTest(name):
                request = self.request()
                change(request)
                self.refused(request, wrong, "does not match")
        self.refused(self.request(secret="other"), wrong, "does not match")
        self.refused(self.request(region="eu-west-1"), wrong, "valid region")
        self.refused(self.request(signed_for="sns"), wrong, "correct service: 'sqs'")

    def test_headers_must_be_signed(self):
        request = self.request()
        request.headers["x-amz-more"] = "1"
        self.refused(request, "InvalidSignatureException", "not signed: x-amz-more")
        self.refused(self.request(x_amz_content_sha256="00"), "InvalidSignatureException", "x-amz-content-sha256")

    def test_time(self):
        self.keys.check(self.request(seconds=-290), "sqs", None)
        self.refused(self.request(seconds=-310), "InvalidSignatureException", "Signature expired")
        self.refused(self.request(seconds=310), "InvalidSignatureException", "Signature not yet current")
        request = self.request()
        self.keys.offset_seconds = 600
        self.refused(request, "InvalidSignatureException", "Signature expired")

    def test_keys(self):
        self.refused(Request("POST", "/", {}), "MissingAuthenticationTokenException")
        self.refused(self.request(key="AKIDOTHER"), "UnrecognizedClientException")
        made = self.keys.issue(60, "arn:x")
        given = {"key": made.key, "secret": made.secret, "x_amz_security_token": made.token}
        self.assertEqual(self.keys.check(self.request(**given), "sqs", None)[0].arn, "arn:x")
        self.refused(self.request(**{**given, "x_amz_security_token": "other"}), "UnrecognizedClientException")
        self.keys.offset_seconds = 61
        self.refused(self.request(**given), "ExpiredTokenException")

    def test_signature_of_is_of_the_named_headers_only(self):
        request = self.request()
        authorization = read_authorization(request.headers["authorization"])
        before = signature_of(request, authorization, SECRET, request.headers["x-amz-date"], "0")
        request.headers["user-agent"] = "changed on the way"
        self.assertEqual(before, signature_of(request, authorization, SECRET, request.headers["x-amz-date"], "0"))


if __name__ == "__main__":
    unittest.main()
