"""Ports for the hubs and servers of tests, many of which start side by side.

free_base() and free_ports() for those who import this; as a program it prints a
base.  A port that bind() would choose is not taken: whatever connects may have
been given it by the time that its server listens.

A base belongs to the process that asked for it, or, where this was run as a
program, to the one that ran it, until that ends or has asked for many more: a
hub that is just being started again listens at no port, and another test's must
not come between.
"""

import fcntl
import itertools
import json
import os
import random
import socket
import tempfile
import threading

# Every port that setup may open above the base.
ALL_PORTS = (24, 25, 80, 110, 143, 366, 443, 465, 587, 993, 995, 4190)

# Below 32768, where ports of connections begin.  27 is the least step with
# which no port of a base is one of another base.
BASES = range(10000, 28000, 27)
_bases = itertools.cycle(random.sample(BASES, len(BASES)))

MOST = 40               # one process has no more hubs at a time
# {base: whose it is}, the newest last
OWNERS = os.path.join(tempfile.gettempdir(), "postroom-ports-%d" % os.getuid())

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


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def read_owners(file):
    """Of the bases that somebody has yet."""
    try:
        owners = json.load(file)
    except ValueError:              # it is new, or its writer was killed
        owners = {}
    return {base: pid for base, pid in owners.items() if lives(pid)}


def free_base(owner=None):
    """A base above which nobody listens, and that nobody else has."""
    with _lock, open(OWNERS, "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        owners = read_owners(file)
        for base in itertools.islice(_bases, len(BASES)):
            if str(base) not in owners and \
                    all(is_free(base + port) for port in ALL_PORTS):
                owner = owner or os.getpid()
                own = [one for one, pid in owners.items() if pid == owner]
                for one in own[:-MOST]:
                    del owners[one]
                owners[str(base)] = owner
                file.truncate(0)
                json.dump(owners, file)
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
    print(free_base(os.getppid()))
