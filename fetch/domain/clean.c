/*
 * clean.c - an address from a header in the one form it is looked up in
 */
#include "fetch/domain/clean.h"

#include <errno.h>

#include "lib/message/path.h"

#define WHOLE_MOST	(ADDRESS_LOCAL_MOST + 1 + ADDRESS_DOMAIN_MOST)

static bool
begins(struct slice s, struct slice part)
{
	return part.len > 0 && s.len > part.len &&
	    slice_is_nocase(slice_first(s, part.len), part);
}

static bool
ends(struct slice s, struct slice part)
{
	return part.len > 0 && s.len > part.len &&
	    slice_is_nocase(slice_after(s, s.len - part.len), part);
}

/* `s` without `part` at either end, once each. */
static struct slice
strip_ends(struct slice s, struct slice part)
{
	if (begins(s, part))
		s = slice_after(s, part.len);
	if (ends(s, part))
		s = slice_first(s, s.len - part.len);
	return s;
}

/* Split at the "@"; the domain is empty where there is none. */
static void
split(struct slice whole, struct slice *local_out, struct slice *domain_out)
{
	size_t at = slice_find_last(whole, '@');

	*local_out = slice_first(whole, at);
	*domain_out = at == SIZE_MAX ? slice_of(NULL, 0) :
	    slice_after(whole, at + 1);
}

/* A tail with an "@" ends the whole address, another one the local part. */
static void
strip_tail(const struct address *address, struct slice tail,
    struct text *whole, struct slice *local, struct slice *domain)
{
	text_add(whole, address->local);
	if (address->domain.len > 0) {
		text_add_byte(whole, '@');
		text_add(whole, address->domain);
	}
	if (slice_find(tail, '@') != SIZE_MAX &&
	    ends(text_slice(whole), tail)) {
		split(slice_first(text_slice(whole), whole->len - tail.len),
		    local, domain);
		return;
	}
	*local = address->local;
	*domain = address->domain;
	if (ends(*local, tail))
		*local = slice_first(*local, local->len - tail.len);
}

int
domain_clean(struct text *text, const struct domain_rules *rules,
    const struct domain_envelope *envelope, const struct address *address)
{
	TEXT_AUTO whole = TEXT_INIT(WHOLE_MOST);
	TEXT_AUTO written = TEXT_INIT(2 * WHOLE_MOST + 2);
	struct address clean = { .kind = ADDRESS_MAILBOX };
	struct slice local, domain;

	/* a bare name may be as long as its header; none of ours is */
	if (address->local.len > ADDRESS_LOCAL_MOST ||
	    address->domain.len > ADDRESS_DOMAIN_MOST)
		return -EINVAL;
	clean.local = address->local;
	clean.domain = address->domain;
	if (envelope != NULL) {
		strip_tail(address, envelope->tail, &whole, &clean.local,
		    &clean.domain);
		if (begins(clean.local, envelope->prefix))
			clean.local = slice_after(clean.local,
			    envelope->prefix.len);
		if (clean.domain.len == 0)
			clean.domain = rules->domain;
	}
	clean.local = strip_ends(clean.local, rules->strip);
	clean.domain = strip_ends(clean.domain, rules->strip);
	if (clean.local.len == 0 || clean.domain.len == 0)
		return -EINVAL;
	address_write(&written, &clean);
	if (text_failed(&whole) || text_failed(&written))
		return -ENOBUFS;
	split(text_slice(&written), &local, &domain);
	return address_normal(text, local, domain);
}

bool
domain_replace(struct text *text, const struct domain_rules *rules,
    struct slice normal)
{
	struct slice local, domain;

	split(normal, &local, &domain);
	if (rules->replace == DOMAIN_NO || rules->domain.len == 0 ||
	    slice_is(domain, rules->domain) ||
	    (rules->replace == DOMAIN_ONLY &&
	    !slice_is(domain, rules->replace_only)))
		return false;
	text_add(text, local);
	text_add_byte(text, '@');
	text_add(text, rules->domain);
	return true;
}

/* Normal forms have ASCII in lower case, and so have the texts of rules. */
static bool
holds(const struct domain_route *route, struct slice address)
{
	if (address.len == 0)
		return false;
	if (route->test == DOMAIN_EQUALS || route->test == DOMAIN_NOT_EQUALS)
		return slice_is(address, route->text);
	for (size_t i = 0; i + route->text.len <= address.len; i++)
		if (slice_is(slice_of(address.at + i, route->text.len),
		    route->text))
			return true;
	return false;
}

bool
domain_route_fits(const struct domain_route *route, struct slice normal,
    struct slice replaced)
{
	bool held = holds(route, normal) || holds(route, replaced);

	return route->test == DOMAIN_NOT_EQUALS ||
	    route->test == DOMAIN_NOT_CONTAINS ? !held : held;
}
