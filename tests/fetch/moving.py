"""Moving in: what another collector has, is not carried again.

The real fetchmail, getmail and mpop collect three of five messages and keep
them there; what they leave behind is imported, and the hub takes the other two.
"""

import json
import os
import shutil
import subprocess

from harness import (DOMAIN, PASSWORD, Fault, ImapSession, Mail, Session,
                     letters, test)

SECONDS = 300.0         # for another collector to end: a guard
# of each kind that servers give: RFC 1939 7 allows all of them
UIDLS = [b"uidl-1", b"00000001<x>@y", b"#3%41", b"z~4", b"5"]


def mailbox(t, user, datas):
    box = t.box(user=user)
    box.mails = [Mail(uidl, data) for uidl, data in zip(UIDLS, datas)]
    return box


def collector(t, name):
    """Where one of them may keep its files; skip where it is not installed."""
    if shutil.which(name) is None:
        raise t.Skip("%s is not installed" % name)
    folder = os.path.join(t.hub.folder, "%s-%s" % (name, t.owner))
    os.mkdir(folder, 0o700)
    for sub in ("", "/cur", "/new", "/tmp"):
        os.mkdir(folder + "/mail" + sub)
    return folder


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return path


def collect(t, folder, box, *words):
    """Run it while only the first three messages are there."""
    late = box.mails[3:]
    del box.mails[3:]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
        env=dict(os.environ, HOME=folder, FETCHMAILHOME=folder))
    # fetchmail asks for all its lines with TOP where mail is kept
    t.true(set(box.sent) | set(box.topped) == set(UIDLS[:3]), words[0],
           "has taken", box.sent, done.stdout.decode("utf-8", "replace")[-600:])
    t.true(len(box.mails) == 3, words[0], "has deleted there")
    box.add(*late)
    box.sent.clear()
    box.asked.clear()
    box.topped.clear()


def moved(t, *words, status=0):
    """The answer of `fetch import`, which tells no password."""
    got, text, complaints = t.command("fetch", "import", *words, "--json")
    if got != status:
        raise Fault("fetch import: status %d: %s%s" % (got, text, complaints))
    t.true(PASSWORD.decode() not in text + complaints, "a password is told")
    return json.loads(text)


def takes_the_rest(t, box, datas, *words):
    """Import, collect; import once more: it changes nothing."""
    dry = moved(t, *words, "--dry-run")
    t.true([row["does"] for row in dry["result"]] == ["add"], dry)
    t.true(not t.fetch_list(), "a dry run has made something")
    for does in ("add", "there"):
        answer = moved(t, *words)
        row = answer["result"][0]
        t.true(len(answer["result"]) == 1 and row["does"] == does and
               row["done"] and row["known"] == 3, answer)
        accounts = t.fetch_list()
        t.true(len(accounts) == 1 and accounts[0]["enabled"] == "yes" and
               accounts[0]["from"] == "all" and
               accounts[0]["delete_after"] == "keep", accounts)
        t.now()
        t.here(datas[3:])
        t.true(set(box.sent) == set(UIDLS[3:]), "carried again:", box.sent)
    t.once(box)
    t.true(len(box.uidls()) == 5, "deleted there:", box.uidls())


@test("move/from-fetchmail")
def from_fetchmail(t):
    folder = collector(t, "fetchmail")
    datas = letters("fetchmail", 5)
    box = mailbox(t, "ann@client.example", datas)
    provider = t.provider(Session, box)
    rc = write(folder, "fetchmailrc", """# it was here for years
set daemon 300
poll localhost with proto POP3 port %d and options uidl auth password
  user "ann@client.example" there with password "%s" is %s here
  options keep sslproto "" mda "/bin/cat"
""" % (provider.port, PASSWORD.decode(), t.owner))
    collect(t, folder, box, "fetchmail", "-f", rc, "--idfile",
            folder + "/ids", "-d0", "--nosyslog", "--silent")
    takes_the_rest(t, box, datas, rc, "--ids", folder + "/ids")


