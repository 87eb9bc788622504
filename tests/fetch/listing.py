"""What waits: LIST and UIDL that lie, change, repeat, or are without end."""

import time

from harness import Mail, Session, letter, letters, test
from provider import CRLF


def listing_as(size):
    class Lists(Session):
        def list_row(self, number, mail):
            return b"%d %s" % (number, size)
    return Lists


@test("F15/sizes-that-are-wrong-lose-nothing")
def wrong_sizes(t):
    datas = []
    for name, size in (("small", b"10"), ("zero", b"0"), ("large", b"90000")):
        mine = letters(name, 3, 4000)
        datas += mine
        box = t.box(mine, user=name)
        t.add(t.provider(listing_as(size), box), label=name, user=name,
              delete="--delete-after 0")
        for _ in range(4):
            t.now("*", label=name)
        for uidl, count in box.sent.items():
            t.true(count <= 2, name, uidl, "was carried", count, "times")
    t.here(datas)


@test("F15/sizes-that-are-no-sizes")
def odd_sizes(t):
    good = []
    for name, size in (("negative", b"-5"), ("2-63", b"9223372036854775808"),
                       ("2-64", b"18446744073709551616"), ("word", b"many"),
                       ("endless", b"9" * 400), ("none", b"")):
        class Lists(Session):
            def list_row(self, number, mail, size=size):
                if number == 2:
                    return b"%d %s" % (number, size)
                return super().list_row(number, mail)
        mine = letters(name, 3)
        box = t.box(mine, user=name)
        t.add(t.provider(Lists, box), label=name, user=name,
              delete="--delete-after 0")
        row = None
        for _ in range(2):
            row = t.now("done", "inconsistent", label=name)
        if row["result"] == "done":
            good += [mine[0], mine[2]]
        t.true(b"uidl-2" in box.uidls() or mine[1] in t.letters(), name,
               "is lost")
    found = t.letters()
    for data in good:
        t.true(found.count(data) == 1, "not there once")


@test("F24/without-uidl-nothing-comes-twice")
def no_uidl(t):
    class NoUidl(Session):
        uidl = False
    datas = letters("no-uidl", 5)
    for name, delete in (("keep", "--keep"), ("delete", "--delete-after 0")):
        box = t.box([data.replace(b"no-uidl", name.encode())
                     for data in datas], user=name)
        t.add(t.provider(NoUidl, box), label=name, user=name, delete=delete)
        for _ in range(3):
            t.now(label=name)
        t.once(box)
        t.true(bool(box.uidls()) == (name == "keep"), name, box.uidls())
        box.add(Mail("new", letter(name + "-new")))
        for _ in range(2):
            t.now(label=name)
        t.once(box)
    t.here([data.replace(b"no-uidl", name) for data in datas
            for name in (b"keep", b"delete")] +
           [letter("keep-new"), letter("delete-new")])


@test("F24/without-uidl-and-top-nothing-is-lost")
def nothing_to_know_by(t):
    class Bare(Session):
        uidl = top = False
    datas = letters("bare", 4)
    box = t.box(datas)
    t.add(t.provider(Bare, box), delete="--delete-after 7")
    for _ in range(3):
        t.now("*")
    found = t.letters()
    for data in datas:
        t.true(found.count(data) >= 1, "lost")
    t.true(len(box.uidls()) == 4, "deleted on doubt:", box.uidls())


@test("F24/capa-does-not-say-uidl-but-it-works")
def unsaid_uidl(t):
    class NoCapa(Session):
        def do_CAPA(self, _rest):
            self.say(b"-ERR no such command")
    datas = letters("unsaid", 5)
    box = t.box(datas)
    t.add(t.provider(NoCapa, box))
    for _ in range(3):
        t.now()
    t.once(box)
    t.here(datas)


