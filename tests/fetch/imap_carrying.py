"""IMAP while messages are carried: literals that lie, cuts, odd bytes."""

from carrying import carried
from either import Imap
from harness import (DATE_MS, MESSAGE_BYTES, Folder, ImapMail,
                     ImapSession, letter, letters, mended, test)

@test("F12/imap/a-literal-that-ends-in-silence-times-out", slow=True)
def silent_literal(t):
    broken = [True]

    class Stops(ImapSession):
        def text(self, number, mail):
            if number == 2 and broken:
                broken.pop()
                self.body(number, mail, mail.data[:-3],
                          count=len(mail.data))
                self.out.pop()          # nor a bracket
                self.fall_silent()
            super().text(number, mail)
    datas = letters("imap-stops", 3)
    box = t.imap_box(datas)
    t.add(t.provider(Stops, box), delete="--delete-after 0")
    t.now("timed-out")
    t.true(b"uidl-2" in box.uidls(), "deleted")
    t.here([datas[0], datas[2]], least=[datas[0]])
    t.now()
    t.here(datas)
    t.once(box)


@test("F23/imap/a-literal-of-the-wrong-size-is-not-stored")
def wrong_literals(t):
    """Whatever the count says: nothing lost, nothing cut, nothing forged."""
    for name, count in (("shorter", lambda n: n - 20),
                        ("longer", lambda n: n + 20),
                        ("one-short", lambda n: n - 1),
                        ("one-long", lambda n: n + 1),
                        ("zero", lambda n: 0)):
        wrong = [True]

        class Lies(ImapSession):
            def text(self, number, mail, count=count, wrong=wrong):
                if number == 2 and wrong:
                    wrong.pop()
                    self.body(number, mail, mail.data,
                              count=count(len(mail.data)))
                    self.ok()
                else:
                    super().text(number, mail)
        datas = letters("imap-" + name, 4, 2000)
        box = t.imap_box(datas, user=name)
        t.add(t.provider(Lies, box), label=name, user=name,
              delete="--delete-after 0")
        t.now("inconsistent", "nonsense", "timed-out", "closed", "done",
              label=name)
        for _ in range(2):
            t.now(label=name)
        found = t.letters()
        for data in datas:
            t.true(found.count(mended(data)) == 1, name, "is there",
                   found.count(mended(data)), "times")
        known = {mended(data) for data in datas}
        extra = [data for data in found if b"imap-" + name.encode() in data
                 and data not in known]
        t.true(not extra, name, "something else is there:", extra[:1])


@test("F23/imap/counts-that-are-no-counts")
def odd_counts(t):
    for name, count in (("2-32", b"4294967296"), ("2-63",
                                                   b"9223372036854775808"),
                        ("2-64", b"18446744073709551616"),
                        ("negative", b"-1"), ("empty", b""),
                        ("digits", b"9" * 400), ("plus", b"+600"),
                        ("word", b"many")):
        class Counts(ImapSession):
            def text(self, number, mail, count=count):
                self.send(b"* %d FETCH (UID %d BODY[] {%s}\r\n" % (
                    number, mail.uid, count))
                self.send(mail.data)
                self.send(b")\r\n")
                self.ok()
        box = t.imap_box(letters("imap-count-" + name, 2), user=name)
        t.add(t.provider(Counts, box), label=name, user=name,
              delete="--delete-after 0")
        t.now("inconsistent", "nonsense", "closed", label=name)
        t.true(len(box.uidls()) == 2, name, "was deleted")
    t.here([])


@test("F23/imap/text-in-quotes-nil-and-literal8")
def other_strings(t):
    """RFC 9051 9, nstring: what is allowed is taken, NIL is none."""
    data = b"Subject: quoted\r\n\r\n"

    class Quotes(ImapSession):
        def text(self, number, mail):
            if number == 1:
                said = b'"' + mail.data.replace(b"\r\n", b"") + b'"'
            else:
                said = b"NIL"
            self.data(b"%d FETCH (UID %d BODY[] %s)" % (number, mail.uid,
                                                        said))
            self.ok()
    box = t.imap_box([data, letter("imap-nil")])
    t.add(t.provider(Quotes, box), delete="--delete-after 0")
    t.now("*")
    t.true(b"uidl-2" in box.uidls(), "NIL was deleted")
    found = t.letters()
    t.true(len(found) <= 1 and (len(found) == 1 or len(box.uidls()) == 2),
           "lost:", found, box.uidls())


