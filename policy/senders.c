/*
 * senders.c - whom people want to hear from, and whom not, in policy.db
 */
#include "policy/senders.h"

#include <errno.h>

#include "lib/message/path.h"
#include "policy/tables.h"

static const char *const words[SENDER_WISHES] = {
	[SENDER_UNSAID] = "unsaid", [SENDER_ALLOWED] = "allowed",
	[SENDER_BLOCKED] = "blocked",
};

const char *
sender_wish_word(enum sender_wish wish)
{
	return words[wish];
}

/* In the one form under which it is looked up; 0 or -EINVAL. */
static int
normal(struct slice typed, char name_out[ADDRESS_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	bool is_domain = false;
	struct path path;
	int r;

	typed = slice_trim(typed);
	is_domain = slice_has_prefix(typed, "@");
	if (is_domain) {	/* of some address there */
		r = address_normal(&text, slice_str("x"), slice_after(typed,
		    1));
	} else {
		if (address_parse(typed, true, &path) < 0 ||
		    path.domain.len == 0)
			return -EINVAL;
		r = address_normal(&text, path.local, path.domain);
	}
	if (r < 0)
		return -EINVAL;
	return slice_cstr(slice_after(text_slice(&text), is_domain ? 1 : 0),
	    name_out, ADDRESS_SIZE) < 0 ? -EINVAL : 0;
}

/* How many there are, and whether `name` is one of them. */
static int
count(struct policy *policy, uint64_t account, const char *name,
    uint64_t *others_out)
{
	DB_QUERY_AUTO q = db_ask(policy->db, SENDER_COUNT);
	int r;

	db_put_u64(&q, account);
	db_put_blob(&q, slice_str(name));
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*others_out = db_u64(&q, 0, INT64_MAX);
	return db_row(&q);
}

static int
put(struct policy *policy, uint64_t account, const struct sender *sender)
{
	struct db_query q = db_ask(policy->db, SENDER_PUT);

	db_put_u64(&q, account);
	db_put_blob(&q, slice_str(sender->name));
	db_put_u64(&q, sender->wish);
	db_put_i64(&q, sender->since_utc_ms);
	return db_run(&q);
}

int
policy_sender_set(struct policy *policy, uint64_t account, struct slice name,
    enum sender_wish wish, int64_t now_utc_ms, struct sender *sender_out)
{
	struct sender sender = { .wish = wish, .since_utc_ms = now_utc_ms };
	uint64_t others = 0;
	int r = normal(name, sender.name);

	if (r == 0)
		r = count(policy, account, sender.name, &others);
	if (r == 0 && others >= SENDERS_MOST)
		r = -EDQUOT;
	if (r == 0)
		r = db_begin(policy->db);
	if (r < 0)
		return r;
	r = put(policy, account, &sender);
	if (r < 0) {
		db_rollback(policy->db);
		return r;
	}
	*sender_out = sender;
	return db_commit(policy->db, true);
}

int
policy_sender_remove(struct policy *policy, uint64_t account,
    struct slice name, struct sender *sender_out)
{
	struct sender sender = { .wish = SENDER_UNSAID };
	struct db_query q;
	int r = normal(name, sender.name);

	if (r == 0)
		r = db_begin(policy->db);
	if (r < 0)
		return r;
	q = db_ask(policy->db, SENDER_REMOVE);
	db_put_u64(&q, account);
	db_put_blob(&q, slice_str(sender.name));
	r = db_run(&q);
	if (r == 0 && db_changed(policy->db) == 0)
		r = -ENOENT;
	if (r < 0) {
		db_rollback(policy->db);
		return r;
	}
	*sender_out = sender;
	return db_commit(policy->db, true);
}

int
policy_sender_each(struct policy *policy, uint64_t account,
    struct slice above, policy_sender_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(policy->db, SENDER_EACH);
	int r;

	db_put_u64(&q, account);
	db_put_blob(&q, above);
	while ((r = db_next(&q)) > 0) {
		struct sender sender;
		struct slice name = db_blob(&q, 1, ADDRESS_SIZE - 1);

		sender.wish = (unsigned)db_u64(&q, 0, SENDER_WISHES - 1);
		sender.since_utc_ms = db_i64(&q, 0, INT64_MAX);
		r = db_row(&q);
		if (r == 0)
			r = slice_cstr(name, sender.name,
			    sizeof(sender.name));
		if (r == 0)
			r = fn(arg, &sender);
		if (r != 0)
			return r;
	}
	return r;
}

int
policy_sender_wish(struct policy *policy, uint64_t account,
    struct slice author, enum sender_wish *wish_out)
{
	DB_QUERY_AUTO q = db_ask(policy->db, SENDER_WISH);
	size_t at = slice_find_last(author, '@');
	enum sender_wish wish = SENDER_UNSAID;
	int r;

	if (at == SIZE_MAX)
		return -EINVAL;
	db_put_u64(&q, account);
	db_put_blob(&q, author);
	db_put_blob(&q, slice_after(author, at));
	r = db_next(&q);
	if (r > 0) {
		wish = (unsigned)db_u64(&q, 0, SENDER_WISHES - 1);
		r = db_row(&q);
	}
	if (r == 0)
		*wish_out = wish;
	return r;
}

int
policy_has_senders(struct policy *policy, bool *has_out)
{
	DB_QUERY_AUTO q = db_ask(policy->db, SENDER_ANY);
	int r = db_next(&q);

	if (r >= 0)
		*has_out = r > 0;
	return r < 0 ? r : 0;
}
