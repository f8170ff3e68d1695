"""Stand-ins as processes of their own, from outside: Program starts and ends one, Ordered also gives it orders."""

import json
import socket
import subprocess

STOP_SECONDS_MAX = 10
ORDER_SECONDS_MAX = 60


class Program:
    """A program that prints one line of JSON (`told`) once it serves, and ends when its standard input does: so it ends with its maker,
    whatever happens to that."""

    def __init__(self, command, **more):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, **more)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise RuntimeError(f"the stand-in did not start; run it by hand: {' '.join(command)}")
        self.told = json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def pid(self):
        return self._process.pid

    def stop(self):
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Ordered(Program):
    """A program that takes orders on the port `control` of what it told (orders.py)."""

    def __init__(self, command, **more):
        super().__init__(command, **more)
        self.control = f"127.0.0.1:{self.told['control']}"
        self._socket = socket.create_connection(("127.0.0.1", self.told["control"]), ORDER_SECONDS_MAX)
        self._orders = self._socket.makefile("rwb")

    def order(self, do, **more):
        """What it answers; ValueError where it refuses."""
        self._orders.write(json.dumps({"do": do, **more}).encode() + b"\n")
        self._orders.flush()
        answer = json.loads(self._orders.readline())
        if not answer.pop("ok"):
            raise ValueError(answer["error"])
        return answer

    def fault(self, kind, **more):
        return self.order("fault", kind=kind, **more)

    def stop(self):
        self._orders.close()
        self._socket.close()
        super().stop()
