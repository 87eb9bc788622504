"""IMAP folders and listings that lie, change, or are without end; deleting."""

import time

from harness import Folder, ImapMail, ImapSession, letter, letters, test


def folder_of(name, datas, attributes=b""):
    return Folder(name, [ImapMail("%s-%d" % (name, i), data)
                         for i, data in enumerate(datas, 1)], attributes)


# --- folders -----------------------------------------------------------------

@test("folders/imap/all-of-them-each-under-its-name")
def all_folders(t):
    there = {"INBOX": letters("all-inbox", 3),
             "Gesendet": letters("all-sent", 2),
             "Entw&APw-rfe": letters("all-drafts", 1),
             "Spam mail": letters("all-junk", 2),
             "Deleted": letters("all-trash", 1),
             "Archive/2025": letters("all-archive", 2),
             "Archive/M&AOQ-rz": letters("all-march", 1),
             "All mail": letters("all-again", 4),
             "Starred": letters("all-starred", 2)}
    purposes = {"Gesendet": b"\\HasNoChildren \\Sent",
                "Entw&APw-rfe": b"\\Drafts", "Spam mail": b"\\Junk",
                "Deleted": b"\\Trash", "All mail": b"\\All",
                "Starred": b"\\Flagged"}
    folders = [folder_of(name, datas, purposes.get(name, b""))
               for name, datas in there.items() if name != "INBOX"]
    folders.append(Folder("Nothing", (), b"\\Noselect"))
    box = t.imap_box(there["INBOX"], folders)
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all")
    row = t.now()
    t.true(row["taken"] == 12, row)
    t.here(there["INBOX"])
    t.here_in({"Sent": there["Gesendet"], "Drafts": there["Entw&APw-rfe"],
               "Junk": there["Spam mail"], "Trash": there["Deleted"],
               "Archive/2025": there["Archive/2025"],
               "Archive/M\u00e4rz": there["Archive/M&AOQ-rz"]})
    row = t.now()
    t.true(row["taken"] == 0, row)
    t.once(box)
    t.true(len(provider.sessions) == 2, "more than one connection each time")


@test("folders/imap/inbox-alone-is-the-usual-choice")
def only_inbox(t):
    datas = letters("only-inbox", 2)
    for name, more in (("usual", ()), ("said", ("--folders", "inbox"))):
        mine = [data.replace(b"only", name.encode()) for data in datas]
        box = t.imap_box(mine, [folder_of("Sent", letters("sent", 2))],
                         user=name)
        provider = t.provider(ImapSession, box)
        t.add(provider, *more, label=name, user=name)
        t.now(label=name)
        t.true(provider.words()["LIST"] == 0, "it lists for nothing")
        t.true(provider.words()["EXAMINE"] == 1, provider.words())
    t.here([data.replace(b"only", name) for data in datas
            for name in (b"usual", b"said")])
    t.here_in({})


@test("folders/imap/those-that-are-named-and-one-that-is-not-there")
def named(t):
    class Dots(ImapSession):
        separator = b"."

        def list_row(self, folder):
            self.data(b'LIST (%s) "." "%s"' % (folder.attributes,
                                               folder.name))
    sent, old, other = letters("sent", 2), letters("old", 2), letters("x", 2)
    comma = letters("comma", 1)
    folders = [folder_of("INBOX.Sent", sent, b"\\Sent"),
               folder_of("INBOX.Archive.2025", old),
               folder_of("INBOX.Other", other),
               folder_of("INBOX.a,b", comma)]
    box = t.imap_box(letters("inbox", 2), folders)
    t.add(t.provider(Dots, box), "--folders",
          "Sent, Archive/2025,a\\,b,Missing", delete="--delete-after 0")
    row = t.now("inconsistent")
    t.true("Missing" in row["words"], row)
    t.here([])
    t.here_in({"Sent": sent, "Archive/2025": old, "a,b": comma})
    t.true(len(box.uidls()) == 2 and len(box.uidls(b"INBOX.Other")) == 2,
           "deleted where nothing was asked for")
    t.true(not box.uidls(b"INBOX.Sent"), "not deleted")


@test("folders/imap/moved-there-it-is-kept-here")
def moved(t):
    """Another folder and another UID: the letter stays where it is here."""
    datas = letters("moved", 3)
    work = Folder("Work")
    box = t.imap_box(datas, [work])
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all")
    t.now()
    mail = box.folders[0].mails.pop(1)
    work.add(mail)
    for _ in range(2):
        t.now()
    t.here(datas)
    t.here_in({})
    t.once(box)


