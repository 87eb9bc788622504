/*
 * shares.c - who shares which mailbox with whom (RFC 4314), in policy.db
 */
#include "policy/shares.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/tables.h"

#define RIGHTS_MOST	UINT16_MAX
#define ROW_BYTES	(SHARE_NAME_MOST + 2 * ADDRESS_SIZE)

void
share_row_pack(struct text *text, const struct share_row *row)
{
	pack_slice(text, row->mailbox);
	pack_u64(text, row->who);
	pack_u8(text, row->is_negative);
	pack_u16(text, (uint16_t)row->rights);
}

int
share_row_unpack(struct unpack *u, struct share_row *row_out)
{
	struct share_row row;

	row.mailbox = unpack_slice(u);
	row.who = unpack_u64(u);
	row.is_negative = unpack_bool(u);
	row.rights = unpack_u16(u);
	if (u->bad || row.mailbox.len == 0 ||
	    row.mailbox.len > SHARE_NAME_MOST || row.who > INT64_MAX)
		return -EBADMSG;
	*row_out = row;
	return 0;
}

void
share_pack(struct text *text, const struct share *share)
{
	pack_u64(text, share->owner);
	pack_slice(text, share->address);
	pack_u8(text, share->is_public);
	pack_slice(text, share->mailbox);
	pack_u16(text, (uint16_t)share->rights);
}

int
share_unpack(struct unpack *u, struct share *share_out)
{
	struct share share;

	share.owner = unpack_u64(u);
	share.address = unpack_slice(u);
	share.is_public = unpack_bool(u);
	share.mailbox = unpack_slice(u);
	share.rights = unpack_u16(u);
	if (u->bad || share.address.len >= ADDRESS_SIZE ||
	    share.mailbox.len > SHARE_NAME_MOST)
		return -EBADMSG;
	*share_out = share;
	return 0;
}

/* Do these very rows stand there? */
static int
are_there(struct policy *policy, uint64_t owner, struct slice rows,
    bool *are_out)
{
	TEXT_AUTO there = TEXT_INIT(SHARES_BYTES);
	struct share_row row;
	DB_QUERY_AUTO q = db_ask(policy->db, SHARES_OF);
	int r;

	db_put_u64(&q, owner);
	while ((r = db_next(&q)) > 0) {
		row.mailbox = db_blob(&q, 1, SHARE_NAME_MOST);
		row.who = db_u64(&q, 0, INT64_MAX);
		row.is_negative = db_u64(&q, 0, 1) != 0;
		row.rights = (unsigned)db_u64(&q, 0, RIGHTS_MOST);
		if (db_row(&q) < 0)
			break;
		share_row_pack(&there, &row);
	}
	if (r < 0)
		return r;
	*are_out = r == 0 && !text_failed(&there) &&
	    slice_is(text_slice(&there), rows);
	return 0;
}

static int
put(struct policy *policy, uint64_t owner, const struct share_row *row)
{
	struct db_query q = db_ask(policy->db, SHARE_PUT);

	db_put_u64(&q, owner);
	db_put_blob(&q, row->mailbox);
	db_put_u64(&q, row->who);
	db_put_u64(&q, row->is_negative);
	db_put_u64(&q, row->rights);
	return db_run(&q);
}

static int
put_all(struct policy *policy, uint64_t owner, bool goes_on,
    struct slice rows)
{
	struct unpack u = unpack_of(rows);
	struct share_row row;
	struct db_query q;
	int r = 0;

	if (!goes_on) {
		q = db_ask(policy->db, SHARES_REMOVE);
		db_put_u64(&q, owner);
		r = db_run(&q);
	}
	while (r == 0 && u.rest.len > 0) {
		r = share_row_unpack(&u, &row);
		if (r == 0)
			r = put(policy, owner, &row);
	}
	return r;
}

int
policy_shares_set(struct policy *policy, uint64_t owner, bool goes_on,
    struct slice rows)
{
	bool are = false;
	int r = goes_on ? 0 : are_there(policy, owner, rows, &are);