@test("F16/imap/a-literal-beyond-all-limits-is-cut-and-others-arrive")
def endless(t):
    huge = 8 * MESSAGE_BYTES

    class Endless(ImapSession):
        def text(self, number, mail):
            if mail.uidl != b"uidl-2":
                super().text(number, mail)
                return
            self.body(number, mail, letter("endless"), count=huge)
            self.out.pop()
            self.flush()
            for _ in range(huge >> 16):
                self.push((b"x" * 62 + b"\r\n") * 1024)
            self.hang_up()
    datas = letters("imap-endless", 3)
    box = t.imap_box([datas[0], letter("endless"), *datas[1:]])
    box.mails[1].size = 10
    provider = t.provider(Endless, box)
    t.add(provider, delete="--delete-after 0")
    for _ in range(3):
        t.now("*")
    t.here(datas)
    most = max(session.sent_bytes for session in provider.sessions)
    t.true(most < 4 * MESSAGE_BYTES, "it read on for", most)
    t.true(box.asked[b"uidl-2"] == 1, "asked for again:", box.asked)
    t.true(box.uidls() == [b"uidl-2"], "left there:", box.uidls())


@test("F16/imap/too-large-in-one-folder-is-not-passed-by-in-another")
def same_number_elsewhere(t):
    """UID and size are equal in two folders, and only one of them lies."""
    class Lies(ImapSession):
        def text(self, number, mail):
            if self.folder.name != b"INBOX":
                super().text(number, mail)
                return
            self.body(number, mail, letter("imap-lies", 300000))
            self.ok()
    data = letter("imap-honest", 1000)
    honest = Folder("Honest", [ImapMail("honest", data)])
    box = t.imap_box([data], [honest])
    t.add(t.provider(Lies, box), "--largest", "100KiB", "--folders", "all",
          delete="--delete-after 0")
    for _ in range(2):
        t.now("*")
    t.here([])
    t.here_in({"Honest": [data]})
    t.true(box.uidls() == [b"uidl-1"] and not box.uidls(b"Honest"),
           box.uidls(), box.uidls(b"Honest"))


@test("F18/imap/odd-bytes")
def odd_bytes(t):
    carried(t, [letter("imap-nul") + b"a\0b\0\0\r\n\0\r\n\0",
                letter("imap-all") + bytes(range(256)) * 20 + b"\r\n",
                letter("imap-lf", 800, line=b"\n") + b"end\r\n",
                letter("imap-cr", 800, line=b"\r") + b"end\r\n",
                letter("imap-dots") + b".\r\n..\r\n.x\r\n",
                letter("imap-tag") + b")\r\nP7 OK done\r\n* BYE\r\n",
                letter("imap-line") + b"x" * (4 << 20) + b"\r\nend\r\n",
                b"", b"\r\n", b"no header at all", b"Subject: cut"], Imap)


@test("F19/imap/a-large-message-that-grows-as-it-is-mended")
def growing(t):
    """It becomes twice as large, of which the hub knows nothing before."""
    datas = [letter("grows-%d" % size, size) + b"\n" * 1000000 +
             b"line\n" * 100000 + b"end\r\n"
             for size in (2000, 65000, 130000, 130700, 200000)]
    box = t.imap_box(datas)
    t.add(t.provider(ImapSession, box), delete="--delete-after 0")
    t.now()
    t.here(datas)


