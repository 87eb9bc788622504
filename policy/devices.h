/*
 * devices.h - printers and programs that send without a login, by their address
 *
 * A row of policy.db: who connects from that address sends as that one sender, an
 * address of an account here, to people here and to the addresses elsewhere that
 * are listed with it.  The doors have all of them, as the keeper says.
 *
 * Changes are durable when 0 is returned.
 */
#ifndef POSTROOM_POLICY_DEVICES_H
#define POSTROOM_POLICY_DEVICES_H

#include "lib/base/arena.h"
#include "lib/base/pack.h"
#include "policy/accounts.h"

#define DEVICES_MOST		500
#define DEVICE_ADDRESS_SIZE	46	/* numeric, IPv6 too, and a NUL */
#define DEVICE_TO_SIZE		2048
/* What all of them have in text: one message to a door. */
#define DEVICES_BYTES		(96 * 1024)
#define DEVICE_PER_HOUR		100u	/* messages, unless it is said */
#define DEVICE_PER_HOUR_MOST	10000u

struct device {
	char		address[DEVICE_ADDRESS_SIZE];
	char		sender[ADDRESS_SIZE];	/* in normal form */
	uint64_t	account;		/* whose that is */
	/* elsewhere: addresses in normal form, "@domain" for all of it, a blank
	 * between them; what is below that domain is not */
	char		to[DEVICE_TO_SIZE];
	unsigned	per_hour;		/* messages */
	int64_t		created_utc_ms;
	bool		leaves;		/* told to doors: its sender has a
					   smarthost of its own */
};

/*
 * The one form of a numeric address; IPv4 in IPv6 (RFC 4291 2.5.5.2) is IPv4.
 * False: it is none.
 */
bool	device_address(struct slice, char address_out[DEVICE_ADDRESS_SIZE]);
/* Those typed, blanks or commas between them, as `to` has them.  0 or -EINVAL. */
int	device_to(struct slice typed, char to_out[DEVICE_TO_SIZE]);
/* Is that address, in normal form, one of them? */
bool	device_may_send_to(const char *to, struct slice address);

/* 0, -EEXIST or -EDQUOT. */
int	policy_device_add(struct policy *, const struct device *);
/* 0 or -ENOENT. */
int	policy_device_remove(struct policy *, const char *address,
	    struct device *device_out);
/* By address; stops when `fn` is not 0. */
typedef int policy_device_fn(void *arg, const struct device *);
int	policy_device_each(struct policy *, policy_device_fn *, void *arg);

/* All of them as doors are told, and back: 0 or a negative errno. */
int	policy_devices_pack(struct policy *, struct text *);
struct devices {
	struct device	*at;
	size_t		 count;
};
/* 0, -EBADMSG or -ENOMEM; the array is malloc's. */
int	devices_unpack(struct slice packed, struct devices *devices_out);
/* It sends as the same, to the same. */
bool	device_is_same(const struct device *, const struct device *);
/* The one at that numeric address, in any form; or NULL. */
const struct device *devices_find(const struct devices *, const char *address);

#endif
