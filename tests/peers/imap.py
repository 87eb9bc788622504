#!/usr/bin/env python3
"""Other people's mail programs do a day's work with a hub by IMAP.

usage: imap.py --bin DIR --base PORT --folder DIR --results FILE

Ann's account is used by Python's imaplib, curl, getmail6, mbsync and neomutt,
one after the other.  One line of FILE for each: "pass imap-..." or "fail imap-...", or
"skip" for one that is not installed.
"""

import argparse
import imaplib
import mailbox
import os
import pty
import random
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback

LETTERS = 200       # what mbsync carries each way
LARGE = 30000       # the number of a letter of 480 KB
GUARD = 300         # seconds for one program


def letter(number):
    """A letter that knows its number."""
    return ("From: ben@example.org\r\nTo: ann@office.test\r\n"
            "Subject: letter %d\r\nMessage-ID: <%d@example.org>\r\n"
            "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n\r\nbody %d\r\n%s"
            % (number, number, number, "a line of text\r\n" * number)).encode()


def true(truth, *words):
    if not truth:
        raise AssertionError(" ".join(str(word) for word in words))


def good(reply):
    """The data of an imaplib reply that must be OK."""
    true(reply[0] == "OK", reply)
    return reply[1]


def login(args):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    box = imaplib.IMAP4("127.0.0.1", args.base + 143, GUARD)
    good(box.starttls(context))
    good(box.login("ann@office.test", "secret"))
    return box


def traced(args, what, *words):
    """`postroom trace` says all that; it is written a moment later."""
    until = time.monotonic() + GUARD
    conf = os.path.join(args.folder, "hub/etc/postroom.conf")
    while True:
        ended = subprocess.run(
            (os.path.join(args.bin, "postroom"), "-c", conf, "trace", what),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=GUARD,
            check=False)
        told = ended.stdout.decode()
        if all(word in told for word in words):
            return
        true(time.monotonic() < until, "trace", what, "says", told)
        time.sleep(0.2)


def by_imaplib(args):
    """Folders, letters, flags, search, copy, move and expunge."""
    box = login(args)
    for name in ("work", "work/later"):
        good(box.create(name))
        good(box.subscribe(name))
    names = [line.decode() for line in good(box.list())]
    true(any(name.endswith(' work/later') for name in names), names)
    good(box.append("work", r"(\Flagged Urgent)",
                    '"17-Jul-1996 02:44:25 -0700"', letter(1)))
    for number in range(2, 21):
        good(box.append("work", None, None, letter(number)))
    true(good(box.select("work")) == [b"20"], "EXISTS")
    data = good(box.fetch("1", "(FLAGS INTERNALDATE RFC822)"))
    true(data[0][1] == letter(1), data)
    true(b'INTERNALDATE "17-Jul-1996 09:44:25 +0000"' in data[0][0], data)
    true(set(imaplib.ParseFlags(data[0][0])) ==
         {b"\\Flagged", b"\\Seen", b"\\Recent", b"Urgent"}, data)
    true(good(box.search(None, "SUBJECT", '"LETTER 2"')) == [b"2 20"],
         "search")
    true(good(box.search(None, "UNSEEN", "LARGER", "400"))[0].split()[0] ==
         good(box.search(None, "LARGER", "400"))[0].split()[0], "larger")
    good(box.store("3:5", "+FLAGS", r"(\Deleted)"))
    good(box.copy("6:8", "work/later"))
    good(box.uid("MOVE", "9:10", "work/later"))
    good(box.expunge())
    true(good(box.status("work", "(MESSAGES UNSEEN)")) ==
         [b"work (MESSAGES 15 UNSEEN 14)"], box.status("work", "(MESSAGES)"))
    true(good(box.select("work/later", readonly=True)) == [b"5"], "later")
    good(box.unselect())
    good(box.append("work/later", None, None, letter(LARGE)))
    true(good(box.select("work/later")) == [b"6"], "large")
    true(good(box.fetch("6", "(RFC822)"))[0][1] == letter(LARGE), "large")
    true(good(box.search(None, "LARGER", "131072")) == [b"6"], "larger")
    good(box.store("6", "+FLAGS", r"(\Deleted)"))
    good(box.close())
    good(box.rename("work/later", "done"))
    good(box.delete("work"))
    true(good(box.status("done", "(MESSAGES)")) == [b"done (MESSAGES 5)"],
         "done")
    good(box.delete("done"))
    good(box.append("INBOX", None, None, b"Subject: a note\r\n\r\nhi\r\n"))
    traced(args, "a note", "saved", "ann@office.test", "in the mailbox INBOX")
    traced(args, "letter 20", "saved", "in the mailbox work")
    good(box.select("INBOX"))
    good(box.uid("MOVE", "1:*", "Junk"))
    good(box.select("Junk"))
    good(box.uid("MOVE", "1:*", "INBOX"))
    good(box.select("INBOX"))
    good(box.store("1", "+FLAGS", r"(\Deleted)"))
    good(box.expunge())
    traced(args, "a note", "called spam", "called wanted", "deleted")
    true(box.logout()[0] == "BYE", "logout")


