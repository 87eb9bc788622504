"""A provider of mail in folders: an IMAP server that is told how to behave.

It is correct as far as a collection goes (RFC 3501, 2177, 2971, 4315, 4959,
4978, 6154) until a test gives it a subclass of ImapSession whose methods do
something else.  Tasks that POP3 has too (bytes, TLS, silence, what was asked
how often) are those of provider.Session.
"""

import base64
import re
import select
import threading
import time
import zlib

from provider import CRLF, Box, Hangup, Mail, Session

FLAG_BITS = {b"\\Seen": 1, b"\\Answered": 2, b"\\Flagged": 4, b"\\Draft": 8}
DATE = b"17-Jul-2024 02:44:25 -0700"
DATE_MS = 1721209465000


class ImapMail(Mail):
    """`uidl` is the name of it in a test; its UID is the folder's affair."""

    def __init__(self, uidl, data, size=None, flags=(), date=DATE):
        super().__init__(uidl, data, size)
        self.uid = 0
        self.flags = set(flags)
        self.date = date

    def listed(self):
        return len(self.data) if self.size is None else self.size

    def parts(self):
        """(head, body) of what it is made of, one level deep."""
        head, _, body = self.data.partition(b"\r\n\r\n")
        found = re.search(rb'boundary="([^"]+)"', head)
        if not found:
            return [(head, body)]
        return [part.removeprefix(CRLF).removesuffix(CRLF).partition(
            b"\r\n\r\n")[::2] for part in
                body.split(b"--" + found.group(1))[1:-1]]

    def section(self, name):
        return self.parts()[int(name) - 1][1]

    def structure(self):
        """BODYSTRUCTURE, with what is not told left out."""
        rows = []
        for head, body in self.parts():
            kind = re.search(rb"(?im)^Content-Type: (\w+)/(\w+)", head)
            kind, sub = kind.groups() if kind else (b"text", b"plain")
            coded = re.search(rb"(?im)^Content-Transfer-Encoding: (\S+)",
                              head)
            name = re.search(rb'filename="([^"]*)"', head)
            rows.append(b'("%s" "%s" ("charset" "utf-8") NIL NIL "%s" %d%s '
                        b'NIL %s NIL NIL)' % (
                            kind, sub, coded.group(1) if coded else b"7bit",
                            len(body), b" %d" % body.count(CRLF)
                            if kind == b"text" else b"",
                            b'("attachment" ("filename" "%s"))' %
                            name.group(1) if name else b"NIL"))
        return rows[0] if len(rows) == 1 else \
            b"(" + b"".join(rows) + b' "mixed")'


class Folder:
    """One folder; UIDs are given in order and never twice."""

    def __init__(self, name, mails=(), attributes=b"", uidvalidity=7):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.attributes = attributes
        self.uidvalidity = uidvalidity
        self.uid_next = 1
        self.mails = []
        self.selectable = True
        for mail in mails:
            self.add(mail)

    def add(self, mail):
        mail.uid = self.uid_next
        self.uid_next += 1
        self.mails.append(mail)

    def renumber(self):
        """RFC 3501 2.3.1.1: another UIDVALIDITY, and all UIDs anew."""
        self.uidvalidity += 1
        self.uid_next = 1000
        mails, self.mails = self.mails, []
        for mail in mails:
            self.add(mail)


class ImapBox(Box):
    """A mailbox of folders; `mails` are those of INBOX."""

    def __init__(self, user, mails=(), folders=(), **how):
        super().__init__(user, (), **how)
        self.folders = [Folder("INBOX", mails), *folders]

    @property
    def mails(self):
        return self.folders[0].mails

    @mails.setter
    def mails(self, mails):     # the constructor above; INBOX is made after
        assert not mails

    def folder(self, name):
        for folder in self.folders:
            if folder.name == name or (folder.name == b"INBOX" and
                                       name.upper() == b"INBOX"):
                return folder
        return None

    def add(self, *mails):
        with self.lock:
            for mail in mails:
                self.folders[0].add(mail)

    def uidls(self, name=b"INBOX"):
        with self.lock:
            return [mail.uidl for mail in self.folder(name).mails]


