"""A Postfix with private files and ports, for who measures or asks it."""

import os
import shutil

POSTFIX = "/usr/sbin/postfix"

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = {name}
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
biff = no
"""

MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup   unix n - n 60 1 pickup
cleanup  unix n - n - 0 cleanup
qmgr     unix n - n 300 1 qmgr
tlsmgr   unix - - n 1000? 1 tlsmgr
rewrite  unix - - n - - trivial-rewrite
bounce   unix - - n - 0 bounce
defer    unix - - n - 0 bounce
trace    unix - - n - 0 bounce
verify   unix - - n - 1 verify
flush    unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp     unix - - n - - smtp
relay    unix - - n - - smtp
showq    unix n - n - - showq
error    unix - - n - - error
retry    unix - - n - - error
anvil    unix - - n - 1 anvil
scache   unix - - n - 1 scache
postlog  unix-dgram n - n - 1 postlogd
"""


def write_postfix(config, folder, name, port, main="", master=""):
    """Write its files: settings below `config`, its queue below `folder`;
    `main` and `master` are lines more.  Its daemons are not root."""
    words = {"folder": folder, "name": name, "port": port}
    os.makedirs(config, exist_ok=True)
    for file_name, text in (("main.cf", MAIN_CF.format(**words) + main),
                            ("master.cf", MASTER_CF.format(**words) +
                             master)):
        with open(os.path.join(config, file_name), "w",
                  encoding="ascii") as file:
            file.write(text)
    for folder_name, owner in (("data", "postfix"), ("queue", "root")):
        path = os.path.join(folder, folder_name)
        os.makedirs(path)
        shutil.chown(path, owner)
    if os.path.exists("/etc/postfix/postfix-files"):
        shutil.copy("/etc/postfix/postfix-files", config)
