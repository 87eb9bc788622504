/*
 * sender.c - in whose name do people send?
 */
#include "filters/sender.h"

#include <errno.h>
#include <string.h>

#include "lib/message/addresses.h"
#include "lib/message/author.h"
#include "lib/message/header.h"
#include "lib/message/path.h"

static const char no_author[] = "the message has no author: no From field";
static const char odd_author[] =
    "the From field cannot be read in one way only";
static const char odd_sender[] = "the Sender field does not name one address";

bool
sender_concerns(const struct envelope *env)
{
	return (env->source == SOURCE_SMTP && env->login.len > 0) ||
	    (env->source == SOURCE_OWN && env->sender.len > 0);
}

unsigned
sender_count(const struct sender_found *found)
{
	return found->authors + found->has_sender;
}

/*
 * Put the addresses of a field behind those that there are.  False: something
 * else stands there, or more than `most` of them.
 */
static bool
add_field(struct sender_found *found, struct slice value, unsigned most,
    unsigned *count_out)
{
	struct address_list list;
	struct address address;
	unsigned count = 0;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address)) {
		TEXT_AUTO normal = TEXT_INIT(VERDICT_ADDRESS_MAX + 4);

		if (address.kind != ADDRESS_MAILBOX || address.odd ||
		    count == most || address_meant(&normal, address.local,
		    address.domain) < 0 || slice_cstr(text_slice(&normal),
		    found->address[sender_count(found) + count],
		    sizeof(found->address[0])) < 0)
			return false;
		count++;
	}
	*count_out = count;
	return count > 0;
}

/* Nobody reads an address there that is not one of the `count` from `first`. */
static bool
is_plain(const struct sender_found *found, unsigned first, unsigned count,
    const struct author *author)
{
	if (author->field_count != 1 || author->has_more ||
	    author->has_more_addresses || author->is_unnamed)
		return false;
	for (unsigned i = 0; i < author->address_count; i++) {
		unsigned n = first;

		while (n < first + count && strcmp(author->addresses[i],
		    found->address[n]) != 0)
			n++;
		if (n == first + count)
			return false;
	}
	return true;
}

/*
 * What the one field of that name names: 0.  -ENOENT: there is none, -EINVAL: it
 * cannot be read in one way only, -ENOMEM.
 */
static int
read_field(struct sender_found *found, struct slice message, const char *name,
    unsigned most, unsigned *count_out)
{
	struct slice block = slice_first(message, header_bytes(message));
	struct header_field field;
	struct author author;
	int r = author_read_of(message, name, &author);

	if (r < 0)
		return r;
	if (author.field_count == 0)
		return -ENOENT;
	return header_find(block, name, &field) &&
	    add_field(found, field.value, most, count_out) &&
	    is_plain(found, sender_count(found), *count_out, &author) ? 0 :
	    -EINVAL;
}

int
sender_find(struct slice message, struct sender_found *found_out)
{
	struct sender_found *found = found_out;
	unsigned count = 0;
	int r;

	*found = (struct sender_found){ .authors = 0 };
	r = read_field(found, message, "From", SENDER_AUTHORS, &count);
	if (r == -ENOENT || r == -EINVAL) {
		found->fault = r == -ENOENT ? no_author : odd_author;
		return 0;
	}
	if (r < 0)
		return r;
	found->authors = count;
	r = read_field(found, message, "Sender", 1, &count);
	found->has_sender = r == 0;
	if (r == -EINVAL)
		found->fault = odd_sender;
	return r == -ENOMEM ? r : 0;
}

void
sender_assume(struct sender_found *found, struct slice address)
{
	if (found->fault != no_author || found->authors != 0 ||
	    slice_cstr(address, found->address[0],
	    sizeof(found->address[0])) < 0)
		return;
	found->fault = NULL;
	found->authors = 1;
}

/* The first that is not theirs; SENDER_MOST: all are. */
static unsigned
find_foreign(const struct sender_found *found, const bool *is_own)
{
	for (unsigned i = 0; i < sender_count(found); i++)
		if (!is_own[i])
			return i;
	return SENDER_MOST;
}

void
sender_judge(const struct sender_found *found, const bool *is_own,
    struct slice login, struct verdict *verdict_out)
{
	unsigned foreign;

	verdict_init(verdict_out);
	if (found->fault != NULL) {
		verdict_set(verdict_out, VERDICT_REFUSE, 554, "5.6.0", "%s",
		    found->fault);
		return;
	}
	foreign = find_foreign(found, is_own);
	if (foreign < SENDER_MOST && login.len == 0)
		verdict_set(verdict_out, VERDICT_REFUSE, 550, "5.7.1",
		    "%s has %.100s, which is no address of one of our domains",
		    foreign < found->authors ? "From" : "Sender",
		    found->address[foreign]);
	else if (foreign < SENDER_MOST)
		verdict_set(verdict_out, VERDICT_REFUSE, 550, "5.7.1",
		    "%s has %.100s, which is no address of %.*s, who has "
		    "logged in", foreign < found->authors ? "From" : "Sender",
		    found->address[foreign],
		    SLICE_FMT(slice_first(login, 100)));
}
