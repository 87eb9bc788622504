#!/usr/bin/env python3
"""Mail programs do a day's work with a hub by IMAP, on thousands of messages.

usage: day.py --base PORT --folder DIR --results FILE [--letters N]

offlineimap carries N messages down, half as many up, and flags and deletions
both ways.  neomutt, at a terminal, flags some of a mailbox of N, has the hub
search for others and moves them, deletes some, and hears of a new one while it
idles.  One line of FILE for each.
"""

import argparse
import mailbox
import os
import pty
import select
import shutil
import signal
import sys
import time
import traceback

from imap import good, letter, login, run, state, true

GUARD = 1800        # seconds for one program; 2,000 letters take it a minute

OFFLINEIMAPRC = """
[general]
accounts = ann
metadata = {folder}/offlineimap
ui = quiet
[Account ann]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {folder}/near
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = ann@office.test
remotepass = secret
ssl = no
starttls = no
auth_mechanisms = PLAIN
folderfilter = lambda name: name == "desk"
"""

NEOMUTTRC = """
set folder = "imap://127.0.0.1:{port}/"
set spoolfile = "+pile"
set imap_user = "ann@office.test"
set imap_pass = "secret"
set ssl_starttls = no
set ssl_force_tls = no
set header_cache = "{folder}/cache"
set record = "" postponed = "" trash = ""
set imap_idle = yes imap_condstore = yes imap_qresync = yes
set confirmappend = no delete = yes move = no quit = yes wait_key = no
set sleep_time = 0 timeout = 2 mail_check = 2 beep = no
set sort = mailbox-order
"""


def fill(box, name, count):
    """A mailbox of that many letters, of which every second is read."""
    good(box.create(name))
    for number in range(count):
        good(box.append(name, r"(\Seen)" if number % 2 else None, None,
                        short(number)))


def short(number):
    return letter(number).split(b"\r\n\r\n")[0] + \
        b"\r\n\r\nbody %d ends\r\n" % number


# --- offlineimap -----------------------------------------------------------

def by_offlineimap(args):
    box, count = login(args), args.letters
    fill(box, "desk", count)
    path = os.path.join(args.folder, "offlineimaprc")
    with open(path, "w", encoding="ascii") as file:
        file.write(OFFLINEIMAPRC.format(folder=args.folder,
                                        port=args.base + 143))

    def sync():
        run("offlineimap", "-o", "-c", path, guard=GUARD)

    sync()
    near = mailbox.Maildir(os.path.join(args.folder, "near", "desk"))
    true(len(near) == count, "down", len(near))
    keys = {one["Subject"]: key for key, one in near.iteritems()}
    for number in range(0, count, 10):
        key = keys["letter %d" % number]
        one = near[key]
        one.add_flag("F")
        near[key] = one
        near.remove(keys["letter %d" % (number + 1)])
    for number in range(count, count + count // 2):
        one = mailbox.MaildirMessage(short(number).replace(b"\r\n", b"\n"))
        one.set_subdir("cur")
        one.set_flags("RS")
        near.add(one)
    good(box.select("desk"))
    good(box.store("3:5", "+FLAGS.SILENT", r"(\Answered)"))
    good(box.store("6:8", "+FLAGS.SILENT", r"(\Deleted)"))
    good(box.expunge())
    sync()
    good(box.noop())
    above = state(box)
    left = count + count // 2 - count // 10 - 3
    true(len(above) == left, "up", len(above), left)
    true(b"\\Flagged" in above["letter 10"], above["letter 10"])
    true(above["letter %d" % count] == {b"\\Answered", b"\\Seen"},
         above["letter %d" % count])
    near = mailbox.Maildir(os.path.join(args.folder, "near", "desk"))
    below = {one["Subject"]: set(one.get_flags()) for one in near}
    true(set(below) == set(above), "both ways", len(below))
    true("R" in below["letter 3"], below["letter 3"])
    sync()
    good(box.noop())
    true(state(box) == above, "a third time")
    box.logout()


# --- neomutt ---------------------------------------------------------------

class Terminal:
    """neomutt at a terminal of its own."""

    def __init__(self, args, keys):
        rc = os.path.join(args.folder, "neomuttrc")
        with open(rc, "w", encoding="ascii") as file:
            file.write(NEOMUTTRC.format(folder=args.folder,
                                        port=args.base + 143))
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", HOME=args.folder, LINES="40",
                              COLUMNS="120")
            os.execvp("neomutt", ["neomutt", "-n", "-F", rc, "-e",
                                  'push "%s"' % keys])

    def read(self, until):
        """More of what it shows; False when it has ended."""
        true(time.monotonic() < until, "neomutt still runs; its screen ends",
             self.seen[-2000:])
        if select.select([self.fd], [], [], 1)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            self.seen += data
            return bool(data)
        return True

    def wait(self):
        """Until it ends by itself, and well."""
        until = time.monotonic() + GUARD
        while self.read(until):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        true(status == 0, "neomutt ended with", status, self.seen[-2000:])

    def shows(self, words):
        """Until it has shown one of these."""
        until = time.monotonic() + GUARD
        while not any(word in self.seen for word in words):
            true(self.read(until), "neomutt has ended", self.seen[-2000:])

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def by_neomutt(args):
    box, count = login(args), args.letters
    fill(box, "pile", count)
    good(box.create("kept"))
    terminal = Terminal(args, "".join((
        "<tag-pattern>~s 'letter [0-9]*7$'<enter>",
        "<tag-prefix><set-flag>!<untag-pattern>.<enter>",
        # =b has the server search
        "<tag-pattern>=b 'body 1'<enter>",
        "<tag-prefix><save-message>+kept<enter>",
        "<delete-pattern>~s 'letter 2[0-9]*$'<enter>",
        "<sync-mailbox><quit>")).replace('"', '\\"'))
    try:
        terminal.wait()
    finally:
        terminal.close()
    ones = {n for n in range(count) if str(n).startswith("1")}
    twos = {n for n in range(count) if str(n).startswith("2")}
    good(box.select("pile"))
    left = state(box)
    true(set(left) == {"letter %d" % n for n in range(count)
                       if n not in ones | twos}, "left", len(left))
    true(all((b"\\Flagged" in flags) == name.endswith("7")
             for name, flags in left.items()), "flagged")
    good(box.select("kept"))
    kept = state(box)
    true(set(kept) == {"letter %d" % n for n in ones}, "moved", len(kept))
    true(b"\\Flagged" in kept["letter 17"], kept["letter 17"])
    hears(args, box)
    box.logout()


def hears(args, box):
    """While it idles a letter comes."""
    terminal = Terminal(args, "<last-entry>")
    try:
        terminal.shows([b"letter 9"])
        good(box.append("pile", None, None, short(77777)))
        terminal.shows([b"77777", b"New mail in this mailbox"])
    finally:
        terminal.close()


def main():
    parser = argparse.ArgumentParser()
    for name, kind in (("base", int), ("letters", int), ("folder", str),
                       ("results", str)):
        parser.add_argument("--" + name, type=kind, required=True)
    args = parser.parse_args()
    bad = 0
    with open(args.results, "a", encoding="utf-8") as file:
        for name, play in (("offlineimap", by_offlineimap),
                           ("neomutt", by_neomutt)):
            if shutil.which(name) is None:
                file.write("skip imap-%s: it is not installed\n" % name)
                continue
            try:
                play(args)
                file.write("pass imap-%s does a day's work\n" % name)
            except Exception:  # pylint: disable=broad-except
                file.write("fail imap-%s does a day's work\n" % name)
                traceback.print_exc()
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
