#!/usr/bin/env python3
"""Mailboxes that are shared, by people and by the postmaster, in a running hub.

usage: acl.py --bin DIR --conf FILE --base PORT --folder DIR --hub PID
              --results FILE
"""

import argparse
import imaplib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time

GUARD = 120.0
MOVED = 12          # messages, each way; every third is a big one
BIG = 200 * 1024
MANY = 1250         # every second of twice as many: more than go at once
KILLS = 2           # each way: who dies often is started again ever later
LOST = (imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)


def login(args, who):
    """One person, at the hub; again, while the hub is busy with its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    until = time.monotonic() + GUARD
    while True:
        try:
            box = imaplib.IMAP4("127.0.0.1", args.base + 143, GUARD)
            box.starttls(context)
            box.login(who + "@office.test", "secret")
            return box
        except LOST:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def postroom(args, *words, want=0):
    """One command of the postmaster's; its answer as JSON."""
    done = subprocess.run([os.path.join(args.bin, "postroom"), "-c", args.conf,
                           "--json"] + list(words), stdout=subprocess.PIPE,
                          timeout=GUARD, check=False)
    assert (done.returncode == 0) == (want == 0), (words, done.stdout)
    return json.loads(done.stdout)


def good(answer):
    """What came with OK."""
    assert answer[0] == "OK", answer
    return answer[1]


def names(box, pattern):
    """The names that LIST has."""
    rows = good(box.list('""', pattern))
    return [re.sub(r'.* "/" ', "", row.decode()).strip('"')
            for row in rows if row]


