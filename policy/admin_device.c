/*
 * admin_device.c - the keeper's answers about devices (device add, list, remove)
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "lib/message/envelope.h"
#include "lib/message/path.h"
#include "policy/devices.h"

/* In the rows of admin.c. */
enum { ADDRESS, SENDER, TO, PER_HOUR };

struct listing {
	struct admin_work	*work;
	struct text		*rows;
	struct slice		 above;
};

/* Ends with a full page. */
static int
add_row(void *arg, const struct device *device)
{
	struct listing *listing = arg;

	if (slice_order(slice_str(device->address), listing->above) <= 0)
		return 0;
	if (listing->work->rows == ADMIN_PAGE)
		return 1;
	pack_slice(listing->rows, slice_str(device->address));
	pack_slice(listing->rows, slice_str(device->sender));
	pack_slice(listing->rows, slice_str(device->to));
	pack_u64(listing->rows, device->per_hour);
	pack_i64(listing->rows, device->created_utc_ms);
	listing->work->rows++;
	return 0;
}

/* An address of an account: somebody is to hear what becomes of its mail. */
static int
read_sender(struct policy *policy, struct slice typed, struct device *device)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_SIZE);
	enum whose whose = WHOSE_FOREIGN;
	struct path path;
	int r;

	if (address_parse(typed, true, &path) < 0 || path.domain.len == 0 ||
	    address_normal(&normal, path.local, path.domain) < 0)
		return -EINVAL;
	r = policy_whose(policy, text_slice(&normal), &whose,
	    &device->account);
	if (r < 0)
		return r;
	if (whose != WHOSE_OURS || device->account == 0 ||
	    device->account > INT64_MAX ||
	    (device->account & ACCOUNT_NOBODYS) != 0)
		return -ENOENT;
	return slice_cstr(text_slice(&normal), device->sender,
	    sizeof(device->sender));
}

static int
read_all(struct policy *policy, struct admin_work *work,
    struct device *device)
{
	uint64_t per_hour = DEVICE_PER_HOUR;
	int r;

	work->field = ADDRESS;
	if (!device_address(work->args[ADDRESS], device->address))
		return -EINVAL;
	work->field = SENDER;
	r = read_sender(policy, work->args[SENDER], device);
	if (r < 0)
		return r;
	work->field = TO;
	if (work->given[TO] && device_to(work->args[TO], device->to) < 0)
		return -EINVAL;
	work->field = PER_HOUR;
	if (work->given[PER_HOUR] && (slice_u64(work->args[PER_HOUR],
	    DEVICE_PER_HOUR_MOST, &per_hour) < 0 || per_hour == 0))
		return -EINVAL;
	device->per_hour = (unsigned)per_hour;
	work->field = ADMIN_NO_FIELD;
	return 0;
}

enum admin_status
admin_device_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, slice_of("", 0) };
	struct device device = { .created_utc_ms = work->now_utc_ms };
	int r = read_all(policy, work, &device);

	if (r < 0)
		return admin_status_of(r);
	r = policy_device_add(policy, &device);
	if (r < 0) {
		work->field = ADDRESS;
		return admin_status_of(r);
	}
	work->devices_changed = true;
	(void)add_row(&listing, &device);
	return ADMIN_OK;
}

enum admin_status
admin_device_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, slice_of("", 0) };
	char address[DEVICE_ADDRESS_SIZE];
	struct device device;
	int r = device_address(work->args[ADDRESS], address) ? 0 : -EINVAL;

	if (r == 0)
		r = policy_device_remove(policy, address, &device);
	if (r < 0) {
		work->field = ADDRESS;
		return admin_status_of(r);
	}
	work->devices_changed = true;
	(void)add_row(&listing, &device);
	return ADMIN_OK;
}

enum admin_status
admin_device_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, work->given[0] ?
	    work->args[0] : slice_of("", 0) };
	int r = policy_device_each(policy, add_row, &listing);

	return admin_status_of(r > 0 ? 0 : r);
}
