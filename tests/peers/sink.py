"""smtp-sink, which stands for other hosts, and what is left in the hub."""

import collections
import os
import re
import sqlite3
import subprocess

from hub import Fault
from ports import free_ports


class Sink:
    """smtp-sink, which writes each message it takes into a file."""

    def __init__(self, folder, name="sink"):
        self.port, = free_ports(1)
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        os.chmod(folder, 0o755)
        os.chmod(self.folder, 0o777)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            ["smtp-sink", *user, "-R", self.folder, "-d", "m.",
             "127.0.0.1:%d" % self.port, "100"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def messages(self):
        """(sender, recipients, the message as it was sent) of each."""
        found = []
        for name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, name), "rb") as file:
                text = file.read()
            sender = re.search(rb"(?m)^X-Mail-Args: <(.*)>\r?$", text)
            if sender is None:
                continue        # it is just being written
            found.append((
                sender.group(1).decode(), [r.decode() for r in re.findall(
                    rb"(?m)^X-Rcpt-Args: <(.*)>", text)],
                text))
        return found

    def got(self):
        """How often each recipient has got something."""
        return collections.Counter(
            rcpt for _, rcpts, _ in self.messages() for rcpt in rcpts)


def outbound(hub):
    """How many recipients have ever been let out and are not there yet."""
    path = os.path.join(hub.data, "queue", "queue.db")
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        return db.execute("SELECT count(*) FROM outbound").fetchone()[0]


def cli(hub, *words, check=True):
    return hub.run("-c", hub.conf, *words, check=check)


def delivered(hub, who):
    """Letters in the mailbox of `who`."""
    try:
        with sqlite3.connect("file:%s?mode=ro" % os.path.join(
                hub.data, "accounts", str(hub.accounts[who]), "index.db"),
                             uri=True) as db:
            return db.execute("SELECT count(*) FROM entry").fetchone()[0]
    except sqlite3.OperationalError:    # it is just being made
        return 0


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))
