"""One command after the other of several IMAP clients, checked against the
model after each.
"""

import socket
import time

from hub import DOMAIN, PASSWORD, Fault
from imap_client import Client, flag_set, numbers, set_of
from imap_model import (KEYWORDS, SYSTEM, Entry, Letter, Mailbox, changed,
                        key)
from ledger import Cut, Lines, Refused

NAMES = ("one", "two", "two/deep", "three", "four/deep")
GUARD = 120.0           # seconds; nothing honest comes near it
FEW = 8                 # letters; a mailbox that has fewer gets more
FIELD = "BODY.PEEK[HEADER.FIELDS (X-MODEL)]"
FIELD_SAID = FIELD.replace(".PEEK", "")


def wait_for(truth, what):
    until = time.monotonic() + GUARD
    while not truth():
        if time.monotonic() > until:
            raise Fault(what)
        time.sleep(0.01)


class Play:
    """`boxes`: the mailboxes there are, by name."""

    def __init__(self, hub, rng, clients=4):
        self.hub, self.rng = hub, rng
        self.history = []
        self.letters = 0
        self.away = []          # (mailbox, its MODSEQ, {UID: flags})
        self.boxes = {}
        self.uidvalidities = set()
        self.watcher = self.client("w")
        self.learn()
        self.clients = [self.client("abcd"[i]) for i in range(clients)]
        self.steps = [
            (self.select, 3), (self.noop, 6), (self.store, 16),
            (self.fetch, 14), (self.search, 10), (self.copy, 6),
            (self.move, 4), (self.expunge, 5), (self.uid_expunge, 3),
            (self.append, 5), (self.create, 2), (self.delete, 2),
            (self.rename, 2), (self.leave, 1), (self.status, 2),
            (self.idle, 4), (self.deliver, 3), (self.pop, 1),
            (self.go_away, 2), (self.come_back, 3)]

    # --- clients -----------------------------------------------------------

    def client(self, name, enable=None):
        """Logged in; a hub that was just killed needs a while."""
        if enable is None:
            enable = self.rng.choice(("", "IMAP4rev2", "CONDSTORE"))
        until = time.monotonic() + GUARD
        while True:
            try:
                client = Client(self.hub, name, enable)
                client.box, client.read_only = None, False
                return client
            except (Cut, OSError) as fault:
                if time.monotonic() > until:
                    raise Fault("nobody is let in: %s" % fault) from fault
                time.sleep(0.02)

    def run(self, client, command, literals=()):
        self.history.append("%s %s" % (client.name, command))
        return client.run(command, literals)

    def close(self):
        for client in [*self.clients, self.watcher]:
            client.close()

    # --- what is there -----------------------------------------------------

    def names(self):
        """The mailboxes that LIST tells."""
        found = set()
        for attributes, _, name in self.run(
                self.watcher, 'LIST "" "*"').expect("OK").listed:
            if not {b"\\NonExistent", b"\\Noselect"} & set(attributes):
                found.add(name.decode())
        return found

    def read(self, name):
        """(UIDVALIDITY, UIDNEXT, [(uid, letter's number, flags)])."""
        client = self.watcher
        answer = self.run(client, "EXAMINE %s" % name).expect("OK")
        rows = []
        if client.places:
            fetched = self.run(client, "FETCH 1:* (UID FLAGS %s)" %
                               FIELD).expect("OK").fetched
            rows = [(place.uid, int(items[FIELD_SAID].split(b":")[1]),
                     place.flags) for place, items in fetched]
        if len(rows) != len(client.places or ()):
            raise Fault("%s: %d letters of %d are told" % (
                name, len(rows), len(client.places)))
        self.run(client, "UNSELECT").expect("OK")
        client.places = None
        return (int(answer.codes["UIDVALIDITY"][0]),
                int(answer.codes["UIDNEXT"][0]), rows)

    def learn(self):
        for name in self.names():
            uidvalidity, uidnext, rows = self.read(name)
            if rows:
                raise Fault("a letter in a new account")
            self.new_box(name, uidvalidity, uidnext)

    def new_box(self, name, uidvalidity, uidnext):
        if uidvalidity in self.uidvalidities:
            raise Fault("%s has UIDVALIDITY %d, and another had it" % (
                name, uidvalidity))
        self.uidvalidities.add(uidvalidity)
        self.boxes[name] = Mailbox(uidvalidity, uidnext)

    def letter(self):
        self.letters += 1
        return Letter(self.letters)

    def any_name(self):
        return self.rng.choice(sorted(self.boxes))

    # --- what a client knows -----------------------------------------------

    def learn_uids(self, client):
        """New letters are those above all that it knew, in their order."""
        uids = [place.uid for place in client.places]
        new = [place for place in client.places if place.uid is None]
        first = uids.index(None) if new else len(uids)
        last = uids[first - 1] if first else 0
        known = set(uids)
        there = [uid for uid in client.box.entries
                 if uid > last and uid not in known]
        if len(new) != len(there):
            raise Fault("%s was told of %d new letters, there are %d: %s" % (
                client.name, len(new), len(there), there[:20]))
        for place, uid in zip(new, there):
            place.uid = uid

    def compare(self, client, moved):
        """Its view is the mailbox, but for what it could not be told."""
        if client.box is None:
            return
        box = client.box
        client.places = client.places or []
        self.learn_uids(client)
        seen = [p.uid for p in client.places]
        if not moved:
            seen = [uid for uid in seen if uid not in box.gone]
        if seen != list(box.entries):
            raise Fault("%s sees %s, there are %s" % (
                client.name, set_of(seen), set_of(list(box.entries))))
        for place in client.places:
            entry = box.entries.get(place.uid)
            if entry and place.flags not in (None, entry.flags):
                raise Fault("%s knows UID %d as %s, it is %s" % (
                    client.name, place.uid, sorted(place.flags),
                    sorted(entry.flags)))

    def all_current(self):
        for client in self.clients:
            self.run(client, "NOOP").expect("OK")
            self.compare(client, True)

    def is_current(self, client):
        entries = list(client.box.entries.values())
        return len(entries) == len(client.places) and all(
            p.uid in (None, e.uid) and p.flags in (None, e.flags)
            for p, e in zip(client.places, entries))

    # --- choosing ----------------------------------------------------------

    def open_client(self):
        """One with letters before it, or None."""
        some = [c for c in self.clients
                if c.box and c.places and not c.box.is_dead]
        return self.rng.choice(some) if some else None

    def some_places(self, client):
        """(words before the command, its set, the places it names)."""
        places = client.places
        roll = self.rng.random()
        if roll < 0.1:
            chosen = list(range(len(places)))
        elif roll < 0.6:
            first = self.rng.randrange(len(places))
            chosen = list(range(first, min(len(places), first +
                                           self.rng.randint(1, 6))))
        else:
            chosen = sorted(self.rng.sample(
                range(len(places)), min(len(places),
                                        self.rng.randint(1, 5))))
        named = [places[i] for i in chosen]
        if self.rng.random() < 0.5:
            return "UID ", set_of([p.uid for p in named]), named
        return "", set_of([i + 1 for i in chosen]), named

    def some_flags(self, most=3):
        return self.rng.sample(SYSTEM + KEYWORDS, self.rng.randint(0, most))

    def busy(self):
        """Most is done where others are."""
        return self.rng.choice(("one", "one", "INBOX", self.any_name()))

    def step(self):
        for client in self.clients:
            if not client.places and self.rng.random() < 0.5:
                self.open(client, "one", self.rng.random() < 0.1)
        if len(self.boxes["one"].entries) < FEW:
            self.put(self.rng.choice(self.clients), "one", 3)
        steps, weights = zip(*self.steps)
        self.rng.choices(steps, weights)[0]()

    def fill(self, count):
        """So many letters in "one", most of them copies."""
        client = self.clients[0]
        self.make("one")
        for _ in range(min(count, 12)):
            self.put(client, "one", 1)
        self.open(client, "one", False)
        while len(self.boxes["one"].entries) < count:
            self.copy_to(client, "", "1:*", client.places, "one", False)

    # --- commands: mailboxes -----------------------------------------------

    def open(self, client, name, read_only):
        answer = self.run(client, "%s %s" % (
            "EXAMINE" if read_only else "SELECT", name))
        if name not in self.boxes:
            answer.expect("NO")
            client.box = client.places = None
            return
        box = self.boxes[name]
        answer.expect("OK", "READ-ONLY" if read_only else "READ-WRITE")
        client.box, client.read_only = box, read_only
        if int(answer.codes["UIDVALIDITY"][0]) != box.uidvalidity:
            raise Fault("%s has another UIDVALIDITY" % name)
        uidnext = int(answer.codes["UIDNEXT"][0])
        if uidnext < box.next:
            raise Fault("%s: UIDNEXT %d after UID %d" % (
                name, uidnext, box.next - 1))
        box.next = uidnext
        self.compare(client, True)
        if self.rng.random() < 0.8 and client.places:
            self.run(client, "FETCH 1:* (UID FLAGS)").expect("OK")
            self.compare(client, False)

    def select(self):
        name = "nowhere" if self.rng.random() < 0.03 else self.busy()
        self.open(self.rng.choice(self.clients), name,
                  self.rng.random() < 0.15)

    def leave(self):
        client = self.rng.choice(self.clients)
        if client.box is None:
            return
        word = self.rng.choice(("CLOSE", "UNSELECT"))
        if word == "CLOSE" and not client.read_only and \
                not client.box.is_dead:
            client.box.remove(self.deleted_of(client, client.places))
        self.run(client, word).expect("OK")
        client.box = client.places = None

    def make(self, name):
        """Its levels above are made too."""
        client = self.rng.choice(self.clients)
        answer = self.run(client, "CREATE %s" % name)
        if name in self.boxes:
            answer.expect("NO", "ALREADYEXISTS")
        else:
            answer.expect("OK")
            self.adopt_new(name)
        self.compare(client, True)

    def adopt_new(self, name):
        """The mailbox and those above it are there, empty if they are new."""
        parts = name.split("/")
        for i in range(len(parts)):
            level = "/".join(parts[:i + 1])
            if level not in self.boxes:
                uidvalidity, uidnext, rows = self.read(level)
                if rows:
                    raise Fault("%s is new and holds letters" % level)
                self.new_box(level, uidvalidity, uidnext)

    def create(self):
        self.make(self.rng.choice(NAMES))

    def delete(self):
        name = self.rng.choice(NAMES[1:])   # "one" is needed
        client = self.rng.choice(self.clients)
        answer = self.run(client, "DELETE %s" % name)
        if name not in self.boxes:
            answer.expect("NO")
        else:
            answer.expect("OK")
            box = self.boxes.pop(name)
            box.remove(list(box.entries))
            box.is_dead = True
        self.compare(client, True)
        if self.names() != set(self.boxes):
            raise Fault("LIST tells of %s" % sorted(self.names()))

    def rename(self):
        old = self.rng.choice(NAMES[1:] + ("INBOX",))
        new = self.rng.choice(NAMES)
        client = self.rng.choice(self.clients)
        if old not in self.boxes:
            return
        below = [n for n in self.boxes if n.startswith(old + "/")]
        moved = {old: new} if old == "INBOX" else {
            n: new + n[len(old):] for n in [old, *below]}
        is_possible = not new.startswith(old + "/") and not any(
            n in self.boxes for n in moved.values())
        answer = self.run(client, "RENAME %s %s" % (old, new))
        if not is_possible:
            answer.expect("NO")
        elif old == "INBOX":
            answer.expect("OK")
            self.adopt_inbox(new)
        else:
            answer.expect("OK")
            boxes = {n: self.boxes.pop(n) for n in moved}
            self.boxes.update((moved[n], box) for n, box in boxes.items())
            if "/" in new:
                self.adopt_new(new.rpartition("/")[0])
        self.compare(client, True)
        if self.names() != set(self.boxes):
            raise Fault("LIST tells of %s, not of %s" % (
                sorted(self.names()), sorted(self.boxes)))

    def adopt_inbox(self, new):
        """RFC 9051 6.3.6: its letters are in `new`, and it is empty."""
        if "/" in new:
            self.adopt_new(new.rpartition("/")[0])
        inbox = self.boxes["INBOX"]
        uidvalidity, uidnext, rows = self.read(new)
        if [(number, flags) for _, number, flags in rows] != \
                [(e.letter.number, e.flags) for e in inbox.entries.values()]:
            raise Fault("other letters than were in INBOX")
        self.new_box(new, uidvalidity, 1)
        for (uid, _, flags), entry in zip(rows, inbox.entries.values()):
            self.boxes[new].add(Entry(uid, entry.letter, flags, entry.came))
        self.boxes[new].next = uidnext
        inbox.remove(list(inbox.entries))

    def status(self):
        name = self.any_name()
        box = self.boxes[name]
        client = self.rng.choice(self.clients)
        got = self.run(client, "STATUS %s (MESSAGES UNSEEN UIDNEXT "
                       "UIDVALIDITY SIZE)" % name).expect("OK").status
        entries = list(box.entries.values())
        want = {b"MESSAGES": len(entries), b"UIDVALIDITY": box.uidvalidity,
                b"UNSEEN": sum("\\seen" not in e.flags for e in entries),
                b"SIZE": sum(len(e.came) + len(e.letter.data)
                             for e in entries)}
        if got.pop(b"UIDNEXT") < box.next or got != want:
            raise Fault("STATUS %s tells %s, it is %s" % (name, got, want))
        self.compare(client, True)

    # --- commands: letters -------------------------------------------------

    def noop(self):
        client = self.rng.choice(self.clients)
        self.run(client, self.rng.choice(("NOOP", "NOOP", "CAPABILITY"))
                 ).expect("OK")
        self.compare(client, True)

    def store(self, how=None, words=None):
        client = self.open_client()
        if client is None:
            return
        prefix, chosen, places = self.some_places(client)
        how = self.rng.choice(("", "+", "+", "-")) if how is None else how
        words = self.some_flags() if words is None else words
        silent = self.rng.random() < 0.4
        answer = self.run(client, "%sSTORE %s %sFLAGS%s (%s)" % (
            prefix, chosen, how, ".SILENT" if silent else "",
            " ".join(words)))
        if client.read_only:
            answer.expect("NO")
            self.compare(client, False)
            return
        answer.expect("OK")
        told = {place.uid for place, _ in answer.fetched}
        for place in places:
            entry = client.box.entries.get(place.uid)
            if entry is None:
                continue
            entry.flags = changed(entry.flags, how, words)
            if silent and place.flags is not None:
                place.flags = changed(place.flags, how, words)
            if not silent and place.uid not in told:
                raise Fault("UID %d was not told of" % place.uid)
        self.compare(client, bool(prefix))

    def fetch(self):
        client = self.open_client()
        if client is None:
            return
        prefix, chosen, places = self.some_places(client)
        items = self.rng.choice((
            "UID FLAGS", "RFC822.SIZE ENVELOPE", "BODY.PEEK[]", "BODY[]",
            "UID BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]<3.40>",
            "BODY[TEXT]", FIELD))
        answer = self.run(client, "%sFETCH %s (%s)" % (
            prefix, chosen, items)).expect("OK")
        gone = client.box.gone
        got = {place.uid: values for place, values in answer.fetched}
        for place in places:
            entry = client.box.entries.get(place.uid)
            if entry is None:
                continue
            if "BODY[" in items and not client.read_only:
                entry.flags |= {"\\seen"}
            self.check_items(entry, items, {
                k: v for p, values in answer.fetched if p is place
                for k, v in values.items()})
        if set(got) - {p.uid for p in client.places} - gone:
            raise Fault("letters that were not asked for")
        self.compare(client, bool(prefix))

    @staticmethod
    def check_items(entry, items, values):
        data, head = entry.came + entry.letter.data, entry.letter.head
        want = {
            "BODY[]": data, "BODY[HEADER]": entry.came + head,
            "BODY[TEXT]": entry.letter.text,
            "BODY[TEXT]<3>": entry.letter.text[3:43],
            "RFC822.SIZE": b"%d" % len(data),
            FIELD_SAID: b"X-Model: %d\r\n\r\n" % entry.letter.number}
        for name, value in values.items():
            if name in want and value != want[name]:
                raise Fault("UID %d: %s is %r" % (entry.uid, name, value))
            if name == "ENVELOPE" and value[1].decode() != \
                    entry.letter.subject:
                raise Fault("UID %d: %s" % (entry.uid, value))
        asked = items.replace(".PEEK", "").replace(".40>", ">")
        for item in [asked] if asked == FIELD_SAID else asked.split():
            if item not in values:
                raise Fault("UID %d: no %s came" % (entry.uid, item))

    def search(self):
        client = self.open_client()
        if client is None:
            return
        words, holds = key(self.rng)
        is_uid = self.rng.random() < 0.5
        found = self.run(client, "%sSEARCH %s" % (
            "UID " if is_uid else "", words)).expect("OK").found
        want, may = [], set()
        for n, uid in enumerate(client.uids_before, 1):
            entry = client.box.entries.get(uid)
            if entry is None:
                may.add(uid if is_uid else n)
            elif holds(n, entry):
                want.append(uid if is_uid else n)
        if [x for x in found if x not in may] != want:
            raise Fault("found %s, there are %s" % (found, want))
        self.compare(client, is_uid)

    def deleted_of(self, client, places):
        """The UIDs of those of its letters that EXPUNGE takes."""
        return [p.uid for p in places if p.uid in client.box.entries and
                "\\deleted" in client.box.entries[p.uid].flags]

    def expunge(self):
        client = self.open_client()
        if client is None:
            return
        if self.rng.random() < 0.5:
            self.store("+", ["\\deleted"])
            if not client.places:
                return
        self.do_expunge(client, "EXPUNGE", client.places)

    def uid_expunge(self):
        client = self.open_client()
        if client is not None:
            _, _, places = self.some_places(client)
            self.do_expunge(client, "UID EXPUNGE %s" % set_of(
                [p.uid for p in places]), places)

    def do_expunge(self, client, command, places):
        goes = self.deleted_of(client, places)
        answer = self.run(client, command)
        if client.read_only:
            answer.expect("NO")
            self.compare(client, False)
            return
        answer.expect("OK")
        client.box.remove(goes)
        self.compare(client, True)

    def copy(self):
        client = self.open_client()
        if client is not None:
            self.copy_to(client, *self.some_places(client),
                         self.busy(), False)

    def move(self):
        client = self.open_client()
        if client is not None:
            self.copy_to(client, *self.some_places(client),
                         self.any_name(), True)

    def copy_to(self, client, prefix, chosen, places, name, is_move):
        source, places = client.box, list(places)
        answer = self.run(client, "%s%s %s %s" % (
            prefix, "MOVE" if is_move else "COPY", chosen, name))
        if is_move and client.read_only:
            answer.expect("NO")
            self.compare(client, False)
            return
        answer.expect("OK")
        goes = [p.uid for p in places if p.uid in source.entries]
        pairs = copied(answer, self.boxes[name])
        if [old for old, _ in pairs] != goes:
            raise Fault("COPYUID tells of %s, not of %s" % (pairs, goes))
        self.take_pairs(source, self.boxes[name], pairs)
        if is_move:
            source.remove(goes)
        self.compare(client, True)

    @staticmethod
    def take_pairs(source, target, pairs):
        for old, new in pairs:
            entry = source.entries[old]
            target.add(Entry(new, entry.letter, entry.flags, entry.came))

    def append(self):
        self.put(self.rng.choice(self.clients), self.busy(),
                 self.rng.choice((1, 1, 2, 3)))

    def put(self, client, name, count):
        letters = [self.letter() for _ in range(count)]
        flags = self.some_flags(2)
        answer = self.run(client, "APPEND %s%s" % (
            name, " (%s) {}" % " ".join(flags) * count),
            [letter.data for letter in letters]).expect("OK")
        uids = appended(answer, self.boxes[name])
        if len(uids) != count:
            raise Fault("APPENDUID tells of %s" % uids)
        for uid, letter in zip(uids, letters):
            self.boxes[name].add(Entry(uid, letter, flags))
        self.compare(client, True)

    def idle(self):
        """What others do comes to who idles, unasked."""
        client = self.open_client()
        if client is None:
            return
        self.history.append(client.name + " IDLE")
        client.idle()
        others, self.clients = self.clients, [
            c for c in self.clients if c is not client]
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice((self.store, self.append, self.copy, self.move,
                             self.expunge, self.deliver))()
        self.clients = others
        while not self.is_current(client):
            if not client.has_news(GUARD):
                raise Fault("%s idles and is told nothing" % client.name)
            client.take()
        client.done()
        self.compare(client, True)

    # --- who was away, RFC 7162 3.2.5 --------------------------------------

    def go_away(self):
        """Note a mailbox as a client has it that ends now."""
        name = self.busy()
        modseq = self.run(self.watcher, "STATUS %s (HIGHESTMODSEQ)" %
                          name).expect("OK").status[b"HIGHESTMODSEQ"]
        self.away = self.away[-3:] + [(self.boxes[name], modseq, {
            e.uid: e.flags for e in self.boxes[name].entries.values()})]

    def come_back(self):
        """It opens it again, and is told what has changed and gone."""
        names = {id(box): name for name, box in self.boxes.items()}
        away = [x for x in self.away if id(x[0]) in names]
        if not away:
            return
        box, modseq, known = self.rng.choice(away)
        client = self.client("q", "QRESYNC")
        answer = self.run(client, "SELECT %s (QRESYNC (%d %d))" % (
            names[id(box)], box.uidvalidity, modseq)).expect("OK")
        client.close()
        now = {uid: flags for uid, flags in known.items()
               if uid not in answer.vanished}
        now.update((int(items["UID"]), place.flags)
                   for place, items in answer.fetched)
        want = {e.uid: e.flags for e in box.entries.values()}
        if now != want:
            raise Fault("who was away knows %s of MODSEQ %d, then %s; there "
                        "is %s" % (known, modseq, now, want))

    # --- mail that comes, and POP3 -----------------------------------------

    def send(self):
        """A letter by SMTP; 250 came."""
        letter = self.letter()
        self.history.append("SMTP letter %d" % letter.number)
        lines = Lines(self.hub.connect("smtp"))
        try:
            for words, code in ((b"", 220), (b"EHLO client.example\r\n", 250),
                                (b"MAIL FROM:<ben@example.org>\r\n", 250),
                                (b"RCPT TO:<ann@%s>\r\n" % DOMAIN.encode(),
                                 250), (b"DATA\r\n", 354),
                                (letter.data + b".\r\n", 250)):
                lines.send(words)
                got = lines.reply()
                if got[0] != code:
                    raise Fault("SMTP says %s" % (got,))
        finally:
            lines.close()
        return letter

    def deliver(self):
        letter, inbox = self.send(), self.boxes["INBOX"]
        wait_for(lambda: self.watcher.run("STATUS INBOX (MESSAGES)").expect(
            "OK").status[b"MESSAGES"] > len(inbox.entries),
            "letter %d does not come" % letter.number)
        rows = [row for row in self.read("INBOX")[2]
                if row[0] not in inbox.entries]
        if [row[1:] for row in rows] != [(letter.number, frozenset())]:
            raise Fault("letter %d was sent, there came %s" % (
                letter.number, rows))
        inbox.add(Entry(rows[0][0], letter, (), self.came(
            "INBOX", rows[0][0], letter)))

    def came(self, name, uid, letter):
        """What the road has put before a letter."""
        self.watcher.run("EXAMINE " + name).expect("OK")
        data = self.watcher.run("UID FETCH %d BODY.PEEK[]" % uid).expect(
            "OK").fetched[0][1]["BODY[]"]
        self.watcher.run("UNSELECT").expect("OK")
        if not data.endswith(letter.data):
            raise Fault("letter %d came as %r" % (letter.number, data))
        return data[:len(data) - len(letter.data)]

    def pop_login(self):
        until = time.monotonic() + GUARD
        while True:
            lines = Lines(self.hub.connect("pop3"))
            try:
                lines.status()
                lines.send(b"USER ann@%s\r\nPASS %s\r\n" % (
                    DOMAIN.encode(), PASSWORD.encode()))
                lines.status()
                lines.status()
                return lines
            except (Cut, Refused, socket.error) as fault:
                lines.close()   # the session before may not have ended
                if time.monotonic() > until:
                    raise Fault("POP3: %s" % fault) from fault
                time.sleep(0.02)

    def pop(self):
        """One POP3 session that reads and deletes."""
        self.history.append("POP3")
        entries = list(self.boxes["INBOX"].entries.values())
        lines = self.pop_login()
        try:
            lines.send(b"STAT\r\n")
            if int(lines.status().split()[1]) != len(entries):
                raise Fault("POP3 tells other letters than there are")
            chosen = [n for n in range(len(entries))
                      if self.rng.random() < 0.2]
            for n in chosen:
                lines.send(b"RETR %d\r\nDELE %d\r\n" % (n + 1, n + 1))
                lines.status()
                data = b"".join(x + b"\r\n" for x in lines.block())
                if data != entries[n].came + entries[n].letter.data:
                    raise Fault("POP3 gives other bytes: %r" % data)
                lines.status()
            lines.send(b"QUIT\r\n")
            lines.status()
        finally:
            lines.close()
        self.boxes["INBOX"].remove([entries[n].uid for n in chosen])


def copied(answer, box):
    """COPYUID: [(UID before, UID now)]."""
    if "COPYUID" not in answer.codes:
        return []
    uidvalidity, old, new = answer.codes["COPYUID"]
    if int(uidvalidity) != box.uidvalidity:
        raise Fault("COPYUID tells another UIDVALIDITY")
    old, new = numbers(old), numbers(new)
    if len(old) != len(new):
        raise Fault("COPYUID of %d letters into %d" % (len(old), len(new)))
    return list(zip(old, new))


def appended(answer, box):
    uidvalidity, uids = answer.codes["APPENDUID"]
    if int(uidvalidity) != box.uidvalidity:
        raise Fault("APPENDUID tells another UIDVALIDITY")
    return numbers(uids)
