#!/usr/bin/env python3
"""ENVELOPE, BODY and BODYSTRUCTURE of real mail, Dovecot's beside ours.

usage: structure.py --tool FILE --folder DIR [--most N] MAIL ...

Every file below MAIL is one message (its line ends become CRLF).  Dovecot
reads them from a maildir, the tool (structure.c) reads the same files, and what
both say is compared field by field.  Where they differ there must be a reason
in KNOWN, which is the list of how we differ and why.  Ends with the counts, and
with status 1 when a difference has no reason."""

import argparse
import collections
import imaplib
import os
import re
import subprocess
import sys

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
FIELDS = ("date", "subject", "from", "sender", "reply-to", "to", "cc", "bcc",
          "in-reply-to", "message-id")


# ------------------------------------------------------------- reading IMAP

TOKEN = re.compile(rb'[ ]*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n'
                   rb'|([^ ()"{]+))', re.S)


def parse(data):
    """All values in `data`: lists, bytes, None for NIL, int."""
    stack, at = [[]], 0
    while at < len(data):
        match = TOKEN.match(data, at)
        if match is None:
            raise ValueError("not IMAP: %r" % data[at:at + 80])
        at = match.end()
        if match.group(1):
            stack.append([])
        elif match.group(2):
            done = stack.pop()
            stack[-1].append(done)
        elif match.group(3) is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match.group(3)))
        elif match.group(4):
            size = int(match.group(4))
            stack[-1].append(data[at:at + size])
            at += size
        else:
            word = match.group(5)
            stack[-1].append(None if word.upper() == b"NIL" else
                             int(word) if word.isdigit() else word)
    if len(stack) != 1:
        raise ValueError("not closed")
    return stack[0]


def write_conf(folder):
    """The path of a configuration for what is in `folder`."""
    uid, gid = (1, 1) if os.getuid() == 0 else (os.getuid(), os.getgid())
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "%d:%d" % (uid, gid), folder],
                       check=True)
    conf = os.path.join(folder, "dovecot.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(CONF.format(folder=folder, uid=uid, gid=gid))
    return conf


def dovecot(folder, files):
    """What Dovecot says of each file: (envelope, body, bodystructure)."""
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, "Maildir", name))
    for number, path in enumerate(files):
        os.link(path, os.path.join(folder, "Maildir", "cur",
                                   "%d.M%dP1.test:2," % (number + 1, number)))
    conf = write_conf(folder)
    client = imaplib.IMAP4_stream(
        "HOME=%s USER=ann exec /usr/lib/dovecot/imap -c %s 2>%s/log" %
        (folder, conf, folder))
    client.select("INBOX", readonly=True)
    said = {}
    for first in range(1, len(files) + 1, 100):
        _, data = client.fetch(
            "%d:%d" % (first, min(first + 99, len(files))),
            "(ENVELOPE BODY BODYSTRUCTURE)")
        whole = b""
        for piece in data:
            if isinstance(piece, tuple):
                whole += piece[0] + b"\r\n" + piece[1]
            else:
                whole += piece + b"\n"
        for number, items in zip(*[iter(parse(whole.replace(b")\n",
                                                            b")")))] * 2):
            said[number] = dict(zip(items[::2], items[1::2]))
    client.logout()
    return [(said[n][b"ENVELOPE"], said[n][b"BODY"],
             said[n][b"BODYSTRUCTURE"]) for n in range(1, len(files) + 1)]


def ours(tool, files):
    """The same of the tool, and its last words."""
    done = subprocess.run([tool], input="".join(f + "\n" for f in files).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True)
    out, said = done.stdout, []
    while out:
        line, out = out.split(b"\n", 1)
        row = []
        for size in map(int, line.split()):
            row.append(parse(out[:size])[0])
            out = out[size:]
        said.append(tuple(row))
    return said, done.stderr.decode()


# ------------------------------------------------------------- comparing

def is_multipart(body):
    return isinstance(body[0], list)


