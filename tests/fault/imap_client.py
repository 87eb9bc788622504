"""An IMAP client that believes nothing.

It keeps what it was told of its mailbox as a mail program does, number by
number, and faults a server that tells what cannot be, or tells it when
numbers must stay (RFC 9051 7.5.1).  Commands may be begun on several clients
before the first is ended.
"""

import re
import select

from hub import DOMAIN, PASSWORD, Fault
from ledger import Cut, Lines

TOKEN = re.compile(
    rb' *(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n'
    rb'|([^ ()"{\[]*\[[^\]]*\](?:<\d+>)?|[^ ()"{]+))', re.S)
LITERAL_MOST = 4096     # RFC 7888 5: of what is sent unasked


def parse(data):
    """All values in `data`: lists, bytes, None for NIL."""
    stack, at = [[]], 0
    while at < len(data):
        match = TOKEN.match(data, at)
        if match is None:
            raise Fault("not IMAP: %r" % data[at:at + 80])
        at = match.end()
        opened, closed, quoted, literal, atom = match.groups()
        if opened:
            stack.append([])
        elif closed:
            done = stack.pop()
            stack[-1].append(done)
        elif quoted is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", quoted))
        elif literal:
            stack[-1].append(data[at:at + int(literal)])
            at += int(literal)
        else:
            stack[-1].append(None if atom == b"NIL" else atom)
    return stack[0]


def numbers(text):
    """The numbers of "1,4:6", in the order told."""
    found = []
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        found += range(int(first), int(last or first) + 1)
    return found


def set_of(chosen):
    """Numbers that ascend as "1,4:6"."""
    parts, first = [], None
    for i, n in enumerate(chosen):
        first = n if first is None else first
        if i + 1 == len(chosen) or chosen[i + 1] != n + 1:
            parts.append("%d" % n if n == first else "%d:%d" % (first, n))
            first = None
    return ",".join(parts)


def flag_set(words):
    """Flags and keywords are the same in any case of their letters."""
    return frozenset(word.decode().lower() for word in words)


class Place:
    """What a client knows of the letter with one number."""

    def __init__(self, uid=None, flags=None):
        self.uid = uid
        self.flags = flags      # without \Recent
        self.is_recent = None


class Answer:
    """What came between a command and its end."""

    def __init__(self, command):
        self.command = command
        self.word = self.text = None
        self.codes = {}         # "APPENDUID" -> [words]
        self.fetched = []       # (place, items)
        self.found = None       # of SEARCH
        self.listed = []
        self.status = {}
        self.vanished = []      # UIDs that went while nobody was there

    def expect(self, word, code=None):
        if self.word != word or (code and code not in self.text):
            raise Fault("%r was answered %s %s" % (
                self.command, self.word, self.text))
        return self


