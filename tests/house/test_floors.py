"""src/floors.txt against every #include below src/, and against the table in docs/architecture.md."""

import pathlib
import unittest

import house_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


def sources():
    return {p.relative_to(SRC).as_posix(): p.read_text(encoding="utf-8") for p in sorted(SRC.rglob("*.[ch]pp"))}


class FloorsOfThisTree(unittest.TestCase):
    def setUp(self):
        self.floors = house_rules.Floors((SRC / "floors.txt").read_text(encoding="utf-8"))

    def test_the_table_leads_only_downwards(self):
        self.assertEqual(self.floors.faults_of_table(), [])

    def test_every_include_keeps_to_the_table(self):
        files = sources()
        self.assertGreater(len(files), 10, "found hardly any source: is this the right folder?")
        faults = [f for path, text in files.items() for f in self.floors.faults_of_file(path, text)]
        self.assertEqual(faults, [], "\n".join(faults))

    def test_no_file_includes_itself_by_a_detour(self):
        self.assertEqual(house_rules.cycles(sources()), [])

    def test_every_folder_of_the_table_exists(self):
        missing = [folder for folder in self.floors.rows if not (SRC / folder).is_dir()]
        self.assertEqual(missing, [])

    def test_the_architecture_page_shows_the_same_table(self):
        page = house_rules.table_of_page((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
        self.assertEqual(page, self.floors.rows, "docs/architecture.md and src/floors.txt differ")


class TheCheckerItself(unittest.TestCase):
    """A check that cannot fail proves nothing: each rule is shown a bad example."""

    FLOORS = house_rules.Floors("# c\n1 base\n2 event base\n2 http base\n4 queue base event\n5 queue/drivers/x base queue\n8 app *\n")

    def test_good_examples_pass(self):
        self.assertEqual(self.FLOORS.faults_of_table(), [])
        self.assertEqual(self.FLOORS.faults_of_file("queue/a.hpp", '#include <map>\n#include "event/e.hpp"\n#include "queue/b.hpp"\n'), [])
        self.assertEqual(self.FLOORS.faults_of_file("app/a.cpp", '#include "queue/drivers/x/x.hpp"\n'), [])

    def test_an_include_upwards_is_a_fault(self):
        self.assertEqual(len(self.FLOORS.faults_of_file("base/a.hpp", '#include "event/e.hpp"\n')), 1)

    def test_neighbours_do_not_know_each_other(self):
        self.assertEqual(len(self.FLOORS.faults_of_file("event/a.cpp", ' # include "http/h.hpp"\n')), 1)

    def test_a_promise_does_not_know_its_driver(self):
        self.assertEqual(len(self.FLOORS.faults_of_file("queue/a.cpp", '#include "queue/drivers/x/x.hpp"\n')), 1)

    def test_only_test_code_sees_the_tests(self):
        include = '#include "tests/support/fake.hpp"\n'
        self.assertEqual(len(self.FLOORS.faults_of_file("queue/a.cpp", include)), 1)
        self.assertEqual(self.FLOORS.faults_of_file("queue/a_test.cpp", include), [])
        self.assertEqual(self.FLOORS.faults_of_file("queue/drivers/x/x_testbed.cpp", include), [])

    def test_unknown_folders_are_faults(self):
        self.assertEqual(len(self.FLOORS.faults_of_file("strange/a.cpp", "")), 1)
        self.assertEqual(len(self.FLOORS.faults_of_file("app/a.cpp", '#include "strange/s.hpp"\n')), 1)

    def test_an_include_without_its_folder_is_a_fault(self):
        self.assertEqual(len(self.FLOORS.faults_of_file("base/a.cpp", '#include "a.hpp"\n')), 1)

    def test_a_table_that_leads_upwards_or_nowhere_is_a_fault(self):
        self.assertEqual(len(house_rules.Floors("1 base event\n2 event base\n").faults_of_table()), 1)
        self.assertEqual(len(house_rules.Floors("2 event base\n").faults_of_table()), 1)

    def test_a_cycle_is_found(self):
        files = {"a/a.hpp": '#include "a/b.hpp"\n', "a/b.hpp": '#include "a/c.hpp"\n', "a/c.hpp": '#include "a/b.hpp"\n'}
        self.assertEqual(house_rules.cycles(files), ["a/b.hpp -> a/c.hpp -> a/b.hpp"])
        files["a/c.hpp"] = ""
        self.assertEqual(house_rules.cycles(files), [])

    def test_a_page_that_differs_is_seen(self):
        page = "| floor | folder | holds | may include |\n|---|---|---|---|\n| 1 | `base/` | x | - |\n| 2 | `event/` | y | base |\n| 8 | `app/` | z | all |\n"
        self.assertEqual(house_rules.table_of_page(page), house_rules.Floors("1 base\n2 event base\n8 app *").rows)
        self.assertNotEqual(house_rules.table_of_page(page), house_rules.Floors("1 base\n2 event\n8 app *").rows)


if __name__ == "__main__":
    unittest.main()
