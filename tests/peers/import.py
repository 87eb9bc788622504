#!/usr/bin/env python3
"""What a person had elsewhere into a running hub, and out of it again.

usage: import.py --bin DIR --conf FILE --base PORT --folder DIR --results FILE

Both sides are looked at by Python's imaplib: what Dovecot shows of its Maildir
the hub must show too.  mbox files are Python's, and Thunderbird's by hand.
"""

import argparse
import gzip
import hashlib
import imaplib
import json
import mailbox
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, "fetch"), HERE]

# pylint: disable=wrong-import-position
from harness import letter                              # noqa: E402
from imapsource import Dovecot, PASSWORD                          # noqa: E402
from multipop import ID                                 # noqa: E402

GUARD = 120.0
MANY = 4000
FLAGS = ("", "\\Seen", "\\Flagged \\Answered", "$Forwarded Later", "\\Draft",
         "\\Seen \\Deleted")
ODD = (b"Subject: =?utf-8?q?f=C3=BCr?= \xfc 8 bit\r\nFrom: a@b\r\n\r\n"
       b"\xff\xfe raw bytes\r\n>From x\r\n>>From y\r\n.\r\n..\r\n\r\n\r\n")
TIMES = ("From a@b Tue Jan  2 03:04:05 2024 +0000\n",
         "From - Wed Jan 03 03:04:05 2024\n")


