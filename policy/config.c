/*
 * config.c - postroom.conf: one table of options, read by libconfuse
 *
 * libconfuse knows the syntax; every value reaches us as a string and is read
 * by the option's row.  Nothing of the environment gets in: libconfuse would
 * expand ${NAME}, so that is refused before it sees the text.  Faults are
 * gathered, not only the first: a bad value is told and reading goes on; a line
 * with an unknown option is told, blanked, and the text is read again.  Only a
 * broken syntax ends the reading.
 *
 * More than 800 lines, because the table, what reads its kinds and what shows
 * them are one thing: an option is added in one place.
 */
#include "policy/config.h"

#include <sys/stat.h>

#include <confuse.h>
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "filters/rule_value.h"
#include "policy/line_calendar.h"
#include "policy/unit.h"

#define TEXT_MAX_BYTES	(256 * 1024)	/* of a configuration file */
#define FAULTS_MAX	50	/* more would hide the first ones */

enum kind {
	KIND_COUNT,		/* kinds up to KIND_DAYS are enum unit */
	KIND_BYTES,
	KIND_SECONDS,
	KIND_DAYS,
	KIND_BOOL,
	KIND_HOST,		/* a host name, or "": the machine's */
	KIND_PATH,		/* absolute */
	KIND_PATH_OR_NONE,
	KIND_LANGUAGE,
	KIND_WORD,		/* no blanks */
	KIND_RESOLVERS,		/* numeric addresses, each with @port or not */
	KIND_NETS,		/* 192.0.2.0/24, a blank between */
	KIND_WINDOWS,		/* line_calendar.h */
	KIND_IF_SPENT,
	KIND_IF_VIRUS,		/* what is done about a result of scanning */
	KIND_IF_SUSPECT,
	KIND_IF_UNSCANNED
};

struct option {
	const char	*name;
	enum kind	 kind;
	size_t		 at;	/* in struct config */
	size_t		 size;	/* of the field */
	uint64_t	 min, max;	/* of an amount, both allowed */
	const char	*by_default;
	const char	*help;
};

#define FIELD(name)	offsetof(struct config, name), \
			sizeof(((struct config *)0)->name)
#define TEXT(name)	FIELD(name), 0, 0
#define KIB		(UINT64_C(1) << 10)
#define MIB		(UINT64_C(1) << 20)
#define GIB		(UINT64_C(1) << 30)

