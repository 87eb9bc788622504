/*
 * admin_fetch_domain.c - the keeper's answers about mailboxes of a whole domain
 *
 * The rules are read here before they are kept, so that what is kept works.
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_domains.h"

enum { RULES_TEXT = 2 };	/* behind address and label */
enum { FIND_ASKS };

#define FIND_ARENA	(1024 * 1024)

/* Keep them, in the form they are written in.  0 or -errno. */
static int
put_rules(struct policy *policy, uint64_t fetch, struct slice typed)
{
	ARENA_AUTO arena = arena_new(DOMAIN_RULES_ARENA);
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);
	struct domain_rules rules;
	struct domain_fault fault;
	int r = arena == NULL ? -ENOMEM : domain_rules_read(arena, typed,
	    &rules, &fault);

	if (r < 0)
		return r == -ENOBUFS ? -EINVAL : r;
	domain_rules_write(&text, &rules);
	if (text_failed(&text))
		return -EINVAL;
	return policy_fetch_rules_put(policy, fetch, text_slice(&text));
}

enum admin_status
admin_fetch_rules(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);
	struct fetch_account f;
	int r = admin_find_fetch(policy, work, &f);

	if (r == 0 && work->given[RULES_TEXT]) {
		work->field = RULES_TEXT;
		r = put_rules(policy, f.id, work->args[RULES_TEXT]);
		/* queue and fetch hear of it at the next collection */
		work->fetches_changed = r == 0;
	}
	if (r == 0) {
		r = policy_fetch_rules_get(policy, f.id, &text);
		if (r == -ENOENT)	/* it has none: it is one person's */
			r = 0;
	}
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
