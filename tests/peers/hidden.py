#!/usr/bin/env python3
"""IMAP: mailboxes that are no matter of theirs, names that lead elsewhere, and
letters that would write responses of their own.

usage: hidden.py --bin DIR --results FILE

HARDENING A33, A34, A35.
"""

import argparse
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fault"))

from hub import DOMAIN, PASSWORD, Hub       # noqa: E402
from ledger import Lines                    # noqa: E402

LETTER = b"From: ann@office.test\r\nSubject: one\r\n\r\nwords\r\n"
ANN = "Users/ann@%s/" % DOMAIN


def true(truth, *words):
    """The words say what was not so."""
    if not truth:
        raise AssertionError(words)


class Raw:
    """A session as bytes; every command has the same tag."""

    def __init__(self, hub, who):
        self.lines = Lines(hub.connect("imap"))
        self.lines.line()
        true(self.say(b"LOGIN %s@%s %s" % (
            who.encode(), DOMAIN.encode(), PASSWORD.encode()))[-1].startswith(
                b"t OK"), who)

    def say(self, command, literal=None):
        """All lines of its answer."""
        data = b"t " + command
        if literal is not None:
            data += b" {%d+}\r\n" % len(literal) + literal
        return self.give(data + b"\r\n")

    def give(self, data):
        """The same for what is no line."""
        self.lines.send(data)
        heard = []
        while not heard or not heard[-1].startswith((b"t ", b"+")):
            heard.append(self.lines.line())
        return heard

    def close(self):
        """Without a word."""
        self.lines.close()


def quoted(name):
    """As a client writes it."""
    return b'"' + name.encode().replace(b"\\", b"\\\\").replace(
        b'"', b'\\"') + b'"'


# --- A33 ---------------------------------------------------------------------

# What takes a mailbox's name, and how; "%" is the name, "@/" its account.
NAMING = {
    "SELECT": ["SELECT %", "SELECT % (QRESYNC (1 1))"],
    "EXAMINE": ["EXAMINE %"],
    "CREATE": ["CREATE %/Below"],
    "DELETE": ["DELETE %"],
    "RENAME": ["RENAME % Mine", "RENAME % @/Elsewhere",
               "RENAME Here %/Below"],
    "SUBSCRIBE": ["SUBSCRIBE %"],
    "UNSUBSCRIBE": ["UNSUBSCRIBE %"],
    "LIST": ['LIST "" %', "LIST % *", 'LIST (SUBSCRIBED) "" %',
             'LIST "" (% %/Below) RETURN (STATUS (MESSAGES) MYRIGHTS)'],
    "LSUB": ['LSUB "" %'],
    "GETMETADATA": ["GETMETADATA % /shared/comment",
                    "GETMETADATA % /private/comment"],
    "SETMETADATA": ["SETMETADATA % (/shared/comment x)",
                    "SETMETADATA % (/private/comment x)"],
    "STATUS": ["STATUS % (MESSAGES UIDNEXT UIDVALIDITY)"],
    "APPEND": ["APPEND %"],
    "SETACL": ["SETACL % bob lrswipkxtea", "SETACL % anyone lr"],
    "DELETEACL": ["DELETEACL % ann"],
    "GETACL": ["GETACL %"],
    "LISTRIGHTS": ["LISTRIGHTS % bob", "LISTRIGHTS % nobody"],
    "MYRIGHTS": ["MYRIGHTS %"],
    "COPY": ["COPY 1 %"],
    "MOVE": ["MOVE 1 %"],
    "REPLACE": ["REPLACE 1 %"],
    "UID COPY": ["UID COPY 1 %"],
    "UID MOVE": ["UID MOVE 1 %"],
    "UID REPLACE": ["UID REPLACE 1 %"],
}
# What takes none.  A command that stands in neither fails the test.
NAMELESS = set("""CAPABILITY NOOP LOGOUT ID STARTTLS AUTHENTICATE LOGIN ENABLE
NAMESPACE IDLE COMPRESS CHECK CLOSE UNSELECT EXPUNGE SEARCH SORT THREAD FETCH
STORE""".split()) | {"UID EXPUNGE", "UID SEARCH", "UID SORT", "UID THREAD",
                     "UID FETCH", "UID STORE"}