static const struct option options[] = {
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
{ "warm_mailboxes",          KIND_COUNT,        FIELD(warm_mailboxes), 1, 10000, "64",
  "Mailboxes kept ready though nobody uses them." },
{ "warm_seconds",            KIND_SECONDS,      FIELD(warm_seconds), 1, 86400, "60s",
  "How long a mailbox is kept ready after its last use." },
{ "message_bytes",           KIND_BYTES,        FIELD(message_bytes), 64 * KIB, 2 * GIB, "64MiB",
  "The largest message taken." },
{ "transit_bytes",           KIND_BYTES,        FIELD(transit_bytes), MIB, 1024 * GIB, "1GiB",
  "What all senders together may be sending at one time; others are asked to come again." },
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
{ "rules_dir",               KIND_PATH_OR_NONE, TEXT(rules_dir), POSTROOM_SYSCONFDIR "/rules",
  "The folder of the postmaster's rules, NAME.rule each; empty means none." },
{ "scan_signatures",         KIND_PATH_OR_NONE, TEXT(scan_signatures), "",
  "The folder of virus signatures, such as /var/lib/clamav; empty means that nothing is scanned." },
{ "scan_workers",            KIND_COUNT,        FIELD(scan_workers), 1, 64, "2",
  "Messages scanned for viruses at one time." },
{ "scan_seconds",            KIND_SECONDS,      FIELD(scan_seconds), 5, 3600, "60s",
  "How long the virus scanner may take over one message." },
{ "scan_virus",              KIND_IF_VIRUS,     TEXT(scan_virus), "quarantine",
  "What becomes of a message with a virus in it." },
{ "scan_suspect",            KIND_IF_SUSPECT,   TEXT(scan_suspect), "hold",
  "The same, of one that could be looked into in part only: encrypted, broken, above a limit." },
{ "scan_failed",             KIND_IF_UNSCANNED, TEXT(scan_failed), "defer",
  "The same, of one that could not be scanned: no signatures, no scanner, a failure." },
{ "fetch_minutes",           KIND_COUNT,        FIELD(fetch_minutes), 1, 1440, "10",
  "How many minutes pass between two collections from the same remote mailbox." },
{ "fetch_connections",       KIND_COUNT,        FIELD(fetch_connections), 1, 1000, "50",
  "Remote mailboxes that are collected from at one time, in all." },
{ "fetch_per_host",          KIND_COUNT,        FIELD(fetch_per_host), 1, 64, "10",
  "Of them, those on the same host." },
{ "fetch_watch",             KIND_BOOL,         TEXT(fetch_watch), "yes",
  "Between two collections a connection may wait for new mail (IMAP IDLE); "
  "at most half of them do." },
{ "people_fetch",            KIND_BOOL,         TEXT(people_fetch), "yes",
  "People may have their own remote mailboxes collected from, at /me and with postroom --server." },
{ "fetch_tell_seconds",      KIND_SECONDS,      FIELD(fetch_tell_seconds), 1, 2592000, "24h",
  "How long collecting from a remote mailbox may fail before its owner is told by mail." },
{ "line_windows",            KIND_WINDOWS,      TEXT(line_windows), "",
  "When the line may be used (empty: always; never: on demand only), such as "
  "mon-fri 07:00-18:00 every 10; daily 01:00-05:00 night." },
{ "line_bytes_per_second",   KIND_BYTES,        FIELD(line_bytes_per_second), KIB, GIB, "1GiB",
  "What all collections together may carry in a second; 1GiB is more than any "
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
{ "upstream_hosts",          KIND_NETS,         TEXT(upstream_hosts), "",
  "Networks of our provider's servers: what would be refused from there is held." },
{ "dns_forward",             KIND_RESOLVERS,    TEXT(dns_forward), "",
  "The resolvers asked, such as 192.0.2.1 192.0.2.2@53; empty means those of the system." },
{ "hosts_file",              KIND_PATH_OR_NONE, TEXT(hosts_file), "/etc/hosts",
  "Names of hosts that are known without asking; empty means none." },
};

#define OPTIONS	(sizeof(options) / sizeof(options[0]))

static const struct {
	const char	*name;
	uint16_t	 port;	/* by default */
} services[SERVICE_COUNT] = {
	[SERVICE_SMTP]		= { "smtp",	  25 },
	[SERVICE_LMTP]		= { "lmtp",	  24 },
	[SERVICE_POP3]		= { "pop3",	  110 },
	[SERVICE_SUBMISSION]	= { "submission", 587 },
	[SERVICE_IMAP]		= { "imap",	  143 },
	[SERVICE_HTTPS]		= { "https",	  443 },
	[SERVICE_ATRN]		= { "atrn",	  366 },
	[SERVICE_SIEVE]		= { "sieve",	  4190 },
};

static const char *const tls_words[] = {
	[LISTENER_CLEAR]	= "none",
	[LISTENER_STARTTLS]	= "starttls",
	[LISTENER_IMPLICIT]	= "implicit",
};

#define TLS_WORDS	(sizeof(tls_words) / sizeof(tls_words[0]))

/* Options inside of a listen section, as places in `given`. */
enum { LISTEN_ADDRESS, LISTEN_PORT, LISTEN_TLS, LISTEN_OPTIONS };

static const char *const listen_names[LISTEN_OPTIONS] = {
	"address", "port", "tls"
};

/* One reading of a text. */
struct reading {
	const char	*name;		/* of the file, for faults */
	struct config	*config;
	struct text	*faults;
	size_t		 fault_count;
	int		 told_line;	/* faults up to here are told already */
	int		 unknown_line;	/* an unknown option stopped us; or 0 */
	bool		 given[OPTIONS];
	struct listener	 listener;	/* of the section being read */
	const char	*title;		/* of that section; libconfuse's */
	bool		 listener_given[LISTEN_OPTIONS];
};

/*
 * libconfuse hands its callbacks nothing of ours, and its scanner has only one
 * state for the whole process: so this stands beside it, set while it runs.
 */
static struct reading *reading;

const char *
service_name(enum service service)
{
	return services[service].name;
}

static void __attribute__((format(printf, 4, 5)))
fault(struct reading *r, int line, const char *option, const char *format, ...)
{
	va_list ap;

	if (line <= r->told_line)
		return;
	if (++r->fault_count > FAULTS_MAX)
		return;
	text_addf(r->faults, "%s:%d: %s: ", r->name, line, option);
	va_start(ap, format);
	text_vaddf(r->faults, format, ap);
	va_end(ap);
	text_add_byte(r->faults, '\n');
}

/* A value as it may stand in a fault: short, and nothing that moves a cursor. */
static void
value_fault(struct reading *r, int line, const char *option, struct slice value,
    const char *what)
{
	TEXT_AUTO shown = TEXT_INIT(512);

	text_add_escaped(&shown, value, 64);
	text_add_byte(&shown, '\0');
	fault(r, line, option, "\"%s\" %s",
	    text_failed(&shown) ? "" : shown.at, what);
}

static void
amount_put(void *field, size_t size, uint64_t n)
{
	uint32_t small = (uint32_t)n;

	if (size == sizeof(n))
		memcpy(field, &n, size);
	else
		memcpy(field, &small, size);
}

static uint64_t
amount_get(const void *field, size_t size)
{
	uint64_t n;
	uint32_t small;

	if (size == sizeof(n)) {
		memcpy(&n, field, size);
		return n;
	}
	memcpy(&small, field, sizeof(small));
	return small;
}

/* A fault in words, or NULL when `value` was put in its place. */
static const char *
amount_read(const struct option *o, struct slice value, void *field)
{
	static const char *const wants[] = {
		[KIND_COUNT]	= "is not a number",
		[KIND_BYTES]	= "is not a size such as 64MiB",
		[KIND_SECONDS]	= "is not a time such as 60s or 5m",
		[KIND_DAYS]	= "is not a number of days such as 90d",
	};
	uint64_t n;
	int r = unit_read(value, (enum unit)o->kind, &n);

	if (r == -EINVAL)
		return wants[o->kind];
	if (r == -ERANGE || n > o->max)
		return "is too much";
	if (n < o->min)
		return n == 0 ? "is too little; there is no \"unlimited\"" :
		    "is too little";
	amount_put(field, o->size, n);
	return NULL;
}

static bool
is_host(struct slice s)
{
	struct slice label;

	if (s.len > 253)
		return false;
	for (bool more = true; more; ) {
		more = slice_cut(&s, '.', &label);
		if (!more)
			label = s;
		if (label.len == 0 || label.len > 63 || label.at[0] == '-' ||
		    label.at[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-",
			    label.at[i] | 0x20) == NULL || label.at[i] == '\0')
				return false;
	}
	return true;
}

/* One of these words; what is not needed is NULL. */
static bool
is_one_of(struct slice value, const char *a, const char *b, const char *c,
    const char *d)
{
	const char *const words[] = { a, b, c, d };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i] != NULL && slice_is_str(value, words[i]))
			return true;
	return false;
}

