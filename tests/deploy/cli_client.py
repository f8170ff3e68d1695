"""AWS's own client without its start, which costs one to two seconds of a processor for each call: a server that has imported the client, and an `aws` to
stand in PATH that hands it a call's arguments, environment and outputs. What parses, signs, sends and prints is the real client (v1 or v2); what one process
of it keeps from call to call (models, credentials) is kept. TWINSHIFT_TEST_LONG=1 starts the client itself.

A client that brings its own interpreter (AWS's v2 bundle) cannot be imported: then there is no such server.
"""

import json
import os
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import sys

READY = "ready\n"
READY_SECONDS_MAX = 60
LENGTH = struct.Struct("!I")
SOCKET = "client.sock"

CALLER = """#!{python} -IS
import array, json, os, socket, struct, sys
call = json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}).encode()
server = socket.socket(socket.AF_UNIX)
server.connect({socket!r})
server.sendmsg([struct.pack("!I", len(call))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
server.sendall(call)
code = server.recv(1)
sys.exit(code[0] if code else "the client's server has ended")
"""


def find_client():
    """The `aws` of PATH; behind a shim of pyenv the one that it leads to. None where there is none."""
    path = shutil.which("aws")
    if path and pathlib.Path(path).parent.name == "shims" and shutil.which("pyenv"):
        path = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True, check=False).stdout.strip()
    return path or None


def interpreter_of(client):
    """The Python that runs `client`, or None where it is no Python script."""
    with open(client, "rb") as file:
        first = file.readline(256)
    name = first[2:].strip().decode() if first.startswith(b"#!") else ""
    return name if "python" in os.path.basename(name) and os.path.exists(name) else None


class QuickClient:
    """The server as a process, with an `aws` for it in `folder`; `start` gives None where the client cannot be imported."""

    @classmethod
    def start(cls, folder):
        client = find_client()
        python = client and interpreter_of(client)
        return cls(folder, python) if python else None

    def __init__(self, folder, python):
        path = os.path.join(folder, SOCKET)
        caller = pathlib.Path(folder, "aws")
        caller.write_text(CALLER.format(python=sys.executable, socket=path), encoding="utf-8")
        caller.chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        self.process = subprocess.Popen([python, "-B", os.path.abspath(__file__), path], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS_MAX)
        if not ready or self.process.stdout.readline() != READY:
            self.close()
            raise AssertionError("the aws client cannot be imported by its own interpreter")

    def close(self):
        self.process.stdin.close()  # its server ends with its input
        self.process.stdout.close()
        self.process.wait(READY_SECONDS_MAX)


# From here on: the server's side, in the client's own interpreter.

OF_THE_IMPORT = {}  # what the client's import sets in the environment for itself


def receive_all(connection, length):
    parts = b""
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise EOFError("the caller has gone")
        parts += part
    return parts


def take_call(connection):
    """The call, and the caller's outputs as descriptors."""
    head, outputs, _, _ = socket.recv_fds(connection, LENGTH.size, 2)
    return json.loads(receive_all(connection, LENGTH.unpack(head)[0])), outputs


def run(driver, call):
    """The exit code of the client's own `main`."""
    os.environ.clear()
    os.environ.update(call["environment"] | OF_THE_IMPORT)
    os.chdir(call["folder"])
    try:
        return driver.main(call["arguments"])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def answer(driver, connection):
    """One call, to the outputs of its caller."""
    call, outputs = take_call(connection)
    own = [os.dup(number) for number in (1, 2)]
    for number, descriptor in enumerate(outputs, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    try:
        code = run(driver, call)
    finally:
        for number, descriptor in enumerate(own, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
    connection.sendall(bytes([code or 0]))


def serve(path):
    import awscli.clidriver
    driver = awscli.clidriver.create_clidriver()
    OF_THE_IMPORT.update((name, os.environ[name]) for name in ("AWS_DATA_PATH",) if name in os.environ)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(READY, end="", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                answer(driver, connection)


if __name__ == "__main__":
    serve(sys.argv[1])