class Client:
    """One session; `places` is its mailbox, None while none is open."""

    def __init__(self, hub, name, enable="", account="ann"):
        self.name = name
        self.lines = Lines(hub.connect("imap"))
        self.places = None
        self.count = 0
        self.answer = None      # of the command under way
        self.moves = True       # numbers may change
        self.tag = b""
        self.uids_before = []   # of its letters, before the command
        if not self.lines.line().startswith(b"* OK"):
            raise Cut("not greeted")
        self.run("LOGIN %s@%s %s" % (account, DOMAIN, PASSWORD)).expect("OK")
        if enable:
            self.run("ENABLE " + enable).expect("OK")

    # --- saying ------------------------------------------------------------

    def begin(self, command, literals=()):
        """`literals` stand where "{}" does in `command`."""
        self.quiet()
        self.count += 1
        self.tag = b"%s%d" % (self.name.encode(), self.count)
        self.answer = Answer(command)
        # RFC 9051 7.5.1
        self.moves = command.split()[0] not in ("FETCH", "STORE", "SEARCH")
        self.uids_before = [place.uid for place in self.places or ()]
        if command.split()[0] in ("SELECT", "EXAMINE"):
            self.places = None
        pieces = command.encode().split(b"{}")
        data = self.tag + b" " + pieces[0]
        for literal, piece in zip(literals, pieces[1:]):
            if len(literal) > LITERAL_MOST:
                self.lines.send(data + b"{%d}\r\n" % len(literal))
                while self.take():
                    pass
                data = literal + piece
            else:
                data += b"{%d+}\r\n" % len(literal) + literal + piece
        self.lines.send(data + b"\r\n")

    def end(self):
        """The answer to what was begun."""
        while self.answer.word is None:
            self.take()
        return self.answer

    def run(self, command, literals=()):
        self.begin(command, literals)
        return self.end()

    def quiet(self):
        """Nothing is said while no command is under way."""
        if self.lines.buffer or select.select([self.lines.socket], [], [],
                                              0)[0]:
            line = self.lines.line()
            if line.startswith(b"* BYE"):
                raise Cut(line.decode())
            raise Fault("%s was told unasked: %r" % (self.name, line))

    def idle(self):
        """Begin to idle; take() takes the news."""
        self.begin("IDLE")
        while self.take():
            pass

    def done(self):
        self.lines.send(b"DONE\r\n")
        return self.end().expect("OK")

    def has_news(self, seconds):
        return bool(self.lines.buffer or select.select(
            [self.lines.socket], [], [], seconds)[0])

    def close(self):
        self.lines.close()

    # --- hearing -----------------------------------------------------------

    def response(self):
        """One response, its literals inside."""
        whole = b""
        while True:
            line = self.lines.line()
            whole += line
            match = re.search(rb"\{(\d+)\}$", line)
            if match is None:
                return whole
            whole += b"\r\n" + self.lines.octets(int(match.group(1)))

    def take(self):
        """Take one response; False when it is "go on"."""
        raw = self.response()
        if raw.startswith(b"+"):
            return False
        if raw.startswith(b"* "):
            self.untagged(raw[2:])
            return True
        tag, word, text = (raw + b" ").split(b" ", 2)
        if tag != self.tag:
            raise Fault("%s: a tag of nobody: %r" % (self.name, raw))
        self.answer.word, self.answer.text = word.decode(), text.decode()
        self.code(text)
        return True

    def code(self, text):
        match = re.match(rb"\[([A-Z-]+) ?([^\]]*)\]", text)
        if match:
            self.answer.codes[match.group(1).decode()] = \
                match.group(2).split(b" ")

    def untagged(self, raw):
        first, _, rest = raw.partition(b" ")
        if first.isdigit():
            kind, _, rest = rest.partition(b" ")
            self.numbered(int(first), kind, rest)
        elif first == b"BYE":
            raise Cut(raw.decode())
        elif first in (b"OK", b"NO"):
            self.code(rest)
        elif first == b"SEARCH":
            self.answer.found = [int(x) for x in rest.split()]
        elif first == b"ESEARCH":
            all_of = re.search(rb" ALL ([\d:,]+)", rest)
            self.answer.found = numbers(all_of.group(1)) if all_of else []
        elif first == b"LIST":
            self.answer.listed.append(parse(rest))
        elif first == b"VANISHED":
            if not rest.startswith(b"(EARLIER) "):
                raise Fault("%s was told %r" % (self.name, raw))
            self.answer.vanished += numbers(rest[10:])
        elif first == b"STATUS":
            items = parse(rest)[1]
            self.answer.status = dict(zip(items[::2], map(int, items[1::2])))

    def numbered(self, n, kind, rest):
        if kind == b"EXISTS":
            self.exists(n)
        elif kind == b"EXPUNGE":
            self.expunged(n)
        elif kind == b"FETCH":
            self.fetched(n, parse(rest)[0])
        elif kind == b"RECENT":
            self.recent(n)
        else:
            raise Fault("%s was told %d %r" % (self.name, n, kind))

    def exists(self, n):
        self.places = self.places or []
        if n < len(self.places):
            raise Fault("%s knew of %d letters, and now %d exist" % (
                self.name, len(self.places), n))
        self.places += [Place() for _ in range(n - len(self.places))]

    def place(self, n):
        if not self.places or not 1 <= n <= len(self.places):
            raise Fault("%s was told of letter %d of %d" % (
                self.name, n, len(self.places or [])))
        return self.places[n - 1]

    def expunged(self, n):
        if not self.moves:
            raise Fault("%s: EXPUNGE in answer to %r" % (
                self.name, self.answer.command))
        self.place(n)
        del self.places[n - 1]

    def flagged(self, place, flags):
        """RFC 3501 2.3.2: what is \Recent in a session stays so."""
        is_recent = "\\recent" in flags
        if place.is_recent not in (None, is_recent):
            raise Fault("%s: \\Recent of UID %s has changed" % (
                self.name, place.uid))
        place.is_recent = is_recent
        place.flags = flags - {"\\recent"}

    def recent(self, n):
        known = sum(place.is_recent or 0 for place in self.places)
        other = sum(place.is_recent is None for place in self.places)
        if not known <= n <= known + other:
            raise Fault("%s was told that %d are \\Recent: %d to %d can be" % (
                self.name, n, known, known + other))

    def fetched(self, n, values):
        place = self.place(n)
        items = {name.decode(): value
                 for name, value in zip(values[::2], values[1::2])}
        if "UID" in items:
            uid = int(items["UID"])
            if place.uid not in (None, uid):
                raise Fault("%s: letter %d was UID %d and is UID %d" % (
                    self.name, n, place.uid, uid))
            place.uid = uid
        if "FLAGS" in items:
            self.flagged(place, flag_set(items["FLAGS"]))
        self.answer.fetched.append((place, items))
