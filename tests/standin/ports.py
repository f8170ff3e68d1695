"""A port for a server that is started in a moment, or again and again."""

import random
import socket

PORTS_TRIED_MAX = 200
LOWEST = 10_000  # below it live services that a machine may have


def _range():
    """Below what the kernel hands out by itself: a port of that range may be some client's a moment after it was found free."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            behind = int(file.read().split()[0])
    except (OSError, ValueError):
        behind = 32_768
    return range(LOWEST, behind) if behind > LOWEST + 1_000 else range(61_000, 65_536)


def free_port():
    """One that nobody listens on now, and that no connection of this machine is given as its own."""
    ports = _range()
    for port in random.SystemRandom().sample(ports, min(PORTS_TRIED_MAX, len(ports))):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"none of {PORTS_TRIED_MAX} ports in {ports} is free; see `ss -ltn`")