@test("F25/all-uidls-new-and-nothing-is-carried-again")
def renumbered(t):
    datas = letters("renumber", 30)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    for mail in box.mails:
        mail.uidl = b"new-" + mail.uidl
    box.add(Mail("new-one", letter("one-more")))
    t.now()
    asked = {uidl for uidl in box.asked if uidl.startswith(b"new-")}
    t.true(asked == {b"new-one"}, "asked for again:", asked)
    for _ in range(2):
        t.now()
    t.here([*datas, letter("one-more")])
    t.true(len(box.uidls()) == 31, "something was deleted")


@test("F25/renumbered-and-to-be-deleted")
def renumbered_delete(t):
    """Kept for a week, renumbered: what was taken is known again."""
    datas = letters("renumber-week", 10)
    box = t.box(datas)
    t.add(t.provider(Session, box), delete="--delete-after 7")
    t.now()
    for mail in box.mails:
        mail.uidl = b"new-" + mail.uidl
    for _ in range(3):
        t.now()
    t.here(datas)
    t.true(len(box.uidls()) == 10, "deleted before its time")


@test("F26/one-uidl-for-two-messages")
def double_uidl(t):
    kept = letters("double-keep", 4)
    box = t.box(kept, user="keep")
    box.mails[1].uidl = box.mails[2].uidl = b"same"
    t.add(t.provider(Session, box), label="keep", user="keep")
    gone = letters("double-delete", 4)
    other = t.box(gone, user="delete")
    other.mails[1].uidl = other.mails[2].uidl = b"same"
    t.add(t.provider(Session, other), label="delete", user="delete",
          delete="--delete-after 0")
    for label in ("keep", "delete") * 4:
        t.now(label=label)
    t.here([*kept, *gone])
    t.true(not other.uidls(), "left there:", other.uidls())


@test("F27/a-uidl-given-again-to-another-message")
def reused_uidl(t):
    first, second, third = (letter("reused-1", 900), letter("reused-2", 1500),
                            letter("reused-3", 1500))
    box = t.box([first])
    t.add(t.provider(Session, box))
    t.now()
    box.mails[:] = [Mail("uidl-1", second)]     # another size, at once
    t.now()
    t.now()
    t.here([first, second])
    box.mails[:] = []
    t.now()
    box.mails[:] = [Mail("uidl-1", third)]      # the same size, after a while
    t.now()
    t.now()
    t.here([first, second, third])


@test("F28/uidls-of-every-form")
def odd_uidls(t):
    forms = [b"x" * 70, b"y" * 71, b"z" * 500, b"w" * 900, b"w" * 900 + b"2",
             b"with blanks in it", b"../../etc/passwd", b"/", b"..",
             b"a\tb", b"\xff\xfe\x80", b"'; DROP TABLE seen; --", b"%s%n",
             b"\x01\x02", b"1", b"0", b"-"]
    datas = letters("form", len(forms))
    for label, delete in (("keep", "--keep"), ("delete",
                                               "--delete-after 0")):
        box = t.box([data.replace(b"form", label.encode()) for data in datas],
                    user=label)
        for mail, form in zip(box.mails, forms):
            mail.uidl = form
        t.add(t.provider(Session, box), label=label, user=label,
              delete=delete)
        for _ in range(3):
            t.now(label=label)
        t.once(box)
        if label == "delete":
            t.true(not box.uidls(), "left there:", box.uidls())
    t.here([data.replace(b"form", label) for data in datas
            for label in (b"keep", b"delete")])


@test("F28/no-uidl-in-the-row")
def missing_uidl(t):
    class Empty(Session):
        def uidl_row(self, number, mail):
            if number == 2:
                return b"2 "
            if number == 3:
                return b"3"
            return super().uidl_row(number, mail)
    datas = letters("empty-uidl", 4)
    box = t.box(datas)
    t.add(t.provider(Empty, box))
    for _ in range(3):
        t.now("done", "inconsistent")
    found = t.letters()
    for data in datas:
        t.true(found.count(data) <= 1, "twice")
    t.true(len(box.uidls()) == 4, "deleted")