/* ADDRESS or ADDRESS@PORT, of a resolver. */
static bool
is_resolver(struct slice word)
{
	unsigned char bytes[16];
	struct slice address = word, port = word;
	char name[INET6_ADDRSTRLEN];
	uint64_t n;

	if (slice_cut(&port, '@', &address) &&
	    (slice_u64(port, UINT16_MAX, &n) < 0 || n == 0))
		return false;
	return slice_cstr(address, name, sizeof(name)) == 0 &&
	    (inet_pton(AF_INET, name, bytes) == 1 ||
	    inet_pton(AF_INET6, name, bytes) == 1);
}

static bool
are_resolvers(struct slice value)
{
	struct slice word;

	while (slice_word(&value, &word))
		if (!is_resolver(word))
			return false;
	return true;
}

static bool
are_nets(struct slice value)
{
	struct rule_net net;
	struct slice word;

	while (slice_word(&value, &word))
		if (rule_net_read(word, &net) != NULL)
			return false;
	return true;
}

static const char *
text_fault(enum kind kind, struct slice value)
{
	struct calendar calendar;
	struct slice where;

	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return "holds a control character";
	switch (kind) {
	case KIND_HOST:
		return value.len == 0 || is_host(value) ? NULL :
		    "is not a host name";
	case KIND_PATH_OR_NONE:
		if (value.len == 0)
			return NULL;
		/* FALLTHROUGH */
	case KIND_PATH:
		return slice_has_prefix(value, "/") ? NULL :
		    "must be a full path, beginning with /";
	case KIND_LANGUAGE:
		return slice_is_str(value, "en") || slice_is_str(value, "id") ?
		    NULL : "is not a language spoken here: en or id";
	case KIND_RESOLVERS:
		return are_resolvers(value) ? NULL :
		    "is not a list of numeric addresses such as 192.0.2.1@53";
	case KIND_NETS:
		return are_nets(value) ? NULL :
		    "is not a list of networks such as 192.0.2.0/24";
	case KIND_WINDOWS:
		return calendar_read(value, &calendar, &where);
	case KIND_IF_SPENT:
		return is_one_of(value, "on-demand", "nothing", NULL, NULL) ?
		    NULL : "must be on-demand or nothing";
	case KIND_IF_VIRUS:
		return is_one_of(value, "quarantine", "refuse", NULL, NULL) ?
		    NULL : "must be quarantine or refuse";
	case KIND_IF_SUSPECT:
		return is_one_of(value, "mark", "hold", "quarantine",
		    "refuse") ? NULL :
		    "must be mark, hold, quarantine or refuse";
	case KIND_IF_UNSCANNED:
		return is_one_of(value, "mark", "hold", "defer", NULL) ?
		    NULL : "must be mark, hold or defer";
	default:
		return slice_find(value, ' ') == SIZE_MAX ? NULL :
		    "must not hold a blank";
	}
}

