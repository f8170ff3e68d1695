"""`twinshift rebuild` on the real binary where the target's SQLite file is damaged or gone."""

import pathlib
import sqlite3
import unittest

from repairing import DONE, LEFT, UNDECIDED, EmbeddedRepairing, event
from servers import TABLE


class DamagedFile(EmbeddedRepairing):
    def smash(self, target, share):
        """Pages in the middle of the file, as a bad disk leaves them."""
        path = pathlib.Path(self.folder, "data", f"{target}.db")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.close()
        with path.open("r+b") as file:
            pages = path.stat().st_size // page
            for number in range(pages // 4, pages // 4 + max(1, int(pages * share))):
                file.seek(number * page)
                file.write(b"\xa5" * page)
        return path

    def names_beside(self, path):
        return sorted(each.name for each in path.parent.iterdir() if each.name.startswith(path.name + ".") and each.name.endswith("Z"))

    def test_a_damaged_file_is_kept_beside_and_built_anew(self):
        service = self.start()
        self.land(service, range(600))
        service.stop()
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")  # what only the damaged one holds
        path = self.smash("secondary", 0.1)
        told = self.command("rebuild", LEFT, "--target", "secondary")
        self.assertEqual((told["file"]["state"], told["applied"]), ("damaged", False))
        self.assertEqual(self.names_beside(path), [])
        verified = self.run_command("verify", settings=self.settings)
        self.assertEqual(verified.returncode, UNDECIDED, verified.stdout + verified.stderr)
        self.assertIn("twinshift rebuild --target secondary --apply", verified.stderr)
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertFalse(done["file"]["all"])
        self.assertGreater(done["file"]["rowsTakenOver"], 300)
        self.assertGreater(done["receipt"]["secondary"]["copied"], 0)
        self.assertEqual(self.names_beside(path), [pathlib.Path(done["file"]["keptAs"]).name])
        self.assert_same_once(600)
        self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual(len(self.names_beside(path)), 1)
        self.land(self.start(), range(600, 610))
        self.assert_same_once(610)

    def test_a_rebuild_of_a_damaged_file_that_was_cut_short_goes_on(self):
        service = self.start()
        self.land(service, range(100))
        service.stop()
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")
        path = pathlib.Path(self.folder, "data", "secondary.db")
        # As after a kill between the two renames; and a service that began a new file meanwhile.
        path.rename(f"{path}.damaged-20260101T000000000Z")
        pathlib.Path(f"{path}.rebuilding-20260101T000000000Z").touch()
        service = self.start()
        service.post(event(200))
        service.wait_landed(1, targets=("secondary",))
        service.stop()
        self.assertEqual(self.command("rebuild", LEFT, "--target", "secondary")["file"]["state"], "cutShort")
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["file"]["rowsTakenOver"] > 101, done["receipt"]["primary"]["copied"]), (True, 1))
        self.assertEqual(len(self.names_beside(path)), 2)
        self.assert_same_once(101)

    def test_a_file_that_is_not_there_is_planned_for_and_made(self):
        service = self.start()
        self.land(service, range(50))
        service.stop()
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        told = self.command("rebuild", LEFT, "--target", "secondary")
        self.assertEqual(told["file"]["state"], "missing")
        self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assert_same_once(50)


if __name__ == "__main__":
    unittest.main()
