/*
 * keeper_fetch.c - what the keeper says of fetch accounts, and to whom
 */
#include "programs/keeper_fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/ipc.h"
#include "lib/base/log.h"

/* One page being made. */
struct page {
	struct text	rows;
	uint32_t	count;
	bool		more;
};

static int
page_row(void *arg, const struct fetch_account *f)
{
	struct page *page = arg;
	const struct fetch_due due = {
		.id = f->id, .owner = f->owner,
		.owner_address = slice_str(f->owner_address),
		.label = slice_str(f->label), .host = slice_str(f->host),
		.enabled = f->enabled, .changes = f->changes
	};

	if (page->count == KEEPER_FETCH_PAGE) {
		page->more = true;
		return 1;
	}
	fetch_due_pack(&page->rows, &due);
	page->count++;
	return 0;
}

int
keeper_fetch_due(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct page page = { .rows = TEXT_INIT(IPC_MAX_BYTES) };
	uint64_t above = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = policy_fetch_each(policy, 0, above, page_row, &page);
	if (r >= 0 && text_failed(&page.rows))
		r = -ENOMEM;
	if (r >= 0) {
		pack_u8(answer, page.more);
		pack_u32(answer, page.count);
		pack_bytes(answer, text_slice(&page.rows));
	} else {
		log_say("fetch accounts cannot be read: %s", strerror(-r));
	}
	text_free(&page.rows);
	return 0;
}

int
keeper_fetch_owner(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct keeper_owner owner = { 0 };
	struct fetch_account f;
	uint64_t id;
	int r = keeper_owner_asked(body, &id);

	if (r < 0)
		return r;
	r = policy_fetch_get(policy, id, &f);
	if (r == 0)
		owner = (struct keeper_owner){ true, f.owner, false };
	if (r == 0 || r == -ENOENT)
		keeper_owner_say(answer, &owner);
	else
		log_say("fetch account %" PRIu64 " cannot be read: %s", id,
		    strerror(-r));
	return 0;
}

/* Add the row and what it seals. */
static int
open_one(struct policy *policy, const struct seal_key *key,
    const struct fetch_account *f, struct text *answer)
{
	char secret[FETCH_SECRET_SIZE];
	int r = policy_fetch_secret(policy, key, f->id, secret);

	if (r == 0) {
		pack_u8(answer, true);
		fetch_account_pack(answer, f, slice_str(secret));
		pack_slice(answer, slice_str(f->owner_address));
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	return r;
}

int
keeper_fetch_open(struct policy *policy, const struct seal_key *key,
    uint64_t owner, struct slice body, struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct fetch_account f;
	uint64_t id = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* room at once: growing would leave the password in freed memory */
	if (text_space(answer, KEEPER_FETCH_BYTES) == NULL)
		return 0;
	text_clear(answer);
	r = policy_fetch_get(policy, id, &f);
	if (r == 0)
		r = f.owner == owner ? open_one(policy, key, &f, answer) :
		    -ENOENT;
	if (r == -ENOENT)
		pack_u8(answer, false);
	else if (r == -EBADMSG || r == -EPROTO)
		log_say("fetch account %" PRIu64 ": its password is sealed "
		    "with another key", id);
	else if (r < 0)
		log_say("fetch account %" PRIu64 " cannot be read: %s", id,
		    strerror(-r));
	return 0;
}
