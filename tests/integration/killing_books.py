"""Killed where the books sum up old markers, have them removed, and publish themselves; for a Killing whose warehouses are files, or not."""

import json
import os
import sqlite3
import time

TARGETS = ("primary", "secondary")
DAY_MICROSECONDS = 86_400_000_000
AGE_HOURS = 240  # markers are kept for 216
OLD = "216 hours"
# By table: the times that an age is added to. What lands is not touched: its age is of no account.
AGING = {"twinshift_loads": ("arrival_at", "written_at"), "twinshift_duplicates": ("received_at", "written_at"),
         "twinshift_owed": ("arrival_at", "as_of")}


class BooksKilling:
    """To be mixed into a Killing. It gives change(target, statement) for a service that is stopped, count(target, query), and earlier(column,
    interval) in the warehouses' SQL."""

    # Old markers.

    def change_file(self, name, statement, *rows):
        with sqlite3.connect(os.path.join(self.folder, "data", name)) as file:
            file.executemany(statement, rows or [()])
        file.close()

    def make_old(self):
        """All that the stopped service has counted was so ten days ago."""
        self.change_file("queue.db", f"UPDATE arrivals SET hour = hour - {AGE_HOURS}")
        self.change_file("books.db", f"UPDATE books_state SET since = since - {AGE_HOURS}")
        for target in TARGETS:
            for table, columns in AGING.items():
                changes = ", ".join(f"{column} = {self.earlier(column, f'{AGE_HOURS} hours')}" for column in columns)
                self.change(target, f"UPDATE {table} SET {changes}")

    def watch_the_clock(self):
        """The next service believes it, so that old markers go."""
        now = time.time_ns() // 1000
        self.change_file("books.db", "INSERT OR REPLACE INTO clock_watch(target, last, candidate, confirmed, watched) VALUES (?, ?, ?, 0, ?)",
                         *((target, now, now - DAY_MICROSECONDS, DAY_MICROSECONDS) for target in TARGETS))

    def forget_the_clock(self):
        self.change_file("books.db", "DELETE FROM clock_watch")

    def old_markers(self):
        return sum(self.count(target, f"SELECT count(*) FROM {table} WHERE written_at < {self.earlier('now', OLD)}")
                   for target in TARGETS for table in ("twinshift_loads", "twinshift_duplicates"))

    def kill_while_removing(self, names):
        """Whatever the markers have said counts once, be it in the books, in the markers, or in both."""
        self.begin()
        self.burst()
        self.wait_settled()
        self.post("e0")  # a duplicate
        self.wait_settled()
        self.assertEqual(self.service.stop(), 0)
        self.make_old()
        self.assertGreaterEqual(self.old_markers(), 4, "a batch and a duplicate on each side")
        for name in names:
            self.case = name
            self.watch_the_clock()
            self.order(f"{name}=kill")
            self.service = self.launch_failing()
            self.wait_killed(name)
            self.forget_the_clock()
            self.recover()
            self.assertEqual(self.service.stop(), 0)
        self.case = "at last"
        self.watch_the_clock()
        self.begin()
        self.nudge_until(lambda: self.old_markers() == 0, "the old markers to be removed")
        self.wait_settled()
        self.check_all()
        self.assertGreater(min(self.archive(target)[1] for target in TARGETS), 0)
        self.check_published()

    # Published books.

    def kill_while_publishing(self, names):
        """At a stop, when there is always something to say."""
        for name in names:
            self.case = name
            self.begin()
            self.burst()
            self.wait_settled()
            self.die_while_stopping(name)
            self.recover()
            self.check_published()

    def die_while_stopping(self, name):
        self.order(f"{name}=kill")
        self.service.process.terminate()
        self.wait_killed(name, nudge=False)

    def rows(self, *command):
        done = self.run_command(*command, "--format", "json", settings=self.settings())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {(row["target"], row["hour"]): [int(row[side]) for side in ("received", "owed", "quarantined", "waived")] for row in json.loads(done.stdout)}

    def check_published(self):
        """After a stop the last row of each hour says what the books say."""
        counted = self.rows("books")
        self.assertEqual(self.service.stop(), 0)
        self.assertEqual(self.rows("books", "--instances"), counted, f"{self.case}: what the primary holds, and what the books hold")


class InFiles:
    """For an EmbeddedKilling."""

    def change(self, target, statement):
        with sqlite3.connect(self.service.warehouse(target)) as file:
            file.execute(statement)
        file.close()

    def count(self, target, query):
        [row] = self.read(target, query)
        return next(iter(row.values()))

    @staticmethod
    def earlier(column, interval):
        return f"strftime('%Y-%m-%d %H:%M:%S', {repr(column) if column == 'now' else column}, '-{interval}')"


class OnServers:
    """For a Killing on servers."""

    def change(self, target, statement):
        self.psql(target, statement)

    def count(self, target, query):
        return int(self.psql(target, query))

    @staticmethod
    def earlier(column, interval):
        return f"({'now() AT TIME ZONE ' + repr('utc') if column == 'now' else column} - interval '{interval}')"