def commands(hub):
    """Every command there is, from the server's own table."""
    text = hub.run("imap", "commands")[1]
    names = {line[:14].strip() for line in text.splitlines() if line.strip()}
    true(len(names) > 40 and "UID REPLACE" in names, text)
    return names


def answers(box, name):
    """What is heard about it, its name taken out."""
    heard = {}
    for rows in NAMING.values():
        for row in rows:
            literal = LETTER if row.split()[-2:-1] in (
                ["APPEND"], ["1"]) and "REPLACE" in row or row.startswith(
                    "APPEND") else None
            true(box.say(b"SELECT INBOX")[-1].startswith(b"t OK"))
            command = quoted(name).join(
                part.encode() for part in row.split("%", 1))
            command = command.replace(b"%", name.encode()).replace(
                b"@/", name[:name.rindex(DOMAIN)].encode() +
                DOMAIN.encode() + b"/")
            said = box.say(command, literal)
            heard[row] = [line.replace(name.encode(), b"NAME")
                          for line in said]
    return heard


def whole(box):
    """All that a person has."""
    names = [line for line in box.say(b'LIST "" *') if b"LIST" in line[:6]]
    rows = []
    for line in names:
        name = line.split(b'"/" ', 1)[1]
        rows.append((line, box.say(
            b"STATUS " + name + b" (MESSAGES UIDNEXT UNSEEN)"),
            box.say(b"GETACL " + name)))
    return rows


def no_mailbox_of_others_is_found_out(args):
    """Each command says the same of what is hidden and of what is not there."""
    hub = Hub(args.bin, ["ann", "bob"])
    try:
        names = commands(hub)
        true(names == set(NAMING) | NAMELESS,
             names ^ (set(NAMING) | NAMELESS))
        hub.start()
        ann, bob = Raw(hub, "ann"), Raw(hub, "bob")
        for box, folder in ((ann, b"Secret"), (ann, b"Shown"),
                            (bob, b"Here")):
            true(box.say(b"CREATE " + folder)[-1].startswith(b"t OK"))
        for box in (ann, bob):
            true(box.say(b"APPEND INBOX", LETTER)[-1].startswith(b"t OK"))
        true(ann.say(b"APPEND Secret", LETTER)[-1].startswith(b"t OK"))
        for shares in (False, True):
            if shares:
                true(ann.say(b"SETACL Shown bob lr")[-1].startswith(b"t OK"))
            before = whole(ann)
            wanted = answers(bob, ANN + "Nothing")
            for name in ("Secret", "INBOX", "Archive", "Secret/Below"):
                heard = answers(bob, ANN + name)
                for row, said in heard.items():
                    true(said == wanted[row], shares, row, name, said,
                         wanted[row])
            # of a person who is not there no more is heard than of ann
            strangers = answers(bob, "Users/nobody@%s/INBOX" % DOMAIN)
            for row, said in strangers.items():
                true(said == wanted[row], shares, row, "nobody", said,
                     wanted[row])
            true(whole(ann) == before, "ann's mail has changed")
            for row, said in wanted.items():
                true(not any(line.startswith(b"* LIST") for line in said),
                     row, said)
        ann.close()
        bob.close()
        hub.stop()
        hub.check()
    finally:
        hub.remove()


# --- A34 ---------------------------------------------------------------------

