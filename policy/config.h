/*
 * config.h - postroom.conf: the machine's side of the configuration
 *
 * One table (config_table.c) gives every option its name, unit, bounds, default and
 * help sentence; `postroom config show`, the manual and this structure come
 * from it.  People, domains and rights are in policy.db, not here.
 */
#ifndef POSTROOM_POLICY_CONFIG_H
#define POSTROOM_POLICY_CONFIG_H

#include <limits.h>

#include "lib/base/slice.h"
#include "lib/base/text.h"

enum service {
	SERVICE_SMTP,
	SERVICE_LMTP,
	SERVICE_POP3,
	SERVICE_IMAP,
	SERVICE_HTTPS,
	SERVICE_SUBMISSION,
	/* reserved in the configuration, not opened yet */
	SERVICE_ATRN,
	SERVICE_SIEVE,
	SERVICE_COUNT
};

enum listener_tls {
	LISTENER_CLEAR,		/* no TLS at all */
	LISTENER_STARTTLS,	/* begins in clear, offers STARTTLS or STLS */
	LISTENER_IMPLICIT	/* TLS from the first byte (RFC 8314) */
};

struct listener {
	enum service		service;
	char			address[64];	/* numeric */
	uint16_t		port;
	enum listener_tls	tls;
};

#define CONFIG_LISTENERS	64

struct config {
	char		hostname[256];	/* what the hub calls itself */
	char		data_dir[PATH_MAX];	/* /var/lib/postroom */
	char		run_dir[PATH_MAX];	/* control socket, lock */
	char		tls_certificate[PATH_MAX];
	char		tls_key[PATH_MAX];
	char		tls_ca_file[PATH_MAX];	/* "": the system's */
	char		seal_key[PATH_MAX];
	char		language[8];	/* of the office: en, id */
	char		time_zone[64];	/* "": the system's */
	bool		separate_users;	/* roles run as postroom-ROLE */
	uint32_t	user_base;	/* tests: uid user_base + role; 0: no */
	bool		clear_logins;	/* from loopback, without TLS */
	unsigned	doors;		/* processes */
	unsigned	judges;
	unsigned	connections;	/* in all */
	unsigned	connections_per_address;
	unsigned	messages_per_address;	/* by SMTP, within an hour */
	unsigned	block_seconds;	/* the first time; 0: never */
	unsigned	send_messages_per_hour;	/* by people, of an account */
	unsigned	send_messages_per_day;
	unsigned	send_recipients_per_hour;
	unsigned	send_recipients_per_day;
	bool		greylist;
	unsigned	greylist_seconds;
	char		trusted_hosts[1024];	/* nets that are not counted */
	unsigned	warm_mailboxes;	/* most kept without a session */
	unsigned	warm_seconds;	/* how long after the last use */
	uint64_t	message_bytes;	/* largest message taken */
	uint64_t	transit_bytes;	/* granted to senders at one time */
	uint64_t	half_bytes;	/* kept of messages that were cut */
	uint32_t	journal_segment_bytes;
	unsigned	journal_segments;
	uint32_t	letters_segment_bytes;
	uint64_t	ballast_bytes;	/* kept for the day the disk is full */
	uint64_t	free_bytes;	/* admission stop below this much free */
	unsigned	hops;		/* Received fields allowed */
	unsigned	settle_seconds;	/* how often deliveries are settled */
	unsigned	trail_days;	/* kept */
	unsigned	quarantine_days;
	unsigned	digest_hour;	/* 24: nobody is told */
	unsigned	archive_days;	/* the same, of originals */
	unsigned	fetch_minutes;	/* between two looks at a mailbox */
	unsigned	fetch_connections;	/* to providers, in all */
	unsigned	fetch_per_host;	/* of them, to one host */
	uint64_t	fetch_daily_bytes;	/* of one remote mailbox */
	bool		fetch_watch;	/* wait for new mail there */
	bool		fetch_share;	/* a second copy is taken from here */
	bool		people_fetch;	/* people add remote mailboxes */
	char		people_fetch_hosts[1024];	/* nets in spite of all:
						   people_hosts.h */
	unsigned	read_wait_seconds;	/* of a login, for mail */
	unsigned	fetch_tell_seconds;	/* of failures: tell the owner */
	char		line_windows[1024];	/* line_calendar.h; "": always */
	uint64_t	line_bytes_per_second;	/* of all collections together */
	uint64_t	line_month_bytes;	/* the budget of a month */
	unsigned	line_month_day;	/* on which that month begins */
	unsigned	line_warn_percent;	/* of the budget: it is told */
	unsigned	line_reserve_percent;	/* of it: only on demand */
	char		line_spent[12];	/* on-demand, nothing */
	char		trusted_networks[1024];	/* who sends without a login */
	bool		trusted_any_sender;	/* not of our domains alone */
	uint64_t	line_send_bytes;	/* larger mail leaves by night */
	unsigned	line_send_messages;	/* leave a closed line; 0: none */
	unsigned	line_send_seconds;	/* the same, of the oldest */
	char		upstream_hosts[1024];	/* nets of our provider's servers */
	char		smarthost[272];	/* name:port; "": none */
	char		smarthost_tls[12];	/* none, starttls, implicit */
	char		smarthost_user[256];	/* "": no login */
	char		smarthost_password_file[PATH_MAX];	/* "": none */
	bool		outbound_direct;	/* else to hosts as DNS has them */
	unsigned	outbound_first_seconds;	/* to the second try */
	unsigned	outbound_retry_seconds;	/* from then on */
	unsigned	outbound_slow_seconds;	/* of what is as old as: */
	unsigned	outbound_slow_after_seconds;
	unsigned	outbound_days;	/* then it is given up, */
	unsigned	outbound_tries;	/* after so many at the least */
	unsigned	outbound_delay_seconds;	/* then its sender hears */
	char		outbound_domains[4096];	/* retry_times.h */
	unsigned	outbound_per_host;	/* conversations with one */
	unsigned	outbound_connections;	/* in all */
	bool		outbound_sts;	/* domains' policies are held to */
	unsigned	outbound_sts_port;	/* tests: of their servers */
	unsigned	outbound_port;	/* tests: of hosts found in DNS */
	char		tls_report_from[256];	/* "": nobody is told */
	unsigned	tls_report_seconds;	/* what one is of */
	char		dns_forward[512];	/* "": the system's resolvers */
	char		dns_anchor_file[PATH_MAX];	/* "": no DNSSEC */
	char		hosts_file[PATH_MAX];	/* "": none */
	char		rules_dir[PATH_MAX];	/* "": no rules */
	bool		identity;	/* DNS is asked who sent a message */
	char		dmarc_action[12];	/* mark, hold, enforce */
	char		arc_trusted[1024];	/* domains; "": none */
	char		dns_lists[2048];	/* dns_lists.h; "": none */
	char		scan_signatures[PATH_MAX];	/* "": no scanning */
	char		scan_clamd[128];	/* clamd.h; "": the library */
	unsigned	scan_signature_days;	/* from then on they are old */
	unsigned	scan_workers;
	unsigned	scan_seconds;	/* for one message, then it is killed */
	char		scan_virus[12];		/* verdict words (verdict.h) */
	char		scan_encrypted[12];
	char		scan_broken[12];
	char		scan_limit[12];
	char		scan_timeout[12];
	char		scan_unscannable[12];
	char		scan_failed[12];
	char		scan_macros[12];
	char		spam_action[12];	/* off, mark, junk, hold */
	char		rspamd[128];	/* as scan_clamd; "": none */
	unsigned	rspamd_seconds;	/* for one message */
	char		rspamd_action[12];	/* mark, junk, hold */
	char		rspamd_failed[12];	/* mark, hold, defer */
	struct listener	listeners[CONFIG_LISTENERS];
	size_t		listener_count;
};

