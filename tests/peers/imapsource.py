#!/usr/bin/env python3
"""Folders of a Dovecot into a running hub: bytes, flags, dates, new mail.

usage: imapsource.py --bin DIR --conf FILE --folder DIR --results FILE

Mail is put into Dovecot over IMAP, as a person's own client would, and changed
there between collections: marked, moved, renumbered.
"""

import argparse
import base64
import collections
import imaplib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, "fetch"), HERE]

# pylint: disable=wrong-import-position
from harness import letter, read_folders                # noqa: E402
from multipop import GUARD, ID, free_ports, write       # noqa: E402

PASSWORD = "pass word %41"
SOON = 60.0             # seconds: a guard, below the schedule's minutes
DATE = '"17-Jul-2024 02:44:25 -0700"'
DATE_MS = 1721209465000
CONF = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = {id}
mail_location = maildir:~/Maildir
mail_plugins = zlib
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={id} gid={id} home={folder}/mail/%n
}}
protocol imap {{
  mail_plugins = zlib imap_zlib
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Gesendet {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Spam {{
    special_use = \\Junk
    auto = create
  }}
}}
"""


class Dovecot:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "dovecot")
        self.port, = free_ports(1)
        write(self.folder + "/users", "".join(
            "%s:{PLAIN}%s\n" % (name, PASSWORD) for name in
            ("ann", "bob", "cid")))
        write(self.folder + "/dovecot.conf", CONF.format(
            folder=self.folder, id=ID, port=self.port))
        os.makedirs(self.folder + "/mail")
        subprocess.run(["chown", "-R", str(ID), self.folder + "/mail"],
                       check=True)
        os.chmod(folder, 0o711)
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", self.folder + "/dovecot.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 20
        while True:
            try:
                self.client("ann").logout()
                return
            except (OSError, imaplib.IMAP4.error):
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def client(self, user):
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(user, PASSWORD)
        return client

    def log(self):
        with open(self.folder + "/dovecot.log", encoding="utf-8") as file:
            return file.read()[-1500:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(GUARD)


class Account:
    """One user there, and what is known of what they have."""

    def __init__(self, test, user):
        self.test = test
        self.user = user
        self.client = test.dovecot.client(user)

    def add(self, *more, port=None):
        """Once it is full: from now on it is collected by itself, too."""
        test, user = self.test, self.user
        secret = os.path.join(test.args.folder, "secret")
        write(secret, PASSWORD + "\n")
        self.command("add", "--host", "127.0.0.1", "--port",
                     str(port or test.dovecot.port), "--protocol", "imap", "--tls",
                     "none", "--user", user, "--password-file", secret,
                     "--all", "--folders", "all", *more)

    def command(self, verb, *words):
        done = subprocess.run(
            [os.path.join(self.test.args.bin, "postroom"), "-c",
             self.test.args.conf, "fetch", verb, "ann@office.test", "--label",
             self.user, *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=GUARD,
            check=False)
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            raise ValueError("fetch %s: %s" % (verb, text))
        return text

    def now(self):
        return json.loads(self.command("now", "--json"))["result"][0]

    def put(self, folder, data, flags=""):
        self.client.create(folder)
        answer, _ = self.client.append(folder, flags, DATE, data)
        if answer != "OK":
            raise ValueError("APPEND " + folder)

    def left(self, folder):
        self.client.select(folder)
        return len(self.client.search(None, "ALL")[1][0].split())


class Cutter:
    """A line to Dovecot that ends when so many bytes have come over it."""

    def __init__(self, port):
        self.there = port
        self.bytes = 0
        self.budget = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.there))
            threading.Thread(target=self.carry, args=(near, far, False),
                             daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, True),
                             daemon=True).start()

    def carry(self, source, target, counts):
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if not counts:
                    continue
                self.bytes += len(data)
                if self.budget is not None and self.bytes > self.budget:
                    time.sleep(0.3)     # it is read before the end is seen
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def parts(name, text, *files):
    """A letter of a text and files, (parameter, bytes) each."""
    head = letter(name).partition(b"\r\n\r\n")[0]
    body = [b"Content-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\n" + text]
    for parameter, data in files:
        body.append(b"Content-Type: application/octet-stream\r\n"
                    b"Content-Transfer-Encoding: base64\r\n"
                    b"Content-Disposition: attachment; " + parameter +
                    b"\r\n\r\n" + base64.encodebytes(data).replace(
                        b"\n", b"\r\n"))
    return (head + b"\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n' +
            b"".join(b"--=_b\r\n" + part + b"\r\n" for part in body) +
            b"--=_b--\r\n")


class Store:
    """The hub's folders, as read_folders() wants to be told where."""