def body_differs(a, b, path=""):
    """(place, ours, Dovecot's) wherever two body structures differ."""
    if is_multipart(a) != is_multipart(b):
        yield path + "kind", a, b
        return
    if is_multipart(a):
        kids_a, kids_b = a[:first_string(a)], b[:first_string(b)]
        rest_a, rest_b = a[first_string(a):], b[first_string(b):]
        if len(kids_a) != len(kids_b):
            yield path + "parts", len(kids_a), len(kids_b)
        for n, (x, y) in enumerate(zip(kids_a, kids_b)):
            yield from body_differs(x, y, "%s%d." % (path, n + 1))
        names = ("subtype", "params", "disposition", "language", "location")
        yield from fields_differ(names, rest_a, rest_b, path)
        return
    names = ["type", "subtype", "params", "id", "description", "encoding",
             "size"]
    kind = (a[0].lower(), a[1].lower())
    if kind == (b"message", b"rfc822") and len(a) > 9 and len(b) > 9 and \
            isinstance(a[7], list) and isinstance(b[7], list):
        for name, x, y in envelope_differs(a[7], b[7]):
            yield path + "envelope." + name, x, y
        yield from body_differs(a[8], b[8], path + "1.")
        a, b = a[:7] + a[9:], b[:7] + b[9:]
        names.append("lines")
    elif kind[0] == b"text":
        names.append("lines")
    names += ["md5", "disposition", "language", "location"]
    yield from fields_differ(names, a, b, path)


def first_string(body):
    return next(n for n, x in enumerate(body) if not isinstance(x, list))


def fields_differ(names, a, b, path):
    if len(a) != len(b):
        yield path + "count", a, b
    for name, x, y in zip(names, a, b):
        if normal(name, x) != normal(name, y):
            yield path + name, x, y


def normal(name, value):
    """Letter case of words and the order of parameters do not count."""
    if name in ("type", "subtype", "encoding") and isinstance(value, bytes):
        return value.lower()
    if name == "params" and isinstance(value, list):
        return sorted((k.lower(), v) for k, v in zip(value[::2], value[1::2]))
    if name == "disposition" and isinstance(value, list):
        return value[0].lower(), normal("params", value[1])
    return value


def envelope_differs(a, b):
    for name, x, y in zip(FIELDS, a, b):
        if x != y:
            yield name, x, y


# ------------------------------------------------------------- how we differ

def one_blank(value):
    return b" ".join(value.split()) if isinstance(value, bytes) else value


def all_strings(value):
    if isinstance(value, list):
        for inner in value:
            yield from all_strings(inner)
    elif isinstance(value, bytes):
        yield value


def differ_blanks(_, a, b, _raw):
    """Dovecot makes one blank of several in a Subject, for people, and leaves
    the one at the end of other values; we unfold (RFC 5322 2.2.3) and trim."""
    return isinstance(a, bytes) and one_blank(a) == one_blank(b)


def differ_charset(name, a, b, _raw):
    """Dovecot keeps one bit of a plain text and loses the letter case of its
    charset; we tell it as it was written."""
    return name == "params" and a is not None and b is not None and \
        [x.lower() for x in a] == [x.lower() for x in b]


def differ_no_address(name, a, b, _raw):
    """Where no address can be read each guesses; we tell all of the words as
    the mailbox, so that nothing is lost, and as Dovecot no host."""
    words = set(all_strings(a)) | set(all_strings(b))
    return name in FIELDS and bool(
        words & {b"MISSING_DOMAIN", b"MISSING_MAILBOX", b"SYNTAX_ERROR",
                 b"INVALID_ROUTE"})


def header_of(raw):
    return raw.split(b"\r\n\r\n")[0]


def differ_repeated(name, _a, _b, raw):
    """Of several Subject, From, Sender, Reply-To, ... we tell the first, as
    every filter here reads it; Dovecot the last, or all addresses.  (Of To, Cc
    and Bcc both tell all: RFC 5322 4.5.3.)"""
    if name in ("sender", "reply-to"):
        names = name.encode() + b"|from"
    else:
        names = name.encode()
    return name in FIELDS and name not in ("to", "cc", "bcc") and len(
        re.findall(rb"(?im)^(?:" + names + rb")[ \t]*:",
                   header_of(raw))) > 1


def differ_name(name, a, b, _raw):
    """A name that looks like an address, and a comment that stands before an
    address, is told by us; an empty name in quotes is none."""
    def bare(addresses):
        return [x[1:] for x in addresses or ()]
    return name in FIELDS and isinstance(a, list) and \
        isinstance(b, list) and bare(a) == bare(b) and all(
            x[0] == y[0] or not y[0] for x, y in zip(a, b))


def differ_semicolon(name, a, b, _raw):
    """Semicolons between addresses, as some mailers write them, end the list
    for Dovecot."""
    return name in FIELDS and isinstance(a, list) and \
        isinstance(b, list) and a[:len(b)] == b


