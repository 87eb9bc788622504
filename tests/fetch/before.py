"""Before download: what is asked for first, and what is not asked for."""

import json
import re

from harness import DOMAIN, Fault, ImapSession, Session, letter, test


def asked(session, verb=b"RETR"):
    """The numbers that a session was asked for, in their order."""
    return [int(line.split()[1]) for line in session.lines
            if line.split()[:1] == [verb]]


@test("before/the-smallest-are-asked-for-first")
def smallest_first(t):
    sizes = (90000, 500, 40000, 700, 20000)
    datas = [letter("size-%d" % size, size) for size in sizes]
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    t.true(asked(provider.sessions[-1]) == [2, 4, 5, 3, 1],
           "asked in this order:", asked(provider.sessions[-1]))
    t.here(datas)


@test("before/new-small-ones-do-not-keep-a-large-one-for-ever")
def no_starving(t):
    """The line is cut in the large one each time; a new one comes each time."""
    class Cuts(Session):
        def retr(self, number, mail):
            if mail.uidl == b"uidl-1" and self.first_asked() != number:
                self.send(b"+OK\r\n" + mail.wire[:1000])
                self.hang_up()
            super().retr(number, mail)

        def first_asked(self):
            return asked(self)[0]
    large = letter("large", 200000)
    datas = [large]
    box = t.box(datas)
    provider = t.provider(Cuts, box)
    for i in range(4):
        t.true(large not in t.letters(), "it was not cut")
        new = letter("new-%d" % i)
        datas.append(new)
        box.add(*t.box([new]).mails)
        box.mails[-1].uidl = b"new-%d" % i
        if i == 0:              # it may be collected from this moment on
            t.add(provider)
        t.now("*")
    t.here(datas)


def rules(t, *each, label="remote"):
    """From now on these are the rules."""
    words = ["fetch", "before", "%s@%s" % (t.owner, DOMAIN), "--label", label]
    for rule in each:
        words += ["--rule", rule]
    if not each:
        words.append("--none")
    status, text, complaints = t.command(*words)
    if status != 0:
        raise Fault("fetch before: %d: %s%s" % (status, text, complaints))
    return text


@test("before/what-a-rule-leaves-is-never-asked-for")
def left(t):
    """Not a byte of it, and its header only where its size does not decide."""
    datas = [letter("left-small"), letter("left-large", 60000),
             letter("left-spam", head=b"X-Spam-Flag: YES")]
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider, delete="--delete-after 0")
    text = rules(t, "size > 50K -> leave",
                 "header X-Spam-Flag equals yes -> leave")
    t.true(text == 'size > 50KiB -> leave\n'
           'header X-Spam-Flag equals "yes" -> leave\n', "shown:", text)
    for _ in range(2):
        row = t.now()
        t.true(row["skipped"] == 2 and row["deferred"] == 0, row)
    t.true(dict(box.asked) == {b"uidl-1": 1}, "asked for", dict(box.asked))
    t.true(b"uidl-2" not in box.topped, "it read the header of a large one")
    t.true(box.uidls() == [b"uidl-2", b"uidl-3"], "there:", box.uidls())
    sent = sum(session.sent_bytes for session in provider.sessions)
    t.true(sent < 10000, "it carried", sent, "bytes")
    # another rule finds them
    rules(t, "size > 50K -> leave")
    t.now()
    t.here([datas[0], datas[2]])
    rules(t)
    t.now()
    t.here(datas)
    t.true(box.uidls() == [], "there:", box.uidls())


@test("before/what-waits-for-the-night-comes-when-it-is-asked-for")
def night(t):
    datas = [letter("night-small"), letter("night-large", 60000)]
    box = t.box(datas)
    t.add(t.provider(Session, box))
    rules(t, "size > 50K -> night")
    row = t.now()
    t.true(row["deferred"] == 1 and
           row["deferred_bytes"] == box.mails[1].listed(), row)
    t.true(box.asked[b"uidl-2"] == 0, "it was asked for by day")
    t.here([datas[0]])
    status, text, complaints = t.command(
        "fetch", "now", "%s@%s" % (t.owner, DOMAIN), "--everything")
    t.true(status == 0, text, complaints)
    t.here(datas)


@test("before/what-is-deleted-with-a-note-is-noted-first")
def noted(t):
    class Watches(Session):
        def do_DELE(self, rest):
            self.provider.here_at_dele = len(t.letters())
            super().do_DELE(rest)
    datas = [letter("wanted"), letter("unwanted", 60000)]
    box = t.box(datas)
    provider = t.provider(Watches, box)
    t.add(provider)         # which keeps everything else there
    rules(t, "size > 50K and subject begins unwanted -> delete")
    t.now()
    t.true(box.asked[b"uidl-2"] == 0, "it was downloaded")
    t.true(box.uidls() == [b"uidl-1"], "there:", box.uidls())
    found = t.letters()
    t.true(len(found) == 2 and datas[0] in found, "here:", len(found))
    note = [data for data in found if data != datas[0]][0].decode()
    for words in ("From: a@client.example\r\n",
                  "Subject: [Not downloaded] unwanted\r\n",
                  "Date: Fri, 20 Nov 2026 03:00:00 +0000\r\n",
                  "60 kB", 'size > 50KiB and subject begins "unwanted"'):
        t.true(words in note, "the note does not say", words, ":", note)
    for _ in range(2):
        t.now()
    t.true(len(t.letters()) == 2, "noted twice")