/*
 * Read the configuration `text`, called `name` in faults.
 * 0, or -EINVAL with one "file:line: option: what is wrong" line a fault.
 */
int	config_parse(struct slice text, const char *name,
	    struct config *config_out, struct text *faults);
/* Read the file first; -errno with the words when that fails. */
int	config_load(const char *path, struct config *config_out,
	    struct text *faults);
/* The effective configuration, as a file that would give it. */
void	config_show(const struct config *, struct text *);
/* The option list for postroom.conf(5), in mdoc. */
void	config_manual(struct text *);

/*
 * When mail is taken that waits for the night: the windows of that name in
 * line_windows, or from one to five where there are none.
 */
struct calendar;
void	config_night(const struct config *, struct calendar *night_out);

/* Mail to other hosts may have to wait for the line. */
#define CONFIG_MONTH_FREE	(UINT64_C(1) << 50)	/* line_month_bytes: all */
#define CONFIG_SEND_FREE	(UINT64_C(2) << 30)	/* line_send_bytes: all */
bool	config_line_governs(const struct config *);
/*
 * Of line_bytes_per_second, what sending keeps to: a quarter, but 2 KiB at the
 * least, or CONFIG_RATE_FREE where there is no limit.
 */
#define CONFIG_RATE_FREE	(UINT64_C(1) << 30)
uint64_t config_send_rate(const struct config *);

/* There is a way for mail to other hosts. */
bool	config_leaves(const struct config *);
/* How the smarthost is spoken with. */
enum listener_tls config_smarthost_tls(const struct config *);

/* Messages are looked at for viruses. */
bool	config_scans(const struct config *);
/* The scan role runs: for that, or to ask an rspamd. */
bool	config_has_scanner(const struct config *);

/* As it stands behind `listen`. */
const char *service_name(enum service);

#endif
