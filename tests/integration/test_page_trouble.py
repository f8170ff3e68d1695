"""The page while things go wrong: more scrapes than anybody needs, a full disk, no open file left, texts that are HTML."""

import http.client
import http.server
import json
import os
import resource
import socket
import threading
import time
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from page_viewing import BrowserTest

HOSTILE = "<img src=x onerror=alert(1)><b><i>wrong</i></b><script>alert(1)</script>"


class Viewer:
    """A page that is open: reads /api/events; what it was told last is in `status`."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
        self.connection.request("GET", "/api/events")
        self.socket = self.connection.sock  # an answer without an end takes it away from the connection
        self.answer = self.connection.getresponse()
        self.messages, self.status, self.ended = 0, {"verdict": {"points": []}}, False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for line in self.answer:
                if line.startswith(b"data: "):
                    self.status = json.loads(line[6:])
                    self.messages += 1
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass  # cut off, or closed by the test
        self.ended = True

    def says(self, words):
        return any(words in point["what"] and point["level"] == "alarm" for point in self.status["verdict"]["points"])

    def close(self):
        # The reading thread first: closing alone would leave it waiting.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the service has gone
        self.thread.join(PATIENCE_SECONDS)
        self.answer.close()


class Trouble(ServiceTest):
    def open_page(self, service):
        viewer = Viewer(service)
        self.addCleanup(viewer.close)
        wait_until(lambda: viewer.messages > 1, "the page to be told something")
        return viewer

    def test_a_thousand_scrapes_a_second_leave_the_webhook_alone(self):
        service = self.start()
        viewer = self.open_page(service)
        scrapes, scrapers, rate = 3_000, 4, 1_000
        answers, begin = [], time.monotonic()

        def scrape(first):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
            for number in range(first, scrapes, scrapers):
                time.sleep(max(0.0, begin + number / rate - time.monotonic()))  # a timetable, not a wait for something
                connection.request("GET", "/metrics")
                answer = connection.getresponse()
                answers.append((answer.status, len(answer.read()) > 10_000))
            connection.close()
        threads = [threading.Thread(target=scrape, args=(first,)) for first in range(scrapers)]
        for each in threads:
            each.start()
        posted = 0
        while any(each.is_alive() for each in threads):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"s{posted}")).status, 200)
            posted += 1
        for each in threads:
            each.join()
        self.assertEqual(answers, [(200, True)] * scrapes)
        told = viewer.messages
        wait_until(lambda: viewer.messages > told, "the page is told on")
        service.wait_landed(posted)

    def test_a_full_disk_is_said_on_the_open_page(self):
        status = os.statvfs(self.folder)
        free = status.f_bavail * status.f_frsize
        room = min(2_000_000_000, free // 4)  # others may write there meanwhile
        if room < 300_000_000:
            self.skipTest("needs 1200 MB of free disk to fill a part of")
        service = self.start({"DISK_RESERVE": str(free - room)})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        viewer = self.open_page(service)
        ballast = os.path.join(self.folder, "ballast")
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2 * room)
        wait_until(lambda: service.post(GUIDE_EVENT).status == 503, "the webhook to be told")
        wait_until(lambda: viewer.says("Events cannot be taken"), "the verdict")
        self.assertIn("disk", json.dumps(viewer.status["verdict"]["points"]))
        os.remove(ballast)
        wait_until(lambda: service.post(GUIDE_EVENT).status == 200, "room again")
        wait_until(lambda: not viewer.says("Events cannot be taken"), "the verdict to be well again")
        self.assertFalse(viewer.ended)

    def test_with_no_open_file_left_the_page_says_so_and_all_goes_on_afterwards(self):
        most = 120
        service = self.start(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        viewer = self.open_page(service)
        held = [socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS) for _ in range(most)]
        try:
            service.wait_log(lambda line: "No file descriptor is left" in line.get("msg", "") and "ulimit" in line.get("hint", ""), "the log to say so")
            wait_until(lambda: viewer.says("nearly out of open files"), "the page to say so")
            self.assertFalse(viewer.ended)
            self.assertIsNone(service.process.poll())
        finally:
            for each in held:
                each.close()

        def taken():
            try:
                return service.post(dict(GUIDE_EVENT, appsflyer_id="afterwards")).status == 200
            except (OSError, http.client.HTTPException):
                return False  # its turn to be sent away came first
        wait_until(taken, "the webhook to serve again")
        wait_until(lambda: viewer.status["verdict"]["level"] == "well", "the page to be well again")
        wait_until(lambda: service.sql("secondary", "SELECT 1 FROM appsflyer_events WHERE appsflyer_id = 'afterwards'"), "the event")
        self.assertEqual(service.stop(), 0)


class HostileService(http.server.BaseHTTPRequestHandler):
    """What answers every call of AWS with an error that is HTML."""

    def do_POST(self):  # the library's name for it
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"__type": "ValidationException", "message": HOSTILE}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HostileTexts(BrowserTest):
    def test_html_in_an_event_and_in_an_error_is_text(self):
        aws = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HostileService)
        thread = threading.Thread(target=aws.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(lambda: (aws.shutdown(), aws.server_close(), thread.join(PATIENCE_SECONDS)))
        url = f"http://127.0.0.1:{aws.server_address[1]}"
        service = self.start({"PRIMARY_WAREHOUSE_URL": "sqlite:data/primary.db", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none",
                              "SECONDARY_WAREHOUSE_URL": f"redshift-data://admin@a-cluster/db?region=us-east-1&endpoint={url}"})
        self.assertEqual(service.post(dict(GUIDE_EVENT, event_name=HOSTILE, appsflyer_id=HOSTILE)).status, 200)
        wait_until(lambda: "onerror" in json.dumps(service.request("GET", "/api/status").json()["errors"]), "the error in the list")
        told = self.look(service, "warning", "hostile")  # asks for no markup in it, and for no error of the page's own
        self.assertIn("<img src=x", told["points"] + told["errors"], "shown as the text that it is")
        self.assertNotIn(GUIDE_EVENT["customer_user_id"], json.dumps(told), "no event's value")


if __name__ == "__main__":
    unittest.main()
