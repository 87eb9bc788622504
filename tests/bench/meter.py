"""What a run costs: time, CPU of whole process trees, memory, noise; and what
the disk below can do at best.
"""

import os
import statistics
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
BLOCK = 4096
PREALLOCATED = 4 << 20      # bytes of the file that is overwritten


# --- processes -----------------------------------------------------------

def stat(pid):
    """(parent, CPU ticks with those of children it has waited for)."""
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), sum(int(x) for x in fields[11:15])


def tree(roots):
    """The processes at and below these."""
    below = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        found = stat(name)
        if found:
            below.setdefault(found[0], []).append(int(name))
    pids, waiting = [], list(roots)
    while waiting:
        pids.append(waiting.pop())
        waiting += below.get(pids[-1], [])
    return pids


def cpu_seconds(roots):
    """CPU of the trees since they began, ended processes included."""
    return sum((stat(pid) or (0, 0))[1] for pid in tree(roots)) / TICKS


def pss_bytes(pids):
    """Memory of the processes, each shared page divided by its users.
    PermissionError where only root may look into them."""
    total = 0
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith("Pss:"))
    return total * 1024


def machine_seconds():
    """CPU that everything on this machine has used."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    idle_and_waiting = ticks[3] + ticks[4]
    return (sum(ticks[:8]) - idle_and_waiting) / TICKS


class Meter:
    """with Meter(roots) as meter: ...; then seconds, cpu and noise.

    lap() ends the time; the CPU goes on until the block ends, so that work a
    server has put off is counted too.
    """

    def __init__(self, roots):
        self.roots = roots
        self.seconds = None

    def __enter__(self):
        self.before = (cpu_seconds(self.roots), machine_seconds(), self.own())
        self.began = time.monotonic()
        return self

    @staticmethod
    def own():
        times = os.times()
        return times.user + times.system

    def lap(self):
        self.seconds = time.monotonic() - self.began

    def __exit__(self, *_):
        if self.seconds is None:
            self.lap()
        whole = time.monotonic() - self.began
        self.cpu = cpu_seconds(self.roots) - self.before[0]
        rest = machine_seconds() - self.before[1] - self.cpu \
            - (self.own() - self.before[2])
        # CPU used by neither server nor client, a second of the run
        self.noise = max(0.0, rest / whole)


# --- the disk ------------------------------------------------------------

def preallocated(folder):
    path = os.path.join(folder, "limit")
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
    os.write(fd, b"\0" * PREALLOCATED)
    os.fsync(fd)
    os.unlink(path)
    return fd


def sync_micros(folder, times=300):
    """Median of writing 4 KiB into a preallocated file, and fdatasync."""
    fd, taken = preallocated(folder), []
    for i in range(times):
        began = time.monotonic()
        os.pwrite(fd, b"x" * BLOCK, i * BLOCK % PREALLOCATED)
        os.fdatasync(fd)
        taken.append((time.monotonic() - began) * 1e6)
    os.close(fd)
    return statistics.median(taken)


def file_rate(folder, size, times=100):
    """New files of this size a second, each synced."""
    body = os.urandom(size)
    began = time.monotonic()
    for i in range(times):
        fd = os.open(os.path.join(folder, "limit%d" % i),
                     os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(fd, body)
        os.fsync(fd)
        os.close(fd)
    taken = time.monotonic() - began
    for i in range(times):
        os.unlink(os.path.join(folder, "limit%d" % i))
    return times / taken


def group_commit_rate(folder, writers=20, seconds=2.0):
    """Records of 4 KiB a second; one writer syncs for all that wait."""
    fd, turn = preallocated(folder), threading.Condition()
    until = time.monotonic() + seconds
    state = {"written": 0, "synced": 0, "syncing": False}

    def commit(mine):
        with turn:
            while state["synced"] < mine:
                if state["syncing"]:
                    turn.wait()
                    continue
                state["syncing"], upto = True, state["written"]
                turn.release()
                os.fdatasync(fd)
                turn.acquire()
                state["syncing"], state["synced"] = False, upto
                turn.notify_all()

    def write():
        while time.monotonic() < until:
            with turn:
                os.pwrite(fd, b"x" * BLOCK,
                          state["written"] * BLOCK % PREALLOCATED)
                state["written"] += 1
                mine = state["written"]
            commit(mine)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.close(fd)
    return state["synced"] / (time.monotonic() - began)
