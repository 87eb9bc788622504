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
	return env->source == SOURCE_SMTP && env->login.len > 0;
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

		if (address.kind != ADDRESS_MAILBOX || count == most ||
		    address_normal(&normal, address.local,
		    address.domain) < 0 || slice_cstr(text_slice(&normal),
		    found->address[sender_count(found) + count],
		    sizeof(found->address[0])) < 0)
			return false;
		count++;
	}
	*count_out = count;
	return count > 0;
}

/* Nobody reads a domain there that is not that of one of the addresses. */
static bool
is_plain(const struct sender_found *found, const struct author *author)
{
	if (author->field_count != 1 || author->has_more || author->is_unnamed)
		return false;
	for (unsigned i = 0; i < author->domain_count; i++) {
		unsigned n = 0;

		while (n < found->authors && strcmp(author->domains[i],
		    strrchr(found->address[n], '@') + 1) != 0)
			n++;
		if (n == found->authors)
			return false;
	}
	return true;
}

int
sender_find(struct slice message, struct sender_found *found_out)
{
	struct sender_found *found = found_out;
	struct slice block = slice_first(message, header_bytes(message));
	struct header_field field;
	struct author author;
	unsigned count;
	int r = author_read(message, &author);

	*found = (struct sender_found){ .authors = 0 };
	if (r < 0)
		return r;
	if (author.field_count == 0)
		found->fault = no_author;
	else if (!header_find(block, "From", &field) ||
	    !add_field(found, field.value, SENDER_AUTHORS, &found->authors) ||
	    !is_plain(found, &author))
		found->fault = odd_author;
	else if (header_find(block, "Sender", &field)) {
		if (header_count(block, "Sender") > 1 ||
		    !add_field(found, field.value, 1, &count))
			found->fault = odd_sender;
		else
			found->has_sender = true;
	}
	return 0;
}

/* The first that is not theirs; SENDER_MOST: all are fine. */
static unsigned
find_foreign(const struct sender_found *found, const bool *is_own)
{
	unsigned foreign = SENDER_MOST, own = 0;

	/* RFC 5322 3.6.2: whoever sends for them is named, whoever they are */
	if (found->has_sender && !is_own[found->authors])
		return found->authors;
	for (unsigned i = 0; i < found->authors; i++) {
		own += is_own[i];
		if (!is_own[i] && foreign == SENDER_MOST)
			foreign = i;
	}
	return found->has_sender && own > 0 ? SENDER_MOST : foreign;
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
	if (foreign < SENDER_MOST)
		verdict_set(verdict_out, VERDICT_REFUSE, 550, "5.7.1",
		    "%s has %.100s, which is no address of %.*s, who has "
		    "logged in", foreign < found->authors ? "From" : "Sender",
		    found->address[foreign],
		    SLICE_FMT(slice_first(login, 100)));
}