# Names that elsewhere have led out of a mailbox, as they stand on the wire.
ASTRAY = [
    b'"../../etc/x"', b'"a/../b"', b'"."', b'".."', b'""', b'"~root"',
    b'"~/x"', b'"a//b"', b'"/abs"', b'"/etc/passwd"', b'"a/."',
    b'"INBOX/../.."', b'"INBOX/../../other"', b'"CON"', b'"nul"',
    b'"%2e%2e/x"', b'"..\\\\..\\\\x"', b'"C:\\\\x"',
    b'"' + b"n" * 5000 + b'"', b'"' + b"/".join([b"d"] * 200) + b'"',
    b'"a&AC8-b"', b'"&AC8-"', b'"&2D3eDQ-"', b'"&2D0-"', b'"&"', b'"&AGE-"',
    b'"&IC4-x"', b'"&ZeVnLIqe-"', b'"cafe&AwE-"', b'"caf&AOk-"',
    b'"x; DROP TABLE folder;--"', b"\"x'); DELETE FROM entry;--\"",
    b'"x%s%n$(id)`id`"', b'"x\x01y"', b'"x\x7f"', b'"index.db"',
    b'"cur"', b'".Sent"', b'"Users"', b'"Users/ann@office.test"',
    b'"Users/../Secret"', b'"Public/../Secret"',
]
WITH_NUL = [b"a\0b", b"\0", b"../\0"]


def paths(folder):
    """Every path below it."""
    return {os.path.relpath(os.path.join(at, name), folder)
            for at, folders, files in os.walk(folder)
            for name in folders + files}


def no_name_leads_elsewhere(args):
    """A name is made and listed as it was given, or refused; no file has it."""
    hub = Hub(args.bin, ["ann", "bob"])
    try:
        hub.start()
        ann, bob = Raw(hub, "ann"), Raw(hub, "bob")
        true(ann.say(b"CREATE Plain")[-1].startswith(b"t OK"))
        time.sleep(0.5)
        before, bobs = paths(hub.folder), whole(bob)
        made = 0
        for name in ASTRAY + WITH_NUL:
            if name in WITH_NUL:
                said = ann.say(b"CREATE", name)
                true(said[-1].startswith((b"t BAD", b"t NO")), name, said)
                continue
            said = ann.say(b"CREATE " + name)
            true(said[-1].startswith((b"t OK", b"t NO", b"t BAD")), name,
                 said)
            true(said[-1].startswith(b"t NO") or not set(
                name.strip(b'"').split(b"/")) & {b".", b"..", b""}, name,
                 said)
            if said[-1].startswith(b"t OK"):
                made += 1
                true(ann.say(b"APPEND " + name, LETTER)[-1].startswith(
                    b"t OK"), name)
                true(ann.say(b"SELECT " + name)[-1].startswith(b"t OK"), name)
                true(any(line.startswith(b"* STATUS") and
                         line.endswith(b"(MESSAGES 1)") for line in ann.say(
                             b"STATUS " + name + b" (MESSAGES)")), name)
                true(ann.say(b"UNSELECT")[-1].startswith(b"t OK"), name)
            # SELECT of what was refused goes nowhere, either
            elif b"ALREADYEXISTS" not in said[-1]:
                said = ann.say(b"SELECT " + name)
                true(said[-1].startswith((b"t NO", b"t BAD")), name, said)
        true(made > 0, "none was made")
        news = {path for path in paths(hub.folder) - before
                if not os.path.basename(path).replace("-", "").replace(
                    ".", "").isalnum()}
        true(not news, news)
        for word in ("etc/x", "root", "passwd", "CON", "nul", "other"):
            true(not any(path.endswith("/" + word)
                         for path in paths(hub.folder) - before), word)
        true(not os.path.exists("/etc/x"))
        true(whole(bob) == bobs, "bob's mail has changed")
        # each that was made goes again
        listed = [line.split(b'"/" ', 1)[1] for line in
                  ann.say(b'LIST "" *') if line.startswith(b"* LIST")]
        true(len(listed) >= made, listed)
        for name in sorted(listed, reverse=True):
            if name.strip(b'"') in (b"INBOX",):
                continue
            true(ann.say(b"DELETE " + name)[-1].startswith(b"t OK"), name)
        hub.stop()
        hub.check()
    finally:
        hub.remove()


