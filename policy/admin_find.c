/*
 * admin_find.c - the keeper's answer to whose addresses and names are
 *
 * It is what the rules of a domain are tried with.
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

#include "policy/fetch_domains.h"

enum { FIND_ASKS };

#define FIND_ARENA	(1024 * 1024)

/* "address ann@office.test" or "name ann example", a line each. */
static int
read_asks(struct arena *arena, struct slice text, struct find_ask **asks_out,
    size_t *count_out)
{
	struct find_ask *asks = arena_array(arena, FIND_MOST, sizeof(*asks));
	struct slice line, kind;
	size_t count = 0;

	if (asks == NULL)
		return -ENOMEM;
	while (slice_cut(&text, '\n', &line)) {
		if (!slice_cut(&line, ' ', &kind) || count == FIND_MOST ||
		    !(slice_is_str(kind, "name") ||
		    slice_is_str(kind, "address")))
			return -EINVAL;
		asks[count].is_name = slice_is_str(kind, "name");
		asks[count++].text = line;
	}
	*asks_out = asks;
	*count_out = count;
	return text.len == 0 ? 0 : -EINVAL;
}

enum admin_status
admin_account_find(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	static const char *const words[FINDING_COUNT] = {
		[FINDING_FOREIGN] = "foreign", [FINDING_UNKNOWN] = "unknown",
		[FINDING_OURS] = "ours", [FINDING_SEVERAL] = "several",
	};
	ARENA_AUTO arena = arena_new(FIND_ARENA);
	struct find_answer *answers = NULL;
	struct find_ask *asks;
	size_t count = 0;
	int r = arena == NULL ? -ENOMEM : read_asks(arena,
	    work->args[FIND_ASKS], &asks, &count);

	if (r == 0)
		answers = arena_array(arena, count, sizeof(*answers));
	if (r == 0)
		r = answers == NULL ? -ENOMEM : policy_find(policy, asks,
		    count, answers);
	if (r < 0) {
		work->field = FIND_ASKS;
		return admin_status_of(r);
	}
	for (size_t i = 0; i < count; i++) {
		pack_slice(rows, slice_str(words[answers[i].finding]));
		pack_u64(rows, answers[i].account);
		pack_slice(rows, slice_str(answers[i].address));
		work->rows++;
	}
	return ADMIN_OK;
}
