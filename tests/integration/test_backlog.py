"""What the secondary owes: kept over kill -9, by ids alone where there is no room, and served from damaged files."""

import glob
import os
import random
import unittest

from harness import GUIDE_EVENT, ServiceTest, wait_until
from sender import Sender


class Backlog(ServiceTest):
    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data, mode=0o700)
        self.backlog = os.path.join(self.data, "secondary-backlog")

    def take_secondary_away(self):
        os.mkdir(os.path.join(self.data, "secondary.db"), mode=0o700)  # a folder in the file's place

    def bring_secondary_back(self):
        os.rmdir(os.path.join(self.data, "secondary.db"))

    def owe(self, service, names):
        for name in names:
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        service.wait_landed(len(names), ("primary",))
        wait_until(lambda: self.secondary_part(service)["owed"] == len(names), "all of it to be owed")

    def secondary_part(self, service):
        return service.request("GET", "/ready").json()["parts"]["secondary"]

    def test_kill_9_while_parking_loses_nothing(self):
        self.take_secondary_away()
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        acknowledged = []
        for round_number in range(3):
            service = self.start()
            sender = Sender(service, f"k{round_number}")
            sender.wait_acknowledged(dice.randrange(50, 300))
            service.kill()
            acknowledged += sender.stop()
        self.bring_secondary_back()
        service = self.start()
        wait_until(lambda: self.secondary_part(service)["status"] == "ok", "the secondary to make its table")
        wait_until(lambda: {r["appsflyer_id"] for r in service.sql("secondary", "SELECT appsflyer_id FROM appsflyer_events")} >=
                   set(acknowledged), f"all events in the secondary (seed {seed})")
        self.assertEqual(service.sql("secondary", "SELECT appsflyer_id FROM appsflyer_events GROUP BY 1 HAVING count(*) > 1"), [])
        wait_until(lambda: self.secondary_part(service)["owed"] == 0, "nothing to be owed")
        self.assertEqual(self.secondary_part(service)["backlog"]["lost"], 0)

    def test_ids_alone_are_kept_where_the_disk_is_the_queues(self):
        self.take_secondary_away()
        status = os.statvfs(self.data)
        free = status.f_bavail * status.f_frsize
        if free < 1_500_000_000:
            self.skipTest("needs 1.5 GB of free disk to tell a reserve from the queue's share above it")
        # Above the reserve, so events are taken; not above the queue's share as well.
        service = self.start({"DISK_RESERVE": str(free - 500_000_000)})
        names = [f"ids-{i}" for i in range(40)]
        self.owe(service, names)
        part = self.secondary_part(service)["backlog"]
        self.assertEqual(part["idsOnly"], 40)
        self.assertLess(part["bytes"], 40 * 300)
        service.kill()
        self.bring_secondary_back()
        service = self.start()
        service.wait_landed(40)
        self.assert_each_once(service, names)
        both = self.run_command("query", "SELECT * FROM appsflyer_events ORDER BY event_id", "--format", "json")
        self.assertEqual(both.returncode, 0, both.stderr)
        wait_until(lambda: self.secondary_part(service)["owed"] == 0, "nothing to be owed")

    def test_a_flipped_byte_is_named_and_nothing_is_lost(self):
        self.take_secondary_away()
        service = self.start()
        names = [f"flip-{i}" for i in range(30)]
        self.owe(service, names)
        self.assertEqual(service.stop(), 0)
        segment = glob.glob(os.path.join(self.backlog, "*.seg"))[0]
        with open(segment, "r+b") as file:
            file.seek(-120, os.SEEK_END)  # in the last block's body
            byte = file.read(1)[0]
            file.seek(-120, os.SEEK_END)
            file.write(bytes([byte ^ 0x20]))
        self.bring_secondary_back()
        service = self.start()
        service.wait_log(lambda l: l.get("msg") == "A block of the backlog is damaged: what is sound in it is served")
        service.wait_landed(30)
        self.assert_each_once(service, names)
        wait_until(lambda: glob.glob(os.path.join(self.backlog, "*.seg.damaged")), "the damaged file to be kept aside")
        part = self.secondary_part(service)["backlog"]
        self.assertEqual((part["lost"], part["damagedFiles"]), (0, 1))

    def test_a_segment_that_cannot_be_opened_is_owed_until_it_can(self):
        self.take_secondary_away()
        service = self.start()
        first = [f"first-{i}" for i in range(20)]
        self.owe(service, first)
        self.assertEqual(service.stop(), 0)
        segment, aside = glob.glob(os.path.join(self.backlog, "*.seg"))[0], os.path.join(self.folder, "aside")
        os.rename(segment, aside)
        os.mkdir(segment)  # root cannot open it either
        self.bring_secondary_back()
        service = self.start()
        line = service.wait_log(lambda l: l.get("msg", "").startswith("A segment of the backlog cannot be opened"))
        self.assertEqual((os.path.basename(line["file"]), line["events"]), (os.path.basename(segment), 20), line)
        self.assertIn("do not delete it", line["hint"])
        for i in range(5):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"later-{i}")).status, 200)
        service.wait_landed(5, ("secondary",))
        part = self.secondary_part(service)
        self.assertEqual((part["owed"], part["backlog"]["unreadable"]), (20, {"events": 20, "files": 1}))
        self.assertIn('twinshift_backlog_unreadable_events{target="secondary"} 20', service.request("GET", "/metrics").body.decode())
        text = self.run_command("books").stdout
        self.assertIn("20 owed of which nobody knows the hours", text)
        self.assertIn("secondary: nothing is missing", text)
        self.assertEqual(service.stop(), 0)
        os.rmdir(segment)
        os.rename(aside, segment)
        service = self.start()
        service.wait_landed(25)
        self.assertNotIn("unreadable", self.secondary_part(service)["backlog"])


if __name__ == "__main__":
    unittest.main()
