"""The whole chain of filters: virus, spam, patterns, DKIM and DMARC.

The peer is Postfix with rspamd as its milter, which asks clamd, and Dovecot
behind.  Both have the same signatures, patterns and lessons, ask one name
server that answers at once, and get the same mail, every message signed.
Nothing is refused or held on either side: all of it must arrive.  Of a client
on loopback the hub asks no SPF, so the peer is told not to.
"""

import os
import random
import re
import shutil
import socket
import subprocess
import time

import load
import mailbag
import meter
import servers

MESSAGES = 500
MEAN = 16384
SESSIONS = 10
LESSONS = 350           # of each class; the hub has its say from 300 on
SIGNATURES = 2000       # of bodies, and as many of files
PATTERNS = 200
HITTING = 2             # of them are in some of the mail
WARM = 40               # messages, before anything is measured
BEGIN = 240.0           # seconds: rspamd compiles what it looks for
LAYOUT = "sdbox"
CLAMD, RSPAMD, REDIS = "/usr/sbin/clamd", "/usr/bin/rspamd", \
    "/usr/bin/redis-server"
# what asks hosts elsewhere, or does what is not compared
REST = ("rbl spf surbl fuzzy_check arc asn dkim_signing arc_signing mx_check "
        "phishing dcc url_redirector spamassassin greylist ratelimit neural "
        "replies history_redis p0f clickhouse elastic rspamd_update "
        "hfilter").split()


def missing():
    """Words for why the peer's filters cannot be had here, or None."""
    for path in (CLAMD, RSPAMD, REDIS, "/usr/bin/rspamc"):
        if not os.path.exists(path):
            return "no " + path
    return None


# --- what both are given --------------------------------------------------

def signatures(folder):
    chance = random.Random(7)
    servers.write(folder + "/bench.ndb", "".join(
        "Bench.Body%d:0:*:%s\n" % (i, chance.randbytes(40).hex())
        for i in range(SIGNATURES)))
    servers.write(folder + "/bench.hdb", "".join(
        "%s:%d:Bench.File%d\n" % (chance.randbytes(16).hex(),
                                  chance.randrange(1000, 10 ** 6), i)
        for i in range(SIGNATURES)))


def patterns():
    """As postmasters write them: most have a word in them, some none."""
    chance, words = random.Random(3), mailbag.Writer(0).words
    made = [r"\b%s\s+%s\b" % tuple(chance.sample(words[:40], 2))
            for _ in range(HITTING)]
    while len(made) < PATTERNS:
        word = "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=7))
        made.append(chance.choice((
            r"\b%s\b", r"%s\.(exe|scr|js)", r"(buy|get|order)\s+%s",
            r"%s\d{2,4}", r"https?://[^/]*%s")) % word
            if len(made) % 5 else
            r"\b[%s]{%d}\d+[%s]{3}\b" % (word[:4], 4 + len(made) % 5,
                                         word[4:]))
    return made


def mail(signer, table):
    """[message]; their domains get into the name server's table."""
    table.update(signer.keys())
    made = []
    for text in mailbag.written(MESSAGES, 11, MEAN):
        domain = re.search(rb"\nFrom:[^\r]*@([^>\r]+)", b"\n" + text)
        table["_dmarc." + domain[1].decode()] = b"v=DMARC1; p=none"
        made.append(signer.sign(text))
    return made


def lessons(folder):
    """Two folders of messages, with words of their own."""
    for name, seed in (("spam", 21), ("wanted", 22)):
        os.makedirs(os.path.join(folder, name))
        mark = ("cheap pills winner " if name == "spam" else
                "meeting invoice attached ") * 3
        for i, text in enumerate(mailbag.written(LESSONS, seed, 4096)):
            with open("%s/%s/%d" % (folder, name, i), "wb") as file:
                file.write(text.replace(b"\r\nSubject: ", (
                    "\r\nSubject: %s%d " % (mark, i)).encode(), 1))


# --- the two --------------------------------------------------------------

