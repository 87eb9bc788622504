#!/usr/bin/env python3
"""What DNS says of a domain ends its mail, or only puts it off (HARDENING A70).

usage: lame.py --bin DIR --folder DIR --results FILE

A whole hub that sends to hosts found in DNS, whose one server is a script here and
answers as broken, hostile and slow ones do.  One line of FILE for each test: "pass
lame/NAME" or "fail lame/NAME".
"""

import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from dane import Host, Scene, main, true                # noqa: E402
from dns import HEADER, read_question                   # noqa: E402
from hub import Hub                                     # noqa: E402
from ports import free_ports                            # noqa: E402
from signed_names import A, CNAME, MX, mx, wire         # noqa: E402

AAAA = 28
NXDOMAIN, SERVFAIL, REFUSED, FORMERR, NOTIMP = 3, 2, 5, 1, 4
ASIDE = "cannot be looked up now"
GIVEN_UP = "there is no such domain, or no host takes its mail"
HERE = socket.inet_aton("127.0.0.1")


class LameNames:
    """
    `table`: name -> {type: records}, or of each type what is done instead: a
    code, or a function of (question, its end) that makes the whole answer.  What
    it has not is NXDOMAIN, or no record of that type.
    """

    def __init__(self):
        self.table, self.asked = {}, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.is_over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def answer(self, question):
        read = read_question(question)
        if read is None:
            return None
        name, kind, end = read
        self.asked.append((name, kind))
        found = self.table.get(name, NXDOMAIN)
        if isinstance(found, dict):
            found = found.get(kind, found.get(CNAME, []))
        if callable(found):
            return found(question, end)
        if isinstance(found, int):
            return reply(question, end, code=found)
        if isinstance(found, str):
            return reply(question, end, [(CNAME, wire(found))])
        return reply(question, end, [(kind, row) for row in found])

    def serve(self):
        while not self.is_over:
            question, peer = self.socket.recvfrom(4096)
            answer = self.answer(question)
            if answer:
                self.socket.sendto(answer, peer)

    def close(self):
        """As Names has it: nobody may wait in a call then."""
        self.is_over = True
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def reply(question, end, rows=(), code=0, flags=0x8180, owner=b"\xc0\x0c"):
    return question[:2] + struct.pack(
        ">HHHHH", flags | code, 1, len(rows), 0, 0) + question[HEADER:end] + \
        b"".join(owner + struct.pack(">HHIH", kind, 1, 1, len(row)) + row
                 for kind, row in rows)


def silence(_, __):
    return None


def cut(question, end):
    """It would not fit, and nobody listens where the whole is to be had."""
    return reply(question, end, flags=0x8380)


def torn(question, end):
    """It says that there are records, and ends."""
    return reply(question, end, [(MX, mx("mx.torn.test"))])[:-9]


def looped(question, end):
    """A name that is compressed into itself."""
    return reply(question, end, [(MX, b"\0\x0a\xc0" + bytes([end + 14]))])


def of_another(question, end):
    """The answer to a question that nobody has asked."""
    return bytes([question[0] ^ 0xff]) + reply(
        question, end, [(MX, mx("mx.evil.test"))])[1:]


def beside(question, end):
    """Records of a name that was not asked for."""
    return reply(question, end, [(MX, mx("mx.evil.test"))],
                 owner=wire("other.test"))


class LameScene(Scene):
    """A hub that sends to hosts of that server's, and one host."""

    def __init__(self, args):       # pylint: disable=super-init-not-called
        self.port, = free_ports(1)
        self.names = LameNames()
        self.hosts = {"": Host("127.0.0.1", self.port, None)}
        self.hub = Hub(args.bin, ("ann",), {
            "outbound_direct": '"yes"', "outbound_port": str(self.port),
            "outbound_first_seconds": '"1h"', "outbound_sts": '"no"',
            "outbound_connections": "60", "hosts_file": '""',
            "dns_anchor_file": '""',
            "dns_forward": '"127.0.0.1@%d"' % self.names.port})


