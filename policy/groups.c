/*
 * groups.c - aliases and lists in policy.db
 */
#include "policy/groups.h"

#include <errno.h>
#include <string.h>

#include "lib/message/envelope.h"
#include "lib/message/path.h"
#include "policy/groups_inside.h"
#include "policy/tables.h"

#define TARGETS_BYTES	(GROUP_MEMBERS_MOST * (ADDRESS_SIZE + 4))

static const char *const post_words[POST_COUNT] = {
	[POST_MEMBERS] = "members", [POST_OFFICE] = "office",
	[POST_ANYONE] = "anyone",
};

const char *
group_post_word(enum group_post post)
{
	return post_words[post];
}

enum group_post
group_post_read(struct slice word)
{
	unsigned post = 0;

	while (post < POST_COUNT && !slice_is_word(word, post_words[post]))
		post++;
	return (enum group_post)post;
}

int
policy_target_normal(struct slice typed, struct text *text)
{
	struct path path;

	if (address_parse(typed, true, &path) < 0 || path.domain.len == 0 ||
	    path.literal)
		return -EINVAL;
	return address_normal(text, path.local, path.domain) < 0 ? -EINVAL : 0;
}

/* It names lines of a header and addresses beside it: an atom with dots. */
static bool
is_group_name(struct slice local)
{
	for (size_t i = 0; i < local.len; i++) {
		char c = local.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '-' && c != '_')
			return false;
	}
	/* with "-bounces" behind it, it is still one */
	return local.len > 0 && local.len <= PATH_LOCAL_MAX - 8 &&
	    local.at[0] != '-';
}

/* Groups */

static int
read_group(struct db_query *q, struct group *group_out)
{
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	struct group group;

	group.id = db_u64(q, 1, ACCOUNT_BOUNCE - 1);
	text_add(&address, db_blob(q, 1, PATH_LOCAL_MAX));
	text_add_byte(&address, '@');
	text_add(&address, db_blob(q, 1, PATH_DOMAIN_MAX));
	group.kind = (enum group_kind)db_u64(q, 0, GROUP_KINDS - 1);
	group.post = (enum group_post)db_u64(q, 0, POST_COUNT - 1);
	group.owner = db_u64(q, 0, INT64_MAX);
	group.created_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	if (text_failed(&address))
		return -ENOMEM;
	if (db_row(q) < 0 || slice_cstr(text_slice(&address), group.address,
	    sizeof(group.address)) < 0)
		return -EUCLEAN;
	*group_out = group;
	return 0;
}

static int
only_group(struct db_query *q, struct group *group_out)
{
	int r = db_next(q);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_group(q, group_out);
}

int
policy_group_get(struct policy *p, uint64_t id, struct group *group_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, GROUP_GET);

	if (id == 0 || id >= ACCOUNT_BOUNCE)
		return -ENOENT;
	db_put_u64(&q, id);
	return only_group(&q, group_out);
}

/* GROUP_NAMED: whatever kind it has. */
static int
find_named(struct policy *p, struct slice address, struct group *group_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, GROUP_NAMED);
	struct slice local = slice_first(address,
	    slice_find_last(address, '@'));

	db_put_blob(&q, local);
	db_put_blob(&q, slice_after(address, local.len + 1));
	return only_group(&q, group_out);
}

int
policy_group_find(struct policy *p, enum group_kind kind,
    struct slice address, struct group *group_out)
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct group group;
	int r = policy_target_normal(address, &text);

	if (r == 0)
		r = find_named(p, text_slice(&text), &group);
	if (r == -EINVAL || (r == 0 && group.kind != kind))
		r = -ENOENT;
	if (r == 0)
		*group_out = group;
	return r;
}

int
policy_group_targets(struct policy *p, uint64_t id, struct text *targets)
{
	DB_QUERY_AUTO q = db_ask(p->db, MEMBERS);
	int r;

	db_put_u64(&q, id);
	while ((r = db_next(&q)) == 1) {
		struct slice target = db_blob(&q, 1, ADDRESS_SIZE);

		if (db_row(&q) < 0)
			return -EUCLEAN;
		pack_slice(targets, target);
	}
	return r < 0 ? r : text_failed(targets) ? -ENOMEM : 0;
}

/* What is behind a group */

static bool
is_as_far(unsigned before, unsigned depth)
{
	return before != 0 && before <= depth;
}

