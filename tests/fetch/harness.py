"""One hub, many remote mailboxes: what the tests of collecting stand on.

A Case is one owner with mailboxes at providers of its own.  It collects by
`postroom fetch now`, reads what is here over POP3 and compares bytes; when all
cases are over, settled, and the hub was started anew, every mailbox is
compared once more, so that what comes late or twice is seen too.
"""

import base64
import collections
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import DOMAIN, Fault, Hub                      # noqa: E402
from hub import PASSWORD as OWN_PASSWORD                # noqa: E402
from delivered import as_it_came                        # noqa: E402
from certs import HOST, Certificates                    # noqa: E402
from imap_provider import (DATE_MS, Folder, ImapBox, ImapMail,      # noqa
                           ImapSession)
from provider import PASSWORD, Box, Mail, Provider, Session, mended  # noqa

__all__ = ["Box", "Case", "DATE_MS", "Fault", "Folder", "ImapBox", "ImapMail", "ImapSession",
           "Mail", "PASSWORD", "Place", "Provider", "Session", "HOST",
           "letter", "mended", "test", "TESTS"]

SETTLES = 20.0          # seconds for what may stand still for good
VISIBLE = 120.0         # seconds from "collected" to "in the mailbox": a guard
COMMAND = 400.0         # of one command line; the product's limits are less
MESSAGE_BYTES = 16 << 20
RECORD_HEADER = 64      # store/record.h
ID_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # lib/base/id.c
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

TESTS = []              # (name, function, is slow)
PLACES = []             # all there ever were, to be cleared away


def test(name, slow=False):
    """The name is the row of tests/HARDENING.md and what is true."""
    def note(function):
        TESTS.append((name, function, slow))
        return function
    return note


def letter(name, size=600, head=b"", line=b"\r\n"):
    """A message that is like no other."""
    name = name.encode()
    lines = [b"From: a@client.example", b"To: office", b"Subject: " + name,
             b"Message-ID: <" + name + b"@client.example>",
             b"Date: Fri, 20 Nov 2026 10:00:00 +0700"]
    text = line.join([*lines, *([head] if head else []), b"", b""])
    number = 0
    parts = [text]
    have = len(text)
    while have < size:
        number += 1
        part = b"%s line %d of %s" % ((b"", b".", b"..")[number % 3], number,
                                      name) + line
        parts.append(part)
        have += len(part)
    return b"".join(parts)


def letters(name, count, size=600):
    return [letter("%s-%d" % (name, i), size) for i in range(1, count + 1)]


def mails(datas, first=1):
    return [Mail("uidl-%d" % i, data) for i, data in enumerate(datas, first)]


class Pop:
    """One POP3 session with the hub, read in whole replies."""

    def __init__(self, hub, name):
        self.socket = hub.connect("pop3")
        self.rest = b""
        self.until(b"\r\n")
        self.ask("USER %s@%s" % (name, DOMAIN))
        self.ask("PASS " + OWN_PASSWORD)

    def until(self, end):
        parts, seen = [self.rest], self.rest
        while end not in seen:
            data = self.socket.recv(1 << 18)
            if not data:
                raise Fault("the hub hangs up")
            seen = parts[-1][-len(end):] + data
            parts.append(data)
        whole = b"".join(parts)
        at = whole.index(end) + len(end)
        self.rest = whole[at:]
        return whole[:at]

    def ask(self, line, many=False):
        self.socket.sendall(line.encode() + b"\r\n")
        answer = self.until(b"\r\n")
        if not answer.startswith(b"+OK"):
            raise Fault("%s: %r" % (line.split()[0], answer))
        if not many:
            return answer
        if self.rest.startswith(b".\r\n"):
            self.rest = self.rest[3:]
            return b""
        return self.until(b"\r\n.\r\n")[:-3]

    def close(self):
        try:
            self.ask("QUIT")
        finally:
            self.socket.close()