class Hub(servers.Hub):
    def __init__(self, bin_folder, folder, given):
        super().__init__(bin_folder, folder)
        rules = os.path.join(self.folder, "bench-rules")
        servers.write(rules + "/bench.rule", "".join(
            'rule "bench %d" {\n\tbody /%s/i\n'
            '\tdo mark header "X-Bench-Hit: %d"\n}\n' % (
                i, pattern.replace("/", r"\/"), i)
            for i, pattern in enumerate(patterns())))
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        for name, value in (("identity", "yes"), ("rules_dir", rules),
                            ("scan_signatures", given + "/signatures"),
                            ("spam_action", "mark")):
            text, count = re.subn(r"(?m)^%s = .*$" % name,
                                  '%s = "%s"' % (name, value), text)
            if count == 0:
                text += '%s = "%s"\n' % (name, value)
        servers.write(self.conf, text)
        for name in ("spam", "wanted"):
            self.run("-c", self.conf, "spam", "learn", "--" + name,
                     os.path.join(given, name))


CLAMD_CONF = """Foreground yes
DatabaseDirectory {given}/signatures
TemporaryDirectory {folder}
LogFile {folder}/clamd.log
TCPAddr 127.0.0.1
TCPSocket {clamd}
MaxThreads 4
SelfCheck 0
StreamMaxLength 60M
OfficialDatabaseOnly no
Bytecode no
"""

MILTER_CF = """
smtpd_milters = inet:127.0.0.1:%d
milter_protocol = 6
milter_default_action = tempfail
"""


class Peer(servers.Peer):
    name = "Postfix+rspamd+clamd+Dovecot"

    def __init__(self, folder, tls, given, names_port):
        super().__init__(folder, tls)
        self.given = given
        (self.clamd, self.redis, self.normal, self.milter,
         self.control) = servers.free_ports(5)
        with open(self.folder + "/postfix/main.cf", "a",
                  encoding="ascii") as file:
            file.write(MILTER_CF % self.milter)
        servers.write(self.folder + "/clamd.conf", CLAMD_CONF.format(
            folder=self.folder, given=given, clamd=self.clamd))
        self.write_rspamd(self.folder + "/rspamd", names_port)

    def write_rspamd(self, folder, names_port):
        for part in ("db", "run", "log"):
            os.makedirs(os.path.join(folder, part))
            shutil.chown(os.path.join(folder, part), "_rspamd", "_rspamd")
        servers.write(folder + "/patterns.map", "".join(
            "/%s/i\n" % x.replace("/", r"\/") for x in patterns()))
        for name, text in {
            "logging.inc": 'type = "file";\nlevel = "error";\n'
                           'filename = "%s/log/rspamd.log";\n' % folder,
            "worker-normal.inc": 'bind_socket = "127.0.0.1:%d";\n'
                                 "count = 2;\n" % self.normal,
            "worker-proxy.inc": 'bind_socket = "127.0.0.1:%d";\n'
                                "milter = yes;\ncount = 1;\n"
                                "timeout = 60s;\n"
                                'upstream "local" { default = yes; '
                                'self_scan = no; hosts = "127.0.0.1:%d"; }\n'
                                % (self.milter, self.normal),
            "worker-controller.inc": 'bind_socket = "127.0.0.1:%d";\n'
                                     'password = "secret";\n' % self.control,
            "redis.conf": 'servers = "127.0.0.1:%d";\n' % self.redis,
            "options.inc": 'dns { nameserver = ["127.0.0.1:%d"]; }\n'
                           'pidfile = "%s/run/rspamd.pid";\n'
                           'control_socket = "%s/run/c.sock mode=0600";\n'
                           "local_addrs = [];\n"
                           % (names_port, folder, folder),
            "actions.conf": "reject = null;\ngreylist = null;\n",
            "classifier-bayes.conf": "min_learns = 100;\n",
            "milter_headers.conf": 'use = ["x-spamd-bar", '
                                   '"authentication-results"];\n'
                                   "skip_local = false;\n",
            "multimap.conf": 'bench { type = "content"; filter = "body"; '
                             'map = "%s/patterns.map"; regexp = true; '
                             "score = 0.1; }\n" % folder,
            "antivirus.conf": 'clamav { type = "clamav"; '
                              "scan_mime_parts = false; "
                              'symbol = "CLAM_VIRUS"; max_size = 60000000; '
                              'servers = "127.0.0.1:%d"; }\n' % self.clamd,
            "dkim.conf": "check_local = true;\n",
            "dmarc.conf": "check_local = true;\n",
            **{name + ".conf": "enabled = false;\n" for name in REST},
        }.items():
            servers.write("%s/conf/local.d/%s" % (folder, name), text)

    def commands(self):
        folder = self.folder + "/rspamd"
        return [*super().commands(),
                [CLAMD, "-c", self.folder + "/clamd.conf"],
                [REDIS, "--port", str(self.redis), "--bind", "127.0.0.1",
                 "--dir", self.folder, "--save", ""],
                [RSPAMD, "-f", "-u", "_rspamd", "-g", "_rspamd",
                 "-c", "/etc/rspamd/rspamd.conf",
                 "--var=LOCAL_CONFDIR=%s/conf" % folder,
                 "--var=DBDIR=%s/db" % folder,
                 "--var=RUNDIR=%s/run" % folder,
                 "--var=LOGDIR=%s/log" % folder]]

    def start(self):
        seconds = super().start()
        until = time.monotonic() + BEGIN
        for port in (self.clamd, self.redis, self.milter, self.control):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
        return seconds

    def learn(self):
        for name, word in (("spam", "learn_spam"), ("wanted", "learn_ham")):
            subprocess.run(
                ["rspamc", "-h", "127.0.0.1:%d" % self.control, "-P",
                 "secret", word, os.path.join(self.given, name)],
                stdout=subprocess.DEVNULL, timeout=servers.GUARD * 3,
                check=True)


