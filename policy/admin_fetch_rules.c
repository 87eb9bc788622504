/*
 * admin_fetch_rules.c - the keeper's answers about the rules of a mailbox
 *
 * Of a whole domain, and before a download.  They are read here before they are
 * kept, so that what is kept works; and kept in the form they are written in.
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_before.h"
#include "policy/fetch_domains.h"

enum { RULES_TEXT = 2 };	/* behind address and label */

/* One kind of rules. */
struct rules_kind {
	size_t	most;		/* bytes of the text */
	size_t	arena;		/* of one that is read */
	/* 0 and the text as it is kept, -EINVAL, -ENOBUFS (too many) */
	int	(*read)(struct arena *, struct slice typed, struct text *);
	int	(*put)(struct policy *, uint64_t fetch, struct slice);
	int	(*get)(struct policy *, uint64_t fetch, struct text *);
};

static int
put_rules(struct policy *policy, const struct rules_kind *kind,
    uint64_t fetch, struct slice typed)
{
	ARENA_AUTO arena = arena_new(kind->arena);
	TEXT_AUTO text = TEXT_INIT(kind->most);
	int r = arena == NULL ? -ENOMEM : kind->read(arena, typed, &text);

	if (r < 0)
		return r == -ENOBUFS ? -EINVAL : r;
	if (text_failed(&text))
		return -EINVAL;
	return kind->put(policy, fetch, text_slice(&text));
}

static enum admin_status
rules_of(struct policy *policy, struct admin_work *work, struct text *rows,
    const struct rules_kind *kind)
{
	TEXT_AUTO text = TEXT_INIT(kind->most);
	struct fetch_account f;
	int r = admin_find_fetch(policy, work, &f);

	if (r == 0 && work->given[RULES_TEXT]) {
		work->field = RULES_TEXT;
		r = put_rules(policy, kind, f.id, work->args[RULES_TEXT]);
		/* queue and fetch hear of it at the next collection */
		work->fetches_changed = r == 0;
	}
	if (r == 0) {
		r = kind->get(policy, f.id, &text);
		if (r == -ENOENT)	/* it has none */
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

static int
read_domain(struct arena *arena, struct slice typed, struct text *text)
{
	struct domain_rules rules;
	struct domain_fault fault;
	int r = domain_rules_read(arena, typed, &rules, &fault);

	if (r == 0)
		domain_rules_write(text, &rules);
	return r;
}

enum admin_status
admin_fetch_rules(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	static const struct rules_kind domain = {
		DOMAIN_TEXT_MOST, DOMAIN_RULES_ARENA, read_domain,
		policy_fetch_rules_put, policy_fetch_rules_get
	};

	return rules_of(policy, work, rows, &domain);
}

static int
read_before(struct arena *arena, struct slice typed, struct text *text)
{
	struct before_rules rules;
	struct before_fault fault;
	int r = before_rules_read(arena, typed, &rules, &fault);

	if (r == 0)
		before_rules_write(text, &rules);
	return r;
}

enum admin_status
admin_fetch_before(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	static const struct rules_kind before = {
		BEFORE_TEXT_MOST, BEFORE_ARENA, read_before,
		policy_fetch_before_put, policy_fetch_before_get
	};

	return rules_of(policy, work, rows, &before);
}
