/*
 * tlsrpt.c - where a domain wants to be told how TLS with its hosts goes
 */
#include "gateway/relay/tlsrpt.h"

#include <errno.h>
#include <string.h>

#define FIELDS_MOST	64	/* of a record; it has two */
#define MAIL_SCHEME	"mailto:"

/* The version stands first, and its letters count. */
static bool
is_of_version(struct slice *rest)
{
	struct slice version;

	return slice_cut(rest, ';', &version) &&
	    slice_is(slice_trim(version), slice_str("v=TLSRPTv1"));
}

/* RFC 3986 2.1.  False: it is torn, or longer than any address. */
static bool
undo_escapes(struct slice s, char text_out[PATH_MAX_BYTES])
{
	size_t n = 0;

	while (s.len > 0) {
		bool is_escape = s.at[0] == '%';
		int byte = is_escape ? slice_hex(slice_after(s, 1)) :
		    (unsigned char)s.at[0];

		if (byte <= 0 || n + 1 >= PATH_MAX_BYTES)
			return false;
		text_out[n++] = (char)byte;
		s = slice_after(s, is_escape ? 3 : 1);
	}
	text_out[n] = '\0';
	return n > 0;
}

/* RFC 6068 2: one address; what more it wants of the mail is not done. */
static bool
read_mail(struct slice uri, char address_out[PATH_MAX_BYTES])
{
	char text[PATH_MAX_BYTES];
	struct slice address;
	struct path path;

	if (!slice_cut(&uri, '?', &address))
		address = uri;
	return undo_escapes(address, text) &&
	    address_parse(slice_str(text), false, &path) == 0 &&
	    path.domain.len > 0 && !path.literal &&
	    slice_cstr(path.address, address_out, PATH_MAX_BYTES) == 0;
}

/* RFC 8460 3: who knows no such URI passes it over. */
static bool
read_target(struct slice uri, struct tlsrpt_target *target)
{
	*target = (struct tlsrpt_target){ .address = "" };
	if (slice_is_nocase(slice_first(uri, strlen(MAIL_SCHEME)),
	    slice_str(MAIL_SCHEME)))
		return read_mail(slice_after(uri, strlen(MAIL_SCHEME)),
		    target->address);
	return https_url_read(uri, &target->url) == 0;
}

static bool
is_same(const struct tlsrpt_target *a, const struct tlsrpt_target *b)
{
	return slice_is_nocase(slice_str(a->address), slice_str(b->address)) &&
	    slice_is_nocase(slice_str(a->url.host), slice_str(b->url.host)) &&
	    a->url.port == b->url.port &&
	    strcmp(a->url.path, b->url.path) == 0;
}

/* Is the last of them another one than those before?  Each is told once. */
static bool
is_another(const struct tlsrpt_target *targets, size_t last)
{
	for (size_t i = 0; i < last; i++)
		if (is_same(&targets[i], &targets[last]))
			return false;
	return true;
}

static size_t
read_targets(struct slice uris, struct tlsrpt_target *targets)
{
	struct slice uri;
	size_t count = 0;

	for (bool more = true; more && count < TLSRPT_TARGETS; ) {
		more = slice_cut(&uris, ',', &uri);
		if (!more)
			uri = uris;
		count += read_target(slice_trim(uri), &targets[count]) &&
		    is_another(targets, count);
	}
	return count;
}

/* Fields, each "name=value"; those that are yet to be are let pass. */
static size_t
read_fields(struct slice rest, struct tlsrpt_target *targets)
{
	struct slice field, name;
	bool more = true;

	for (size_t i = 0; more && i < FIELDS_MOST; i++) {
		more = slice_cut(&rest, ';', &field);
		field = slice_trim(more ? field : rest);
		if (slice_cut(&field, '=', &name) &&
		    slice_is(slice_trim(name), slice_str("rua")))
			return read_targets(field, targets);
	}
	return 0;
}

int
tlsrpt_record_read(const struct slice *texts, size_t count,
    struct tlsrpt_target targets_out[TLSRPT_TARGETS], size_t *count_out)
{
	struct slice found = slice_of("", 0);
	unsigned records = 0;
	size_t targets;

	for (size_t i = 0; i < count; i++) {
		struct slice rest = texts[i];

		if (!is_of_version(&rest))
			continue;
		found = rest;
		records++;
	}
	targets = records == 1 ? read_fields(found, targets_out) : 0;
	if (targets == 0)
		return -ENOENT;
	*count_out = targets;
	return 0;
}