@test("F41/imap/hostile-names-lead-nowhere")
def hostile_names(t):
    forms = {b"../../etc/passwd": "__/__/etc/passwd", b"/etc": "etc",
             b"a/../b": "a/__/b", b"x'; DROP TABLE mailbox; --": None,
             b"%s%n": "%s%n", b"C:\\con": "C:\\con",
             b"n" * 900: None, b"..": "__", b"&ZeVnLIqe-":
             "\u65e5\u672c\u8a9e", b"&AC4ALg-": None, b"a\x01b": None,
             b"&AAA-": None, b"inbox/deep": "deep"}
    box = t.imap_box(letters("hostile-inbox", 1))
    for i, name in enumerate(forms):
        box.folders.append(Folder(name, [
            ImapMail("h%d" % i, letter("hostile-%d" % i))]))
    t.add(t.provider(ImapSession, box), "--folders", "all")
    for _ in range(2):
        t.now("done", "inconsistent")
    here = t.folders()
    for i, (name, local) in enumerate(forms.items()):
        where = [key for key, entries in here.items() for entry in entries
                 if entry.data == letter("hostile-%d" % i)]
        t.true(len(where) <= 1, name, "is here twice", where)
        if local is not None:
            t.true(where == [local], name, "came into", where)
    for key in here:
        t.true(".." not in key.split("/") and "" not in key.split("/"),
               "a folder", repr(key))


@test("F41/imap/a-thousand-folders-and-more-than-that")
def many_folders(t):
    box = t.imap_box(letters("many-folders", 1))
    for i in range(1500):
        box.folders.append(Folder("f%d" % i))
    t.add(t.provider(ImapSession, box), "--folders", "all")
    row = t.now("done", "inconsistent")
    t.true("folders" in row["words"], row)
    t.here(letters("many-folders", 1))


# --- UIDs --------------------------------------------------------------------

@test("F40/imap/another-uidvalidity-and-nothing-is-carried-again")
def renumbered(t):
    datas = letters("validity", 30)
    for name, delete in (("keep", "--keep"), ("week", "--delete-after 7")):
        mine = [data.replace(b"validity", name.encode()) for data in datas]
        box = t.imap_box(mine, user=name)
        t.add(t.provider(ImapSession, box), label=name, user=name,
              delete=delete)
        t.now(label=name)
        for again in range(2):
            box.folders[0].renumber()
            box.add(ImapMail("new-%d" % again,
                             letter("%s-new-%d" % (name, again))))
            t.now(label=name)
            t.now(label=name)
        t.once(box)
        t.true(len(box.uidls()) == 32, name, "something was deleted")
    t.here([data.replace(b"validity", name) for data in datas
            for name in (b"keep", b"week")] +
           [letter("%s-new-%d" % (name, again)) for name in ("keep", "week")
            for again in range(2)])


@test("F40/imap/uidvalidity-of-every-kind")
def odd_validity(t):
    for name, words in (("none", None), ("zero", b"0"),
                        ("2-32", b"4294967296"), ("word", b"soon"),
                        ("negative", b"-1")):
        class Says(ImapSession):
            def data(self, data, words=words):
                if not data.startswith(b"OK [UIDVALIDITY"):
                    super().data(data)
                elif words is not None:
                    super().data(b"OK [UIDVALIDITY " + words + b"] odd")
        mine = letters("says-" + name, 3)
        box = t.imap_box(mine, user=name)
        t.add(t.provider(Says, box), label=name, user=name)
        for _ in range(2):
            t.now("done", "inconsistent", "nonsense", label=name)
        t.once(box)
    found = t.letters()
    for name in ("none", "zero", "2-32", "word", "negative"):
        for data in letters("says-" + name, 3):
            t.true(found.count(data) == 1, name, "is here",
                   found.count(data), "times")


@test("F40/imap/gaps-disorder-and-repeated-rows")
def odd_rows(t):
    class Shuffles(ImapSession):
        def rows(self):
            rows = [self.row(number, mail) for number, mail in
                    enumerate(self.view, 1)]
            for row in [*rows[::-1], *rows[:2], b"99 FETCH (FLAGS (\\Seen))",
                        b"3 FETCH ()", b"5 EXISTS"]:
                self.data(row)
    datas = letters("shuffled", 5)
    box = t.imap_box(datas)
    for i, mail in enumerate(box.mails):
        mail.uid = (7, 19, 400, 70000, 4294967295)[i]
    t.add(t.provider(Shuffles, box), delete="--delete-after 0")
    t.now()
    t.here(datas)
    t.once(box)
    t.true(not box.uidls(), box.uidls())


