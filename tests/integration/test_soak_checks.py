"""The soak's own checks: each kind of fault is seen, and a plan is the same for the same seed."""

import random
import unittest

from soak import closed, faults_of
from soak_load import make_event, shuffled
from soak_plan import KINDS, make_plan


class Tables:
    """A world with two tables."""

    def __init__(self, primary, secondary, contents=None):
        self.sides, self.contents = {"primary": primary, "secondary": secondary}, contents or {}

    def landed(self, target):
        return self.sides[target]

    def digest(self, target):
        return repr(sorted(self.sides[target].items()))

    def columns(self, target):
        return self.contents.get(target, {})


class Sent:
    def __init__(self, acknowledged, doubtful=()):
        self.acknowledged, self.doubtful = set(acknowledged), set(doubtful)


class Checks(unittest.TestCase):
    def faults(self, primary, secondary, sent):
        return "\n".join(faults_of(Tables(primary, secondary), sent)[0])

    def test_equal_sides_have_no_fault(self):
        both = {"a": 1, "b": 1, "maybe": 1}
        self.assertEqual(self.faults(both, dict(both), Sent("ab", ["maybe", "never landed"])), "")

    def test_what_is_lost_doubled_strange_or_apart_is_told(self):
        self.assertIn("primary: 1 answered with 200 and not there: b", self.faults({"a": 1}, {"a": 1}, Sent("ab")))
        self.assertIn("secondary: 1 more than once: a", self.faults({"a": 1}, {"a": 2}, Sent("a")))
        self.assertIn("secondary: 1 never sent: x", self.faults({"a": 1}, {"a": 1, "x": 1}, Sent("a")))
        self.assertIn("1 on one side alone: maybe", self.faults({"maybe": 1}, {}, Sent("", ["maybe"])))
        self.assertIn("the digests differ", self.faults({"maybe": 1}, {}, Sent("", ["maybe"])))

    def test_a_value_that_differs_is_told_by_its_column(self):
        both = {"a": 1}
        same = {"event_name": "x", "extra": "y"}
        self.assertEqual(faults_of(Tables(both, both, {"primary": same, "secondary": same}), Sent("a"))[0], [])
        told = faults_of(Tables(both, both, {"primary": same, "secondary": {**same, "extra": "z"}}), Sent("a"))[0]
        self.assertEqual(told, ["columns differ in some row: extra"])

    def test_books_are_closed_only_with_all_hours_closed_and_nothing_missing(self):
        good = {"state": "closed", "residual": "0"}
        self.assertTrue(closed(0, [good, good]))
        for code, lines in ((3, [good]), (0, []), (0, [good, {**good, "state": "open"}]), (0, [{**good, "residual": "1"}])):
            self.assertFalse(closed(code, lines), (code, lines))


class FromTheSeed(unittest.TestCase):
    def test_a_plan_repeats_and_troubles_never_hold_one_thing_twice(self):
        plan = make_plan(7, 600)
        self.assertEqual([str(t) for t in plan], [str(t) for t in make_plan(7, 600)])
        self.assertNotEqual([str(t) for t in plan], [str(t) for t in make_plan(8, 600)])
        self.assertEqual({t.kind for t in plan}, set(KINDS))
        for holds in {t.holds for t in plan}:
            mine = [t for t in plan if t.holds == holds]
            self.assertTrue(all(a.end < b.begin for a, b in zip(mine, mine[1:])), holds)
        self.assertLess(max(t.end for t in plan), 600)

    def test_an_event_sent_again_has_the_same_members(self):
        event = make_event("e", random.Random(1))
        self.assertEqual(event, make_event("e", random.Random(1)))
        self.assertEqual(event, shuffled(event, random.Random(2)))


if __name__ == "__main__":
    unittest.main()
