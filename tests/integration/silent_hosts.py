"""Places on this machine that never answer: one takes no connection, the other takes each and says nothing."""

import contextlib
import socket
import threading


class unreachable:
    """A port of this machine that takes no connection and refuses none."""

    def __enter__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._held = []
        for _ in range(3):
            held = socket.socket()
            held.setblocking(False)
            try:
                held.connect(self._listener.getsockname())
            except BlockingIOError:
                pass
            self._held.append(held)
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_):
        for held in (*self._held, self._listener):
            held.close()


@contextlib.contextmanager
def black_hole():
    """An HTTP endpoint that takes every connection and never answers; and how many it has taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", lambda: len(held)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()