@test("F40/imap/expunged-while-it-is-fetched")
def expunged(t):
    class Loses(ImapSession):
        """Two go while they are asked for; one in silence, one not."""

        def do_UID_FETCH(self, rest):
            if self.lines and b"BODY.PEEK[]" in rest:
                uid = int(rest.split(b" ")[0])
                if uid == 2:
                    del self.box.mails[1:3]
                    self.tell_new()
                    self.no(b"[EXPUNGEISSUED] it is gone")
                    return
            super().do_UID_FETCH(rest)
    datas = letters("expunged", 6)
    box = t.imap_box(datas)
    t.add(t.provider(Loses, box), delete="--delete-after 0")
    row = t.now("*")
    t.true(row["left"] >= 1 or row["result"] != "done", row)
    t.now()
    t.here([datas[0], *datas[3:]])
    t.once(box)
    t.true(not box.uidls(), box.uidls())


@test("F40/imap/floods-of-what-nobody-asked-for")
def floods(t):
    for name, words, times in (
            ("exists", b"12 EXISTS", 3000), ("fetch",
                                             b"1 FETCH (FLAGS (\\Seen))",
                                             3000),
            ("alert", b"OK [ALERT] " + b"x" * (1 << 20), 1),
            ("recent", b"0 RECENT", 3000), ("odd", b"XYZZY (a (b c))", 500)):
        class Floods(ImapSession):
            def text(self, number, mail, words=words, times=times):
                for _ in range(times):
                    self.data(words)
                super().text(number, mail)
        datas = letters("flood-" + name, 3)
        t.add(t.provider(Floods, t.imap_box(datas, user=name)), label=name,
              user=name)
        t.now(label=name)
    t.here([data for name in ("exists", "fetch", "alert", "recent", "odd")
            for data in letters("flood-" + name, 3)])


@test("F40/imap/a-flood-without-end-is-ended")
def endless_flood(t):
    sent = [0]

    class Floods(ImapSession):
        def text(self, _number, _mail):
            while True:
                self.push(b"* 5 EXISTS\r\n" * 10000)
                sent[0] += 120000
    t.add(t.provider(Floods, t.imap_box(letters("endless", 1))))
    t.now("inconsistent")
    t.true(sent[0] < 64 << 20, "it read on for", sent[0])


@test("F40/imap/bye-mid-way")
def bye(t):
    for name, words, result in (
            ("closed", b"BYE going down", "closed"),
            ("busy", b"BYE [UNAVAILABLE] later", "busy")):
        left = [True]

        class Leaves(ImapSession):
            def text(self, number, mail, words=words, left=left):
                if number == 2 and left:
                    left.pop()
                    self.data(words)
                    self.hang_up()
                super().text(number, mail)
        datas = letters("bye-" + name, 3)
        box = t.imap_box(datas, user=name)
        t.add(t.provider(Leaves, box), label=name, user=name,
              delete="--delete-after 0")
        row = t.now(result, label=name)
        t.true(words.split(b" ")[-1].decode() in row["words"], row)
        t.now(label=name)
        t.once(box)
        t.true(not box.uidls(), name, "left there")
    t.here([*letters("bye-closed", 3), *letters("bye-busy", 3)])


@test("F35/imap/sizes-and-listings-that-lie-lose-nothing")
def wrong_sizes(t):
    datas = []
    for name, size in (("small", 10), ("zero", 0), ("large", 90000)):
        mine = letters("size-" + name, 3, 4000)
        datas += mine
        box = t.imap_box(mine, user=name)
        for mail in box.mails:
            mail.size = size
        t.add(t.provider(ImapSession, box), label=name, user=name,
              delete="--delete-after 0")
        for _ in range(3):
            t.now("*", label=name)
        for uidl, count in box.sent.items():
            t.true(count <= 2, name, uidl, "was carried", count, "times")
    t.here(datas)


@test("F50/imap/the-same-bytes-under-another-uid-are-delivered")
def same_bytes(t):
    data = letter("imap-same")
    box = t.imap_box([data])
    t.add(t.provider(ImapSession, box))
    t.now()
    box.add(ImapMail("another", data))
    for _ in range(2):
        t.now()
    t.here([data, data])


