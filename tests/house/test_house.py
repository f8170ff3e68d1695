"""Sizes, words and paths, for every file that is, or is about to be, part of the project."""

import pathlib
import subprocess
import unittest

import house_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE_SUFFIXES = {".cpp", ".hpp", ".sh", ".py", ".lua", ".cmake"}
LEFT_OUT = {"build", "data", ".git", "node_modules", "__pycache__", ".cache"}


def files():
    """What git tracks; in a tree without git (a release archive) everything but build results."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False) if (ROOT / ".git").exists() else None
    if listed and listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [p for p in ROOT.rglob("*") if not LEFT_OUT.intersection(p.relative_to(ROOT).parts)]
    return [p for p in paths if p.is_file()]


def texts():
    for path in files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # hostile examples are bytes


class ThisTree(unittest.TestCase):
    def test_sources(self):
        faults, count = [], 0
        for path, text in texts():
            if pathlib.PurePath(path).suffix in SOURCE_SUFFIXES or path in ("dev", "tools/fresh-machine"):
                count += 1
                faults += house_rules.faults_of_source(path, text)
        self.assertGreater(count, 10, "found hardly any source: is this the right folder?")
        self.assertEqual(faults, [], "\n".join(faults))

    def test_headers(self):
        faults = [f for path, text in texts() if path.endswith(".hpp") for f in house_rules.faults_of_header(path, text)]
        self.assertEqual(faults, [], "\n".join(faults))

    def test_nothing_names_a_machine_or_a_registry(self):
        faults = [f for path, text in texts() for f in house_rules.faults_of_any_text(path, text)]
        self.assertEqual(faults, [], "\n".join(faults))

    def test_nothing_is_large(self):
        large = [p.relative_to(ROOT).as_posix() for p in files() if p.stat().st_size > 1024 * 1024]
        self.assertEqual(large, [])


class TheCheckerItself(unittest.TestCase):
    def test_a_good_example_passes(self):
        text = "// What it is.\n#pragma once\n\nint f();\n"
        self.assertEqual(house_rules.faults_of_header("a.hpp", text), [])
        self.assertEqual(house_rules.faults_of_source("a.hpp", text), [])
        self.assertEqual(house_rules.faults_of_any_text("a.hpp", text), [])

    def test_bad_headers(self):
        self.assertEqual(len(house_rules.faults_of_header("a.hpp", "#pragma once\n// late\n")), 1)
        self.assertEqual(len(house_rules.faults_of_header("a.hpp", "// What it is.\nint f();\n")), 1)

    def test_bad_sources(self):
        self.assertEqual(len(house_rules.faults_of_source("a.cpp", "x\n" * (house_rules.LINES_MAX + 1))), 1)
        self.assertEqual(house_rules.faults_of_source("a.cpp", "x\n" * house_rules.LINES_MAX), [])
        self.assertEqual(len(house_rules.faults_of_source("a.cpp", "// TO" + "DO: later\n")), 1)
        self.assertEqual(house_rules.faults_of_source("a.cpp", 'make("/tmp/a-' + "X" * 6 + '");\n'), [])

    def test_bad_texts(self):
        self.assertEqual(len(house_rules.faults_of_any_text("a", "see /ro" + "ot/x\n")), 1)
        self.assertEqual(len(house_rules.faults_of_any_text("a", "http://deb.deb" + "ian.org/\n")), 1)


if __name__ == "__main__":
    unittest.main()
