"""SEARCH finds the same with its index as without, whatever becomes of that.

Letters in several charsets and encodings are known to the test as what a person
reads; each search is answered by that too.  The index is looked for, and then
spoilt in every way a file can be while the hub is down, or its maker killed
while it is made.
"""

import base64
import glob
import os
import quopri
import random
import sqlite3
import time
import unicodedata

from appending import log_in
from hub import Fault, Hub

LETTERS = 400
TOGETHER = 50           # letters in one command
QUERIES = 60
# a search reads so many letters rather than have a row made for them
TAIL = 64
INDEX_GUARD = 300       # seconds: its maker looks each 10 s
BLOCKS = "SELECT coalesce(sum(letters), 0) FROM block"

WORDS = ("faktur", "Jalan", "kantor", "invoice", "Stra\u00dfe", "m\u00fcde",
         "\u041f\u0440\u0438\u0432\u0435\u0442", "\u6771\u4eac", "na\u00efve",
         "antidisestablishment", "re", "x1y2z3", "\u00c5ngstr\u00f6m",
         "ottomans", "pembayaran", "tagihan", "AbCdEf", "zz-top", "100%",
         "harga")
FIELDS = ("SUBJECT", "BODY", "TEXT")


def some(rng, most):
    return [rng.choice(WORDS) + (str(rng.randrange(40))
                                 if rng.random() < 0.5 else "")
            for _ in range(rng.randrange(1, most))]


def letter(rng):
    """(its bytes, its subject, its text)."""
    subject, text = " ".join(some(rng, 5)), " ".join(some(rng, 30))
    charset = "utf-8"
    if rng.random() < 0.3:
        try:
            text.encode("iso-8859-1")
            charset = "iso-8859-1"
        except UnicodeEncodeError:
            pass
    raw, how = text.encode(charset), rng.choice(("base64",
                                                 "quoted-printable", "8bit"))
    if how == "base64":
        raw = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    elif how == "quoted-printable":
        raw = quopri.encodestring(raw).replace(b"\n", b"\r\n")
    head = "Subject: =?utf-8?b?%s?=\r\nMIME-Version: 1.0\r\n" \
        "Content-Type: text/plain; charset=%s\r\n" \
        "Content-Transfer-Encoding: %s\r\n\r\n" % (
            base64.b64encode(subject.encode()).decode(), charset, how)
    return head.encode() + raw + b"\r\n", subject, text


def fill(box, letters):
    for first in range(0, len(letters), TOGETHER):
        box.send(b"m APPEND INBOX")
        for data, _, _ in letters[first:first + TOGETHER]:
            box.send(b" {%d}\r\n" % len(data))
            if not box.readline().startswith(b"+"):
                raise Fault("a letter is not taken")
            box.send(data)
        box.send(b"\r\n")
        line = box.readline()
        while line.startswith(b"*"):
            line = box.readline()
        if not line.startswith(b"m OK"):
            raise Fault("not saved: %r" % line)


def low(text):
    """i;unicode-casemap (RFC 5051), as far as these words need it: an accent
    stands behind its letter, so that who asks for the letter finds both."""
    return unicodedata.normalize("NFKD", "".join(
        c if c == "\u00df" else c.upper() for c in text))


def queries(rng):
    """(where, what): pieces of words, whole ones, and what nobody wrote."""
    for _ in range(QUERIES):
        word = " ".join(some(rng, 3))
        at = rng.randrange(len(word))
        piece = word[at:at + rng.randrange(1, 9)].strip() or word
        yield rng.choice(FIELDS), rng.choice(
            (piece, piece.swapcase() if piece.isascii() else piece, word,
             word + "q"))


def wanted(letters, where, what):
    what = low(what)
    return [n for n, (data, subject, text) in enumerate(letters, 1)
            if (where != "BODY" and what in low(subject)) or
            (where != "SUBJECT" and what in low(text)) or
            # the other fields, as they stand there
            (where == "TEXT" and what in low(
                data.partition(b"\r\n\r\n")[0].decode().partition("\r\n")[2]))]


def ask(box, where, what):
    box.literal = what.encode()
    word, data = box.search("UTF-8", where)
    if word != "OK":
        raise Fault("SEARCH %s %r: %s %r" % (where, what, word, data))
    return [int(n) for n in data[0].split()]


def compare(context, hub, letters, seed, when):
    """All of it again, of a session of its own."""
    box = log_in(hub)
    box.select("INBOX", readonly=True)
    for where, what in queries(random.Random(seed)):
        found, want = ask(box, where, what), wanted(letters, where, what)
        if found != want:
            context.note([where, what, sorted(set(found) ^ set(want))])
            raise Fault("%s: SEARCH %s %r finds %d letters, %d have it" % (
                when, where, what, len(found), len(want)))
    box.logout()


def index_of(hub):
    # the account of ann is the second
    return glob.glob(os.path.join(hub.data, "accounts", "2", "search.db"))


def known(hub):
    """How many letters the index knows."""
    for path in index_of(hub):
        try:
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True,
                                 timeout=5)
            try:
                return db.execute(BLOCKS).fetchone()[0]
            finally:
                db.close()
        except sqlite3.Error:
            return 0            # it is just being made
    return 0


def wait_made(hub):
    """Somebody is logged in meanwhile: the maker lives with its mailbox."""
    box = log_in(hub)
    until = time.monotonic() + INDEX_GUARD
    while known(hub) <= LETTERS - TAIL:
        if time.monotonic() > until:
            raise Fault("the index knows %d letters" % known(hub))
        time.sleep(0.2)
        box.noop()
    box.logout()


def cut(path, rng):
    os.truncate(path, rng.randrange(os.path.getsize(path)))


def flip(path, rng):
    with open(path, "r+b") as file:
        for _ in range(64):
            file.seek(rng.randrange(os.path.getsize(path)))
            file.write(bytes([rng.randrange(256)]))


def clear(path, _):
    with open(path, "r+b") as file:
        file.write(b"\0" * os.path.getsize(path))


def remove(path, _):
    os.unlink(path)


def spoil(hub, how, rng):
    for path in index_of(hub):
        for behind in glob.glob(path + "-*"):
            os.unlink(behind)
        how(path, rng)


def finding(context, seed):
    rng = random.Random(seed)
    letters = [letter(rng) for _ in range(LETTERS)]
    hub = Hub(context.bin, ("ann",))
    try:
        hub.start()
        box = log_in(hub)
        fill(box, letters)
        box.logout()
        compare(context, hub, letters, seed, "without the index")
        for _ in range(3):
            hub.kill_role("mailbox")
            compare(context, hub, letters, seed, "while it is made")
        wait_made(hub)
        compare(context, hub, letters, seed + 1, "with it")
        for how in (cut, flip, clear, remove) if context.long else (flip,):
            hub.stop()
            spoil(hub, how, rng)
            hub.start()
            compare(context, hub, letters, seed + 2, how.__name__)
            wait_made(hub)
            compare(context, hub, letters, seed + 3,
                    how.__name__ + ", and made again")
        hub.stop()
        hub.check()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    for seed in range(context.seed, context.seed + (8 if context.long
                                                    else 1)):
        yield "finding/%d" % seed, lambda seed=seed: finding(context, seed)
