"""Many messages wait at the provider: the first one comes at once, and what the
hub needs does not grow with what has come.

The long form has 100,000 of them, over POP3 and over IMAP.
"""

import threading
import time

from harness import Fault, ImapMail, Mail, letter
from killing import Fast, ImapFast, Scene

SHORT, LONG = 10000, 100000
FIRST_SECONDS = 1.0     # from the login to the first message
SLACK_MIB = 16          # between a tenth of them and all: one settling
ROLES = ("fetch", "queue", "mailbox")
GUARD = 900.0


class Clock:
    """When the login was answered, and the first message sent; and the seconds
    that the provider itself took to say what there is."""

    login = first = None
    listing = 0.0

    def heard(self, what):
        if getattr(self, what) is None:
            setattr(self, what, time.monotonic())


class Waits(Fast):
    """A provider that looks at the clock."""

    def let_in(self, box, is_right):
        super().let_in(box, is_right)
        box.clock.heard("login")

    def rows_at_once(self, rest, row):
        began = time.monotonic()
        super().rows_at_once(rest, row)
        self.box.clock.listing += time.monotonic() - began

    def retr(self, number, mail):
        self.box.clock.heard("first")
        super().retr(number, mail)


class ImapWaits(ImapFast):
    """The same, which finds a message without looking through all."""
    compress = False

    def let_in(self, box, is_right):
        super().let_in(box, is_right)
        box.clock.heard("login")

    def do_UID_FETCH(self, rest):
        where, _, what = rest.partition(b" ")
        if b"BODY.PEEK[]" not in what:
            began = time.monotonic()
            super().do_UID_FETCH(rest)
            self.flush()
            self.box.clock.listing += time.monotonic() - began
            return
        # they were put there in this order, from 1 on
        mail = self.view[int(where) - self.view[0].uid]
        self.box.clock.heard("first")
        self.box.asked[mail.uidl] += 1
        self.text(int(where), mail)
        self.box.sent[mail.uidl] += 1


def held(hub, role):
    """MiB of its own that a process of this role has now."""
    most = 0
    for pid in hub.pids(role):
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as file:
                words = dict(line.split(":", 1) for line in file)
        except (OSError, ValueError):
            continue
        most = max(most, int(words.get("RssAnon", "0 kB").split()[0]) / 1024)
    return most


def fill(remote, count):
    kind = ImapMail if remote.is_imap else Mail
    body = letter("one of many", 400)
    for i in range(count):
        remote.box.add(kind("w%d" % i, body))


def follow(scene, remote, count, task):
    """MiB of each role at a tenth and in the end: the most there was."""
    early, late = dict.fromkeys(ROLES, 0.0), dict.fromkeys(ROLES, 0.0)
    until = time.monotonic() + GUARD
    while task.is_alive() and time.monotonic() < until:
        so_far = early if len(remote.box.sent) < count / 10 else late
        for role in ROLES:
            so_far[role] = max(so_far[role], held(scene.hub, role))
        time.sleep(0.1)
    return early, late


def many_wait(args, session):
    """F35: the first at once, all of them once, memory flat."""
    count = LONG if args.long else SHORT
    with Scene(args, {"ann": False}, session=session, join=False, config={
            "journal_segment_bytes": "16MiB",
            "letters_segment_bytes": "16MiB"}) as scene:
        remote, ends = scene.remotes[0], []
        remote.box.clock = Clock()
        fill(remote, count)

        def collect():
            try:
                ends.append(remote.case.fetch("now", "remote")[0])
            except Fault as fault:
                ends.append({"result": str(fault)})
        remote.join()
        task = threading.Thread(target=collect)
        task.start()
        early, late = follow(scene, remote, count, task)
        task.join(GUARD)
        if not ends or ends[0]["result"] != "done" or \
                ends[0]["taken"] != count:
            raise Fault("it ended with %s" % ends)
        if set(remote.box.sent.values()) != {1}:
            raise Fault("something was carried more than once")
        clock = remote.box.clock
        waited = clock.first - clock.login - clock.listing
        if waited > FIRST_SECONDS:
            raise Fault("the first of %d came %.2f s after the login" % (
                count, waited))
        grown = {role: late[role] - early[role] for role in ROLES}
        if max(grown.values()) > SLACK_MIB:
            raise Fault("MiB: %s at a tenth, then %s" % (early, late))
        if args.times:
            print("%d waited: first after %.2f s and %.2f s of the "
                  "provider's, MiB %s" % (count, waited, clock.listing, late))


def tests(args):
    yield "F35/many-wait-and-the-first-comes-at-once", \
        lambda: many_wait(args, Waits)
    yield "F35/imap/many-wait-and-the-first-comes-at-once", \
        lambda: many_wait(args, ImapWaits)
