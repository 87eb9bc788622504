"""The archive of a domain's mailbox: what the provider sent, byte for byte.

Line ends and NULs that the hub mends are in the archive as they came, whatever
becomes of the message.  In the moment in which a provider is told to delete one
its bytes must stand there; a hub that is killed, or whose disk fails, may leave
one twice.
"""

import hashlib
import json
import os
import random
import subprocess

from domain import add_domain, for_whom, held
from harness import (Case, DOMAIN, Fault, ImapSession, Mail, Place, Session,
                     letter)
from harness import test
from killing import Halves, ImapHalves, failing_call
from kills import Domain, all_well, Load, kill_one
from killing import Scene
from resuming import cutting

ODD = (b"a\rb\nc\0d\x80e\r\n", b"\n" * 40, b"\r" * 7 + b"\r\n", b"\0\0\x80\r\n",
       b".\r\n..\r\n\n.\r\nx\r.\r\n", b"no end", b"", b"cr in\rmid", b"cr last\r")
# the end of these is one for POP3 and IMAP alike
PLAIN_ODD = tuple(odd for odd in ODD if odd[-2:-1] + odd[-1:] in (b"\r\n", b"") or
                  odd[-1:] not in b"\r\n")
# role, call, fault, which time; each is met while messages are archived
CALLS = (
    ("queue", "renameat", "EIO", 1), ("queue", "renameat", "ENOSPC", "2+3"),
    ("queue", "renameat", "KILL", 1), ("queue", "renameat", "KILL", 2),
    ("queue", "mkdirat", "ENOSPC", "1..6"), ("queue", "fsync", "EIO", "1..9"),
    ("queue", "fsync", "ENOSPC", "2+2"), ("queue", "fsync", "KILL", 3),
    ("queue", "fsync", "KILL", 5),
    ("queue", "pwrite64", "ENOSPC", "1+2"), ("queue", "pwrite64", "KILL", 3),
    ("fetch", "memfd_create", "EMFILE", 2), ("fetch", "memfd_create", "KILL", 4),
)
KILLS = {"pop3": 8, "imap": 6}


def sent(data, is_imap=False):
    """What comes of it over the wire: POP3 ends each message's last line."""
    return data if is_imap or data.endswith(b"\r\n") else data + b"\r\n"


def is_bare(data):
    return data.endswith((b"\r", b"\n")) and not data.endswith(b"\r\n")


def as_mended(data, is_imap):
    """A last line with a bare end has one, where POP3 puts CRLF behind it."""
    return data[:-1] + b"\r\n" if is_imap and is_bare(data) else data


def archived(hub):
    """{path: bytes} of all there is."""
    found = {}
    folder = os.path.join(hub.data, "queue", "archive")
    for day in os.listdir(folder):
        for name in os.listdir(os.path.join(folder, day)):
            try:
                with open(os.path.join(folder, day, name), "rb") as file:
                    found[day + "/" + name] = file.read()
            except FileNotFoundError:
                pass                    # it has its name just now
    return found


def there(t, wanted, is_imap=False):
    """Each of these once, byte for byte; of others nothing is said."""
    all_there = list(archived(t.hub).values())
    for data in wanted:
        count = all_there.count(sent(data, is_imap))
        t.true(count == 1, "archived %d times:" % count, data[:300])


def odd_letters(own, name):
    """Malformed ones of all sizes, all for `own`."""
    datas = [for_whom("%s-%d" % (name, i), own) + odd
             for i, odd in enumerate(ODD)]
    datas.append(for_whom(name + "-lf", own).replace(b"\r\n", b"\n"))
    datas.append(for_whom(name + "-150k", own) + b"x\ry\nz\0" * 25000)
    datas.append(for_whom(name + "-fine", own) + b"fine \x80\r\n" * 20000)
    return datas


def large_letter(own, name):
    """6 MB, every kind of byte, the first mended one far behind its start."""
    rng = random.Random(name)
    return for_whom(name, own) + b"fine\r\n" * 50000 + \
        bytes(rng.choices(range(256), k=2_800_000)) + \
        b"\n\0\x80\r" * 200000 + b"line\n" * 400000


def path_of(t, data):
    """Where that one is."""
    return [os.path.join(t.hub.data, "queue", "archive", path)
            for path, found in archived(t.hub).items()
            if found == sent(data)][0]


def number_of(t, data):
    """Its id."""
    return os.path.basename(path_of(t, data)).partition(".")[0]


