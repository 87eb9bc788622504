/*
 * gateways.c - the gateway domains in policy.db
 */
#include "policy/gateways.h"

#include <errno.h>

#include "lib/message/path.h"
#include "policy/tables.h"

/* 1, 0: it is not there, or a negative errno. */
static int
is_there(struct policy *policy, enum statement which, struct slice name)
{
	struct db_query q = db_ask(policy->db, which);
	uint64_t number;

	db_put_blob(&q, name);
	return policy_number(&q, &number);
}

/* Recipients */

static int
put_recipient(struct policy *policy, struct slice name, struct slice local)
{
	struct db_query q = db_ask(policy->db, GATEWAY_LISTED_PUT);

	db_put_blob(&q, name);
	db_put_blob(&q, local);
	return db_run(&q);
}

/* One line: an address there, or its local part.  0 or -EINVAL. */
static int
read_recipient(struct slice line, struct slice name, struct text *local)
{
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	struct path path = { .local = line, .domain = name };
	struct slice normal;
	size_t at;

	if (slice_find(line, '@') != SIZE_MAX &&
	    address_parse(line, true, &path) < 0)
		return -EINVAL;
	if (address_normal(&address, path.local, path.domain) < 0)
		return -EINVAL;
	normal = text_slice(&address);
	at = slice_find_last(normal, '@');
	if (at == SIZE_MAX || !slice_is(slice_after(normal, at + 1), name))
		return -EINVAL;
	text_add(local, slice_first(normal, at));
	return text_failed(local) ? -EINVAL : 0;
}

static int
drop_list(struct policy *policy, struct slice name)
{
	struct db_query q = db_ask(policy->db, GATEWAY_LISTED_DROP);

	db_put_blob(&q, name);
	return db_run(&q);
}

static int
put_list(struct policy *policy, struct slice name, struct slice list)
{
	struct slice line;
	size_t count = 0;
	int r = drop_list(policy, name);

	while (r == 0 && list.len > 0) {
		TEXT_AUTO local = TEXT_INIT(ADDRESS_SIZE);

		if (!slice_cut(&list, '\n', &line)) {
			line = list;
			list = slice_after(list, list.len);
		}
		line = slice_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (++count > GATEWAY_LISTED_MOST)
			return -EDQUOT;
		r = read_recipient(line, name, &local);
		if (r == 0)
			r = put_recipient(policy, name, text_slice(&local));
	}
	return r;
}

/* Domains */

static int
put_row(struct policy *policy, const struct gateway *gateway)
{
	struct db_query q = db_ask(policy->db, GATEWAY_PUT);

	db_put_blob(&q, slice_str(gateway->name));
	db_put_blob(&q, slice_str(gateway->host));
	db_put_u64(&q, gateway->port);
	db_put_blob(&q, slice_str(gateway->nets));
	db_put_u64(&q, gateway->by_login);
	db_put_u64(&q, gateway->account);
	db_put_u64(&q, gateway->waits);
	db_put_u64(&q, gateway->bytes);
	db_put_u64(&q, gateway->days);
	db_put_u64(&q, gateway->lists);
	db_put_i64(&q, gateway->created_utc_ms);
	return db_run(&q);
}

/* May it stand there?  0, or as policy_gateway_put(). */
static int
check_place(struct policy *policy, bool is_new, struct slice name)
{
	DB_QUERY_AUTO q = db_ask(policy->db, GATEWAY_COUNT);
	uint64_t count;
	int r = is_there(policy, FIND_DOMAIN, name);

	if (r != 0)
		return r < 0 ? r : -EEXIST;
	r = is_there(policy, GATEWAY_IS, name);
	if (r < 0 || r == is_new)
		return r < 0 ? r : is_new ? -EEXIST : -ENOENT;
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	count = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	return r == 0 && is_new && count >= GATEWAYS_MOST ? -EDQUOT : r;
}

int
policy_gateway_put(struct policy *policy, bool is_new,
    const struct gateway *gateway, const struct slice *list)
{
	struct slice name = slice_str(gateway->name);
	int r = check_place(policy, is_new, name);

	if (r == 0)
		r = db_begin(policy->db);
	if (r < 0)
		return r;
	r = put_row(policy, gateway);
	if (r == 0 && list != NULL)
		r = put_list(policy, name, *list);
	return policy_finish(policy, r);
}

int
policy_gateway_remove(struct policy *policy, struct slice name)
{
	struct db_query q;
	int r = db_begin(policy->db);

	if (r < 0)
		return r;
	q = db_ask(policy->db, GATEWAY_REMOVE);
	db_put_blob(&q, name);
	r = db_run(&q);
	if (r == 0 && db_changed(policy->db) == 0)
		r = -ENOENT;
	if (r == 0)
		r = drop_list(policy, name);
	return policy_finish(policy, r);
}

