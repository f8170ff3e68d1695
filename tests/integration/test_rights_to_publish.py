"""A user that may not write `twinshift_owed`: events land, one warning names the right, and with it the books are published."""

import unittest

from harness import GUIDE_EVENT, wait_until
from servers import TABLE, LimitedUserTest


class RightsToPublish(LimitedUserTest):
    def unpublished(self, name):
        """Serves one event and stops; the hints of the warnings about books that could not be published."""
        service = self.start(self.limited)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        wait_until(lambda: self.psql("primary", f"SELECT count(*) FROM {TABLE} WHERE appsflyer_id = '{name}'") == "1", "the event")
        self.assertEqual(service.stop(), 0)
        return [line["hint"] for line in service.lines if "published" in line.get("msg", "")]

    def test_without_the_right_to_publish_books_events_land(self):
        made = self.run_command("schema", "--apply", "--target", "primary", settings=self.owner)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.let_write(f"{TABLE}, twinshift_loads, twinshift_duplicates")
        grant = f'GRANT SELECT, INSERT ON "public"."twinshift_owed" TO "{self.user}"'
        hints = self.unpublished("first")
        self.assertTrue(hints)
        for hint in hints:
            self.assertIn(grant, hint)
        self.psql("primary", grant)
        self.assertEqual(self.unpublished("second"), [])
        self.assertEqual(self.psql("primary", "SELECT max(received) FROM twinshift_owed WHERE target = 'primary'"), "2")


if __name__ == "__main__":
    unittest.main()
