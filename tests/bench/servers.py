"""The servers: the hub, and Postfix in front of Dovecot, each with private
files and ports on loopback.

Dovecot takes the layout of an account from the domain of its address, so that
one Dovecot shows all its layouts; its processes are reused from one session to
the next, which is its faster mode.
"""

import os
import shutil
import socket
import subprocess
import sys
import time

import keys
from load import connect

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
sys.path += [TESTS, os.path.join(TESTS, "peers")]

# pylint: disable=wrong-import-position
from ports import free_ports                # noqa: E402
from postfix import POSTFIX, write_postfix  # noqa: E402

USERS = 20
GUARD = 60.0            # seconds to begin or to end
PASSWORD = "secret"
LAYOUTS = ("maildir", "sdbox", "mdbox")
MAIL_ID = 5000          # any user that is nobody else's

DOVECOT = "/usr/sbin/dovecot"


def free_base(offsets):
    """A number such that nobody listens at it plus any of the offsets."""
    for base in range(12000 + os.getpid() * 7 % 9000, 50000, 13):
        try:
            for offset in offsets:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
    raise OSError("no free ports")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Server:
    """Processes that begin and end together.  A subclass says commands(),
    and sets name, folder, smtp, lmtp and pop3 (ports)."""

    processes = ()

    def start(self):
        """Seconds until SMTP and POP3 have both greeted a client."""
        began = time.monotonic()
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.processes = [subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True) for words in self.commands()]
        for port in (self.smtp, self.pop3):
            self.greeted(port, began + GUARD)
        return time.monotonic() - began

    def greeted(self, port, until):
        while True:
            try:
                with connect(port) as sock:
                    if sock.recv(512):
                        return
            except OSError:
                pass
            if time.monotonic() > until:
                raise TimeoutError(self.name + " does not begin: see "
                                   + self.folder)
            time.sleep(0.002)

    def roots(self):
        return [process.pid for process in self.processes]

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(GUARD)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = ()


class Hub(Server):
    name = "Postroom"
    names = keys.Keys
    PORTS = (24, 25, 80, 110, 143, 366, 443, 465, 587, 993, 995, 4190)

    def __init__(self, bin_folder, folder):
        self.bin = bin_folder
        self.folder = os.path.join(folder, "hub")
        self.tls = os.path.join(self.folder, "etc", "tls")
        self.conf = os.path.join(self.folder, "etc", "postroom.conf")
        base = free_base(self.PORTS)
        self.lmtp, self.smtp, self.pop3 = base + 24, base + 25, base + 110
        self.imap, self.imaps = base + 143, base + 993
        self.run("setup", "--dir", self.folder, "--domain", "office.test",
                 "--port-base", str(base), "--yes")
        self.keys = self.names()
        # every client here has one address; the peer is told the same
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        for name, usual, here in (
                ("connections_per_address", "20", "1000"),
                ("fetch_per_host", "10", "50"),
                # nothing is collected before it is asked for
                ("line_windows", '""', '"never"'),
                ("dns_forward", '""', '"127.0.0.1@%d"' % self.keys.port)):
            line = "\n%s = %s\n"
            text = text.replace(line % (name, usual), line % (name, here))
        write(self.conf, text)
        self.password = os.path.join(self.folder, "password")
        write(self.password, PASSWORD + "\n")
        for user in [*self.users(), self.big(), self.small()]:
            self.add(user)

    def add(self, user):
        self.run("-c", self.conf, "account", "add", user,
                 "--password-file", self.password)

    def run(self, *words):
        subprocess.run([os.path.join(self.bin, "postroom"), *words],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       timeout=GUARD, check=True)

    def commands(self):
        return [[os.path.join(self.bin, "postroomd"), "-f", "-c", self.conf]]

    def users(self, _layout=None):
        return ["u%d@office.test" % i for i in range(1, USERS + 1)]

    def big(self):
        return "big@office.test"

    def small(self):
        return "small@office.test"

    def imap_user(self, name):
        return name + "@office.test"

    def add_user(self, name):
        self.add(self.imap_user(name))


DOVECOT_CONF = """
protocols = pop3 lmtp imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = yes
ssl_cert = <{tls}/certificate.pem
ssl_key = <{tls}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = {id}
mail_max_userip_connections = 1000
postmaster_address = postmaster@office.test
mail_location = %{{if;%d;eq;synced;mdbox;%d}}:~/%d
default_vsz_limit = 1G
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={id} gid={id} home={folder}/mail/%d/%n \
    mail_fsync=%{{if;%d;eq;synced;always;optimized}}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  client_limit = 1000
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service pop3 {{
  service_count = 256
  process_min_avail = 4
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  client_limit = 1000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 256
  process_min_avail = 4
}}
protocol imap {{
  mail_plugins = zlib imap_zlib
}}
service lmtp {{
  process_min_avail = 4
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  client_limit = 6000
}}
service anvil {{
  client_limit = 4000
}}
namespace inbox {{
  inbox = yes
}}
"""

MAIN_CF = """
virtual_mailbox_domains = %s
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:%d
smtpd_client_connection_count_limit = 0
message_size_limit = 67108864
"""
MASTER_CF = """
discard  unix - - n - - discard
lmtp     unix - - n - - lmtp
"""


class Peer(Server):
    name = "Postfix+Dovecot"

    @staticmethod
    def missing():
        """Words for why it cannot be had here, or None."""
        for path in (POSTFIX, DOVECOT, "/usr/lib/dovecot/lmtp",
                     "/usr/lib/dovecot/pop3", "/usr/lib/dovecot/imap"):
            if not os.path.exists(path):
                return "no " + path
        return None

    def __init__(self, folder, tls):
        """`tls`: a folder with a certificate and its key."""
        self.folder = os.path.join(folder, "peer")
        (self.smtp, self.lmtp, self.pop3, self.imap,
         self.imaps) = free_ports(5)
        write(os.path.join(self.folder, "dovecot.conf"), DOVECOT_CONF.format(
            folder=self.folder, id=MAIL_ID, smtp=self.smtp, lmtp=self.lmtp,
            pop3=self.pop3, imap=self.imap, imaps=self.imaps, tls=tls,
            password=PASSWORD,
            layouts=", ".join(LAYOUTS)))
        write_postfix(os.path.join(self.folder, "postfix"), self.folder,
                      "mail.office.test", self.smtp,
                      MAIN_CF % (", ".join(LAYOUTS), self.lmtp), MASTER_CF)
        os.makedirs(os.path.join(self.folder, "mail"))
        shutil.chown(os.path.join(self.folder, "mail"), MAIL_ID)

    def commands(self):
        return [[DOVECOT, "-F", "-c", self.folder + "/dovecot.conf"],
                [POSTFIX, "-c", self.folder + "/postfix", "start-fg"]]

    def stop(self):
        # what start-fg started does not end with it
        subprocess.run([POSTFIX, "-c", self.folder + "/postfix", "stop"],
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=GUARD, check=False)
        super().stop()

    def users(self, layout):
        return ["u%d@%s" % (i, layout) for i in range(1, USERS + 1)]

    def big(self):
        return "big@mdbox"

    def small(self):
        return "small@mdbox"

    def imap_user(self, name):
        """mdbox too; "synced" waits for the disk each time."""
        return name + ("@synced" if name == "synced" else "@mdbox")

    def add_user(self, name):
        """Everybody is known."""
