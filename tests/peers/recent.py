#!/usr/bin/env python3
"""Three sessions on two mailboxes, at Dovecot and here: the same \\Recent.

usage: recent.py --base PORT --folder FOLDER

Each step is one command of one session, and all that it is told of numbers,
flags, searches and STATUS; the order within an answer is the server's.
"""

import argparse
import imaplib
import os
import re
import ssl
import sys

CONF = """base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
mail_location = mdbox:~/mdbox
log_path = /dev/stderr
ssl = no
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
GUARD = 120             # seconds: only so that a hang is a failure
LETTER = b"a: 1\r\n\r\nx\r\n"
# who says what; c is nobody's mailbox, and "+" is a letter by APPEND
STEPS = """
c:+one c:+one c:+one c:STATUS one (MESSAGES RECENT)
b:EXAMINE one|b:FETCH 1:* (FLAGS)|b:SEARCH RECENT|b:SEARCH OLD
a:SELECT one|a:FETCH 1:* (FLAGS)|a:SEARCH NEW|c:STATUS one (MESSAGES RECENT)
b:NOOP|b:SEARCH RECENT|b:SELECT one|b:FETCH 1:* (FLAGS)|b:SEARCH NEW
b:SEARCH OLD|c:+one|c:STATUS one (RECENT)|b:NOOP|a:NOOP
a:FETCH 1:* (FLAGS)|b:FETCH 1:* (FLAGS)|c:+one|a:NOOP|b:NOOP
a:SEARCH RECENT|b:SEARCH RECENT|a:STORE 1 +FLAGS (\\Seen)|a:SEARCH NEW
a:SEARCH OLD|b:NOOP|a:STORE 1 +FLAGS (\\Recent)|a:STORE 1 -FLAGS (\\Recent)
a:STORE 1 FLAGS ()|a:COPY 1:2 two|c:STATUS two (RECENT)
a:STORE 2 +FLAGS.SILENT (\\Deleted)|a:EXPUNGE|b:NOOP|b:SEARCH RECENT
a:SEARCH RECENT|a:COPY 1 one|a:SEARCH RECENT|b:NOOP|a:STATUS one (RECENT)
b:STATUS one (RECENT)|b:EXAMINE two|b:CLOSE|b:SELECT two
b:FETCH 1:* (FLAGS)|a:SELECT two|a:FETCH 1:* (FLAGS)|a:MOVE 1 one|a:NOOP
b:NOOP|b:SELECT one|b:SEARCH RECENT|a:SELECT one|a:SEARCH RECENT|b:CLOSE
a:CLOSE|c:+one|a:SELECT one|a:SEARCH RECENT|a:SELECT one|a:SEARCH RECENT
"""


def steps():
    for line in STEPS.replace(" c:", "|c:").strip().splitlines():
        for step in line.split("|"):
            yield step.split(":", 1)


def write_conf(folder):
    """The path of a configuration for mail in `folder`, which is made."""
    uid, gid = (1, 1) if os.getuid() == 0 else (os.getuid(), os.getgid())
    os.makedirs(folder)
    conf = os.path.join(folder, "dovecot.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(CONF.format(folder=folder, uid=uid, gid=gid))
    os.chown(folder, uid, gid)
    return conf


def at_dovecot(folder, conf):
    return imaplib.IMAP4_stream(
        "HOME=%s USER=ann exec /usr/lib/dovecot/imap -c %s 2>>%s/said" % (
            folder, conf, folder))


def here(base):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = imaplib.IMAP4_SSL("127.0.0.1", base + 993, ssl_context=context,
                               timeout=GUARD)
    client.login("ann@office.test", "secret")
    return client


def ask(client, line):
    """What it is told, and the word that ends it."""
    tag = client._new_tag()         # pylint: disable=protected-access
    client.send(tag + b" " + line.encode() + b"\r\n")
    told = []
    while True:
        answer = client._get_line() # pylint: disable=protected-access
        if answer.startswith(tag):
            return sorted(told), answer.split()[1]
        flags = re.match(rb"\* (\d+) FETCH .*FLAGS \((.*?)\)", answer)
        if flags:
            told.append((flags[1], sorted(flags[2].split())))
        elif re.match(rb"\* (\d+ |SEARCH|STATUS)", answer):
            told.append((answer.strip(), []))


def play(clients):
    """[(step, what came)]"""
    for name in ("one", "two"):
        clients["c"].create(name)
    said = []
    for who, line in steps():
        client = clients[who]
        if line.startswith("+"):
            client.append(line[1:], None, None, LETTER)
        else:
            said.append(("%s %s" % (who, line), ask(client, line)))
    for client in clients.values():
        client.logout()
    return said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    parser.add_argument("--folder", required=True)
    args = parser.parse_args()
    conf = write_conf(args.folder)
    theirs = play({who: at_dovecot(args.folder, conf) for who in "abc"})
    ours = play({who: here(args.base) for who in "abc"})
    wrong = 0
    for (step, there), (_, said) in zip(theirs, ours):
        if there != said:
            wrong += 1
            print("recent: %s\n  ours    %s\n  dovecot %s" % (
                step, said, there))
    print("recent: %d answers of three sessions, %d differ" % (
        len(ours), wrong))
    if not any(b"RECENT" in words for _, (told, _) in ours
               for words, _ in told):
        print("recent: nobody was told of any")
        return 1
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
