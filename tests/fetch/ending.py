"""DELE, QUIT, and two at once: what is taken is never taken again."""

import json
import threading
import time

from harness import Fault, Mail, Session, letter, letters, test


@test("F30/dele-refused")
def dele_refused(t):
    refused = [True]

    class Refuses(Session):
        def dele(self, number, mail):
            if refused and number % 2 == 0:
                self.say(b"-ERR not allowed")
            else:
                super().dele(number, mail)
    datas = letters("dele", 6)
    box = t.box(datas)
    provider = t.provider(Refuses, box)
    t.add(provider, delete="--delete-after 0")
    row = t.now()
    t.true(row["deleted"] == 3, row)
    t.true(len(box.uidls()) == 3, box.uidls())
    t.true(all(session.quits for session in provider.sessions), "no QUIT")
    t.now()
    refused.clear()
    t.now()
    t.true(not box.uidls(), "not asked again:", box.uidls())
    t.here(datas)
    t.once(box)


@test("F31/the-connection-breaks-between-dele-and-quit")
def broken_before_quit(t):
    breaks = ["quit", "dele"]

    class Breaks(Session):
        def do_QUIT(self, rest):
            if breaks and breaks[0] == "quit":
                breaks.pop(0)
                self.hang_up()
            super().do_QUIT(rest)

        def dele(self, number, mail):
            if breaks and breaks[0] == "dele" and number == 3:
                breaks.pop(0)
                self.hang_up()
            super().dele(number, mail)
    datas = letters("before-quit", 5)
    box = t.box(datas)
    t.add(t.provider(Breaks, box), delete="--delete-after 0")
    for _ in range(2):
        t.now("done", "closed")
        t.true(len(box.uidls()) == 5, "how can they be gone?")
        t.here(datas)
    t.now()
    t.true(not box.uidls(), "not deleted again:", box.uidls())
    t.here(datas)
    t.once(box)


@test("F31/gone-though-quit-was-not-answered")
def gone_unanswered(t):
    class Breaks(Session):
        def do_QUIT(self, _rest):
            self.update()
            self.hang_up()
    datas = letters("unanswered", 4)
    box = t.box(datas)
    t.add(t.provider(Breaks, box), delete="--delete-after 0")
    for _ in range(3):
        t.now("done", "closed")
    t.here(datas)
    t.once(box)


@test("F32/quit-is-never-answered", slow=True)
def silent_quit(t):
    class Silent(Session):
        def do_QUIT(self, _rest):
            self.fall_silent()
    datas = letters("silent-quit", 3)
    box = t.box(datas)
    t.add(t.provider(Silent, box), delete="--delete-after 0")
    t.now("done", "timed-out")
    t.here(datas)
    t.true(len(box.uidls()) == 3, box.uidls())
    t.once(box)


@test("F33/quit-says-that-some-were-not-removed")
def some_not_removed(t):
    class Some(Session):
        def do_QUIT(self, _rest):
            self.quits = True
            self.marks = set(sorted(self.marks)[:2])
            self.update()
            self.say(b"-ERR some deleted messages not removed")
    datas = letters("some", 5)
    box = t.box(datas)
    t.add(t.provider(Some, box), delete="--delete-after 0")
    for left in (3, 1, 0):
        t.now("*")
        t.true(len(box.uidls()) == left, left, box.uidls())
    t.here(datas)
    t.once(box)


@test("F34/a-provider-that-never-deletes")
def never_deletes(t):
    class Never(Session):
        def update(self):
            pass
    datas = letters("never", 8)
    box = t.box(datas)
    t.add(t.provider(Never, box), delete="--delete-after 0")
    for i in range(8):
        if i == 4:
            datas.append(letter("never-late"))
            box.add(Mail("late", datas[-1]))
        t.now()
    t.here(datas)
    t.once(box)


@test("F34/a-provider-that-brings-back-what-was-deleted")
def undeletes(t):
    datas = letters("undelete", 6)
    box = t.box(datas)
    t.add(t.provider(Session, box), delete="--delete-after 0")
    everything = list(box.mails)
    for _ in range(6):
        t.now()
        t.true(not box.uidls(), "not deleted:", box.uidls())
        box.mails[:] = everything
    t.here(datas)
    t.once(box)