@test("move/from-getmail")
def from_getmail(t):
    folder = collector(t, "getmail")
    datas = letters("getmail", 5)
    box = mailbox(t, "ann@client.example", datas)
    provider = t.provider(Session, box)
    rc = write(folder, "getmailrc", """[retriever]
type = SimplePOP3Retriever
server = localhost
port = %d
username = ann@client.example
password = %s
[destination]
type = MDA_external
path = /bin/cat
allow_root_commands = true
[options]
read_all = false
delete = false
""" % (provider.port, PASSWORD.decode()))
    collect(t, folder, box, "getmail", "--getmaildir", folder)
    ids = [os.path.join(folder, name) for name in os.listdir(folder)
           if name.startswith("oldmail-")]
    t.true(len(ids) == 1, os.listdir(folder))
    takes_the_rest(t, box, datas, rc, "--ids", ids[0], "--owner",
                   "%s@%s" % (t.owner, DOMAIN))


@test("move/from-getmail-by-imap")
def from_getmail_imap(t):
    """Its oldmail file is as getmail 6.18 writes it (_retrieverbases.py)."""
    folder = os.path.join(t.hub.folder, "by-imap")
    os.mkdir(folder)
    datas = letters("getmail-imap", 5)
    box = t.imap_box(datas, user="ann")
    provider = t.provider(ImapSession, box)
    rc = write(folder, "getmailrc", """[retriever]
type = SimpleIMAPRetriever
server = localhost
port = %d
username = ann
password = %s
mailboxes = ("INBOX",)
[destination]
type = Maildir
path = ~/Maildir/
""" % (provider.port, PASSWORD.decode()))
    inbox = box.folder(b"INBOX")
    ids = write(folder, "oldmail-localhost-%d-ann-INBOX" % provider.port,
                "".join("%d/%d\0%d\n" % (inbox.uidvalidity, mail.uid,
                                         1700000000)
                        for mail in inbox.mails[:3]))
    answer = moved(t, rc, "--ids", ids, "--owner",
                   "%s@%s" % (t.owner, DOMAIN))
    row = answer["result"][0]
    t.true(row["done"] and row["known"] == 3 and row["protocol"] == "imap" and
           row["from"] == "all", answer)
    t.now()
    t.here(datas[3:])


@test("move/from-mpop")
def from_mpop(t):
    folder = collector(t, "mpop")
    datas = letters("mpop", 5)
    box = mailbox(t, "ann", datas)
    provider = t.provider(Session, box)
    rc = write(folder, "mpoprc", """defaults
tls off
auth user
keep on
delivery maildir %s/mail
uidls_file %s/uidls
account isp
host localhost
port %d
user ann
password %s
""" % (folder, folder, provider.port, PASSWORD.decode()))
    collect(t, folder, box, "mpop", "-C", rc, "isp")
    takes_the_rest(t, box, datas, rc, "--ids=" + folder + "/uidls",
                   "--map", "ann=" + t.owner)


@test("move/from-a-sheet-with-uidls-of-every-kind")
def from_sheet(t):
    folder = os.path.join(t.hub.folder, "sheet")
    os.mkdir(folder)
    datas = letters("sheet", 5)
    box = mailbox(t, "ann", datas)
    # what no UIDL may be, but some are: long, 8-bit, with blanks and quotes
    for mail, uidl in zip(box.mails, (b"x" * 600, b"\xe9\xff", b'a "b" c')):
        mail.uidl = uidl
    provider = t.provider(Session, box)
    rc = write(folder, "a.csv", "faid;faactive;accountaddress;faserveraddress;"
               "faserverport;fausername;password;fadaystokeep\r\n"
               "7;1;%s@%s;localhost;%d;ann;%s;0\r\n" % (
                   t.owner, DOMAIN, provider.port, PASSWORD.decode()))
    ids = os.path.join(folder, "b.csv")
    with open(ids, "wb") as file:
        file.write(b"uidid,uidfaid,uidvalue,uidtime\r\n" + b"".join(
            b'%d,7,"%s",2026-11-20\r\n' % (
                i, mail.uidl.replace(b'"', b'""'))
            for i, mail in enumerate(box.mails[:3])))
    answer = moved(t, rc, "--ids", ids)
    t.true(answer["result"][0]["done"], answer)
    t.now()
    t.here(datas[3:])
    t.true(set(box.sent) == set(UIDLS[3:]), "carried again:", box.sent)


