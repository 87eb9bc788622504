#!/usr/bin/env python3
"""Every section of real mail, and what searches find, Dovecot's beside ours.

usage: sections.py --base PORT --folder DIR [--most N] MAIL ...

Every file below MAIL is one message (see structure.py).  The hub, which runs at
PORT, gets them by APPEND into the mailbox of Ann, Dovecot as a maildir.  Then
both are asked, part by part, for BODY[HEADER], BODY[TEXT], BODY[n],
BODY[n.MIME], BINARY[n], BINARY.SIZE[n] and RFC822.SIZE, and for SEARCHES.
Where they differ there must be a reason in KNOWN or in KNOWN_FOUND, which are
the lists of how we differ and why.  Ends with the counts, and with status 1
when a difference has no reason.
"""

import argparse
import codecs
import collections
import os
import re
import socket
import subprocess
import sys
import time

import structure

TOKEN = re.compile(
    rb' *(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|~?\{(\d+)\}\r\n'
    rb'|([^ ()"{\[]*\[[^\]]*\](?:<\d+>)?|[^ ()"{]+))', re.S)
DAY = 24 * 3600
FIRST_DAY = 1030968000      # 2 September 2002, 12:00 UTC
BATCH = 100                 # letters of one APPEND

# What is asked of both; a second string is a literal in UTF-8.
SEARCHES = (
    "ALL", "SUBJECT re:", "SUBJECT linux", 'SUBJECT "[zzzz"', 'SUBJECT ""',
    "FROM example", "FROM @", "FROM mail", 'FROM "<"', "TO list", "TO zzzz",
    "CC com", "BCC com", "HEADER Message-ID @", "HEADER X-Mailer outlook",
    'HEADER Received "by mail"', 'HEADER List-Id ""', 'HEADER Sender ""',
    "HEADER Content-Type boundary", "BODY money", 'BODY "click here"',
    "BODY linux", "BODY zzqqzzqq", "BODY the", 'BODY "<a href"', "BODY =20",
    'BODY "http://"', "TEXT free", "TEXT python", 'TEXT "mime-version"',
    "SINCE 1-Oct-2002", "BEFORE 1-Oct-2002", "ON 20-Sep-2002",
    "SENTSINCE 1-Sep-2002", "SENTBEFORE 1-Aug-2002", "SENTON 22-Aug-2002",
    "LARGER 5000", "SMALLER 1000", "SEEN", "UNFLAGGED", "KEYWORD $Label1",
    "UNKEYWORD $Label1", "OR SEEN KEYWORD $Label1",
    "NOT (SUBJECT re: OR SEEN FLAGGED)", "10:20 NOT 12:14",
    ("CHARSET UTF-8 SUBJECT ", "é"), ("CHARSET UTF-8 BODY ", "É"),
    ("CHARSET UTF-8 TEXT ", "日本"), ("CHARSET UTF-8 BODY ", "©"),
)


# ------------------------------------------------------------- speaking IMAP

class Imap:
    """A conversation over two files."""

    def __init__(self, into, out):
        self.into, self.out, self.count = into, out, 0
        self.response()

    def response(self):
        """One response, its literals inside."""
        whole = b""
        while True:
            line = self.into.readline()
            if not line.endswith(b"\n"):
                raise EOFError("the server hung up")
            whole += line
            match = re.search(rb"\{(\d+)\}\r\n$", line)
            if match is None:
                return whole[:-2]
            whole += self.into.read(int(match.group(1)))

    def send(self, data):
        self.out.write(data)
        self.out.flush()

    def ask(self, command, *literals):
        """(is it OK, the untagged responses); what is behind the words of the
        command goes as literals that are waited for."""
        self.count += 1
        tag, said = b"t%d " % self.count, []
        data = tag + command.encode()
        for head, literal in literals:
            self.send(data + head + b"{%d}\r\n" % len(literal))
            while not (line := self.response()).startswith(b"+"):
                if line.startswith(tag):
                    raise ValueError(line)
                said.append(line)
            data = literal
        self.send(data + b"\r\n")
        while not (line := self.response()).startswith(tag):
            said.append(line)
        return line.startswith(tag + b"OK"), said

    def must(self, command, *literals):
        is_ok, said = self.ask(command, *literals)
        if not is_ok:
            raise ValueError("%s was refused" % command)
        return said

    def fetch(self, number, items):
        """{item: value}, or None when the answer was not OK."""
        is_ok, said = self.ask("FETCH %d (%s)" % (number, items))
        found = {}
        for line in said:
            match = re.match(rb"\* (\d+) FETCH ", line)
            if match and int(match.group(1)) == number:
                values = parse(line[match.end():])[0]
                found.update(zip(map(label, values[::2]), values[1::2]))
        return found if is_ok else None

    def search(self, words):
        literals = []
        if isinstance(words, tuple):
            words, text = words
            literals = [(b"", text.encode())]
        for line in self.must("SEARCH " + words, *literals):
            if line.startswith(b"* SEARCH"):
                return set(map(int, line.split()[2:]))
        return set()


