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

    def test_beside_a_running_service_a_damaged_file_is_not_to_be_rebuilt_again_and_again(self):
        self.land(self.start(), range(600))
        self.smash("secondary", 0.5)
        done = self.run_command("rebuild", "--target", "secondary", "--apply", settings=self.settings)
        self.assertEqual(done.returncode, UNDECIDED, done.stdout + done.stderr)
        self.assertIn("Stop the service", done.stderr)
        self.assertNotIn("run it again", done.stderr)

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
        self.assertEqual((done["books"]["markedLanded"], done["books"]["unexplained"]), (50, 0))
        self.check_books(0, 50)
        self.assertEqual(self.command("rebuild", DONE, "--target", "secondary", "--apply")["books"]["markedLanded"], 0)
        self.check_books(0, 50)

    def check_books(self, expected, landed, waived=0):
        """Of the secondary, over all hours; none of which is a surplus."""
        told = self.run_command("books", "--format", "json", settings=self.settings)
        self.assertEqual(told.returncode, expected, told.stdout + told.stderr)
        lines = [each for each in json.loads(told.stdout) if each["target"] == "secondary"]
        sums = [sum(int(each[name]) for each in lines) for name in ("landed", "waived")]
        self.assertEqual((sums, [each for each in lines if each["state"] == "surplus"]), ([landed, waived], []), lines)

    def lose_secondary(self):
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()

    def begin_empty(self):
        service = self.start()
        service.wait_log(lambda each: each.get("msg") == "Created the table" and each.get("target") == "secondary", "a new table")
        service.stop()

    def rebuilt_markers(self):
        return self.ask("secondary", "SELECT batch_id FROM twinshift_loads WHERE batch_id LIKE 'rebuilt-%' ORDER BY batch_id")

    def test_a_second_loss_of_a_rebuilt_table_is_seen_by_the_books(self):
        service = self.start()
        self.land(service, range(30))
        service.stop()
        self.lose_secondary()
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual(done["books"]["markedLanded"], 30)
        markers = self.rebuilt_markers()
        self.assertEqual(len(markers), done["books"]["hours"])
        self.lose_secondary()
        self.begin_empty()
        self.check_books(MISSING, 0)
        told = self.run_command("books", settings=self.settings)
        self.assertIn("secondary: 30 ", told.stdout + told.stderr)
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["books"]["markedLanded"], done["books"]["unexplained"]), (30, 0))
        self.assertEqual(self.rebuilt_markers(), markers)
        self.check_books(0, 30)

    def test_an_older_copy_of_the_file_that_is_put_back_is_no_surplus(self):
        service = self.start()
        self.land(service, range(30))
        service.stop()
        path = pathlib.Path(self.folder, "data", "secondary.db")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        older = path.read_bytes()
        self.lose_secondary()
        self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.lose_secondary()
        path.write_bytes(older)
        self.check_books(0, 30)
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual(done["books"]["markedLanded"], 0)
        self.assertEqual(self.rebuilt_markers(), [])
        self.land(self.start(), range(30, 35))
        self.check_books(0, 35)

    def test_what_an_earlier_version_signed_off_stays_waived(self):
        service = self.start()
        self.land(service, range(20))
        service.stop()
        self.lose_secondary()
        self.begin_empty()
        lines = json.loads(self.run_command("books", "--format", "json", settings=self.settings).stdout)
        for each in lines:
            if each["target"] != "secondary" or int(each["residual"]) < 2:
                continue
            waive = ("books", "waive", "--target", "secondary", "--hour", each["hour"], "--events", str(int(each["residual"]) - 1), "--reason", "rebuilt", "--yes")
            self.assertEqual(self.run_command(*waive, settings=self.settings).returncode, 0)
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        marked = done["books"]["markedLanded"]
        self.assertIn(marked, (1, 2))  # one an hour of arrival
        self.check_books(0, marked, 20 - marked)

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
        self.assertEqual((done["books"]["markedLanded"], done["books"]["unexplained"]), (50, 0))
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
        self.assertEqual((done["books"]["markedLanded"], done["books"]["unexplained"]), (19, 1))
        self.assertEqual(self.run_command("books", settings=self.settings).returncode, MISSING)
        self.assert_same_once(19)

    def test_one_event_that_nobody_can_copy_is_left_once_and_the_answer_says_what_that_does_to_the_books(self):
        service = self.start()
        self.land(service, range(20))
        service.stop()
        self.change("primary", f"UPDATE {TABLE} SET city = 'zz' WHERE appsflyer_id = 'r5'")
        for path in pathlib.Path(self.folder, "data").glob("secondary.db*"):
            path.unlink()
        done = self.command("rebuild", LEFT, "--target", "secondary", "--apply")
        self.assertEqual((done["counts"]["secondary"]["missing"], done["receipt"]["secondary"]["left"], len(done["left"])), (20, 1, 1))
        self.assertIn("no markers were written", done["books"]["error"])
        told = self.run_command("rebuild", "--target", "secondary", "--apply").stdout
        self.assertEqual(told.count("left     secondary"), 1, told)
        self.assertIn("run it again", told)
        self.change("primary", f"UPDATE {TABLE} SET city = NULL WHERE appsflyer_id = 'r5'")
        self.assertEqual(self.command("rebuild", DONE, "--target", "secondary", "--apply")["books"]["markedLanded"], 20)
        self.check_books(0, 20)

    def test_markers_that_cannot_be_written_are_said_in_either_form(self):
        service = self.start()
        self.land(service, range(5))
        service.stop()
        self.lose_secondary()
        self.begin_empty()
        self.change("secondary", "CREATE TRIGGER refuse BEFORE INSERT ON twinshift_loads WHEN new.batch_id LIKE 'rebuilt-%' BEGIN SELECT RAISE(ABORT, 'refused'); END")
        told = self.command("rebuild", LEFT, "--target", "secondary", "--apply")
        self.assertEqual(told["books"]["target"], "secondary")
        self.assertIn("refused", told["books"]["error"])
        self.assert_same_once(5)  # the rebuild itself is done
        said = self.run_command("rebuild", "--target", "secondary", "--apply", settings=self.settings)
        self.assertEqual(said.returncode, LEFT, said.stdout + said.stderr)
        self.assertIn("twinshift books waive --target secondary", said.stdout)
        self.change("secondary", "DROP TRIGGER refuse")
        self.assertEqual(self.command("rebuild", DONE, "--target", "secondary", "--apply")["books"]["markedLanded"], 5)
        self.check_books(0, 5)


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
        self.assertEqual((done["books"]["markedLanded"], done["books"]["unexplained"]), (9, 1))
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