/* Reading */

static int
read_row(struct db_query *q, struct gateway *gateway, uint64_t *listed_out)
{
	struct slice name = db_blob(q, 1, sizeof(gateway->name) - 1);
	struct slice host = db_blob(q, 0, sizeof(gateway->host) - 1), nets;
	int r;

	gateway->port = (uint16_t)db_u64(q, 0, UINT16_MAX);
	nets = db_blob(q, 0, sizeof(gateway->nets) - 1);
	gateway->by_login = db_u64(q, 0, 1) != 0;
	gateway->account = db_u64(q, 0, INT64_MAX);
	gateway->waits = db_u64(q, 0, 1) != 0;
	gateway->bytes = db_u64(q, 0, INT64_MAX);
	gateway->days = (unsigned)db_u64(q, 1, GATEWAY_DAYS_MOST);
	gateway->lists = db_u64(q, 0, 1) != 0;
	gateway->created_utc_ms = db_i64(q, 0, INT64_MAX);
	*listed_out = db_u64(q, 0, INT64_MAX);
	r = db_row(q);
	if (r == 0)
		r = slice_cstr(name, gateway->name, sizeof(gateway->name));
	if (r == 0)
		r = slice_cstr(host, gateway->host, sizeof(gateway->host));
	if (r == 0)
		r = slice_cstr(nets, gateway->nets, sizeof(gateway->nets));
	return r;
}

int
policy_gateway_get(struct policy *policy, struct slice name,
    struct gateway *gateway_out)
{
	DB_QUERY_AUTO q = db_ask(policy->db, GATEWAY_GET);
	struct gateway gateway;
	uint64_t listed;
	int r;

	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = read_row(&q, &gateway, &listed);
	if (r == 0)
		*gateway_out = gateway;
	return r;
}

int
policy_gateway_each(struct policy *policy, policy_gateway_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(policy->db, GATEWAY_EACH);
	int r;

	while ((r = db_next(&q)) > 0) {
		struct gateway gateway;
		uint64_t listed;

		r = read_row(&q, &gateway, &listed);
		if (r == 0)
			r = fn(arg, &gateway, listed);
		if (r != 0)
			return r;
	}
	return r;
}

struct packing {
	struct text	*rows;
	uint32_t	 count;
};

static int
pack_row(void *arg, const struct gateway *gateway, uint64_t listed)
{
	struct packing *packing = arg;

	(void)listed;
	gateway_pack(packing->rows, gateway);
	packing->count++;
	return 0;
}

int
policy_gateways_pack(struct policy *policy, struct text *text,
    size_t *count_out)
{
	TEXT_AUTO rows = TEXT_INIT(GATEWAYS_BYTES);
	struct packing packing = { .rows = &rows };
	int r = policy_gateway_each(policy, pack_row, &packing);

	if (r < 0)
		return r;
	pack_u32(text, packing.count);
	text_add(text, text_slice(&rows));
	if (text_failed(&rows) || text_failed(text))
		return -ENOMEM;
	*count_out = packing.count;
	return 0;
}

/* Whose */

/* 1, 0: that name is not on the list, or a negative errno. */
static int
is_listed(struct policy *policy, struct slice name, struct slice local)
{
	struct db_query q = db_ask(policy->db, GATEWAY_LISTED_IS);
	uint64_t number;

	db_put_blob(&q, name);
	db_put_blob(&q, local);
	return policy_number(&q, &number);
}

int
policy_gateway_whose(struct policy *policy, struct slice address,
    enum whose *whose_out, uint64_t *bytes_out)
{
	size_t at = slice_find_last(address, '@'), plus;
	struct slice local = slice_first(address, at);
	struct gateway gateway;
	struct slice name;
	int r;

	if (at == SIZE_MAX)
		return 0;
	name = slice_after(address, at + 1);
	r = policy_gateway_get(policy, name, &gateway);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = !gateway.lists || slice_is_word(local, "postmaster") ? 1 :
	    is_listed(policy, name, local);
	plus = slice_find(local, '+');
	if (r == 0 && plus != SIZE_MAX && plus > 0)
		r = is_listed(policy, name, slice_first(local, plus));
	if (r < 0)
		return r;
	*whose_out = r == 1 ? WHOSE_GATEWAY : WHOSE_UNKNOWN;
	*bytes_out = gateway.bytes;
	return 1;
}
