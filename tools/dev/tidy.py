#!/usr/bin/env python3
"""clang-tidy over our sources, some at a time, each result kept under a hash of all that it depends on, so that a repeat is quick.

A quick run takes the units of several sources (cmake/unity.cmake) where the build folder has them: most of what a source costs are the headers that
each would parse again.

A result depends on: clang-tidy's version, the compiler command, .clang-tidy, the file, and all headers of ours that it includes, directly or not.
System headers are taken as fixed for one version of the tools. Tests, benches and testbeds are left out: Google Test's macros expand to
code that breaks many rules, and the compiler's own warnings (-Wall -Wextra, errors in CI) cover them.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = re.compile(r"/Unity/unity_\d+_cxx\.cxx$")
INCLUDED_SOURCE = re.compile(r'^#include "([^"]+\.cpp)"', re.MULTILINE)
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
NOT_LINTED = re.compile(r"_(test|bench|testbed)\.cpp$")
# Boost.Beast's templates cost the path-sensitive analyzer minutes a file; these go without it and keep all other rules.
ANALYZER_OFF_FOR = re.compile(rb"#\s*include\s+<boost/(beast|asio)")
FILE_SECONDS_MAX = 600
# What a quick run goes without: the path-sensitive analyzer, which takes more than half of the time, and rules of taste, which take a third of the rest.
QUICK = "-clang-analyzer-*,-modernize-*,-readability-*,-misc-unused-*,-bugprone-reserved-identifier,-bugprone-standalone-empty"
# A unit includes sources; that is what it is for.
OF_A_UNIT = ",-bugprone-suspicious-include"


def sources_of(path):
    """What is looked at with `path`: itself, or the sources of a unit."""
    if not UNIT.search(str(path)):
        return [path]
    return [pathlib.Path(name).resolve() for name in INCLUDED_SOURCE.findall(path.read_text(encoding="utf-8"))]


def is_linted(path):
    return (ROOT / "src") in path.parents and not NOT_LINTED.search(path.name)


def commands(entries):
    """Path -> compiler command, for our sources below src/ and units of them."""
    found = {}
    for entry in entries:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if any(map(is_linted, sources_of(path))):
            found.setdefault(path, entry["command"])
    return found


def without_precompiled_headers(entries):
    """The compiler commands as they would be without them: another compiler's are of no use, and each source must say what it needs."""
    for entry in entries:
        words = shlex.split(entry["command"])
        kept = []
        for at, word in enumerate(words):
            of_them = word.endswith("cmake_pch.hxx") or (word == "-include" and words[at + 1].endswith("cmake_pch.hxx"))
            if not of_them and word not in ("-fpch-preprocess", "-Winvalid-pch"):
                kept.append(word)
        yield dict(entry, command=shlex.join(kept))


def own_headers(path, seen):
    """All files of ours that `path` includes, directly or not; the sources of a unit with them."""
    if UNIT.search(str(path)):
        for source in sources_of(path):
            seen.add(source)
            own_headers(source, seen)
        return seen
    for name in INCLUDE.findall(path.read_bytes()):
        header = ROOT / "src" / name.decode()
        if header.is_file() and header not in seen:
            seen.add(header)
            own_headers(header, seen)
    return seen


def key_of(path, command, common):
    digest = hashlib.sha256(common)
    # The command without the machine's folder, so that a cache carried to another checkout still fits.
    digest.update(command.replace(str(ROOT), "").encode())
    for dependency in [path, *sorted(own_headers(path, set()))]:
        digest.update(dependency.relative_to(ROOT).as_posix().encode() + b"\0" + dependency.read_bytes() + b"\0")
    return digest.hexdigest()


def uses_heavy_templates(path):
    return any(ANALYZER_OFF_FOR.search(p.read_bytes()) for p in [path, *own_headers(path, set())])


def lint(tool, build, path, quick):
    """(ok, output, seconds)"""
    begin = time.monotonic()
    command = [tool, "-p", str(build), "--quiet", "--extra-arg=-Wno-unknown-warning-option",
               # Of the standard library about itself; about our code the compiler tells.
               "--extra-arg=-Wno-deprecated-declarations"]
    if quick:
        command.append(f"--checks={QUICK}{OF_A_UNIT if UNIT.search(str(path)) else ''}")
    elif uses_heavy_templates(path):
        command.append("--checks=-clang-analyzer-*")
    try:
        run = subprocess.run([*command, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=FILE_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{path}: no result within {FILE_SECONDS_MAX} s; split the file", time.monotonic() - begin
    return run.returncode == 0, (run.stdout + ("" if run.returncode == 0 else run.stderr)).strip(), time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clang-tidy", default="clang-tidy-19")
    parser.add_argument("--build", default="build/release", type=pathlib.Path, help="folder with compile_commands.json")
    parser.add_argument("--jobs", default=os.cpu_count() or 2, type=int)
    parser.add_argument("--quick", action="store_true",
                        help="without the path-sensitive analyzer and the rules of taste")
    parser.add_argument("--times", action="store_true", help="print what each file cost")
    parser.add_argument("filter", nargs="*", help="only files whose path contains one of these")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    cache = ROOT / "build" / "tidy"
    cache.mkdir(parents=True, exist_ok=True)

    version = subprocess.run([arguments.clang_tidy, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        entries = list(without_precompiled_headers(json.load(file)))
    (cache / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")
    chosen = {p: c for p, c in commands(entries).items() if not arguments.filter or any(f in str(p) for f in arguments.filter)}
    if not chosen:
        print(f"tidy: {build}/compile_commands.json names no source of ours below src/", file=sys.stderr)
        return 2
    keys = {path: cache / key_of(path, shlex.join(shlex.split(command)), common) for path, command in chosen.items()}
    if arguments.quick:  # a whole result holds for this, too
        keys = {path: key if key.exists() else key.with_suffix(".quick") for path, key in keys.items()}
    due = [path for path, key in keys.items() if not key.exists()]

    bad, begin = 0, time.monotonic()
    # The heaviest first, so that none of them is left to run alone at the end.
    due.sort(key=lambda p: (not uses_heavy_templates(p), -sum(s.stat().st_size for s in sources_of(p))))
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(lint, arguments.clang_tidy, cache, path, arguments.quick): path for path in due}
        for done in concurrent.futures.as_completed(running):
            path = running[done]
            ok, output, seconds = done.result()
            if arguments.times:
                print(f"{seconds:6.1f} s  {path.relative_to(ROOT)}")
            if ok:
                keys[path].touch()
            else:
                bad += 1
                print(output.replace(f"{ROOT}/", ""), flush=True)
    print(f"tidy: {len(chosen)} files, {len(due)} looked at, {bad} with findings, {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