def kept_flags(line):
    """Those that are the same in every session."""
    return set(imaplib.ParseFlags(line)) - {b"\\Recent"}


def changed(cache, box):
    """Apply what SELECT (QRESYNC) told to what a client has kept."""
    for gone in box.response("VANISHED")[1]:
        for part in (gone or b"").decode().replace("(EARLIER) ", "").split(
                ","):
            first, _, last = part.partition(":")
            for uid in range(int(first or 0), int(last or first or -1) + 1):
                cache.pop(uid, None)
    for line in box.response("FETCH")[1]:
        if line is not None:
            uid = int(re.search(rb"UID (\d+)", line)[1])
            cache[uid] = kept_flags(line)


def by_qresync(args):
    """A client that comes now and then asks only for what changed."""
    lot = random.Random(7162)
    near, cache, known = login(args), {}, "1 1"
    good(near.create("notes"))
    good(near.select("notes"))
    for day in range(25):
        for number in range(lot.randrange(4)):
            good(near.append("notes", None, None, letter(100 * day + number)))
        good(near.noop())
        uids = good(near.uid("SEARCH", "ALL"))[0].decode().split()
        for uid in lot.sample(uids, len(uids) // 3):
            good(near.uid("STORE", uid, lot.choice(("+FLAGS", "-FLAGS")),
                          lot.choice((r"(\Seen)", r"(\Flagged x)"))))
        for uid in lot.sample(uids, len(uids) // 5):
            good(near.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
        good(near.expunge())
        far = login(args)
        good(far.enable("QRESYNC"))
        good(far.select("notes (QRESYNC (%s))" % known))
        known = " ".join(far.response(code)[1][0].decode() for code in
                         ("UIDVALIDITY", "HIGHESTMODSEQ"))
        if day > 0:
            changed(cache, far)
        there = {}
        far.response("FETCH")
        for line in good(far.uid("FETCH", "1:*", "(FLAGS)")):
            if line is not None:
                uid = int(re.search(rb"UID (\d+)", line)[1])
                there[uid] = kept_flags(line)
        if day == 0:
            cache = there
        true(cache == there, "day", day, cache, there)
        far.logout()
    true(len(cache) > 5, "letters are left", len(cache))
    good(near.close())
    good(near.delete("notes"))
    near.logout()


def said(box, name, *words, literal=None):
    """A command that imaplib has no function for; what was told by it."""
    imaplib.Commands.setdefault(name, ("AUTH", "SELECTED"))
    box.untagged_responses = {}
    box.literal = literal
    good(box._simple_command(name, *words))  # pylint: disable=W0212
    return box.untagged_responses


def by_utf8(args):
    """Names and strings in UTF-8, pages, a draft that is replaced, notes."""
    box = login(args)
    good(box.enable("UTF8=ACCEPT"))
    good(box.create('"Жар"'))
    true([line.decode() for line in good(box.list('""', '"Ж*"'))] ==
         ['(\\HasNoChildren) "/" "Жар"'], "list")
    for number in range(1, 6):
        # imaplib's own append() wraps the message, and some of its versions
        # put the wrapping into it
        said(box, "APPEND", '"Жар"', literal=(
            "Subject: Grüße %d\r\n\r\nbody\r\n" % number).encode())
    true(good(box.select('"Жар"')) == [b"5"], "EXISTS")
    true(good(box.search(None, "SUBJECT", '"GRÜSSE"')) == [b""] and
         good(box.search(None, "SUBJECT", '"GRÜße"')) == [b"1 2 3 4 5"],
         "search")
    told = said(box, "UID", "SEARCH RETURN (PARTIAL -1:-2 COUNT) ALL")
    true(b"COUNT 5 PARTIAL (-1:-2 4:5)" in told["ESEARCH"][0], told)
    told = said(box, "UID", "FETCH 1:* (UID) (PARTIAL 1:2)")
    true(told["FETCH"] == [b"1 (UID 1)", b"2 (UID 2)"], told)
    told = said(box, "UID", 'REPLACE 5 "Жар" (\\Draft)',
                literal="Subject: später\r\n\r\n".encode())
    true(told["EXPUNGE"] == [b"5"] and told["EXISTS"] == [b"5"] and
         told["APPENDUID"][0].endswith(b" 6"), told)
    data = good(box.fetch("5", "(FLAGS BODY.PEEK[HEADER])"))
    true("Subject: später\r\n\r\n".encode() == data[0][1], data)
    said(box, "SETMETADATA", '"Жар"', '(/private/comment "für später")')
    told = said(box, "GETMETADATA", '"Жар"', "/private/comment")
    true(told["METADATA"][0].decode() ==
         '"Жар" (/private/comment "für später")', told)
    good(box.close())
    good(box.delete('"Жар"'))
    box.logout()


def run(*command, stdin=None, guard=GUARD):
    """What a program wrote; it must end well."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL if stdin is None
                           else stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=guard,
                           check=False)
    true(ended.returncode == 0, command[0], "ended with", ended.returncode,
         ended.stdout.decode("utf-8", "replace")[-2000:])
    return ended.stdout


def by_curl(args):
    """A letter is put, looked for, read and deleted with URLs."""
    path = os.path.join(args.folder, "letter")
    with open(path, "wb") as file:
        file.write(letter(7))
    curl = ("curl", "-sSk", "--ssl-reqd", "--user", "ann@office.test:secret")
    url = "imap://127.0.0.1:%d/" % (args.base + 143)
    run(*curl, "-T", path, url + "INBOX")
    true(run(*curl, url + "INBOX;MAILINDEX=1") == letter(7), "read")
    true(b"* SEARCH 1" in run(*curl, url + "INBOX?SUBJECT%20letter"),
         "search")
    true(b"INBOX" in run(*curl, url), "list")
    tls = "imaps://127.0.0.1:%d/" % (args.base + 993)
    true(run("curl", "-sSk", "--user", "ann@office.test:secret",
             "--login-options", "AUTH=PLAIN", tls + "INBOX;MAILINDEX=1")
         == letter(7), "read over TLS")
    with open(path, "wb") as file:
        file.write(letter(LARGE))
    run(*curl, "-T", path, url + "INBOX")
    true(run(*curl, url + "INBOX;MAILINDEX=2") == letter(LARGE), "large")
    run(*curl, "-X", "STORE 1:2 +FLAGS (\\Deleted)", url + "INBOX")
    run(*curl, "-X", "EXPUNGE", url + "INBOX")
    box = login(args)
    true(good(box.select("INBOX")) == [b"0"], "expunged")
    box.logout()


def by_getmail(args):
    """Letters are collected and deleted here."""
    box = login(args)
    for number in range(1, 6):
        good(box.append("INBOX", None, None, letter(number)))
    box.logout()
    here = os.path.join(args.folder, "getmail")
    box_path = os.path.join(args.folder, "getmail.mbox")
    user = ""
    os.makedirs(here)
    with open(box_path, "wb"):
        pass
    if os.getuid() == 0:    # it will not deliver as root
        user = "user = nobody\n"
        os.chmod(args.folder, 0o711)
        shutil.chown(box_path, "nobody")
    with open(os.path.join(here, "rc"), "w", encoding="utf-8") as file:
        file.write("[retriever]\ntype = SimpleIMAPRetriever\n"
                   "server = 127.0.0.1\nport = %d\n"
                   "username = ann@office.test\npassword = secret\n"
                   "[destination]\ntype = Mboxrd\npath = %s\n%s"
                   "[options]\ndelete = true\nverbose = 0\n"
                   % (args.base + 143, box_path, user))
    run("getmail", "--getmaildir", here, "--rcfile", "rc")
    got = mailbox.mbox(box_path)
    true(sorted(one["Subject"] for one in got) ==
         ["letter %d" % number for number in range(1, 6)], "collected")
    box = login(args)
    true(good(box.select("INBOX")) == [b"0"], "deleted")
    box.logout()


def write_mbsyncrc(args, path, maildir):
    with open(path, "w", encoding="utf-8") as file:
        file.write("""IMAPAccount hub
Host 127.0.0.1
Port %d
User ann@office.test
Pass secret
SSLType None
AuthMechs PLAIN

IMAPStore far
Account hub

MaildirStore near
Path %s/
Inbox %s/Inbox
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns sync%%
Create Both
Expunge Both
Sync All
SyncState *
""" % (args.base + 143, maildir, maildir))


def state(box):
    """Subject to flags of the letters in the mailbox that is open."""
    found = {}
    flags = None
    for part in good(box.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS "
                                      "(SUBJECT)])")):
        if isinstance(part, tuple):
            flags = kept_flags(part[0])
            subject = re.search(rb"letter \d+", part[1])[0].decode()
            found[subject] = flags
    return found


def by_mbsync(args):
    """200 letters down, 200 up, and flags and deletions both ways."""
    maildir = os.path.join(args.folder, "maildir")
    rc = os.path.join(args.folder, "mbsyncrc")
    os.makedirs(maildir)
    write_mbsyncrc(args, rc, maildir)
    box = login(args)
    good(box.create("sync"))
    for number in range(LETTERS):
        good(box.append("sync", r"(\Seen)" if number % 2 else None, None,
                        letter(number)))
    run("mbsync", "-c", rc, "-a", "-q")
    near = mailbox.Maildir(os.path.join(maildir, "sync"))
    true(len(near) == LETTERS, "down", len(near))
    seen = sum("S" in one.get_flags() for one in near)
    true(seen == LETTERS // 2, "seen below", seen)
    for number in range(LETTERS, 2 * LETTERS):
        one = mailbox.MaildirMessage(letter(number).replace(b"\r\n", b"\n"))
        one.set_subdir("cur")
        one.set_flags("F" if number % 3 else "RS")
        near.add(one)
    good(box.select("sync"))
    good(box.store("1:10", "+FLAGS.SILENT", r"(\Answered)"))
    good(box.store("11:20", "+FLAGS.SILENT", r"(\Deleted)"))
    good(box.expunge())
    run("mbsync", "-c", rc, "-a", "-q")
    good(box.noop())
    above = state(box)
    true(len(above) == 2 * LETTERS - 10, "up", len(above))
    true(above["letter 201"] == {b"\\Answered", b"\\Seen"}, above)
    true(above["letter 202"] == {b"\\Flagged"}, above)
    near = mailbox.Maildir(os.path.join(maildir, "sync"))
    below = {one["Subject"]: set(one.get_flags()) for one in near}
    true(len(below) == 2 * LETTERS - 10, "below", len(below))
    true("R" in below["letter 3"], below["letter 3"])
    before = run("mbsync", "-c", rc, "-a", "-q")
    true(before == b"" and len(state(box)) == len(above), "a third time")
    box.logout()


class Wire(threading.Thread):
    """Carries connections to the hub and keeps what went over them."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.said = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.start()

    def run(self):
        while True:
            near = self.listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", self.port))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=ends,
                                 daemon=True).start()

    def carry(self, source, target):
        """Until it ends."""
        try:
            while data := source.recv(65536):
                self.said += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def neomutt(rc, home):
    """What it shows on a terminal until it has opened the mailbox and left."""
    shown = b""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", HOME=home)
        os.execlp("neomutt", "neomutt", "-n", "-F", rc, "-e", "push <exit>")
    until = time.monotonic() + GUARD
    while select.select([terminal], [], [],
                        max(0, until - time.monotonic()))[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:         # it has left
            break
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(child, 0)
    return re.findall(rb"<(\d+) (\d+) (\d+)>", shown)[-1:]


def by_neomutt(args):
    """It keeps headers, and comes back with QRESYNC."""
    box = login(args)
    good(box.create("mutt"))
    for number in range(20):
        good(box.append("mutt", None, None, letter(number)))
    home = os.path.join(args.folder, "mutt")
    rc = os.path.join(home, "rc")
    wire = Wire(args.base + 143)
    os.makedirs(os.path.join(home, "headers"))
    with open(rc, "w", encoding="utf-8") as file:
        file.write("""set imap_user="ann@office.test"
set imap_pass="secret"
set ssl_starttls=no
set ssl_force_tls=no
set folder="imap://127.0.0.1:%d/"
set spoolfile="+mutt"
set imap_condstore=yes
set imap_qresync=yes
set header_cache="%s/headers"
set status_format="<%%m %%F %%n>"
set quit=yes
set delete=no
set mark_old=no
""" % (wire.listener.getsockname()[1], home))
    true(neomutt(rc, home) == [(b"20", b"0", b"20")], "at first")
    good(box.select("mutt"))
    good(box.store("1:3", "+FLAGS", r"(\Flagged)"))
    good(box.store("5:6", "+FLAGS", r"(\Deleted)"))
    good(box.expunge())
    good(box.store("10", "+FLAGS", r"(\Seen)"))
    for number in range(20, 23):
        good(box.append("mutt", None, None, letter(number)))
    wire.said = b""
    true(neomutt(rc, home) == [(b"21", b"3", b"20")], "the second time",
         wire.said)
    true(re.search(rb"\(CHANGEDSINCE \d+ VANISHED\)\r\n", wire.said),
         wire.said)
    true(b"* VANISHED (EARLIER) 5:6\r\n" in wire.said, wire.said)
    true(neomutt(rc, home) == [(b"21", b"3", b"20")], "a third time",
         wire.said)
    good(box.close())
    good(box.delete("mutt"))
    box.logout()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    for name in ("bin", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    bad = 0
    with open(args.results, "a", encoding="utf-8") as file:
        for name, play in (("imaplib", by_imaplib),
                           ("imaplib-qresync", by_qresync),
                           ("imaplib-utf8", by_utf8), ("curl", by_curl),
                           ("getmail", by_getmail), ("mbsync", by_mbsync),
                           ("neomutt", by_neomutt)):
            if not name.startswith("imaplib") and shutil.which(name) is None:
                file.write("skip imap-%s: it is not installed\n" % name)
                continue
            try:
                play(args)
                file.write("pass imap-%s\n" % name)
            except Exception:  # pylint: disable=broad-except
                file.write("fail imap-%s\n" % name)
                traceback.print_exc()
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