@test("before/wrong-rules-are-refused-with-what-would-be-right")
def faults(t):
    t.add(t.provider(Session, t.box([])))
    for rule, words in (("size > 5M", "A rule reads"),
                        ("sise > 5M -> now", "What is tested"),
                        ("size > 5M -> later", "What is done")):
        status, text, complaints = t.command(
            "fetch", "before", "%s@%s" % (t.owner, DOMAIN), "--rule", rule)
        t.true(status != 0 and words in complaints, rule, text, complaints)


@test("before/many-headers-are-read-ahead-and-mail-comes-between")
def many(t):
    datas = [letter("many-%d" % i, head=b"X-Odd: %d" % (i % 2))
             for i in range(300)]
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    rules(t, "header X-Odd equals 1 -> leave")
    row = t.now()
    t.true(row["skipped"] == 150, row)
    lines = [line.split()[0] for line in provider.sessions[-1].lines]
    t.true(max(box.topped.values()) == 1, "headers were read twice")
    first = lines.index(b"RETR")
    t.true(lines.count(b"TOP") == 300 and lines[:first].count(b"TOP") <= 64,
           "TOPs before the first RETR:", lines[:first].count(b"TOP"))
    t.here(datas[::2])


@test("before/a-placeholder-shows-what-waits-and-the-message-comes-once")
def placeholder(t):
    datas = [letter("small"), letter("large", 60000)]
    box = t.box(datas)
    t.add(t.provider(Session, box), delete="--delete-after 0")
    rules(t, "size > 50K -> placeholder")
    for _ in range(3):
        row = t.now()
        t.true(row["deferred"] == 1, row)
    t.true(box.asked[b"uidl-2"] == 0, "it was downloaded by day")
    t.true(box.topped[b"uidl-2"] == 1, "its header was read",
           box.topped[b"uidl-2"], "times")
    t.true(box.uidls() == [b"uidl-2"], "there:", box.uidls())
    notes = [data for data in t.letters() if data not in datas]
    t.true(len(notes) == 1, len(notes), "notes")
    for words in (b"From: a@client.example\r\n",
                  b"Subject: [Not downloaded yet] large\r\n", b"60 kB",
                  b"postroom fetch body "):
        t.true(words in notes[0], "the note does not say", words, notes[0])
    status, text, complaints = t.command(
        "fetch", "now", "%s@%s" % (t.owner, DOMAIN), "--everything")
    t.true(status == 0, text, complaints)
    t.now()
    t.here(datas + notes)
    t.once(box)
    t.true(box.uidls() == [], "there:", box.uidls())


@test("before/imap/headers-decide-and-nothing-else-is-carried")
def imap(t):
    datas = [letter("imap-small"), letter("imap-large", 60000),
             letter("imap-spam", head=b"X-Spam-Flag: YES"),
             letter("imap-unwanted", 50000)]
    box = t.imap_box(datas)
    provider = t.provider(ImapSession, box)
    t.add(provider)
    rules(t, "header X-Spam-Flag equals yes -> leave",
          "subject contains unwanted -> delete", "size > 50K -> night")
    for _ in range(2):
        row = t.now()
        t.true(row["skipped"] == 1 and row["deferred"] == 1, row)
    t.true(sum(box.asked.values()) == 1, "asked for", dict(box.asked))
    sent = sum(session.sent_bytes for session in provider.sessions)
    t.true(sent < 20000, "it carried", sent, "bytes")
    found = t.letters()
    t.true(len(found) == 2 and datas[0] in found, "here:", len(found))
    t.true(len(box.mails) == 3, "there:", len(box.mails))


