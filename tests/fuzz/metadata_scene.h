/*
 * metadata_scene.h - what programs noted, played for a fuzzed session
 *
 * In place of store/metadata.c: INBOX has two entries, and whatever is set is
 * taken, as far as its limits go.
 */
#ifndef TESTS_FUZZ_METADATA_SCENE_H
#define TESTS_FUZZ_METADATA_SCENE_H

#include <assert.h>
#include <errno.h>

#include "store/metadata.h"

/* As it says there; nothing is kept. */
int
metadata_set(struct account *account, uint32_t mailbox,
    const struct metadata_change *changes, size_t count)
{
	(void)account;
	(void)mailbox;
	assert(count > 0 && count <= METADATA_ENTRIES_MOST);
	for (size_t i = 0; i < count; i++) {
		assert(changes[i].name.len > 0 &&
		    changes[i].name.len <= METADATA_NAME_MOST);
		if (!changes[i].removes &&
		    changes[i].value.len > METADATA_VALUE_MOST)
			return -EMSGSIZE;
	}
	return 0;
}

/* As it says there. */
int
metadata_each(struct account *account, uint32_t mailbox, metadata_fn *fn,
    void *arg)
{
	static const struct slice entries[][2] = {
		{ SLICE("/private/a"), SLICE("\0\xff\r\n") },
		{ SLICE("/private/a/b"), SLICE("caf\xc3\xa9") },
	};
	int r = 0;

	(void)account;
	for (size_t i = 0; mailbox == 1 && r == 0 && i < 2; i++)
		r = fn(arg, entries[i][0], entries[i][1]);
	return r;
}

#endif
