/*
 * sharing_scene.h - the rights of others, played for a fuzzed session
 *
 * In place of store/rights.c: one row, which says that account 9 may read; what
 * is set is taken.
 */
#ifndef TESTS_FUZZ_SHARING_SCENE_H
#define TESTS_FUZZ_SHARING_SCENE_H

#include <errno.h>

#include "lib/base/text.h"
#include "store/copying.h"
#include "store/rights.h"

/* As it says there. */
void
copying_keep(struct copying *copying, uint8_t flags, bool keywords)
{
	(void)copying;
	(void)flags;
	(void)keywords;
}

/* As it says there. */
int
rights_each(struct account *account, uint32_t mailbox, right_fn *fn, void *arg)
{
	static const struct right right = {
		.who = 9, .rights = RIGHT_LOOKUP | RIGHT_READ,
		.name = SLICE("ben@office.test"),
	};

	(void)account;
	(void)mailbox;
	return fn(arg, &right);
}

/* As it says there; nothing is kept. */
int
rights_set(struct account *account, uint32_t mailbox,
    const struct right *right)
{
	(void)account;
	(void)mailbox;
	return right->rights > RIGHTS_ALL ? -EINVAL : 0;
}

/* As it says there; nothing is kept. */
int
rights_copy(struct account *account, uint32_t from, uint32_t to)
{
	(void)account;
	(void)from;
	(void)to;
	return 0;
}

/* As it says there. */
int
rights_row(struct account *account, uint32_t mailbox, uint64_t who,
    bool is_negative, unsigned *rights_out)
{
	(void)account;
	(void)mailbox;
	*rights_out = who == 9 && !is_negative ?
	    RIGHT_LOOKUP | RIGHT_READ : 0;
	return 0;
}

/* As it says there. */
int
rights_of(struct account *account, uint32_t mailbox, uint64_t who,
    unsigned *rights_out)
{
	return rights_row(account, mailbox, who, false, rights_out);
}

/* Letters, whatever they mean. */
void
rights_add(struct text *text, unsigned rights, bool with_virtual)
{
	(void)with_virtual;
	for (unsigned i = 0; i < 11; i++)
		if (rights & 1u << i)
			text_add_byte(text, "lrswipkxtea"[i]);
}

/* Letters, whatever they mean. */
int
rights_read(struct slice letters, unsigned *rights_out)
{
	unsigned rights = 0;

	for (size_t i = 0; i < letters.len; i++) {
		size_t at = slice_find(slice_str("lrswipkxtea"),
		    letters.at[i]);

		if (at == SIZE_MAX)
			return -EINVAL;
		rights |= 1u << at;
	}
	*rights_out = rights;
	return 0;
}

/* As rights_read(), with a sign before it or without. */
int
rights_change(struct slice word, unsigned before, unsigned *rights_out)
{
	char how = word.len > 0 ? word.at[0] : '\0';
	unsigned rights;
	int r = rights_read(slice_after(word, how == '+' || how == '-'),
	    &rights);

	if (r == 0)
		*rights_out = how == '+' ? before | rights : how == '-' ?
		    before & ~rights : rights;
	return r;
}

#endif
