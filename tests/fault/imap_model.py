"""What an account must hold: mailboxes, their letters, and what a search of
them finds.  Knows nothing of servers.
"""

import random
import textwrap

from hub import Fault

SYSTEM = ("\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft")
KEYWORDS = ("urgent", "$label1", "work")
WORDS = ("invoice", "harbour", "meeting", "kopi", "ledger", "quarter")


class Letter:
    """The same number is always the same bytes."""

    def __init__(self, number):
        rng = random.Random(number)
        self.number = number
        self.subject = "letter %d %s" % (number, rng.choice(WORDS))
        self.words = " ".join(rng.choice(WORDS)
                              for _ in range(rng.randint(1, 60)))
        lines = "\r\n".join(textwrap.wrap(self.words, 70))
        self.head = ("From: Ben <ben@example.org>\r\nTo: ann@office.test\r\n"
                     "Subject: %s\r\nX-Model: %d\r\n"
                     "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n\r\n" % (
                         self.subject, number)).encode()
        self.text = lines.encode() + b"\r\n"
        self.data = self.head + self.text


class Entry:
    """A letter in a mailbox."""

    def __init__(self, uid, letter, flags, came=b""):
        self.uid = uid
        self.letter = letter
        self.flags = frozenset(flags)
        self.came = came        # what the road put before it


class Mailbox:
    def __init__(self, uidvalidity, uidnext=1):
        self.uidvalidity = uidvalidity
        self.next = uidnext     # no letter to come has a UID below
        self.entries = {}       # of each UID, ascending
        self.gone = set()       # UIDs that were, and are not
        self.is_dead = False    # it was deleted

    def add(self, entry):
        if entry.uid < self.next:
            raise Fault("UID %d is given, %d was to be expected" % (
                entry.uid, self.next))
        self.next = entry.uid + 1
        self.entries[entry.uid] = entry

    def remove(self, uids):
        for uid in uids:
            del self.entries[uid]
            self.gone.add(uid)


def changed(flags, how, words):
    """The flags after a STORE."""
    words = frozenset(words)
    return flags | words if how == "+" else \
        flags - words if how == "-" else words


def reached(flags, certain, possible):
    """
    All that `flags` may be after these changes in some order, each once; the
    possible ones perhaps not at all.  Also what they may have been before the
    last: (after, ever).
    """
    after, ever = set(), {flags}

    def go(now, certain, possible):
        ever.add(now)
        if not certain:
            after.add(now)
        for rest, other in ((certain, possible), (possible, certain)):
            for i, change in enumerate(rest):
                fewer = rest[:i] + rest[i + 1:]
                go(changed(now, *change),
                   *((fewer, other) if rest is certain else (other, fewer)))

    go(flags, list(certain), list(possible))
    return after, ever


# --- searching -------------------------------------------------------------

def key_flag(rng):
    flag = rng.choice(SYSTEM)
    if rng.random() < 0.5:
        return flag[1:].upper(), lambda n, e: flag in e.flags
    return "UN" + flag[1:].upper(), lambda n, e: flag not in e.flags


def key_keyword(rng):
    word = rng.choice(KEYWORDS)
    if rng.random() < 0.5:
        return "KEYWORD " + word, lambda n, e: word in e.flags
    return "UNKEYWORD " + word, lambda n, e: word not in e.flags


def key_size(rng):
    size = rng.randint(150, 700)

    def bytes_of(entry):
        return len(entry.came) + len(entry.letter.data)
    if rng.random() < 0.5:
        return "LARGER %d" % size, lambda n, e: bytes_of(e) > size
    return "SMALLER %d" % size, lambda n, e: bytes_of(e) < size


def key_words(rng):
    word = rng.choice(WORDS)
    kind = rng.choice(("SUBJECT", "BODY", "TEXT", "HEADER SUBJECT"))

    def is_in(_, entry):
        subject = word in entry.letter.subject
        body = word in entry.letter.text.decode().replace("\r\n", " ")
        return body if kind == "BODY" else subject if "SUBJECT" in kind \
            else body or subject
    return "%s %s" % (kind, word.upper()), is_in


def key_numbers(rng):
    low = rng.randint(1, 12)
    return "UID %d:%d" % (low, low + 9), \
        lambda n, e: low <= e.uid <= low + 9


def key(rng, depth=0):
    """A search key, and whether entry `e` with number `n` has it."""
    roll = rng.random()
    if depth < 3 and roll < 0.15:
        words, inner = key(rng, depth + 1)
        return "NOT " + words, lambda n, e: not inner(n, e)
    if depth < 3 and roll < 0.35:
        (a, x), (b, y) = key(rng, depth + 1), key(rng, depth + 1)
        return "OR %s %s" % (a, b), lambda n, e: x(n, e) or y(n, e)
    if depth < 3 and roll < 0.5:
        (a, x), (b, y) = key(rng, depth + 1), key(rng, depth + 1)
        return "(%s %s)" % (a, b), lambda n, e: x(n, e) and y(n, e)
    return rng.choice((key_flag, key_keyword, key_size, key_words,
                       key_numbers))(rng)