def public(args):
    """A public account is the postmaster's, and then theirs who hold `a`."""
    postroom(args, "public", "add", "sales@office.test", "--name", "Sales")
    postroom(args, "public", "add", "sales@office.test", want=1)
    postroom(args, "mailbox", "rights", "sales", "INBOX", "nobody", "lr",
             want=1)
    postroom(args, "mailbox", "rights", "sales", "INBOX", "ann", "q", want=1)
    postroom(args, "mailbox", "rights", "sales", "Other", "ann", "l", want=1)
    rows = postroom(args, "mailbox", "rights", "sales", "INBOX", "ann",
                    "lrswipkxtea")["result"]
    assert rows == [{"who": "ann@office.test", "rights": "lrswipkxtea"}], rows
    ann, ben = login(args, "ann"), login(args, "ben")
    assert "Public/sales@office.test/INBOX" in names(ann, "*")
    assert not [n for n in names(ben, "*") if n.startswith("Public")]
    good(ann.create("Public/sales@office.test/Offers"))
    good(ann.setacl("Public/sales@office.test/Offers", "anyone", "lrsi"))
    assert names(ben, "Public/%/%") == ["Public/sales@office.test/Offers"]
    rows = postroom(args, "mailbox", "rights", "sales", "Offers")["result"]
    assert {"who": "anyone", "rights": "lrsi"} in rows, rows
    postroom(args, "mailbox", "rights", "sales", "Offers", "-ben", "i")
    refused = ben.append("Public/sales@office.test/Offers", "", None, b"x\r\n")
    assert refused[0] == "NO" and b"NOPERM" in refused[1][0], refused
    postroom(args, "mailbox", "rights", "sales", "Offers", "-ben", "-i")
    good(ben.append("Public/sales@office.test/Offers", "", None,
                    b"Subject: offer\r\n\r\nx\r\n"))
    good(ann.select("Public/sales@office.test/Offers"))
    assert ann.fetch("1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1] \
        .startswith(b"Subject: offer")
    try:
        box = imaplib.IMAP4("127.0.0.1", args.base + 143, GUARD)
        box.starttls(ssl._create_unverified_context())  # pylint: disable=W0212
        box.login("sales@office.test", "")
        raise AssertionError("somebody logged in to a public account")
    except imaplib.IMAP4.error:
        pass
    for box in (ann, ben):
        box.logout()


def people(args):
    """imaplib's own words for it."""
    ann, ben = login(args, "ann"), login(args, "ben")
    good(ann.create("Projects"))
    good(ann.setacl("Projects", "ben", "lrswite"))
    assert good(ann.getacl("Projects")) == [
        b"Projects ann@office.test lrswipkxtecda ben@office.test lrswited"]
    assert good(ann.myrights("Projects")) == [b"Projects lrswipkxtecda"]
    assert good(ben.myrights("Users/ann@office.test/Projects")) == [
        b"Users/ann@office.test/Projects lrswited"]
    status = ben.getacl("Users/ann@office.test/Projects")
    assert status[0] == "NO", status
    good(ann.deleteacl("Projects", "ben@office.test"))
    assert ben.select("Users/ann@office.test/Projects")[0] == "NO"
    good(ann.setacl("Projects", "ben", "lrswite"))
    for box in (ann, ben):
        box.logout()


def owner_process(args, account):
    """The process of that account's mailbox, or None."""
    with open("/proc/%d/task/%d/children" % (args.hub, args.hub)) as file:
        children = file.read().split()
    for pid in children:
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"mailbox" in words and str(account).encode() in words:
            return int(pid)
    return None


def subjects(box, folder):
    """Of every message there, in order."""
    if good(box.select(folder))[0] == b"0":
        return []
    rows = good(box.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    return sorted(int(row[1].split()[1]) for row in rows
                  if isinstance(row, tuple))


def move_all(args, account, source, target):
    """One after the other, with the owner's process killed under them."""
    ben, kills, tries = login(args, "ben"), 0, 0
    until = time.monotonic() + 3 * GUARD
    while True:
        assert time.monotonic() < until, "it does not come to an end"
        try:
            if good(ben.select(source))[0] == b"0":
                break
            tries += 1
            ben.send(b"m%d MOVE 1 %s\r\n" % (tries, target.encode()))
            pid = owner_process(args, account)
            if tries % 3 != 0 and pid is not None and kills < KILLS:
                time.sleep(tries % 7 * 0.002)
                os.kill(pid, signal.SIGKILL)
                kills += 1
            line = b""
            while not line.startswith(b"m%d " % tries):
                line = ben.readline()
                if not line:
                    raise imaplib.IMAP4.abort("it is gone")
        except LOST:
            ben = login(args, "ben")
        except AssertionError:
            time.sleep(0.1)     # it is being started again
    ben.logout()
    return kills


def killed(args, account):
    """Nothing is lost, and nothing is there twice."""
    ben = login(args, "ben")
    good(ben.create("Mine"))
    for n in range(MOVED):
        good(ben.append("Mine", "", None, b"Subject: %d\r\n\r\n%s\r\n" % (
            n, b"x" * (BIG if n % 3 == 0 else 1))))
    ben.logout()
    shared = "Users/ann@office.test/Projects"
    kills = move_all(args, account, "Mine", shared)
    ben = login(args, "ben")
    assert subjects(ben, shared) == list(range(MOVED)), subjects(ben, shared)
    ben.logout()
    kills += move_all(args, account, shared, "Mine")
    ben = login(args, "ben")
    assert subjects(ben, "Mine") == list(range(MOVED)), subjects(ben, "Mine")
    ben.logout()
    assert kills > 0


def numbers(said_set):
    """Of "1,3:5": each of them."""
    for part in said_set.split(b","):
        first, _, last = part.partition(b":")
        yield from range(int(first), int(last or first) + 1)


def uids_of(lines):
    """Of "[COPYUID 7 1,3 5:6]", in one line or several: the UIDs there were,
    and how many there are."""
    found = [code for line in lines for code in
             re.findall(rb"\[COPYUID \d+ ([\d:,]+) ([\d:,]+)\]", line)]
    assert found, lines[-1][-80:]
    return ([uid for source, _ in found for uid in numbers(source)],
            len({uid for _, target in found for uid in numbers(target)}))


def said(box, command, how="OK"):
    """The lines of its answer, in the server's words."""
    box.send(b"mm " + command + b"\r\n")
    lines = [box.readline()]
    while not lines[-1].startswith(b"mm "):
        lines.append(box.readline())
    assert lines[-1].startswith(b"mm " + how.encode()), lines
    return lines


def many(args):
    """Each of many messages that are not in a row is named (RFC 9051 7.1), and
    comes there and back, however many they are (RFC 9051 6.4.7, 6.4.8)."""
    ben = login(args, "ben")
    shared = "Users/ann@office.test/Projects"
    good(ben.create("Many"))
    for _ in range(4):
        said(ben, b"APPEND Many" + MANY // 2 * b" {3+}\r\nx\r\n")
    good(ben.select("Many"))
    wanted = list(range(2, 2 * MANY + 1, 2))
    which = b" %s %s" % (b",".join(b"%d" % uid for uid in wanted),
                         shared.encode())
    assert uids_of(said(ben, b"UID COPY" + which)) == (wanted, MANY)
    assert uids_of(said(ben, b"UID MOVE" + which)) == (wanted, MANY)
    assert good(ben.select("Many"))[0] == b"%d" % MANY
    before = int(good(ben.select(shared))[0])
    assert before >= 2 * MANY, before
    lines = said(ben, b"MOVE %d:* Many" % (before - 2 * MANY + 1))
    assert uids_of(lines)[1] == 2 * MANY, len(lines)
    assert int(good(ben.select(shared))[0]) == before - 2 * MANY
    assert good(ben.select("Many"))[0] == b"%d" % (3 * MANY)
    none = said(ben, b"UID COPY 1:* Users/ann@office.test/Lost", "NO")[-1]
    assert b"TRYCREATE" in none, none
    ben.logout()


def moved_house(args):
    """An account is exported and imported without what others share with it,
    and a folder it brings is its own, whatever its name is."""
    box = login(args, "ann")
    good(box.create("Lent"))
    good(box.setacl("Lent", "ben", "lr"))
    good(box.append("Lent", None, None, b"Subject: lent\r\n\r\n\r\n"))
    box.logout()
    box = login(args, "ben")
    assert "Users/ann@office.test/Lent" in names(box, "*"), "not shared"
    out = os.path.join(args.folder, "out")
    postroom(args, "export", "ben@office.test", "--to", "maildir:" + out)
    folders = os.listdir(out)
    assert ".Mine" in folders, folders
    assert not [x for x in folders if x.startswith((".Users", ".Public"))], \
        folders
    os.rename(os.path.join(out, ".Mine"), os.path.join(out, ".Public.Mine"))
    postroom(args, "import", "ben@office.test", "--from", "maildir:" + out)
    assert "Public/Mine" in names(box, "*"), names(box, "*")
    assert subjects(box, "Public/Mine") == list(range(MOVED))
    box.logout()


def main():
    """Each test in turn."""
    parser = argparse.ArgumentParser()
    for name in ("bin", "conf", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--base", type=int, required=True)
    parser.add_argument("--hub", type=int, required=True)
    args = parser.parse_args()
    ben = postroom(args, "account", "add", "ben@office.test",
                   "--password-file", os.path.join(args.folder, "password"))
    assert ben["ok"], ben
    ann = [row["account"] for row in postroom(args, "account", "list")["result"]
           if row["address"] == "ann@office.test"][0]
    tests = (("a public account is shared by rights alone", public, ()),
             ("imaplib shares a mailbox", people, ()),
             ("a MOVE under kills loses and doubles nothing", killed, (ann,)),
             ("many messages that are copied are all named", many, ()),
             ("an account is exported without others' mailboxes", moved_house,
              ()))
    bad = 0
    with open(args.results, "a", encoding="ascii") as results:
        for what, test, more in tests:
            try:
                test(args, *more)
                results.write("pass acl, %s\n" % what)
            except (AssertionError, imaplib.IMAP4.error, OSError, KeyError,
                    ValueError, subprocess.SubprocessError) as fault:
                print("acl, %s: %r" % (what, fault))
                results.write("fail acl, %s\n" % what)
                bad = 1
            results.flush()
    return bad


if __name__ == "__main__":
    sys.exit(main())
