"""Random kills while mail comes and is collected (HARDENING F37).

Any role, or the whole hub, at any moment; the next kill is for one that works
again.  Mail keeps coming to every mailbox, to folders with flags, and to those
of a domain.  In the end each message is where it belongs, once.  And in the
moment in which a provider is told to delete one, its bytes must stand in the
files of the hub.  A test's name holds its seed.
"""

import collections
import json
import os
import random
import re
import threading
import time

from domain import add_domain, for_whom
from harness import (DATE_MS, DOMAIN, Fault, Folder, ImapMail, ImapSession,
                     Session, compare, letter, mended)
from killing import GUARD, Halves, Remote, ROLES, Scene, until_done

FILES = ("queue", "accounts")           # in the order in which mail moves
FOLDERS = ("INBOX", "Work", "Archive/2025")
FLAGS = ((), (b"\\Seen",), (b"\\Answered", b"\\Flagged"), (b"$Forwarded",))
FLAG_BITS = (0, 1, 6, 0)
DATES = ((b"17-Jul-2024 02:44:25 -0700", DATE_MS),
         (b"01-Jan-2026 00:00:00 +0000", 1767225600000))
# all that mail or a command passes on its way; the whole hub twice as often
VICTIMS = (*ROLES, "console", "door", "hub", "hub")
CHECK = {"pop3": 14, "imap": 14, "domain": 11, "imap-domain": 11}  # 50 kills
LONG_SEEDS = 10
LONG_KILLS = 25         # of 4 kinds and 10 seeds: 1,000


