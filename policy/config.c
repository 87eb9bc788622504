/*
 * config.c - postroom.conf: its options (config_table.c), read by libconfuse
 *
 * libconfuse knows the syntax; every value reaches us as a string and is read
 * by the option's row.  Nothing of the environment gets in: libconfuse would
 * expand ${NAME}, so that is refused before it sees the text.  Faults are
 * gathered, not only the first: a bad value is told and reading goes on; a line
 * with an unknown option is told, blanked, and the text is read again.  Only a
 * broken syntax ends the reading.
 */
#include "policy/config_inside.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "policy/line_calendar.h"

#define TEXT_MAX_BYTES	(256 * 1024)	/* of a configuration file */
#define FAULTS_MAX	50	/* more would hide the first ones */

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
	bool		 given[CONFIG_OPTIONS_MOST];
	struct listener	 listener;	/* of the section being read */
	const char	*title;		/* of that section; libconfuse's */
	bool		 listener_given[LISTEN_OPTIONS];
};

/*
 * libconfuse hands its callbacks nothing of ours, and its scanner has only one
 * state for the whole process: so this stands beside it, set while it runs.
 */
static struct reading *reading;

bool
config_leaves(const struct config *config)
{
	return config->smarthost[0] != '\0' || config->outbound_direct;
}

enum listener_tls
config_smarthost_tls(const struct config *config)
{
	if (strcmp(config->smarthost_tls, "none") == 0)
		return LISTENER_CLEAR;
	return strcmp(config->smarthost_tls, "implicit") == 0 ?
	    LISTENER_IMPLICIT : LISTENER_STARTTLS;
}

bool
config_scans(const struct config *config)
{
	return config->scan_signatures[0] != '\0' ||
	    config->scan_clamd[0] != '\0';
}

bool
config_has_scanner(const struct config *config)
{
	return config_scans(config) || config->rspamd[0] != '\0';
}

const char *
service_name(enum service service)
{
	return config_services[service].name;
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

/* libconfuse has read a value of an option at the top. */
static int
option_given(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reading *r = reading;
	struct slice value = slice_str(cfg_opt_getnstr(opt, 0));
	size_t i = 0;
	const char *what;

	while (i < config_option_count &&
	    strcmp(config_options[i].name, opt->name) != 0)
		i++;
	if (i == config_option_count)
		return 0;
	if (r->given[i])
		fault(r, cfg->line, opt->name, "is given twice");
	r->given[i] = true;
	what = config_option_read(&config_options[i], value, r->config);
	if (what != NULL)
		value_fault(r, cfg->line, opt->name,
		    config_option_fault(&config_options[i], value), what);
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
	for (size_t i = 0; i < CONFIG_TLS_WORDS; i++) {
		if (slice_is_str(value, config_tls_words[i])) {
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
	while (i < SERVICE_COUNT && !slice_is_str(title, config_services[i].name))
		i++;
	if (r->title == NULL)
		fault(r, cfg->line, "listen", "says no address");
	else if (i == SERVICE_COUNT)
		value_fault(r, cfg->line, "listen", title,
		    "is not one of smtp, lmtp, pop3, submission, imap, "
		    "https, atrn, sieve");
	else if (!r->listener_given[LISTEN_ADDRESS])
		fault(r, cfg->line, "listen", "%s has no address",
		    config_services[i].name);
	else if (i == SERVICE_HTTPS && r->listener.tls != LISTENER_IMPLICIT)
		fault(r, cfg->line, "listen", "https needs tls = implicit");
	else {
		r->listener.service = (enum service)i;
		if (!r->listener_given[LISTEN_PORT])
			r->listener.port = config_services[i].port;
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
	cfg_opt_t listen[LISTEN_OPTIONS + 1], top[CONFIG_OPTIONS_MOST + 2];
	cfg_t *cfg;
	int result;

	for (size_t i = 0; i < LISTEN_OPTIONS; i++)
		listen[i] = (cfg_opt_t)CFG_STR(listen_names[i], NULL,
		    CFGF_NONE);
	listen[LISTEN_OPTIONS] = (cfg_opt_t)CFG_END();
	for (size_t i = 0; i < config_option_count; i++)
		top[i] = (cfg_opt_t)CFG_STR(config_options[i].name, NULL, CFGF_NONE);
	top[config_option_count] = (cfg_opt_t)CFG_SEC("listen", listen,
	    CFGF_MULTI | CFGF_TITLE);
	top[config_option_count + 1] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		return -ENOMEM;
	cfg_set_error_function(cfg, syntax_fault);
	for (size_t i = 0; i < config_option_count; i++)
		cfg_set_validate_func(cfg, config_options[i].name, option_given);
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
	for (size_t i = 0; i < config_option_count; i++)
		config_option_read(&config_options[i],
		    slice_str(config_options[i].by_default), config);
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
	    !config_is_host(slice_str(name)))
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

bool
config_line_governs(const struct config *config)
{
	return config->line_windows[0] != '\0' ||
	    config->line_month_bytes < CONFIG_MONTH_FREE ||
	    config->line_send_bytes < CONFIG_SEND_FREE;
}

#define SEND_PART	4	/* of the line, one of so many is for sending */
/* Less, and a host that is sent a block takes us for gone. */
#define SEND_LEAST	2048

uint64_t
config_send_rate(const struct config *config)
{
	uint64_t rate = config->line_bytes_per_second;

	if (rate >= CONFIG_RATE_FREE)
		return CONFIG_RATE_FREE;
	return rate / SEND_PART < SEND_LEAST ? SEND_LEAST : rate / SEND_PART;
}
