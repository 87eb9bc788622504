/*
 * config_value.c - what an option of postroom.conf may hold, kind by kind
 */
#include "policy/config_inside.h"

#include <errno.h>
#include <string.h>

#include <arpa/inet.h>

#include "filters/clamd_address.h"
#include "filters/dns_lists.h"
#include "filters/rule_value.h"
#include "lib/base/host.h"
#include "lib/message/path.h"
#include "policy/line_calendar.h"
#include "policy/retry_times.h"
#include "policy/unit.h"

static void
amount_put(void *field, size_t size, uint64_t n)
{
	uint32_t small = (uint32_t)n;

	if (size == sizeof(n))
		memcpy(field, &n, size);
	else
		memcpy(field, &small, size);
}

uint64_t
config_amount(const void *field, size_t size)
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
amount_read(const struct config_option *o, struct slice value, void *field)
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

bool
config_is_host(struct slice s)
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

static bool
are_domains(struct slice value)
{
	struct slice word;

	while (slice_word(&value, &word))
		if (!config_is_host(word))
			return false;
	return true;
}

/* NAME:PORT or ADDRESS:PORT, IPv6 in brackets. */
static bool
is_smarthost(struct slice value)
{
	size_t colon = slice_find_last(value, ':');
	struct slice host = slice_first(value, colon);
	char text[HOST_TEXT_SIZE];
	uint64_t port;

	if (colon == SIZE_MAX || slice_u64(slice_after(value, colon + 1),
	    UINT16_MAX, &port) < 0 || port == 0)
		return false;
	/* without them the last part of it would be the port */
	if (slice_find(host, ':') != SIZE_MAX && host.at[0] != '[')
		return false;
	return host_is_name(host) || host_address(host, false, text) != 0;
}

/* One that can stand in any header as it is. */
static bool
is_address(struct slice value)
{
	struct path path;

	return address_parse(value, false, &path) == 0 &&
	    slice_is(path.address, value) && !path.quoted && !path.literal &&
	    host_is_name(path.domain);
}

static const char *
text_fault(enum config_kind kind, struct slice value)
{
	struct retry_times times[RETRY_DOMAINS];
	struct calendar calendar;
	struct dns_lists lists;
	struct clamd clamd;
	struct slice where;
	size_t count;

	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return "holds a control character";
	switch (kind) {
	case KIND_HOST:
		return value.len == 0 || config_is_host(value) ? NULL :
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
	case KIND_ADDRESS:
		return value.len == 0 || is_address(value) ? NULL :
		    "is not an address such as postmaster@office.example";
	case KIND_RESOLVERS:
		return are_resolvers(value) ? NULL :
		    "is not a list of numeric addresses such as 192.0.2.1@53";
	case KIND_NETS:
		return are_nets(value) ? NULL :
		    "is not a list of networks such as 192.0.2.0/24";
	case KIND_DOMAINS:
		return are_domains(value) ? NULL :
		    "is not a list of domains such as lists.example.org";
	case KIND_CLAMD:
		return value.len == 0 || clamd_read(value, &clamd) ? NULL :
		    "is neither a full path nor a numeric address with a port "
		    "such as 127.0.0.1:3310";
	case KIND_WINDOWS:
		return calendar_read(value, &calendar, &where);
	case KIND_RETRIES:
		return retry_times_read(value, times, &count, &where);
	case KIND_DNS_LISTS:
		return dns_lists_read(value, &lists, &where);
	case KIND_SMARTHOST:
		return value.len == 0 || is_smarthost(value) ? NULL :
		    "is not a host with a port such as mail.example.org:587";
	case KIND_TLS:
		return is_one_of(value, "none", "starttls", "implicit", NULL) ?
		    NULL : "must be none, starttls or implicit";
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
	case KIND_IF_MACROS:
		return slice_is_str(value, "accept") || is_one_of(value,
		    "mark", "hold", "quarantine", "refuse") ? NULL :
		    "must be accept, mark, hold, quarantine or refuse";
	case KIND_IF_UNSCANNED:
		return is_one_of(value, "mark", "hold", "defer", NULL) ?
		    NULL : "must be mark, hold or defer";
	case KIND_IF_SPAM:
		return is_one_of(value, "off", "mark", "junk", "hold") ?
		    NULL : "must be off, mark, junk or hold";
	case KIND_IF_RSPAMD:
		return is_one_of(value, "mark", "junk", "hold", NULL) ?
		    NULL : "must be mark, junk or hold";
	case KIND_IF_FORGED:
		return is_one_of(value, "mark", "hold", "enforce", NULL) ?
		    NULL : "must be mark, hold or enforce";
	default:
		return slice_find(value, ' ') == SIZE_MAX ? NULL :
		    "must not hold a blank";
	}
}

const char *
config_option_read(const struct config_option *o, struct slice value,
    struct config *config)
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

struct slice
config_option_fault(const struct config_option *o, struct slice value)
{
	struct retry_times times[RETRY_DOMAINS];
	struct calendar calendar;
	struct dns_lists lists;
	struct slice where = value;
	size_t count;

	/* one of many windows, or lists, is told alone */
	if (o->kind == KIND_WINDOWS)
		(void)calendar_read(value, &calendar, &where);
	else if (o->kind == KIND_RETRIES)
		(void)retry_times_read(value, times, &count, &where);
	else if (o->kind == KIND_DNS_LISTS)
		(void)dns_lists_read(value, &lists, &where);
	return where;
}
