"""The house's rules, as functions from file contents to a list of faults, so that each can be shown to fail on a bad example."""

import re

LINES_MAX = 400

TEST_CODE = re.compile(r"_(test|bench|testbed|fixture|testing)\.[ch]pp$")  # may use tests/support and tests/conformance
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# Spelled in halves: this file is under its own rules.
FORBIDDEN_WORDS = re.compile("TO" + "DO|FIX" + "ME|XX" + "X|not " + "implemented")
MKTEMP_PATTERN = re.compile(r"X{6}\b|\\uX{4}")  # of mktemp, and how one writes a code unit
MACHINE_PATHS = re.compile("/wo" + "rk/|/fa" + "rm/|/ro" + "ot/")
REGISTRY_HOSTS = re.compile(r"registry\.n" + r"pm|deb\.deb" + r"ian|security\.deb" + r"ian|pypi\.o" + r'rg|"resol' + 'ved":')


class Floors:
    """The floor table: folder -> (floor, folders it may include); None stands for all."""

    def __init__(self, text):
        self.rows = {}
        for line in text.splitlines():
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            floor, folder, *may = words
            self.rows[folder] = (int(floor), None if may == ["*"] else frozenset(may))

    def folder_of(self, path):
        """"queue/drivers/sqlite/x.hpp" -> the longest folder that the table names, else the path's own folder."""
        parts = path.split("/")[:-1]
        for length in range(len(parts), 0, -1):
            if "/".join(parts[:length]) in self.rows:
                return "/".join(parts[:length])
        return "/".join(parts)

    def faults_of_table(self):
        faults = []
        for folder, (floor, may) in self.rows.items():
            for other in may or ():
                if other not in self.rows:
                    faults.append(f"{folder} may include {other}, which is no folder of the table")
                elif self.rows[other][0] >= floor:
                    faults.append(f"{folder} (floor {floor}) may include {other} (floor {self.rows[other][0]}): only lower floors may be included")
        return faults

    def faults_of_file(self, path, text):
        """`path` is below src/."""
        folder = self.folder_of(path)
        if folder not in self.rows:
            return [f"src/{path}: its folder {folder} is missing in src/floors.txt"]
        floor, may = self.rows[folder]
        faults = []
        for include in INCLUDE.findall(text):
            if "/" not in include:
                faults.append(f'src/{path}: #include "{include}" does not name its folder; write "{folder}/{include}"')
                continue
            if include.startswith("tests/") and TEST_CODE.search(path):
                continue
            other = self.folder_of(include)
            if other == folder:
                continue
            if other not in self.rows:
                faults.append(f'src/{path}: #include "{include}": no folder of src/floors.txt')
            elif may is not None and other not in may:
                faults.append(f"src/{path}: {folder} (floor {floor}) may not include {other} (floor {self.rows[other][0]})")
        return faults


def cycles(files):
    """`files`: path below src/ -> text. Cycles among single files, which the floors cannot see within one folder."""
    graph = {path: [i for i in INCLUDE.findall(text) if i in files] for path, text in files.items()}
    state, found = {}, []

    def visit(start):
        stack = [(start, iter(graph[start]))]
        state[start] = "open"
        while stack:
            path, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[path] = "done"
                stack.pop()
            elif state.get(following) == "open":
                way = [p for p, _ in stack]
                found.append(" -> ".join(way[way.index(following):] + [following]))
            elif following not in state:
                state[following] = "open"
                stack.append((following, iter(graph[following])))

    for path in graph:
        if path not in state:
            visit(path)
    return found


def table_of_page(markdown):
    """The rows of docs/architecture.md's table: | floor | `folder/` | holds | may include |"""
    rows = {}
    for line in markdown.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) != 4 or not cells[0].isdigit():
            continue
        folder = cells[1].strip("`").rstrip("/")
        may = None if cells[3] == "all" else frozenset(w for w in re.split(r"[,\s]+", cells[3]) if w and w != "-")
        rows[folder] = (int(cells[0]), may)
    return rows


def faults_of_header(path, text):
    faults = []
    if not text.lstrip().startswith(("//", "/*")):
        faults.append(f"{path}: a header opens with a comment that says what it is and which thread may use it")
    if not re.search(r"^#pragma once$", text, re.MULTILINE):
        faults.append(f"{path}: #pragma once is missing")
    return faults


def faults_of_source(path, text):
    faults = []
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        faults.append(f"{path}: {len(lines)} lines; {LINES_MAX} are the bound: which part of it wants to be a file of its own?")
    for number, line in enumerate(lines, 1):
        if FORBIDDEN_WORDS.search(MKTEMP_PATTERN.sub("", line)):
            faults.append(f"{path}:{number}: unfinished work (one of the words that say so); build it, or say so in the README's status table")
    return faults


def faults_of_any_text(path, text):
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATHS.search(line):
            faults.append(f"{path}:{number}: a path of one machine")
        if REGISTRY_HOSTS.search(line):
            faults.append(f"{path}:{number}: a package registry's address; machines bring their own mirror")
    return faults