bool
groups_were_seen(struct groups_seen *seen, uint64_t id, unsigned depth,
    bool by_list)
{
	unsigned i = 0;

	while (i < seen->count && seen->at[i].id != id)
		i++;
	if (i == GROUPS_MOST)
		return false;
	if (i == seen->count)
		seen->at[seen->count++].id = id;
	/* a list's post goes to whom nobody else's may */
	if (is_as_far(seen->at[i].depth[true], depth) ||
	    (!by_list && is_as_far(seen->at[i].depth[false], depth)))
		return true;
	seen->at[i].depth[by_list] = depth;
	return false;
}

struct walk {
	struct policy	*policy;
	uint64_t	 from;		/* it is not to come back to this one */
	uint64_t	 wanted;	/* an account that is looked for; or 0 */
	bool		 has;
	struct groups_seen *seen;	/* while it is; else NULL */
	unsigned	 left;		/* recipients there may still be */
};

static int	walk_group(struct walk *, uint64_t id, unsigned depth);

/* An account or an address elsewhere is the end of a way. */
static int
walk_target(struct walk *walk, struct slice target, unsigned depth)
{
	enum whose whose;
	uint64_t account;
	int r = policy_whose(walk->policy, target, &whose, &account);

	if (r < 0)
		return r;
	if ((account & ACCOUNT_GROUP) != 0) {
		account &= ~ACCOUNT_NOBODYS;
		if (walk->seen != NULL && (depth == GROUP_DEPTH ||
		    groups_were_seen(walk->seen, account, depth, false)))
			return 0;
		if (account == walk->from || depth == GROUP_DEPTH)
			return -ELOOP;
		return walk_group(walk, account, depth + 1);
	}
	if (walk->seen != NULL) {
		walk->has = walk->has || account == walk->wanted;
		return 0;
	}
	return walk->left-- == 0 ? -EDQUOT : 0;
}

static int
walk_group(struct walk *walk, uint64_t id, unsigned depth)
{
	TEXT_AUTO targets = TEXT_INIT(TARGETS_BYTES);
	struct unpack u;
	int r = policy_group_targets(walk->policy, id, &targets);

	u = unpack_of(text_slice(&targets));
	while (r == 0 && u.rest.len > 0 && !u.bad)
		r = walk_target(walk, unpack_slice(&u), depth);
	return r;
}

int
policy_group_has(struct policy *p, uint64_t id, uint64_t account,
    bool *has_out)
{
	struct groups_seen seen = { .count = 0 };
	struct walk walk = { .policy = p, .wanted = account, .seen = &seen };
	struct group group;
	int r = policy_group_get(p, id, &group);

	if (r == 0 && group.kind == GROUP_ALIAS && account != 0)
		r = walk_group(&walk, id, 1);
	if (r == 0 || r == -ENOENT)
		*has_out = r == 0 && walk.has;
	return r == -ENOENT ? 0 : r;
}

/* Changes */

/* One that is typed: somebody here, or elsewhere. */
static int
put_target(struct policy *p, uint64_t id, struct slice typed)
{
	TEXT_AUTO target = TEXT_INIT(ADDRESS_SIZE);
	enum whose whose;
	uint64_t account;
	struct db_query q;
	int r = policy_target_normal(slice_trim(typed), &target);

	if (r == 0)
		r = policy_whose(p, text_slice(&target), &whose, &account);
	if (r == 0 && whose == WHOSE_UNKNOWN)
		r = -ENOENT;
	if (r < 0)
		return r;
	q = db_ask(p->db, MEMBER_PUT);
	db_put_u64(&q, id);
	db_put_blob(&q, text_slice(&target));
	return db_run(&q);
}

static int
run_with(struct policy *p, enum statement which, uint64_t id)
{
	struct db_query q = db_ask(p->db, which);

	db_put_u64(&q, id);
	return db_run(&q);
}

/* In the open transaction: these targets, in place of what there is. */
static int
put_targets(struct policy *p, uint64_t id, const struct slice *targets,
    size_t count, size_t *bad_out)
{
	struct walk walk = { .policy = p, .from = id, .left = EXPAND_MOST };
	int r;

	*bad_out = SIZE_MAX;
	if (count == 0)
		return -EINVAL;
	if (count > GROUP_MEMBERS_MOST)
		return -EDQUOT;
	r = run_with(p, MEMBERS_CLEAR, id);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = put_target(p, id, targets[i]);
		if (r < 0)
			*bad_out = i;
	}
	return r < 0 ? r : walk_group(&walk, id, 1);
}