# --- the row --------------------------------------------------------------

def receive(server, users, messages, bench):
    wanted = {user: load.look(server.pop3, user) for user in users}
    jobs = []
    for i, text in enumerate(messages):
        user = users[i % len(users)]
        wanted[user] += 1
        jobs.append(([user], text))
    sender = load.Sender(server.smtp, jobs)
    os.sync()
    with meter.Meter(server.roots()) as cost:
        sender.run(SESSIONS)
        load.wait_visible(server.pop3, wanted)
        cost.lap()
        time.sleep(bench.QUIET)
    return bench.Figure(len(messages) / cost.seconds,
                        cost.cpu * 1e3 / len(messages), cost.noise)


def judged(server, user, *words):
    """Nobody is measured whose filters slept: the last letter's head has
    these words."""
    pop, said = load.Pop(server.pop3, user), b""
    pop.sock.sendall(b"TOP %d 0\r\n" % pop.count())
    while not said.endswith(load.END):
        said += pop.sock.recv(65536)
    pop.close()
    for word in words:
        if word not in said.lower():
            raise ValueError("%s did not write %r: %r" % (
                server.name, word, said))


def chain(bin_folder, folder, with_peer, rounds, bench):
    given = os.path.join(folder, "chain")
    os.makedirs(given)
    os.chmod(given, 0o755)
    signatures(given + "/signatures")
    lessons(given)
    hub = Hub(bin_folder, given, given)
    why = missing()
    peer = None
    if with_peer and why:
        print("\nThe chain of filters: the peer is skipped, " + why)
    elif with_peer:
        peer = Peer(given, hub.tls, given, hub.keys.port)
    messages = mail(mailbag.Signer(given), hub.keys.table)
    running = [server for server in (peer, hub) if server]
    ours, theirs = [], []
    try:
        for server in running:
            server.start()
        if peer:
            peer.learn()
        for server in running:
            receive(server, server.users(LAYOUT), messages[:WARM], bench)
        for _ in range(rounds):
            if peer:
                theirs.append(receive(peer, peer.users(LAYOUT), messages,
                                      bench))
            ours.append(receive(hub, hub.users(), messages, bench))
        judged(hub, hub.users()[0], b"dkim=pass", b"x-postroom-spam")
        if peer:
            judged(peer, peer.users(LAYOUT)[0], b"x-spamd-bar",
                   b"dkim=pass")
    finally:
        for server in running:
            server.stop()
    bench.head("All filters, until visible by POP3", "messages/s")
    bench.show("%d KiB, %d sessions" % (MEAN >> 10, SESSIONS), MESSAGES, ours,
               theirs, bench.Aim(4, 1 / 5),
               " [rspamd, clamd, %s]" % LAYOUT)