/* A fault in words, or NULL when the option has its value. */
static const char *
option_read(const struct option *o, struct slice value, struct config *config)
{
	void *field = (char *)config + o->at;
	const char *what;
	bool truth;

	if (o->kind <= KIND_DAYS)
		return amount_read(o, value, field);
	if (o->kind == KIND_BOOL) {
		if (unit_read_bool(value, &truth) < 0)
			return "is neither yes nor no";
		memcpy(field, &truth, sizeof(truth));
		return NULL;
	}
	what = text_fault(o->kind, value);
	if (what == NULL && slice_cstr(value, field, o->size) < 0)
		what = "is too long";
	return what;
}

/* Of many windows, the piece that is wrong; else all of it. */
static struct slice
window_at_fault(struct slice value)
{
	struct calendar calendar;
	struct slice where = value;

	(void)calendar_read(value, &calendar, &where);
	return where;
}

/* libconfuse has read a value of an option at the top. */
static int
option_given(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reading *r = reading;
	struct slice value = slice_str(cfg_opt_getnstr(opt, 0));
	size_t i = 0;
	const char *what;

	while (i < OPTIONS && strcmp(options[i].name, opt->name) != 0)
		i++;
	if (i == OPTIONS)
		return 0;
	if (r->given[i])
		fault(r, cfg->line, opt->name, "is given twice");
	r->given[i] = true;
	what = option_read(&options[i], value, r->config);
	if (what != NULL && options[i].kind == KIND_WINDOWS)
		value = window_at_fault(value);
	if (what != NULL)
		value_fault(r, cfg->line, opt->name, value, what);
	return 0;
}

static const char *
listen_address(struct slice value, struct listener *l)
{
	unsigned char bytes[16];

	if (slice_cstr(value, l->address, sizeof(l->address)) < 0 ||
	    (inet_pton(AF_INET, l->address, bytes) != 1 &&
	    inet_pton(AF_INET6, l->address, bytes) != 1))
		return "is not a numeric address";
	return NULL;
}

static const char *
listen_port(struct slice value, struct listener *l)
{
	uint64_t n;

	if (slice_u64(value, UINT16_MAX, &n) < 0 || n == 0)
		return "is not a port: 1 to 65535";
	l->port = (uint16_t)n;
	return NULL;
}

static const char *
listen_tls(struct slice value, struct listener *l)
{
	for (size_t i = 0; i < TLS_WORDS; i++) {
		if (slice_is_str(value, tls_words[i])) {
			l->tls = (enum listener_tls)i;
			return NULL;
		}
	}
	return "is not one of none, starttls, implicit";
}

