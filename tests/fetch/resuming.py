"""A large message of IMAP that is cut: the rest of it comes, and no byte twice.

What has come is kept by the hub through a cut, the end of the collector, of the
queue and of the whole hub; what does not fit any more is fetched whole.
"""

import os
import random
import re
import sqlite3
import threading
import time

from harness import (Case, Fault, ImapSession, Place, letter, letters, test)
from killing import GUARD, Scene

LARGE = 6 << 20
PIECE = 128 << 10
# Of what came: all but what was in buffers and pipes, or since the last sync.
SLACK = 512 << 10
KILL_SLACK = 3 << 20
KILL_STEP = 1 << 20


def halves_asked(provider):
    """The offsets that were asked for."""
    return [int(found.group(1)) for session in provider.sessions
            for line in session.lines
            for found in [re.search(rb"BODY\.PEEK\[\]<(\d+)\.\d+>", line)]
            if found]


def carried(provider):
    return sum(session.sent_bytes for session in provider.sessions)


def cutting(places):
    """Sessions that hang up after that many bytes of a text, then that many."""
    places = list(places)

    class Cuts(ImapSession):
        def say_all(self, data):
            place = places.pop(0) if places else None
            if place is None:
                return
            head = self.out[0]
            self.out = [head, data[:place]]
            self.flush()
            time.sleep(0.3)             # it is heard before the end is
            self.hang_up()

        def text(self, number, mail):
            self.flush()
            self.body(number, mail, mail.data)
            if len(mail.data) > PIECE:
                self.say_all(mail.data)
            self.ok()

        def part(self, number, mail, start, count):
            self.flush()
            data = mail.data[start:start + count]
            self.body(number, mail, data, origin=start)
            self.say_all(data)
            self.ok()
    return Cuts


@test("F10/imap/resume/what-is-cut-goes-on-where-it-was")
def cut(t):
    rng = random.Random(7)
    data = letter("resume", LARGE)
    small = letters("resume-beside", 2)
    box = t.imap_box([*small, data])
    provider = t.provider(cutting([rng.randint(1 << 20, 2 << 20)
                                   for _ in range(3)]), box)
    t.add(provider, delete="--delete-after 0")
    for _ in range(3):
        t.now("closed")
        t.true(b"uidl-3" in box.uidls(), "deleted half-way")
    t.now()
    t.here([*small, data])
    t.true(not box.uidls(), "not deleted")
    asked = halves_asked(provider)
    t.true(len(asked) == 3 and asked == sorted(asked) and
           asked[0] > (1 << 20) - SLACK, "asked for", asked)
    t.true(carried(provider) < LARGE + 3 * SLACK, "carried",
           carried(provider), "of", LARGE)