@test("F44/imap/absurd-dates")
def dates(t):
    datas = letters("imap-date", 9)
    forms = (b"99-Foo-9999 99:99:99 +9999", b"01-Jan-1970 00:00:00 +0000",
             b"31-Dec-9999 23:59:59 -1200", b"", b"\xff" * 26, b"x" * 5000,
             b"17-Jul-2024", b"-1-Jul-2024 02:44:25 +0000", b"0" * 26)
    box = t.imap_box()
    box.add(*[ImapMail("u%d" % i, data, date=form) for i, (data, form) in
              enumerate(zip(datas, forms))])
    t.add(t.provider(ImapSession, box), delete="--delete-after 0")
    t.now()
    t.here(datas)
    t.true(not box.uidls(), "left there")
    for entry in t.folders()["INBOX"]:
        t.true(0 < entry.received < 253402300800000, "received", entry)


@test("F53/imap/twins-with-equal-heads-and-sizes-both-arrive")
def twins(t):
    head = letter("imap-twin", 0)
    datas = [head + b"one body\r\n", head + b"two body\r\n"]

    class Fickle(ImapSession):          # RFC 4315 2: as if without UIDs
        def select(self, rest, is_writable):
            self.data(b"NO [UIDNOTSTICKY] they change")
            super().select(rest, is_writable)
    for name, session in (("uid", ImapSession), ("fickle", Fickle)):
        mine = [data.replace(b"imap-twin", b"imap-" + name.encode())
                for data in datas]
        t.add(t.provider(session, t.imap_box(mine, user=name)), label=name,
              user=name)
        for _ in range(2):
            t.now(label=name)
    t.here([data.replace(b"imap-twin", b"imap-" + name) for data in datas
            for name in (b"uid", b"fickle")])


@test("carrying/imap/flags-keywords-and-dates-are-kept")
def kept(t):
    datas = letters("imap-kept", 5)
    flags = ((), (b"\\Seen",), (b"\\Answered", b"\\Flagged"),
             (b"\\Draft", b"$Forwarded", b"work"), (b"\\Recent", b"\\Odd"))
    for compress in (False, True):
        name = "packed" if compress else "plain"
        session = type(name, (ImapSession,), {"compress": compress})
        box = t.imap_box(user=name, folders=[Folder("In " + name, [
            ImapMail("u%d" % i, data, flags=words) for i, (data, words) in
            enumerate(zip(datas, flags))])])
        provider = t.provider(session, box)
        t.add(provider, "--folders", "In " + name, label=name, user=name)
        t.now(label=name)
        t.true(provider.words()["COMPRESS"] == compress, provider.words())
        t.true(provider.words()["EXAMINE"] == 1 and
               not provider.words()["SELECT"], "it is not read-only")
        for mail, words in zip(box.folders[1].mails, flags):
            t.true(mail.flags == set(words), "changed there", mail.flags)
    t.here_in({"In packed": datas, "In plain": datas})
    for name in ("In packed", "In plain"):
        found = {entry.data: entry for entry in t.folders()[name]}
        for data, bits, words in zip(datas, (0, 1, 6, 8, 0),
                                     (b"", b"", b"", b"$Forwarded work",
                                      b"")):
            entry = found[mended(data)]
            t.true(entry.flags == bits, name, entry)
            t.true(sorted(entry.keywords.split()) == sorted(words.split()),
                   name, entry)
            t.true(entry.received == DATE_MS, name, entry)


@test("carrying/imap/500-messages-and-a-few-large-ones")
def many(t):
    datas = letters("imap-many", 500, 3000)
    for i, size in enumerate((130000, 131072, 131073, 1 << 20, 5 << 20)):
        datas.insert(50 * i, letter("imap-large-%d" % i, size))

    class Packs(ImapSession):
        compress = True
    box = t.imap_box(datas)
    provider = t.provider(Packs, box)
    t.add(provider, delete="--delete-after 0")
    row = t.now()
    t.true(row["taken"] == len(datas), row)
    t.here(datas)
    t.once(box)
    t.true(not box.uidls(), len(box.uidls()), "left there")
    t.true(len(provider.sessions) == 1, "more than one connection")