    def __init__(self, conf):
        self.accounts = {"ann": 2}
        with open(conf, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name.strip() == "data_dir":
                    self.data = value.strip().strip('"')


class Test:
    def __init__(self, args):
        self.args = args
        self.results = open(args.results, "a", encoding="utf-8")
        self.failed = False
        self.store = Store(args.conf)
        self.dovecot = Dovecot(args.folder)

    def say(self, good, name, why=""):
        self.failed = self.failed or not good
        line = "%s imapsource %s %s" % ("pass" if good else "fail", name,
                                        "" if good else why)
        self.results.write(line.strip().splitlines()[0] + "\n")
        self.results.flush()
        if not good:
            print(line)

    def entries(self, folder):
        return read_folders(self.store, "ann").get(folder, [])

    def holds(self, name, wanted, seconds=SOON):
        """{folder: [bytes]} is there, and each once."""
        until = time.monotonic() + seconds
        while True:
            found = {folder: collections.Counter(
                entry.data for entry in self.entries(folder))
                for folder in wanted}
            good = all(found[folder] == collections.Counter(datas)
                       for folder, datas in wanted.items())
            if good or time.monotonic() > until:
                break
            time.sleep(0.1)
        self.say(good, name, str({folder: sum(count.values()) for
                                  folder, count in found.items()}))

    def kept_there(self):
        ann = Account(self, "ann")
        there = {"INBOX": "INBOX", "Gesendet": "Sent", "Spam": "Junk",
                 "Archive/2025": "Archive/2025", "Entw&APw-rfe":
                 "Entw\u00fcrfe"}
        wanted = {}
        for folder, local in there.items():
            wanted[local] = [letter("%s-%d" % (local.replace("\u00fc", "ue"),
                                               i), 900 * i)
                             for i in range(1, 8)]
            for i, data in enumerate(wanted[local]):
                ann.put(folder, data, ("", "\\Seen", "\\Flagged \\Answered",
                                       "$Forwarded")[i % 4])
        large = letter("large", 3 << 20)
        wanted["INBOX"].append(large)
        ann.put("INBOX", large)
        ann.put("INBOX", letter("thrown-away"), "\\Deleted")
        ann.add("--keep")
        row = ann.now()
        self.say(row["taken"] == 36, "all folders are collected", str(row))
        self.holds("each into its folder, byte for byte", wanted)
        found = {entry.data: (entry.flags, entry.keywords)
                 for entry in self.entries("Sent")}
        marks = [found.get(data) for data in wanted["Sent"]]
        self.say(marks == [((0, b""), (1, b""), (6, b""),
                            (0, b"$Forwarded"))[i % 4] for i in range(7)],
                 "flags are kept", str(marks))
        self.say({entry.received for folder in wanted for entry in
                  self.entries(folder)} == {DATE_MS}, "dates are kept")
        row = ann.now()
        self.say(row["taken"] == 0, "nothing comes twice", str(row))

        # moved there: known under its new UID, and left where it is here
        ann.client.select("Spam")
        ann.client.uid("MOVE", "1", "Archive/2025")
        rows = [ann.now(), ann.now()]
        self.say([row["taken"] for row in rows] == [0, 0],
                 "a moved message is followed and not carried", str(rows))
        self.holds("and what was moved stays where it is here", wanted)

        # another UIDVALIDITY
        box = self.dovecot.folder + "/mail/ann/Maildir/.Gesendet/"
        ann.client.select("INBOX")
        for name in os.listdir(box):
            if name.startswith("dovecot"):
                os.unlink(box + name)
        row = ann.now()
        self.say(row["taken"] == 0, "another UIDVALIDITY carries nothing",
                 str(row))
        self.holds("nor doubles anything", wanted)

        # IDLE
        time.sleep(1.0)
        came = letter("while-it-idles")
        ann.put("INBOX", came)
        wanted["INBOX"].append(came)
        self.holds("new mail comes by itself, and soon", wanted)
        return wanted

    def deleted_there(self, wanted):
        bob = Account(self, "bob")
        datas = [letter("bob-%d" % i, 500) for i in range(300)]
        for data in datas:
            bob.put("Work", data)
        bob.put("INBOX", letter("bob-inbox"))
        bob.add("--delete-after", "0")
        row = bob.now()
        self.say(row["taken"] == 301 and row["deleted"] == 301,
                 "taken and deleted", str(row))
        self.say(bob.left("Work") == 0 and bob.left("INBOX") == 0,
                 "nothing is left there")
        wanted["Work"] = datas
        wanted["INBOX"].append(letter("bob-inbox"))
        self.holds("and it is here", wanted)

    def resumed(self, wanted):
        cutter = Cutter(self.dovecot.port)
        cid = Account(self, "cid")
        cid.add("--keep", port=cutter.port)
        big = parts("big", b"The text.\r\n",
                    (b'filename="big.bin"', random.Random(7).randbytes(
                        5 << 20)))
        cutter.budget = 2 << 20
        cid.put("INBOX", big)
        for place in (2 << 20, 4 << 20):
            cutter.budget = place
            try:
                cid.now()
                self.say(False, "the line was not cut")
            except ValueError:
                pass                    # its exit code says that it failed
        cutter.budget = None
        row = cid.now()
        wanted["INBOX"].append(big)
        self.say(row["taken"] == 1, "a message that was cut comes", str(row))
        self.holds("and is what it was", wanted)
        self.say(cutter.bytes < len(big) + (1 << 20),
                 "twice cut, its bytes are carried once",
                 "%d of %d" % (cutter.bytes, len(big)))
        return wanted, cid

    def placed(self, wanted, cid):
        """A note of it with names and text, and then the message itself."""
        data = parts("placed", "See you at the caf\u00e9.\r\n".encode(),
                     (b"filename*=utf-8''caf%C3%A9.bin", bytes(60000)),
                     (b'filename="plan (new).bin"', bytes(60000)))
        cid.command("before", "--rule", "size > 50K -> placeholder")
        cid.put("INBOX", data)
        cid.now()
        until = time.monotonic() + SOON
        notes = []
        while not notes and time.monotonic() < until:
            notes = [entry.data for entry in self.entries("INBOX")
                     if b"[Not downloaded yet] placed" in entry.data]
        self.say(len(notes) == 1, "a placeholder is made", str(len(notes)))
        note = notes[0] if notes else b""
        for words in ("attachments: caf\u00e9.bin, plan (new).bin\r\n",
                      "See you at the caf\u00e9.\r\n"):
            self.say(words.encode() in note, "it shows " + words.split()[0],
                     repr(note))
        found = re.search(rb"postroom fetch body ([0-9a-f]+)", note)
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c", self.args.conf,
             "fetch", "body", found.group(1).decode() if found else "none"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        self.say(done.returncode == 0, "its body is taken",
                 repr(done.stdout))
        wanted["INBOX"] += [data, note]
        self.holds("and both are here", wanted)

    def run(self):
        try:
            wanted = self.kept_there()
            self.deleted_there(wanted)
            self.placed(*self.resumed(wanted))
        finally:
            self.dovecot.stop()
        if self.failed:
            print(self.dovecot.log())
        return self.failed


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--conf", "--folder", "--results"):
        parser.add_argument(name, required=True)
    test = Test(parser.parse_args())
    try:
        return test.run()
    except (OSError, ValueError, KeyError, imaplib.IMAP4.error,
            subprocess.SubprocessError) as fault:
        test.say(False, "broke off", str(fault))
        return True


if __name__ == "__main__":
    sys.exit(main())