def login(args, who="ann"):
    """Somebody, at the hub."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    box = imaplib.IMAP4("127.0.0.1", args.base + 143, GUARD)
    box.starttls(context)
    box.login(who + "@office.test", "secret")
    return box


def folders(box, verb="list"):
    """Names as they are on the wire."""
    rows = getattr(box, verb)()[1]
    return {re.match(rb'\(([^)]*)\) "." "?([^"]*)"?$', row).group(2).decode()
            for row in rows if row and b"\\Noselect" not in row and
            b"\\NonExistent" not in row}


def look(box, folder):
    """[(flags, date, digest)] of a folder, in its order."""
    kind, data = box.select('"%s"' % folder, readonly=True)
    if kind != "OK":
        return None
    if data[0] == b"0":
        return []
    rows = box.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]
    found = []
    for i, row in enumerate(rows):
        if not isinstance(row, tuple):
            continue
        tail = rows[i + 1] if isinstance(rows[i + 1], bytes) else b""
        words = row[0] + tail
        flags = {flag.decode() for flag in imaplib.ParseFlags(words)}
        flags.discard("\\Recent")
        found.append((frozenset(flags),
                      time.mktime(imaplib.Internaldate2tuple(words)),
                      hashlib.sha256(row[1]).hexdigest()[:12]))
    return found


class Test:
    """The tests share one hub, and run in the order they stand."""

    def __init__(self, args):
        self.args = args
        self.results = open(args.results, "a", encoding="utf-8")
        self.failed = False
        self.env = dict(os.environ, LC_ALL="C.UTF-8")

    def say(self, good, name, why=""):
        self.failed = self.failed or not good
        line = "%s import %s %s" % ("pass" if good else "fail", name,
                                    "" if good else why)
        self.results.write(line.strip().splitlines()[0] + "\n")
        self.results.flush()
        if not good:
            print(line)

    def words(self, *words, json_too=True):
        return [os.path.join(self.args.bin, "postroom"), "-c",
                self.args.conf] + (["--json"] if json_too else []) + \
            list(words)

    def bring(self, source, *more):
        """The answer of an import."""
        run = subprocess.run(self.words("import", "ann@office.test", "--from",
                                        source, *more), env=self.env,
                             stdout=subprocess.PIPE, timeout=GUARD,
                             check=False)
        return run.returncode, json.loads(run.stdout).get("result", {})

    def same(self, there, here, name, pairs=None):
        """Each folder there is here, message for message."""
        wrong = []
        for folder in pairs or {name: name for name in folders(there)}:
            local = (pairs or {}).get(folder, folder)
            want, got = look(there, folder), look(here, local)
            # one that Dovecot makes when it is looked for is no folder yet
            if want != got and (want or got):
                wrong.append("%s: %s, not %s" % (folder, got, want))
        self.say(not wrong, name, "; ".join(wrong)[:2000])

    def from_dovecot(self):
        """Keywords, flags, dates, subscriptions, folders in folders."""
        dovecot = Dovecot(self.args.folder)
        try:
            there = dovecot.client("ann")
            for folder in ("Work", "Work/Entw&APw-rfe", "Work/a&-b"):
                there.create('"%s"' % folder)
            there.subscribe('"Work/Entw&APw-rfe"')
            there.subscribe("Work")
            for n, folder in enumerate(("INBOX", "Work", "Spam",
                                        "Work/Entw&APw-rfe")):
                for i in range(12):
                    there.append('"%s"' % folder, FLAGS[i % 6],
                                 '"%02d-Jul-2024 02:44:%02d -0700"' %
                                 (28 - i, n), letter("%d-%d" % (n, i),
                                                     900 * i + 20))
                # the same twice is two letters
                there.append('"%s"' % folder, "",
                             '"17-Jul-2024 02:44:25 +0000"', ODD)
                there.append('"%s"' % folder, "",
                             '"17-Jul-2024 02:44:25 +0000"', ODD)
            there.append("Work", "\\Seen", '"17-Jul-2024 02:44:25 +0000"',
                         letter("large", 3 << 20))
            source = "maildir:" + dovecot.folder + "/mail/ann/Maildir"
            code, dry = self.bring(source, "--dry-run")
            self.say(code == 0 and dry["messages"] == 57 and dry["taken"] == 0,
                     "a dry run takes nothing", str(dry))
            code, row = self.bring(source)
            self.say(code == 0 and row["taken"] == 57 and not row["notes"],
                     "all of a Maildir is taken", str(row))
            here = login(self.args)
            self.same(there, here, "flags, keywords, dates and bytes are "
                      "Dovecot's")
            subscribed = folders(here, "lsub")
            self.say({"Work", "Work/Entw&APw-rfe"} <= subscribed and
                     not {"Work/a&-b"} & subscribed,
                     "subscriptions are Dovecot's", str(subscribed))
            self.again(here, there, source)
            self.served(here, dovecot)
            self.from_server(dovecot)
            here.logout()
            there.logout()
        finally:
            dovecot.stop()

    def again(self, here, there, source):
        """What was deleted here stays so; what is new there comes."""
        here.select("Work")
        here.store("1:3", "+FLAGS", "\\Deleted")
        here.expunge()
        there.append("Work", "", '"17-Jul-2024 02:44:25 +0000"',
                     letter("late", 90))
        code, row = self.bring(source)
        left = look(here, "Work")
        self.say(code == 0 and row["taken"] == 1 and row["before"] == 57 and
                 len(left) == 11, "nothing comes twice", str((row, left)))

    def write(self, target, *more, conf=None, who="ann"):
        """The answer of an export."""
        words = self.words("export", who + "@office.test", "--to", target,
                           *more)
        if conf is not None:
            words[2] = conf
        run = subprocess.run(words, env=self.env, stdout=subprocess.PIPE,
                             timeout=GUARD, check=False)
        return run.returncode, json.loads(run.stdout).get("result", {})

    def served(self, here, dovecot):
        """Dovecot serves what was exported as the hub does."""
        home = dovecot.folder + "/mail/bob"
        os.makedirs(home, exist_ok=True)
        code, row = self.write("maildir:" + home + "/Maildir")
        subprocess.run(["chown", "-R", str(ID), home], check=True)
        bob = dovecot.client("bob")
        self.say(code == 0 and row["taken"] == row["messages"] == 53 and
                 not row["notes"], "all folders are exported", str(row))
        self.same(here, bob, "what was exported is the same at Dovecot's")
        bob.logout()
        code, row = self.write("maildir:" + home + "/Maildir")
        self.say(code == 0 and row["taken"] == 0 and row["before"] == 53,
                 "what is there is not written again", str(row))
        folder = os.path.join(self.args.folder, "Boxes")
        code, row = self.write("mbox:" + folder)
        self.say(code == 0 and row["taken"] == 53 and len(
            mailbox.mbox(folder + "/Work.sbd/Entw\u00fcrfe")) == 14,
                 "mbox files are written", str(row))
        code, row = self.bring("mbox:" + folder, "--into", "Back")
        self.say(code == 0 and row["taken"] == 53, "and taken again",
                 str(row))
        self.same(here, here, "an mbox carries flags, keywords, dates and "
                  "bytes", {"INBOX": "Back", "Work": "Back/Work",
                            "Spam": "Back/Spam", "Work/Entw&APw-rfe":
                            "Back/Work/Entw&APw-rfe"})
        code, row = self.write("mbox:" + folder, "--folder", "Work")
        self.say(code == 0 and row["taken"] == 0 and len(row["notes"]) == 1,
                 "an mbox that is there is left", str(row))

    def unfit_names(self):
        """A folder that has no place there is named, and all else comes."""
        with open(os.path.join(self.args.folder, "here"), "w",
                  encoding="utf-8") as file:
            file.write("secret\n")
        subprocess.run(self.words("account", "add", "citra@office.test",
                                  "--password-file",
                                  self.args.folder + "/here"),
                       env=self.env, stdout=subprocess.DEVNULL, check=True)
        here = login(self.args, "citra")
        level, wide = "x" * 250, "\u00fc" * 120
        names = {"Clash.sbd": "Clash.sbd", "Clash/low": "Clash/low",
                 level: level, wide: "&" + "APwA/AD8".replace("/", ",") * 40 +
                 "-", "Zuletzt": "Zuletzt"}
        for coded in names.values():
            here.create('"%s"' % coded)
            here.append('"%s"' % coded, "", None, letter("unfit", 50))
        here.logout()
        for form, unfit in (("mbox", ["Clash.sbd", level]),
                            ("maildir", [wide])):
            folder = os.path.join(self.args.folder, "Unfit-" + form)
            code, row = self.write(form + ":" + folder, who="citra")
            named = [note["where"] for note in row.get("notes", [])]
            self.say(code == 1 and sorted(named) == sorted(unfit) and
                     row["taken"] == len(names) - len(unfit) and
                     row["refused"] == len(unfit),
                     "a folder without a place in a %s is named" % form,
                     str((code, row)))

    def dots(self):
        """Two folders stay two in a Maildir++, and come back as they were."""
        here = login(self.args, "citra")
        names = ("a.b", "a_b", "a\\\\b", "v1.0/a.b", "v1/0")
        for name in names:
            here.create('"%s"' % name)
            here.append('"%s"' % name, "", None, letter("dots", 60) +
                        name.encode() + b"\r\n")
        folder = os.path.join(self.args.folder, "Dots")
        self.write("maildir:" + folder, who="citra")
        run = subprocess.run(
            self.words("import", "citra", "--from", "maildir:" + folder,
                       "--into", "Back"), env=self.env,
            stdout=subprocess.DEVNULL, timeout=GUARD, check=False)
        wrong = [name for name in names if look(here, name) != look(
            here, "Back/" + name) or len(look(here, name)) != 1]
        self.say(run.returncode == 0 and not wrong,
                 "dots in names come back", str((run.returncode, wrong)))
        here.logout()

    def fetch(self, port, *more):
        """The rows of an import from Dovecot, over IMAP."""
        run = subprocess.run(
            self.words("import", "budi", "--from", "imap://cid@127.0.0.1:%d" %
                       port, "--tls", "none", "--password-file",
                       self.args.folder + "/there", *more), env=self.env,
            stdout=subprocess.PIPE, timeout=GUARD, check=False)
        return run.returncode, json.loads(run.stdout).get("result", [{}])[0]

    def from_server(self, dovecot):
        """All of a mailbox on another IMAP server, and later what is new."""
        for name, word in (("there", PASSWORD), ("here", "secret")):
            with open(os.path.join(self.args.folder, name), "w",
                      encoding="utf-8") as file:
                file.write(word + "\n")
        subprocess.run(self.words("account", "add", "budi@office.test",
                                  "--password-file",
                                  self.args.folder + "/here"),
                       env=self.env, stdout=subprocess.DEVNULL, check=True)
        there = dovecot.client("cid")
        there.create("Work")
        wanted = {}
        for folder, local in (("INBOX", "INBOX"), ("Work", "Work"),
                              ("Gesendet", "Sent")):
            wanted[local] = [letter("%s-%d" % (local, i), 500 * i)
                             for i in range(1, 5)]
            for i, data in enumerate(wanted[local]):
                there.append(folder, FLAGS[i], '"17-Jul-2024 02:44:25 +0000"',
                             data)
        code, row = self.fetch(dovecot.port, "--dry-run")
        listed = json.loads(subprocess.run(
            self.words("fetch", "list"), env=self.env,
            stdout=subprocess.PIPE, check=True).stdout)["result"]
        self.say(code == 0 and row["waiting"] == 12 and not listed,
                 "a dry run of a server leaves nothing", str((row, listed)))
        code, row = self.fetch(dovecot.port)
        self.say(code == 0 and row["taken"] == 12, "all of a server is taken",
                 str(row))
        here = login(self.args, "budi")
        self.arrived(here, wanted)
        code, row = self.fetch(dovecot.port)
        self.say(code == 0 and row["taken"] == 0, "it comes once", str(row))
        there.append("Work", "", None, letter("new", 80))
        code, row = self.fetch(dovecot.port)
        left = [len(look(there, folder)) for folder in ("INBOX", "Work",
                                                        "Gesendet")]
        listed = json.loads(subprocess.run(
            self.words("fetch", "list"), env=self.env,
            stdout=subprocess.PIPE, check=True).stdout)["result"]
        self.say(code == 0 and row["taken"] == 1 and left == [4, 5, 4] and
                 [one["enabled"] for one in listed] == ["no"],
                 "what is new comes later, and nothing is deleted there",
                 str((row, left, listed)))
        here.logout()
        there.logout()

    def arrived(self, here, wanted):
        """Delivery goes on behind the collection: it is waited for."""
        until = time.monotonic() + GUARD
        wrong = ["nothing"]
        while wrong and time.monotonic() < until:
            wrong = []
            for folder, datas in wanted.items():
                found, rows = {}, []
                if int(here.select(folder, readonly=True)[1][0]) > 0:
                    rows = here.fetch(
                        "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]
                for i, row in enumerate(rows):
                    if isinstance(row, tuple):
                        words = row[0] + rows[i + 1]
                        flags = {flag.decode() for flag in
                                 imaplib.ParseFlags(words)} - {"\\Recent"}
                        found[row[1]] = (flags, time.mktime(
                            imaplib.Internaldate2tuple(words)))
                for i, data in enumerate(datas):
                    marks = [mark for body, mark in found.items()
                             if body.endswith(data)]
                    if marks != [(set(FLAGS[i].split()), time.mktime(
                            imaplib.Internaldate2tuple(
                                b'INTERNALDATE '
                                b'"17-Jul-2024 02:44:25 +0000"')))]:
                        wrong.append("%s %d: %s" % (folder, i, marks))
            if wrong:
                time.sleep(0.2)
        self.say(not wrong, "a server's folders, flags, keywords and dates "
                 "are kept", "; ".join(wrong)[:1000])

    def from_mboxes(self):
        """Python's mbox, and a profile of Thunderbird."""
        folder = os.path.join(self.args.folder, "Mail")
        os.makedirs(folder + "/Inbox.sbd")
        box = mailbox.mbox(folder + "/python.mbox")
        for i, flags in enumerate(("", "R", "RO", "ROFA", "DT")):
            message = mailbox.mboxMessage(
                b"Subject: %d\n\nFrom here on\n>From there\nto %d\n" % (i, i))
            message.set_from("a@b", time.gmtime(1704164645 + i))
            message.set_flags(flags)
            box.add(message)
        box.flush()
        with open(folder + "/Inbox", "wb") as file:
            for i in range(3):
                file.write((TIMES[1] + "X-Mozilla-Status: %04x\n"
                            "X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: "
                            "$label%d NonJunk\nSubject: t\n\nsame\n\n" %
                            ((0x1, 0x5, 0x9)[i], i)).encode())
            # its last message is another's, cut off, and says of itself that
            # it is none
            file.write((TIMES[0] + "X-IMAP: 1 2\nSubject: cut\n\n"
                        "no end").encode())
        for name in ("Inbox.msf", "filter", "Inbox.sbd/Unter",
                     "Inbox.sbd/Leer"):
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as file:
                if name == "filter":
                    file.write("version=9\n")
                elif name.endswith("Unter"):
                    file.write(TIMES[0] + "Subject: u\n\nu\n")
        code, row = self.bring("mbox:" + folder, "--into", "Old")
        self.say(code == 0 and row["taken"] == 9 and row["gone"] == 1 and
                 [note["where"] for note in row["notes"]] ==
                 [folder + "/filter"], "mbox files are taken", str(row))
        here = login(self.args)
        found = [sorted(flags) for flags, _, _ in look(here, "Old")]
        self.say(found == [["$label0", "NonJunk", "\\Seen"],
                           ["$label1", "NonJunk", "\\Flagged", "\\Seen"], []],
                 "Thunderbird's marks are kept", str(found))
        found = look(here, "Old/python")
        self.say([(sorted(flags)) for flags, _, _ in found] ==
                 [[], ["\\Seen"], ["\\Seen"],
                  ["\\Answered", "\\Flagged", "\\Seen"],
                  ["\\Deleted", "\\Draft"]], "Status is read", str(found))
        want = hashlib.sha256(b"Subject: 1\r\n\r\nFrom here on\r\n>From there"
                              b"\r\nto 1\r\n").hexdigest()[:12]
        # Python quotes as mboxo does: one ">" is a ">" too much or too few
        code, _ = self.bring("mbox:" + folder + "/python.mbox", "--into",
                             "Quoted", "--quoting", "mboxo")
        self.say(code == 0 and len(look(here, "Quoted")) == 5 and
                 want != found[1][2], "a quoting can be chosen", str(found))
        self.say(look(here, "Old/Unter") is not None and
                 look(here, "Old/Leer") == [], "folders below are made")
        code, row = self.bring("mbox:" + folder, "--into", "Old")
        self.say(code == 0 and row["taken"] == 0 and row["before"] == 9,
                 "an mbox comes once", str(row))
        here.logout()

    def not_taken(self):
        """What cannot be taken is named, and all else comes."""
        folder = os.path.join(self.args.folder, "Odd")
        os.makedirs(folder + "/cur")
        files = {"1.large": b"", "2.empty": b"", "3.nul":
                 b"Subject: n\n\na\0b\rc\n", "4.key:2,Sz": b"A: b\n\n",
                 "5.link": None, "6.packed": gzip.compress(b"A: b\n\nx\n")}
        for name, data in files.items():
            path = os.path.join(folder, "cur", name)
            if data is None:
                os.symlink("/etc/passwd", path)
                continue
            with open(path, "wb") as file:
                file.write(data)
        os.truncate(folder + "/cur/1.large", 1 << 40)
        code, row = self.bring("maildir:" + folder, "--into", "Odd")
        here = login(self.args)
        found = [digest for _, _, digest in look(here, "Odd")]
        self.say(code == 1 and row["taken"] == 2 and row["refused"] == 3 and
                 sorted(os.path.basename(note["where"])
                        for note in row["notes"]) ==
                 ["1.large", "2.empty", "4.key:2,Sz", "5.link",
                  "6.packed"] and
                 found[0] == hashlib.sha256(
                     b"Subject: n\r\n\r\na\x80b\r\nc\r\n").hexdigest()[:12],
                 "what cannot be taken is named", str((row, found)))
        here.logout()

    def cut_off(self):
        """Killed in the middle, and begun again."""
        folder = os.path.join(self.args.folder, "Many")
        os.makedirs(folder + "/cur")
        want = []
        for i in range(MANY):
            data = b"Subject: %d\n\nbody\n" % i
            want.append(hashlib.sha256(
                data.replace(b"\n", b"\r\n")).hexdigest()[:12])
            path = "%s/cur/%07d.many:2,S" % (folder, i)
            with open(path, "wb") as file:
                file.write(data)
            os.utime(path, (1700000000 + i, 1700000000 + i))
        here = login(self.args)
        kills = 0
        for at in (1, 1500):
            run = subprocess.Popen(
                self.words("import", "ann@office.test", "--from",
                           "maildir:" + folder, "--into", "Many"),
                env=self.env, stdout=subprocess.DEVNULL)
            until = time.monotonic() + GUARD
            while run.poll() is None and time.monotonic() < until:
                kind, data = here.status("Many", "(MESSAGES)")
                if kind == "OK" and int(re.search(rb"(\d+)\)", data[0])
                                        .group(1)) >= at:
                    break
            kills += run.poll() is None
            run.send_signal(signal.SIGKILL)
            run.wait(GUARD)
        code, row = self.bring("maildir:" + folder, "--into", "Many")
        found = [digest for _, _, digest in look(here, "Many")]
        self.say(code == 0 and found == want and kills > 0 and
                 row["before"] > 0, "a broken import goes on, %d letters once "
                 "each" % MANY, "%d kills, %d found, %s" %
                 (kills, len(found), row))
        shutil.rmtree(folder)
        target = os.path.join(self.args.folder, "Out")
        run = subprocess.Popen(
            self.words("export", "ann@office.test", "--to", "maildir:" +
                       target, "--folder", "Many"), env=self.env,
            stdout=subprocess.DEVNULL)
        until = time.monotonic() + GUARD
        while run.poll() is None and time.monotonic() < until:
            if os.path.isdir(target + "/.Many/cur") and \
                    len(os.listdir(target + "/.Many/cur")) > 100:
                break
        run.send_signal(signal.SIGKILL)
        run.wait(GUARD)
        code, row = self.write("maildir:" + target, "--folder", "Many")
        names = sorted(os.listdir(target + "/.Many/cur"))
        self.say(code == 0 and row["before"] > 100 and len(names) == MANY and
                 len({name.split(".")[0] for name in names}) == MANY,
                 "a broken export goes on", str((row, len(names))))
        self.damaged(here)
        here.logout()

    def damaged(self, here):
        """A copy of the hub whose index is gone, and a letter is spoilt."""
        wanted = {digest for folder in folders(here)
                  for _, _, digest in look(here, folder)}
        with open(self.args.conf, encoding="utf-8") as file:
            words = file.read()
        data = re.search(r'^data_dir *= *"([^"]+)"', words, re.M).group(1)
        copy = os.path.join(self.args.folder, "copy")
        shutil.copytree(data, copy + "/data")
        words = words.replace('"%s"' % data, '"%s/data"' % copy)
        words = re.sub(r'^run_dir *=.*', 'run_dir = "%s/run"' % copy, words,
                       flags=re.M)
        with open(copy + "/conf", "w", encoding="utf-8") as file:
            file.write(words)
        rows = json.loads(subprocess.run(
            self.words("account", "list"), env=self.env,
            stdout=subprocess.PIPE, check=True).stdout)["result"]
        number, = [row["account"] for row in rows
                   if row["address"] == "ann@office.test"]
        account = "%s/data/accounts/%d" % (copy, number)
        for name in os.listdir(account):
            if name.startswith("index.db") or name == "copies":
                path = os.path.join(account, name)
                if os.path.isdir(path):
                    shutil.rmtree(path)
                    continue
                with open(path, "wb") as file:
                    file.write(b"spoilt" * 1000)
        spoilt = 0
        for name in os.listdir(account + "/letters"):
            path = os.path.join(account, "letters", name)
            with open(path, "r+b") as file:
                at = file.read().find(b"Subject: 2000\r\n")
                if at >= 0:
                    file.seek(at + 10)
                    file.write(b"!")
                    spoilt += 1
        target = os.path.join(self.args.folder, "Rescue")
        code, row = self.write("maildir:" + target, "--letters",
                               conf=copy + "/conf")
        found = set()
        for name in os.listdir(target + "/.Recovered/cur"):
            with open(target + "/.Recovered/cur/" + name, "rb") as file:
                found.add(hashlib.sha256(file.read().replace(
                    b"\n", b"\r\n")).hexdigest()[:12])
        self.say(spoilt == 1 and code == 1 and row["refused"] == 1 and
                 len(wanted) > MANY and len(wanted - found) == 1, "letters are found without an "
                 "index", "%d not found, %s" % (len(wanted - found), row))

    def run(self):
        if os.access("/usr/sbin/dovecot", os.X_OK) and os.getuid() == 0:
            self.from_dovecot()
        else:
            self.results.write("skip import from Dovecot: it is not "
                               "installed, or this is not root\n")
        self.from_mboxes()
        self.unfit_names()
        self.dots()
        self.not_taken()
        self.cut_off()
        return self.failed


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--conf", "--folder", "--results"):
        parser.add_argument(name, required=True)
    parser.add_argument("--base", required=True, type=int)
    test = Test(parser.parse_args())
    try:
        return test.run()
    except (OSError, ValueError, KeyError, IndexError, AttributeError,
            TypeError, imaplib.IMAP4.error,
            subprocess.SubprocessError) as fault:
        test.say(False, "broke off", repr(fault))
        raise


if __name__ == "__main__":
    sys.exit(main())