# --- A35 ---------------------------------------------------------------------

HOSTILE = {
    "lines in encoded words":
        b"Subject: =?utf-8?Q?x=0D=0A*_1_EXISTS=0D=0A?=\r\n"
        b"From: =?utf-8?B?YQ0KKiBCWUUgeA0K?= <a@b.test>\r\n\r\nx\r\n",
    "bare line ends and NUL":
        b"Subject: one\r* 2 EXISTS\n* BYE\r\nFrom: a\0b <c\0@d.test>\r\n"
        b"To: \"x\\\"y\\\\\" <q@r.test>, (((, <>, @, ;:,\r\n\r\nx\0y\r\n",
    "8-bit everywhere":
        b"Subject: \xff\xfe\x80 {10}\r\nFrom: \xc3\x28@\xe9.test\r\n"
        b"Content-Type: text/\xe9; \xe9=\xff; name=\"\xff{3+}\"\r\n"
        b"Content-Description: \x80(\r\n\r\n\xff\xfe\r\n",
    "literals in names":
        b"Content-Type: multipart/mixed; boundary=\"{100}\"\r\n"
        b"Subject: {5}\r\n\r\n--{100}\r\n"
        b"Content-Type: application/x; name=\"a\\\"b{9999}\"\r\n"
        b"Content-Disposition: attachment; filename=\"\\\\){1}\r\n *\"\r\n"
        b"Content-ID: <(\")>\r\nContent-Language: a,(b,\"c\r\n"
        b"Content-MD5: )(\r\nContent-Location: {4}\r\n\r\nx\r\n"
        b"--{100}--\r\n",
    "quotes that do not end":
        b"From: \"ann\\\r\nTo: \"\r\nCc: (\\\r\nBcc: <\r\n"
        b"Reply-To: a:b:c;d\r\nIn-Reply-To: \"\\\r\nMessage-ID: <\"\r\n"
        b"Date: \")\r\nContent-Type: \"a\"/\"b; \"c\"=\"\r\n\r\n\r\n",
    "tagged words":
        b"Subject: t OK done\r\n t BAD no\r\n"
        b"Message-ID: <)\r\n t OK x>\r\nFrom: t OK <+ go@on.test>\r\n\r\n"
        b"t OK\r\n",
    "a message inside, the same again":
        b"Content-Type: message/rfc822\r\n\r\n"
        b"Subject: in\r* BYE\r\nFrom: \"\0\" <\0@x>\r\n"
        b"Content-Type: message/rfc822; name*0*=utf-8''%0d%0a*;"
        b" name*1=\"(\\\"\"\r\n\r\nSubject: deeper {2}\r\n\r\nx\r\n",
}

def tokens(data):
    """RFC 9051 9: every value, or ValueError; BODY[...] is one word."""
    stack, at = [[]], 0
    atoms = set(range(0x21, 0x7f)) - set(b'(){%*"\\]')
    while at < len(data):
        byte = data[at:at + 1]
        if byte == b"(":
            stack.append([])
            at += 1
            continue
        if byte == b")":
            if len(stack) == 1:
                raise ValueError("a list ends that never began", at)
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif byte == b'"':
            value, at = quoted_string(data, at + 1)
            stack[-1].append(value)
        elif byte == b"{":
            end = data.index(b"}\r\n", at)
            count = int(data[at + 1:end])
            value = data[end + 3:end + 3 + count]
            if len(value) != count:
                raise ValueError("a literal is cut", at)
            stack[-1].append(value)
            at = end + 3 + count
        else:
            start, depth = at, 0
            while at < len(data) and (depth or data[at] in
                                      atoms | set(b"\\]")):
                depth += (data[at] == 0x5b) - (data[at] == 0x5d)
                at += 1
            if at == start:
                raise ValueError("no value", at, data[at:at + 20])
            word = data[start:at]
            stack[-1].append(None if word == b"NIL" else word)
        # lists of addresses and of parts have nothing between them
        if data[at - 1:at + 1] == b")(":
            continue
        if at < len(data) and data[at:at + 1] not in b" )":
            raise ValueError("no space", at, data[at:at + 20])
        if data[at:at + 1] == b" ":
            at += 1
            if data[at:at + 1] in (b" ", b")", b""):
                raise ValueError("a space too many", at)
    if len(stack) != 1:
        raise ValueError("a list does not end")
    return stack[0]


