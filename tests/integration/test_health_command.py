"""`twinshift health`: what a container's health check runs, where there is neither a shell nor curl."""

import http.server
import os
import socket
import sys
import threading
import time
import unittest

import certificates
from harness import ServiceTest, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "standin"))
from ports import free_port  # noqa: E402

BOUND_SECONDS = 3  # kHealthMax
SLACK_SECONDS = 20  # a busy machine, a sanitizer


class Stranger(http.server.BaseHTTPRequestHandler):
    """Something else that listens on the port."""

    def do_GET(self):
        body = b"no \x1b[31m\n place\n"
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HealthCommand(ServiceTest):
    def ask(self, settings, *options):
        done = self.run_command("health", *options, settings=settings)
        if done.returncode != 0:
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done

    def test_a_service_that_lives_and_can_do_its_job(self):
        settings = {"PORT": str(free_port()), "HOST": "127.0.0.1"}
        service = self.start(settings)
        done = self.ask(settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"status":"ok"', done.stdout)
        wait_until(lambda: service.request("GET", "/ready").status == 200, "/ready")
        ready = self.ask(settings, "--ready")
        self.assertEqual(ready.returncode, 0, ready.stderr)
        self.assertIn('"status":"ready"', ready.stdout)
        self.assertEqual(service.stop(), 0)
        gone = self.ask(settings)
        self.assertIn(f"http://127.0.0.1:{settings['PORT']}/health does not answer", gone.stderr)
        self.assertIn("Check that the service runs", gone.stderr)

    def test_one_that_lives_but_is_not_ready(self):
        # Nobody listens on the primary's port: /ready waits for it once.
        settings = {"PORT": str(free_port()), "HOST": "0.0.0.0", "PRIMARY_WAREHOUSE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none",
                    "SECONDARY_REDSHIFT_ENABLED": "false"}
        self.start(settings)
        self.assertEqual(self.ask(settings).returncode, 0)
        done = self.ask(settings, "--ready")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/ready answered 503", done.stderr)
        self.assertIn("not ready", done.stderr)

    def test_over_https_whatever_the_certificate_names(self):
        certificate, key = certificates.write(self.folder, "server")
        settings = {"PORT": str(free_port()), "TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key}
        self.start(settings)
        done = self.ask(settings)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_beside_an_admin_port_and_past_a_proxy(self):
        settings = {"PORT": str(free_port()), "ADMIN_PORT": str(free_port()), "ADMIN_TOKEN": "a-token-of-some-length-0123456789"}
        self.start(settings)
        for proxied in ({}, {"http_proxy": f"http://127.0.0.1:{free_port()}"}):
            done = self.ask(settings | proxied)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_who_does_not_answer_is_not_waited_for(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            begin = time.monotonic()
            done = self.ask({"PORT": str(silent.getsockname()[1])})
            self.assertEqual(done.returncode, 1)
            self.assertGreaterEqual(time.monotonic() - begin, BOUND_SECONDS - 0.5)
            self.assertLess(time.monotonic() - begin, BOUND_SECONDS + SLACK_SECONDS)

    def test_a_strangers_words_do_not_steer_the_terminal(self):
        with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            done = self.ask({"PORT": str(server.server_port)})
            server.shutdown()
        self.assertIn("answered 404", done.stderr)
        self.assertNotIn("\x1b", done.stderr)

    def test_settings_that_name_no_port_or_cannot_be_read(self):
        self.assertIn("Set PORT", self.ask({"PORT": "0"}).stderr)
        done = self.run_command("health", settings={"PORT": "none"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("PORT", done.stderr)

    def test_the_env_file_of_the_working_folder(self):
        settings = {"PORT": str(free_port())}
        self.start(settings)
        with open(os.path.join(self.folder, ".env"), "w", encoding="ascii") as file:
            file.write(f"PORT={settings['PORT']}\n")
        self.assertEqual(self.ask({}).returncode, 0)


if __name__ == "__main__":
    unittest.main()
