"""Killed, full, restored: what the provider lets go is here, exactly once.

Every message a provider ever had must be in its owner's mailbox exactly once
in the end.  What was deleted there cannot be collected again, so a message
deleted before it was safe here is found missing.  Names hold the seed.
"""

import copy
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from harness import (Case, Fault, ImapMail, ImapSession, Mail, Place, Session,
                     compare, letter, mended)

GUARD = 90.0            # seconds until all is well again
AT_ONCE = 5             # kills of one role before it is begun seconds later
ROLES = ("fetch", "queue", "schedule", "keeper", "mailbox", "resolver",
         "judge")
# role, call, fault, which time
CALLS = (
    ("queue", "pwritev", "EIO", 1), ("queue", "pwritev", "ENOSPC", 1),
    ("queue", "pwritev", "EDQUOT", 2), ("queue", "pwritev", "KILL", 1),
    ("queue", "fdatasync", "EIO", 1), ("queue", "fdatasync", "KILL", 1),
    ("queue", "fdatasync", "KILL", 2), ("queue", "pwrite64", "EIO", 1),
    ("queue", "pwrite64", "KILL", 2), ("queue", "openat", "EROFS", 1),
    ("queue", "openat", "EMFILE", 1), ("queue", "sendmsg", "KILL", 3),
    ("mailbox", "pwritev", "EIO", 1), ("mailbox", "pwritev", "ENOSPC", 1),
    ("mailbox", "fdatasync", "KILL", 1),
    ("fetch", "memfd_create", "EMFILE", 1), ("fetch", "socket", "EMFILE", 1),
    ("fetch", "sendmsg", "KILL", 2), ("fetch", "sendmsg", "KILL", 5),
    ("fetch", "memfd_create", "KILL", 3),
)


# what IMAP does otherwise is all in fetch
IMAP_CALLS = (
    ("queue", "pwritev", "ENOSPC", 1), ("queue", "fdatasync", "KILL", 1),
    ("fetch", "memfd_create", "EMFILE", 1), ("fetch", "socket", "EMFILE", 1),
    ("fetch", "sendmsg", "KILL", 5), ("fetch", "memfd_create", "KILL", 3),
)


