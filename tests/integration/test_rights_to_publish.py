"""A user that may not write `twinshift_owed`: events land, one warning names the right, and with it the books are published."""

import unittest

from harness import GUIDE_EVENT, wait_until
from servers import TABLE, PostgresTest


class RightsToPublish(PostgresTest):
    def setUp(self):
        super().setUp()
        self.user = f"writer_{self.database}"
        self.psql("primary", f'CREATE ROLE "{self.user}" LOGIN; REVOKE TEMPORARY ON DATABASE "{self.database}" FROM PUBLIC; '
                  "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        port = self.servers["primary"].port
        self.limited = self.urls(PRIMARY_WAREHOUSE_URL=f"postgresql://{self.user}@127.0.0.1:{port}/{self.database}", REDSHIFT_TABLE_NAME="public." + TABLE)
        self.owner = self.urls(REDSHIFT_TABLE_NAME="public." + TABLE)

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
        self.psql("primary", f'GRANT USAGE ON SCHEMA public TO "{self.user}"; GRANT TEMPORARY ON DATABASE "{self.database}" TO "{self.user}"; '
                  f'GRANT SELECT, INSERT ON {TABLE}, twinshift_loads, twinshift_duplicates TO "{self.user}"')
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
