#!/usr/bin/env python3
"""SORT and THREAD of the same mail, Dovecot's beside ours.

usage: order.py --base PORT --folder DIR [--most N] MAIL ...

Every file below MAIL is one letter, and some 200 more are made here, with
subjects, names, dates and references of every kind.  The hub of ann and Dovecot
get all of them by APPEND; then both are asked for each order and for both kinds
of conversation.

Where we are known to differ, and why, is KNOWN: such letters are left out of
the order (or the conversation they are in) before the two are compared.  Ends
with the counts, and with status 1 when a difference has no reason.
"""

import argparse
import email.header
import imaplib
import os
import random
import re
import ssl
import subprocess
import sys

import structure

CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
ssl = no
protocols = imap
mail_location = maildir:{folder}/Maildir
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
"""
KEYS = ("ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO",
        "DISPLAYFROM", "DISPLAYTO")
PROGRAMS = [key for key in KEYS] + ["REVERSE " + key for key in KEYS] + [
    "SUBJECT DATE", "FROM REVERSE DATE", "REVERSE SUBJECT TO SIZE",
    "DISPLAYFROM SUBJECT REVERSE ARRIVAL"]
THREADS = ("REFERENCES", "ORDEREDSUBJECT")
MOST_BYTES = 128 * 1024     # what APPEND takes
FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


# ------------------------------------------------------------- the letters

SUBJECTS = ("apple", "Apple", "banana split", "caf\u00e9", "Caf\u00c9",
            "stra\u00dfe", "\u65e5\u672c\u8a9e", "", "zebra", "10 things",
            "9 things", "apple pie", "a  b", "Re", "fwd", "\u00e4rger",
            "Rechnung", "[x]", "()", "\u0416\u0443\u043a")
PREFIXES = ("Re: ", "RE : ", "Fwd: ", "fw: ", "Re[2]: ", "[list] ",
            "[list] Re: ", "Re: [list] ", "Re: Re: ", "[a] [b] ", "Sv: ",
            "Re:", "", "", "", "")
NAMES = ("Ann Lee", "ben", "\u00c9mile Zola", "\"Lee, Ann\"", "zoe",
         "\u0416\u0443\u043a\u043e\u0432", "Ann  Lee", "", "", "O'Hara")
MAILBOXES = ("ann", "Ann", "ben.lee", "zoe", "carl+x", "\"d e\"", "10", "9")
ZONES = ("+0000", "-0700", "+0530", "GMT", "EST", "+1400", "-1200")


def encoded(words, charset):
    return email.header.Header(words, charset, maxlinelen=900).encode() \
        if not words.isascii() else words


def subject_of(dice):
    words = dice.choice(SUBJECTS)
    line = dice.choice(PREFIXES) + encoded(words, dice.choice(
        ("utf-8", "utf-8", "iso-8859-1" if words.isascii() or
         words.startswith(("caf", "Caf", "stra", "\u00e4")) else "utf-8")))
    end = dice.random()
    if end < 0.1:
        line += " (fwd)"
    elif end < 0.15:
        line = "[Fwd: " + line + "]"
    elif end < 0.2:
        line = line.replace(" ", " \r\n\t", 1)
    return line


def address_of(dice):
    box = "%s@%s.test" % (dice.choice(MAILBOXES), dice.choice("ab"))
    name = dice.choice(NAMES)
    if not name:
        return dice.choice((box, "<%s>" % box))
    if dice.random() < 0.1 and name.isascii() and '"' not in name:
        return "%s (%s)" % (box, name)
    return "%s <%s>" % (encoded(name, "utf-8"), box)


def addresses_of(dice):
    kind = dice.random()
    if kind < 0.1:
        return "friends: %s, %s;" % (address_of(dice), address_of(dice))
    if kind < 0.15:
        return "undisclosed-recipients:;"
    return ", ".join(address_of(dice) for _ in range(dice.randrange(1, 4)))


def date_of(dice):
    kind = dice.random()
    line = "%d %s %d %02d:%02d:%02d %s" % (
        dice.randrange(1, 29), dice.choice(("Jan", "Jul", "Dec")),
        dice.randrange(1995, 2025), dice.randrange(24), dice.randrange(60),
        dice.choice((0, 30)), dice.choice(ZONES))
    if kind < 0.1:
        return "no date at all"
    return line if kind < 0.3 else "Mon, " + line


def made(count):
    """So many letters; always the same."""
    dice = random.Random(5256)
    ids, letters = [], []
    for number in range(count):
        head = []
        mine = "<%d.%d@made.test>" % (number, dice.randrange(1000))
        if ids and dice.random() < 0.04:
            mine = dice.choice(ids)             # somebody else's id
        if dice.random() < 0.95:
            head.append("Message-ID: " + mine)
        if dice.random() < 0.95:
            head.append("Subject: " + subject_of(dice))
        if dice.random() < 0.95:
            head.append("From: " + address_of(dice))
        if dice.random() < 0.9:
            head.append("To: " + addresses_of(dice))
        if dice.random() < 0.4:
            head.append("Cc: " + addresses_of(dice))
        if dice.random() < 0.95:
            head.append("Date: " + date_of(dice))
        kind = dice.random()
        known = [dice.choice(ids) for _ in range(dice.randrange(1, 5))
                 if ids and dice.random() < 0.8]
        lost = ["<lost.%d@made.test>" % dice.randrange(20)
                for _ in range(dice.randrange(0, 2))]
        both = known + lost
        dice.shuffle(both)
        if kind < 0.35:
            head.append("References: " + "\r\n ".join(both))
        elif kind < 0.5 and known:
            head.append("In-Reply-To: " + known[0])
        elif kind < 0.55 and known:
            head.append("In-Reply-To: your letter of Monday " + known[0])
        ids.append(mine)
        dice.shuffle(head)
        letters.append(("made %d" % number, ("\r\n".join(head) + "\r\n\r\n" +
                        "x" * dice.randrange(300) + "\r\n").encode()))
    return letters


def files_below(folders, most):
    paths = []
    for folder in folders:
        for where, _, names in sorted(os.walk(folder)):
            paths += [os.path.join(where, name) for name in sorted(names)]
    for path in paths[:most]:
        with open(path, "rb") as file:
            raw = file.read()
        raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw).replace(b"\0", b"\x80")
        raw = re.sub(rb"\AFrom .*\r\n", b"", raw)
        if len(raw) <= MOST_BYTES and FIELD.match(raw):
            yield path, raw


# ------------------------------------------------------------- both servers

def dovecot(folder):
    os.makedirs(os.path.join(folder, "Maildir"))
    uid, gid = (1, 1) if os.getuid() == 0 else (os.getuid(), os.getgid())
    conf = os.path.join(folder, "dovecot.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(CONF.format(folder=folder, uid=uid, gid=gid))
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "%d:%d" % (uid, gid), folder],
                       check=True)
    return imaplib.IMAP4_stream(
        "HOME=%s USER=ann exec /usr/lib/dovecot/imap -c %s 2>%s/log" %
        (folder, conf, folder))


def hub(base):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = imaplib.IMAP4_SSL("127.0.0.1", base + 993, ssl_context=context)
    client.login("ann@office.test", "secret")
    return client


def fill(client, letters):
    """All letters into a folder of their own, each with a day of its own."""
    imaplib._MAXLINE = 64 * 1024 * 1024
    client.create("order")
    dice = random.Random(2)
    for _, raw in letters:
        day = '"%2d-Feb-2001 %02d:00:00 +0000"' % (dice.randrange(1, 28),
                                                   dice.randrange(24))
        status, said = client.append("order", None, day, raw)
        if status != "OK":
            raise SystemExit("APPEND: %r" % said)
    client.select("order", readonly=True)


def ask(client, command, *words):
    status, data = client._simple_command(command, *words)
    if status != "OK":
        raise SystemExit("%s %s: %r" % (command, words, data))
    _, said = client._untagged_response(status, data, command)
    return b" ".join(piece for piece in said if piece).decode()


FIELDS = {"DATE": 0, "SUBJECT": 1, "FROM": 2, "DISPLAYFROM": 2, "TO": 5,
          "DISPLAYTO": 5, "CC": 6}


def envelopes(client, count):
    """ENVELOPE of each letter; structure.py compares those, and says why they
    differ where they do."""
    said = []
    for first in range(1, count + 1, 200):
        _, data = client.fetch("%d:%d" % (first, min(first + 199, count)),
                               "(ENVELOPE)")
        whole = b""
        for piece in data:
            whole += piece[0] + b"\r\n" + piece[1] \
                if isinstance(piece, tuple) else piece + b" "
        said += [items[1] for items in structure.parse(whole.strip())[1::2]]
    return said


def told_otherwise(program, pair):
    """Some field of that order is not the same in both envelopes."""
    if program in THREADS:
        return pair[0][0:2] + pair[0][8:] != pair[1][0:2] + pair[1][8:]
    return any(pair[0][FIELDS[key]] != pair[1][FIELDS[key]]
               for key in program.split() if key in FIELDS)


def tree(text):
    """ "(3 6 (4 23)(7))" as nested lists. """
    stack = [[]]
    for token in re.findall(r"[()]|\d+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(int(token))
    if len(stack) != 1:
        raise SystemExit("not closed: " + text[:80])
    return stack[0]


def members(branch):
    """All letters in a conversation.  Some are deep: no recursion."""
    waiting, found = [branch], []
    while waiting:
        one = waiting.pop()
        if isinstance(one, int):
            found.append(one)
        else:
            waiting += one
    return found


# ------------------------------------------------------------- differences

def field(raw, name):
    """The first field of that name, unfolded; None if there is none."""
    head = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    match = re.search(rb"(?im)^" + name.encode() +
                      rb"[ \t]*:((?:.*\r\n)(?:[ \t].*\r\n)*)", head)
    return re.sub(rb"\r\n", b"", match.group(1)).strip() if match else None


def is_utf8(value):
    try:
        return value.decode() is not None
    except UnicodeDecodeError:
        return False


# What differs, why, and whose letters: (orders, reason, is it such a letter?).
KNOWN = (
    ({"SIZE"}, "the CRLF that a letter lacks at its end is told and counted",
     lambda raw: not raw.endswith(b"\r\n")),
    ({"SUBJECT"} | set(THREADS),
     "a blank and a tab are one blank (RFC 5256 2.1 (1)); Dovecot: two",
     lambda raw: re.search(rb" \t|\t ", field(raw, "Subject") or b"")),
    ({"DISPLAYFROM", "DISPLAYTO"},
     "a name is that of the ENVELOPE, where blanks are single; Dovecot sorts"
     " by those of quotes and comments as they stand",
     lambda raw: any(re.search(rb"\([^()]*  [^()]*\)|\"[^\"]*  [^\"]*\""
                               rb"|\"\" |\" [^<\"]", field(raw, name) or b"")
                     for name in ("From", "To"))),
    ({"SUBJECT", "CC", "FROM", "TO", "DISPLAYFROM", "DISPLAYTO"} | set(THREADS),
     "bytes above ASCII that are no UTF-8 are Latin-1; Dovecot: nothing",
     lambda raw: any(not is_utf8(field(raw, name) or b"")
                     for name in ("Subject", "From", "To", "Cc"))),
)


def known(program, letter):
    """Why this letter may stand elsewhere in that order, or None."""
    raw, pair = letter[1:]
    for words, reason, such in KNOWN:
        if any(word in words for word in program.split()) and such(raw):
            return reason
    if told_otherwise(program, pair):
        return "its ENVELOPE is told otherwise: see structure.py"
    return None


def compare(program, ours, theirs, letters, explained):
    """Letters in places that differ for no known reason."""
    odd = set()
    for number, letter in enumerate(letters, 1):
        reason = known(program, letter)
        if reason is not None:
            odd.add(number)
    if ours == theirs:
        return []
    left = [n for n in ours if n not in odd], [n for n in theirs
                                                if n not in odd]
    if sorted(ours) != sorted(theirs) or left[0] != left[1]:
        return [(a, b) for a, b in zip(*left) if a != b] or [(-1, -1)]
    for number in odd:
        reason = known(program, letters[number - 1])
        explained[reason] = explained.get(reason, 0) + 1
    return []


def compare_trees(program, ours, theirs, letters, explained):
    def of_number(branches):
        return {number: branch for branch in branches
                for number in members(branch)}
    mine, other = of_number(ours), of_number(theirs)
    if sorted(mine) != sorted(other):
        return [("letters", sorted(set(mine) ^ set(other)))]
    differs, seen = [], set()
    for number, branch in mine.items():
        if branch == other[number] or number in seen:
            continue
        both = set(members(branch)) | set(members(other[number]))
        seen |= both
        reasons = {known(program, letters[n - 1]) for n in both} - {None}
        for reason in reasons:
            explained[reason] = explained.get(reason, 0) + 1
        if not reasons:
            differs.append((branch, other[number]))
    # the order of conversations, but for those that begin with such a letter
    def is_plain(branch, there):
        return there[members(branch)[0]] == branch and not any(
            known(program, letters[n - 1]) for n in members(branch))
    order = [b for b in ours if is_plain(b, other)]
    their_order = [b for b in theirs if is_plain(b, mine)]
    if order != their_order and not differs:
        differs += [(a, b) for a, b in zip(order, their_order) if a != b]
    return differs


def show(letters, what):
    for number in members(list(what))[:6] if not isinstance(what, int) \
            else [what]:
        if isinstance(number, int) and 0 < number <= len(letters):
            name, raw = letters[number - 1][:2]
            print("   %d %s" % (number, name))
            for word in ("Subject", "From", "To", "Cc", "Date", "Message-ID",
                         "In-Reply-To", "References"):
                value = field(raw, word)
                if value is not None:
                    print("      %s: %r" % (word, value[:150]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--most", type=int, default=100000)
    parser.add_argument("mail", nargs="*")
    args = parser.parse_args()
    letters = list(files_below(args.mail, args.most)) + made(200)
    ours, theirs = hub(args.base), dovecot(args.folder)
    for client in (ours, theirs):
        fill(client, letters)
    told = zip(envelopes(ours, len(letters)), envelopes(theirs, len(letters)))
    letters = [letter + (pair,) for letter, pair in zip(letters, told)]
    explained, bad, asked = {}, 0, 0
    for program in PROGRAMS:
        words = ("(%s)" % program, "UTF-8", "ALL")
        both = [[int(n) for n in ask(client, "SORT", *words).split()]
                for client in (ours, theirs)]
        differs = compare(program, *both, letters, explained)
        asked += 1
        bad += len(differs)
        for a, b in differs[:4]:
            print("SORT (%s): %s here, %s there" % (program, a, b))
            show(letters, [a, b])
    for how in THREADS:
        both = [tree(ask(client, "THREAD", how, "UTF-8", "ALL"))
                for client in (ours, theirs)]
        differs = compare_trees(how, *both, letters, explained)
        asked += 1
        bad += len(differs)
        for a, b in differs[:6]:
            print("THREAD %s: %s here, %s there" % (how, a, b))
            show(letters, a)
    for client in (ours, theirs):
        client.logout()
    for reason, count in sorted(explained.items()):
        print("%6d %s" % (count, reason))
    print("order: %d letters, %d orders, %d differences without a reason" %
          (len(letters), asked, bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
