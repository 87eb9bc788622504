"""The ledger between senders and mailboxes.

For every (message, recipient) the sender notes what it was told:

    taken      250 to the message: the letter is there exactly once
    refused    4xx or 5xx to the message or the recipient: it is not there
    unsent     cut before the end of the data was sent: it is not there
    cut        the data was sent, no answer came (RFC 1047): at most once

and the reader what it deleted (QUIT answered +OK: never seen again) or may
have deleted (QUIT not answered).  Bytes must be what was sent, trace headers
aside; nothing unknown is there; no UIDL names two letters, over all lives of
the hub.
"""

import collections
import hashlib
import random
import re
import socket
import threading
import time

from hub import DOMAIN, PASSWORD, Fault

SIZES = (300, 2000, 9000, 40000, 131072, 180000, 300 * 1024)
WEIGHTS = (30, 30, 20, 10, 3, 4, 3)
LINE = b"X-Ledger: "
FEW = 8                 # faults shown of many


class Cut(Exception):
    """The connection ended, or said it would."""


class Refused(Exception):
    """A negative answer."""


def message(seed, number, size=None):
    """The bytes of message `number`: the same for the same seed."""
    rng = random.Random("%s/%d" % (seed, number))
    if size is None:
        size = rng.choices(SIZES, WEIGHTS)[0]
    lines = [LINE + b"%d %d" % (number, size), b"From: <a@client.example>",
             b"To: office", b"Subject: message %d" % number,
             b"Message-ID: <%d.%s@client.example>" % (
                 number, str(seed).encode()), b""]
    have = sum(len(line) + 2 for line in lines)
    while have < size:
        line = rng.choice((b"", b".", b"..", b".hidden", b"From here ")) + \
            b"%x" % rng.getrandbits(4 * rng.randint(4, 70))
        lines.append(line)
        have += len(line) + 2
    return b"\r\n".join(lines) + b"\r\n"


