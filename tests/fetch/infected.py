"""A virus, or no scanner: what may be deleted there, and when.

HARDENING F39.  Quarantine and hold are a receipt: the message is here, on disk,
before the provider is told to delete it.  What is put off because nobody could
look at it is not here, and stays there.
"""

import base64
import contextlib
import io
import json
import os
import shutil
import tempfile
import time
import zipfile

from harness import Fault, ImapSession, Session, compare, letter, mended
from killing import GUARD, Scene
from kills import Watched

# The test virus of EICAR, in pieces: no file of ours is to be found by it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + \
    b"ANTIVIRUS-TEST-FILE!" + b"$H+H*"
KINDS = (("", Session), ("imap/", ImapSession))


def know(folder):
    """From now on that virus is known; to a hub that runs, at its start."""
    path = os.path.join(folder, "eicar.ndb")
    with open(path, "w", encoding="ascii") as file:
        file.write("Eicar-Test:0:*:%s\n" % EICAR.hex())
    os.chmod(path, 0o644)


@contextlib.contextmanager
def scanning(args, session, **config):
    """(scene, folder): ann deletes there at once, bob keeps; the hub scans."""
    folder = tempfile.mkdtemp(prefix="postroom-fetch-signatures-")
    try:
        os.chmod(folder, 0o755)
        know(folder)
        with Scene(args, {"ann": True, "bob": False}, session=session,
                   remote=Watched, config={"scan_signatures": '"%s"' % folder,
                           **config}) as scene:
            yield scene, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def infected(name):
    return letter(name) + EICAR + b"\r\n"


def zipped(name):
    """A message with a script in an archive in an archive."""
    data, member = b"var a = 1\n", "folder/invoice.js"
    for outer in ("papers.zip", None):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(member, data)
        data, member = archive.getvalue(), outer
    head = b"\r\n".join([
        b"MIME-Version: 1.0",
        b"Content-Type: application/zip; name=papers.zip",
        b"Content-Transfer-Encoding: base64"])
    return letter(name, 0, head) + \
        base64.encodebytes(data).replace(b"\n", b"\r\n")


def kept_by_rule(args, session):
    """The name of the script is the scanner's to tell, the rule's to find."""
    with tempfile.TemporaryDirectory(prefix="postroom-fetch-rules-") as rules:
        os.chmod(rules, 0o755)
        path = os.path.join(rules, "a.rule")
        with open(path, "w", encoding="ascii") as file:
            file.write('rule "named so" { attachment name /\\.js$/; '
                       'do discard "not this one" }\n'
                       'rule "inside" { attachment inside /^invoice\\.js$/; '
                       'macro none; do hold "a script in an archive" }\n')
        os.chmod(path, 0o644)
        kept_first(args, session, {"rules_dir": '"%s"' % rules},
                   zipped("zipped"), "held")


def removed(args, session):
    """A part goes, what came is held, and it is deleted there once."""
    with tempfile.TemporaryDirectory() as rules:
        os.chmod(rules, 0o755)
        path = os.path.join(rules, "a.rule")
        with open(path, "w", encoding="ascii") as file:
            file.write('rule "no archives" { attachment name /\\.zip$/; '
                       'do remove attachment }\n')
        os.chmod(path, 0o644)
        with scanning(args, session,
                      rules_dir='"%s"' % rules) as (scene, _):
            for remote in scene.remotes:
                remote.put(zipped("zipped"))
                for _ in range(2):
                    remote.case.now(label=remote.label)
                if dict(remote.box.sent) != {b"u1": 1}:
                    raise Fault("carried: %s" % remote.box.sent)
                if remote.box.uidls() != ([] if remote.delete else [b"u1"]):
                    raise Fault("there: %s" % remote.box.uidls())
                if remote.early:
                    raise Fault("deleted before it was here: %s" %
                                remote.early)
                row = scene.hub.wait_for(
                    lambda remote=remote: waiting_here(remote),
                    "what came is not held")
                letters = remote.case.letters(1)
                if len(letters) != 1 or b"removed here" not in letters[0] or \
                        row[0]["id"].encode() not in letters[0] or \
                        len(row) != 1 or row[0]["bytes"] != len(remote.all[0]):
                    raise Fault("%s, %s" % (row, letters))
                released(remote, row[0])
                remote.case.here(letters + remote.all)
                # and it is not collected once more
                remote.case.now(label=remote.label)
                remote.case.here(letters + remote.all)


def waiting_here(remote):
    """[hold] of what waits here for a person, of this one's mail."""
    status, text, complaints = remote.case.command("hold", "list", "--json")
    if status != 0:
        raise Fault("hold list: %s%s" % (text, complaints))
    return [row for row in json.loads(text)["result"]
            if remote.case.owner + "@" in row["recipients"]]


def released(remote, row):
    status, text, complaints = remote.case.command("hold", "release",
                                                   row["id"])
    if status != 0:
        raise Fault("hold release: %s%s" % (text, complaints))