def open_mailbox(hub, name):
    until = time.monotonic() + VISIBLE
    while True:
        try:
            return Pop(hub, name)
        except (Fault, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def read_letters(pop, name):
    """All of a session, without the hub's own first lines."""
    found = []
    count = int(pop.ask("STAT").split()[1])
    for number in range(1, count + 1):
        data = pop.ask("RETR %d" % number, many=True)
        data = re.sub(rb"(\A|\r\n)\.", rb"\1", data)
        try:
            found.append(as_it_came(data))
        except ValueError as no_trace:
            raise Fault("%s: %s" % (name, no_trace)) from no_trace
    return found


def read_mailbox(hub, name):
    """The letters of a mailbox here, without the hub's own first lines."""
    pop = open_mailbox(hub, name)
    try:
        return read_letters(pop, name)
    finally:
        pop.close()


Entry = collections.namedtuple("Entry", "uid flags keywords received data")


def read_letter(folder, data, row):
    """The body of a letter: in its segment behind the trace, or a big file."""
    segment, offset, trace_bytes, body_bytes, big = row
    if big is not None:
        bits = int.from_bytes(big, "big")
        name = "".join(ID_DIGITS[bits >> shift & 31]
                       for shift in range(len(big) * 8 - 5, -1, -5))
        path = os.path.join(data, "queue", "big", name[-2:], name)
        offset = 0
    else:
        path = os.path.join(folder, "letters", "%04d.seg" % segment)
        offset += RECORD_HEADER + trace_bytes
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(body_bytes)


def read_folders(hub, name):
    """{folder: [Entry]} of an account, in the order of their UIDs."""
    folder = os.path.join(hub.data, "accounts", str(hub.accounts[name]))
    path = os.path.join(folder, "index.db")
    found = {}
    if not os.path.exists(path):
        return found
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=30)
    try:
        for number, label in db.execute("SELECT id, name FROM mailbox"):
            found[bytes(label).decode()] = [
                Entry(place & 0xffffffff, flags, bytes(keywords), received,
                      read_letter(folder, hub.data, row))
                for place, flags, keywords, received, *row in db.execute(
                    "SELECT e.place, e.flags, e.keywords, l.received,"
                    " l.segment, l.offset, l.trace_bytes, l.body_bytes, l.big"
                    " FROM entry e JOIN letter l ON l.id = e.letter"
                    " WHERE e.place >> 32 = ? ORDER BY e.place", (number,))]
    finally:
        db.close()
    return found


def told(data):
    """A letter in a few words."""
    subject = re.search(rb"Subject: ([^\r\n]*)", data[:2000])
    return "%s, %d bytes" % (subject.group(1).decode("latin-1")
                             if subject else repr(data[:40]), len(data))


def likeness(data, others):
    """Where it begins to be another than the one of them that is most like it."""
    same = max((len(os.path.commonprefix([data, other])) for other in others),
               default=0)
    return ", another from byte %d" % same if same else ""


def compare(name, found, wanted, least=None):
    """
    Exactly the wanted ones, each once.  `least`: of the wanted, those that
    may not be missing (all, if not said).
    """
    found = collections.Counter(found)
    wanted = collections.Counter(wanted)
    least = wanted if least is None else collections.Counter(least)
    missing = least - found
    extra = found - wanted
    words = ["missing: " + told(x) for x in missing] + \
            ["%s: %s%s" % ("twice" if x in wanted else "unknown", told(x),
                           likeness(x, missing)) for x in extra]
    if words:
        raise Fault("%s: %s" % (name, "; ".join(words[:6])))


class Place:
    """The hub, the certificates, and the cases it holds."""

    def __init__(self, bin_folder, names, config=None):
        options = {
            "connections_per_address": "1000", "fetch_per_host": "64",
            "fetch_connections": "1000", "fetch_minutes": "1440",
            "fetch_watch": "no",
            "message_bytes": "%dMiB" % (MESSAGE_BYTES >> 20),
            "journal_segment_bytes": "4MiB", "warm_mailboxes": "200",
            # whenever these tests run, it is not the line's night
            "line_windows": '"daily 00:00-24:00; %s 03:00-04:00 night"'
            % DAYS[(time.localtime().tm_wday + 3) % len(DAYS)],
        }
        self.hub = Hub(bin_folder, [], {})
        PLACES.append(self)
        folder = self.hub.folder
        self.certs = Certificates(os.path.join(folder, "certificates"))
        os.chmod(folder, 0o755)
        os.chmod(self.certs.folder, 0o755)
        os.chmod(self.certs.authority(), 0o644)
        hosts = os.path.join(folder, "hosts")
        with open(hosts, "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost %s other.test\n" % HOST)
        os.chmod(hosts, 0o644)
        options["tls_ca_file"] = '"%s"' % self.certs.authority()
        options["hosts_file"] = '"%s"' % hosts
        options.update(config or {})
        self.hub.configure(options)
        self.secret = os.path.join(folder, "secret")
        with open(self.secret, "wb") as file:
            file.write(PASSWORD + b"\n")
        for name in names:
            self.hub.run("-c", self.hub.conf, "account", "add",
                         "%s@%s" % (name, DOMAIN), "--password-file",
                         os.path.join(folder, "password"))
        self.hub.accounts = {name: 2 + i for i, name in enumerate(names)}
        self.cases = []
        self.lock = threading.Lock()

    def finish(self):
        """Settle, compare all; start anew, and once more."""
        faults = {}
        for again in (False, True):
            if again:
                self.hub.stop()
                self.hub.check()
                self.hub.start()
            self.hub.wait_settled()
            for case in self.cases:
                try:
                    case.compare_again()
                except (Fault, OSError) as fault:
                    faults.setdefault(case.name, fault)
        self.hub.stop()
        self.hub.check()
        return faults


