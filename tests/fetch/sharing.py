"""Fetch once for the office: a second copy of signed mail is taken from here.

What the provider was asked for is the proof: TOP and no RETR where the copy was
taken from here, RETR in every other case.  Each test has a hub of its own.
"""

import json
import os
import threading
import time

from dns import Names
from domain import add_domain
from harness import Case, Fault, ImapSession, Place, Session, letter
from signer import Signer

DOMAIN = "news.example"
SMALL, BIG = 40000, 300000      # in the journal, in a file of its own


class Scene:
    """A hub with two owners, and a domain that signs."""

    def __init__(self, args, config=None):
        self.names = Names()
        self.place = Place(args.bin, ["ann", "ben"], dict({
            "dns_forward": '"127.0.0.1@%d"' % self.names.port},
            **(config or {})))
        self.signer = Signer(self.place.hub.folder)
        self.names.table["k._domainkey." + DOMAIN] = [self.signer.record()]
        self.ann = Case(self.place, "sharing", "ann")
        self.ben = Case(self.place, "sharing", "ben")

    def __enter__(self):
        self.place.hub.start()
        return self

    def __exit__(self, *_):
        self.ann.close()
        self.ben.close()
        self.place.hub.kill()
        self.place.hub.remove()
        self.names.close()

    def copy(self, name, to, size=SMALL, trace=b"", domain=DOMAIN, **how):
        """The copy of a message that `to` has."""
        body = how.pop("body", None) or body_of(name, size)
        return trace + self.signer.sign(
            [(b"From", b" News <news@%s>" % domain.encode()),
             (b"To", b" " + to.encode() + b"@office.test"),
             (b"Subject", b" " + name.encode()),
             (b"Date", b" Fri, 20 Nov 2026 10:00:00 +0700"),
             (b"Message-ID", b" <%s@news.example>" % name.encode())],
            body, domain, **how)

    def collect(self, case, datas, session=Session, *more, **how):
        """What is asked of a provider that has these; its mailbox."""
        box = case.imap_box(datas) if session.protocol == "imap" else \
            case.box(datas)
        provider = case.provider(session, box)
        case.add(provider, *more, label="box%d" % len(case.providers), **how)
        case.now(label="box%d" % len(case.providers))
        return box

    def saved(self):
        """Bytes and messages that were not carried, as the line counts."""
        status, text, complaints = self.ann.command("line", "report",
                                                    "--json")
        if status != 0:
            raise Fault("line report: %s" % complaints)
        rows = [row for row in json.loads(text)["result"]
                if row["what"] == "saved" and row["cause"] == "shared"]
        return (sum(row["received"] for row in rows),
                sum(row["sent"] for row in rows))

    def is_saved(self, *want):
        until = time.monotonic() + 120
        while self.saved() != want and time.monotonic() < until:
            time.sleep(0.2)
        true(self.saved() == want, "saved:", self.saved(), "not", want)


def body_of(name, size):
    return letter(name, size).partition(b"\r\n\r\n")[2]


def true(truth, *words):
    Case.true(truth, *words)


def asked(box):
    """How many of its messages were asked for."""
    return sum(1 for count in box.asked.values() if count)


def taken_from_here(args):
    """Small ones and large ones, POP3 and IMAP; deleted there as ever."""
    trace = b"Received: by a.relay.example; on its way to ben\r\n"
    with Scene(args) as scene:
        mine = [scene.copy("news%d" % i, "ann", size)
                for i, size in enumerate((SMALL, BIG))]
        his = [scene.copy("news%d" % i, "ben", size, trace)
               for i, size in enumerate((SMALL, BIG))]
        scene.collect(scene.ann, mine)
        scene.ann.here(mine)
        for session in (Session, ImapSession):
            box = scene.collect(scene.ben, his, session,
                                delete="--delete-after 0")
            true(asked(box) == 0, "asked for:", dict(box.asked))
            true(not box.mails, "there:", box.mails)
        # each with its own header, byte for byte
        scene.ben.here(his * 2)
        sizes = [len(data.partition(b"\r\n\r\n")[2]) for data in his]
        scene.is_saved(2 * sum(sizes), 4)
        scene.ben.until_traced("news1", "its body was here already",
                               "%d bytes saved, DKIM d=%s" % (sizes[1], DOMAIN))
        # and it stays so after a restart
        scene.place.hub.stop()
        scene.place.hub.check()
        scene.place.hub.start()
        again = scene.copy("news0", "ben", trace=trace + trace)
        box = scene.collect(scene.ben, [again])
        true(asked(box) == 0, "asked for after a restart")
        scene.ben.here(his * 2 + [again])


