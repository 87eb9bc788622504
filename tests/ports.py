"""Ports for the hubs and servers of tests, many of which start side by side.

free_base() and free_ports() for those who import this; as a program it prints a
base.  A port that bind() would choose is not taken: whatever connects may have
been given it by the time that its server listens.
"""

import itertools
import random
import socket
import threading

# Every port that setup may open above the base.
ALL_PORTS = (24, 25, 80, 110, 143, 366, 443, 465, 587, 993, 995, 4190)

# Below 32768, where ports of connections begin.  27 is the least step with
# which no port of a base is one of another base.
BASES = range(10000, 28000, 27)
_bases = itertools.cycle(random.sample(BASES, len(BASES)))

# Above those of most services, and below every base.
SINGLE = range(4300, 10000)
_single = itertools.cycle(random.sample(SINGLE, len(SINGLE)))
_lock = threading.Lock()


def is_free(port):
    """Nobody listens there, on any kind of address that this machine has."""
    for kind in (socket.AF_INET, socket.AF_INET6):
        try:
            probe = socket.socket(kind, socket.SOCK_STREAM)
        except OSError:
            continue
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def free_base():
    """A base above which nobody listens; none is given again before all were."""
    with _lock:
        for base in itertools.islice(_bases, len(BASES)):
            if all(is_free(base + port) for port in ALL_PORTS):
                return base
    raise OSError("no free ports")


def free_ports(count):
    """So many ports at which nobody listens; none is given again before all."""
    found = []
    with _lock:
        for port in itertools.islice(_single, len(SINGLE)):
            if len(found) == count:
                break
            if is_free(port):
                found.append(port)
    if len(found) < count:
        raise OSError("no free ports")
    return found


if __name__ == "__main__":
    print(free_base())