def label(name):
    return name.decode().upper()


def parse(data):
    """All values in `data`: lists, bytes, None for NIL."""
    stack, at = [[]], 0
    while at < len(data):
        match = TOKEN.match(data, at)
        if match is None:
            raise ValueError("not IMAP: %r" % data[at:at + 80])
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
            stack[-1].append(None if atom.upper() == b"NIL" else atom)
    return stack[0]


# ------------------------------------------------------------- both servers

def when(number):
    return FIRST_DAY + number % 60 * DAY


def login(base):
    sock = socket.create_connection(("127.0.0.1", base + 143), 300)
    client = Imap(sock.makefile("rb"), sock.makefile("wb"))
    client.must("LOGIN ann@office.test secret")
    return client


def append_limit(client):
    for line in client.must("CAPABILITY"):
        match = re.search(rb" APPENDLIMIT=(\d+)", line)
        if match:
            return int(match.group(1))
    return sys.maxsize


def fill_hub(client, files):
    """By APPEND, some at a time."""
    client.must("CREATE sections")
    for first in range(0, len(files), BATCH):
        literals, command = [], b" "
        for number, path in enumerate(files[first:first + BATCH], first):
            with open(path, "rb") as file:
                literals.append((command + time.strftime(
                    '"%d-%b-%Y %H:%M:%S +0000" ',
                    time.gmtime(when(number))).encode(), file.read()))
        client.must("APPEND sections", *literals)
    client.must("SELECT sections")


def dovecot(folder, files):
    """A maildir of the files, and Dovecot's imap on it."""
    folder = os.path.join(folder, "sections")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, "Maildir", name))
    for number, path in enumerate(files):
        os.utime(path, (when(number), when(number)))
        os.link(path, os.path.join(folder, "Maildir", "cur",
                                   "%d.M%dP1.test:2," % (number + 1, number)))
    conf = structure.write_conf(folder)
    return Dovecot("TZ=UTC HOME=%s USER=ann exec /usr/lib/dovecot/imap -c %s "
                   "2>>%s/log" % (folder, conf, folder))


