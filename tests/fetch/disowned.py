"""Who is the author: what a domain disowns waits, what it signed arrives.

The whole way: DNS, the judge, the queue; each test has a hub of its own.
"""

import json

from harness import Case, Fault, open_mailbox, read_mailbox
from sharing import DOMAIN, Scene

REJECTS = b"v=DMARC1; p=reject"
IDENTITY = {"identity": "yes", "fetch_share": "no"}
PASS = b"dmarc=pass header.from=news.example policy.dmarc=reject"
FAIL = b"dmarc=fail header.from=news.example policy.dmarc=reject"
# Who came to the provider, and as whom, is not our domain's.
FORGER = b"Return-Path: <x@forger.example>\r\n"


def waiting(case, count):
    """{subject: (state, reason)} once so many wait."""
    def look():
        status, text, complaints = case.command("hold", "list", "--json")
        if status != 0:
            raise Fault("hold list: %s%s" % (text, complaints))
        rows = json.loads(text)["result"]
        return rows if len(rows) >= count else None
    rows = case.hub.wait_for(look, "%d do not wait" % count)
    return {row["subject"]: (row["state"], row["reason"]) for row in rows}


def arrived(case, count, what=b"Authentication-Results:"):
    """The lines of results of all that has arrived, once that many have."""
    def look():
        pop = open_mailbox(case.hub, case.owner)
        try:
            if int(pop.ask("STAT").split()[1]) < count:
                return None
            found = []
            for number in range(1, int(pop.ask("STAT").split()[1]) + 1):
                head = pop.ask("RETR %d" % number, many=True)
                found += [line for line in head.split(b"\r\n")
                          if line.startswith(what)]
            return found
        finally:
            pop.close()
    return case.hub.wait_for(look, "%d do not arrive" % count)


def judged(args, action, state):
    with Scene(args, {**IDENTITY, "dmarc_action": '"%s"' % action}) as scene:
        scene.names.table["_dmarc." + DOMAIN] = [REJECTS]
        scene.names.table["_dmarc.open.example"] = [b"v=DMARC1; p=none"]
        honest = scene.copy("honest", "ann", 3000)
        changed = FORGER + scene.copy("changed", "ann", 3000).replace(
            b"line 3", b"lime 3")
        # a name that is his beside one that is not (A66)
        both = FORGER + scene.copy("both", "ann", 3000).replace(
            b"From: News", b"From: x@open.example, News")
        scene.collect(scene.ann, [honest, changed, both])
        Case.true(changed.count(b"lime 3") > 0, "nothing was changed")
        if state is None:
            lines = arrived(scene.ann, 3)
            Case.true(len([1 for line in lines if PASS in line]) == 1 and
                      len([1 for line in lines if FAIL in line]) == 2, lines)
            here = read_mailbox(scene.ann.hub, scene.ann.owner)
            Case.true(sorted(here) == sorted([honest, changed, both]), here)
            return
        found = waiting(scene.ann, 2)
        why = "it says that it is from %s, which asks to refuse what cannot " \
            "be shown to be its own (DMARC)" % DOMAIN
        Case.true(found == {"changed": (state, why), "both": (state, why)},
                  found)
        lines = arrived(scene.ann, 1)
        Case.true(len(lines) == 1 and PASS in lines[0], lines)


def passed_on(args):
    """A68: a list that is trusted may have changed it, and nobody else."""
    with Scene(args, {**IDENTITY, "dmarc_action": '"hold"', "arc_trusted":
                      '"other.example lists.example"'}) as scene:
        table = scene.names.table
        table["_dmarc." + DOMAIN] = [REJECTS]
        for domain in ("lists.example", "liar.example"):
            table["k._domainkey." + domain] = [scene.signer.record()]

        def sealed(name, domain, result):
            changed = scene.copy(name, "ann", 3000).replace(b"line 3",
                                                            b"lime 3")
            return FORGER + scene.signer.seal(
                changed, domain, b"dmarc=%s header.from=news.example" % result)
        broken = sealed("broken", "lists.example", b"pass")
        scene.collect(scene.ann, [
            sealed("trusted", "lists.example", b"pass"),
            sealed("stranger", "liar.example", b"pass"),
            sealed("unseen", "lists.example", b"fail"),
            broken.replace(b"line 5", b"lime 5")])
        Case.true(broken.count(b"line 5") > 0, "nothing was changed")
        found = waiting(scene.ann, 3)
        Case.true({name: state for name, (state, _) in found.items()} ==
                  dict.fromkeys(("stranger", "unseen", "broken"), "held"),
                  found)
        lines = arrived(scene.ann, 1)
        Case.true(len(lines) == 1 and FAIL + b" policy.override=arc;" in
                  lines[0] and b"; arc=pass header.d=lists.example;" in
                  lines[0], lines)


def tests(args):
    for name, action, state in (("waits", "hold", "held"),
                                ("is-not-to-be-opened", "enforce",
                                 "quarantined"),
                                ("is-marked", "mark", None)):
        yield "A66/what-a-domain-disowns-" + name, \
            lambda action=action, state=state: judged(args, action, state)
    yield "A68/what-a-trusted-list-has-changed-arrives", \
        lambda: passed_on(args)
