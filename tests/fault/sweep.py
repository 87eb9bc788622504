"""The n-th system call of a role fails, or is its last.

strace attaches to the role (or, for what it does at its start, to the parent,
which then starts it anew) and injects one fault.  Then strace goes, and all
must be well again without a restart, and after one.  A test is named
sweep/ROLE/CALL/FAULT/N; `start-ROLE` is that role's start.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from hub import GUARD, Fault, Hub
from ledger import Ledger, Reader, Sender

FAULTS = ("EIO", "ENOSPC", "KILL")
ACCOUNTS = ("ann", "bob")
MOST = 400              # a call that is reached so often is counted wrong

# What the roles call on the way to receipts and to settling.
CALLS = {
    "queue": ("pwritev", "pwrite64", "write", "fdatasync", "fsync", "openat",
              "ftruncate", "fchmod", "unlinkat", "unlink", "pread64",
              "sendmsg", "mmap", "memfd_create"),
    "mailbox": ("pwritev", "pwrite64", "fdatasync", "fsync", "openat",
                "ftruncate", "unlinkat", "unlink", "pread64", "sendmsg",
                "mmap"),
    "start-queue": ("openat", "pwritev", "pwrite64", "fdatasync", "fsync",
                    "ftruncate", "pread64", "mkdirat", "unlinkat", "unlink"),
    "start-mailbox": ("openat", "pwritev", "pwrite64", "fdatasync", "fsync",
                      "ftruncate", "pread64", "mkdirat", "unlink"),
}

# For every check: what has gone wrong before, and one of each kind.
SAMPLE = (
    ("queue", "pwritev", "EIO", 1), ("queue", "pwritev", "ENOSPC", 1),
    ("queue", "pwritev", "KILL", 1), ("queue", "fdatasync", "EIO", 1),
    ("queue", "fdatasync", "KILL", 1), ("queue", "fdatasync", "KILL", 2),
    ("queue", "fsync", "EIO", 1), ("queue", "fsync", "KILL", 2),
    ("queue", "write", "ENOSPC", 1), ("queue", "pwrite64", "EIO", 2),
    ("queue", "pwrite64", "KILL", 3), ("queue", "sendmsg", "KILL", 5),
    ("queue", "sendmsg", "ENOSPC", 1),
    ("mailbox", "pwritev", "EIO", 2), ("mailbox", "pwritev", "ENOSPC", 2),
    ("mailbox", "pwritev", "KILL", 2), ("mailbox", "pwrite64", "EIO", 3),
    ("mailbox", "pwrite64", "ENOSPC", 4), ("mailbox", "pwrite64", "KILL", 5),
    ("mailbox", "fdatasync", "EIO", 1), ("mailbox", "fdatasync", "KILL", 2),
    ("mailbox", "sendmsg", "KILL", 2),
    ("start-queue", "pread64", "KILL", 4),
    ("start-mailbox", "fdatasync", "EIO", 1),
    ("start-mailbox", "pwrite64", "KILL", 2),
)


class Strace:
    """Attached to one process, its threads and its children to come."""

    def __init__(self, pid, call, fault, n):
        self.folder = tempfile.mkdtemp(prefix="postroom-fault-strace-")
        self.path = os.path.join(self.folder, "out")
        how = "signal=KILL" if fault == "KILL" else "error=" + fault
        # the pool's threads say with write() that a job is done: that cannot
        # fail in earnest, so only the loop's own thread is traced for it
        self.follows = call != "write"
        follow = ["-f"] if self.follows else []
        self.process = subprocess.Popen(
            ["strace", *follow, "-o", self.path, "-e", "trace=" + call,
             "-e", "inject=%s:%s:when=%s" % (call, how, n), "-p", str(pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.is_kill = fault == "KILL"
        self.wait_attached(pid)

    def wait_attached(self, pid):
        """Until the kernel says that the process is traced."""
        until = time.monotonic() + GUARD
        while time.monotonic() < until:
            if self.process.poll() is not None:
                if os.path.exists(self.path) and self.has_hit():
                    return      # and who was traced has ended of it
                raise Fault("strace: " + self.process.stderr.read().decode())
            try:
                traced = [self.is_traced(pid, task) for task in
                          os.listdir("/proc/%d/task" % pid)
                          if task == str(pid) or self.follows]
            except OSError:
                return      # gone already: it was hit
            if traced and all(traced):
                return
            time.sleep(0.005)
        raise Fault("strace does not attach")

    @staticmethod
    def is_traced(pid, task):
        with open("/proc/%d/task/%s/status" % (pid, task),
                  encoding="ascii") as file:
            return not re.search(r"(?m)^TracerPid:\t0$", file.read())

    def has_hit(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return "killed by SIGKILL" in text if self.is_kill else \
            "(INJECTED)" in text

    def end(self):
        """Detach; was the fault reached?"""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(GUARD)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stderr.close()
        hit = os.path.exists(self.path) and self.has_hit()
        shutil.rmtree(self.folder, ignore_errors=True)
        return hit


def workload(hub, ledger):
    """Small, big, two recipients; read, delete; wait until it is settled."""
    sender = Sender(hub, ledger, random.Random(1))
    reader = Reader(hub, ledger, "ann")
    sender.send(["ann"], 2000)
    sender.send(["ann", "bob"], 300)
    sender.send(["ann"], 160000)
    sender.send(["bob", "ann"], 140000, bdat=True)
    reader.delete(lambda number: number % 2 == 0)
    burst(hub, ledger, 6)
    reader.delete(lambda number: number % 3 == 0)
    sender.close()


def burst(hub, ledger, count):
    """Messages at one moment: a mailbox is given several together."""
    def send(i):
        sender = Sender(hub, ledger, random.Random(i))
        sender.send(["ann"], 20000)
        sender.close()
    threads = [threading.Thread(target=send, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def calm(hub, guard):
    """Settled, or the guard has passed: a role may be dead for the while."""
    until = time.monotonic() + guard
    while time.monotonic() < until:
        if hub.is_settled():
            return
        time.sleep(0.05)


def one(context, role, call, fault, n):
    """True when the n-th call was reached."""
    hub = Hub(context.bin, ACCOUNTS)
    strace = None
    try:
        ledger = Ledger("%s-%s" % (call, n))
        hub.start()
        # so that there is something to lose, and the mailbox runs
        first = Sender(hub, ledger, random.Random(0))
        first.send(["ann", "bob"], 1000)
        first.close()
        hub.wait_for(lambda: Reader(hub, ledger, "ann").all(),
                     "the first letter does not come")
        begins = role.startswith("start-")
        name = role[6:] if begins else role
        mine = hub.accounts["ann"] if name == "mailbox" else None
        pid = hub.process.pid if begins else hub.pids(name, mine)[0]
        strace = Strace(pid, call, fault, n)
        if begins:
            hub.kill_role(name, mine)
        workload(hub, ledger)
        calm(hub, 4.0)
        hit = strace.end()
        strace = None
        context.note("reached" if hit else "not reached")
        if begins and hub.process.poll() is not None:
            hub.kill()          # the parent itself made the n-th call
            hub.start()
        hub.wait_settled()
        ledger.compare(hub)
        hub.stop()
        hub.check()
        hub.start()
        ledger.compare(hub)
        hub.stop()
        hub.check()
        return hit
    except BaseException:
        context.keep(hub)
        raise
    finally:
        if strace is not None:
            strace.end()
        hub.remove()


def sampled(context, role, call, fault, n):
    if not one(context, role, call, fault, n):
        raise context.Skip("the call is not reached any more")


def swept(context, role, call, fault):
    """Every N until the call is not reached; all failures are told."""
    faults = []
    for n in range(1, MOST):
        try:
            if not one(context, role, call, fault, n):
                break
        except Fault as why:
            faults.append("N=%d: %s" % (n, why))
            context.note("N=%d: %s" % (n, why))
    context.note("%d calls" % (n - 1))
    if faults:
        raise Fault("; ".join(faults))
    if n == 1:
        raise context.Skip("the call is not made on this way")
    return "%d calls" % (n - 1)


def can_trace():
    """May we trace?  A process forbids it to all but root."""
    return shutil.which("strace") is not None and os.geteuid() == 0


def tests(context):
    if not can_trace():
        def skip():
            raise context.Skip("needs strace and root")
        yield "sweep", skip
        return
    only = re.fullmatch(r"sweep/([\w-]+)/(\w+)/(\w+)/(\d+)",
                        context.only or "")
    if only:
        role, call, fault, n = only.groups()
        yield context.only, lambda: sampled(context, role, call, fault,
                                            int(n))
        return
    if not context.long:
        for row in SAMPLE:
            yield ("sweep/%s/%s/%s/%d" % row,
                   lambda row=row: sampled(context, *row))
        return
    for role, calls in CALLS.items():
        for call in calls:
            for fault in FAULTS:
                yield ("sweep/%s/%s/%s" % (role, call, fault),
                       lambda row=(role, call, fault): swept(context, *row))