class Halves(Session):
    """Each message in two halves, with a step of its own between them."""

    def retr(self, number, mail):
        self.say(b"+OK")
        self.send(mail.wire[:len(mail.wire) // 2])
        self.flush()
        self.provider.step(self, b"half")
        self.send(mail.wire[len(mail.wire) // 2:])


class ImapHalves(ImapSession):
    """The same; and all that is said goes over the line compressed."""
    compress = True

    def text(self, number, mail):
        self.body(number, mail, mail.data)
        data, self.out = b"".join(self.out), []
        self.push(data[:len(data) // 2])
        self.provider.step(self, b"half")
        self.push(data[len(data) // 2:])
        self.ok()


class Remote:
    """One owner's remote mailbox, and all it ever held."""

    def __init__(self, place, owner, delete, session=Halves, label="remote"):
        self.case = Case(place, owner, owner)
        self.label = label
        self.delete = delete
        self.all = []           # bytes
        self.mails = []         # and as they wait there
        self.is_imap = session.protocol == "imap"
        self.box = (self.case.imap_box if self.is_imap else self.case.box)(
            (), user="%s-%s" % (owner, label))
        self.provider = self.case.provider(session, self.box)
        self.count = 0

    def join(self, take="--all", more=None):
        self.case.add(self.provider, label=self.label, take=take,
                      user=self.box.user.decode(), delete=more or (
                          "--delete-after 0" if self.delete else "--keep"))

    def more(self, count, rng=None):
        """That many more messages wait."""
        for _ in range(count):
            size = rng.choices((300, 3000, 30000, 140000, 400000),
                               (50, 30, 12, 5, 3))[0] if rng else 1000
            self.put(letter("%s-%s-%d" % (self.case.owner, self.label,
                                          self.count + 1), size))

    def put(self, data):
        self.count += 1
        mail = (ImapMail if self.is_imap else Mail)("u%d" % self.count, data)
        self.all.append(data)
        self.mails.append(mail)
        self.box.add(mail)

    def collect(self):
        """However it ends, but it must end."""
        began = time.monotonic()
        try:
            self.case.fetch("now", self.label)
        except Fault:
            pass            # the hub, or a part of it, was killed
        if time.monotonic() - began > GUARD:
            raise Fault("fetch now took %d s" % (time.monotonic() - began))

    def is_done(self):
        try:
            rows = self.case.fetch("now", self.label)
        except Fault as fault:
            self.why = str(fault)
            return False
        self.why = str(rows)
        return all(row["result"] == "done" for row in rows) and \
            (not self.delete or not self.box.uidls())


def until_done(remotes, guard=GUARD):
    """Collect until each says "done" and nothing waits."""
    until = time.monotonic() + guard
    for remote in remotes:
        while not remote.is_done():
            if time.monotonic() > until:
                raise Fault("%s is not collected after %d s: %s" % (
                    remote.case.owner, guard, remote.why))
            time.sleep(0.2)


def judge(place, remotes):
    """All here once, and nothing deleted that is kept; then anew."""
    for again in (False, True):
        place.hub.wait_settled()
        for remote in remotes:
            owner = remote.case.owner
            wanted = [mended(data) for other in remotes
                      if other.case.owner == owner for data in other.all]
            compare(owner, remote.case.letters(), wanted)
            if not remote.delete and len(remote.box.uidls()) < len(remote.all):
                raise Fault("%s: deleted, though it is kept" % owner)
        place.hub.stop()
        place.hub.check()
        if not again:
            place.hub.start()


class Scene:
    """with Scene(args, {owner: delete}) as scene: a hub and its remotes."""

    def __init__(self, args, owners, config=None, session=Halves, join=True,
                 remote=Remote, others=()):
        self.place = Place(args.bin, [*owners, *others], dict({
            "journal_segment_bytes": "1MiB", "settle_seconds": "1s",
            "letters_segment_bytes": "1MiB"}, **(config or {})))
        self.hub = self.place.hub
        self.hub.start()
        self.remotes = [remote(self.place, owner, delete, session)
                        for owner, delete in owners.items()]
        for remote in self.remotes if join else ():
            remote.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print("the end of the log:\n" + "\n".join(
                self.hub.log().splitlines()[-25:]), flush=True)
        for remote in self.remotes:
            remote.case.close()
        self.hub.remove()

    def all_well(self):
        until_done(self.remotes)
        judge(self.place, self.remotes)


# --- killed ------------------------------------------------------------------

def kill(hub, role):
    if role == "hub":
        hub.kill()
    else:
        hub.kill_role(role)


def at_each_step(args, role, delete, session=Halves):
    """Killed when the provider is told its first command, its second, ..."""
    with Scene(args, {"ann": delete}, session=session) as scene:
        remote = scene.remotes[0]
        provider = remote.provider
        for wanted in range(1, 60):
            remote.more(2)
            count = [0]
            killed = threading.Event()

            def step(_session, _line, wanted=wanted, count=count,
                     killed=killed):
                count[0] += 1
                if count[0] == wanted:
                    kill(scene.hub, role)
                    killed.set()
            provider.step = step
            until = time.monotonic() + GUARD
            remote.collect()
            # a hub that was begun just now may have no fetchers yet
            while count[0] == 0 and time.monotonic() < until:
                time.sleep(0.1)
                remote.collect()
            # nobody waits for the answer to the last command
            if not provider.calm(GUARD):
                raise Fault("a session does not end")
            if count[0] >= wanted:
                killed.wait(GUARD)
            provider.step = lambda session, line: None
            if scene.hub.process is None:
                scene.hub.start()
            until_done(scene.remotes)
            if count[0] < wanted:
                break
            if wanted % AT_ONCE == 0:   # who dies often is begun later
                scene.hub.stop()
                scene.hub.start()
        else:
            raise Fault("a collection of more than 60 steps")
        if wanted < 8:
            raise Fault("only %d steps" % wanted)
        judge(scene.place, scene.remotes)
        # what had been wholly sent when the part died may come again, once
        for uidl, times in remote.box.sent.items():
            if times > 2:
                raise Fault("%r was carried %d times" % (uidl, times))


def undeleting(args, polls, seed, session=Session):
    """F34: all that was deleted is there again, before each of the polls."""
    rng = random.Random(seed)
    with Scene(args, {"ann": True}, session=session) as scene:
        remote = scene.remotes[0]
        remote.more(20, rng)
        for i in range(polls):
            if i % 10 == 9:
                scene.hub.kill_role(rng.choice(("fetch", "queue")))
                remote.more(1, rng)
            remote.collect()
            with remote.box.lock:
                remote.box.mails[:] = remote.mails
                for mail in remote.mails if remote.is_imap else ():
                    mail.flags.clear()
        scene.all_well()


# --- deleted here ------------------------------------------------------------

MIRROR = "--keep --delete-when-deleted-here"


def there_without(scene, remote, gone):
    """At the provider is all but these, after some collections."""
    wanted = [mail.uidl.decode() for mail in remote.mails
              if mail not in gone]
    try:
        remote.case.until_there(remote.box, wanted)
    except Fault as fault:
        raise Fault("%s, of %s" % (fault, wanted)) from fault
    scene.hub.wait_settled()
    kept = [data for mail, data in zip(remote.mails, remote.all)
            if mail not in gone]
    remote.case.here(kept)


def mirrored(args, role):
    """Killed between a deletion here, its being told, and the one there."""
    with Scene(args, {"ann": False}, session=Session, join=False) as scene:
        ann = scene.remotes[0]
        ann.join(more=MIRROR)
        ann.more(8)
        until_done([ann])
        scene.hub.wait_settled()
        gone = []
        for n, delay in enumerate((0, 0.002, 0.01, 0.05)):
            ann.case.delete_here(ann.all[n])
            gone.append(ann.mails[n])
            time.sleep(delay)
            kill(scene.hub, role)
            if role == "hub":
                scene.hub.start()
            there_without(scene, ann, gone)
        scene.hub.stop()
        scene.hub.check()
        scene.hub.start()
        ann.is_done()
        there_without(scene, ann, gone)


def told_to_nobody(args):
    """Deleted here while the queue hears nothing, and then all is killed."""
    with Scene(args, {"ann": False}, session=Session, join=False) as scene:
        ann = scene.remotes[0]
        ann.join(more=MIRROR)
        ann.more(3)
        until_done([ann])
        scene.hub.wait_settled()
        for pid in scene.hub.pids("queue"):
            os.kill(pid, signal.SIGSTOP)
        ann.case.delete_here(ann.all[1])
        scene.hub.kill()
        scene.hub.start()
        there_without(scene, ann, [ann.mails[1]])


def mirror_restored(args):
    """What the copy does not know to be deleted is not deleted there."""
    with Scene(args, {"ann": False}, session=Session, join=False) as scene:
        hub, ann = scene.hub, scene.remotes[0]
        ann.join(more=MIRROR)
        ann.more(4)
        until_done([ann])
        hub.wait_settled()
        hub.stop()
        copy = hub.data + ".copy"
        subprocess.run(["cp", "-a", hub.data, copy], check=True)
        hub.start()
        ann.case.delete_here(ann.all[0])
        there_without(scene, ann, [ann.mails[0]])
        ann.case.delete_here(ann.all[1])    # told, and not deleted there yet
        hub.wait_settled()
        hub.stop()
        shutil.rmtree(hub.data)
        os.rename(copy, hub.data)
        hub.start()
        for resumed in (False, True):
            for _ in range(2):
                ann.case.now(label="remote")
            if ann.box.uidls() != [b"u2", b"u3", b"u4"]:
                raise Fault("deleted after a restore (%s): %s" % (
                    resumed, ann.box.uidls()))
            status, text, complaints = ann.case.command("fetch", "resume")
            if status != 0:
                raise Fault("fetch resume: %s%s" % (text, complaints))
        ann.case.here(ann.all)          # the first of them from the copy
        ann.case.delete_here(ann.all[1])
        ann.case.until_there(ann.box, ["u3", "u4"])


# --- restored ----------------------------------------------------------------

def restored(args, session=Session):
    """The data folder of last week stands there again."""
    with Scene(args, {"ann": True, "bob": False}, session=session) as scene:
        hub, (ann, bob) = scene.hub, scene.remotes
        for remote in scene.remotes:
            remote.more(5)
        until_done(scene.remotes)
        hub.wait_settled()
        hub.stop()
        copy = hub.data + ".copy"
        subprocess.run(["cp", "-a", hub.data, copy], check=True)
        hub.start()
        lost = len(ann.all)
        for remote in scene.remotes:
            remote.more(4)
        until_done(scene.remotes)
        hub.wait_settled()
        hub.stop()
        shutil.rmtree(hub.data)
        os.rename(copy, hub.data)
        hub.start()
        # ann's four were deleted remotely: no copy of them is left
        del ann.all[lost:]
        ann.more(3)
        bob.more(3)
        before = dict(bob.box.sent)
        row = ann.case.now(label="remote")
        bob.case.now(label="remote")
        if row["deletions_stopped"] != "yes":
            raise Fault("it does not say that deletion is stopped: %s" % row)
        if len(ann.box.uidls()) != 3:
            raise Fault("deleted after a restore: %s" % ann.box.uidls())
        for uidl, count in bob.box.sent.items():
            old = int(uidl[1:]) <= 5
            if count != before.get(uidl, 0) + (0 if old else 1):
                raise Fault("%r was carried %d times" % (uidl, count))
        ann.case.now(label="remote")
        hub.stop()              # a restart does not forget it
        hub.start()
        ann.case.now(label="remote")
        if len(ann.box.uidls()) != 3:
            raise Fault("deleted after a restart: %s" % ann.box.uidls())
        status, text, complaints = ann.case.command("fetch", "resume")
        if status != 0:
            raise Fault("fetch resume: %s%s" % (text, complaints))
        scene.all_well()


# --- a disk that fails, or is full -------------------------------------------

def failing_call(args, role, call, fault, n, session=Session, kind=Remote):
    """The n-th such call of the role fails while it collects."""
    from sweep import Strace, can_trace
    if not can_trace():
        raise args.Skip("needs strace and root")
    with Scene(args, {"ann": True}, session=session, remote=kind) as scene:
        remote = scene.remotes[0]
        remote.more(1)
        until_done(scene.remotes)       # so that all that is needed runs
        remote.more(12, random.Random(n))
        remote.put(letter("a-file-of-its-own", 300000))
        pids = scene.hub.pids(role, scene.hub.accounts["ann"]) or \
            scene.hub.pids(role)
        if not pids:
            raise Fault("no process of role " + role)
        strace = Strace(pids[0], call, fault, n)
        try:
            remote.collect()
            time.sleep(1.5)     # settled each second
        finally:
            hit = strace.end()
        scene.all_well()
    if not hit:
        raise args.Skip("the call is not reached")


def settled_part(scene, remote):
    """What is not at the provider any more is here, and nothing twice."""
    scene.hub.wait_settled()
    waiting = set(remote.box.uidls())
    gone = [mended(data) for i, data in enumerate(remote.all, 1)
            if b"u%d" % i not in waiting]
    compare("ann", remote.case.letters(),
            [mended(data) for data in remote.all], least=gone)


def full_disk(args, folder):
    """F38, F54: 48 MiB, 60 MiB of mail, and then not one byte left."""
    import hub as hubs
    from full import fill
    tempfile.tempdir = folder           # the hub's own folder goes there
    with Scene(args, {"ann": True}, session=Session, config={
            "ballast_bytes": "2MiB", "free_bytes": "6MiB"}) as scene:
        tempfile.tempdir = None
        hub, remote = scene.hub, scene.remotes[0]
        for i in range(600):
            remote.put(letter("big-%d" % i, 100000))
        row = {}
        for _ in range(60):
            row = remote.case.now("done", "paused", label="remote")
            if row["result"] == "paused":
                break
        if row.get("result") != "paused":
            raise Fault("60 MiB on a disk of 48: %s" % row)
        settled_part(scene, remote)
        filler = fill(hub.folder)
        asked = sum(remote.box.asked.values())
        remote.case.now("paused", label="remote")
        asked = sum(remote.box.asked.values()) - asked
        if asked > 1:
            raise Fault("a full disk, and %d messages were asked for" % asked)
        # one that was asked for may be in the journal, and waits for room
        if asked == 0:
            settled_part(scene, remote)
        os.unlink(filler)
        # room again, bit by bit: read here and delete
        taken = []
        until = time.monotonic() + 2 * GUARD
        while remote.box.uidls() or len(taken) < len(remote.all):
            if time.monotonic() > until:
                raise Fault("room again, and %d wait" %
                            len(remote.box.uidls()))
            remote.case.now("done", "paused", label="remote")
            taken += drained(hub, remote)
        compare("ann", taken, [mended(data) for data in remote.all])
        if hubs.SANITIZER.search(hub.log()):
            raise Fault("a sanitizer complained")
        hub.stop()
        hub.check()


def drained(hub, remote):
    """Take all letters out of the mailbox here."""
    from harness import Pop
    found = remote.case.letters()
    pop = Pop(hub, remote.case.owner)
    for number in range(1, len(found) + 1):
        pop.ask("DELE %d" % number)
    pop.close()
    return found


def full_inside(args):
    folder = tempfile.mkdtemp(prefix="postroom-fetch-disk-")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=755",
                        "tmpfs", folder], check=True)
        try:
            full_disk(args, folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def full_outside(args):
    if os.geteuid() != 0 or shutil.which("unshare") is None or \
            subprocess.run(["unshare", "--mount", "true"],
                           stderr=subprocess.DEVNULL,
                           check=False).returncode != 0:
        raise args.Skip("needs root and a mount namespace")
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", sys.executable,
         os.path.join(os.path.dirname(__file__), "run.py"), "--bin", args.bin,
         "--results", "/dev/null", "--inside", "--only", "F54/full-disk"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=600, check=False)
    if done.returncode != 0:
        raise Fault(done.stdout.decode("utf-8", "replace").strip()
                    .replace("fail F54/full-disk: ", "", 1))


# --- a large mailbox ---------------------------------------------------------

class Fast(Session):
    """A listing of 100,000 in one piece."""

    def do_LIST(self, rest):
        self.rows_at_once(rest, self.list_row)

    def do_UIDL(self, rest):
        self.rows_at_once(rest, self.uidl_row)

    def rows_at_once(self, rest, row):
        if rest:
            self.listing(rest, row)
            return
        self.say(b"+OK")
        self.send(b"\r\n".join(row(i, mail) for i, mail in
                               enumerate(self.list, 1)) + b"\r\n.\r\n")


class ImapFast(ImapSession):
    """The same over IMAP."""
    compress = True

    def rows(self):
        self.send(b"".join(b"* " + self.row(i, mail) + b"\r\n" for i, mail in
                           enumerate(self.view, 1)))

def resident(hub, role):
    """MiB that a process of this role has needed at most."""
    most = 0
    for pid in hub.pids(role):
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as file:
                found = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        except OSError:
            continue
        if found:
            most = max(most, int(found[1]) // 1024)
    return most


def hundred_thousand(args, session=Fast):
    """F35: 100,000 old messages are listed and passed over, twice."""
    with Scene(args, {"ann": False, "bob": True}, session=session,
               join=False) as scene:
        ann, bob = scene.remotes
        one = (ImapMail if ann.is_imap else Mail)("x", letter("old"))
        for i in range(100000):
            mail = copy.copy(one)
            mail.uidl = b"old-%d" % i
            if ann.is_imap:
                ann.box.add(mail)
            else:
                ann.box.mails.append(mail)
        ann.join("--new")
        bob.join()
        bob.more(1)
        asked = time.monotonic()
        bob.case.now(label="remote")
        alone = time.monotonic() - asked
        peak = {"fetch": 0, "queue": 0}
        over = threading.Event()

        def watch():
            while not over.wait(0.05):
                for role in peak:
                    peak[role] = max(peak[role], resident(scene.hub, role))
        watcher = threading.Thread(target=watch)
        watcher.start()
        ends = []

        def twice():
            try:
                for _ in range(2):
                    ends.append(ann.case.fetch("now", "remote")[0]["result"])
                    ann.more(3)
            except Fault as fault:
                ends.append(str(fault))
        long_one = threading.Thread(target=twice)
        began = time.monotonic()
        try:
            long_one.start()
            waits = [0.0]
            while long_one.is_alive() and waits[-1] < GUARD:
                bob.more(1)
                asked = time.monotonic()
                bob.case.now(label="remote")
                waits.append(time.monotonic() - asked)
            long_one.join(GUARD)
        finally:
            over.set()
            watcher.join()
        seconds = time.monotonic() - began
        if ends != ["done", "done"]:
            raise Fault("100,000 messages: %s after %.1f s" % (ends, seconds))
        if ann.box.asked.keys() != {b"u1", b"u2", b"u3"}:
            raise Fault("asked for: %s" % list(ann.box.asked)[:5])
        if max(waits) > max(20.0, 10 * alone):
            raise Fault("another mailbox had to wait %.1f s, and %.1f when "
                        "it was alone" % (max(waits), alone))
        if peak["fetch"] > 96 or peak["queue"] > 128:
            raise Fault("MiB: %s" % peak)
        # of rows in bulk a thousand go in the time of one collection
        if seconds > max(240.0, 200 * alone):
            raise Fault("two listings took %.1f s" % seconds)
        scene.all_well()


# --- the schedule ------------------------------------------------------------

def by_itself(args):
    """F05: a mailbox is looked at by itself; a refused login not each time."""
    with Scene(args, {"ann": True}, config={"fetch_minutes": "1"},
               session=Session) as scene:
        class Refuses(Session):
            def let_in(self, box, is_right):
                self.say(b"-ERR [AUTH] wrong")
        refused = Remote(scene.place, "ann", False, Refuses, "refused")
        refused.join()
        scene.remotes[0].more(3)
        until = time.monotonic() + 75
        while time.monotonic() < until + GUARD and \
                scene.remotes[0].box.uidls():
            time.sleep(0.5)
        if scene.remotes[0].box.uidls():
            raise Fault("not collected by itself within %d s" % (75 + GUARD))
        scene.remotes[0].more(2)
        time.sleep(max(0.0, until - time.monotonic()))
        logins = refused.provider.words()["PASS"]
        if not 1 <= logins <= 2:
            raise Fault("a refused login was tried %d times in 75 s" % logins)
        refused.case.close()
        scene.all_well()


def tests(args):
    if args.inside:
        yield "F54/full-disk", lambda: full_inside(args)
        return
    yield "F05/collected-by-itself-and-no-hammering", lambda: by_itself(args)
    for role in ("queue", "hub", "fetch", *(ROLES[2:] if args.long else ())):
        yield ("F37/imap/killed-at-each-step/%s" % role,
               lambda role=role: at_each_step(args, role, True, ImapHalves))
        for delete in (True, False) if args.long or role == "fetch" \
                else (True,):
            yield ("F37/killed-at-each-step/%s/%s" % (
                role, "delete" if delete else "keep"),
                lambda role=role, delete=delete: at_each_step(args, role,
                                                              delete))
    yield "F54/full-disk", lambda: full_outside(args)
    yield "F35/100000-messages-listed", lambda: hundred_thousand(args)
    yield "F51/restored-from-a-copy", lambda: restored(args)
    yield "F51/restored-and-a-mirror", lambda: mirror_restored(args)
    for role in ("mailbox", "queue", "fetch", "hub"):
        yield ("F37/deleted-here-and-killed/%s" % role,
               lambda role=role: mirrored(args, role))
    yield "F37/deleted-here-and-told-to-nobody", lambda: told_to_nobody(args)
    yield "F34/100-polls-of-a-provider-that-undeletes", lambda: undeleting(
        args, 300 if args.long else 100, args.seed)
    yield "F35/imap/100000-messages-listed", lambda: hundred_thousand(
        args, ImapFast)
    yield "F51/imap/restored-from-a-copy", lambda: restored(args, ImapSession)
    yield "F34/imap/100-polls-of-a-provider-that-undeletes", \
        lambda: undeleting(args, 300 if args.long else 100, args.seed,
                           ImapSession)
    for row in IMAP_CALLS:
        yield ("F38/imap/a-call-fails/%s/%s/%s/%d" % row,
               lambda row=row: failing_call(args, *row, ImapSession))
    for row in CALLS:
        yield ("F38/a-call-fails/%s/%s/%s/%d" % row,
               lambda row=row: failing_call(args, *row))
