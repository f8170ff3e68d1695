"""python3 check_absent.py TWINSHIFT TWINSHIFT_FAILPOINTS: no failpoint's name, and not the variable that orders them, stands in the first
program; all of them stand in the second, so the search can find them."""

import subprocess
import sys

VARIABLE = b"TWINSHIFT_FAILPOINTS"
TABLE_ROWS_MIN = 30  # fewer, and the list was not read


def main():
    plain, failing = sys.argv[1:]
    listed = subprocess.run([failing, "--failpoints"], capture_output=True, timeout=60, check=True).stdout
    names = [line.split(b"\t")[0] for line in listed.splitlines()]
    assert len(names) >= TABLE_ROWS_MIN, names
    with open(plain, "rb") as file:
        program = file.read()
    with open(failing, "rb") as file:
        other = file.read()
    for word in (VARIABLE, *names):
        assert word in other, f"{word} is not even in {failing}: this check sees nothing"
        assert word not in program, f"{word} stands in {plain}"
    print(f"none of {len(names)} failpoints stands in {plain}")


if __name__ == "__main__":
    main()