@test("F29/a-message-is-gone-when-it-is-asked-for")
def gone_meanwhile(t):
    missing = [b"uidl-3", b"uidl-5"]

    class Shrinks(Session):
        def do_RETR(self, rest):
            mail = self.list[int(rest) - 1]
            if mail.uidl in missing:
                self.say(b"-ERR [SYS/TEMP] not now")
                return
            super().do_RETR(rest)
    datas = letters("gone", 6)
    box = t.box(datas)
    t.add(t.provider(Shrinks, box), delete="--delete-after 0")
    row = t.now("*")
    t.true(row["left"] >= 1 or row["result"] != "done", row)
    t.now("*")
    t.true(set(missing) <= set(box.uidls()), "deleted unread")
    missing.clear()
    t.now()
    t.here(datas)
    t.once(box)
    t.true(not box.uidls(), box.uidls())


@test("F29/list-and-uidl-disagree")
def disagreeing(t):
    class Shorter(Session):
        def do_UIDL(self, rest):
            if rest:
                super().do_UIDL(rest)
                return
            self.say(b"+OK")
            for number, mail in self.rows()[:-2]:
                self.say(self.uidl_row(number, mail))
            self.say(b".")
    datas = letters("disagree", 5)
    box = t.box(datas)
    t.add(t.provider(Shorter, box), delete="--delete-after 0")
    for _ in range(3):
        t.now("done", "nonsense")
    found = t.letters()
    for i, data in enumerate(datas, 1):
        count = found.count(data)
        t.true(count == 1 or (count == 0 and b"uidl-%d" % i in box.uidls()),
               "message", i, "is here", count, "times")


@test("F29/numbers-shift-while-they-are-read")
def shifting(t):
    """Somebody deletes message 3, and every number behind it is another's."""
    shifts = [True]

    class Shifts(Session):
        def retr(self, number, mail):
            super().retr(number, mail)
            if number == 2 and shifts:
                shifts.pop()
                gone = self.list.pop(2)
                self.box.mails.remove(gone)
    for delete in ("--delete-after 0", "--keep"):
        shifts[:] = [True]
        name = delete[2:6]
        datas = [letter("shift-%s-%d" % (name, i), 700 + 400 * i)
                 for i in range(1, 8)]
        box = t.box(datas, user=name)
        t.add(t.provider(Shifts, box), label=name, user=name, delete=delete)
        for _ in range(4):
            t.now("*", label=name)
        found = t.letters()
        for i in (1, 2, 4, 5, 6, 7):
            t.true(found.count(datas[i - 1]) >= 1, name, "message", i,
                   "is lost; left there:", box.uidls())


@test("F29/rows-of-nonsense")
def odd_rows(t):
    for name, rows in (
            ("zero", b"0 100\r\n"), ("repeated", b"1 100\r\n1 100\r\n"),
            ("backwards", b"3 100\r\n2 100\r\n1 100\r\n"),
            ("huge-number", b"4294967296 100\r\n"),
            ("negative", b"-1 100\r\n"), ("words", b"hello there\r\n"),
            ("blank", b"\r\n"), ("bare-lf", b"1 100\n2 100\r\n"),
            ("nul", b"1 1\x0000\r\n"), ("long", b"1 " + b"1" * 100000 +
                                        b"\r\n")):
        class Lists(Session):
            def do_LIST(self, rest, rows=rows):
                self.say(b"+OK")
                self.send(rows)
                self.say(b".")
        t.add(t.provider(Lists, t.box(letters(name, 3), user=name)),
              label=name, user=name)
        t.now("done", "inconsistent", "closed", label=name)


@test("F29/a-line-without-end-is-not-read-without-end")
def endless_line(t):
    for verb in ("LIST", "UIDL"):
        sent = [0]

        class Endless(Session):
            def run_on(self, _rest, sent=sent):
                self.say(b"+OK")
                self.flush()
                while True:
                    self.push(b"a" * 65536)
                    sent[0] += 65536
        setattr(Endless, "do_" + verb, Endless.run_on)
        t.add(t.provider(Endless, t.box(letters("x", 1), user=verb)),
              label=verb, user=verb)
        t.now("inconsistent", label=verb)
        t.true(sent[0] < 64 << 20, verb, "was read for", sent[0])


