/*
 * devices.c - printers and programs that send without a login, in policy.db
 */
#include "policy/devices.h"

#include <errno.h>

#include "policy/smarthosts.h"
#include "policy/tables.h"

/* Is there room for one more of so many bytes? */
static int
check_room(struct policy *p, size_t bytes)
{
	DB_QUERY_AUTO q = db_ask(p->db, DEVICE_COUNT);
	uint64_t count, all;
	int r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	count = db_u64(&q, 0, INT64_MAX);
	all = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	if (r < 0)
		return r;
	return count >= DEVICES_MOST || all + bytes > DEVICES_BYTES ?
	    -EDQUOT : 0;
}

static int
read_row(struct db_query *q, struct device *device_out)
{
	struct device device = { .leaves = false };
	struct slice address = db_blob(q, 1, sizeof(device.address) - 1);
	struct slice sender = db_blob(q, 1, sizeof(device.sender) - 1), to;

	device.account = db_u64(q, 1, INT64_MAX);
	to = db_blob(q, 0, sizeof(device.to) - 1);
	device.per_hour = (unsigned)db_u64(q, 1, DEVICE_PER_HOUR_MOST);
	device.created_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	if (db_row(q) < 0 || slice_cstr(address, device.address,
	    sizeof(device.address)) < 0 || slice_cstr(sender, device.sender,
	    sizeof(device.sender)) < 0 || slice_cstr(to, device.to,
	    sizeof(device.to)) < 0)
		return -EUCLEAN;
	*device_out = device;
	return 0;
}

/* 0 or -ENOENT. */
static int
get(struct policy *p, const char *address, struct device *device_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, DEVICE_GET);
	int r;

	db_put_blob(&q, slice_str(address));
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_row(&q, device_out);
}

int
policy_device_add(struct policy *p, const struct device *device)
{
	struct device before;
	struct db_query q;
	int r = get(p, device->address, &before);

	if (r != -ENOENT)
		return r < 0 ? r : -EEXIST;
	r = check_room(p, slice_str(device->sender).len +
	    slice_str(device->to).len);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, DEVICE_PUT);
	db_put_blob(&q, slice_str(device->address));
	db_put_blob(&q, slice_str(device->sender));
	db_put_u64(&q, device->account);
	db_put_blob(&q, slice_str(device->to));
	db_put_u64(&q, device->per_hour);
	db_put_i64(&q, device->created_utc_ms);
	return policy_finish(p, db_run(&q));
}

int
policy_device_remove(struct policy *p, const char *address,
    struct device *device_out)
{
	struct db_query q;
	int r = get(p, address, device_out);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, DEVICE_REMOVE);
	db_put_blob(&q, slice_str(address));
	return policy_finish(p, db_run(&q));
}

int
policy_device_each(struct policy *p, policy_device_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, DEVICE_EACH);
	struct device device;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = read_row(&q, &device);
		if (r == 0)
			r = fn(arg, &device);
		if (r != 0)
			return r;
	}
	return r;
}

struct packing {
	struct policy	*policy;
	struct text	*rows;
	uint32_t	 count;
};

static int
pack_row(void *arg, const struct device *device)
{
	struct packing *packing = arg;
	bool leaves = false;
	int r = policy_smarthost_has(packing->policy, device->account,
	    slice_str(device->sender), &leaves);

	if (r < 0)
		return r;
	pack_slice(packing->rows, slice_str(device->address));
	pack_slice(packing->rows, slice_str(device->sender));
	pack_u64(packing->rows, device->account);
	pack_slice(packing->rows, slice_str(device->to));
	pack_u32(packing->rows, device->per_hour);
	pack_u8(packing->rows, leaves);
	packing->count++;
	return 0;
}

int
policy_devices_pack(struct policy *p, struct text *text)
{
	TEXT_AUTO rows = TEXT_INIT(DEVICES_BYTES + DEVICES_MOST * 80);
	struct packing packing = { .policy = p, .rows = &rows };
	int r = policy_device_each(p, pack_row, &packing);

	if (r < 0)
		return r;
	pack_u32(text, packing.count);
	text_add(text, text_slice(&rows));
	return text_failed(&rows) || text_failed(text) ? -ENOMEM : 0;
}
