/*
 * imported.h - what was brought into this account from elsewhere
 *
 * An import that was broken off is begun again, and nothing comes twice: each
 * message has a key, made by whoever brings it of where it came from, and the
 * key is noted in the transaction that makes the letter visible.  It outlives
 * the letter: what somebody has deleted or moved since is not brought again.
 */
#ifndef POSTROOM_STORE_IMPORTED_H
#define POSTROOM_STORE_IMPORTED_H

#include "store/account.h"

#define IMPORT_KEY_BYTES	16	/* of a digest: no two are the same */

/* 1: it has been brought, 0: it has not, or -errno.  `key`: IMPORT_KEY_BYTES. */
int	imported_has(struct account *, struct slice key);
/*
 * Note it in the open transaction.  0, -EEXIST (it was brought meanwhile) or
 * -errno.
 */
int	imported_note(struct account *, struct slice key);

#endif
