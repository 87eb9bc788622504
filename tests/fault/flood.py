"""Floods: more clients, slower ones and ruder ones than an office has.

HARDENING A80 to A83, A85 and A86.  While a flood goes on, somebody who has
logged in before is answered, and mail is taken; when it is over, the
descriptors are as many as before, a second flood makes no process bigger than
the first has, and what was acknowledged is there.
"""

import contextlib
import random
import resource
import select
import socket
import statistics
import struct
import threading
import time

from hub import DOMAIN, GUARD, PASSWORD, Fault, Hub
from kill import settle_and_compare
from ledger import Cut, Ledger, Lines, Reader, Refused, Sender
from sweep import Strace, can_trace

ACCOUNTS = ("ann", "bob")
MANY = {"connections": "100000", "connections_per_address": "100000"}
NOOP_SECONDS = 0.2      # what somebody who is logged in waits at most
BUSY_SECONDS = 5.0      # the same beside other tests: a guard, not a figure
CONNECTION_KIB = 64     # HARDENING A31: what one may cost before its login
# A reader that does not read: what the bridge holds at most (384 KiB), and what
# a session makes before it pauses (256), in buffers that have doubled.
READER_KIB = 768
SESSIONS = 20           # of one account; thirty are its limit
SLACK_KIB = 4096        # a heap that is cut otherwise after each flood
FLOODS_MOST = 6         # until one leaves no more than the one before
ON_RESET = struct.pack("ii", 1, 0)      # close() sends RST