def unquoted(word):
    if word.startswith(b'"') and word.endswith(b'"') and len(word) > 1:
        return re.sub(rb"\\(.)", rb"\1", word[1:-1])
    return word


def words_of(rest):
    return [unquoted(word) for word in
            re.findall(rb'"(?:[^"\\]|\\.)*"|\([^)]*\)|[^ ]+', rest)]


class ImapSession(Session):
    """One connection.  A test overrides what it wants to go wrong."""

    protocol = "imap"
    mechanisms = (b"PLAIN",)
    login = True                # the command
    extensions = (b"SASL-IR", b"UIDPLUS", b"ID", b"SPECIAL-USE",
                  b"LIST-EXTENDED")
    idle = compress = False
    exclusive = False
    separator = b"/"

    def __init__(self, provider, connection):
        super().__init__(provider, connection)
        self.tag = b"*"
        self.folder = None
        self.view = []          # the mails of it, by sequence number
        self.is_writable = False
        self.packer = self.unpacker = None
        self.is_idle = threading.Event()

    # --- bytes ---------------------------------------------------------------

    def push(self, data):
        if self.packer is not None:
            data = self.packer.compress(data) + \
                self.packer.flush(zlib.Z_SYNC_FLUSH)
        super().push(data)

    def receive(self):
        before = len(self.buffer)
        super().receive()
        if self.unpacker is not None:
            fresh = self.buffer[before:]
            self.buffer = self.buffer[:before] + \
                self.unpacker.decompress(fresh)

    # --- the session ---------------------------------------------------------

    def obey(self, line):
        self.tag, _, rest = line.partition(b" ")
        word, _, rest = rest.partition(b" ")
        name = word.upper().decode("latin-1")
        if name == "UID":
            word, _, rest = rest.partition(b" ")
            name = "UID_" + word.upper().decode("latin-1")
        handler = getattr(self, "do_" + name, None)
        if handler is None:
            self.bad(b"no such command")
        else:
            handler(rest)

    def words(self):
        """The commands, without tags and arguments."""
        return [b" ".join(line.upper().split(b" ")[1:3] if
                          line.upper().split(b" ")[1:2] == [b"UID"] else
                          line.upper().split(b" ")[1:2]).decode("latin-1")
                for line in self.lines]

    def data(self, words):
        self.say(b"* " + words)

    def ok(self, words=b"done"):
        self.say(self.tag + b" OK " + words)

    def no(self, words=b"no"):
        self.say(self.tag + b" NO " + words)

    def bad(self, words):
        self.say(self.tag + b" BAD " + words)

    # --- before the login ----------------------------------------------------

    def greeting(self):
        self.data(b"OK ready")

    def capabilities(self):
        yield b"IMAP4rev1"
        if self.box is None:
            yield from (b"AUTH=" + name for name in self.mechanisms)
            if not self.login:
                yield b"LOGINDISABLED"
            if self.offers_stls():
                yield b"STARTTLS"
        yield from self.extensions
        if self.idle:
            yield b"IDLE"
        if self.compress and self.packer is None:
            yield b"COMPRESS=DEFLATE"

    def do_CAPABILITY(self, _rest):
        self.data(b"CAPABILITY " + b" ".join(self.capabilities()))
        self.ok()

    def do_STARTTLS(self, _rest):
        if not self.offers_stls():
            self.bad(b"not here")
            return
        self.ok(b"begin")
        self.flush()
        self.early, self.buffer = self.buffer, b""
        self.start_tls()

    def do_LOGIN(self, rest):
        words = words_of(rest)
        box = self.provider.boxes.get(words[0])
        self.let_in(box, self.login and box is not None and
                    box.password == words[1])

    def ask(self, data=b""):
        self.say(b"+ " + base64.b64encode(data))
        answer = self.line()
        try:
            return base64.b64decode(answer, validate=True)
        except ValueError:
            return b""

    def do_AUTHENTICATE(self, rest):
        mechanism, _, initial = rest.partition(b" ")
        mechanism = mechanism.upper()
        if mechanism not in self.mechanisms:
            self.no(b"no such mechanism")
        elif mechanism == b"PLAIN":
            self.plain(base64.b64decode(initial) if initial else self.ask())
        else:
            self.cram_md5(self.ask(self.stamp))

    def let_in(self, box, is_right):
        if not is_right:
            self.no(b"[AUTHENTICATIONFAILED] name or password is wrong")
        elif not self.enter(box):
            self.no(b"[INUSE] another session has it")
        else:
            self.ok(b"[CAPABILITY " + b" ".join(self.capabilities()) + b"] in")

    # --- after it ------------------------------------------------------------

    def do_NOOP(self, _rest):
        self.tell_new()
        self.ok()

    def do_ID(self, _rest):
        self.data(b'ID ("name" "provider")')
        self.ok()

    def do_COMPRESS(self, _rest):
        if not self.compress:
            self.bad(b"not here")
            return
        self.ok(b"from now on")
        self.flush()
        self.packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)
        rest, self.buffer = self.buffer, b""
        self.buffer = self.unpacker.decompress(rest)

    def list_row(self, folder):
        name = folder.name
        if not re.fullmatch(rb"[A-Za-z0-9./&,-]+", name):
            name = b'"' + re.sub(rb'(["\\])', rb"\\\1", name) + b'"'
        self.data(b'LIST (%s) "%s" %s' % (folder.attributes, self.separator,
                                          name))

    def do_LIST(self, _rest):
        for folder in self.box.folders:
            self.list_row(folder)
        self.ok()

    def do_SELECT(self, rest):
        self.select(rest, True)

    def do_EXAMINE(self, rest):
        self.select(rest, False)

    def select(self, rest, is_writable):
        folder = self.box.folder(words_of(rest)[0])
        if folder is None or not folder.selectable:
            self.no(b"[NONEXISTENT] there is no such folder")
            return
        self.folder = folder
        self.is_writable = is_writable
        with self.box.lock:
            self.view = list(folder.mails)
        self.data(b"FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self.data(b"%d EXISTS" % len(self.view))
        self.data(b"0 RECENT")
        if folder.uidvalidity:
            self.data(b"OK [UIDVALIDITY %d] of the UIDs" %
                      folder.uidvalidity)
        self.data(b"OK [UIDNEXT %d] is next" % folder.uid_next)
        self.ok(b"[READ-WRITE] selected" if is_writable else
                b"[READ-ONLY] selected")

    def tell_new(self):
        """EXPUNGE and EXISTS, of what has changed since."""
        if self.folder is None:
            return
        with self.box.lock:
            there = list(self.folder.mails)
        for number in range(len(self.view), 0, -1):
            if self.view[number - 1] not in there:
                del self.view[number - 1]
                self.data(b"%d EXPUNGE" % number)
        if len(there) > len(self.view):
            self.view = there
            self.data(b"%d EXISTS" % len(there))

    def row(self, number, mail):
        """Of the listing."""
        return b"%d FETCH (UID %d FLAGS (%s) RFC822.SIZE %d)" % (
            number, mail.uid, b" ".join(sorted(mail.flags)), mail.listed())

    def rows(self):
        for number, mail in enumerate(self.view, 1):
            self.data(self.row(number, mail))

    def do_UID_FETCH(self, rest):
        where, _, what = rest.partition(b" ")
        if b"BODYSTRUCTURE" in what.upper():
            if self.structure(int(where)) is not False:
                self.ok()
            return
        if b"BODY" not in what.upper():
            self.rows()
            self.ok()
            return
        for number, mail in enumerate(self.view, 1):
            if mail.uid == int(where):
                break
        else:
            self.ok(b"nothing of that number")
            return
        if b"HEADER" in what.upper():
            self.box.topped[mail.uidl] += 1
            head, _, _ = mail.data.partition(b"\r\n\r\n")
            self.body(number, mail, head + b"\r\n\r\n", b"HEADER")
            self.ok()
            return
        section = re.search(rb"\[([0-9.]+)\]<0\.(\d+)>", what)
        if section:
            self.box.sections[mail.uidl] += 1
            self.body(number, mail, mail.section(section.group(1))[
                :int(section.group(2))], section.group(1), origin=0)
            self.ok()
            return
        part = re.search(rb"\[\]<(\d+)\.(\d+)>", what)
        if part and b"FLAGS" not in what.upper():
            # a sample of it, not the message
            start, count = map(int, part.groups())
            self.box.sampled[mail.uidl] += 1
            self.body(number, mail, mail.data[start:start + count],
                      origin=start)
            self.ok()
            return
        self.box.asked[mail.uidl] += 1
        if part:
            self.part(number, mail, *map(int, part.groups()))
        else:
            self.text(number, mail)
        self.box.sent[mail.uidl] += 1

    def body(self, number, mail, data, section=b"", count=None, origin=None):
        self.send(b"* %d FETCH (UID %d FLAGS (%s) INTERNALDATE \"%s\" "
                  b"BODY[%s]%s {%d}\r\n" % (
                      number, mail.uid, b" ".join(sorted(mail.flags)),
                      mail.date, section,
                      b"" if origin is None else b"<%d>" % origin,
                      len(data) if count is None else count))
        self.send(data)
        self.send(b")\r\n")

    def text(self, number, mail):
        """Say it all; whoever stops half-way raises Hangup."""
        self.body(number, mail, mail.data)
        self.ok()

    def structure(self, uid):
        for number, mail in enumerate(self.view, 1):
            if mail.uid == uid:
                self.data(b"%d FETCH (UID %d BODYSTRUCTURE %s)" % (
                    number, uid, mail.structure()))

    def part(self, number, mail, start, count):
        """RFC 3501 6.4.5: from that byte on, so many at the most."""
        self.body(number, mail, mail.data[start:start + count],
                  origin=start)
        self.ok()

    def uids(self, word):
        found = set()
        for part in word.split(b","):
            first, _, last = part.partition(b":")
            found |= set(range(int(first), int(last or first) + 1))
        return found

    def do_UID_STORE(self, rest):
        words = words_of(rest)
        if not self.is_writable:
            self.no(b"it is read-only")
            return
        self.store(self.uids(words[0]))

    def store(self, uids):
        for mail in self.view:
            if mail.uid in uids:
                mail.flags.add(b"\\Deleted")
        self.ok()

    def do_UID_EXPUNGE(self, rest):
        if b"UIDPLUS" not in self.extensions:
            self.bad(b"no such command")
            return
        self.expunge(self.uids(words_of(rest)[0]))

    def expunge(self, uids):
        gone = [mail for mail in self.view if mail.uid in uids and
                b"\\Deleted" in mail.flags]
        self.provider.removing(self, gone)
        with self.box.lock:
            for mail in gone:
                if mail in self.folder.mails:
                    self.folder.mails.remove(mail)
                    self.box.removed.append(mail.uidl)
        self.tell_new()
        self.ok()

    def do_IDLE(self, _rest):
        if not self.idle:
            self.bad(b"not here")
            return
        self.say(b"+ idling")
        self.is_idle.set()
        while CRLF not in self.buffer:
            self.tell_new()
            self.flush()
            if select.select([self.socket], [], [], 0.02)[0]:
                self.receive()
        self.is_idle.clear()
        line, _, self.buffer = self.buffer.partition(CRLF)
        self.lines.append(b"- " + line)
        self.ok(b"as you wish")

    def do_LOGOUT(self, _rest):
        self.quits = True
        self.data(b"BYE")
        self.ok()


def until(truth, seconds=20.0):
    """Wait for it; what it says last."""
    limit = time.monotonic() + seconds
    while not truth() and time.monotonic() < limit:
        time.sleep(0.02)
    return truth()