	if (r < 0 || are)
		return r;
	r = db_begin(policy->db);
	if (r < 0)
		return r;
	r = put_all(policy, owner, goes_on, rows);
	if (r < 0) {
		db_rollback(policy->db);
		return r;
	}
	/* it can be told again: nothing is lost with a power cut */
	return db_commit(policy->db, false);
}

/* The rows of one mailbox that concern somebody. */
struct folding {
	struct share	 share;
	char		 address[ADDRESS_SIZE];
	char		 mailbox[SHARE_NAME_MOST];
	unsigned	 granted, taken;
};

/* Add it, if anything is left of it.  False: there is no room. */
static bool
end_one(struct folding *one, struct text *body)
{
	one->share.rights = one->granted & ~one->taken;
	if (one->share.rights == 0)
		return true;
	if (body->limit - body->len < ROW_BYTES)
		return false;
	share_pack(body, &one->share);
	return true;
}

static bool
is_same(const struct folding *one, uint64_t owner, struct slice mailbox)
{
	return one->share.owner == owner &&
	    slice_is(one->share.mailbox, mailbox);
}

static void
begin_one(struct folding *one, uint64_t owner, struct slice mailbox)
{
	*one = (struct folding){ .share = { .owner = owner } };
	memcpy(one->mailbox, mailbox.at, mailbox.len);
	one->share.mailbox = slice_of(one->mailbox, mailbox.len);
}

static int
add_row(struct folding *one, struct db_query *q, struct text *body,
    bool *is_full)
{
	uint64_t owner = db_u64(q, 1, INT64_MAX);
	struct slice mailbox = db_blob(q, 1, SHARE_NAME_MOST);
	bool is_negative = db_u64(q, 0, 1) != 0;
	unsigned rights = (unsigned)db_u64(q, 0, RIGHTS_MOST);
	struct slice local = db_blob(q, 1, 64), domain = db_blob(q, 1, 255);
	bool is_public = db_u64(q, 0, 1) != 0;
	int len;

	if (db_row(q) < 0)
		return -EUCLEAN;
	if (!is_same(one, owner, mailbox)) {
		*is_full = !end_one(one, body);
		begin_one(one, owner, mailbox);
	}
	len = snprintf(one->address, sizeof(one->address), "%.*s@%.*s",
	    SLICE_FMT(local), SLICE_FMT(domain));
	one->share.address = slice_of(one->address, (size_t)len);
	one->share.is_public = is_public;
	if (is_negative)
		one->taken |= rights;
	else
		one->granted |= rights;
	return 0;
}

int
policy_shares_with(struct policy *policy, uint64_t who, struct text *body,
    bool *is_cut_out)
{
	struct folding one = { .granted = 0 };
	bool is_full = false;
	DB_QUERY_AUTO q = db_ask(policy->db, SHARES_WITH);
	int r = 0;

	db_put_u64(&q, who);
	while (!is_full && (r = db_next(&q)) > 0) {
		r = add_row(&one, &q, body, &is_full);
		if (r < 0)
			return r;
	}
	if (!is_full && r < 0)
		return r;
	*is_cut_out = is_full || !end_one(&one, body);
	return 0;
}

int
policy_share_from(struct policy *policy, uint64_t who, uint64_t owner,
    struct text *body)
{
	struct folding one = { .granted = 0 };
	const size_t before = body->len;
	bool is_full = false;
	DB_QUERY_AUTO q = db_ask(policy->db, SHARES_FROM);
	int r;

	db_put_u64(&q, who);
	db_put_u64(&q, owner);
	while (body->len == before && (r = db_next(&q)) != 0) {
		if (r > 0)
			r = add_row(&one, &q, body, &is_full);
		if (r < 0)
			return r;
	}
	if (body->len == before)
		is_full |= !end_one(&one, body);
	return is_full ? -ENOBUFS : 0;
}
