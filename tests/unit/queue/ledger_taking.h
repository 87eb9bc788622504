/*
 * ledger_taking.h - what a listing lets be taken, what is, and what is deleted
 *
 * store() plays what the conductor does between a submission and its receipt.
 * Digests are made of one letter.
 */
#ifndef TESTS_UNIT_QUEUE_LEDGER_TAKING_H
#define TESTS_UNIT_QUEUE_LEDGER_TAKING_H

#include "tests/unit/queue/ledger_scene.h"

static const struct ledger_after from_the_first;

/* The numbers of a part, as "1 3 4". */
static inline const char *
part(enum listing_part which)
{
	static char words[256];
	TEXT_AUTO text = TEXT_INIT(64 * 1024);
	struct unpack u;
	uint32_t count;
	size_t len = 0;

	words[0] = '\0';
	ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT, which,
	    &from_the_first, &text), 0);
	u = unpack_of(text_slice(&text));
	(void)unpack_enum(&u, LISTING_ORDER_COUNT);
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count && len < sizeof(words) - 16; i++) {
		len += (size_t)snprintf(words + len, sizeof(words) - len,
		    "%s%u", i == 0 ? "" : " ", unpack_u32(&u));
		(void)unpack_u64(&u);
		(void)unpack_bool(&u);
		(void)unpack_u64(&u);
	}
	ck_assert(!u.bad);
	return words;
}

/* The header of that row, as TOP gave it. */
static inline void
digest(uint32_t number, char header)
{
	TEXT_AUTO text = TEXT_INIT(64);
	char bytes[FETCHED_DIGEST_BYTES];
	struct unpack u;

	memset(bytes, header, sizeof(bytes));
	pack_u32(&text, number);
	pack_u8(&text, header != '\0');
	pack_bytes(&text, slice_of(bytes, sizeof(bytes)));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_digests(ledger, &channel, ACCOUNT, 1, &u), 0);
}

/* Submit that row; 0 or why not. */
static inline int
take(uint32_t number, char header, char whole, struct ledger_taken **taken)
{
	struct fetched fetched = { .account = ACCOUNT, .listing = ACCOUNT,
	    .number = number };
	struct message_id id;

	memset(fetched.header_digest, header, FETCHED_DIGEST_BYTES);
	memset(fetched.digest, whole, FETCHED_DIGEST_BYTES);
	return ledger_take(ledger, &channel, &fetched, taken, &id);
}

/* Submit a note of that row: FETCHED_NOTE, or FETCHED_PLACE. */
static inline int
take_note(uint32_t number, char header, uint8_t mended,
    struct ledger_taken **taken)
{
	struct fetched fetched = { .account = ACCOUNT, .listing = ACCOUNT,
	    .number = number, .mended = mended };
	struct message_id id;

	memset(fetched.header_digest, header, FETCHED_DIGEST_BYTES);
	memset(fetched.digest, 'N', FETCHED_DIGEST_BYTES);
	return ledger_take(ledger, &channel, &fetched, taken, &id);
}

/* The journal has it. */
static inline void
receive(struct ledger_taken *taken)
{
	struct recipient rcpts[] = { { .account = OWNER },
	    { .account = OWNER + is_for_two } };
	struct envelope env = { .source = SOURCE_FETCH, .recipients = rcpts,
	    .recipient_count = 2, .received_at_utc_ms = clock_utc_ms() };

	if (ledger_taken_id(taken) != NULL)
		env.id = *ledger_taken_id(taken);
	else
		ck_assert_int_eq(message_id_new(&last_id, clock_utc_ms()), 0);
	if (ledger_taken_id(taken) == NULL)
		env.id = last_id;
	ledger_stored(ledger, taken, &env, false, last_position++);
}

/* Submission to receipt: 0, or -EEXIST when it is here already. */
static inline int
store(uint32_t number, char header, char whole)
{
	struct ledger_taken *taken;
	int r = take(number, header, whole, &taken);

	if (r == 0)
		receive(taken);
	else
		ck_assert_int_eq(r, -EEXIST);
	return r;
}

/* DELE is about to be said of it. */
static inline int
deleting(uint32_t number)
{
	TEXT_AUTO text = TEXT_INIT(8);
	struct unpack u;

	pack_u32(&text, number);
	u = unpack_of(text_slice(&text));
	return ledger_deleting(ledger, &channel, ACCOUNT, 1, &u);
}

/* Two messages, 'a' of 100 bytes and 'b' of 200, are here. */
static const struct remote two[] = { { 100, "A" }, { 200, "B" }, { 0, NULL } };

/* Two messages are here already. */
static inline void
have_two(bool has_uidl)
{
	list_days(two, has_uidl, -1);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	end();
}

#endif
