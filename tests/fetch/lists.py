"""Lists in DNS: who came to our provider is asked about, and it is told.

The whole way: DNS, the resolver, the judge, rules, the trail; a hub of its own.
"""

import os
import tempfile

from disowned import arrived, waiting
from harness import Case, letter
from sharing import Scene

FORGET = {"fetch_share": "no"}
LISTS = '"bad bad.example hold; wl wl.example 127.0.5.0-127.0.5.255 allow; ' \
    'wide wide.example refuse; gone gone.example refuse; ' \
    'shut shut.example refuse; dom dom.example domains hold; ' \
    'all all.example domains refuse"'
RULE = 'rule "seen" { listed bad; listed wl; do mark folder "Seen" }\n'


def came_by(name, address):
    """A message that this host brought to the provider."""
    return letter(name, 900, b"Received: from x.example (x.example [%s]) by "
                  b"mx.provider.example; Fri, 20 Nov 2026 10:00:00 +0700" %
                  address.encode())


def written(folder):
    """A folder with the rule in it."""
    os.chmod(folder, 0o755)
    with open(os.path.join(folder, "lists.rule"), "w",
              encoding="utf-8") as file:
        file.write(RULE)
    return folder


def reverse(address):
    return ".".join(reversed(address.split(".")))


def fill(table):
    """Two that are right, one for all the world, one silent, one shut."""
    table["2.0.0.127.bad.example"] = ["127.0.0.2"]
    table["2.0.0.127.wl.example"] = ["127.0.10.0"]
    for address in ("127.0.0.2", "127.0.0.1", "192.0.2.66", "192.0.2.67",
                    "192.0.2.68", "192.0.2.69"):
        table[reverse(address) + ".wide.example"] = ["127.0.0.2"]
        table[reverse(address) + ".gone.example"] = "silence"
        table[reverse(address) + ".shut.example"] = ["127.255.255.254"]
    # a link of a message, and all links that there are
    table["evil.example.dom.example"] = ["127.0.1.2"]
    for domain in ("invalid", "evil.example", "client.example"):
        table[domain + ".all.example"] = ["127.0.1.2"]
    table["66.2.0.192.bad.example"] = ["127.0.0.4"]
    table["67.2.0.192.bad.example"] = ["127.0.0.4"]
    table["67.2.0.192.wl.example"] = ["127.0.5.2"]
    # it vouches for that one, in a way that does not count here
    table["68.2.0.192.bad.example"] = ["127.0.0.4"]
    table["68.2.0.192.wl.example"] = ["127.0.4.0"]


def listed(args):
    with tempfile.TemporaryDirectory(prefix="postroom-fetch-lists-") as rules:
        scene = Scene(args, {**FORGET, "dns_lists": LISTS,
                             "rules_dir": '"%s"' % written(rules)})
        fill(scene.names.table)
        with scene:
            told(scene)


def told(scene):
    scene.collect(scene.ann, [came_by("plain", "192.0.2.69"),
                              came_by("both", "192.0.2.67"),
                              came_by("bad", "192.0.2.66"),
                              came_by("weak", "192.0.2.68"),
                              came_by("link", "192.0.2.69") +
                              b"http://a.bank.example@www.EVIL.example/\r\n",
                              came_by("near", "10.0.0.5") +
                              b"http://evil.example/\r\n"])
    found = waiting(scene.ann, 4)
    Case.true(found == {
        "bad": ("held", "192.0.2.66 is on the list bad"),
        "link": ("held", "evil.example is on the list dom"),
        # who sent that nobody knows, but where it points to
        "near": ("held", "evil.example is on the list dom"),
        "weak": ("held", "192.0.2.68 is on the list bad")}, found)
    lines = arrived(scene.ann, 1, b"X-Postroom-Lists:")
    rest = b"wide: it is broken, and not used; gone: no answer; " \
        b"shut: it refuses us; dom: not listed; " \
        b"all: it is broken, and not used"
    Case.true(lines == [b"X-Postroom-Lists: bad: not listed; "
                        b"wl: not listed; " + rest], lines)
    scene.ann.until_traced(
        "both", "DNS list bad lists 192.0.2.67 (127.0.0.4)",
        "DNS list wl (allow) lists 192.0.2.67 (127.0.5.2)",
        "DNS list wide: it is broken, and not used",
        "DNS list gone: no answer", 'rule "seen"')
    # private hosts are nobody's business
    asked = [name for name, _ in scene.names.asked]
    Case.true("5.0.0.10.bad.example" not in asked, asked)


def tests(args):
    yield "S5782/lists-say-who-came-and-mail-goes-on", lambda: listed(args)