class Dovecot(Imap):
    """Begun again when it ends: some letters' BINARY make it panic."""

    def __init__(self, command):
        self.command = command
        self.begin()

    def begin(self):
        process = subprocess.Popen(self.command, shell=True,
                                   stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        super().__init__(process.stdout, process.stdin)
        self.must("SELECT INBOX")

    def fetch(self, number, items):
        try:
            return super().fetch(number, items)
        except (EOFError, BrokenPipeError):
            self.begin()
            return None


def give_flags(client, count):
    """The same to both."""
    for step, flag in ((2, "\\Seen"), (3, "$Label1"), (5, "\\Flagged")):
        chosen = range(step, count + 1, step)
        for first in range(0, len(chosen), 500):
            client.must("STORE %s +FLAGS.SILENT (%s)" % (
                ",".join(map(str, chosen[first:first + 500])), flag))


# ------------------------------------------------------------- the sections

def numbers(body, path=""):
    """(number, is it a message, is it a container) of every part."""
    if structure.is_multipart(body):
        for n, kid in enumerate(body[:structure.first_string(body)], 1):
            yield from numbers(kid, "%s%d." % (path, n))
        if not path:
            return
        yield path[:-1], False, True
        return
    yield (path or "1.")[:-1], is_message(body), False
    if is_message(body):
        inner, below = body[8], path or "1."
        if structure.is_multipart(inner):
            for n, kid in enumerate(
                    inner[:structure.first_string(inner)], 1):
                yield from numbers(kid, "%s%d." % (below, n))
        else:
            yield from numbers(inner, below + "1.")


def is_message(body):
    return body[0].lower() == b"message" and \
        body[1].lower() == b"rfc822" and len(body) > 9 and \
        isinstance(body[8], list)


def one_by_one(client, number, items):
    """One that cannot be told spoils an answer for all."""
    whole = client.fetch(number, " ".join(items))
    if whole is None:
        whole = {}
        for item in items:
            name = item.replace(".PEEK", "")
            whole[name] = (client.fetch(number, item) or {}).get(name)
    return whole


def sections(client, number):
    """{item: value} of everything there is of one message."""
    found = client.fetch(number, "RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER] "
                                 "BODY.PEEK[TEXT]")
    parts = list(numbers(found.pop("BODYSTRUCTURE")))
    plain, decoded = [], []
    for part, is_mail, is_container in parts:
        plain += ["BODY.PEEK[%s]" % part, "BODY.PEEK[%s.MIME]" % part]
        if is_mail:
            plain += ["BODY.PEEK[%s.HEADER]" % part,
                      "BODY.PEEK[%s.TEXT]" % part]
        if not is_container:
            decoded += ["BINARY.PEEK[%s]" % part, "BINARY.SIZE[%s]" % part]
    found.update(one_by_one(client, number, plain))
    found.update(one_by_one(client, number, decoded))
    return found


# ------------------------------------------------------------- how we differ

def differ_boundary(_item, a, b, raw):
    """The line end before a boundary belongs to it (RFC 2046 5.1.1), also
    behind the last boundary of a message in a part, where Dovecot counts it to
    the message; and what goes on behind "--boundary--" is none for us."""
    if isinstance(a, bytes) and isinstance(b, bytes) and (
            b in (a + b"\r\n", a + b"\n") or
            (a.isdigit() and b.isdigit() and int(b) - int(a) in (1, 2))):
        return True
    return re.search(rb"(?m)^--[^\r\n]+--[^ \t\r\n-]", raw) is not None


def differ_empty_multipart(_item, a, b, raw):
    """A multipart without a part has an empty text in Dovecot; we give that
    text all the bytes there are, and they can be found."""
    match = re.search(rb'(?is)^content-type:[ \t\r\n]*multipart/[^\r\n]*'
                      rb'(?:\r\n[ \t][^\r\n]*)*', raw, re.M)
    if match is None or b not in (b"", b"0", None) or not a:
        return False
    mark = re.search(rb'(?i)boundary *= *"?([^"\r\n;]+)', match.group())
    return mark is None or b"\n--" + mark.group(1) not in raw


def differ_undecodable(item, a, b, _raw):
    """What cannot be decoded to its end is decoded by us as far as it goes, as
    mail programs do; Dovecot refuses it, or panics."""
    return item.startswith("BINARY") and b is None and a is not None


def differ_inside(item, _a, b, raw):
    """RFC 3516 4.1 speaks of the encoding of the part; of a message in a
    message Dovecot decodes what is inside as well, and says so in its
    header."""
    return item.startswith("BINARY") and \
        b"message/rfc822" in raw.lower() and b is not None and (
            b.isdigit() or b"Content-Transfer-Encoding: binary" in b)


def found_header_end(_words, _is_ours, raw):
    """A line that is no field ends our header: see structure.py."""
    return structure.differ_header_end(None, None, None, raw)


def found_empty_multipart(_words, is_ours, raw):
    """As of the sections, in a multipart without a part we look."""
    return is_ours and differ_empty_multipart(None, b"x", b"", raw)


def found_no_date(words, is_ours, raw):
    """Who has no Date, or none that can be read, is sent at no time; for
    Dovecot in 1970."""
    return words.startswith("SENTBEFORE") and not is_ours


def found_angle(words, is_ours, raw):
    """We search fields as they were written, Dovecot addresses as it would
    write them."""
    if not is_ours:
        return words == 'FROM "<"'
    field = re.search(rb"(?im)^from:(.*(?:\n[ \t].*)*)", raw)
    return words.startswith("FROM ") and field is not None and \
        words[5:].encode() in field.group(1).lower()


def found_missing(words, is_ours, _raw):
    """An address that lacks its mailbox or its domain has MISSING_MAILBOX or
    MISSING_DOMAIN in Dovecot."""
    return words.startswith("FROM ") and not is_ours and \
        words[5:] in "missing_mailbox@missing_domain"


def has_charset(raw):
    """One that there is."""
    name = re.search(rb'(?i)charset="?([^"\s;]+)', raw)
    try:
        return name is not None and bool(codecs.lookup(name[1].decode()))
    except (LookupError, UnicodeDecodeError):
        return False


def found_eight_bit(words, is_ours, raw):
    """Bytes above ASCII in no charset are read by us."""
    return is_ours and words.startswith("CHARSET") and (
        any(byte > 127 for byte in raw) or not has_charset(raw))


def found_no_type(words, is_ours, raw):
    """What has a Content-Type that cannot be read is text for us."""
    return is_ours and "BODY" in words and re.search(
        rb"(?im)^content-type:[^;\r\n]* charset=", raw) is not None


def found_inner_header(words, is_ours, raw):
    """The header of a message in a message is part of the body for us."""
    return is_ours and "BODY" in words and b"message/rfc822" in raw.lower()


def found_date_zone(words, is_ours, raw):
    """A Date with a zone that is none ("+-0500") is no date for us."""
    return words.startswith("SENT") and not is_ours and re.search(
        rb"(?im)^date:.* [+-][+-]", raw) is not None


def found_blanks(words, is_ours, raw):
    """A line end, or several blanks, is a blank for us."""
    phrase = re.search(r'"(.* .*)"', words)
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return bool(phrase) and is_ours and \
        phrase.group(1).encode() not in body.lower()


def found_entity(words, is_ours, raw):
    """Of HTML we read the text, with its entities."""
    return is_ours and words.startswith("CHARSET") and b"&" in raw and \
        b"html" in raw.lower()


KNOWN = (structure.differ_header_end, structure.differ_limits,
         differ_boundary, differ_empty_multipart, differ_undecodable,
         differ_inside)
KNOWN_FOUND = (found_header_end, found_empty_multipart, found_no_date,
               found_angle, found_missing, found_eight_bit,
               found_inner_header, found_date_zone, found_blanks,
               found_no_type, found_entity)


def compare_sections(ours, theirs, files, sources):
    """(counts of reasons, how many have none, how many were compared)"""
    known, unknown, compared = collections.Counter(), 0, 0
    for number, (path, source) in enumerate(zip(files, sources), 1):
        with open(path, "rb") as file:
            raw = file.read()
        mine, other = sections(ours, number), sections(theirs, number)
        for item in sorted(set(mine) | set(other)):
            compared += 1
            a, b = mine.get(item), other.get(item)
            if a == b:
                continue
            why = next((k for k in KNOWN if k(item, a, b, raw)), None)
            if why is not None:
                known[why] += 1
                continue
            unknown += 1
            print("sections: %s: %s\n  ours    %r\n  dovecot %r" % (
                source, item, str(a)[-300:], str(b)[-300:]))
    return known, unknown, compared


def compare_found(ours, theirs, files, sources):
    known, unknown, compared = collections.Counter(), 0, 0
    for words in SEARCHES:
        mine, other = ours.search(words), theirs.search(words)
        compared += len(files)
        for number in sorted(mine ^ other):
            with open(files[number - 1], "rb") as file:
                raw = file.read()
            text = "".join(words)
            why = next((k for k in KNOWN_FOUND
                        if k(text, number in mine, raw)), None)
            if why is not None:
                known[why] += 1
                continue
            unknown += 1
            print("sections: SEARCH %s: %s is found by %s alone" % (
                text, sources[number - 1],
                "us" if number in mine else "Dovecot"))
    return known, unknown, compared


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--base", type=int, required=True)
    args.add_argument("--folder", required=True)
    args.add_argument("--most", type=int, default=10 ** 9)
    args.add_argument("mail", nargs="+")
    args = args.parse_args()
    ours = login(args.base)
    limit = append_limit(ours)
    pairs = [pair for pair in zip(*structure.gather(args))
             if os.path.getsize(pair[0]) <= limit]
    files, sources = [p[0] for p in pairs], [p[1] for p in pairs]
    fill_hub(ours, files)
    theirs = dovecot(args.folder, files)
    for client in (ours, theirs):
        give_flags(client, len(files))
    unexplained = 0
    for what, compare in (("sections", compare_sections),
                          ("messages in %d searches" % len(SEARCHES),
                           compare_found)):
        known, unknown, compared = compare(ours, theirs, files, sources)
        for why, count in known.items():
            print("sections: %d times: %s" % (
                count, " ".join(why.__doc__.split())))
        print("sections: %d messages: %d %s compared, %d differences "
              "without a reason" % (len(files), compared, what, unknown))
        unexplained += unknown
    sys.exit(1 if unexplained or not files else 0)


if __name__ == "__main__":
    main()
