"""Commands of several clients at one moment, and a kill among them.

In which order the server has done them nobody knows: what it answered OK was
done, what it did not answer was done or not.  What is there afterwards must be
explained by that, letter by letter, and is what the model goes on with.
"""

import functools
import time

from hub import Fault
from imap_client import set_of
from imap_model import Entry, reached
from imap_play import appended, copied
from ledger import Cut

DELETED = "\\deleted"


class Pending:
    """A command that was begun: `uids` are those it names, of `box`."""

    def __init__(self, client, kind, command, literals=()):
        self.client, self.kind = client, kind
        self.box = client.box
        self.uids = set()
        self.target = None          # mailbox that letters come into
        self.change = None          # of STORE: (how, words)
        self.letters, self.flags = [], frozenset()  # of APPEND
        self.command, self.literals = command, literals
        self.answer = None          # None: it was cut
        self.pairs = []             # of COPY and MOVE

    def begin(self):
        self.client.begin(self.command, self.literals)

    def end(self):
        """True when it was answered."""
        try:
            self.answer = self.client.end()
        except Cut:
            return False
        if self.answer.word == "NO" and "UNAVAILABLE" in self.answer.text:
            self.answer = None      # perhaps done, perhaps not
            return True
        self.answer.expect("OK")
        if self.kind in ("copy", "move"):
            self.pairs = copied(self.answer, self.target)
        elif self.kind == "append":
            self.pairs = list(zip(self.letters, appended(
                self.answer, self.target)))
        return True


def draw(game, client, targets):
    """A command of this client; no two bring letters into one mailbox."""
    rng = game.rng
    kinds = ["append"]
    if client.box and client.places and not client.box.is_dead:
        kinds += ["fetch", "search"]
        if not client.read_only:
            kinds += ["store", "store", "copy", "move", "expunge"]
    kind = rng.choice(kinds)
    name = ""
    if kind in ("append", "copy", "move"):
        if not targets:
            return None
        name = targets.pop(rng.randrange(len(targets)))
    if kind == "append":
        letters = [game.letter() for _ in range(rng.randint(1, 3))]
        flags = game.some_flags(2)
        pending = Pending(client, kind, "APPEND %s%s" % (
            name, " (%s) {}" % " ".join(flags) * len(letters)),
            [letter.data for letter in letters])
        pending.letters, pending.flags = letters, frozenset(flags)
        pending.target = game.boxes[name]
        return pending
    prefix, chosen, places = game.some_places(client)
    how, words = rng.choice("+-"), game.some_flags()
    if rng.random() < 0.3:
        how, words = "+", [DELETED]
    pending = Pending(client, kind, {
        "fetch": "%sFETCH %s (UID FLAGS BODY.PEEK[])" % (prefix, chosen),
        "search": "%sSEARCH TEXT INVOICE" % prefix,
        "store": "%sSTORE %s %sFLAGS (%s)" % (
            prefix, chosen, how, " ".join(words)),
        "copy": "%sCOPY %s %s" % (prefix, chosen, name),
        "move": "%sMOVE %s %s" % (prefix, chosen, name),
        "expunge": "EXPUNGE"}[kind])
    pending.uids = {p.uid for p in (client.places if kind == "expunge"
                                    else places)}
    pending.change = (how, tuple(words)) if kind == "store" else None
    pending.target = game.boxes.get(name)
    return pending


def begin_all(game):
    targets = sorted(game.boxes)
    pendings = []
    for client in game.rng.sample(game.clients, len(game.clients)):
        pending = draw(game, client, targets)
        if pending:
            pendings.append(pending)
            game.history.append("%s begins %s" % (
                client.name, pending.command))
    for pending in pendings:
        try:
            pending.begin()
        except Cut as fault:
            raise Fault("%s is cut off: %s" % (
                pending.client.name, fault)) from fault
    return pendings


def together(game):
    """Without a kill."""
    pendings = begin_all(game)
    sent = [game.send() for _ in range(game.rng.choice((0, 0, 1, 2)))]
    for pending in pendings:
        if not pending.end():
            raise Fault("%s was cut off" % pending.client.name)
    settle(game, pendings, sent)
    game.all_current()