@test("F10/imap/resume/in-tls-and-compressed")
def cut_packed(t):
    data = letter("resume-packed", LARGE // 2)
    box = t.imap_box([data])

    class Packed(cutting([1 << 20])):
        stls = compress = True
    t.add(t.provider(Packed, box, tls=t.certs.context("good")),
          host="pop.provider.test", tls="starttls")
    t.now("closed", "tls")
    t.now()
    t.here([data])
    t.true(len(halves_asked(t.providers[0])) == 1, "not resumed")


@test("F10/imap/resume/what-is-mended-comes-whole")
def mended_one(t):
    """Its bytes here are not those there: only what came before is kept."""
    data = bytearray(letter("resume-mended", LARGE))
    data[1 << 20:(1 << 20) + 1] = b"\n"
    data[5 << 20:(5 << 20) + 1] = b"\0"
    data = bytes(data)
    box = t.imap_box([data])
    provider = t.provider(cutting([2 << 20]), box)
    t.add(provider)
    t.now("closed")
    t.now()
    t.here([data])
    t.true(all(asked <= 1 << 20 for asked in halves_asked(provider)),
           "asked for", halves_asked(provider))


def changed(t, name, change):
    """Cut, changed, and fetched whole."""
    data = letter("resume-" + name, LARGE // 2)
    box = t.imap_box([data])
    provider = t.provider(cutting([1 << 20]), box)
    t.add(provider)
    t.now("closed")
    wanted = change(box, data)
    t.now()
    t.here(wanted)
    t.true(not halves_asked(provider), "asked for", halves_asked(provider))


@test("F25/imap/resume/another-uidvalidity-starts-over")
def renumbered(t):
    def change(box, data):
        box.folders[0].renumber()
        return [data]
    changed(t, "renumbered", change)


@test("F24/imap/resume/another-size-starts-over")
def resized(t):
    def change(box, data):
        box.mails[0].data = data + b"one line more\r\n"
        return [data + b"one line more\r\n"]
    changed(t, "resized", change)


def misled(t, name, part):
    """A server that does something else with BODY[]<n.m>."""
    data = letter("resume-" + name, LARGE // 2)
    small = letters("resume-%s-beside" % name, 2)
    box = t.imap_box([data, *small])

    class Other(cutting([1 << 20])):
        def part(self, number, mail, start, count):
            part(self, number, mail, start, count)
    provider = t.provider(Other, box)
    t.add(provider)
    t.now("closed")
    t.now()
    t.here([data, *small])
    t.true(len(halves_asked(provider)) == 1, "asked for",
           halves_asked(provider))
    t.now()
    t.here([data, *small])


@test("F29/imap/resume/another-origin-starts-over")
def other_origin(t):
    def part(session, number, mail, start, count):
        session.body(number, mail, mail.data[start + 1:start + 1 + count],
                     origin=start + 1)
        session.ok()
    misled(t, "origin", part)


@test("F29/imap/resume/all-instead-of-a-part-starts-over")
def ignored(t):
    def part(session, number, mail, _start, _count):
        session.body(number, mail, mail.data)
        session.ok()
    misled(t, "ignored", part)


@test("F29/imap/resume/no-parts-at-all-starts-over")
def refused(t):
    def part(session, _number, _mail, _start, _count):
        session.no(b"not in parts")
    misled(t, "refused", part)


@test("F23/imap/resume/a-part-that-is-too-short-starts-over")
def too_short(t):
    def part(session, number, mail, start, count):
        session.body(number, mail, mail.data[start:start + count][:-1],
                     origin=start)
        session.ok()
    misled(t, "short", part)


@test("F10/imap/resume/a-damaged-beginning-is-not-used")
def damaged(t):
    data = letter("resume-damaged", LARGE // 2)
    box = t.imap_box([data])
    provider = t.provider(cutting([1 << 20]), box)
    t.add(provider)
    folder = os.path.join(t.hub.data, "queue", "half")
    before = set(os.listdir(folder))
    t.now("closed")
    for name in set(os.listdir(folder)) - before:
        with open(os.path.join(folder, name), "r+b") as file:
            if b"resume-damaged" in file.read(1000):
                file.seek(300000)
                file.write(b"?")
    t.now()
    t.here([data])
    t.true(len(halves_asked(provider)) == 1, "asked for",
           halves_asked(provider))


# --- killed ------------------------------------------------------------------

class Slowly(ImapSession):
    """A text in pieces, with a step of the provider's before each."""

    def pieces(self, data):
        head, _, tail = self.out
        self.out = [head]
        for at in range(0, len(data), PIECE):
            self.send(data[at:at + PIECE])
            self.flush()
            self.provider.step(self, b"piece")
        self.send(tail)

    def text(self, number, mail):
        self.flush()
        self.body(number, mail, mail.data)
        self.pieces(mail.data)
        self.ok()

    def part(self, number, mail, start, count):
        self.flush()
        data = mail.data[start:start + count]
        self.body(number, mail, data, origin=start)
        self.pieces(data)
        self.ok()


def kept_bytes(hub):
    """How much of a message that comes in the ledger knows to be safe."""
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
        hub.data, "queue", "ledger.db"), uri=True, timeout=30)
    try:
        return db.execute("SELECT coalesce(max(length), 0) FROM half"
                          ).fetchone()[0]
    finally:
        db.close()


def killed(args, role):
    """In the middle of a large message, twice, when more of it is safe."""
    with Scene(args, {"ann": True}, session=Slowly) as scene:
        ann = scene.remotes[0]
        ann.put(letter("killed-" + role, LARGE))
        for _ in range(2):
            enough = kept_bytes(scene.hub) + KILL_STEP
            died = threading.Event()

            def step(_session, line, enough=enough, died=died):
                if line != b"piece":
                    return
                time.sleep(0.15)        # so that what comes is made safe
                if not died.is_set() and kept_bytes(scene.hub) >= enough:
                    if role == "hub":
                        scene.hub.kill()
                    else:
                        scene.hub.kill_role(role)
                    died.set()
            ann.provider.step = step
            ann.collect()
            if not died.wait(GUARD):
                raise Fault("nothing of it is made safe")
            # who was killed reads no more of what a session has to say
            if not ann.provider.calm(GUARD):
                raise Fault("a session does not end")
            if role == "hub":
                scene.hub.start()
        ann.provider.step = lambda session, line: None
        scene.all_well()
        asked = halves_asked(ann.provider)
        if len(asked) < 2 or asked != sorted(asked):
            raise Fault("asked for %s" % asked)
        if carried(ann.provider) > LARGE + 2 * KILL_SLACK:
            raise Fault("carried %d of %d" % (carried(ann.provider), LARGE))


def stopped(args):
    """The hub ends in good order, and begins anew."""
    with Scene(args, {"ann": True}, session=Slowly) as scene:
        ann = scene.remotes[0]
        ann.put(letter("stopped", LARGE))
        half = threading.Event()

        def step(_session, line):
            if line == b"piece":
                time.sleep(0.05)
                if carried(ann.provider) > LARGE // 2:
                    half.set()
        ann.provider.step = step
        thread = threading.Thread(target=ann.collect)
        thread.start()
        if not half.wait(GUARD):
            raise Fault("nothing comes")
        scene.hub.stop()
        thread.join()
        scene.hub.check()
        scene.hub.start()
        ann.provider.step = lambda session, line: None
        scene.all_well()
        asked = halves_asked(ann.provider)
        if len(asked) != 1 or asked[0] < LARGE // 2 - SLACK:
            raise Fault("asked for %s" % asked)


def closing(args):
    """The line closes in the middle of it: it is cut, and goes on later."""
    place = Place(args.bin, ["ann"], {"fetch_minutes": "1",
                                      "line_windows": '"never"'})
    case = Case(place, "closing", "ann")
    try:
        place.hub.start()
        case.command("line", "open", "--minutes", "60")
        box = case.imap_box([letter("closing", LARGE)])
        provider = case.provider(Slowly, box)
        half = threading.Event()

        def step(_session, line):
            if line == b"piece":
                time.sleep(0.1)
                if carried(provider) > LARGE // 4:
                    half.set()
        provider.step = step
        case.add(provider)
        if not half.wait(75 + GUARD):
            raise Fault("nothing is collected by the clock")
        status, text, words = case.command("line", "open", "--minutes", "0")
        if status != 0:
            raise Fault("line open: %s%s" % (text, words))
        if not provider.calm():
            raise Fault("it does not end")
        if carried(provider) > LARGE // 4 * 3:
            raise Fault("it was finished: %d" % carried(provider))
        provider.step = lambda session, line: None
        case.now()
        case.here([box.mails[0].data])
        if len(halves_asked(provider)) != 1:
            raise Fault("asked for %s" % halves_asked(provider))
    finally:
        case.close()
        place.hub.kill()
        place.hub.remove()


def tests(args):
    for role in ("fetch", "queue", "hub"):
        yield ("F10/imap/resume/killed-in-the-middle-" + role,
               lambda role=role: killed(args, role))
    yield "F10/imap/resume/stopped-in-the-middle", lambda: stopped(args)
    yield "F10/imap/resume/the-line-closes", lambda: closing(args)