/* libconfuse has read a value inside of a listen section. */
static int
listen_given(cfg_t *cfg, cfg_opt_t *opt)
{
	static const char *(*const readers[LISTEN_OPTIONS])(struct slice,
	    struct listener *) = { listen_address, listen_port, listen_tls };
	struct reading *r = reading;
	struct slice value = slice_str(cfg_opt_getnstr(opt, 0));
	const char *what;

	r->title = cfg_title(cfg);
	for (size_t i = 0; i < LISTEN_OPTIONS; i++) {
		if (strcmp(opt->name, listen_names[i]) != 0)
			continue;
		if (r->listener_given[i])
			fault(r, cfg->line, opt->name, "is given twice");
		r->listener_given[i] = true;
		what = readers[i](value, &r->listener);
		if (what != NULL)
			value_fault(r, cfg->line, opt->name, value, what);
	}
	return 0;
}

static void
listener_add(struct reading *r, int line)
{
	struct config *c = r->config;

	for (size_t i = 0; i < c->listener_count; i++)
		if (c->listeners[i].port == r->listener.port &&
		    strcmp(c->listeners[i].address, r->listener.address) == 0)
			fault(r, line, "listen", "%s port %u is in use by %s",
			    r->listener.address, r->listener.port,
			    service_name(c->listeners[i].service));
	if (c->listener_count == CONFIG_LISTENERS) {
		fault(r, line, "listen", "more than %d of them",
		    CONFIG_LISTENERS);
		return;
	}
	c->listeners[c->listener_count++] = r->listener;
}

static void
listener_reset(struct reading *r)
{
	r->listener = (struct listener){ .tls = LISTENER_CLEAR };
	r->title = NULL;
	memset(r->listener_given, 0, sizeof(r->listener_given));
}

/*
 * libconfuse has read a whole listen section.  It keeps one section of a title
 * only, so what was given is taken from our own notes.
 */
static int
listen_done(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reading *r = reading;
	struct slice title = slice_str(r->title);
	size_t i = 0;

	(void)opt;
	while (i < SERVICE_COUNT && !slice_is_str(title, services[i].name))
		i++;
	if (r->title == NULL)
		fault(r, cfg->line, "listen", "says no address");
	else if (i == SERVICE_COUNT)
		value_fault(r, cfg->line, "listen", title,
		    "is not one of smtp, lmtp, pop3, submission, imap, "
		    "https, atrn, sieve");
	else if (!r->listener_given[LISTEN_ADDRESS])
		fault(r, cfg->line, "listen", "%s has no address",
		    services[i].name);
	else if (i == SERVICE_HTTPS && r->listener.tls != LISTENER_IMPLICIT)
		fault(r, cfg->line, "listen", "https needs tls = implicit");
	else {
		r->listener.service = (enum service)i;
		if (!r->listener_given[LISTEN_PORT])
			r->listener.port = services[i].port;
		listener_add(r, cfg->line);
	}
	listener_reset(r);
	return 0;
}

static void __attribute__((format(printf, 2, 0)))
syntax_fault(cfg_t *cfg, const char *format, va_list ap)
{
	struct reading *r = reading;
	char words[256];

	/* the only message we go on after; %s is the name that is unknown */
	if (strcmp(format, "no such option '%s'") == 0) {
		r->unknown_line = cfg->line;
		value_fault(r, cfg->line, cfg->title == NULL ? "option" :
		    "listen", slice_str(va_arg(ap, const char *)),
		    "is no option here");
		return;
	}
	vsnprintf(words, sizeof(words), format, ap);
	for (char *at = words; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			*at = '?';
	fault(r, cfg->line, "syntax", "%s", words);
}

/* Let libconfuse read `text`, a C string, once.  0, -ENOMEM or -EINVAL. */
static int
read_once(struct reading *r, const char *text)
{
	cfg_opt_t listen[LISTEN_OPTIONS + 1], top[OPTIONS + 2];
	cfg_t *cfg;
	int result;

	for (size_t i = 0; i < LISTEN_OPTIONS; i++)
		listen[i] = (cfg_opt_t)CFG_STR(listen_names[i], NULL,
		    CFGF_NONE);
	listen[LISTEN_OPTIONS] = (cfg_opt_t)CFG_END();
	for (size_t i = 0; i < OPTIONS; i++)
		top[i] = (cfg_opt_t)CFG_STR(options[i].name, NULL, CFGF_NONE);
	top[OPTIONS] = (cfg_opt_t)CFG_SEC("listen", listen,
	    CFGF_MULTI | CFGF_TITLE);
	top[OPTIONS + 1] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		return -ENOMEM;
	cfg_set_error_function(cfg, syntax_fault);
	for (size_t i = 0; i < OPTIONS; i++)
		cfg_set_validate_func(cfg, options[i].name, option_given);
	cfg_set_validate_func(cfg, "listen", listen_done);
	cfg_set_validate_func(cfg, "listen|address", listen_given);
	cfg_set_validate_func(cfg, "listen|port", listen_given);
	cfg_set_validate_func(cfg, "listen|tls", listen_given);
	reading = r;
	result = cfg_parse_buf(cfg, text);
	reading = NULL;
	cfg_free(cfg);
	return result == CFG_SUCCESS ? 0 : -EINVAL;
}

static void
config_defaults(struct config *config)
{
	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < OPTIONS; i++)
		option_read(&options[i], slice_str(options[i].by_default),
		    config);
}