class Watch:
    """Somebody who is logged in, and says NOOP all the time."""

    def __init__(self, context, hub, account):
        self.context = context
        self.lines = Reader(hub, Ledger(0), account).login()
        self.waits = []
        self.fault = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while True:         # once at least, however short the flood
                began = time.monotonic()
                self.lines.send(b"NOOP\r\n")
                self.lines.status()
                self.waits.append(time.monotonic() - began)
                if self.stopping.wait(0.02):
                    break
        except (Cut, Refused, Fault) as fault:
            self.fault = fault

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopping.set()
        self.thread.join()
        self.lines.close()
        if kind is not None:
            return
        if self.fault is not None:
            raise Fault("who is logged in is not served: %s" % self.fault)
        waits = sorted(self.waits)
        worst = waits[len(waits) * 99 // 100]
        self.context.note("%d NOOPs: median %.1f ms, p99 %.1f ms" % (
            len(waits), 1000 * statistics.median(waits), 1000 * worst))
        # beside other tests a busy machine is late by itself
        told, most = (worst, NOOP_SECONDS) if self.context.long else \
            (statistics.median(waits), BUSY_SECONDS)
        if told > most:
            raise Fault("who is logged in waits %.0f ms" % (1000 * told))


class Costs:
    """What the hub cost before, and after each of the floods."""

    def __init__(self, context, hub):
        self.context = context
        self.hub = hub
        self.start = hub.costs()
        self.after = None
        self.grown = None       # by the last flood, in words

    def floods(self):
        """
        Twice, and again while a flood left more than the one before.  The
        holes of a heap are as many as a flood makes of them, and not always
        as many; what is lost grows with each.
        """
        for number in range(FLOODS_MOST):
            if number < 2 or self.grown:
                yield
        if self.grown:
            raise Fault("%d floods, and %s" % (FLOODS_MOST, self.grown))

    def told(self, where):
        costs = self.hub.costs()
        self.context.note("%s: %s" % (where, ", ".join(
            "%s %d KiB, %d descriptors" % (role, *cost)
            for role, cost in sorted(costs.items()))))
        return costs

    def grown_kib(self):
        """By how much all processes are bigger than at the start."""
        now = self.hub.costs()
        return sum(memory for memory, _ in now.values()) - \
            sum(memory for memory, _ in self.start.values())

    def over(self):
        """A flood is over: nothing of it stays."""
        def are_back():
            now = self.hub.costs()
            return now.keys() >= self.start.keys() and all(
                now[role][1] <= descriptors
                for role, (_, descriptors) in self.start.items())
        try:
            self.hub.wait_for(are_back, "descriptors stay", GUARD / 2)
        except Fault:
            self.told("start %s; now" % self.start)
            raise
        now = self.told("after")
        self.grown = None
        for role, (memory, _) in (self.after or {}).items():
            slack = SLACK_KIB * max(1, len(self.hub.pids(role)))
            if role in now and now[role][0] > memory + slack:
                self.grown = "%s has %d KiB after %d" % (
                    role, now[role][0], memory)
        self.after = now


@contextlib.contextmanager
def flooded(context, config, accounts=ACCOUNTS):
    """(hub, ledger, costs): it runs, has mail, and keeps it."""
    hub = Hub(context.bin, accounts, config=config)
    try:
        ledger = Ledger(context.seed)
        hub.start()
        sender = Sender(hub, ledger, random.Random(context.seed))
        for size in (2000, 9000, 300000):
            sender.send(list(accounts), size)
        sender.close()
        hub.wait_settled()
        ledger.compare(hub)     # now each mailbox runs
        yield hub, ledger, Costs(context, hub)
        settle_and_compare(hub, ledger)
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def take_one(hub, ledger, what):
    sender = Sender(hub, ledger, random.Random(ledger.last))
    if not sender.send(list(ACCOUNTS), 2000):
        raise Fault("%s, and no mail is taken" % what)
    sender.close()


def close_all(connections):
    for connection in connections:
        connection.close()
    connections.clear()


def descriptors_wanted(count):
    """Of `count`, how many connections this process may open."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(count, most - 1000)


# --- A80: connections that do nothing --------------------------------------

def greeted(hub, service, connections):
    """One more connection: its first words."""
    connection = hub.connect(service)
    connections.append(connection)
    try:
        return Lines(connection).line().decode("latin-1")
    except Cut:
        return "cut"


def open_many(hub, count, connections):
    """How many were greeted; who is not is told so."""
    welcome = 0
    for i in range(count):
        words = greeted(hub, ("smtp", "pop3")[i % 2], connections)
        if words.startswith(("220 ", "+OK")):
            welcome += 1
        elif not words.startswith(("421 4.7.0", "-ERR [SYS/TEMP]")):
            raise Fault("connection %d is told: %s" % (i + 1, words))
    return welcome


def idle(context, wanted):
    count = descriptors_wanted(wanted)
    with flooded(context, MANY) as (hub, ledger, costs):
        connections = []
        for _ in costs.floods():
            with Watch(context, hub, "bob"):
                welcome = open_many(hub, count, connections)
                context.note("%d connections, %d greeted" % (count, welcome))
                grown = costs.grown_kib()
                costs.told("flooded")
                if grown > welcome * CONNECTION_KIB + SLACK_KIB:
                    raise Fault("%d idle connections cost %d KiB"
                                % (welcome, grown))
                if welcome < min(count, 400):
                    raise Fault("only %d of %d are greeted" % (welcome, count))
                if welcome == count:
                    take_one(hub, ledger, "%d do nothing" % count)
            close_all(connections)
            costs.over()
        take_one(hub, ledger, "the flood is over")


# --- A81: senders of a byte now and then -----------------------------------

DATA = (b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"
        b"RCPT TO:<ann@" + DOMAIN.encode() + b">\r\nDATA\r\n")
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
# service, what is said at once, what comes byte by byte, for how long at most
DRIPS = (
    ("pop3s", b"", HELLO + b"r" * 600, 30),     # A24: the handshake
    ("pop3", b"", b"USER " + b"a" * 600, 60),
    ("smtp", b"", b"EHLO " + b"a" * 600, 60),
    ("smtp", DATA, b"X-Slow: " + b"a" * 600, 120),
)
LATE_SECONDS = 20.0


def drip_until_closed(drips, every):
    """[(connection, bytes, deadline in seconds)]; all must be closed."""
    began = time.monotonic()
    at = 0
    while drips:
        left = []
        for connection, data, seconds in drips:
            try:
                connection.sendall(data[at:at + 1])
                while select.select([connection], [], [], 0)[0]:
                    if not connection.recv(65536):
                        raise OSError("closed")
            except OSError:
                connection.close()
                continue
            if time.monotonic() - began > seconds + LATE_SECONDS:
                raise Fault("%r, a byte every %g s: open after %d s" % (
                    data[:8], every, seconds + LATE_SECONDS))
            left.append((connection, data, seconds))
        drips = left
        at += 1
        time.sleep(every)


def slow_senders(context, count, every):
    with flooded(context, MANY) as (hub, ledger, costs):
        drips = []
        for i in range(count):
            service, first, data, seconds = DRIPS[i % len(DRIPS)]
            connection = hub.connect(service)
            connection.sendall(first)
            drips.append((connection, data, seconds))
        with Watch(context, hub, "bob"):
            take_one(hub, ledger, "%d send slowly" % count)
            drip_until_closed(drips, every)
        costs.over()


# --- A82: readers that do not read ------------------------------------------

def stuck(hub, account):
    """Asks for the big letter twenty times, and reads nothing."""
    lines = Reader(hub, Ledger(0), account).login()
    # a window that is full at once, whatever this machine's is
    lines.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines.send(b"RETR 3\r\n" * 20)
    return lines.socket


def slow_readers(context, count):
    """One account may have thirty sessions; so these are of several."""
    names = list(ACCOUNTS) + ["u%d" % i for i in range(count // SESSIONS - 1)]
    with flooded(context, MANY, names) as (hub, ledger, costs):
        connections = []
        for _ in costs.floods():
            with Watch(context, hub, "bob"):
                for i in range(count):
                    connections.append(stuck(hub, names[i // SESSIONS]))
                time.sleep(2.0)
                grown = costs.grown_kib()
                costs.told("%d do not read" % count)
                if grown > count * READER_KIB + SLACK_KIB:
                    raise Fault("%d who do not read cost %d KiB"
                                % (count, grown))
                take_one(hub, ledger, "%d do not read" % count)
                ledger.compare(hub)     # ann reads elsewhere
            close_all(connections)
            costs.over()


# --- A83: connections that are reset ----------------------------------------

# service, what is said, whether the first words are waited for
RESETS = (
    ("smtp", b"", False), ("smtp", b"", True), ("pop3", b"", False),
    ("smtp", b"EHLO cli", True), ("smtp", DATA, True),
    ("smtp", DATA + b"Subject: cut\r\n\r\nhalf of it", True),
    ("pop3", b"USER ann\r\nPASS ", True),
    ("pop3", b"USER ann@" + DOMAIN.encode() + b"\r\nPASS " +
     PASSWORD.encode() + b"\r\nRETR 3\r\nRETR 3\r\n", True),
    ("pop3s", HELLO, False),
)


def reset_one(hub, rng, row):
    service, words, waits = row
    connection = hub.connect(service)
    try:
        if waits:
            Lines(connection).line()
        if words:
            connection.sendall(words)
        if rng.random() < 0.3:
            time.sleep(rng.uniform(0.0, 0.02))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ON_RESET)
    except (OSError, Cut):
        pass                    # closed at the other side first
    finally:
        connection.close()


def resets(context, count):
    rng = random.Random(context.seed)
    with flooded(context, MANY) as (hub, ledger, costs):
        for _ in costs.floods():
            with Watch(context, hub, "bob"):
                for i in range(count):
                    reset_one(hub, rng, RESETS[i % len(RESETS)])
                take_one(hub, ledger, "%d connections were reset" % count)
            costs.over()


# --- A85: no more processes --------------------------------------------------

def no_process(context):
    """The parent cannot fork: who needs a process is told to come again."""
    if not can_trace():
        raise context.Skip("needs strace and root")
    with flooded(context, {}) as (hub, ledger, costs):
        mine = hub.accounts["ann"]
        # a process that nobody uses may go before ann is told
        stays = Reader(hub, ledger, "bob").login()
        strace = Strace(hub.process.pid, "clone,clone3,fork,vfork", "EAGAIN",
                        "1+")
        try:
            hub.kill_role("mailbox", mine)
            take = Sender(hub, ledger, random.Random(1))
            taken = take.send(["ann", "bob"], 2000)
            take.close()
            context.note("mail is %staken" % ("" if taken else "not "))
            try:
                Reader(hub, ledger, "ann").login().close()
                raise Fault("a login without a process to serve it")
            except Refused as words:
                if not str(words).startswith("-ERR [SYS/TEMP]"):
                    raise Fault("told to who logs in: %s" % words) from words
            if hub.pids("mailbox", mine):
                raise Fault("a process came out of nowhere")
            if not Reader(hub, ledger, "bob").all():
                raise Fault("who has a process is not served")
        finally:
            stays.close()
            if not strace.end():
                raise Fault("nobody tried to fork")
        hub.wait_settled()
        ledger.compare(hub)
        costs.over()


# --- A86: one address for all --------------------------------------------------

def one_address(context, count):
    """The limit of an address holds it, and only it."""
    with flooded(context, {"connections_per_address": "20"}) as \
            (hub, ledger, costs):
        connections = []
        with Watch(context, hub, "bob"):
            for i in range(count):
                connection = hub.connect(("smtp", "pop3")[i % 2],
                                         source="127.0.7.7")
                connections.append(connection)
                words = Lines(connection).line()
                right = (b"220 ", b"+OK") if i < 20 else \
                    (b"421 4.7.0", b"-ERR [SYS/TEMP]")
                if not words.startswith(right):
                    raise Fault("connection %d of one address is told: %s"
                                % (i + 1, words))
            other = hub.connect("smtp", source="127.0.7.8")
            connections.append(other)
            if not Lines(other).line().startswith(b"220 "):
                raise Fault("another address suffers")
            take_one(hub, ledger, "one address has all it may")
            close_all(connections)
            hub.wait_for(lambda: greeted_from(hub, "127.0.7.7"),
                         "its connections are gone, and it is not let in")
        costs.over()


def greeted_from(hub, address):
    connection = hub.connect("smtp", source=address)
    try:
        return Lines(connection).line().startswith(b"220 ")
    finally:
        connection.close()


def tests(context):
    long = context.long
    yield "flood/idle", lambda: idle(context, 10000 if long else 400)
    yield "flood/slow-senders", lambda: slow_senders(
        context, 400 if long else 20, 10.0 if long else 2.0)
    yield "flood/slow-readers", lambda: slow_readers(
        context, 200 if long else 20)
    yield "flood/resets", lambda: resets(context, 20000 if long else 450)
    yield "flood/no-process", lambda: no_process(context)
    yield "flood/one-address", lambda: one_address(
        context, 2000 if long else 60)