def crash(game, what):
    pendings = begin_all(game)
    sent = [game.send() for _ in range(game.rng.choice((0, 1, 3)))]
    time.sleep(game.rng.choice((0, 0, 0.001, 0.003, 0.01)))
    game.history.append("SIGKILL of the " + what)
    if what == "hub":
        game.hub.kill()
    else:
        game.hub.kill_role(what)
    for pending in pendings:
        if not pending.end() and what == "queue":
            raise Fault("%s was cut off with the queue" %
                        pending.client.name)
    if what == "hub":
        game.hub.check()
        game.hub.start()
    if what != "queue":
        reopen(game)
    settle(game, pendings, sent)
    game.come_back()
    game.all_current()


def reopen(game):
    """Everybody logs in again, and opens what was open."""
    game.watcher.close()
    game.watcher = game.client("w")
    for i, client in enumerate(game.clients):
        client.close()
        game.clients[i] = game.client(client.name)


# --- what must be there ----------------------------------------------------

def settle(game, pendings, sent):
    """Read everything, explain it, and go on with it."""
    game.hub.wait_settled()
    if game.names() != set(game.boxes):
        raise Fault("LIST tells of %s" % sorted(game.names()))
    truth = {}
    for name, box in game.boxes.items():
        uidvalidity, uidnext, rows = game.read(name)
        if uidvalidity != box.uidvalidity or uidnext < box.next:
            raise Fault("%s: UIDVALIDITY %d was %d, UIDNEXT %d was %d" % (
                name, uidvalidity, box.uidvalidity, uidnext, box.next))
        truth[name] = {uid: (number, flags) for uid, number, flags in rows}
    one_move_each(pendings)
    fates = {name: Fates(box, pendings) for name, box in game.boxes.items()}
    for name, box in game.boxes.items():
        fates[name].old(truth[name])
    coming = {name: new_letters(game, name, truth[name], pendings, sent)
              for name in game.boxes}
    whole(pendings, {id(box): set(truth[name])
                     for name, box in game.boxes.items()}, coming)
    for name, box in game.boxes.items():
        box.remove([uid for uid in box.entries if uid not in truth[name]])
        for uid, entry in box.entries.items():
            entry.flags = truth[name][uid][1]
        for uid, entry in sorted(coming[name].items()):
            entry.flags = truth[name][uid][1]
            box.add(entry)


def one_move_each(pendings):
    """No letter was moved twice."""
    seen = set()
    for pending in pendings:
        for old, _ in pending.pairs if pending.kind == "move" else ():
            if (id(pending.box), old) in seen:
                raise Fault("UID %d was moved twice" % old)
            seen.add((id(pending.box), old))


class Fates:
    """What may have become of the letters that were in a mailbox."""

    def __init__(self, box, pendings):
        self.box = box
        self.here = [p for p in pendings if p.box is box]

    def states(self, uid):
        """Flags: (those it may have, those it may have had)."""
        stores = [p for p in self.here
                  if p.kind == "store" and uid in p.uids]
        return states(self.box.entries[uid].flags, tuple(
            p.change for p in stores if p.answer), tuple(
            p.change for p in stores if not p.answer))

    def goers(self, uid):
        """The commands that take it away, if they come to it."""
        return [p for p in self.here if uid in p.uids and (
            p.kind == "move" or (p.kind == "expunge" and any(
                DELETED in flags for flags in self.states(uid)[1])))]

    def must_go(self, uid):
        return any(p.answer and (
            any(old == uid for old, _ in p.pairs) if p.kind == "move" else
            all(DELETED in flags for flags in self.states(uid)[1]))
            for p in self.goers(uid))

    def old(self, rows):
        for uid, entry in self.box.entries.items():
            if uid not in rows:
                if not self.goers(uid):
                    raise Fault("UID %d is lost" % uid)
                continue
            number, flags = rows[uid]
            if number != entry.letter.number:
                raise Fault("UID %d named letter %d, now %d" % (
                    uid, entry.letter.number, number))
            if flags not in self.states(uid)[0]:
                raise Fault("UID %d is %s, not one of %s" % (
                    uid, sorted(flags), self.states(uid)[0]))
            if self.must_go(uid):
                raise Fault("UID %d is still there" % uid)