/*
 * Blank line `number` of `text` when a simple "name = value" stands in it and
 * say so; a section cannot be left out that way.
 */
static bool
blank_line(char *text, int number)
{
	char *at = text, *end;

	for (int line = 1; line < number; line++) {
		at = strchr(at, '\n');
		if (at == NULL)
			return false;
		at++;
	}
	end = at + strcspn(at, "\n");
	if (memchr(at, '=', (size_t)(end - at)) == NULL ||
	    memchr(at, '{', (size_t)(end - at)) != NULL ||
	    memchr(at, '}', (size_t)(end - at)) != NULL)
		return false;
	memset(at, ' ', (size_t)(end - at));
	return true;
}

/* Read until no unknown option stops it any more. */
static int
read_all(struct reading *r, char *text)
{
	for (;;) {
		int result;

		config_defaults(r->config);
		memset(r->given, 0, sizeof(r->given));
		listener_reset(r);
		r->unknown_line = 0;
		result = read_once(r, text);
		if (result == -ENOMEM)
			return result;
		if (r->unknown_line == 0 || r->fault_count > FAULTS_MAX ||
		    !blank_line(text, r->unknown_line))
			return result;
		r->told_line = r->unknown_line;
	}
}

/* The machine's full name, when none is configured. */
static void
own_hostname(struct config *config)
{
	char name[256];

	if (config->hostname[0] != '\0')
		return;
	if (gethostname(name, sizeof(name)) < 0 ||
	    memchr(name, '\0', sizeof(name)) == NULL ||
	    !is_host(slice_str(name)))
		slice_cstr(slice_str("localhost"), config->hostname,
		    sizeof(config->hostname));
	else
		slice_cstr(slice_str(name), config->hostname,
		    sizeof(config->hostname));
}

/* What libconfuse must not see: what ends a string early, and ${NAME}. */
static void
refuse_odd(struct reading *r, struct slice text)
{
	int line = 1;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0')
			fault(r, line, "syntax", "there is a NUL byte");
		if (text.at[i] == '$' && i + 1 < text.len &&
		    text.at[i + 1] == '{')
			fault(r, line, "syntax", "\"${\" is not allowed: "
			    "nothing is taken from the environment");
		line += text.at[i] == '\n';
	}
}

int
config_parse(struct slice text, const char *name, struct config *config_out,
    struct text *faults)
{
	struct reading r = { .name = name, .faults = faults };
	struct config *config;
	char *copy;
	int result;

	if (text.len > TEXT_MAX_BYTES) {
		fault(&r, 1, "syntax", "the file is larger than %d bytes",
		    TEXT_MAX_BYTES);
		return -EINVAL;
	}
	refuse_odd(&r, text);
	if (r.fault_count > 0)
		return -EINVAL;
	copy = malloc(text.len + 1);
	config = malloc(sizeof(*config));
	if (copy == NULL || config == NULL) {
		free(copy);
		free(config);
		return -ENOMEM;
	}
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	r.config = config;
	result = read_all(&r, copy);
	if (result == 0 && r.fault_count > 0)
		result = -EINVAL;
	if (result == 0) {
		own_hostname(config);
		*config_out = *config;
	}
	free(copy);
	free(config);
	return result;
}

/* All of `fd`, at most a byte more than is taken. */
static int
read_file(int fd, struct text *text)
{
	for (;;) {
		char block[16 * 1024];
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return text_failed(text) ? -EFBIG : 0;
		text_add(text, slice_of(block, (size_t)n));
		if (text_failed(text))
			return -EFBIG;
	}
}

