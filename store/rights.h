/*
 * rights.h - who else may do what in a mailbox (RFC 4314)
 *
 * The account itself may do everything and stands in no row.  Others are
 * accounts, by their number, which is never given to another, and RIGHTS_ANYONE,
 * who is every account of this hub.  What somebody may do is all that is
 * granted to them and to anyone, without what is taken from them or from anyone
 * (RFC 4314 2, negative rights).
 *
 * Rights go with a mailbox when it is renamed, and end when it is deleted; a
 * mailbox that is made below another begins with the rights of that one.
 */
#ifndef POSTROOM_STORE_RIGHTS_H
#define POSTROOM_STORE_RIGHTS_H

#include "store/account.h"

#define RIGHT_LOOKUP	0x001u	/* l: it is in LIST */
#define RIGHT_READ	0x002u	/* r: SELECT, STATUS, FETCH, COPY from */
#define RIGHT_SEEN	0x004u	/* s: \Seen */
#define RIGHT_WRITE	0x008u	/* w: flags but \Seen and \Deleted */
#define RIGHT_INSERT	0x010u	/* i: APPEND, COPY into */
#define RIGHT_POST	0x020u	/* p: kept, and means nothing here */
#define RIGHT_CREATE	0x040u	/* k: mailboxes below it */
#define RIGHT_DELETE	0x080u	/* x: the mailbox itself */
#define RIGHT_MARK	0x100u	/* t: \Deleted */
#define RIGHT_EXPUNGE	0x200u	/* e: for good */
#define RIGHT_ADMIN	0x400u	/* a: SETACL and its like */
#define RIGHTS_ALL	0x7ffu

#define RIGHTS_ANYONE	0	/* in place of an account */
#define RIGHTS_MOST	200	/* rows of one mailbox: a GETACL is one line */
#define RIGHTS_WHO_BYTES 323	/* of an account's address */

/* One row. */
struct right {
	uint64_t	who;		/* account, or RIGHTS_ANYONE */
	bool		is_negative;	/* taken away */
	unsigned	rights;		/* RIGHT_ bits */
	struct slice	name;		/* of `who`, when it was granted */
};

/*
 * Each row of `mailbox`; slices live within `fn`, which ends it early with what
 * it returns that is not zero.  0 or -errno.
 */
typedef int right_fn(void *arg, const struct right *);
int	rights_each(struct account *, uint32_t mailbox, right_fn *, void *arg);
/*
 * This is what `who` has from now on; no rights: the row goes.  FULL.  0,
 * -ENOENT (no such mailbox), -EINVAL, -EDQUOT (RIGHTS_MOST), or as the disk
 * says.
 */
int	rights_set(struct account *, uint32_t mailbox, const struct right *);
/* All rows of `from` are rows of `to`, which has none.  As rights_set(). */
int	rights_copy(struct account *, uint32_t from, uint32_t to);
/* The rights of one row; 0 when there is none.  0 or -errno. */
int	rights_row(struct account *, uint32_t mailbox, uint64_t who,
	    bool is_negative, unsigned *rights_out);
/* What account `who` may do there, all rows together.  0 or -errno. */
int	rights_of(struct account *, uint32_t mailbox, uint64_t who,
	    unsigned *rights_out);

/* Each row of each mailbox, in the order of their names. */
typedef int right_shared_fn(void *arg, struct slice mailbox,
	    const struct right *);
int	rights_shared_each(struct account *, right_shared_fn *, void *arg);
/* Has something that rights_shared_each() tells changed since this was asked
 * last?  At first, and after doubtful cases: yes. */
bool	rights_changed(struct account *);

/* Add "lrswipkxtecda": with `virtual`, the letters c and d of RFC 4314 2.1.1
 * where one of theirs is there. */
struct text;
void	rights_add(struct text *, unsigned rights, bool with_virtual);
/* What becomes of `before` by "letters" (these and no others), "+letters" or
 * "-letters" (RFC 4314 3.1).  As rights_read(). */
int	rights_change(struct slice word, unsigned before, unsigned *rights_out);
/* Read letters, c and d among them.  0, or -EINVAL (no right is called so). */
int	rights_read(struct slice letters, unsigned *rights_out);

#endif
