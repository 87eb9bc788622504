/*
 * config_table.c - the options of postroom.conf, a table of data
 *
 * Its order is that of the manual and of `postroom config show`.
 */
#include "policy/config_inside.h"

#include <config.h>

#define FIELD(name)	offsetof(struct config, name), \
			sizeof(((struct config *)0)->name)
#define TEXT(name)	FIELD(name), 0, 0
#define KIB		(UINT64_C(1) << 10)
#define MIB		(UINT64_C(1) << 20)
#define GIB		(UINT64_C(1) << 30)

const struct config_option config_options[] = {
{ "hostname",                KIND_HOST,         TEXT(hostname), "",
  "The full name by which the hub introduces itself; empty means the name of this machine." },
{ "data_dir",                KIND_PATH,         TEXT(data_dir), POSTROOM_STATEDIR,
  "The folder of all mail, the queue and the accounts." },
{ "run_dir",                 KIND_PATH,         TEXT(run_dir), POSTROOM_RUNDIR,
  "The folder of the control socket and the lock." },
{ "tls_certificate",         KIND_PATH,         TEXT(tls_certificate), POSTROOM_SYSCONFDIR "/tls/certificate.pem",
  "The certificate chain shown to clients, in PEM." },
{ "tls_key",                 KIND_PATH,         TEXT(tls_key), POSTROOM_SYSCONFDIR "/tls/key.pem",
  "The private key of that certificate, in PEM, readable by its owner only." },
{ "tls_ca_file",             KIND_PATH_OR_NONE, TEXT(tls_ca_file), "",
  "The authorities trusted when the hub calls other servers; empty means those of the system." },
{ "seal_key",                KIND_PATH,         TEXT(seal_key), POSTROOM_SYSCONFDIR "/seal.key",
  "The key that seals stored passwords of remote mailboxes; keep a copy apart from the data." },
{ "language",                KIND_LANGUAGE,     TEXT(language), "en",
  "The language of the office: en for English, id for Indonesian." },
{ "time_zone",               KIND_WORD,         TEXT(time_zone), "",
  "The zone in which times are shown, such as Asia/Jakarta; empty means that of the system." },
{ "separate_users",          KIND_BOOL,         TEXT(separate_users), "yes",
  "Each part of the hub runs under a system user of its own; needs a start as root." },
{ "user_base",               KIND_COUNT,        FIELD(user_base), 0, 4000000000, "0",
  "For tests: each part runs as this user number plus its own; 0: the named users." },
{ "clear_logins",            KIND_BOOL,         TEXT(clear_logins), "no",
  "Passwords are taken without TLS from this machine itself." },
{ "doors",                   KIND_COUNT,        FIELD(doors), 1, 64, "1",
  "Processes that speak with clients." },
{ "judges",                  KIND_COUNT,        FIELD(judges), 1, 64, "2",
  "Processes that examine messages." },
{ "connections",             KIND_COUNT,        FIELD(connections), 1, 100000, "2000",
  "Connections open at one time, in all." },
{ "connections_per_address", KIND_COUNT,        FIELD(connections_per_address), 1, 100000, "20",
  "Connections open at one time from one address (IPv6: one /64) before a login." },
{ "messages_per_address",    KIND_COUNT,        FIELD(messages_per_address), 1, 1000000, "2000",
  "Messages taken by SMTP from one address (IPv6: one /64) within an hour, and from its "
  "network (IPv4: /24, IPv6: /48) four times as many; more are put off." },
{ "block_seconds",           KIND_SECONDS,      FIELD(block_seconds), 0, 86400, "10m",
  "How long an address is kept out of SMTP that guesses recipients or gives commands that are "
  "none, each further time twice as long, up to a day; 0s: never." },
{ "send_messages_per_hour",  KIND_COUNT,        FIELD(send_messages_per_hour), 1, 1000000, "200",
  "Messages that one account may send within an hour, where people log in to send; more are put "
  "off, and its owner and the postmaster are told." },
{ "send_messages_per_day",   KIND_COUNT,        FIELD(send_messages_per_day), 1, 1000000, "1000",
  "The same within a day." },
{ "send_recipients_per_hour", KIND_COUNT,       FIELD(send_recipients_per_hour), 200, 1000000, "500",
  "Recipients of all of them within an hour; one message may have 200." },
{ "send_recipients_per_day", KIND_COUNT,        FIELD(send_recipients_per_day), 200, 1000000, "2000",
  "The same within a day." },
{ "greylist",                KIND_BOOL,         TEXT(greylist), "no",
  "By SMTP, what a network brings for the first time from a sender to a recipient is put off "
  "until it comes again (greylisting)." },
{ "greylist_seconds",        KIND_SECONDS,      FIELD(greylist_seconds), 0, 86400, "5m",
  "How long it is put off for." },
{ "trusted_hosts",           KIND_NETS,         TEXT(trusted_hosts),
  "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fe80::/10",
  "Networks whose connections, messages and mistakes are not counted." },
{ "warm_mailboxes",          KIND_COUNT,        FIELD(warm_mailboxes), 1, 10000, "64",
  "Mailboxes kept ready though nobody uses them." },
{ "warm_seconds",            KIND_SECONDS,      FIELD(warm_seconds), 1, 86400, "60s",
  "How long a mailbox is kept ready after its last use, and for a session that idles." },
{ "message_bytes",           KIND_BYTES,        FIELD(message_bytes), 64 * KIB, 2 * GIB, "64MiB",
  "The largest message taken." },
{ "transit_bytes",           KIND_BYTES,        FIELD(transit_bytes), MIB, 1024 * GIB, "1GiB",
  "What all senders together may be sending at one time; others are asked to come again." },
{ "half_bytes",              KIND_BYTES,        FIELD(half_bytes), 0, 1024 * GIB, "1GiB",
  "What is kept of large messages of IMAP mailboxes that were cut half-way, "
  "so that only the rest is fetched; the oldest go first." },
{ "journal_segment_bytes",   KIND_BYTES,        FIELD(journal_segment_bytes), 256 * KIB, GIB, "64MiB",
  "The size of one file of the journal." },
{ "journal_segments",        KIND_COUNT,        FIELD(journal_segments), 2, 256, "16",
  "Files the journal may have; when all are in use senders are asked to come again." },
{ "letters_segment_bytes",   KIND_BYTES,        FIELD(letters_segment_bytes), 256 * KIB, GIB, "64MiB",
  "The size of one file of letters in an account." },
{ "ballast_bytes",           KIND_BYTES,        FIELD(ballast_bytes), 4 * KIB, 64 * GIB, "64MiB",
  "Space kept in reserve, so that reading and deleting work on a full disk." },
{ "free_bytes",              KIND_BYTES,        FIELD(free_bytes), 4 * KIB, 1024 * GIB, "256MiB",
  "Below this much free space no new mail is taken." },
{ "hops",                    KIND_COUNT,        FIELD(hops), 5, 1000, "50",
  "Received fields a message may have; one with more is in a loop and refused." },
{ "settle_seconds",          KIND_SECONDS,      FIELD(settle_seconds), 1, 3600, "5s",
  "How often the deliveries of an account are made final." },
{ "trail_days",              KIND_DAYS,         FIELD(trail_days), 1, 3660, "90d",
  "How long the history of messages is kept." },
{ "archive_days",            KIND_DAYS,         FIELD(archive_days), 1, 3660, "90d",
  "How long the archive keeps what was collected for a domain as it was sent; "
  "as long as the history that names it." },
{ "quarantine_days",         KIND_DAYS,         FIELD(quarantine_days), 1, 3660, "30d",
  "How long held mail waits for whom it is for before it is deleted. "
  "Nothing goes that they were not told of a week before, and nothing that is "
  "the postmaster's to look at." },
{ "digest_hour",             KIND_COUNT,        FIELD(digest_hour), 0, 24, "7",
  "At which hour people are told by mail what is held for them, if anything is; 24 means never, "
  "and then nothing held is deleted either." },
{ "rules_dir",               KIND_PATH_OR_NONE, TEXT(rules_dir), POSTROOM_SYSCONFDIR "/rules",
  "The folder of the postmaster's rules, NAME.rule each; empty means none." },
{ "identity",                KIND_BOOL,         TEXT(identity), "no",
  "Who sent a message is looked up in DNS (SPF, DKIM, DMARC, its host), "
  "for rules and a header line." },
{ "dmarc_action",            KIND_IF_FORGED,    TEXT(dmarc_action), "hold",
  "With identity: what becomes of mail that the domain in its From asks others to reject or "
  "quarantine (DMARC): a header line, waiting for the postmaster, or what the domain asks." },
{ "arc_trusted",             KIND_DOMAINS,      TEXT(arc_trusted), "",
  "Domains of lists and forwarders that are believed when they have sealed (ARC) that a message "
  "was its author's when they got it: then dmarc_action does nothing to it." },
{ "dns_lists",               KIND_DNS_LISTS,    TEXT(dns_lists), "",
  "Lists in DNS that are asked about who sent a message, or about the domains in its links and in "
  "From (domains), a semicolon between: a name for rules, the zone, answers that count (or bits "
  "14: of these in the last byte; none: any), and what is done by itself (mark, hold, refuse), "
  "such as zen zen.spamhaus.org 127.0.0.2-127.0.0.11 refuse; dbl dbl.spamhaus.org domains; "
  "with allow it excuses from what the others do. "
  "People, trusted_hosts and private nets are not asked about." },
{ "scan_signatures",         KIND_PATH_OR_NONE, TEXT(scan_signatures), "",
  "The folder of virus signatures, such as /var/lib/clamav; empty means that nothing is scanned." },
{ "scan_clamd",              KIND_CLAMD,        TEXT(scan_clamd), "",
  "The socket of a clamd that looks for viruses instead, with its own signatures: "
  "/run/clamav/clamd.ctl or 127.0.0.1:3310. Its configuration needs AlertEncrypted yes "
  "and AlertExceedsMax yes, without which it is not used. It tells rules nothing of names "
  "in archives nor of macros." },
{ "scan_signature_days",     KIND_DAYS,         FIELD(scan_signature_days), 1, 3660, "7d",
  "When its newest file is so old, the log says so every day and postroom status always." },
{ "scan_workers",            KIND_COUNT,        FIELD(scan_workers), 1, 64, "2",
  "Messages scanned for viruses at one time. While some of them take longer than a second and "
  "others wait, there are as many more, never more than twice the number." },
{ "scan_seconds",            KIND_SECONDS,      FIELD(scan_seconds), 5, 3600, "60s",
  "How long the virus scanner may take over one message." },
{ "scan_virus",              KIND_IF_VIRUS,     TEXT(scan_virus), "quarantine",
  "What becomes of a message with a virus in it." },
{ "scan_encrypted",          KIND_IF_SUSPECT,   TEXT(scan_encrypted), "hold",
  "The same, of one with a file in it that a password protects." },
{ "scan_broken",             KIND_IF_SUSPECT,   TEXT(scan_broken), "hold",
  "The same, of one with an archive or a program in it of which a piece is missing." },
{ "scan_limit",              KIND_IF_SUSPECT,   TEXT(scan_limit), "hold",
  "The same, of one with more files, bytes or archives in archives than are looked at." },
{ "scan_timeout",            KIND_IF_SUSPECT,   TEXT(scan_timeout), "hold",
  "The same, of one that takes longer than scan_seconds." },
{ "scan_unscannable",        KIND_IF_SUSPECT,   TEXT(scan_unscannable), "hold",
  "The same, of one that ends the scanner twice, or is packed as it cannot read it." },
{ "scan_failed",             KIND_IF_UNSCANNED, TEXT(scan_failed), "defer",
  "The same, of any message while there are no signatures or no scanner." },
{ "scan_macros",             KIND_IF_MACROS,    TEXT(scan_macros), "accept",
  "The same, of one with a document in it that has macros: programs that run when it is opened." },
{ "spam_action",             KIND_IF_SPAM,      TEXT(spam_action), "mark",
  "What becomes of spam, once postroom spam learn has shown some hundreds of it and of "
  "wanted messages: a header line, the folder Junk, or waiting for the postmaster." },
{ "rspamd",                  KIND_CLAMD,        TEXT(rspamd), "",
  "The socket of an rspamd (its normal worker) that judges beside our own filters: "
  "127.0.0.1:11333 or /run/rspamd/normal.sock. Empty means that none is asked." },
{ "rspamd_seconds",          KIND_SECONDS,      FIELD(rspamd_seconds), 1, 120, "15s",
  "How long it may take over one message." },
{ "rspamd_action",           KIND_IF_RSPAMD,    TEXT(rspamd_action), "mark",
  "What becomes of mail that it would mark or refuse: a header line, the folder Junk, or "
  "waiting for the postmaster." },
{ "rspamd_failed",           KIND_IF_UNSCANNED, TEXT(rspamd_failed), "mark",
  "The same, of mail that it gave no answer about: our own filters have judged it all the same." },
{ "fetch_minutes",           KIND_COUNT,        FIELD(fetch_minutes), 1, 1440, "10",
  "How many minutes pass between two collections from the same remote mailbox." },
{ "fetch_connections",       KIND_COUNT,        FIELD(fetch_connections), 1, 1000, "50",
  "Remote mailboxes that are collected from at one time, in all." },
{ "fetch_per_host",          KIND_COUNT,        FIELD(fetch_per_host), 1, 64, "10",
  "Of them, those on the same host." },
{ "fetch_daily_bytes",       KIND_BYTES,        FIELD(fetch_daily_bytes), KIB, 1024 * 1024 * GIB, "1024TiB",
  "What is taken from one remote mailbox in a day, the rest comes on the next ones; "
  "where less is known of a provider that holds; 1024TiB means all of it." },
{ "fetch_watch",             KIND_BOOL,         TEXT(fetch_watch), "yes",
  "Between two collections a connection may wait for new mail (IMAP IDLE); "
  "at most half of them do." },
{ "fetch_share",             KIND_BOOL,         TEXT(fetch_share), "yes",
  "A second copy of a signed message is taken from here instead of fetched, "
  "if its signature proves that it is the same. "
  "Beside its header some of its body is fetched for that, and must be the same: "
  "a header alone is given no body." },
{ "people_fetch",            KIND_BOOL,         TEXT(people_fetch), "yes",
  "People may have their own remote mailboxes collected from, at /me and with postroom --server; "
  "postroom account set --fetch says otherwise for one of them." },
{ "people_fetch_hosts",      KIND_NETS,         TEXT(people_fetch_hosts), "",
  "Networks of servers that people may name for that though they are the office's own: "
  "this machine, and private and local addresses, are refused to them else; "
  "the postmaster may name any." },
{ "read_wait_seconds",       KIND_SECONDS,      FIELD(read_wait_seconds), 0, 20, "3s",
  "How long a login by POP3 waits for what its owner wants collected on reading; "
  "what has come by then is shown, the rest at the next one; 0 waits for nothing." },
{ "fetch_tell_seconds",      KIND_SECONDS,      FIELD(fetch_tell_seconds), 1, 2592000, "24h",
  "How long collecting from a remote mailbox may fail before its owner is told by mail." },
{ "line_windows",            KIND_WINDOWS,      TEXT(line_windows), "",
  "When the line may be used (empty: always; never: on demand only), such as "
  "mon-fri 07:00-18:00 every 10; daily 01:00-05:00 night." },
{ "line_bytes_per_second",   KIND_BYTES,        FIELD(line_bytes_per_second), KIB, GIB, "1GiB",
  "What all collections together may carry in a second, or three quarters of that where mail "
  "is sent to other hosts, which has the fourth, but not less than 2KiB; 1GiB is more than any "
  "line and holds nothing back." },
{ "line_month_bytes",        KIND_BYTES,        FIELD(line_month_bytes), MIB, 1024 * 1024 * GIB, "1024TiB",
  "What the line may carry in a month; 1024TiB means that nobody counts." },
{ "line_month_day",          KIND_COUNT,        FIELD(line_month_day), 1, 28, "1",
  "The day of the month on which that month begins." },
{ "line_warn_percent",       KIND_COUNT,        FIELD(line_warn_percent), 1, 100, "80",
  "How much of the month's bytes may be carried before the postmaster is warned." },
{ "line_reserve_percent",    KIND_COUNT,        FIELD(line_reserve_percent), 0, 90, "0",
  "How much of them is kept for what somebody asks for." },
{ "line_spent",              KIND_IF_SPENT,     TEXT(line_spent), "on-demand",
  "What is still carried when all of them are: what the postmaster asks for, or nothing." },
{ "line_send_bytes",         KIND_BYTES,        FIELD(line_send_bytes), KIB, 2 * GIB, "2GiB",
  "The largest message that leaves in any window; larger ones wait for a window that is called "
  "night. 2GiB means that none does." },
{ "line_send_messages",      KIND_COUNT,        FIELD(line_send_messages), 0, 1000000, "0",
  "While no window is open, mail for other hosts waits, but what is urgent; when so many "
  "messages do, all of them leave all the same; 0 means never." },
{ "line_send_seconds",       KIND_SECONDS,      FIELD(line_send_seconds), 0, 2592000, "0s",
  "The same when one of them has waited so long; 0s means never." },
{ "upstream_hosts",          KIND_NETS,         TEXT(upstream_hosts), "",
  "Networks of our provider's servers: what would be refused from there is held." },
{ "trusted_networks",        KIND_NETS,         TEXT(trusted_networks), "",
  "Networks whose programs send to any domain without a login, with a sender of one "
  "of our domains, each address as much an hour as send_messages_per_hour." },
{ "trusted_any_sender",      KIND_BOOL,         TEXT(trusted_any_sender), "no",
  "The sender may be of any domain." },
{ "smarthost",               KIND_SMARTHOST,    TEXT(smarthost), "",
  "The host that takes all mail for other hosts, such as mail.example.org:587; "
  "empty means that there is none." },
{ "smarthost_tls",           KIND_TLS,          TEXT(smarthost_tls), "starttls",
  "How it is spoken with: none sends mail, and the password, in clear; "
  "without TLS the others send nothing." },
{ "smarthost_user",          KIND_WORD,         TEXT(smarthost_user), "",
  "The name that the hub logs in with there; empty means that it does not." },
{ "smarthost_password_file", KIND_PATH_OR_NONE, TEXT(smarthost_password_file), "",
  "The file with that password, readable by its owner only." },
{ "outbound_direct",         KIND_BOOL,         TEXT(outbound_direct), "no",
  "Without a smarthost, mail goes to each domain's own hosts, as DNS has them; "
  "without either people cannot send to other domains, and what aliases, lists and "
  "forwards lead there is held until there is one." },
{ "outbound_first_seconds",  KIND_SECONDS,      FIELD(outbound_first_seconds), 1, 86400, "5m",
  "When mail that another host has not taken is tried again the first time." },
{ "outbound_retry_seconds",  KIND_SECONDS,      FIELD(outbound_retry_seconds), 1, 86400, "15m",
  "How long after each further try." },
{ "outbound_slow_seconds",   KIND_SECONDS,      FIELD(outbound_slow_seconds), 1, 86400, "1h",
  "The same of mail that is older than outbound_slow_after_seconds." },
{ "outbound_slow_after_seconds", KIND_SECONDS,  FIELD(outbound_slow_after_seconds), 1, 2592000, "12h",
  "From what age on mail is tried less often." },
{ "outbound_days",           KIND_DAYS,         FIELD(outbound_days), 1, 60, "5d",
  "How long mail is tried; then it is given up, and its sender is told." },
{ "outbound_tries",          KIND_COUNT,        FIELD(outbound_tries), 1, 1000, "3",
  "How often it must have been tried by then, while the line was open; until "
  "then it is not given up." },
{ "outbound_delay_seconds",  KIND_SECONDS,      FIELD(outbound_delay_seconds), 0, 2592000, "4h",
  "How long mail has waited when its sender is told that it is late; 0s means never." },
{ "outbound_domains",        KIND_RETRIES,      TEXT(outbound_domains), "",
  "Domains for which these times differ, such as far.test first 1m retry 5m; .bank.test delay 1h "
  "days 2d; the words are first, retry, slow, slow-after, delay, days and tries, and .bank.test is "
  "every domain below bank.test." },
{ "outbound_per_host",       KIND_COUNT,        FIELD(outbound_per_host), 1, 50, "5",
  "Messages on their way to one destination at a time." },
{ "outbound_connections",    KIND_COUNT,        FIELD(outbound_connections), 1, 200, "20",
  "The same of all destinations together." },
{ "outbound_sts",            KIND_BOOL,         TEXT(outbound_sts), "yes",
  "What a domain wants of who brings its mail (MTA-STS) is fetched by HTTPS, kept, and held to." },
{ "outbound_sts_port",       KIND_COUNT,        FIELD(outbound_sts_port), 1, 65535, "443",
  "For tests: the port it is fetched from." },
{ "outbound_port",           KIND_COUNT,        FIELD(outbound_port), 1, 65535, "25",
  "For tests: the port of hosts that DNS names; unless it is 25, they may be on this machine." },
{ "tls_report_from",         KIND_ADDRESS,      TEXT(tls_report_from), "",
  "From this address domains that ask for it (TLS-RPT) are told once a day how TLS with their "
  "hosts went; empty: they are not. Its domain is one of ours and needs a key that signs." },
{ "tls_report_seconds",      KIND_SECONDS,      FIELD(tls_report_seconds), 1, 86400, "1d",
  "For tests: what one report is of." },
{ "dns_forward",             KIND_RESOLVERS,    TEXT(dns_forward), "",
  "The resolvers asked, such as 192.0.2.1 192.0.2.2@53; empty means those of the system." },
{ "dns_anchor_file",         KIND_PATH_OR_NONE, TEXT(dns_anchor_file), "/usr/share/dns/root.key",
  "The keys by which the answers are proved that say whom mail is sent to (DNSSEC, DANE); empty "
  "means that none is." },
{ "hosts_file",              KIND_PATH_OR_NONE, TEXT(hosts_file), "/etc/hosts",
  "Names of hosts that are known without asking; empty means none." },
};

#define OPTIONS	(sizeof(config_options) / sizeof(config_options[0]))
_Static_assert(OPTIONS <= CONFIG_OPTIONS_MOST, "more rows than are kept");

const size_t config_option_count = OPTIONS;

const struct config_service config_services[SERVICE_COUNT] = {
	[SERVICE_SMTP]		= { "smtp",	  25 },
	[SERVICE_LMTP]		= { "lmtp",	  24 },
	[SERVICE_POP3]		= { "pop3",	  110 },
	[SERVICE_SUBMISSION]	= { "submission", 587 },
	[SERVICE_IMAP]		= { "imap",	  143 },
	[SERVICE_HTTPS]		= { "https",	  443 },
	[SERVICE_ATRN]		= { "atrn",	  366 },
	[SERVICE_SIEVE]		= { "sieve",	  4190 },
};

const char *const config_tls_words[CONFIG_TLS_WORDS] = {
	[LISTENER_CLEAR]	= "none",
	[LISTENER_STARTTLS]	= "starttls",
	[LISTENER_IMPLICIT]	= "implicit",
};