def refused(scene):
    """{name: (ann's copy, ben's, what is looked up)}: none proves enough."""
    def pair(name, **how):
        return (scene.copy(name, "ann"), scene.copy(name, "ben", **how))
    table = scene.names.table
    weak = Signer(scene.place.hub.folder, 512)
    table["weak._domainkey." + DOMAIN] = [weak.record()]
    table["test._domainkey." + DOMAIN] = [scene.signer.record(b"t=y; ")]
    table["fails._domainkey." + DOMAIN] = "servfail"
    table["silent._domainkey." + DOMAIN] = "silence"
    table["k._domainkey.evil.example"] = [scene.signer.record()]
    body = body_of("twin", SMALL)
    twin = body.replace(b"line 7 of", b"lime 7 of")
    cases = {
        # as long, the same header, and another body
        "twin": (scene.copy("twin", "ann"),
                 scene.copy("twin", "ann", body=twin)),
        "length": pair("length", tags=b" l=100;",
                       hashed=body_of("length", SMALL)[:100]),
        "expired": pair("expired", tags=b" t=1500000000; x=1600000000;"),
        "no-key": pair("no-key", selector="none"),
        "test-key": pair("test-key", selector="test"),
        "no-answer": pair("no-answer", selector="fails"),
        "silence": pair("silence", selector="silent"),
        # whoever has seen its bh= may sign that himself
        "stranger": pair("stranger", domain="evil.example"),
        "unsigned": (letter("unsigned", SMALL), letter("unsigned", SMALL)),
        "changed": (scene.copy("changed", "ann"),
                    scene.copy("changed", "ben").replace(
                        b"Subject: changed", b"Subject: replace")),
        "long-header": pair("long-header", trace=b"X-Long: " + b"x" * 3000 +
                            b"\r\n"),
    }
    scene.signer, weak = weak, scene.signer
    his = scene.copy("weak", "ben", selector="weak")
    scene.signer = weak
    cases["weak"] = (scene.copy("weak", "ann"), his)
    return cases


def not_proven(args):
    """And nothing is lost by it."""
    with Scene(args) as scene:
        cases = refused(scene)
        mine = [data for data, _ in cases.values()]
        his = [data for _, data in cases.values()]
        scene.collect(scene.ann, mine)
        box = scene.collect(scene.ben, his)
        fetched = {name for i, name in enumerate(cases, 1)
                   if box.asked[b"uidl-%d" % i] == 1}
        true(fetched == set(cases), "not fetched:", set(cases) - fetched)
        scene.is_saved(0, 0)
        # a header that is not like is not even asked for
        names = list(cases)
        for name in ("unsigned", "long-header"):
            true(box.topped[b"uidl-%d" % (names.index(name) + 1)] <= 1, name)
        scene.ann.here(mine)
        scene.ben.here(his)


def header_alone(args):
    """
    Ben has seen the header of ann's mail, signature and all, and keeps it in
    mailboxes of his own before something as long: her body is not his.
    """
    hers = []
    with Scene(args) as scene:
        for i, session in enumerate((Session, ImapSession)):
            mine = scene.copy("secret%d" % i, "ann")
            hers.append(mine)
            head, _, body = mine.partition(b"\r\n\r\n")
            false = head + b"\r\n\r\n" + b"\r\n".join(
                b"?" * len(line) for line in body.split(b"\r\n"))
            scene.collect(scene.ann, [mine])
            scene.ann.here(hers)
            box = scene.collect(scene.ben, [false], session)
            true(box.sampled[b"uidl-1"] == 1, "no sample was asked for")
            true(asked(box) == 1, "given away:", dict(box.asked))
            scene.ben.here([false])
            scene.ben.delete_here(false)
            # nor to who has guessed once
            box = scene.collect(scene.ben, [mine], session)
            true(asked(box) == 1, "vouched for after a guess")
            scene.ben.here([mine])
            scene.ben.delete_here(mine)
        scene.is_saved(0, 0)