@test("take/imap/mail-of-the-last-days-and-only-new")
def old_mail(t):
    now = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                        time.gmtime(time.time() - 86400)).encode()
    old, new = (b"Date: %s\r\nSubject: imap-days\r\n\r\nbody\r\n" % date
                for date in (b"Mon, 1 Jan 2001 00:00:00 +0000", now))
    t.add(t.provider(ImapSession, t.imap_box([old, new, old], user="days")),
          label="days", user="days", take="--days 5")
    t.now(label="days")
    box = t.imap_box(letters("imap-old", 3), user="new")
    t.add(t.provider(ImapSession, box), label="new", user="new", take="--new",
          delete="--delete-after 0")
    t.now(label="new")
    box.add(ImapMail("late", letter("imap-late")))
    t.now(label="new")
    t.here([new, letter("imap-late")])
    t.true(len(box.uidls()) == 3, "old mail was deleted", box.uidls())


@test("take/imap/what-is-marked-deleted-stays-there")
def marked(t):
    datas = letters("marked", 4)
    box = t.imap_box(datas)
    box.mails[1].flags.add(b"\\Deleted")
    provider = t.provider(ImapSession, box)
    t.add(provider, delete="--delete-after 0")
    row = t.now()
    t.true(row["taken"] == 3 and row["waiting"] == 3, row)
    t.true(box.uidls() == [b"uidl-2"], "left there:", box.uidls())
    t.here([datas[0], *datas[2:]])
    box.mails[0].flags.clear()      # its owner has thought better of it
    t.now()
    t.here(datas)
    t.true(not box.uidls(), box.uidls())


# --- deleting ----------------------------------------------------------------

@test("F30/imap/store-or-expunge-refused")
def refused_delete(t):
    refuses = [True]

    class Store(ImapSession):
        def store(self, uids):
            if refuses:
                self.no(b"not allowed")
            else:
                super().store(uids)

    class Expunge(ImapSession):
        def expunge(self, uids):
            if refuses:
                self.no(b"not allowed")
            else:
                super().expunge(uids)
    boxes = []
    for session in (Store, Expunge):
        name = session.__name__.lower()
        boxes.append(t.imap_box(letters("refused-" + name, 4), user=name))
        t.add(t.provider(session, boxes[-1]), label=name, user=name,
              delete="--delete-after 0")
        t.now(label=name)
        t.true(len(boxes[-1].uidls()) == 4, "how can they be gone?")
    refuses.clear()
    for name in ("store", "expunge"):
        t.now("*", label=name)
        t.now(label=name)
    t.true(not boxes[0].uidls(), "not asked again:", boxes[0].uidls())
    t.here([*letters("refused-store", 4), *letters("refused-expunge", 4)])
    for box in boxes:
        t.once(box)


@test("F30/imap/without-uidplus-nothing-is-expunged")
def no_uidplus(t):
    class Plain(ImapSession):
        extensions = ()
    datas = letters("plain", 3)
    box = t.imap_box(datas)
    provider = t.provider(Plain, box)
    t.add(provider, delete="--delete-after 0")
    for _ in range(3):
        t.now()
    t.true(all(b"\\Deleted" in mail.flags for mail in box.mails) and
           len(box.mails) == 3, box.mails)
    for word in ("EXPUNGE", "CLOSE", "UID EXPUNGE"):
        t.true(not provider.words()[word], word, "was said")
    t.here(datas)
    t.once(box)


@test("F31/imap/the-connection-breaks-while-it-deletes")
def broken_delete(t):
    breaks = ["store", "expunge", "logout"]

    class Breaks(ImapSession):
        def fails(self, name):
            if breaks and breaks[0] == name:
                breaks.pop(0)
                self.hang_up()

        def do_UID_STORE(self, rest):
            self.fails("store")
            super().do_UID_STORE(rest)

        def do_UID_EXPUNGE(self, rest):
            self.fails("expunge")
            super().do_UID_EXPUNGE(rest)

        def do_LOGOUT(self, rest):
            self.fails("logout")
            super().do_LOGOUT(rest)
    datas = letters("imap-breaks", 5)
    box = t.imap_box(datas)
    t.add(t.provider(Breaks, box), delete="--delete-after 0")
    t.now("closed", "done")
    t.true(len(box.uidls()) == 5, "how can they be gone?")
    for _ in range(3):
        t.now("*")
    t.now()
    t.here(datas)
    t.once(box)
    t.true(not box.uidls(), "marked, and never expunged:", box.uidls())


