"""HTTPS in the process: the webhook over TLS 1.2 and 1.3, certificates renewed without a restart, and `twinshift doctor` on them."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import unittest
import warnings

import certificates
from doctor import Doctor
from harness import GUIDE_EVENT, PATIENCE_SECONDS, Answer, ServiceTest, wait_until


class TlsService(ServiceTest):
    def setUp(self):
        super().setUp()
        self.made = os.path.join(self.folder, "made.pem")  # all of them

    def pair(self, stem="server", **of):
        certificate, key = certificates.write(self.folder, stem, **of)
        with open(certificate, encoding="ascii") as one, open(self.made, "a", encoding="ascii") as all_:
            all_.write(one.read())
        return certificate, key

    def settings(self, certificate, key, **more):
        return {"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key, **more}

    def context(self, certificate, version=None):
        """A client that takes this certificate alone, and the name in it."""
        context = ssl.create_default_context(cafile=certificate)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def connection(self, port, certificate, version=None):
        return http.client.HTTPSConnection("localhost", port, timeout=PATIENCE_SECONDS, context=self.context(certificate, version))

    def ask(self, connection, method="GET", path="/health", body=None):
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())

    def https(self, port, certificate, *request, version=None):
        with contextlib.closing(self.connection(port, certificate, version)) as connection:
            return self.ask(connection, *request)

    def shown(self, service):
        """The CN of the certificate that a new connection gets: one of those that this test has made."""
        with contextlib.closing(self.connection(service.port, self.made)) as connection:
            connection.connect()
            return dict(part[0] for part in connection.sock.getpeercert()["subject"])["commonName"]

    def taken(self, service, name):
        return [l for l in list(service.lines) if l.get("msg") == "TLS certificate taken" and l["subject"] == f"CN={name}"]


class Webhook(TlsService):
    def test_events_arrive_by_both_versions(self):
        certificate, key = self.pair()
        service = self.start(self.settings(certificate, key))
        for number, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
            event = json.dumps(dict(GUIDE_EVENT, appsflyer_id=f"tls-{number}"))
            self.assertEqual(self.https(service.port, certificate, "POST", "/webhook/appsflyer", event, version=version).status, 200)
        service.wait_landed(2)
        metrics = self.https(service.port, certificate, "GET", "/metrics").body.decode()
        ends = float(re.search(r"^twinshift_tls_certificate_expiry_timestamp_seconds (\S+)$", metrics, re.MULTILINE)[1])
        with contextlib.closing(self.connection(service.port, certificate)) as connection:
            connection.connect()
            self.assertEqual(ends, ssl.cert_time_to_seconds(connection.sock.getpeercert()["notAfter"]))
        self.assertEqual(service.stop(), 0)

    def test_older_versions_and_plain_http_are_told(self):
        certificate, key = self.pair()
        service = self.start(self.settings(certificate, key))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS) as raw, self.assertRaises(ssl.SSLError) as refused:
            old.wrap_socket(raw)
        self.assertEqual(refused.exception.reason, "TLSV1_ALERT_PROTOCOL_VERSION")
        answer = service.raw_exchange(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        self.assertIn(b"https://", answer)
        metrics = self.https(service.port, certificate, "GET", "/metrics").body.decode()
        self.assertIn("\ntwinshift_http_tls_handshakes_failed_total 2\n", metrics)

    def test_a_handshake_that_stops_is_cut_off(self):
        certificate, key = self.pair()
        service = self.start(self.settings(certificate, key, HTTP_HEADER_TIMEOUT="1"))
        for begun in (b"", b"\x16\x03\x01\x02\x00\x01"):
            self.assertEqual(service.raw_exchange(begun), b"")
        self.assertEqual(self.https(service.port, certificate).status, 200)

    def test_generate_speaks_it(self):
        certificate, key = self.pair()
        service = self.start(self.settings(certificate, key))
        url = f"https://localhost:{service.port}/webhook/appsflyer"
        sent = self.run_command("generate", "--events", "30", "--url", url, "--ca", certificate)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        service.wait_landed(30)
        # Without --ca the system's authorities count, and none of them has signed it. Nothing is sent to who cannot be trusted.
        refused = self.run_command("generate", "--events", "1", "--url", url)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--ca FILE", refused.stderr)
        # Its own port, by the same settings.
        own = self.run_command("generate", "--events", "1", "--ca", certificate, settings=self.settings(certificate, key, PORT=str(service.port)))
        self.assertEqual(own.returncode, 0, own.stderr)
        wrong = self.run_command("generate", "--events", "1", "--url", "https://user@localhost/")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("user name", wrong.stderr)

    def test_the_admin_port_speaks_it_too(self):
        certificate, key = self.pair()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.start(self.settings(certificate, key, ADMIN_PORT=str(port)))
        self.assertEqual(self.https(port, certificate, "GET", "/metrics").status, 200)

    def test_files_that_cannot_be_taken_stop_the_start(self):
        certificate, key = self.pair()
        _, strange = self.pair("strange")
        base = {"HOST": "127.0.0.1", "PORT": "0"}
        for settings, code, words in (({"TLS_CERT_FILE": certificate}, 2, ("only one of TLS_CERT_FILE and TLS_KEY_FILE",)),
                                      (self.settings(certificate, strange), 4, ("does not fit", strange, "TLS_KEY_FILE")),
                                      (self.settings("none.crt", key), 4, ("cannot be read", "none.crt", "TLS_CERT_FILE"))):
            with self.subTest(words):
                done = self.run_command("serve", settings=base | settings)
                self.assertEqual(done.returncode, code, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data")), "nothing was made")


class Renewal(TlsService):
    def test_changed_files_are_taken_and_open_connections_go_on(self):
        certificate, key = self.pair(name="first")
        service = self.start(self.settings(certificate, key))
        with contextlib.closing(self.connection(service.port, certificate)) as before:
            self.assertEqual(self.ask(before).status, 200)
            sock = before.sock
            self.pair(name="second")
            wait_until(lambda: self.shown(service) == "second", "the new certificate")
            self.assertEqual(self.https(service.port, certificate).status, 200)
            self.assertEqual(self.ask(before).status, 200)
            self.assertIs(before.sock, sock, "the connection of before")

    def test_a_broken_file_is_told_and_the_one_before_stays(self):
        certificate, key = self.pair(name="first")
        service = self.start(self.settings(certificate, key))
        with open(certificate, "w", encoding="ascii") as file:
            file.write("no PEM")
        line = service.wait_log(lambda l: l.get("msg", "").startswith("The changed TLS files are refused"))
        self.assertIn(certificate, json.dumps(line))
        service.process.send_signal(signal.SIGHUP)
        line = service.wait_log(lambda l: l.get("msg") == "Reload: a part stays as it was")
        self.assertEqual((line["level"], line["part"]), ("error", "TLS"))
        self.assertIn(certificate, json.dumps(line))
        self.assertEqual(self.shown(service), "first")

    def reload(self, service, **settings):
        path = os.path.join(self.folder, ".env")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        os.replace(path + ".new", path)
        seen = len(service.lines)
        service.process.send_signal(signal.SIGHUP)
        last = lambda line: line.get("msg", "").startswith(("Reloaded: ", "Needs a restart: ", "Reload failed: "))
        return wait_until(lambda: next(filter(last, list(service.lines)[seen:]), None), "the answer to SIGHUP")["msg"]

    def test_sighup_takes_the_files_at_once_and_also_other_ones(self):
        first = self.pair("first", name="first")
        path = os.path.join(self.folder, ".env")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"TLS_CERT_FILE={first[0]}\nTLS_KEY_FILE={first[1]}\n")
        service = self.start()
        self.assertEqual(self.reload(service, TLS_CERT_FILE=first[0], TLS_KEY_FILE=first[1]), "Reloaded: nothing has changed")
        self.assertEqual(len(self.taken(service, "first")), 2, "read again")
        second = self.pair("second", name="second")
        told = self.reload(service, TLS_CERT_FILE=second[0], TLS_KEY_FILE=second[1])
        self.assertEqual(told, f"Reloaded: TLS_CERT_FILE {first[0]} -> {second[0]}, TLS_KEY_FILE {first[1]} -> {second[1]}")
        self.assertEqual(self.shown(service), "second")
        self.assertEqual(self.reload(service, LOG_LEVEL="info"), "Needs a restart: TLS_CERT_FILE, TLS_KEY_FILE")
        self.assertEqual(self.shown(service), "second")

    def test_plain_http_stays_until_a_restart(self):
        certificate, key = self.pair()
        service = self.start()
        self.assertEqual(self.reload(service, TLS_CERT_FILE=certificate, TLS_KEY_FILE=key), "Needs a restart: TLS_CERT_FILE, TLS_KEY_FILE")
        self.assertEqual(service.request("GET", "/health").status, 200)

    def test_an_end_that_is_near_is_warned_of(self):
        certificate, key = self.pair(ends_days=10)
        service = self.start(self.settings(certificate, key))
        line = service.wait_log(lambda l: l.get("msg") == "The TLS certificate ends soon")
        self.assertEqual(line["level"], "warn")


class Check(Doctor):
    def certificate(self, expected, key=None, **of):
        made, own = certificates.write(self.folder, "server", **of)
        self.expect({"TLS_CERT_FILE": made, "TLS_KEY_FILE": key or own}, {"machine.certificate": expected} if expected else {})

    def test_a_good_one_and_none(self):
        self.certificate(None)
        self.assertEqual(self.state("machine.certificate"), "ok")
        self.expect({}, {})
        self.assertNotIn("certificate", [check["id"] for check in self.told["checks"]])

    def test_its_last_two_weeks_and_its_end(self):
        self.certificate(("warn", "CN=localhost", "14 days", "TLS_CERT_FILE"), ends_days=13)
        self.certificate(None, ends_days=15)
        self.certificate(("fail", "CN=localhost expired at", "TLS_CERT_FILE"), ends_days=-1)

    def test_files_that_the_start_would_not_take(self):
        _, strange = certificates.write(self.folder, "strange")
        self.certificate(("fail", "does not fit", "TLS_KEY_FILE"), key=strange)
        self.certificate(("fail", "cannot be read", "none.key", "TLS_KEY_FILE"), key="none.key")


if __name__ == "__main__":
    unittest.main()