TAKEN = {
    "plain": {MX: [mx("mx.good.test")]},
    # RFC 5321 5.1: a domain without such records is its own host
    "alone": {A: [HERE]},
    # of ten hosts and more it is one of the first
    "many": {MX: [mx("no%d.good.test" % i, i) for i in range(1, 10)] +
             [mx("mx.good.test", 0)]},
    "second": {MX: [mx("missing.good.test", 5), mx("mx.good.test", 10)]},
    "after-failing": {MX: [mx("failing.good.test", 5),
                           mx("mx.good.test", 10)]},
    "by-alias": {MX: [mx("alias.good.test")]},
    # RFC 4074 4.2: what is denied of one type is there of the other
    "denied6": {MX: [mx("denied6.good.test")]},
}
ENDED = {
    "missing": (NXDOMAIN, GIVEN_UP),
    "empty": ({}, GIVEN_UP),
    "null": ({MX: [b"\0\0\0"], A: [HERE]}, "says that it takes no mail"),
    "hostless": ({MX: [mx("missing.good.test")], A: [HERE]}, GIVEN_UP),
    "addressless": ({MX: [mx("empty.good.test")]}, GIVEN_UP),
    # there is a host, which cannot be said: the domain itself is not it
    "unsayable": ({MX: [b"\0\x0a\3a.b\4test\0"], A: [HERE]},
                  "names no host that could take mail"),
    "odd": ({MX: [b"\0\x0a\5a b c\4test\0"], A: [HERE]},
            "names no host that could take mail"),
}
PUT_OFF = {
    "failing": SERVFAIL,
    "refused": REFUSED,
    "formerr": FORMERR,
    "notimp": NOTIMP,
    "cut": cut,
    "torn": torn,
    "looped": looped,
    "of-another": of_another,
    "silent": silence,
    "loop": {CNAME: "loop.lame.test"},
    "loop2": {CNAME: "loop3.lame.test"},
    "failing-host": {MX: [mx("failing.good.test")]},
    "silent-host": {MX: [mx("silent.good.test")]},
    "loop-host": {MX: [mx("loop.good.test")]},
    "half": {MX: [mx("missing.good.test", 5), mx("failing.good.test", 10)]},
    # NXDOMAIN of one type, and nothing of the other
    "half-denied": {MX: [mx("half-denied.good.test")]},
    "failing-alone": {A: SERVFAIL, AAAA: SERVFAIL},
}


def fill(table):
    table.update({
        "mx.good.test": {A: [HERE]}, "mx.evil.test": {A: [HERE]},
        "other.test": {MX: [mx("mx.evil.test")]},
        "alias.good.test": {CNAME: "mx.good.test"},
        "failing.good.test": SERVFAIL, "silent.good.test": silence,
        "empty.good.test": {},
        "loop.good.test": {CNAME: "loop.good.test"},
        "loop3.lame.test": {CNAME: "loop2.lame.test"},
        "denied6.good.test": {A: [HERE], AAAA: NXDOMAIN},
        "half-denied.good.test": {A: SERVFAIL, AAAA: NXDOMAIN},
        "beside.lame.test": {MX: beside},
    })
    for tables in (TAKEN, PUT_OFF):
        table.update({name + ".lame.test": found
                      for name, found in tables.items()})
    table.update({name + ".lame.test": found
                  for name, (found, _) in ENDED.items()})


def dns_ends_mail_or_puts_it_off(args, _):
    """Nothing that may be better tomorrow sends mail back."""
    scene = LameScene(args)
    fill(scene.names.table)
    names = [name + ".lame.test" for table in (TAKEN, ENDED, PUT_OFF)
             for name in table]
    try:
        scene.hub.start()
        scene.send(*names, "beside.lame.test")
        for name in TAKEN:
            scene.wait_trace(name + ".lame.test", "without TLS")
        for name, (_, words) in ENDED.items():
            scene.wait_trace(name + ".lame.test", words)
            scene.wait_trace(name + ".lame.test", "its sender was told")
        for name in PUT_OFF:
            scene.wait_trace(name + ".lame.test", ASIDE)
        got = sorted(scene.hosts[""].clear)
        true(got == sorted("zoe@%s.lame.test" % name for name in TAKEN), got)
        true(("mx.evil.test", A) not in scene.names.asked,
             "what nobody has asked for is believed")
        true(not any(name == "evil.test" for name, _ in scene.names.asked))
    finally:
        scene.close()


TESTS = (dns_ends_mail_or_puts_it_off,)

if __name__ == "__main__":
    main("lame", TESTS)
