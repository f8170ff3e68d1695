"""Killed where a person's events are erased, and where a repair writes: run again, each ends right, and the books close."""

from servers import TABLE

TARGETS = ("primary", "secondary")
PERSON = "person-4711"
WHERE = f"customer_user_id={PERSON}"
EVENTS = 3


class ChangesKilling:
    """To be mixed into a Killing, with InFiles or OnServers, which give change(target, statement)."""

    compares = True  # whole tables, too

    def kill_while_changing(self, erasing, mending):
        self.begin()
        self.burst()
        self.wait_settled()
        self.kill_while_mending(mending)
        self.kill_while_erasing(erasing)
        self.assertEqual(self.service.stop(), 0)

    def kill_while_erasing(self, names):
        """From a running service that has made its tables."""
        for name in names:
            theirs = [self.send_one(customer_user_id=PERSON) for _ in range(EVENTS)]
            self.wait_settled()
            self.kill_command(name, "erase", "--where", WHERE, "--yes")
            self.refusing |= set(theirs)
            for each in theirs:  # AppsFlyer sends them again
                self.post(each, customer_user_id=PERSON)
            self.check_changed()
            for target in TARGETS:
                self.assertEqual(self.landed(target).keys() & self.refusing, set(), f"{name}: came back in {target}")

    def kill_while_mending(self, names):
        """names: with the target that each is of."""
        for name, target in names:
            self.change(target, f"UPDATE {TABLE} SET campaign = 'changed' WHERE appsflyer_id IN ('e1', 'e2')")
            self.kill_command(name, "repair", "--deep", "--apply")
            self.check_changed()

    def kill_command(self, name, *command):
        """Through the service, which dies by that step; then once more."""
        self.case = name
        self.order(f"{name}=kill")
        done = self.run_command(*command, settings=self.settings())
        self.assertNotEqual(done.returncode, 0, f"{name}: nobody has answered the command\n{done.stdout}")
        self.wait_killed(name, nudge=False)
        self.begin()
        self.wait_settled()
        done = self.run_command(*command, settings=self.settings())
        self.assertEqual(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")

    def check_changed(self):
        """As check(), but for the markers: what was erased has landed, and what was mended has not arrived again."""
        self.wait_settled()
        for target in TARGETS:
            landed = self.landed(target)
            self.assertEqual({n: c for n, c in landed.items() if c != 1}, {}, f"{self.case}: doubled in {target}")
            self.assertEqual(sorted(self.answered - self.refusing - landed.keys()), [], f"{self.case}: lost in {target}")
            self.assertEqual(sorted(landed.keys() - self.sent), [], f"{self.case}: foreign in {target}")
        if self.compares:
            equal = self.run_command("verify", "--deep", settings=self.settings())
            self.assertEqual(equal.returncode, 0, f"{self.case}: {equal.stdout}{equal.stderr}")
        if self.counts_arrivals:
            self.assertEqual(self.books(), (0, {target: 0 for target in TARGETS}), f"{self.case}: {self.verdict}")