def quoted_string(data, at):
    """Up to its quote: no CR, LF, NUL or 8-bit (RFC 9051 4.3)."""
    value = b""
    while data[at:at + 1] != b'"':
        if data[at:at + 1] == b"\\":
            at += 1
            if data[at:at + 1] not in (b'"', b"\\"):
                raise ValueError("a backslash before", data[at:at + 1])
        if at >= len(data) or data[at] in (0, 10, 13) or data[at] > 126:
            raise ValueError("no text in a string", data[at:at + 10])
        value += data[at:at + 1]
        at += 1
    return value, at + 1


def responses(box, command):
    """Whole responses, literals inside; the tagged one last."""
    box.lines.send(b"t " + command + b"\r\n")
    heard = []
    while not heard or not heard[-1].startswith(b"t "):
        one = box.lines.line()
        while one.endswith(b"}") and b"{" in one:
            count = int(one[one.rindex(b"{") + 1:-1])
            one += b"\r\n" + box.lines.octets(count) + box.lines.line()
        heard.append(one)
    return heard


def no_letter_writes_a_response(args):
    """ENVELOPE and BODYSTRUCTURE of anything are what the RFC allows."""
    hub = Hub(args.bin, ["ann"])
    try:
        hub.start()
        box = Raw(hub, "ann")
        for name, letter in HOSTILE.items():
            # NUL may be in no literal: so it comes by literal8 (RFC 9051 4.3.1)
            said = box.give(b"t APPEND INBOX (UTF8) ~{%d+}\r\n" %
                            len(letter) + letter + b"\r\n") \
                if b"\0" not in letter else box.give(
                    b"t APPEND INBOX ~{%d+}\r\n" % len(letter) + letter +
                    b"\r\n")
            true(said[-1].startswith(b"t OK"), name, said)
        true(box.say(b"SELECT INBOX")[-1].startswith(b"t OK"))
        for number, name in enumerate(HOSTILE, 1):
            for item in (b"ENVELOPE", b"BODYSTRUCTURE", b"BODY",
                         b"BODY.PEEK[HEADER]", b"PREVIEW",
                         b"BODY.PEEK[HEADER.FIELDS (Subject From)]",
                         b"(UID FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE)"):
                heard = responses(box, b"FETCH %d " % number + item)
                true(len(heard) == 2 and heard[1].startswith(b"t OK"), name,
                     item, heard)
                start = b"* %d FETCH " % number
                true(heard[0].startswith(start), name, item, heard)
                try:
                    values = tokens(heard[0][len(start):])
                except ValueError as fault:
                    raise AssertionError(name, item, heard[0]) from fault
                true(len(values) == 1 and len(values[0]) % 2 == 0, name,
                     item, values)
        hub.stop()
    finally:
        hub.remove()


TESTS = (no_mailbox_of_others_is_found_out, no_name_leads_elsewhere,
         no_letter_writes_a_response)


def main():
    """Each in a hub of its own."""
    parser = argparse.ArgumentParser()
    for name in ("bin", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    failed = False
    for test in TESTS:
        name = test.__name__.replace("_", "-")
        if not name.startswith(os.environ.get("ONLY", "")):
            continue
        began = time.monotonic()
        try:
            test(args)
            word = "pass"
        except Exception:       # pylint: disable=broad-except
            traceback.print_exc()
            word, failed = "fail", True
        line = "%s hidden/%s (%.1f s)" % (word, name,
                                          time.monotonic() - began)
        print(line)
        with open(args.results, "a", encoding="ascii") as file:
            file.write(line + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
