/*
 * ledger_body.c - the body of a message of which only a note is here
 *
 * A person asks for it by the note's id.  That is noted with the entry of the
 * note, so that the next collection takes the message whatever its rules say.
 */
#include <errno.h>
#include <string.h>

#include "queue/ledger_inside.h"

/* A note: its entry, and where its message waits. */
struct placed {
	int64_t		seq;
	uint64_t	account;	/* or the number of a folder */
};

/* "1234abcd..." of the digest of a header: its first bytes. */
static int
read_code(struct slice code, unsigned char bytes_out[NOTE_CODE_BYTES])
{
	if (code.len != 2 * NOTE_CODE_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < NOTE_CODE_BYTES; i++) {
		int byte = slice_hex(slice_after(code, 2 * i));

		if (byte < 0)
			return -EINVAL;
		bytes_out[i] = (unsigned char)byte;
	}
	return 0;
}

/* The rows of that query: how many, or -errno.  Ends it. */
static int
read_all(struct db_query *asked, struct placed placed_out[LEDGER_BODIES_MOST])
{
	DB_QUERY_AUTO query = *asked;
	int n = 0, r = 0;

	while (r == 0 && n < LEDGER_BODIES_MOST &&
	    (r = db_next(&query)) == 1) {
		placed_out[n].seq = db_i64(&query, 1, INT64_MAX);
		placed_out[n++].account = db_u64(&query, 1, INT64_MAX);
		r = db_row(&query);
	}
	return r < 0 ? r : n;
}

/* Notes whose message has a header of which the digest begins so. */
static int
find_code(struct ledger *ledger, uint64_t owner,
    const unsigned char code[NOTE_CODE_BYTES],
    struct placed placed_out[LEDGER_BODIES_MOST])
{
	struct db_query query = db_ask(ledger->db, LEDGER_PLACED);
	unsigned char last[FETCHED_DIGEST_BYTES];

	memset(last, 0xff, sizeof(last));
	memcpy(last, code, NOTE_CODE_BYTES);
	db_put_blob(&query, slice_of(code, NOTE_CODE_BYTES));
	db_put_blob(&query, slice_of(last, sizeof(last)));
	db_put_u64(&query, owner);
	return read_all(&query, placed_out);
}

static int
find_id(struct ledger *ledger, uint64_t owner, const struct message_id *id,
    struct placed placed_out[LEDGER_BODIES_MOST])
{
	struct db_query query = db_ask(ledger->db, LEDGER_PLACED_ID);

	db_put_blob(&query, slice_of(id->bytes, MESSAGE_ID_BYTES));
	db_put_u64(&query, owner);
	return read_all(&query, placed_out);
}

/*
 * Notes of that id, which are `owner`'s (0: anybody's): how many, -errno.  Both
 * kinds of ids have the same length, and digits in common.
 */
static int
find(struct ledger *ledger, uint64_t owner, struct slice which,
    struct placed placed_out[LEDGER_BODIES_MOST])
{
	unsigned char code[NOTE_CODE_BYTES];
	struct message_id id;
	bool is_code = read_code(which, code) == 0;
	bool is_id = message_id_read(which, &id) == 0;
	int n = 0;

	if (!is_code && !is_id)
		return -EINVAL;
	if (is_code)
		n = find_code(ledger, owner, code, placed_out);
	if (n == 0 && is_id)
		n = find_id(ledger, owner, &id, placed_out);
	return n;
}

/* The fetch account of it, or of its folder. */
static int
account_of(struct ledger *ledger, uint64_t number, uint64_t *account_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_FOLDER_NAME);
	uint64_t account = number;
	int r;

	db_put_u64(&query, number);
	r = db_next(&query);
	if (r == 1) {
		account = db_u64(&query, 1, INT64_MAX);
		r = db_row(&query);
	}
	if (r == 0)
		*account_out = account;
	return r;
}

static int
want(struct ledger *ledger, const struct placed *placed)
{
	const int64_t values[] = { placed->seq, clock_utc_ms() };
	struct listing *listing;
	struct entry *entry;
	int r = db_begin(ledger->db);

	if (r == 0)
		r = ledger_finish(ledger, ledger_run(ledger,
		    LEDGER_WANT_BODY, values, 2), true);
	if (r < 0)
		return r;
	/* one that is being collected may come to it still */
	HASH_FIND(hh, ledger->listings, &placed->account,
	    sizeof(placed->account), listing);
	entry = listing == NULL ? NULL : listing_loaded(listing, placed->seq);
	if (entry != NULL)
		entry->is_wanted = entry->is_placed;
	return 0;
}

int
ledger_want_body(struct ledger *ledger, uint64_t owner, struct slice which,
    uint64_t accounts_out[LEDGER_BODIES_MOST])
{
	struct placed placed[LEDGER_BODIES_MOST];
	int n, r = ledger_flush(ledger);

	if (r < 0)
		return r;
	n = find(ledger, owner, which, placed);
	for (int i = 0; r == 0 && i < n; i++) {
		r = account_of(ledger, placed[i].account, &accounts_out[i]);
		if (r == 0)
			r = want(ledger, &placed[i]);
	}
	return r < 0 ? r : n == 0 ? -ENOENT : n;
}
