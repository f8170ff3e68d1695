"""`twinshift rebuild` on the real binary where the target's SQLite file is damaged or gone."""

import json
import pathlib
import sqlite3
import unittest

from repairing import DONE, LEFT, UNDECIDED, EmbeddedRepairing, event
from servers import TABLE


MISSING = 3  # of `twinshift books`


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
        self.assertTrue(done["file"]["keptAs"].endswith(".damaged-20260101T000000000Z"), done["file"])
        self.assert_same_once(101)

    def test_a_file_that_is_not_there_is_planned_for_and_made(self):
        service = self.start()
        self.land(service, range(50))
        service.stop()
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        told = self.command("rebuild", LEFT, "--target", "secondary")
        self.assertEqual(told["file"]["state"], "missing")
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assert_same_once(50)
        # Its markers were lost with it; the books close all the same.
        self.assertEqual((done["books"]["signedOff"], done["books"]["unexplained"]), (50, 0))
        self.check_books(0, 50)
        self.assertEqual(self.command("rebuild", DONE, "--target", "secondary", "--apply")["books"]["signedOff"], 0)

    def check_books(self, expected, waived):
        told = self.run_command("books", "--format", "json", settings=self.settings)
        self.assertEqual(told.returncode, expected, told.stdout + told.stderr)
        lines = json.loads(told.stdout)
        self.assertEqual(sum(int(each["waived"]) for each in lines if each["target"] == "secondary"), waived, lines)

    def test_the_books_of_a_rebuilt_target_close_beside_a_running_service(self):
        service = self.start()
        self.land(service, range(50))
        service.stop()
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        service = self.start()
        service.wait_log(lambda each: each.get("msg") == "Created the table" and each.get("target") == "secondary", "a new table")
        self.assertEqual(self.run_command("books", settings=self.settings).returncode, MISSING)
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["books"]["signedOff"], done["books"]["unexplained"]), (50, 0))
        self.check_books(0, 50)

    def test_what_both_lost_stays_a_loss(self):
        service = self.start()
        self.land(service, range(20))
        service.stop()
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")
        self.change("primary", "UPDATE twinshift_loads SET inserted = inserted - 1 WHERE rowid = (SELECT min(rowid) FROM twinshift_loads WHERE inserted > 0)")
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["books"]["signedOff"], done["books"]["unexplained"]), (19, 1))
        self.assertEqual(self.run_command("books", settings=self.settings).returncode, MISSING)
        self.assert_same_once(19)

    def test_books_that_cannot_be_signed_off_are_said_in_either_form(self):
        service = self.start()
        self.land(service, range(5))
        service.stop()
        with sqlite3.connect(pathlib.Path(self.folder, "data", "books.db")) as books:
            books.execute("CREATE TRIGGER refuse BEFORE INSERT ON signed_off BEGIN SELECT RAISE(ABORT, 'refused'); END")
        books.close()
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        told = self.command("rebuild", LEFT, "--target", "secondary", "--apply")
        self.assertEqual(told["books"]["target"], "secondary")
        self.assertIn("refused", told["books"]["error"])
        self.assert_same_once(5)  # the rebuild itself is done
        said = self.run_command("rebuild", "--target", "secondary", "--apply", settings=self.settings)
        self.assertEqual(said.returncode, LEFT, said.stdout + said.stderr)
        self.assertIn("twinshift books waive --target secondary", said.stdout)


    def test_what_the_other_target_has_given_up_stays_missing(self):
        """One that the primary's books no longer wait for, and the secondary alone held: after its loss it stands in neither table."""
        service = self.start()
        self.land(service, range(10))
        service.stop()
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")
        self.change("primary", "UPDATE twinshift_loads SET inserted = inserted - 1 WHERE rowid = (SELECT min(rowid) FROM twinshift_loads WHERE inserted > 0)")
        hour = next(each["hour"] for each in json.loads(self.run_command("books", "--format", "json", settings=self.settings).stdout) if each["target"] == "primary")
        waive = ("books", "waive", "--target", "primary", "--hour", hour, "--events", "1", "--reason", "given up", "--yes")
        self.assertEqual(self.run_command(*waive, settings=self.settings).returncode, 0)
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["books"]["signedOff"], done["books"]["unexplained"]), (9, 1))
        self.assertEqual(self.run_command("books", settings=self.settings).returncode, MISSING)


    def test_nothing_is_filled_from_a_file_that_is_not_there(self):
        service = self.start()
        self.land(service, range(10))
        service.stop()
        for path in pathlib.Path(self.folder, "data").glob("primary.db*"):
            path.unlink()
        for arguments in ((), ("--apply",)):
            done = self.run_command("rebuild", "--target", "secondary", *arguments, settings=self.settings)
            self.assertEqual(done.returncode, UNDECIDED, done.stdout + done.stderr)
            self.assertIn("rebuild --target primary", done.stderr)
        self.assertEqual(list(pathlib.Path(self.folder, "data").glob("primary.db*")), [])
        self.command("rebuild", DONE, "--target", "primary", "--apply")
        self.assert_same_once(10)


if __name__ == "__main__":
    unittest.main()