@test("F42/two-collections-at-once-are-one")
def two_at_once(t):
    class Slow(Session):
        def retr(self, number, mail):
            time.sleep(0.05)
            super().retr(number, mail)
    datas = letters("at-once", 10)
    box = t.box(datas)
    t.add(t.provider(Slow, box), delete="--delete-after 0")
    ends = []

    def collect():
        try:
            ends.append(t.fetch("now")[0]["result"])
        except Fault as fault:
            ends.append(str(fault))
    threads = [threading.Thread(target=collect) for _ in range(4)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    t.true(set(ends) <= {"done", "busy"} and "done" in ends, ends)
    t.true(box.most_together == 1, "sessions at once:", box.most_together)
    t.here(datas)
    t.once(box)


@test("F42/somebody-else-has-the-mailbox")
def in_use(t):
    datas = letters("in-use", 3)
    box = t.box(datas)
    t.add(t.provider(Session, box))
    box.together = 1
    t.now("busy")
    box.together = 0
    t.now()
    t.here(datas)


@test("delete/after-days-nothing-before-its-time")
def after_days(t):
    datas = letters("week", 4)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider, delete="--delete-after 7")
    for _ in range(3):
        t.now()
    t.true(len(box.uidls()) == 4, box.uidls())
    t.true(provider.words()["DELE"] == 0, "DELE was said")
    t.here(datas)
    t.once(box)


@test("delete/keep-never-deletes-and-a-change-of-mind-does")
def change_of_mind(t):
    datas = letters("mind", 4)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    t.true(provider.words()["DELE"] == 0, "DELE was said")
    status, text, complaints = t.command(
        "fetch", "set", "%s@office.test" % t.owner, "--label", "remote",
        "--delete-after", "0")
    t.true(status == 0, text, complaints)
    t.now()
    t.true(not box.uidls(), box.uidls())
    t.here(datas)
    t.once(box)


@test("delete/what-is-deleted-here-is-deleted-there-and-nothing-else")
def deleted_here(t):
    datas = letters("mirror", 5)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider, "--delete-when-deleted-here")
    for _ in range(2):
        t.now()
    t.here(datas)
    t.delete_here(datas[1], quits=False)       # the connection just ends
    t.here(datas)
    t.now()
    t.true(provider.words()["DELE"] == 0, "DELE was said")
    t.delete_here(datas[1])
    t.until_there(box, ["uidl-1", "uidl-3", "uidl-4", "uidl-5"])
    t.delete_here(datas[0], datas[4])
    t.until_there(box, ["uidl-3", "uidl-4"])
    t.here([datas[2], datas[3]])
    status, text, complaints = t.command("mailbox", "list", t.owner, "--json")
    t.true(status == 0 and len(json.loads(text)["result"]) == 2, text,
           complaints)
    t.true(provider.words()["DELE"] == 3, provider.words())
    t.once(box)


@test("delete/what-was-deleted-here-before-that-was-said-stays-there")
def deleted_before(t):
    datas = letters("before", 3)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    t.here(datas)
    t.delete_here(datas[0])
    words = ("fetch", "set", "%s@office.test" % t.owner, "--label", "remote")
    for option in ("--delete-when-deleted-here", "--keep-when-deleted-here"):
        status, text, complaints = t.command(*words, option)
        t.true(status == 0, text, complaints)
        for _ in range(2):
            t.now()
        t.true(len(box.uidls()) == 3, box.uidls())
    t.delete_here(datas[1])     # it is no mirror any more
    for _ in range(2):
        t.now()
    t.true(provider.words()["DELE"] == 0, "DELE was said")
    t.here(datas[2:])
    t.once(box)


@test("delete/an-account-removed-and-added-again")
def removed_and_added(t):
    """Another account, another ledger: all of it is new, and nothing lost."""
    datas = letters("again", 3)
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    status, text, complaints = t.command(
        "fetch", "remove", "%s@office.test" % t.owner, "--label", "remote",
        "--yes")
    t.true(status == 0, text, complaints)
    t.add(provider, take="--new")
    t.now()
    t.here(datas)
    t.once(box)