@test("F29/uidl-of-too-many-rows-ends-as-list-does")
def too_many_uidls(t):
    class Many(Session):
        def do_LIST(self, _rest):
            self.say(b"-ERR no")

        def do_UIDL(self, _rest):
            self.say(b"+OK")
            self.send(b"".join(b"%d u%d\r\n" % (i, i)
                               for i in range(1, 210001)))
            self.say(b".")
    box = t.box(letters("many", 1))
    t.add(t.provider(Many, box))
    row = t.now("inconsistent")
    t.true("more messages" in row["words"], row)


@test("F50/the-same-bytes-under-another-uidl-are-delivered")
def same_bytes(t):
    data = letter("same")
    box = t.box([data])
    t.add(t.provider(Session, box))
    t.now()
    box.add(Mail("another", data))
    t.now()
    t.now()
    t.here([data, data])


# --- what of the old mail is taken -------------------------------------------

@test("take/days-where-list-is-refused")
def days_without_list(t):
    class NoList(Session):
        def do_LIST(self, _rest):
            self.say(b"-ERR no")
    now = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                        time.gmtime(time.time() - 86400)).encode()
    old, new = (b"Date: %s\r\nSubject: x\r\n\r\nbody\r\n" % date
                for date in (b"Mon, 1 Jan 2001 00:00:00 +0000", now))
    box = t.box([old, old, new])
    t.add(t.provider(NoList, box), take="--days 5")
    t.now()
    t.here([new])


@test("take/it-must-be-said")
def unsaid(t):
    provider = t.provider(Session, t.box(letters("unsaid-old", 3)))
    status, text, _ = t.command(*t.add_words(provider, take=""))
    t.true(status == 2, "taken without a word about the old mail:", text)
    t.true(not provider.sessions, "something was tried")


@test("take/only-new-mail")
def only_new(t):
    old, new = letters("old", 5), letters("new", 3)
    box = t.box(old)
    provider = t.provider(Session, box)
    t.add(provider, take="--new", delete="--delete-after 0")
    t.now()
    box.add(*[Mail("new-%d" % i, data) for i, data in enumerate(new)])
    for _ in range(2):
        t.now()
    t.here(new)
    t.true(not set(box.asked) & {b"uidl-%d" % i for i in range(1, 6)},
           "old mail was asked for")
    t.true(len(box.uidls()) == 5, "old mail was deleted", box.uidls())


@test("take/mail-of-the-last-days")
def last_days(t):
    def dated(name, days):
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                             time.gmtime(time.time() - days * 86400))
        data = letter(name)
        at = data.index(b"Date: ")
        end = data.index(CRLF, at)
        return data[:at] + b"Date: " + date.encode() + data[end:]
    datas = [dated("days-40", 40), dated("days-1", 1), dated("days-400", 400),
             dated("days-5", 5), dated("days-29", 29)]
    box = t.box(datas)
    t.add(t.provider(Session, box), take="--days 30")
    for _ in range(2):
        t.now()
    t.here([datas[1], datas[3], datas[4]])
    t.once(box)
    t.true(not box.asked[b"uidl-1"] and not box.asked[b"uidl-3"],
           "old mail was asked for")


@test("take/test-takes-nothing-and-tells-what-waits")
def only_test(t):
    datas = letters("waits", 4, 1000)
    box = t.box(datas)
    t.add(t.provider(Session, box), delete="--delete-after 0")
    row = t.now(verb="test")
    t.true(row["waiting"] == 4, row)
    t.true(row["waiting_bytes"] == sum(map(len, datas)), row)
    t.true(not box.asked and len(box.uidls()) == 4, "it was taken")
    t.here([])
    t.now()
    t.here(datas)