def gone(args):
    """The first copy's file is not there any more."""
    with Scene(args) as scene:
        mine, his = scene.copy("gone", "ann", BIG), scene.copy("gone", "ben",
                                                               BIG)
        scene.collect(scene.ann, [mine])
        scene.ann.here([mine])
        scene.ann.delete_here(mine)
        for folder, _, files in os.walk(os.path.join(scene.place.hub.data,
                                                     "queue", "big")):
            for name in files:
                os.unlink(os.path.join(folder, name))
        box = scene.collect(scene.ben, [his])
        true(asked(box) == 1, "a body that is gone was vouched for")
        scene.ben.here([his])


def together(args):
    """Both are collected from at once: one copy comes, the other waits."""
    begun = threading.Event()

    class Slow(Session):
        def retr(self, number, mail):
            begun.set()
            self.say(b"+OK %d octets" % mail.listed())
            self.send(mail.wire[:1000])
            self.flush()
            time.sleep(3)
            self.send(mail.wire[1000:])
    with Scene(args) as scene:
        mine, his = scene.copy("both", "ann", BIG), scene.copy("both", "ben",
                                                               BIG)
        small = letter("small")
        first = threading.Thread(target=scene.collect, args=(
            scene.ann, [mine], Slow))
        first.start()
        true(begun.wait(120), "it was not begun")
        box = scene.collect(scene.ben, [his, small])
        first.join()
        true(box.asked == {b"uidl-2": 1}, "asked for:", dict(box.asked))
        scene.ann.here([mine])
        scene.ben.here([his, small])


def killed(args):
    """Roles end in the middle of it: it is had once, either way."""
    with Scene(args) as scene:
        hub = scene.place.hub

        class Kills(Session):
            role = None

            def do_TOP(self, rest):
                super().do_TOP(rest)
                self.flush()
                if self.role is not None:
                    hub.kill_role(self.role)
        mine, his = [], []
        for i, role in enumerate(("judge", "queue", "resolver", "fetch")):
            mine.append(scene.copy("kill%d" % i, "ann", BIG))
            his.append(scene.copy("kill%d" % i, "ben", BIG))
            scene.collect(scene.ann, mine[-1:])
            box = scene.ben.box(his[-1:])
            session = type("Kills" + role, (Kills,), {"role": role})
            provider = scene.ben.provider(session, box)
            scene.ben.add(provider, label=role, delete="--delete-after 0")
            scene.ben.now("*", label=role)
            session.role = None
            until = time.monotonic() + 120
            while box.mails and time.monotonic() < until:
                time.sleep(0.5)
                scene.ben.now("*", label=role)
            true(not box.mails, role, "ended, and it is still there")
            true(box.asked[b"uidl-1"] <= 1, role, "ended: fetched twice")
        scene.ann.here(mine)
        scene.ben.here(his)


# Who is killed, and how long after what was answered for a copy: its header, a
# sample of its body, or the news that it may be deleted, as it is here.
MOMENTS = [(role, what, wait)
           for what, wait in (("HEADER", 0), ("SAMPLE", 0), ("SAMPLE", 0.01),
                              ("SAMPLE", 0.04), ("STORE", 0))
           for role in ("queue", "fetch")] + [("hub", "SAMPLE", 0.02)]


class Shared(ImapSession):
    """Kills once, at its moment."""
    moment = None

    def reached(self, what):
        cls = type(self)
        if cls.moment is None or cls.moment[1] != what:
            return
        (role, _, wait), cls.moment = cls.moment, None
        cls.killed = threading.Thread(target=cls.kill, args=(role, wait))
        cls.killed.start()

    @classmethod
    def kill(cls, role, wait):
        time.sleep(wait)
        if role == "hub":
            cls.hub.kill()
            cls.hub.start()
        else:
            cls.hub.kill_role(role)

    def do_UID_FETCH(self, rest):
        super().do_UID_FETCH(rest)
        self.flush()
        if b"HEADER" in rest.upper():
            self.reached("HEADER")
        elif b"[]<" in rest and b"FLAGS" not in rest.upper():
            self.reached("SAMPLE")

    def do_UID_STORE(self, rest):
        super().do_UID_STORE(rest)
        self.flush()
        self.reached("STORE")