@test("move/nothing-is-collected-where-nobody-says-what-was")
def without_list(t):
    folder = os.path.join(t.hub.folder, "no-list")
    os.mkdir(folder)
    datas = letters("no-list", 5)
    box = mailbox(t, "ann", datas)
    provider = t.provider(Session, box)
    secret = PASSWORD.decode()
    text = ("poll localhost proto pop3 port %d user ann is %s here "
            "pass %s keep sslproto ''\n" % (provider.port, t.owner, secret))
    rc = write(folder, "rc", text)
    answer = moved(t, rc)
    t.true(answer["result"][0]["from"] == "unsaid", answer)
    t.now("unsaid")
    t.here([])
    t.true(not box.asked, box.asked)
    # with the list, later, it goes on from there
    ids = write(folder, "ids", "".join(
        "ann@localhost %s\n" % uidl.decode() for uidl in UIDLS[:3]))
    answer = moved(t, rc, "--ids", ids)
    t.true(answer["result"][0]["does"] == "finish", answer)
    t.now()
    t.here(datas[3:])


@test("move/what-is-not-taken-over-is-told-with-its-line")
def faults(t):
    folder = os.path.join(t.hub.folder, "faults")
    os.mkdir(folder)
    box = mailbox(t, "ann", letters("faults", 1))
    provider = t.provider(Session, box)
    rc = write(folder, "rc", """poll localhost proto pop3 port %d
  user ann is %s here pass %s sslproto '' preconnect "touch %s/ran"
  user joe is nobody-here here pass x sslproto ''
  user jim is %s here sslproto ''
  bogus
""" % (provider.port, t.owner, PASSWORD.decode(), folder, t.owner))
    ids = write(folder, "ids", "who@where x\n")
    answer = moved(t, rc, "--ids", ids, status=1)
    told = [(os.path.basename(r["file"]), r["line"], r["loss"])
            for r in answer["remarks"]]
    t.true(sorted(told) == [("ids", 1, True), ("rc", 2, False),
                            ("rc", 3, True), ("rc", 4, True),
                            ("rc", 5, True)], answer["remarks"])
    t.true(not os.path.exists(folder + "/ran"), "a command was run")
    t.true([row["done"] for row in answer["result"]] == [True, False], answer)
    status, text, complaints = t.command("fetch", "import", rc, "--ids", ids)
    t.true(status == 1 and "rc:5: " in text and "Now stop" not in text,
           status, text, complaints)
    status, text, complaints = t.command("fetch", "import", rc, "--format",
                                         "mutt")
    t.true(status == 2 and "--format" in complaints, status, complaints)


@test("move/mail-of-many-becomes-a-mailbox-of-a-domain")
def of_many(t):
    folder = os.path.join(t.hub.folder, "of-many")
    os.mkdir(folder)
    provider = t.provider(Session, t.box(user="many"))
    rc = write(folder, "rc", "poll localhost proto pop3 port %d\n"
               " envelope 'X-Envelope-To' qvirtual 'box-' localdomains %s\n"
               " user many to * here pass %s sslproto ''\n" % (
                   provider.port, DOMAIN, PASSWORD.decode()))
    row = moved(t, rc)["result"][0]
    t.true(row["done"] and row["domain"] and
           row["address"] == "postmaster@" + DOMAIN, row)
    status, text, complaints = t.command(
        "fetch", "rules", row["address"], "--label", row["label"], "--json")
    t.true(status == 0 and "X-Envelope-To:box-" in text and
           "domain " + DOMAIN in text, status, text, complaints)
    status, _, complaints = t.command("fetch", "remove", row["address"],
                                      "--label", row["label"], "--yes")
    t.true(status == 0, complaints)