/* The row alone, in the open transaction; its address is normal. */
static int
put_group(struct policy *p, const struct group *wanted, struct slice address,
    int64_t now_utc_ms)
{
	struct slice local = slice_first(address,
	    slice_find_last(address, '@'));
	struct group taken;
	enum whose whose;
	uint64_t account, domain = 0;
	struct db_query q = db_ask(p->db, FIND_DOMAIN);
	int r;

	db_put_blob(&q, slice_after(address, local.len + 1));
	r = policy_number(&q, &domain);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = policy_whose(p, address, &whose, &account);
	if (r == 0 && whose == WHOSE_OURS)
		return -EEXIST;
	if (r == 0)
		r = find_named(p, address, &taken);
	if (r != -ENOENT)
		return r < 0 ? r : -EEXIST;
	q = db_ask(p->db, GROUP_PUT);
	db_put_blob(&q, local);
	db_put_u64(&q, domain);
	db_put_u64(&q, wanted->kind);
	db_put_u64(&q, wanted->post);
	db_put_u64(&q, wanted->owner);
	db_put_i64(&q, now_utc_ms);
	return db_run(&q);
}

static int
count_groups(struct policy *p)
{
	struct db_query q = db_ask(p->db, GROUP_COUNT);
	uint64_t count = 0;
	int r = policy_number(&q, &count);

	return r < 0 ? r : count > GROUPS_MOST ? -EDQUOT : 0;
}

int
policy_group_add(struct policy *p, const struct group *wanted,
    const struct slice *targets, size_t count, int64_t now_utc_ms,
    struct group *group_out, size_t *bad_out)
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct group group;
	int r = policy_target_normal(slice_trim(slice_str(wanted->address)), &text);

	*bad_out = SIZE_MAX;
	if (r < 0 || !is_group_name(slice_first(text_slice(&text),
	    slice_find_last(text_slice(&text), '@'))))
		return -EINVAL;
	r = count_groups(p);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	r = put_group(p, wanted, text_slice(&text), now_utc_ms);
	if (r == 0)
		r = find_named(p, text_slice(&text), &group);
	if (r == 0)
		r = put_targets(p, group.id, targets, count, bad_out);
	r = policy_finish(p, r);
	if (r == 0)
		*group_out = group;
	return r;
}

static int
set_column(struct policy *p, enum statement which, uint64_t value,
    uint64_t id)
{
	struct db_query q = db_ask(p->db, which);

	db_put_u64(&q, value);
	db_put_u64(&q, id);
	return db_run(&q);
}

int
policy_group_set(struct policy *p, uint64_t id,
    const struct group_change *change, size_t *bad_out)
{
	struct group group;
	int r = policy_group_get(p, id, &group);

	*bad_out = SIZE_MAX;
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	if (change->targets != NULL)
		r = put_targets(p, id, change->targets, change->target_count,
		    bad_out);
	if (r == 0 && change->post != NULL)
		r = set_column(p, GROUP_POST, *change->post, id);
	if (r == 0 && change->owner != NULL)
		r = set_column(p, GROUP_OWNER, *change->owner, id);
	return policy_finish(p, r);
}

int
policy_target_gone(struct policy *p, struct slice address)
{
	struct db_query q = db_ask(p->db, MEMBER_GONE);

	db_put_blob(&q, address);
	return db_run(&q);
}

int
policy_group_remove(struct policy *p, uint64_t id)
{
	struct group group;
	int r = policy_group_get(p, id, &group);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	r = run_with(p, MEMBERS_CLEAR, id);
	if (r == 0)
		r = run_with(p, GROUP_REMOVE, id);
	if (r == 0)
		r = policy_target_gone(p, slice_str(group.address));
	return policy_finish(p, r);
}

int
policy_group_each(struct policy *p, enum group_kind kind,
    struct slice address, struct slice target, policy_group_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, GROUP_EACH);
	int r;

	db_put_u64(&q, kind);
	db_put_blob(&q, address);
	db_put_blob(&q, target);
	while ((r = db_next(&q)) == 1) {
		struct slice one = db_blob(&q, 1, ADDRESS_SIZE);
		struct group group;

		r = read_group(&q, &group);
		if (r == 0)
			r = fn(arg, &group, one);
		if (r != 0)
			return r;
	}
	return r;
}