def differ_mime_version(_name, a, b, raw):
    """Without MIME-Version Dovecot forgets what Content- fields say; mail
    programs believe them, and so do we."""
    return b in (b"7bit", None, [b"charset", b"us-ascii"]) and a != b and \
        re.search(rb"(?im)^mime-version[ \t]*:", header_of(raw)) is None


def differ_boundary(name, a, b, raw):
    """The line end before a boundary belongs to it (RFC 2046 5.1.1), also
    behind the last boundary of a message in a part, where Dovecot counts it to
    the message; and what goes on behind "--boundary--" is none for us."""
    return name in ("size", "lines") and (
        b - a in (1, 2) or
        re.search(rb"(?m)^--[^\r\n]+--[^ \t\r\n-]", raw) is not None)


def differ_no_type(name, _, b, _raw):
    """A Content-Type that names no type is text/plain (RFC 2045 5.2); Dovecot
    tells two empty strings, and no lines."""
    return name in ("type", "subtype", "lines", "count", "params") and (
        b in (b"", None) or (isinstance(b, list) and b[:2] == [b"", b""]))


def differ_header_end(_name, _a, _b, raw):
    """A line that is no field ends our header; Dovecot goes on to the empty
    line.  The line of a mailbox file before the header ends neither."""
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    return any(line[:1] not in (b" ", b"\t") and
               not re.match(rb"[!-9;-~]+[ \t]*:", line)
               for line in lines[lines[0].startswith(b"From "):])


def differ_limits(_name, _a, _b, raw):
    """We end at 50 containers in each other, Dovecot at 100."""
    return raw.count(b"multipart/") + raw.count(b"message/") > 50


def differ_empty_multipart(name, a, b, _raw):
    """A multipart without a part has an empty text in Dovecot; we give that
    text all the bytes there are, and it can be fetched."""
    return name in ("size", "lines") and b == 0


KNOWN = (differ_blanks, differ_charset, differ_no_address, differ_repeated,
         differ_name, differ_semicolon, differ_no_type, differ_header_end,
         differ_mime_version, differ_limits, differ_empty_multipart,
         differ_boundary)


def gather(args):
    """The messages of MAIL as files with CRLF line ends."""
    found = sorted(os.path.join(folder, name) for top in args.mail
                   for folder, _, names in os.walk(top) for name in names)
    step = max(1, len(found) // args.most)
    files, sources = [], []
    os.makedirs(os.path.join(args.folder, "mail"))
    for number, path in enumerate(found[::step][:args.most]):
        with open(path, "rb") as file:
            raw = file.read().replace(b"\r\n", b"\n")
        if b"\r" in raw or b"\0" in raw:
            continue        # stored otherwise than it came
        if not raw.endswith(b"\n"):
            raw += b"\n"    # what is given out ends its last line
        sources.append(path)
        files.append(os.path.join(args.folder, "mail", "%05d" % number))
        with open(files[-1], "wb") as file:
            file.write(raw.replace(b"\n", b"\r\n"))
    return files, sources


def differences(a, b):
    """(place, name of the field, ours, Dovecot's)"""
    for name, x, y in envelope_differs(a[0], b[0]):
        yield "ENVELOPE " + name, name, x, y
    for index, what in ((1, "BODY "), (2, "BODYSTRUCTURE ")):
        for place, x, y in body_differs(a[index], b[index]):
            yield what + place, place.rsplit(".", 1)[-1], x, y


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--tool", required=True)
    args.add_argument("--folder", required=True)
    args.add_argument("--most", type=int, default=10 ** 9)
    args.add_argument("mail", nargs="+")
    args = args.parse_args()
    files, sources = gather(args)
    mine, words = ours(args.tool, files)
    known, unknown = collections.Counter(), 0
    for path, source, a, b in zip(files, sources, mine,
                                  dovecot(args.folder, files)):
        with open(path, "rb") as file:
            raw = file.read()
        for place, name, x, y in differences(a, b):
            why = next((k for k in KNOWN if k(name, x, y, raw)), None)
            if why is not None:
                known[why] += 1
                continue
            unknown += 1
            print("structure: %s: %s\n  ours    %s\n  dovecot %s" % (
                source, place, str(x)[:500], str(y)[:500]))
    for why in KNOWN:
        if known[why]:
            print("structure: %d times: %s" % (
                known[why], " ".join(why.__doc__.split())))
    print(words, end="")
    print("structure: %d messages compared, %d differences without a reason" %
          (len(files), unknown))
    sys.exit(1 if unknown or not files else 0)


if __name__ == "__main__":
    main()