class Idles(ImapSession):
    """In two halves, compressed; new mail is told to who waits for it."""
    compress = idle = True

    def text(self, number, mail):
        self.body(number, mail, mail.data)
        data, self.out = b"".join(self.out), []
        self.push(data[:len(data) // 2])
        self.push(data[len(data) // 2:])
        self.ok()


def missing_from(folder, names):
    """Which of these are in no file below the hub's folders of mail."""
    names = set(names)
    for part in FILES:
        for place, _, files in os.walk(os.path.join(folder, part)):
            for file in files:
                if not names:
                    return names
                if file.endswith((".db", "-wal", "-shm")):
                    continue
                try:
                    with open(os.path.join(place, file), "rb") as opened:
                        data = opened.read()
                except OSError:
                    continue            # it has just moved on
                names -= {name for name in names if name in data}
    return names


def subject_of(data):
    return re.search(rb"Subject: [^\r\n]*", data).group(0)


class Watched(Remote):
    """It looks into the hub whenever it is told to delete."""

    def __init__(self, place, owner, delete, session=Session):
        super().__init__(place, owner, delete, session)
        self.early = []         # what was deleted too early
        self.provider.removing = self.removing

    def removing(self, _session, mails):
        gone = missing_from(self.case.hub.data,
                            [subject_of(mail.data) for mail in mails])
        self.early += sorted(gone)

    def judge(self):
        compare(self.case.owner, self.case.letters(),
                [mended(data) for data in self.all])

    def waiting(self):
        return self.box.uidls()

    def is_done(self):
        return super().is_done() and not (self.delete and self.waiting())

    def all_well(self):
        self.judge()
        if self.early:
            raise Fault("%s: deleted before it was here: %s" % (
                self.case.owner, self.early[:5]))
        if not self.delete and len(self.waiting()) < len(self.all):
            raise Fault("%s: deleted, though it is kept" % self.case.owner)


class Folders(Watched):
    """Several folders, with flags and dates."""

    def __init__(self, place, owner, delete, session=Idles):
        super().__init__(place, owner, delete, session)
        self.box.folders += [Folder(name) for name in FOLDERS[1:]]
        self.rng = random.Random(owner)
        self.wanted = collections.defaultdict(list)

    def join(self, take="--all", more=None):
        super().join(take, (more or ("--delete-after 0" if self.delete else
                                     "--keep")) + " --folders all")

    def waiting(self):
        return [uidl for name in FOLDERS
                for uidl in self.box.uidls(name.encode())]

    def put(self, data):
        self.count += 1
        where, n = self.rng.choice(FOLDERS), self.rng.randrange(len(FLAGS))
        date, date_ms = self.rng.choice(DATES)
        mail = ImapMail("u%d" % self.count, data, flags=FLAGS[n], date=date)
        keywords = b" ".join(word for word in FLAGS[n]
                             if not word.startswith(b"\\"))
        self.wanted[where].append((mended(data), FLAG_BITS[n], keywords,
                                   date_ms))
        self.all.append(data)
        with self.box.lock:
            self.box.folder(where.encode()).add(mail)

    def judge(self):
        here = self.case.folders()
        for name in {*here, *self.wanted}:
            found = [entry.data for entry in here.get(name, ())]
            compare("%s in %s" % (self.case.owner, name), found,
                    [row[0] for row in self.wanted[name]])
            for entry in here.get(name, ()):
                kept = (entry.data, entry.flags, entry.keywords,
                        entry.received)
                if kept not in self.wanted[name]:
                    raise Fault("%s in %s: flags %d (%r), of %d" % (
                        self.case.owner, name, *kept[1:]))


class Domain(Watched):
    """One mailbox of many: for its owner, for another, both, for nobody."""

    def __init__(self, place, owner, delete, session=Session):
        super().__init__(place, owner, delete, session)
        self.rng = random.Random(owner)
        self.other = owner + "-beside"
        self.wanted = {owner: [], self.other: []}
        self.held = []

    def join(self, take="--all", more=None):
        add_domain(self.case, self.provider, user=self.box.user.decode(),
                   take=take, delete=more or (
                       "--delete-after 0" if self.delete else "--keep"))

    def put(self, data):
        owners = self.rng.choice(([self.case.owner], [self.other],
                                  [self.case.owner, self.other], []))
        to = ", ".join("%s@%s" % (name, DOMAIN) for name in owners)
        data = data.replace(b"To: office", b"To: " + (
            to or "joe@example.com").encode(), 1)
        for name in owners:
            self.wanted[name].append(mended(data))
        if not owners:
            self.held.append(subject_of(data).partition(b" ")[2].decode())
        super().put(data)

    def judge(self):
        for name, wanted in self.wanted.items():
            self.case.owner, owner = name, self.case.owner
            try:
                compare(name, self.case.letters(), wanted)
            finally:
                self.case.owner = owner
        status, text, complaints = self.case.command("hold", "list", "--json")
        if status != 0:
            raise Fault("hold list: " + complaints)
        held = sorted(row["subject"] for row in json.loads(text)["result"]
                      if self.case.owner + "@" in row["recipients"])
        if held != sorted(self.held):
            raise Fault("%s: held %s, not %s" % (self.case.owner, held,
                                                 sorted(self.held)))


# kind: what waits there, how it is spoken to, whose is deleted, further ones
KINDS = {
    "pop3": (Watched, Halves, {"ann": True, "bob": False, "cid": True}, ()),
    "imap": (Folders, Idles, {"ann": True, "bob": False}, ()),
    "domain": (Domain, Halves, {"ann": True}, ("ann-beside",)),
    "imap-domain": (Domain, Idles, {"ann": True}, ("ann-beside",)),
}


class Load:
    """with Load(remotes, rng): mail comes to each and is collected."""

    def __init__(self, remotes, rng):
        self.stopping = threading.Event()
        self.faults = []
        self.remotes = remotes
        self.threads = [
            threading.Thread(target=self.run, args=(
                remote, random.Random(rng.random()))) for remote in remotes]

    def run(self, remote, rng):
        try:
            while not self.stopping.is_set():
                remote.more(rng.randint(1, 6), rng)
                remote.collect()
                self.stopping.wait(0.02)
        except Exception as fault:      # a thread must not die unheard
            self.faults.append(fault)

    def carried(self):
        return sum(sum(remote.box.sent.values()) for remote in self.remotes)

    @staticmethod
    def where(remote):
        """What a person could find out about one that stands still."""
        return " | ".join(remote.case.command(*words)[1].strip() for words in (
            ("fetch", "list", "--json"), ("status", "--json")))

    def goes_on(self):
        """Until one more message was carried."""
        before, until = self.carried(), time.monotonic() + GUARD
        while self.carried() == before and not self.faults:
            if time.monotonic() > until:
                raise Fault("nothing is collected after a kill: %s" %
                            "; ".join(map(self.where, self.remotes)))
            time.sleep(0.01)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if kind is None and self.faults:
            raise Fault("; ".join(map(str, self.faults)))


def victims(rng):
    """Each in turn, in an order of its own each time."""
    while True:
        yield from rng.sample(VICTIMS, len(VICTIMS))


def kill_one(hub, victim):
    if victim == "hub":
        hub.kill()
        hub.start()
    else:
        hub.kill_role(victim)


def all_well(scene):
    """All of it is here once; and after a start in good order, still."""
    until_done(scene.remotes)
    for again in (False, True):
        scene.hub.wait_settled()
        for remote in scene.remotes:
            remote.all_well()
        scene.hub.stop()
        scene.hub.check()
        if not again:
            scene.hub.start()


def killed(args, kind, seed, kills):
    remote, session, owners, others = KINDS[kind]
    rng = random.Random("%s/%s" % (kind, seed))
    with Scene(args, owners, session=session, remote=remote, others=others,
               config={"fetch_watch": "yes"}) as scene:
        order = victims(rng)
        with Load(scene.remotes, rng) as load:
            for _ in range(kills):
                load.goes_on()
                time.sleep(rng.uniform(0.0, 0.4))
                kill_one(scene.hub, next(order))
        all_well(scene)
        if args.times:
            print("%s/%d: %d kills, %d messages, %d carried" % (
                kind, seed, kills, sum(len(one.all) for one in scene.remotes),
                load.carried()))


def tests(args):
    if args.inside:
        return
    for seed in range(args.seed, args.seed + (LONG_SEEDS if args.long else 1)):
        for kind, kills in CHECK.items():
            yield ("F37/%srandom-kills/%s/%d" % (
                "imap/" if "imap" in kind else "", kind, seed),
                   lambda kind=kind, seed=seed, kills=kills: killed(
                       args, kind, seed, LONG_KILLS if args.long else kills))