@test("delete/imap/after-days-nothing-before-its-time")
def after_days(t):
    datas = letters("imap-week", 4)
    box = t.imap_box(datas)
    provider = t.provider(ImapSession, box)
    t.add(provider, delete="--delete-after 7")
    for _ in range(3):
        t.now()
    t.true(len(box.uidls()) == 4, box.uidls())
    t.true(provider.words()["UID STORE"] == 0, "STORE was said")
    t.here(datas)
    t.once(box)


# --- from folder to folder ---------------------------------------------------

def move(box, uidls, source, target):
    """RFC 6851: they are gone from there, and are here under new UIDs."""
    with box.lock:
        source, target = box.folder(source), box.folder(target)
        for mail in [mail for mail in source.mails if mail.uidl in uidls]:
            source.mails.remove(mail)
            target.add(mail)


@test("moved/imap/what-went-to-another-folder-is-not-carried-again")
def followed(t):
    datas = [letter("moved-%d" % i, size) for i, size in
             enumerate((900, 4000, 150000, 4000))]
    twin = datas[1].replace(b"moved-1", b"moved-x")     # of the same size
    box = t.imap_box(datas, [folder_of("Archive", letters("archived", 2)),
                             Folder("Later")])
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all")
    t.now()
    move(box, (b"uidl-1", b"uidl-2", b"uidl-3"), b"INBOX", b"Archive")
    box.folder(b"Archive").add(ImapMail("twin", twin))
    row = t.now()
    t.true(row["taken"] == 1, row)
    t.once(box)
    move(box, (b"uidl-3",), b"Archive", b"Later")
    row = t.now()
    t.true(row["taken"] == 0, row)
    t.once(box)
    t.true(box.topped[b"uidl-3"] == 2, "headers", box.topped)
    # where they were stored they stay
    t.here(datas)
    t.here_in({"Archive": [*letters("archived", 2), twin]})
    for _ in range(2):
        row = t.now()
        t.true(row["taken"] == 0, row)
    t.true(box.topped[b"uidl-3"] == 2, "looked at again", box.topped)


@test("moved/imap/it-is-deleted-where-it-went")
def deleted_there(t):
    datas = letters("moved-deleted", 3, 2000)
    box = t.imap_box(datas, [Folder("Archive")])
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all", "--delete-when-deleted-here")
    t.now()
    t.here(datas)
    move(box, (b"uidl-2", b"uidl-3"), b"INBOX", b"Archive")
    row = t.now()
    t.true(row["taken"] == 0, row)
    t.delete_here(datas[1])
    for _ in range(2):
        t.now()
    t.true(box.uidls(b"Archive") == [b"uidl-3"], box.uidls(b"Archive"))
    t.true(box.uidls() == [b"uidl-1"], box.uidls())
    t.once(box)
    t.here([datas[0], datas[2]])


@test("moved/imap/a-copy-is-carried-to-its-folder")
def copied(t):
    data = letter("copied", 3000)
    box = t.imap_box([data], [Folder("Archive")])
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all")
    t.now()
    with box.lock:
        box.folder(b"Archive").add(ImapMail("copy", data))
    # it may have been moved: that is known at the next listing
    rows = [t.now(), t.now()]
    t.true([row["taken"] for row in rows] == [0, 1], rows)
    t.here([data])
    t.here_in({"Archive": [data]})


@test("moved/imap/from-a-folder-that-is-listed-later")
def from_later(t):
    datas = letters("backwards", 3, 5000)
    box = t.imap_box([], [Folder("Archive"), folder_of("Work", datas)])
    provider = t.provider(ImapSession, box)
    t.add(provider, "--folders", "all")
    t.now()
    move(box, (b"Work-1", b"Work-2"), b"Work", b"Archive")
    new = letters("of-that-size", 1, 5000)
    box.folder(b"Archive").add(ImapMail("new", new[0]))
    rows = [t.now() for _ in range(3)]
    t.true([row["taken"] for row in rows] == [1, 0, 0], rows)
    t.once(box)
    t.here([])
    t.here_in({"Work": datas, "Archive": new})


@test("moved/imap/mail-of-the-same-size-elsewhere-does-not-wait")
def same_size(t):
    datas = [letter("size-%03d" % i, 600) for i in range(40)]
    box = t.imap_box(datas[:1], [folder_of("Work", datas[1:])])
    t.add(t.provider(ImapSession, box), "--folders", "all",
          delete="--delete-after 0")
    row = t.now()
    t.true(row["taken"] == 40 and row["deleted"] == 40, row, box.topped)
