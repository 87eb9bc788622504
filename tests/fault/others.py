"""Mail that is read by IMAP, and mail that is collected, in the ledger too.

A mail program keeps a session, waits for news, reads all there is, throws
away a part of it, and empties its Trash.  A provider has mail for an account
now and then, and is to delete it as soon as it is safe here.
"""

import os
import sys

from hub import DOMAIN, Fault
from imap_client import Client, set_of

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from provider import PASSWORD, Box, Mail, Provider      # noqa: E402

AT_ONCE = 16            # letters of one FETCH
COLLECTED = 6           # messages that wait at the provider, at most


class Program:
    """One IMAP session of one account."""

    def __init__(self, hub, ledger, account):
        self.hub, self.ledger, self.account = hub, ledger, account
        self.client = None
        self.lives = 0          # UIDVALIDITY of INBOX

    def open(self):
        self.client = Client(self.hub, "p", account=self.account)
        self.lives = self.select("INBOX")

    def select(self, mailbox):
        return self.client.run("SELECT " + mailbox).expect(
            "OK").codes["UIDVALIDITY"][0]

    def read(self):
        """[(place, number)] of the letters there, all read."""
        found = []
        for first in range(1, len(self.client.places) + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, len(self.client.places))
            answer = self.client.run("FETCH %d:%d (UID BODY.PEEK[])" % (
                first, last)).expect("OK")
            for place, items in answer.fetched:
                if "BODY[]" not in items:
                    continue    # flags that another session has changed
                found.append((place, self.ledger.know(
                    self.account, "%s.%d" % (self.lives, place.uid),
                    items["BODY[]"].split(b"\r\n")[:-1])))
        return found

    def throw_away(self, chosen):
        """By way of the Trash: what has left it is gone."""
        numbers = {place.uid: number for place, number in self.read()
                   if chosen(number)}
        if not numbers:
            return
        uids = set_of(sorted(numbers))
        self.tell(numbers, "perhaps")
        self.client.run("UID MOVE %s Trash" % uids).expect("OK")
        self.tell(numbers, "deleted")
        self.select("Trash")
        self.client.run("STORE 1:* +FLAGS (\\Deleted)").expect("OK")
        self.client.run("EXPUNGE").expect("OK")
        if self.client.places:
            raise Fault("%d letters stay in Trash" % len(self.client.places))
        self.select("INBOX")

    def tell(self, numbers, word):
        with self.ledger.lock:
            for number in numbers.values():
                self.ledger.deleted[number, self.account] = word

    def wait(self, seconds):
        """For news, in IDLE."""
        self.client.idle()
        if self.client.has_news(seconds):
            self.client.take()
        self.client.done()

    def load(self, rng, stop):
        self.open()
        while not stop.is_set():
            self.throw_away(lambda number: rng.random() < 0.9)
            self.wait(0.2)
            if rng.random() < 0.1:
                self.close()
                self.open()
        self.close()

    def close(self):
        self.client.lines.send(b"z LOGOUT\r\n")
        self.client.close()


class Collected:
    """A mailbox elsewhere that is collected into one here."""

    def __init__(self, hub, ledger, account):
        self.hub, self.ledger, self.account = hub, ledger, account
        self.address = "%s@%s" % (account, DOMAIN)
        self.box = Box(account + "-there")
        self.provider = Provider(boxes=(self.box,))
        secret = os.path.join(hub.folder, "secret-" + account)
        with open(secret, "wb") as file:
            file.write(PASSWORD + b"\n")
        hub.run("-c", hub.conf, "fetch", "add", self.address, "--label",
                "there", "--host", "127.0.0.1", "--port",
                str(self.provider.port), "--tls", "none", "--user",
                self.box.user.decode(), "--password-file", secret, "--all",
                "--delete-after", "0", "--untested")

    def load(self, rng, stop):
        while not stop.is_set():
            for _ in range(rng.randint(1, COLLECTED)):
                number, data = self.ledger.new()
                self.box.add(Mail("u%d" % number, data))
                self.ledger.tell(number, self.account, "taken", "collected")
            self.hub.run("-c", self.hub.conf, "fetch", "now", self.address)
            stop.wait(0.2)
        if self.box.uidls():
            raise Fault("%d messages are not deleted at the provider"
                        % len(self.box.uidls()))

    def close(self):
        self.provider.close()