def killed_at(scene, moment, mine, his):
    """One message of two, small and large in turn."""
    i = len(mine)
    size = (SMALL, BIG)[i % 2]
    mine.append(scene.copy("moment%d" % i, "ann", size))
    his.append(scene.copy("moment%d" % i, "ben", size))
    scene.collect(scene.ann, mine[-1:])
    scene.ann.here(mine)
    session = type("Shared%d" % i, (Shared,), {
        "hub": scene.place.hub, "moment": moment, "killed": None})
    box = scene.ben.imap_box(his[-1:])
    provider = scene.ben.provider(session, box)
    label = "moment%d" % i
    scene.ben.add(provider, label=label, delete="--delete-after 0")
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            scene.ben.now("*", label=label)
        except (Fault, OSError):
            time.sleep(0.5)             # the hub is being killed
        if session.killed is not None:
            session.killed.join()
        if not box.mails:
            break
        time.sleep(0.3)
    true(session.killed is not None, moment, "was not reached")
    true(not box.mails, moment, "it is still there", box.mails)
    # either way the line carries it once, if at all
    true(box.asked[b"uidl-1"] <= 1, moment, "fetched", dict(box.asked))


def killed_any_time(args):
    """Queue, fetch or all of it end while a body is given a second header."""
    with Scene(args) as scene:
        mine, his = [], []
        for moment in MOMENTS:
            killed_at(scene, moment, mine, his)
        scene.ann.here(mine)
        scene.ben.here(his)
        saved = scene.saved()[1]
        true(saved > 0, "nothing was shared")
        scene.place.hub.stop()
        scene.place.hub.check()
        scene.place.hub.start()
        scene.ann.here(mine)
        scene.ben.here(his)


def of_a_domain(args):
    """Its copies are, too, and go to whom they are for; archived they are not."""
    with Scene(args) as scene:
        mine = [scene.copy("news%d" % i, "ann", size)
                for i, size in enumerate((SMALL, BIG))]
        his = [scene.copy("news%d" % i, "ben", size,
                          b"Received: by mx.isp.example; x\r\n")
               for i, size in enumerate((SMALL, BIG))]
        strange = scene.copy("news1", "nobody", BIG)
        scene.collect(scene.ann, mine)
        scene.ann.here(mine)
        box = scene.ann.box([*his, strange], user="all")
        provider = scene.ann.provider(Session, box)
        add_domain(scene.ann, provider, label="all", user="all",
                   delete="--delete-after 0")
        row = scene.ann.now(label="all")
        true(row["taken"] == 3 and row["held"] == 1, row)
        true(asked(box) == 0, "asked for:", dict(box.asked))
        true(not box.mails, "there:", box.mails)
        scene.ben.here(his)
        scene.ann.here(mine)
        scene.is_saved(sum(len(data.partition(b"\r\n\r\n")[2])
                           for data in (*his, strange)), 3)
        # what was sent is not known to the byte
        box = scene.ann.imap_box([b"X-Way: other\r\n" + his[0]], user="more")
        provider = scene.ann.provider(ImapSession, box)
        add_domain(scene.ann, provider, "--archive", "yes", label="more",
                   user="more")
        scene.ann.now(label="more")
        true(asked(box) == 1, "what is archived as it came was not fetched")


def off(args):
    with Scene(args, {"fetch_share": "no"}) as scene:
        mine, his = scene.copy("off", "ann"), scene.copy("off", "ben")
        scene.collect(scene.ann, [mine])
        box = scene.collect(scene.ben, [his])
        true(asked(box) == 1 and not box.topped, "it was shared")
        scene.ben.here([his])


def tests(args):
    for name, function in (
            ("a-second-copy-is-taken-from-here", taken_from_here),
            ("what-a-signature-does-not-prove-is-fetched", not_proven),
            ("a-header-alone-is-not-given-its-body", header_alone),
            ("a-body-that-is-gone-is-not-vouched-for", gone),
            ("who-collects-at-the-same-time-waits-for-it", together),
            ("killed-in-the-middle-it-is-had-once", killed),
            ("killed-at-any-moment-it-is-had-once", killed_any_time),
            ("copies-of-a-domains-are-taken-from-here", of_a_domain),
            ("switched-off-each-is-fetched", off)):
        yield "share/" + name, lambda function=function: function(args)