def kept_first(args, session, config, data, state):
    """Its bytes are in the journal before it is deleted, or it never is."""
    with scanning(args, session, **config) as (scene, _):
        for remote in scene.remotes:
            remote.more(1)
            remote.put(data)
            remote.more(1)
            for _ in range(2):
                row = remote.case.now(label=remote.label)
                if row["held"] > 1:
                    raise Fault("it is held twice: %s" % row)
            if dict(remote.box.sent) != {b"u1": 1, b"u2": 1, b"u3": 1}:
                raise Fault("carried: %s" % remote.box.sent)
            scene.hub.wait_for(lambda remote=remote: waiting_here(remote),
                               "it is not held")
            held = waiting_here(remote)
            if [row["state"] for row in held] != [state]:
                raise Fault("held: %s" % held)
            wanted = [] if remote.delete else [b"u1", b"u2", b"u3"]
            if remote.box.uidls() != wanted:
                raise Fault("at the provider are %s" % remote.box.uidls())
            if remote.early:
                raise Fault("deleted before they were here: %s" %
                            remote.early)
            remote.case.here([remote.all[0], remote.all[2]])
        # it outlives a kill, and whoever wants it has it
        scene.hub.kill()
        scene.hub.start()
        for remote in scene.remotes:
            for row in waiting_here(remote):
                released(remote, row)
            remote.case.here(remote.all)
            remote.case.now(label=remote.label)
        finish(scene)


def put_off(args, session):
    """Nobody could look at it: nothing of it is here, and all of it there."""
    with scanning(args, session) as (scene, folder):
        scene.hub.stop()
        os.unlink(os.path.join(folder, "eicar.ndb"))
        scene.hub.start()
        for remote in scene.remotes:
            remote.more(2)
            remote.put(infected("infected"))
            row = remote.case.now("*", label=remote.label)
            if len(remote.box.uidls()) != 3:
                raise Fault("deleted unseen: %s (%s)" % (
                    remote.box.uidls(), row))
            remote.case.here([])
            if waiting_here(remote):
                raise Fault("held: %s" % waiting_here(remote))
        know(folder)
        scene.hub.stop()
        scene.hub.start()
        for remote in scene.remotes:
            remote.case.now(label=remote.label)
            remote.case.here(remote.all[:2])
            scene.hub.wait_for(lambda remote=remote: waiting_here(remote),
                               "it is not held")
            if remote.delete == bool(remote.box.uidls()):
                raise Fault("at the provider are %s" % remote.box.uidls())
        finish(scene, held=1)


def scanner_dies(args, session):
    """Killed while it is asked, again and again: nothing passes unseen."""
    with scanning(args, session) as (scene, _):
        remote = scene.remotes[0]
        for number in range(6):
            remote.put((infected if number % 2 else letter)(
                "dies-%d" % number))
        provider = remote.provider
        count = [0]

        def step(_session, line):
            if b"RETR" in line or b"BODY" in line:
                count[0] += 1
                if count[0] <= 4:
                    scene.hub.kill_role("scan")
        provider.step = step
        remote.collect()
        clean = [mended(data) for data in remote.all[::2]]
        compare("ann", remote.case.letters(), clean, least=[])
        if not count[0]:
            raise Fault("nothing was asked for")
        until = time.monotonic() + GUARD
        while not remote.is_done():
            if time.monotonic() > until:
                raise Fault("not collected: %s" % remote.why)
            time.sleep(0.1)
        remote.case.here(remote.all[::2])
        scene.hub.wait_for(lambda: sorted(
            row["subject"] for row in waiting_here(remote)) == [
                "dies-1", "dies-3", "dies-5"], "not all are held")
        finish(scene, held=3)


def finish(scene, held=0):
    """Nothing is found later, nor lost by a start."""
    scene.hub.wait_settled()
    scene.hub.stop()
    scene.hub.check()
    scene.hub.start()
    for remote in scene.remotes:
        remote.case.compare_again()
        count = len(waiting_here(remote))
        if count != (held if remote.all else 0):
            raise Fault("%d are held, not %d" % (count, held))


def tests(args):
    if args.inside:
        return
    for kind, session in KINDS:
        name = "F39/" + kind
        yield name + "a-virus-is-in-quarantine-before-it-is-deleted", \
            lambda session=session: kept_first(
                args, session, {}, infected("infected"), "quarantined")
        yield name + "a-virus-that-is-to-be-refused-is-kept-all-the-same", \
            lambda session=session: kept_first(
                args, session, {"scan_virus": "refuse"},
                infected("infected"), "held")
        yield name + "a-name-in-an-archive-is-what-a-rule-holds", \
            lambda session=session: kept_by_rule(args, session)
        yield name + "what-a-rule-removes-is-held-before-it-is-deleted", \
            lambda session=session: removed(args, session)
        yield name + "what-could-not-be-scanned-stays-there", \
            lambda session=session: put_off(args, session)
        yield name + "a-scanner-that-dies-lets-nothing-pass", \
            lambda session=session: scanner_dies(args, session)