def with_attachments(name, text, *files):
    """A letter of a text and files, (name, bytes) each."""
    parts = [b'Content-Type: text/plain; charset="utf-8"\r\n\r\n' + text]
    for file, size in files:
        parts.append(b"Content-Type: application/pdf\r\n"
                     b"Content-Transfer-Encoding: base64\r\n"
                     b'Content-Disposition: attachment; filename="%s"\r\n'
                     b"\r\n%s" % (file, b"QUFB" * 19 * (size // 76)))
    return (b"From: a@client.example\r\nTo: office\r\nSubject: %s\r\n"
            b"Message-ID: <%s@client.example>\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
            % (name, name)) + b"".join(
                b"--=_b\r\n" + part + b"\r\n" for part in parts) + \
        b"--=_b--\r\n"


@test("before/imap/a-placeholder-shows-attachments-and-the-text")
def shown(t):
    """What people read is here at once; the large parts are not carried."""
    text = "Come to the caf\u00e9 at 8.\r\n".encode()
    datas = [letter("shown-small"),
             with_attachments(b"shown", text, (b"plan.pdf", 60000),
                              (b"map.pdf", 60000)),
             with_attachments(b"shown-long", text * 2000,
                              (b"other.pdf", 60000))]
    box = t.imap_box(datas)
    provider = t.provider(ImapSession, box)
    t.add(provider, delete="--delete-after 0")
    rules(t, "size > 50K -> placeholder")
    for _ in range(2):
        row = t.now()
        t.true(row["deferred"] == 2, row)
    t.true(not box.asked[b"uidl-2"] and not box.asked[b"uidl-3"],
           "downloaded by day", dict(box.asked))
    t.true(dict(box.sections) == {b"uidl-2": 1}, "texts asked for",
           dict(box.sections))
    sent = sum(session.sent_bytes for session in provider.sessions)
    t.true(sent < 20000, "it carried", sent)
    notes = {b"shown-long" in data: data for data in t.letters()
             if data not in datas}
    t.true(len(notes) == 2, len(notes), "notes")
    for words in (b"attachments: plan.pdf, map.pdf\r\n", text,
                  b"multipart/mixed"):
        t.true(words in notes[False], "it does not say", words,
               notes[False])
    t.true(b"attachments: other.pdf\r\n" in notes[True] and
           text not in notes[True] and b"multipart" not in notes[True],
           "of the long one", notes[True])
    status, said, complaints = t.command(
        "fetch", "now", "%s@%s" % (t.owner, DOMAIN), "--everything")
    t.true(status == 0, said, complaints)
    t.now()
    t.here(datas + list(notes.values()))
    t.once(box)


@test("before/imap/a-server-that-says-no-shape-has-its-placeholder-too")
def no_shape(t):
    """NO, nothing at all, and a structure without end."""
    for number, says in enumerate((
            lambda s, uid: s.no(b"not here") or False, lambda s, uid: None,
            lambda s, uid: s.data(b"1 FETCH (UID %d BODYSTRUCTURE (%s))" % (
                uid, b'("a" "b" NIL NIL NIL "7bit" 1) ' * 4000)),
            lambda s, uid: s.data(b"1 FETCH (UID %d BODYSTRUCTURE NIL)" %
                                  uid))):
        data = letter("no-shape-%d" % number, 60000)
        name = "%s-%d" % (t.owner, number)

        class Odd(ImapSession):
            def structure(self, uid, says=says):
                return says(self, uid)
        box = t.imap_box([data], user=name)
        label = "remote-%d" % number
        t.add(t.provider(Odd, box), user=name, label=label)
        rules(t, "size > 50K -> placeholder", label=label)
        row = t.now(label=label)
        t.true(row["deferred"] == 1, number, row)
    t.true(len(t.letters()) == 4, len(t.letters()), "notes")


def note_id(note):
    return re.search(rb"postroom fetch body ([0-9a-f]{16})\r\n",
                     note).group(1).decode()


def body_of_one(t, box, provider, verb):
    """By its id; the other one waits on, and so does a third by its rule."""
    datas = [letter(t.owner[:20] + "-body-a", 60000),
             letter(t.owner[:20] + "-body-b", 61000),
             letter(t.owner[:20] + "-body-small")]
    for data in datas:
        box.add(*(t.imap_box([data]) if provider.is_imap() else
                  t.box([data])).mails)
        box.mails[-1].uidl = b"u%d" % len(box.mails)
    t.add(provider, delete="--delete-after 0")
    rules(t, "size > 50K -> placeholder")
    t.now()
    notes = {re.search(rb"Subject: [^\r]*(body-.)", data).group(1): data
             for data in t.letters() if data not in datas}
    t.true(sorted(notes) == [b"body-a", b"body-b"], sorted(notes))
    status, text, complaints = t.command("fetch", "body",
                                         note_id(notes[b"body-b"]), "--json")
    t.true(status == 0, text, complaints)
    row = json.loads(text)["result"][0]
    t.true(row["result"] == "done" and row["taken"] == 1 and
           row["deferred"] == 1, row)
    here = [datas[1], datas[2], *notes.values()]
    t.here(here)
    t.true(box.asked[b"u2"] == 1 and not box.asked[b"u1"], verb,
           dict(box.asked))
    # it is there no more, and neither is it wanted
    for wrong, words in ((note_id(notes[b"body-b"]), "id"),
                         ("0" * 16, "id"), ("what?", "id")):
        status, text, complaints = t.command("fetch", "body", wrong)
        t.true(status not in (0, 70) and complaints, wrong, status, text,
               complaints)
    t.now()
    t.true(box.uidls() == [b"u1"], "there:", box.uidls())
    t.here(here)
    t.once(box)


@test("before/fetch-body-takes-one-message-whatever-the-rules-say")
def body(t):
    box = t.box()
    body_of_one(t, box, t.provider(Session, box), "RETR")


@test("before/imap/fetch-body-takes-one-message-whatever-the-rules-say")
def imap_body(t):
    box = t.imap_box()
    body_of_one(t, box, t.provider(ImapSession, box), "UID FETCH")
