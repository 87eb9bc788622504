/*
 * device_table.c - devices as the doors know them
 */
#include "policy/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/host.h"
#include "lib/message/path.h"

static const char mapped[] = "::ffff:";

bool
device_address(struct slice typed, char address_out[DEVICE_ADDRESS_SIZE])
{
	char text[HOST_TEXT_SIZE];
	struct slice rest;

	if (host_address(slice_trim(typed), false, text) == 0)
		return false;
	rest = slice_str(text);
	if (rest.len > 1 && rest.at[0] == '[')
		rest = slice_after(slice_first(rest, rest.len - 1), 1);
	if (slice_has_prefix(rest, mapped) &&
	    slice_find(rest, '.') != SIZE_MAX)
		rest = slice_after(rest, sizeof(mapped) - 1);
	return slice_cstr(rest, address_out, DEVICE_ADDRESS_SIZE) == 0;
}

/* "zoe@far.test", "@far.test".  0 or -EINVAL. */
static int
add_to(struct text *to, struct slice word)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_SIZE);
	struct path path;
	bool is_domain = slice_has_prefix(word, "@");
	int r;

	if (is_domain)
		r = address_normal(&normal, slice_str("x"),
		    slice_after(word, 1));
	else
		r = address_parse(word, true, &path);
	if (r == 0 && !is_domain)
		r = path.domain.len == 0 ? -EINVAL : address_normal(&normal,
		    path.local, path.domain);
	if (r < 0 || slice_find(text_slice(&normal), ' ') != SIZE_MAX)
		return -EINVAL;
	if (to->len > 0)
		text_add_byte(to, ' ');
	text_add(to, slice_after(text_slice(&normal), is_domain ? 1 : 0));
	return 0;
}

int
device_to(struct slice typed, char to_out[DEVICE_TO_SIZE])
{
	TEXT_AUTO to = TEXT_INIT(DEVICE_TO_SIZE - 1);
	struct slice part, word;
	bool more = true;

	while (more) {
		more = slice_cut(&typed, ',', &part);
		if (!more)
			part = typed;
		while (slice_word(&part, &word))
			if (add_to(&to, word) < 0)
				return -EINVAL;
	}
	return text_failed(&to) || slice_cstr(text_slice(&to), to_out,
	    DEVICE_TO_SIZE) < 0 ? -EINVAL : 0;
}

bool
device_may_send_to(const char *to, struct slice address)
{
	struct slice rest = slice_str(to), word;
	struct slice domain = slice_after(address,
	    slice_find_last(address, '@'));

	while (slice_word(&rest, &word))
		if (slice_is(word, address) || slice_is(word, domain))
			return true;
	return false;
}

static int
read_one(struct unpack *u, struct device *device)
{
	struct slice address = unpack_slice(u), sender = unpack_slice(u);
	struct slice to;

	device->account = unpack_u64(u);
	to = unpack_slice(u);
	device->per_hour = unpack_u32(u);
	device->leaves = unpack_bool(u);
	return u->bad || device->account == 0 ||
	    device->account > INT64_MAX || device->per_hour == 0 ||
	    slice_cstr(address, device->address,
	    sizeof(device->address)) < 0 ||
	    slice_cstr(sender, device->sender, sizeof(device->sender)) < 0 ||
	    slice_cstr(to, device->to, sizeof(device->to)) < 0 ? -EBADMSG : 0;
}

int
devices_unpack(struct slice packed, struct devices *devices_out)
{
	struct unpack u = unpack_of(packed);
	struct devices devices = { .count = unpack_u32(&u) };
	int r = 0;

	if (u.bad || devices.count > DEVICES_MOST)
		return -EBADMSG;
	if (devices.count > 0) {
		devices.at = calloc(devices.count, sizeof(*devices.at));
		if (devices.at == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < devices.count; i++)
		r = read_one(&u, &devices.at[i]);
	if (r == 0 && !unpack_is_done(&u))
		r = -EBADMSG;
	if (r < 0) {
		free(devices.at);
		return r;
	}
	*devices_out = devices;
	return 0;
}

bool
device_is_same(const struct device *one, const struct device *other)
{
	return one->account == other->account &&
	    strcmp(one->sender, other->sender) == 0 &&
	    strcmp(one->to, other->to) == 0;
}

const struct device *
devices_find(const struct devices *devices, const char *address)
{
	char normal[DEVICE_ADDRESS_SIZE];

	if (devices->count == 0 || !device_address(slice_str(address),
	    normal))
		return NULL;
	for (size_t i = 0; i < devices->count; i++)
		if (strcmp(devices->at[i].address, normal) == 0)
			return &devices->at[i];
	return NULL;
}
