/*
 * metadata.h - what mail programs note of mailboxes and of the account (RFC 5464)
 *
 * An entry is a name, as "/private/comment", and a value: any bytes, none among
 * them.  It belongs to the number of its mailbox, so it follows it under any name
 * and goes with it; number 0 is the account itself.  Nobody here reads what is
 * in them.
 */
#ifndef POSTROOM_STORE_METADATA_H
#define POSTROOM_STORE_METADATA_H

#include "store/account.h"

#define METADATA_NAME_MOST	255	/* bytes */
#define METADATA_VALUE_MOST	16384	/* RFC 5464 4.1: at least 1024 */
#define METADATA_ENTRIES_MOST	100	/* of a mailbox; RFC 5464 4.1: at least 10 */
/* Names and values of an account: notes, not a second store for mail. */
#define METADATA_BYTES_MOST	(4 * 1024 * 1024)

struct metadata_change {
	struct slice	name;		/* in one case of its letters */
	struct slice	value;
	bool		removes;	/* no value: there is to be no entry */
};

/*
 * Make these changes, all or none: FULL.  One that removes what is not there is
 * none.  0, -ENOENT (no such mailbox), -EMSGSIZE (a name or a value is too long),
 * -EDQUOT (METADATA_ENTRIES_MOST or METADATA_BYTES_MOST) or as the disk says.
 */
int	metadata_set(struct account *, uint32_t mailbox,
	    const struct metadata_change *, size_t count);
/*
 * The entries of a mailbox in order of their names; slices live within `fn`,
 * which ends it early with what it returns, if that is not 0.  0, -ENOENT or
 * -errno.
 */
typedef int metadata_fn(void *arg, struct slice name, struct slice value);
int	metadata_each(struct account *, uint32_t mailbox, metadata_fn *,
	    void *arg);

#endif
