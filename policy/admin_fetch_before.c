/*
 * admin_fetch_before.c - the keeper's answers about rules before a download
 *
 * They are read here before they are kept, so that what is kept works.
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_before.h"

enum { BEFORE_RULES = 2 };	/* behind address and label */

/* Keep them, in the form they are written in.  0 or -errno. */
static int
put_rules(struct policy *policy, uint64_t fetch, struct slice typed)
{
	ARENA_AUTO arena = arena_new(BEFORE_ARENA);
	TEXT_AUTO text = TEXT_INIT(BEFORE_TEXT_MOST);
	struct before_rules rules;
	struct before_fault fault;
	int r = arena == NULL ? -ENOMEM : before_rules_read(arena, typed,
	    &rules, &fault);

	if (r < 0)
		return r == -ENOBUFS ? -EINVAL : r;
	before_rules_write(&text, &rules);
	if (text_failed(&text))
		return -EINVAL;
	return policy_fetch_before_put(policy, fetch, text_slice(&text));
}

enum admin_status
admin_fetch_before(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	TEXT_AUTO text = TEXT_INIT(BEFORE_TEXT_MOST);
	struct fetch_account f;
	int r = admin_find_fetch(policy, work, &f);

	if (r == 0 && work->given[BEFORE_RULES]) {
		work->field = BEFORE_RULES;
		r = put_rules(policy, f.id, work->args[BEFORE_RULES]);
		/* who collects hears of it at the next collection */
		work->fetches_changed = r == 0;
	}
	if (r == 0)
		r = policy_fetch_before_get(policy, f.id, &text);
	if (r < 0)
		return admin_status_of(r);
	work->field = ADMIN_NO_FIELD;
	pack_u64(rows, f.id);
	pack_slice(rows, slice_str(f.owner_address));
	pack_slice(rows, slice_str(f.label));
	pack_slice(rows, text_slice(&text));
	work->rows++;
	return ADMIN_OK;
}
