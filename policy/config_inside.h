/*
 * config_inside.h - the options of postroom.conf, for the files of config.h
 *
 * An option is one row of config_table.c; what its kind may hold is read in
 * config_value.c, so that a value is judged in one place whoever gives it.
 */
#ifndef POSTROOM_POLICY_CONFIG_INSIDE_H
#define POSTROOM_POLICY_CONFIG_INSIDE_H

#include "policy/config.h"

enum config_kind {
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
	KIND_ADDRESS,		/* local@domain, or "" */
	KIND_RESOLVERS,		/* numeric addresses, each with @port or not */
	KIND_NETS,		/* 192.0.2.0/24, a blank between */
	KIND_DOMAINS,		/* host names, a blank between */
	KIND_CLAMD,		/* clamd.h, or "" */
	KIND_DNS_LISTS,		/* dns_lists.h */
	KIND_WINDOWS,		/* line_calendar.h */
	KIND_RETRIES,		/* retry_times.h */
	KIND_SMARTHOST,		/* name:port, or "" */
	KIND_TLS,
	KIND_IF_SPENT,
	KIND_IF_VIRUS,		/* what is done about a result of scanning */
	KIND_IF_SUSPECT,
	KIND_IF_MACROS,
	KIND_IF_UNSCANNED,
	KIND_IF_SPAM,
	KIND_IF_RSPAMD,
	KIND_IF_FORGED
};

struct config_option {
	const char	*name;
	enum config_kind	 kind;
	size_t		 at;	/* in struct config */
	size_t		 size;	/* of the field */
	uint64_t	 min, max;	/* of an amount, both allowed */
	const char	*by_default;
	const char	*help;
};

#define CONFIG_OPTIONS_MOST	128	/* rows; what is kept of each is small */

extern const struct config_option config_options[];
extern const size_t config_option_count;

struct config_service {
	const char	*name;
	uint16_t	 port;	/* by default */
};
extern const struct config_service config_services[SERVICE_COUNT];

#define CONFIG_TLS_WORDS	3
extern const char *const config_tls_words[CONFIG_TLS_WORDS];

/* config_value.c: a fault in words, or NULL when the option has its value. */
const char	*config_option_read(const struct config_option *, struct slice,
		    struct config *);
/* Of a value with that fault, the piece that is wrong, or all of it. */
struct slice	 config_option_fault(const struct config_option *,
		    struct slice value);
/* The amount that is a field of so many bytes. */
uint64_t	 config_amount(const void *field, size_t size);
/* Whether it can be the name of a host. */
bool		 config_is_host(struct slice);

#endif