class Lines:
    """A connection that is read by lines."""

    def __init__(self, connection):
        self.socket = connection
        self.buffer = b""

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as fault:
            raise Cut(str(fault)) from fault

    def more(self):
        """Wait for bytes."""
        try:
            data = self.socket.recv(65536)
        except socket.timeout as fault:
            raise Fault("a server that says nothing") from fault
        except OSError as fault:
            raise Cut(str(fault)) from fault
        if not data:
            raise Cut("closed")
        self.buffer += data

    def line(self):
        while True:
            at = self.buffer.find(b"\r\n")
            if at >= 0:
                line, self.buffer = self.buffer[:at], self.buffer[at + 2:]
                return line
            self.more()

    def octets(self, count):
        """Exactly so many bytes."""
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def reply(self):
        """An SMTP reply: (code, text)."""
        while True:
            line = self.line()
            if line[3:4] != b"-":
                return int(line[:3]), line[4:].decode("latin-1")

    def status(self):
        """A POP3 status line, or Refused."""
        line = self.line()
        if not line.startswith(b"+OK"):
            raise Refused(line.decode("latin-1"))
        return line

    def block(self):
        """Lines up to the dot, without their doubled dots."""
        lines = []
        while (line := self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return lines

    def close(self):
        self.socket.close()


class Ledger:
    """What was promised, and whether it was kept."""

    def __init__(self, seed):
        self.seed = seed
        self.lock = threading.Lock()
        self.last = 0
        self.told = {}          # (number, account) -> word
        self.answer = {}        # (number, account) -> the hub's words
        self.digest = {}        # number -> of its bytes
        self.deleted = {}       # (number, account) -> "deleted" | "perhaps"
        self.uidl = {}          # (account, uidl) -> number
        self.answers = collections.Counter()

    def new(self, size=None):
        """(number, bytes) of a message nobody has sent."""
        with self.lock:
            self.last += 1
            number = self.last
        data = message(self.seed, number, size)
        self.digest[number] = hashlib.sha256(data).digest()
        return number, data

    def tell(self, number, account, word, answer=""):
        with self.lock:
            if (number, account) in self.told:
                raise Fault("our own mistake: told twice")
            self.told[number, account] = word
            self.answer[number, account] = answer
            self.answers[word] += 1

    def count(self, word):
        return sum(1 for w in list(self.told.values()) if w == word)

    def know(self, account, uidl, lines):
        """A letter that was read: its number.  A Fault if it is not ours."""
        at = next((i for i, line in enumerate(lines)
                   if line.startswith(LINE)), None)
        if at is None:
            raise Fault("%s %s: a letter nobody sent: %r"
                        % (account, uidl, lines[:6]))
        number = int(lines[at].split()[1])
        data = b"\r\n".join(lines[at:]) + b"\r\n"
        if hashlib.sha256(data).digest() != self.digest.get(number):
            raise Fault("%s %s: message %d has other bytes than were sent "
                        "(%d of them)" % (account, uidl, number, len(data)))
        with self.lock:
            known = self.uidl.setdefault((account, uidl), number)
        if known != number:
            raise Fault("%s: UIDL %s names messages %d and %d"
                        % (account, uidl, known, number))
        return number

    def compare(self, hub):
        """Every letter of every mailbox against what was told."""
        faults = []
        for account in hub.accounts:
            try:
                seen = collections.Counter(
                    number for number, _ in Reader(hub, self, account).all())
            except Fault as fault:
                faults.append(str(fault))
                continue
            faults += self.faults_of(account, seen)
        if faults:
            raise Fault("%d faults: %s" % (
                len(faults), "; ".join(faults[:FEW])))

    def faults_of(self, account, seen):
        bounds = {"taken": (1, 1), "refused": (0, 0), "unsent": (0, 0),
                  "cut": (0, 1)}
        for (number, name), word in sorted(self.told.items()):
            if name != account:
                continue
            least, most = bounds[word]
            gone = self.deleted.get((number, account))
            if gone == "deleted":
                least = most = 0
            elif gone == "perhaps":
                least = 0
            if not least <= seen[number] <= most:
                yield "message %d to %s: told %s (%s)%s, there %d times" % (
                    number, account, word, self.answer[number, account],
                    ", " + gone if gone else "", seen[number])
        for number in seen:
            if (number, account) not in self.told:
                yield "message %d is in %s, which was no recipient" % (
                    number, account)


class Sender:
    """One SMTP (or LMTP) session after the other, each fully pipelined."""

    def __init__(self, hub, ledger, rng, lmtp=False):
        self.hub = hub
        self.ledger = ledger
        self.rng = rng
        self.lmtp = lmtp
        self.lines = None

    def open(self):
        self.lines = Lines(self.hub.connect("lmtp" if self.lmtp else "smtp"))
        try:
            if self.lines.reply()[0] != 220:
                raise Cut("not greeted")
            self.lines.send((b"LHLO" if self.lmtp else b"EHLO") +
                            b" client.example\r\n")
            if self.lines.reply()[0] != 250:
                raise Cut("EHLO refused")
        except Cut:
            self.close()
            raise

    def close(self):
        if self.lines is not None:
            self.lines.close()
            self.lines = None

    def send(self, accounts, size=None, bdat=False):
        """Send one message; True when it was taken for anybody."""
        number, data = self.ledger.new(size)
        left = set(accounts)        # not told yet
        word = "unsent"

        def tell(names, word, answer=""):
            for name in names:
                left.discard(name)
                self.ledger.tell(number, name, word, "%s%s %d bytes for %s; %s"
                                 % ("LMTP " if self.lmtp else "",
                                    "BDAT" if bdat else "DATA", len(data),
                                    ",".join(accounts), answer))
        try:
            if self.lines is None:
                self.open()
            command = b"BDAT %d LAST\r\n" % len(data) if bdat else b"DATA\r\n"
            self.lines.send(b"MAIL FROM:<a@client.example>\r\n" + b"".join(
                b"RCPT TO:<%s@%s>\r\n" % (name.encode(), DOMAIN.encode())
                for name in accounts) + (b"" if bdat else command))
            self.answer(self.lines.reply(), 250)
            taken = []
            for name in accounts:
                code, text = self.lines.reply()
                if code == 250:
                    taken.append(name)
                elif code == 421:
                    raise Cut(text)
                else:
                    tell([name], "refused", "RCPT %d %s" % (code, text))
            if bdat and not taken:
                self.reset()
                return False
            if not bdat:
                code, text = self.lines.reply()
                if code != 354:
                    if code == 421:
                        raise Cut(text)
                    tell(list(left), "refused", "DATA %d %s" % (code, text))
                    self.reset()
                    return False
                self.lines.send(stuffed(data))
                word = "cut"
                self.lines.send(b".\r\n")
            else:
                self.lines.send(command + data[:-1])
                word = "cut"
                self.lines.send(data[-1:])
            result = False
            for names in ([[n] for n in taken] if self.lmtp else [taken]):
                code, text = self.lines.reply()
                if code == 421:
                    # said instead of an answer: the transaction failed
                    tell(names, "refused", "end %d %s" % (code, text))
                    raise Cut(text)
                tell(names, "taken" if code == 250 else "refused",
                     "end %d %s" % (code, text))
                result = result or code == 250
            return result
        except Refused as why:
            tell(list(left), "refused", "MAIL " + str(why))
            self.close()
            return False
        except (Cut, OSError):
            tell(list(left), word)
            self.close()
            return False

    def answer(self, reply, wanted):
        if reply[0] == 421:
            raise Cut(reply[1])
        if reply[0] != wanted:
            raise Refused("%d %s" % reply)

    def reset(self):
        self.lines.send(b"RSET\r\n")
        self.lines.reply()

    def load(self, stop):
        """Send until `stop` is set."""
        names = list(self.hub.accounts)
        while not stop.is_set():
            count = min(len(names), self.rng.choices((1, 2, 3), (6, 3, 1))[0])
            self.send(self.rng.sample(names, count),
                      bdat=self.rng.random() < 0.2)
            if self.lines is None:
                time.sleep(0.02)
        self.close()


def stuffed(data):
    """RFC 5321 4.5.2: a leading dot is doubled."""
    return re.sub(rb"(?m)^\.", b"..", data)


class Reader:
    """POP3 logins of one account."""

    def __init__(self, hub, ledger, account):
        self.hub = hub
        self.ledger = ledger
        self.account = account

    def login(self):
        lines = Lines(self.hub.connect("pop3"))
        try:
            lines.status()
            lines.send(b"USER %s@%s\r\nPASS %s\r\n" % (
                self.account.encode(), DOMAIN.encode(), PASSWORD.encode()))
            lines.status()
            lines.status()
        except (Cut, Refused):
            lines.close()
            raise
        return lines

    def read(self, lines):
        """[(number, place, uidl)] of what this session lists, all read."""
        lines.send(b"STAT\r\nUIDL\r\n")
        count = int(lines.status().split()[1])
        lines.status()
        uidls = [line.split()[1].decode() for line in lines.block()]
        if len(uidls) != count:
            raise Fault("STAT says %d, UIDL %d" % (count, len(uidls)))
        if len(set(uidls)) != count:
            raise Fault("%s: a UIDL names two letters" % self.account)
        found = []
        for first in range(0, count, 16):
            places = range(first + 1, min(first + 16, count) + 1)
            lines.send(b"".join(b"RETR %d\r\n" % place for place in places))
            for place in places:
                lines.status()
                uidl = uidls[place - 1]
                found.append((self.ledger.know(self.account, uidl,
                                               lines.block()), place, uidl))
        return found

    def all(self):
        """[(number, uidl)]; for as long as it takes to be let in."""
        until = time.monotonic() + 60
        while True:
            try:
                lines = self.login()
                try:
                    found = self.read(lines)
                    lines.send(b"QUIT\r\n")
                    lines.status()
                finally:
                    lines.close()
                return [(number, uidl) for number, _, uidl in found]
            except (Cut, Refused, OSError) as fault:
                if time.monotonic() > until:
                    raise Fault("%s cannot be read: %s"
                                % (self.account, fault)) from fault
                time.sleep(0.05)

    def delete(self, chosen):
        """
        One session: read all, DELE those that `chosen` names, QUIT.  What was
        answered +OK is deleted, what was not perhaps.  How many were.
        """
        try:
            lines = self.login()
        except (Cut, Refused, OSError):
            return 0
        told = {}
        try:
            for number, place, _ in self.read(lines):
                if not chosen(number):
                    continue
                lines.send(b"DELE %d\r\n" % place)
                lines.status()
                told[number, self.account] = "perhaps"
            with self.ledger.lock:
                for key, word in told.items():
                    self.ledger.deleted.setdefault(key, word)
            lines.send(b"QUIT\r\n")
            lines.status()
            with self.ledger.lock:
                for key in told:
                    self.ledger.deleted[key] = "deleted"
            return len(told)
        except (Cut, Refused, OSError):
            return 0
        finally:
            lines.close()

    def load(self, rng, stop):
        """Read and delete a part, until `stop` is set."""
        while not stop.is_set():
            self.delete(lambda number: rng.random() < 0.3)
            stop.wait(0.05)


class Load:
    """Senders and readers as threads; the first Fault of any is kept."""

    def __init__(self, hub, ledger, seed, senders=4, readers=1, lmtp=1):
        self.stopping = threading.Event()
        self.faults = []
        self.threads = []
        rng = random.Random(seed)
        for i in range(senders):
            sender = Sender(hub, ledger, random.Random(rng.random()),
                            lmtp=i < lmtp)
            self.add(sender.load, self.stopping)
        for account in list(hub.accounts)[:readers]:
            reader = Reader(hub, ledger, account)
            self.add(reader.load, random.Random(rng.random()), self.stopping)

    def add(self, function, *words):
        def run():
            try:
                function(*words)
            except Fault as fault:
                self.faults.append(fault)
            except Exception as fault:   # a thread must not die unheard
                self.faults.append(Fault("%s: %s" % (
                    type(fault).__name__, fault)))
        self.threads.append(threading.Thread(target=run, daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if self.faults and kind is None:
            raise self.faults[0]