int
config_load(const char *path, struct config *config_out, struct text *faults)
{
	TEXT_AUTO text = TEXT_INIT(TEXT_MAX_BYTES);
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r = fd < 0 ? -errno : read_file(fd, &text);
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		text_addf(faults, "%s: cannot be read: %s\n", path,
		    strerror(-r));
		return r;
	}
	return config_parse(text_slice(&text), path, config_out, faults);
}

/* A string as libconfuse reads it back. */
static void
show_string(struct text *text, const char *value)
{
	text_add_byte(text, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			text_add_byte(text, '\\');
		text_add_byte(text, *value);
	}
	text_add_byte(text, '"');
}

static void
show_option(struct text *text, const struct option *o,
    const struct config *config)
{
	const char *field = (const char *)config + o->at;

	text_addf(text, "# %s\n%s = ", o->help, o->name);
	if (o->kind <= KIND_DAYS)
		unit_write(text, (enum unit)o->kind,
		    amount_get(field, o->size));
	else if (o->kind == KIND_BOOL)
		text_add_str(text, *(const bool *)field ? "yes" : "no");
	else
		show_string(text, field);
	text_add_str(text, "\n");
}

void
config_show(const struct config *config, struct text *text)
{
	for (size_t i = 0; i < OPTIONS; i++)
		show_option(text, &options[i], config);
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listener *l = &config->listeners[i];

		text_addf(text, "listen %s { address = \"%s\" port = %u "
		    "tls = %s }\n", service_name(l->service), l->address,
		    l->port, tls_words[l->tls]);
	}
}

/* "64KiB to 2GiB" */
static void
manual_bounds(struct text *text, const struct option *o)
{
	text_add_str(text, "From ");
	unit_write(text, (enum unit)o->kind, o->min);
	text_add_str(text, " to ");
	unit_write(text, (enum unit)o->kind, o->max);
	text_add_str(text, ".\n");
}

void
config_manual(struct text *text)
{
	static const char *const kinds[] = {
		[KIND_COUNT]		= "number",
		[KIND_BYTES]		= "size",
		[KIND_SECONDS]		= "time",
		[KIND_DAYS]		= "days",
		[KIND_BOOL]		= "yes | no",
		[KIND_HOST]		= "name",
		[KIND_PATH]		= "path",
		[KIND_PATH_OR_NONE]	= "path",
		[KIND_LANGUAGE]		= "en | id",
		[KIND_WORD]		= "word",
		[KIND_RESOLVERS]	= "addresses",
		[KIND_NETS]		= "networks",
		[KIND_WINDOWS]		= "windows",
		[KIND_IF_SPENT]		= "on-demand | nothing",
		[KIND_IF_VIRUS]		= "quarantine | refuse",
		[KIND_IF_SUSPECT]	= "mark | hold | quarantine | refuse",
		[KIND_IF_UNSCANNED]	= "mark | hold | defer",
	};

	text_add_str(text, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];

		text_addf(text, ".It Ic %s No = Ar %s\n%s\n", o->name,
		    kinds[o->kind], o->help);
		if (o->kind <= KIND_DAYS)
			manual_bounds(text, o);
		if (o->by_default[0] != '\0')
			text_addf(text, "The default is\n.Ql %s .\n",
			    o->by_default);
	}
	text_add_str(text, ".It Ic listen Ar service No { ... }\n"
	    "An address and port that are opened for\n"
	    ".Ar service :\n");
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		text_addf(text, ".Cm %s%s\n", services[i].name,
		    i + 1 < SERVICE_COUNT ? " ," : " .");
	text_add_str(text, "Inside stand\n.Ic address ,\na numeric address,\n"
	    ".Ic port ,\nand\n.Ic tls :\n.Cm none ,\n.Cm starttls\nor\n"
	    ".Cm implicit .\n.El\n");
}

void
config_night(const struct config *config, struct calendar *night_out)
{
	static const char usual[] = "daily 01:00-05:00 night";
	struct slice where;
	bool has_night = false;

	if (calendar_read(slice_str(config->line_windows), night_out,
	    &where) == NULL)
		for (unsigned i = 0; i < night_out->count; i++)
			has_night = has_night || strcmp(
			    night_out->windows[i].name, "night") == 0;
	if (!has_night)
		(void)calendar_read(slice_str(usual), night_out, &where);
}
