"""While messages are carried: cuts at every place, false ends, odd bytes."""

import threading
import time

from either import Imap, Pop3, both
from harness import (MESSAGE_BYTES, Fault, Mail, Session, letter, letters,
                     mended, test)
from provider import Hangup

# Where an answer breaks off: name -> bytes of (what comes before the message,
# the message).
END = b".\r\n"
TAIL = b")\r\n"
CUTS = {
    Pop3: {
        "before-the-answer": lambda status, wire: 0,
        "in-the-status-line": lambda status, wire: len(status) - 5,
        "after-the-status-line": lambda status, wire: len(status),
        "in-the-header": lambda status, wire: len(status) + 30,
        "after-the-header": lambda status, wire:
            len(status) + wire.index(b"\r\n\r\n") + 4,
        "in-a-line": lambda status, wire: len(status) + len(wire) // 2 + 3,
        "between-cr-and-lf": lambda status, wire:
            len(status) + wire.index(b"\r\n", len(wire) // 2) + 1,
        "after-a-line": lambda status, wire:
            len(status) + wire.index(b"\r\n", len(wire) // 2) + 2,
        "between-two-dots": lambda status, wire:
            len(status) + wire.index(b"\r\n..") + 3,
        "before-the-last-cr": lambda status, wire:
            len(status) + len(wire) - len(END) - 2,
        "before-the-last-lf": lambda status, wire:
            len(status) + len(wire) - len(END) - 1,
        "before-the-dot": lambda status, wire: len(status) + len(wire) - 3,
        "after-the-dot": lambda status, wire: len(status) + len(wire) - 2,
        "between-dot-cr-and-lf": lambda status, wire:
            len(status) + len(wire) - 1,
    },
    Imap: {
        "before-the-answer": lambda head, data: 0,
        "in-the-head": lambda head, data: len(head) // 2,
        "in-the-count": lambda head, data: len(head) - 4,
        "after-the-head": lambda head, data: len(head),
        "in-the-header": lambda head, data: len(head) + 30,
        "after-the-header": lambda head, data:
            len(head) + data.index(b"\r\n\r\n") + 4,
        "in-a-line": lambda head, data: len(head) + len(data) // 2 + 3,
        "between-cr-and-lf": lambda head, data:
            len(head) + data.index(b"\r\n", len(data) // 2) + 1,
        "before-the-last-byte": lambda head, data: len(head) + len(data) - 1,
        "after-the-literal": lambda head, data: len(head) + len(data),
        "after-the-bracket": lambda head, data: len(head) + len(data) + 1,
        "before-the-ok": lambda head, data: len(head) + len(data) + len(TAIL),
    },
}


def cutting(kind, victim, cuts):
    """Sessions that break off in `victim`, at one place after the other."""
    class Cuts(kind.giver):
        stls = True

        def give(self, number, mail):
            if mail.uidl != victim or not cuts:
                super().give(number, mail)
                return
            kind.cut(self, number, mail, cuts.pop(0))

        def part(self, _number, mail, *_):      # IMAP's, of a large one
            self.no(b"not in parts")
            self.box.sent[mail.uidl] -= 1
    return Cuts


def cut_everywhere(t, kind, delete, **how):
    datas = letters(t.owner, 3, 3000)
    box = kind.box(t, datas)
    cuts = CUTS[kind]
    provider = t.provider(cutting(kind, b"uidl-2", list(cuts.values())), box,
                          **({"tls": t.certs.context("good")} if how else {}))
    t.add(provider, delete=delete, **how)
    for name in cuts:
        try:
            t.now("closed", "tls")
            # a response that is whole counts, whatever comes after it
            t.here(datas if name == "before-the-ok" else
                   [datas[0], datas[2]], least=[datas[0]])
        except Fault as fault:
            raise Fault("cut %s: %s" % (name, fault)) from fault
        t.true(b"uidl-2" in box.uidls(), "cut", name, "and it was deleted")
    t.now()
    t.here(datas)
    t.once(box)
    t.now()
    t.true(bool(box.uidls()) == (delete == "--keep"), box.uidls())
    t.here(datas)
    t.once(box)


@both("F10/cut-at-every-place-in-clear-keep")
def cut_keep(t, kind):
    cut_everywhere(t, kind, "--keep")


@both("F10/cut-at-every-place-in-clear-delete")
def cut_delete(t, kind):
    cut_everywhere(t, kind, "--delete-after 0")


@both("F11/A26/tls-ends-without-a-word-at-every-place")
def cut_tls(t, kind):
    cut_everywhere(t, kind, "--delete-after 0", host="pop.provider.test",
                   tls="starttls")


@both("F10/cut-in-a-large-message")
def cut_large(t, kind):
    beside = letters(kind.mark + "beside", 2)
    data = letter(kind.mark + "large", 3 << 20)
    box = kind.box(t, [data, *beside])
    places = (1 << 20, 140000, 70000, 100, 0)
    t.add(t.provider(cutting(kind, b"uidl-1", [
        lambda head, _data, place=place: len(head) + place
        for place in places]), box), delete="--delete-after 0")
    for _ in places:
        t.now("closed")
        t.true(b"uidl-1" in box.uidls(), "deleted")
    t.now()
    t.here([data, *beside])
    t.once(box)
    t.true(not box.uidls(), "not deleted")


@test("F12/no-dot-and-then-silence-times-out", slow=True)
def no_dot(t):
    class NoDot(Session):
        is_broken = True

        def retr(self, number, mail):
            if number == 2 and NoDot.is_broken:
                NoDot.is_broken = False
                self.send(b"+OK\r\n" + mail.wire[:-3])
                self.fall_silent()
            super().retr(number, mail)
    datas = letters("no-dot", 3)
    box = t.box(datas)
    t.add(t.provider(NoDot, box), delete="--delete-after 0")
    t.now("timed-out")
    t.true(b"uidl-2" in box.uidls(), "deleted")
    t.here([datas[0], datas[2]], least=[datas[0]])
    t.now()
    t.here(datas)
    t.once(box)


@test("F13/junk-after-the-dot-ends-the-connection")
def junk(t):
    for name, words in (
            ("lines", b"more of it\r\nand more\r\n.\r\n"),
            ("half", b"more"), ("dots", b".\r\n" * 5)):
        wrong = [True]

        class Junk(Session):
            def retr(self, number, mail, wrong=wrong, words=words):
                super().retr(number, mail)
                if number == 1 and wrong:
                    wrong.pop()
                    self.flush()
                    self.push(words)
                    if words == b"more":
                        self.hang_up()
        datas = letters(name, 4)
        box = t.box(datas, user=name)
        t.add(t.provider(Junk, box), label=name, user=name,
              delete="--delete-after 0")
        t.now("inconsistent", "closed", label=name)
        for _ in range(2):
            t.now(label=name)
        t.true(box.asked[b"uidl-1"] == 1, name, "asked for again", box.asked)
        t.true(not box.uidls(), name, box.uidls())
    t.here([data for name in ("lines", "half", "dots")
            for data in letters(name, 4)])


@test("F13/a-forged-answer-loses-nothing")
def forged(t):
    """A whole answer too many: each one after it stands for another."""
    wrong = [True]

    class Forges(Session):
        def retr(self, number, mail):
            super().retr(number, mail)
            if number == 2 and wrong:
                wrong.pop()
                self.send(b"+OK\r\nFrom: x@y\r\nSubject: forged\r\n\r\n"
                          b"forged\r\n.\r\n")
    datas = [letter("forge-%d" % i, 1000 + 700 * i) for i in range(6)]
    box = t.box(datas)
    t.add(t.provider(Forges, box), delete="--delete-after 0")
    for _ in range(5):
        t.now("*")
    found = t.letters()
    for i, data in enumerate(datas, 1):
        count = found.count(mended(data))
        t.true(count >= 1 or b"uidl-%d" % i in box.uidls(),
               "message", i, "is lost; carried:", box.sent)


@test("F14/an-end-too-early-is-asked-again-once-and-never-deleted")
def early_end(t):
    head, tail = letter("early", 1500), letter("early-rest", 3000)
    whole = head + b".\r\n" + tail

    class Unstuffed(Session):
        def retr(self, number, mail):
            if mail.data != whole:
                super().retr(number, mail)
                return
            self.say(b"+OK")
            self.send(head + b".\r\n" + tail + b".\r\n")
    datas = letters("early-other", 4)
    box = t.box([datas[0], whole, *datas[1:]])
    t.add(t.provider(Unstuffed, box), delete="--delete-after 0")
    for _ in range(6):
        t.now("*")
    t.true(box.asked[b"uidl-2"] <= 3, "asked again and again:",
           box.asked[b"uidl-2"])
    t.true(box.uidls() == [b"uidl-2"], "left there:", box.uidls())
    # no dot was doubled, so each that begins a line is undone
    t.here([*datas, head.replace(b"\r\n.", b"\r\n")], least=datas)


class Undoubled(Session):
    """A dot that begins a line of one message is not doubled."""
    def retr(self, number, mail):
        if not mail.data.startswith(b"Subject: evil"):
            super().retr(number, mail)
            return
        self.say(b"+OK")
        self.send(mail.data + b".\r\n")


@test("F14/a-lone-dot-behind-a-bare-line-feed-is-never-deleted")
def mended_and_cut(t):
    """What is mended is not the proof that nothing is missing."""
    for name, size in (("listed", None), ("unlisted", b"0")):
        class Cuts(Undoubled):
            def list_row(self, number, mail, size=size):
                if size is None:
                    return super().list_row(number, mail)
                return b"%d %s" % (number, size)
        cut = b"Subject: evil %s\r\n\r\nhe\nllo\r\n.\r\n" % name.encode() + \
            b"the important rest\r\n" * 20
        other = letter("behind-" + name)
        box = t.box([cut, other], user=name)
        t.add(t.provider(Cuts, box), label=name, user=name,
              delete="--delete-after 0")
        for _ in range(4):
            t.now("*", label=name)
        t.true(b"uidl-1" in box.uidls(), name, "is lost")
        t.true(t.letters().count(mended(other)) == 1, name, "is blocked")


@test("F13/a-sender-cannot-forge-the-next-answer")
def forged_by_sender(t):
    evil = b"Subject: evil\r\n\r\nbare\nLF\r\n.\r\n+OK\r\n" \
        b"From: boss@office.test\r\n\r\npay\nnow\r\n"
    for name, more in (("exact", 0), ("estimates", 40)):
        class Forges(Undoubled):
            def list_row(self, number, mail, more=more):
                return b"%d %d" % (number, len(mail.data) + more)
        datas = letters("real-" + name, 290)
        datas.insert(280, evil)
        box = t.box(datas, user=name)
        t.add(t.provider(Forges, box), label=name, user=name,
              delete="--delete-after 0")
        for _ in range(4):
            t.now("*", label=name)
        found = t.letters()
        t.true(b"uidl-281" in box.uidls(), name, "is lost")
        t.true(not any(b"boss@office" in data for data in found), name,
               "is forged")
        for data in datas:
            t.true(data == evil or found.count(mended(data)) == 1, name,
                   "is lost or twice")


@test("F14/what-cannot-be-had-twice-arrives")
def not_twice(t):
    class Varies(Session):
        count = 0

        def list_row(self, number, mail):
            return b"%d %d" % (number, len(mail.data) + 500)

        def retr(self, _number, mail):
            Varies.count += 1
            self.say(b"+OK")
            self.send(b"X-Time: %06d\r\n" % Varies.count + mail.wire)

    class Once(Session):
        def list_row(self, number, mail):
            return b"%d %d" % (number, len(mail.data) + 300)

        def do_RETR(self, rest):
            if self.lines.count(b"RETR " + rest) > 1:
                self.say(b"-ERR it was read")
            else:
                super().do_RETR(rest)
    for nth, (session, name) in enumerate(((Varies, "varies"),
                                           (Once, "once")), 1):
        datas = letters(name, 100)
        box = t.box(datas, user=name)
        t.add(t.provider(session, box), label=name, user=name,
              delete="--delete-after 0")
        t.now(label=name)
        t.true(not box.uidls(), name, "left there:", len(box.uidls()))
        found = t.letters(len(datas) * nth)
        for data in datas:
            count = sum(data.endswith(there) or there.endswith(data)
                        for there in found)
            t.true(count == 1, name, "is there", count, "times")


@test("F42/the-next-connection-waits-for-the-lock-of-the-last")
def locked_by_ourselves(t):
    """A message is larger than listed: the others come in another one."""
    held = [1]

    class Holds(Session):
        def list_row(self, number, _mail):
            return b"%d 100" % number

        def do_PASS(self, rest):
            if len(self.provider.sessions) > 1 and held[0]:
                held[0] -= 1
                self.say(b"-ERR [IN-USE] another session has it")
            else:
                super().do_PASS(rest)
    small = letter("behind-large")
    box = t.box([b"Subject: large\r\n\r\n" + b"y" * 70 + b"\r\n" +
                 (b"z" * 76 + b"\r\n") * 30000, small])
    t.add(t.provider(Holds, box), "--largest", "1MiB")
    t.now()
    t.here([small])


@test("F14/dots-that-were-not-doubled")
def single_dots(t):
    data = letter("single", 900) + b".hidden\r\n..two\r\n"

    class Unstuffed(Session):
        def retr(self, _number, mail):
            self.say(b"+OK")
            self.send(mail.data + b".\r\n")
    t.add(t.provider(Unstuffed, t.box([data])))
    t.now()
    found = t.letters()
    t.true(len(found) == 1, len(found), "letters")


@test("F16/a-stream-without-end-is-cut-and-others-arrive")
def endless(t):
    class Endless(Session):
        def retr(self, number, mail):
            if mail.uidl != b"uidl-2":
                super().retr(number, mail)
                return
            self.say(b"+OK 10 octets")
            self.send(letter("endless"))
            self.flush()
            for _ in range(8 * MESSAGE_BYTES >> 16):
                self.push((b"x" * 62 + b"\r\n") * 1024)
            self.send(b".\r\n")
    datas = letters("endless-other", 3)
    box = t.box([datas[0], letter("endless"), *datas[1:]])
    box.mails[1].size = 10
    provider = t.provider(Endless, box)
    t.add(provider, delete="--delete-after 0")
    for _ in range(3):
        t.now("*")
    t.here(datas)
    most = max(session.sent_bytes for session in provider.sessions)
    # what the system takes in its buffers is not little
    t.true(most < 4 * MESSAGE_BYTES, "it read on for", most)
    t.true(box.asked[b"uidl-2"] == 1, "asked for again:", box.asked)
    t.true(box.uidls() == [b"uidl-2"], "left there:", box.uidls())


@test("F17/one-line-of-10-MiB")
def long_line(t):
    data = letter("line") + b"x" * (10 << 20) + b"\r\n" + b"end\r\n"
    other = letter("header") + b"y" * 300000 + b"\r\n"
    box = t.box([data, b"X-Long: " + b"z" * 400000 + b"\r\n" + other])
    t.add(t.provider(Session, box), delete="--delete-after 0")
    t.now()
    t.here([data, b"X-Long: " + b"z" * 400000 + b"\r\n" + other])
    t.true(not box.uidls(), box.uidls())


def carried(t, datas, kind=Pop3):
    """All of it arrives, mended where it must be, and may be deleted."""
    box = kind.box(t, datas)
    t.add(t.provider(kind.session, box), delete="--delete-after 0")
    t.now()
    t.here(datas)
    t.true(not box.uidls(), "left there:", box.uidls())
    t.once(box)


@test("F18/nul-and-8-bit")
def nul_and_8_bit(t):
    carried(t, [letter("nul") + b"a\0b\0\0\r\n\0\r\n\0",
                letter("8-bit") + bytes(range(128, 256)) + b"\r\n",
                b"Subject: \xff\xfe raw\r\n\0: x\r\n\r\nbody\r\n",
                letter("all") + bytes(range(256)) * 20 + b"\r\n"])


@test("F19/A03/bare-line-feeds-are-line-ends-and-no-end-of-a-message")
def bare_lf(t):
    carried(t, [letter("lf", 800, line=b"\n"),
                letter("lf-dot") + b"a\n.\nb\n.\r\nc\r\n",
                letter("lf-end") + b"a\n.\n",
                letter("dots") + b".\r\n..\r\n...\r\n.x\r\n",
                letter("smuggle") + b"x\n.\r\nMAIL FROM:<a@b>\r\n",
                letter("cr-dot") + b"x\r.\r\ny\r.\rz\r\n"])


@test("F20/bare-carriage-returns")
def bare_cr(t):
    carried(t, [letter("cr", 800, line=b"\r"),
                letter("mixed") + b"a\rb\nc\r\nd\n\re\r\r\nf\r\r\r\n",
                letter("cr-end") + b"x\r", letter("many") + b"\r" * 5000,
                letter("lfs") + b"\n" * 5000, letter("last") + b"no end"])


@test("F18/bytes-of-every-kind-in-a-large-message")
def large_odd(t):
    data = letter("odd-large") + (bytes(range(256)) + b"\r\n.\r\n..\n.\r") \
        * 1500
    carried(t, [data, letter("after")])


@test("F21/an-empty-message")
def empty(t):
    carried(t, [b"", b"\r\n", b"\r\n\r\n", letter("after-empty")])


@test("F22/a-header-and-no-blank-line")
def header_only(t):
    carried(t, [b"Subject: only a header\r\n", b"no header at all\r\n",
                b"Subject: cut", b": \r\n", b" folded first\r\n\r\nx\r\n"])


@test("F44/absurd-dates")
def dates(t):
    carried(t, [letter("date-%d" % i, head=b"X: y\r\nDate: " + date)
                for i, date in enumerate((
                    b"Fri, 99 Foo 99999 99:99:99 +9999",
                    b"Thu, 01 Jan 1970 00:00:00 +0000",
                    b"Mon, 19 Jan 2038 03:14:08 +0000",
                    b"Sat, 31 Dec 9999 23:59:59 -1200", b"", b"\xff" * 300,
                    b"-1", b"(" * 5000, b"9" * 2000))])


@test("F53/twins-with-equal-heads-and-sizes-both-arrive")
def twins(t):
    head = letter("twin", 0)
    twins_of = [head + b"one body\r\n", head + b"two body\r\n"]

    class NoUidl(Session):
        uidl = False
    datas = []
    for name, session in (("uidl", Session), ("none", NoUidl)):
        for delete in ("--keep", "--delete-after 0"):
            label = name + delete[2:8]
            mine = [data.replace(b"twin", label.encode())
                    for data in twins_of]
            datas += mine
            box = t.box(mine, user=label)
            t.add(t.provider(session, box), label=label, user=label,
                  delete=delete)
            t.now(label=label)
            t.now(label=label)
    t.here(datas)


@both("F36/one-byte-a-second-is-given-up-and-delays-nobody", slow=True)
def slow_bytes(t, kind):
    class Drips(kind.giver):
        def give(self, number, mail):
            if number != 2:
                super().give(number, mail)
                return
            data = kind.drip(self, number, mail)
            for at in range(len(data)):
                self.push(data[at:at + 1])
                time.sleep(1.0)
    datas = letters(kind.mark + "drip", 3)
    t.add(t.provider(Drips, kind.box(t, datas)), label="drips")
    other = letters(kind.mark + "drip-beside", 4)
    t.add(t.provider(kind.session, kind.box(t, other, user="beside")),
          label="beside", user="beside")
    ends = []
    slow = threading.Thread(
        target=lambda: ends.append(t.fetch("now", "drips")[0]))
    slow.start()
    time.sleep(1.0)
    row = t.fetch("now", "beside")[0]
    t.true(row["result"] == "done", row)
    t.true(not ends, "the other one was delayed")
    slow.join()
    t.true(ends and ends[0]["result"] == "timed-out", ends)
    t.here([*other, datas[0], datas[2]], least=[*other, datas[0]])


@test("pipelining/only-where-it-is-offered")
def one_by_one(t):
    class OneByOne(Session):
        pipelining = False

        def obey(self, line):
            if self.box is not None:
                # whoever sends ahead has done so by now
                time.sleep(0.005)
                self.socket.settimeout(0.0)
                try:
                    self.receive()
                    self.crowded = True
                except Hangup:
                    pass
                self.socket.settimeout(60.0)
            super().obey(line)
    datas = letters("single-file", 20)
    box = t.box(datas)
    provider = t.provider(OneByOne, box)
    t.add(provider, delete="--delete-after 0")
    t.now()
    t.true(not any(s.crowded for s in provider.sessions), "sent ahead")
    t.here(datas)
    t.true(not box.uidls(), box.uidls())


@test("carrying/500-messages-and-a-few-large-ones")
def many(t):
    datas = letters("many", 500, 3000)
    for i, size in enumerate((130000, 131072, 131073, 1 << 20, 5 << 20)):
        datas.insert(50 * i, letter("large-%d" % i, size))
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider, delete="--delete-after 0")
    row = t.now()
    t.true(row["taken"] == len(datas), row)
    t.here(datas)
    t.once(box)
    t.true(not box.uidls(), len(box.uidls()), "left there")
    t.true(len(provider.sessions) == 1, "more than one connection")


@test("carrying/too-large-stays-and-is-said")
def too_large(t):
    datas = [letter("fits", 1000), letter("large", 200000),
             letter("fits-too", 1000)]
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider, "--largest", "100KiB", delete="--delete-after 0")
    row = t.now()
    t.true(row["too_large"] == 1, row)
    t.true(box.asked[b"uidl-2"] == 0, "asked for")
    t.true(box.uidls() == [b"uidl-2"], box.uidls())
    box.add(Mail("beyond", letter("beyond"), size=MESSAGE_BYTES * 4))
    row = t.now()
    t.true(row["too_large"] == 2 and box.asked[b"beyond"] == 0, row)
    t.here([datas[0], datas[2]])
