"""The mail programs of a whole office idle over TLS, all day long.

Of a session that rests the door holds its connection and a few bytes, and
neither a process nor further descriptors.  So there may be many more of them
than could be served at one time, and each is served as soon as it has news or
something to say.  What they cost is the memory of all processes, PSS.
"""

import os
import resource
import select
import ssl
import time

from flood import MANY, Costs, take_one
from heaps import memory_of
from hub import DOMAIN, GUARD, PASSWORD, Fault, Hub, children
from kill import settle_and_compare
from ledger import Cut, Ledger, Lines

DEVICES = 25            # of each account; thirty sessions are its limit
SESSION_KIB = 60        # 10,000 of them in less than 600 MiB, all roles too
SLACK_KIB = 16384
RESTED = 600.0          # seconds: a guard, for ten thousand on a slow machine
CONFIG = dict(MANY, warm_seconds="1s")


class Idler:
    """One session over TLS, its INBOX open."""

    made = None

    def __init__(self, hub, name, source):
        if Idler.made is None:
            Idler.made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            Idler.made.check_hostname = False
            Idler.made.verify_mode = ssl.CERT_NONE
        self.lines = Lines(Idler.made.wrap_socket(
            hub.connect("imaps", source=source)))
        self.until(b"* OK")
        self.ask(b"LOGIN %s@%s %s" % (name.encode(), DOMAIN.encode(),
                                      PASSWORD.encode()))
        self.ask(b"SELECT INBOX")
        self.idle()

    def until(self, word):
        """The line that begins with it; those before it."""
        before = []
        while not (line := self.lines.line()).startswith(word):
            if line.startswith((b"* BYE", b"a NO", b"a BAD")):
                raise Fault("said to who idles: %r" % line)
            before.append(line)
        return before

    def ask(self, command):
        self.lines.send(b"a " + command + b"\r\n")
        return self.until(b"a OK")

    def idle(self):
        self.lines.send(b"a IDLE\r\n")
        self.until(b"+")

    def done(self):
        self.lines.send(b"DONE\r\n")
        return self.until(b"a OK")

    def has_news(self):
        poll = select.poll()    # its number may be any
        poll.register(self.lines.socket, select.POLLIN)
        return bool(poll.poll(0))


def all_memory(hub):
    return memory_of([hub.process.pid, *children(hub.process.pid)])


def open_all(hub, names, count, at_once):
    """Account by account: so many of them are served, and the others rest."""
    idlers = []
    for i in range(count):
        if i % DEVICES == 0:
            hub.wait_for(lambda: len(hub.pids("mailbox")) < at_once,
                         "sessions that idle do not rest", RESTED)
        idlers.append(Idler(hub, names[i // DEVICES],
                            "127.0.%d.%d" % (i % 8, 1 + i // 8 % 250)))
    return idlers


def wait_rest(hub):
    hub.wait_for(lambda: not hub.pids("mailbox"),
                 "sessions that idle do not rest", RESTED)


def all_hear(hub, ledger, idlers):
    """A letter for the first two: their sessions hear of it, no others do."""
    take_one(hub, ledger, "a crowd idles")
    told = 2 * DEVICES
    for idler in idlers[:told]:
        while not idler.lines.line().endswith(b" EXISTS"):
            pass
    if any(idler.has_news() for idler in idlers[told:]):
        raise Fault("who has no letter is told something")


def descriptors(count):
    """What the hub may have, of which four go to a session that is served."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(most, 4 * count)


def crowd(context, count):
    names = ["ann", "bob"] + ["u%d" % i
                              for i in range(count // DEVICES - 2)]
    most = descriptors(count)
    if most < 2 * count or os.geteuid() != 0:
        raise context.Skip("needs root, and two descriptors for each session")
    hub = Hub(context.bin, names, CONFIG, limits=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, most)))
    idlers = []
    try:
        ledger = Ledger(context.seed)
        hub.start()
        take_one(hub, ledger, "nobody is there yet")
        hub.wait_settled()
        wait_rest(hub)
        costs, before = Costs(context, hub), all_memory(hub)
        began = time.monotonic()
        idlers = open_all(hub, names, count, most // (12 * DEVICES))
        opened = time.monotonic() - began
        wait_rest(hub)
        after = all_memory(hub)
        words = "%d idle: %d KiB of %d processes, %d before; came in %d s" % (
            count, after, 1 + len(children(hub.process.pid)), before, opened)
        context.note(words)
        if after > before + count * SESSION_KIB + SLACK_KIB:
            raise Fault(words)
        all_hear(hub, ledger, idlers)
        for idler in idlers[::max(1, count // 100)]:
            idler.done()
            idler.ask(b"NOOP")
        for idler in idlers:
            idler.lines.close()
        costs.over()
        settle_and_compare(hub, ledger)
        return words
    except Cut as cut:
        context.keep(hub)
        raise Fault("%d of %d idle, and one is cut: %s" % (
            len(idlers), count, cut)) from cut
    except BaseException:
        context.keep(hub)
        raise
    finally:
        for idler in idlers:
            idler.lines.close()
        hub.remove()


def tests(context):
    count = 10000 if context.long else 150
    yield "crowd/idle-over-tls", lambda: crowd(context, count)