@functools.lru_cache(4096)
def states(flags, certain, possible):
    return reached(flags, certain, possible)


def new_letters(game, name, rows, pendings, sent):
    """{UID: entry} of those that came, each of them explained."""
    box, found = game.boxes[name], {}
    new = {uid: row for uid, row in rows.items() if uid not in box.entries}
    for uid in new:
        if uid < box.next:
            raise Fault("%s: UID %d is given again" % (name, uid))

    def take(uid, letter, flags, came, pending):
        number, now = new.pop(uid, (None, None))
        if number != letter.number or now not in flags:
            raise Fault("%s: UID %d should be letter %d as %s, is %s as %s" %
                        (name, uid, letter.number, flags, number, now))
        found[uid] = Entry(uid, letter, now, came)
        found[uid].by = pending

    into = [p for p in pendings if p.target is box]
    for pending in into:
        for a, uid in pending.pairs:
            if pending.kind == "append":
                take(uid, a, {pending.flags}, b"", pending)
            else:
                entry = pending.box.entries[a]
                take(uid, entry.letter, Fates(
                    pending.box, pendings).states(a)[1], entry.came, pending)
    for letter in sent if name == "INBOX" else ():
        uids = [uid for uid, row in new.items() if row[0] == letter.number]
        if len(uids) != 1:
            raise Fault("letter %d was sent, and came %d times" % (
                letter.number, len(uids)))
        take(uids[0], letter, {frozenset()}, game.came(
            name, uids[0], letter), None)
    cut = [p for p in into if not p.answer]
    for uid, (number, _) in sorted(new.items()):
        if not cut:
            raise Fault("%s: letter %d came from nowhere" % (name, number))
        source = source_of(cut[0], number, found)
        take(uid, *source(Fates(cut[0].box, pendings)), cut[0])
    return found


def source_of(pending, number, found):
    """Of a letter that a cut command brought."""
    if pending.kind == "append":
        for letter in pending.letters:
            if letter.number == number:
                return lambda fates: (letter, {pending.flags}, b"")
    else:
        # of copies of one letter the first that was not found yet
        count = sum(e.by is pending and e.letter.number == number
                    for e in found.values())
        uids = [uid for uid in sorted(pending.uids) if uid in
                pending.box.entries and
                pending.box.entries[uid].letter.number == number]
        if count < len(uids):
            entry = pending.box.entries[uids[count]]
            return lambda fates: (entry.letter, set().union(*(
                fates.states(uid)[1] for uid in uids)), entry.came)
    raise Fault("letter %d came from nowhere" % number)


def whole(pendings, truth, coming):
    """
    An APPEND or a COPY that was cut is there whole or not at all, and of a
    MOVE each letter in one place; those that were answered left none out.
    `truth`: the UIDs that each mailbox has now, by its id().
    """
    came = [entry for box in coming.values() for entry in box.values()]
    for pending in pendings:
        count = sum(entry.by is pending for entry in came)
        if pending.kind == "append":
            if not pending.answer and count not in (0, len(pending.letters)):
                raise Fault("half of an APPEND is there")
        elif pending.kind in ("copy", "move"):
            copied_whole(pending, pendings, truth[id(pending.box)], count)


def copied_whole(pending, pendings, uids, count):
    """`count` letters came by this COPY or MOVE from where `uids` are left."""
    fates = Fates(pending.box, pendings)
    named = pending.uids & set(pending.box.entries)
    alone = {uid for uid in named
             if all(p is pending for p in fates.goers(uid))}
    if pending.answer:
        missing = alone - {old for old, _ in pending.pairs}
        if missing:
            raise Fault("%r left out %s" % (
                pending.command, set_of(sorted(missing))))
    elif pending.kind == "copy":
        if count and count < len(alone):
            raise Fault("half of a COPY is there")
    elif not len(alone - uids) <= count <= len(named - uids):
        raise Fault("%d letters left with %r, %d came" % (
            len(named - uids), pending.command, count))
