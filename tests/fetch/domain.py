"""DomainPOP: one mailbox for many, told apart by what its messages say."""

import json

from harness import DOMAIN, Fault, ImapSession, Session, letter, test
from provider import Mail


def add_domain(t, provider, *rules, **how):
    """The owner of the test looks after it, and is the one it is for."""
    words = t.add_words(provider, **how)
    words[1:3] = ["add-domain", DOMAIN, "--owner",
                  "%s@%s" % (t.owner, DOMAIN)]
    status, text, complaints = t.command(*words, *rules)
    if status != 0:
        raise Fault("add-domain: %d: %s%s" % (status, text, complaints))


def for_whom(name, to, more=b""):
    data = letter(name)
    return data.replace(b"To: office", b"To: " + to.encode() + more, 1)


def held(t):
    """What waits for a person because of this test's mailbox."""
    status, text, complaints = t.command("hold", "list", "--json")
    t.true(status == 0, "hold list:", complaints)
    return [row for row in json.loads(text)["result"]
            if "%s@%s" % (t.owner, DOMAIN) in row["recipients"]]


@test("F43/each-message-of-a-domain-goes-to-whom-it-names")
def found(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    mine = [for_whom("plain", own), for_whom("named", "Ann <%s>" % own),
            for_whom("beside", "joe@example.com, %s" % own)]
    strange = [for_whom("strange", "joe@example.com"),
               for_whom("unknown", "nobody-here@%s" % DOMAIN)]
    box = t.box(mine + strange)
    add_domain(t, t.provider(Session, box))
    row = t.now()
    t.true(row["held"] == 2, "held:", row["held"])
    t.here(mine)
    t.true(len(held(t)) == 2, "held:", held(t))
    t.now()
    t.here(mine)
    t.once(box)


@test("F43/an-envelope-header-decides-and-forged-ones-do-not")
def envelope(t):
    own = "%s@%s" % (t.owner, DOMAIN)

    def delivered(name, to, whom, below=b""):
        return (b"Delivered-To: box-" + whom.encode() +
                b"\r\nReceived: by mx.isp.test; x\r\n" + below +
                for_whom(name, to))

    mine = [delivered("bcc", "list@example.com", own),
            delivered("other", "joe@example.com", own)]
    not_mine = [delivered("forged", own, "nobody-here@" + DOMAIN,
                          b"Delivered-To: box-" + own.encode() + b"\r\n")]
    box = t.box(mine + not_mine)
    add_domain(t, t.provider(Session, box), "--envelope-header",
               "Delivered-To:box-")
    t.true(t.now()["held"] == 1, "the forged one is not held")
    t.here(mine)


@test("F43/who-is-named-behind-the-end-of-what-is-read-is-not-guessed")
def endless(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    more = b"\r\nX: x" + (b"\r\n " + b"x" * 70) * 2000 + b"\r\n\r\n"
    box = t.box([for_whom("endless", own).replace(b"\r\n\r\n", more, 1)])
    add_domain(t, t.provider(Session, box))
    t.true(t.now()["held"] == 1, "a header of 140 KB is not held")
    t.here([])


@test("F43/copies-of-one-message-arrive-once-and-one-too-many-is-held")
def copies(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    one = for_whom("copies", "%s, postmaster@%s" % (own, DOMAIN))
    box = t.box([b"Received: by a.isp.test; 1\r\n" + one,
                 b"Received: by b.isp.test; 2\r\n" + one])
    add_domain(t, t.provider(Session, box))
    row = t.now()
    t.true(row["held"] == 0, "held:", row["held"])
    t.here([b"Received: by a.isp.test; 1\r\n" + one])
    # a third: for somebody in Bcc; found in a later run
    box.mails.append(Mail("uidl-9", b"Received: by c.isp.test; 3\r\n" + one))
    t.true(t.now()["held"] == 1, "a copy too many is not held")
    t.here([b"Received: by a.isp.test; 1\r\n" + one])


@test("F43/rules-make-a-mailbox-of-one-person-a-domains-from-then-on")
def turned(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    other = "postmaster@%s" % DOMAIN
    first = for_whom("first", own)
    box = t.box([first])
    t.add(t.provider(Session, box))
    t.now()
    t.here([first])
    status, text, complaints = t.command("fetch", "rules", own,
                                         "--envelope-header", "Delivered-To")
    t.true(status == 0, "fetch rules:", text + complaints)
    box.mails.append(Mail("uidl-9", b"Delivered-To: " + other.encode() +
                          b"\r\n" + for_whom("second", own)))
    row = t.now()
    t.true((row["taken"], row["held"]) == (1, 0), "not delivered:", row)
    t.here([first])
    t.once(box)


@test("F43/a-correction-is-learned-and-the-message-delivered")
def learned(t):
    first = for_whom("first", "sales@old.example")
    second = for_whom("second", "sales@old.example")
    box = t.box([first])
    add_domain(t, t.provider(Session, box))
    t.true(t.now()["held"] == 1, "not held")
    own = "%s@%s" % (t.owner, DOMAIN)
    number = held(t)[0]["id"]
    status, text, complaints = t.command("fetch", "learn", number, "--to",
                                         own)
    t.true(status == 0, "fetch learn:", text + complaints)
    t.here([first])
    box.mails.append(Mail("uidl-9", second))
    t.true(t.now()["held"] == 0, "held again")
    t.here([first, second])
    status, text, complaints = t.command("fetch", "rules", own)
    t.true("learn address sales@old.example -> " + own in text,
           "rules:", text + complaints)


def doctor(t, *words):
    """What it finds, as a list of (topic, name, value, count)."""
    status, text, complaints = t.command(
        "fetch", "doctor", "%s@%s" % (t.owner, DOMAIN), "--json", *words)
    t.true(status == 0, "fetch doctor:", text + complaints)
    return [(row["topic"], row["name"], row["value"], int(row["count"]))
            for row in json.loads(text)["result"]]


def catch_all(t, count, protocol=None):
    """A mailbox where copies lie for this owner and for others."""
    own = "%s@%s" % (t.owner, DOMAIN)
    whose = [own, "postmaster@" + DOMAIN, "nobody-here@" + DOMAIN]
    return [b"Delivered-To: box-" + whose[i % 3].encode() +
            b"\r\nReceived: from joe ([192.0.2.9]) by mx.isp.test; x\r\n" +
            for_whom("doctor-%d" % i, "list@example.com")
            for i in range(count)]


@test("doctor/a-catch-all-is-looked-at-and-its-rules-recommended")
def looked_at(t):
    datas = catch_all(t, 30)
    box = t.box(datas)
    add_domain(t, t.provider(Session, box))
    rows = doctor(t)
    t.true(("messages", "", "", 30) in rows, rows)
    t.true(("shape", "domain", "Delivered-To", 3) in rows, rows)
    t.true(("hop", "mx.isp.test", "192.0.2.9", 30) in rows, rows)
    t.true(("now", "foreign", "", 30) in rows, rows)
    t.true(("then", "delivered", "", 20) in rows, rows)
    t.true(("then", "unknown", "", 10) in rows, rows)
    t.true(("option", "--envelope-header", "Delivered-To:box-", 0) in rows,
           rows)
    rows = doctor(t, "--messages", "9")
    t.true(("messages", "", "", 9) in rows, rows)
    # nothing was taken, and nothing is known of it
    t.here([])
    t.true(not box.asked, "RETR was said")
    own = "%s@%s" % (t.owner, DOMAIN)
    for wrong in "0", "1001", "many":
        status, text, complaints = t.command("fetch", "doctor", own,
                                             "--messages", wrong)
        t.true(status == 2 and "--messages" in complaints,
               "%s: %d %s" % (wrong, status, text + complaints))
    status, text, complaints = t.command("fetch", "doctor", own)
    t.true("--envelope-header Delivered-To:box-" in text, text + complaints)
    status, text, complaints = t.command("fetch", "doctor", own, "--apply")
    t.true("envelope-header delivered-to:box-" in text.lower(),
           text + complaints)
    row = t.now()
    t.true((row["taken"], row["held"]) == (30, 10), row)
    t.here(datas[0::3])
    t.true(not [row for row in doctor(t) if row[0] == "option"],
           "something is recommended still")


@test("doctor/imap-is-looked-at-without-a-mark")
def looked_at_imap(t):
    box = t.imap_box(catch_all(t, 12))
    words = t.add_words(t.provider(ImapSession, box))
    words[1:3] = ["add-domain", DOMAIN, "--owner",
                  "%s@%s" % (t.owner, DOMAIN)]
    status, text, complaints = t.command(*words)
    t.true(status == 0, "add-domain:", text + complaints)
    rows = doctor(t)
    t.true(("messages", "", "", 12) in rows, rows)
    t.true(("option", "--envelope-header", "Delivered-To:box-", 0) in rows,
           rows)
    t.here([])


@test("doctor/one-persons-mailbox-stays-one")
def of_one(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    box = t.box([for_whom("one-%d" % i, own) for i in range(8)])
    t.add(t.provider(Session, box))
    rows = doctor(t)
    t.true([row[:2] for row in rows if row[0] == "shape"] ==
           [("shape", "person")], rows)
    t.true(not [row for row in rows if row[0] == "option"], rows)


@test("doctor/headers-without-end-are-not-read-to-their-end")
def endless_header(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    more = b"\r\nX: x" + (b"\r\n " + b"x" * 70) * 20000 + b"\r\n\r\n"
    box = t.box([for_whom("endless", own).replace(b"\r\n\r\n", more, 1)])
    add_domain(t, t.provider(Session, box))
    status, text, complaints = t.command("fetch", "doctor", own)
    t.true(status == 1, "it is fine:", text)
    t.true("without end" in text + complaints, text + complaints)
    t.here([])


@test("F43/ten-thousand-recipients-are-held-and-nothing-is-lost")
def many(t):
    to = ",\r\n ".join("p%d@%s" % (i, DOMAIN) for i in range(10000))
    box = t.box([for_whom("many", to), for_whom("after", "%s@%s" % (
        t.owner, DOMAIN))])
    add_domain(t, t.provider(Session, box))
    t.true(t.now()["held"] == 1, "not held")
    t.here([for_whom("after", "%s@%s" % (t.owner, DOMAIN))])


@test("delete/of-a-domain-only-what-was-for-one")
def for_one(t):
    own = "%s@%s" % (t.owner, DOMAIN)
    mine = [for_whom("one", own),
            for_whom("two", "%s, postmaster@%s" % (own, DOMAIN))]
    box = t.box(mine)
    add_domain(t, t.provider(Session, box), "--delete-when-deleted-here")
    t.now()
    t.here(mine)
    t.delete_here(*mine)
    t.until_there(box, ["uidl-2"])
    for _ in range(2):
        t.now()
    t.true(box.uidls() == [b"uidl-2"], box.uidls())
    t.here([])