class Case:
    """One owner, and what is asked for them."""

    def __init__(self, place, name, owner):
        self.place = place
        self.hub = place.hub
        self.certs = place.certs
        self.name = name
        self.owner = owner
        self.providers = []
        self.expected = None            # (wanted, least)
        self.expected_in = None         # {folder: wanted}
        with place.lock:
            place.cases.append(self)

    # --- at the provider -----------------------------------------------------

    def box(self, datas=(), user=None, password=PASSWORD):
        """A mailbox with these messages, numbered from 1."""
        return Box(user or self.owner, mails(list(datas)), password)

    def imap_box(self, datas=(), folders=(), user=None, password=PASSWORD):
        """The same, with folders beside INBOX."""
        return ImapBox(user or self.owner, [
            ImapMail("uidl-%d" % i, data) for i, data in enumerate(datas, 1)],
            folders, password=password)

    def provider(self, session=Session, *boxes, **options):
        provider = Provider(session, boxes, **options)
        self.providers.append(provider)
        return provider

    def close(self):
        for provider in self.providers:
            provider.close()

    # --- the command line ----------------------------------------------------

    def command(self, *words):
        """(status, text, complaints) of `postroom WORDS`."""
        done = subprocess.run(
            [os.path.join(self.hub.bin, "postroom"), "-c", self.hub.conf,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=COMMAND, check=False,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def until_traced(self, what, *words):
        """`trace` says all that: a step is written a moment after it is made."""
        until = time.monotonic() + VISIBLE
        while True:
            status, text, complaints = self.command("trace", what)
            if status == 0 and all(word in text for word in words):
                return
            if time.monotonic() > until:
                raise Fault("trace %s: %s%s" % (what, text, complaints))
            time.sleep(0.05)

    def add_words(self, provider, host="127.0.0.1", tls="none", user=None,
                  label="remote", take="--all", delete="--keep",
                  secret=None):
        return ["fetch", "add", "%s@%s" % (self.owner, DOMAIN), "--label",
                label, "--host", host, "--port", str(provider.port), "--tls",
                tls, "--user", user or self.owner, "--password-file",
                secret or self.place.secret, *take.split(), *delete.split(),
                *(["--protocol", "imap"] if provider.is_imap() else []),
                "--untested"]

    def add(self, provider, *more, **how):
        """A fetch account for what `provider` has."""
        status, text, complaints = self.command(
            *self.add_words(provider, **how), *more)
        if status != 0:
            raise Fault("fetch add: status %d: %s%s"
                        % (status, text, complaints))

    def fetch(self, verb, label=None):
        """The rows of `fetch now` or `fetch test` for this owner."""
        words = ["fetch", verb, "%s@%s" % (self.owner, DOMAIN)]
        if label:
            words += ["--label", label]
        status, text, complaints = self.command(*words, "--json")
        try:
            answer = json.loads(text)
            rows = answer["result"] if isinstance(answer, dict) else answer
        except (ValueError, KeyError) as fault:
            raise Fault("fetch %s: status %d: %s%s" % (
                verb, status, text[:300], complaints[:300])) from fault
        failed = any(row["result"] != "done" for row in rows)
        if (status != 0) != failed:
            raise Fault("fetch %s: status %d, and %s" % (
                verb, status, [row["result"] for row in rows]))
        return rows

    def fetch_list(self):
        """The fetch accounts of this owner."""
        status, text, complaints = self.command(
            "fetch", "list", "%s@%s" % (self.owner, DOMAIN), "--json")
        if status != 0:
            raise Fault("fetch list: status %d: %s" % (status, complaints))
        return json.loads(text)["result"]

    def now(self, *results, label=None, verb="now"):
        """
        Collect; the one row.  `results`: how it may have ended, "done" if
        none is given; "*" is anything.
        """
        rows = self.fetch(verb, label)
        if len(rows) != 1:
            raise Fault("%d rows, not one" % len(rows))
        for provider in self.providers:
            if not provider.calm():
                raise Fault("collected, and the connection stays open")
        row = rows[0]
        wanted = results or ("done",)
        if "*" not in wanted and row["result"] not in wanted:
            raise Fault("it ended as %s (%s), not %s" % (
                row["result"], row["words"], " or ".join(wanted)))
        return row

    # --- what is here --------------------------------------------------------

    def settled(self):
        """
        Until nothing moves here, or a part of the hub does not run: what was
        collected is safe before it is delivered.
        """
        until = time.monotonic() + SETTLES
        while time.monotonic() < until:
            status, text, _ = self.command("status", "--json")
            rows = json.loads(text)["result"] if status == 0 else []
            if ["0"] == [row["value"] for row in rows
                         if row["figure"] == "moving"]:
                return
            time.sleep(0.05)

    def letters(self, least=None):
        """
        What is in the mailbox, once that many are or nothing moves any more.
        """
        if least is None:
            self.settled()
        until = time.monotonic() + VISIBLE
        while True:
            found = read_mailbox(self.hub, self.owner)
            if len(found) >= (least or 0) or time.monotonic() > until:
                return found
            time.sleep(0.05)

    def folders(self):
        """
        {folder: [Entry]} as the store has them: this works for folders that
        POP3 does not show.
        """
        return read_folders(self.hub, self.owner)

    def here_in(self, wanted):
        """Exactly these, as {folder: [bytes]}, INBOX apart."""
        count = sum(len(datas) for datas in wanted.values())
        until = time.monotonic() + VISIBLE
        while True:
            found = {name: [entry.data for entry in entries]
                     for name, entries in self.folders().items()
                     if name != "INBOX" and entries}
            if sum(map(len, found.values())) >= count or \
                    time.monotonic() > until:
                break
            time.sleep(0.1)
        for name in {*found, *wanted}:
            compare("%s in %s" % (self.owner, name), found.get(name, []),
                    [mended(data) for data in wanted.get(name, [])])
        self.expected_in = wanted

    def here(self, wanted, least=None):
        """
        Exactly these are in the mailbox, as bytes, each once; now, and when
        all is over (unless it is said anew).
        """
        wanted = [mended(data) for data in wanted]
        least = None if least is None else [mended(data) for data in least]
        count = len(wanted if least is None else least)
        compare(self.owner, self.letters(count), wanted, least)
        self.expected = (wanted, least)

    def delete_here(self, *datas, quits=True):
        """As a mail program does; without QUIT nothing is deleted."""
        pop = open_mailbox(self.hub, self.owner)
        found = read_letters(pop, self.owner)
        for data in datas:
            pop.ask("DELE %d" % (found.index(mended(data)) + 1))
        if quits:
            pop.close()
        else:
            pop.socket.close()

    def until_there(self, box, uidls):
        """
        Collect until just these are at the provider: what was deleted here is
        told a moment after the QUIT.
        """
        uidls = [uidl.encode() for uidl in uidls]
        until = time.monotonic() + VISIBLE
        while box.uidls() != uidls:
            if time.monotonic() > until:
                raise Fault("at the provider are %s" % box.uidls())
            self.now()

    def compare_again(self):
        if self.expected is not None:
            compare("afterwards, " + self.owner, self.letters(),
                    *self.expected)
        if self.expected_in is not None:
            self.here_in(self.expected_in)

    # --- what must be true ---------------------------------------------------

    @staticmethod
    def true(truth, *words):
        if not truth:
            raise Fault(" ".join(str(word) for word in words))

    def once(self, box, *but):
        """No message was wholly sent twice; `but`: UIDLs not looked at."""
        for uidl, count in box.sent.items():
            if count > 1 and uidl not in but:
                raise Fault("%r was carried %d times" % (uidl, count))

    def no_secret(self, received, user=None):
        """Neither the password nor the name is in these bytes."""
        user = (user or self.owner).encode()
        for form in (PASSWORD, user,
                     base64.b64encode(b"\0" + user + b"\0" + PASSWORD),
                     base64.b64encode(user), base64.b64encode(PASSWORD)):
            if form in received:
                raise Fault("in clear went %r" % form)