def show(t, number, *more):
    """`archive show`: its bytes."""
    return subprocess.run(
        [os.path.join(t.hub.bin, "postroom"), "-c", t.hub.conf, "archive",
         "show", number, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        check=True, timeout=60).stdout


def as_sent(t, session, box, datas):
    provider = t.provider(session, box)
    add_domain(t, provider, "--archive", "yes", delete="--delete-after 0")
    t.now()
    t.here([as_mended(data, provider.is_imap()) for data in datas])
    t.true(not box.uidls(), "not deleted there:", box.uidls())
    there(t, datas, provider.is_imap())


@test("archive/pop3/as-it-was-sent")
def pop3(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    datas = odd_letters(own, "odd-pop3") + [large_letter(own, "large-pop3")]
    as_sent(t, Session, t.box(datas), datas)


@test("archive/imap/as-it-was-sent")
def imap(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    datas = odd_letters(own, "odd-imap") + [large_letter(own, "large-imap")]
    as_sent(t, ImapSession, t.imap_box(datas), datas)


@test("archive/imap/of-which-only-the-rest-came")
def resumed(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    data = for_whom("archive-resume", own) + b"fine\r\n" * 500000 + \
        b"then\n\0" * 200000
    box = t.imap_box([data])
    provider = t.provider(cutting([2 << 20]), box)
    add_domain(t, provider, "--archive", "yes", delete="--delete-after 0")
    t.now("closed")
    there(t, [], True)
    t.now()
    t.here([data])
    there(t, [data], True)


@test("archive/held-and-not-needed-too")
def whatever_becomes(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    nobody = for_whom("archive-nobody", "nobody-here@" + DOMAIN) + b"a\nb\0"
    first, second = (b"Received: by %s.isp.test; 1\r\n" % name +
                     for_whom("archive-copy", own) + b"same\n"
                     for name in (b"a", b"b"))
    box = t.box([nobody, first, second])
    add_domain(t, t.provider(Session, box), "--archive", "yes",
               "--envelope-header", "Delivered-To", delete="--delete-after 0")
    box.mails.append(Mail("uidl-9", b"Delivered-To: " + own.encode() +
                          b"\r\nReceived: by c.isp.test; 1\r\n" + first))
    box.mails.append(Mail("uidl-10", b"Delivered-To: " + own.encode() +
                          b"\r\nReceived: by d.isp.test; 1\r\n" + first))
    for _ in range(2):
        t.now()
    there(t, [nobody, first, second, *(mail.data for mail in box.mails)])
    t.true(not box.uidls(), "not deleted there:", box.uidls())
    t.true(held(t), "nothing is held")
    for row in held(t):
        t.until_traced(row["id"], "archive/")


@test("archive/commands")
def commands(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    data = for_whom("archive-commands", own) + b"\0 and \r\n. \n"
    box = t.box([data])
    add_domain(t, t.provider(Session, box))
    t.now()
    t.true(sent(data) not in archived(t.hub).values(), "nobody asked for it")
    status, text, complaints = t.command("fetch", "rules", own, "--archive",
                                         "maybe")
    t.true(status == 2, text + complaints)
    status, text, complaints = t.command("fetch", "rules", own, "--archive",
                                         "yes")
    t.true(status == 0 and "archive yes\n" in text, text + complaints)
    data = data.replace(b"commands", b"commands-2")
    box.mails.append(Mail("uidl-9", data))
    t.now()
    there(t, [data])
    number = number_of(t, data)
    t.true(show(t, number) == sent(data), "show:", show(t, number))
    status, text, complaints = t.command("archive", "list", "--days", "1",
                                         "--json")
    t.true(status == 0 and {
        "id": number, "bytes": len(sent(data)),
        "sha256": hashlib.sha256(sent(data)).hexdigest()} in [
            {"id": row["id"], "bytes": row["bytes"], "sha256": row["sha256"]}
            for row in json.loads(text)["result"]], text + complaints)
    status, text, complaints = t.command("archive", "list")
    t.true(status == 0 and number in text, text + complaints)
    t.until_traced(number, "/" + number, "archived")
    target = os.path.join(t.hub.folder, "exported")
    for _ in range(2):
        status, text, complaints = t.command("archive", "export", target)
        t.true(status == 0, text + complaints)
        with open(os.path.join(target, number + ".eml"), "rb") as file:
            t.true(file.read() == sent(data), "exported something else")
    status, text, complaints = t.command("archive", "show", "0" * 16)
    t.true(status == 3, status, text + complaints)
    status, text, complaints = t.command("fetch", "rules", own, "--archive",
                                         "no")
    t.true(status == 0 and "archive" not in text, text + complaints)
    data = data.replace(b"commands-2", b"commands-3")
    box.mails.append(Mail("uidl-10", data))
    t.now()
    t.true(sent(data) not in archived(t.hub).values(), "it was switched off")


def turn_one(t):
    """Of two archived, a byte of one; the other is of before digests."""
    own = "%s@%s" % (t.owner, DOMAIN)
    datas = [for_whom("archive-turned-%d" % n, own) + b"\0turn me"
             for n in range(2)]
    box = t.box(datas)
    add_domain(t, t.provider(Session, box), "--archive", "yes")
    t.now()
    there(t, datas)
    number, other = (number_of(t, data) for data in datas)
    path, plain = (path_of(t, data) for data in datas)
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        file.seek(len(datas[0]) // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 4]))
    # as they were called once
    os.rename(plain, os.path.join(os.path.dirname(plain), other))
    status, text, complaints = t.command("check", "--json")
    found = json.loads(text)["result"]
    t.true(status == 1 and [row for row in found["faults"]
                            if number in row["fault"]], text + complaints)
    t.true("no digest" in str(found["notes"]), text)
    t.true(not [row for row in found["faults"] if other in row["fault"]], text)
    status, text, complaints = t.command("archive", "list")
    t.true([line for line in text.splitlines()
            if line.startswith(other) and line.endswith("no digest")] and not
           [line for line in text.splitlines()
            if line.startswith(number) and line.endswith("no digest")], text)
    for more in ((), ("--json",)):
        status, text, complaints = t.command("archive", "show", number, *more)
        t.true(status == 1 and "turn me" not in text and
               number in text + complaints, text + complaints)
    t.true(show(t, other) == sent(datas[1]), "one without a digest is read")
    t.true(show(t, number, "--changed") not in (b"", sent(datas[0])),
           "--changed does not give it")
    target = os.path.join(t.hub.folder, "exported-turned")
    status, text, complaints = t.command("archive", "export", target)
    t.true(status == 1 and "1 messages" in complaints, text + complaints)
    t.true(number + ".eml" not in os.listdir(target) and
           other + ".eml" in os.listdir(target), os.listdir(target))
    status, text, complaints = t.command("archive", "export", target,
                                         "--changed", "--json")
    t.true(status == 0 and json.loads(text)["result"]["changed"] == 1,
           text + complaints)
    t.true(number + ".changed.eml" in os.listdir(target), os.listdir(target))


def turned(args):
    place = Place(args.bin, ["ann"])
    case = None
    try:
        place.hub.start()
        case = Case(place, "archive-turned", "ann")
        turn_one(case)
    finally:
        if case is not None:
            case.close()
        place.hub.remove()


# --- killed, and failing -------------------------------------------------------

class Archived(Domain):
    """Malformed mail; each that is deleted there is in the archive."""

    def __init__(self, place, owner, delete, session=Session):
        super().__init__(place, owner, delete, session)
        self.bare = []

    def join(self, take="--all", more=None):
        add_domain(self.case, self.provider, "--archive", "yes",
                   user=self.box.user.decode(), take=take,
                   delete=more or "--delete-after 0")

    def put(self, data):
        super().put(data + self.rng.choice(PLAIN_ODD))

    def removing(self, session, mails):
        super().removing(session, mails)
        found = set(archived(self.case.hub).values())
        self.bare += [mail.data[:200] for mail in mails
                      if sent(mail.data, self.is_imap) not in found]

    def judge(self):
        super().judge()
        self.is_archived()

    def is_archived(self):
        """Each is there, perhaps more than once; and nothing else."""
        if self.bare:
            raise Fault("deleted before it was archived: %s" % self.bare[:3])
        wanted = {sent(data, self.is_imap) for data in self.all}
        found = archived(self.case.hub)
        there_is = set(found.values())
        if wanted - there_is:
            raise Fault("%d are not archived: %s" % (
                len(wanted - there_is), min(wanted - there_is)[:300]))
        if there_is - wanted:
            raise Fault("%d in the archive were never sent: %s" % (
                len(there_is - wanted), min(there_is - wanted)[:300]))


class OwnArchived(Archived):
    """All of it is for its owner; for tests that compare by themselves."""

    def put(self, data):
        data = data.replace(b"To: office", b"To: %s@%s" % (
            self.case.owner.encode(), DOMAIN.encode()), 1)
        super(Domain, self).put(data + self.rng.choice(PLAIN_ODD))

    def judge(self):
        self.is_archived()

    def is_done(self):
        return super().is_done() and not self.bare


def killed(args, session, seed, kills):
    rng = random.Random("archive/%s" % seed)
    with Scene(args, {"ann": True}, session=session, remote=Archived,
               others=("ann-beside",)) as scene:
        with Load(scene.remotes, rng) as load:
            for n in range(kills):
                load.goes_on()
                kill_one(scene.hub, "hub" if n % 3 == 2 else "queue")
        all_well(scene)


def failing(args, session, row):
    kept = []

    class Noted(OwnArchived):
        def __init__(self, *rest):
            super().__init__(*rest)
            kept.append(self)
    failing_call(args, *row, session, Noted)
    if not kept[0].all:
        raise Fault("nothing was collected")


def tests(args):
    if args.inside:
        return
    yield ("archive/a-byte-that-is-turned-is-not-what-was-sent",
           lambda: turned(args))
    for name, session in (("pop3", Halves), ("imap", ImapHalves)):
        yield ("archive/%s/killed-between-archive-and-receipt/%d" % (
            name, args.seed), lambda name=name, session=session: killed(
                args, session, args.seed, 25 if args.long else KILLS[name]))
    for row in CALLS:
        yield ("archive/a-call-fails/%s/%s/%s/%s" % row,
               lambda row=row: failing(args, Session, row))
