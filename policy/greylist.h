/*
 * greylist.h - who has sent whom mail before (RFC 6647)
 *
 * A network (the /24 of an address, of IPv6 the /48) that brings mail of a
 * sender for a recipient for the first time waits; when it comes again later,
 * it is known.  A network of which several such are known is let through,
 * whoever writes.  Letter case of ASCII does not count.  Clocks are those on
 * the wall, in milliseconds, and brought along: what is remembered outlives the
 * machine's own.
 */
#ifndef POSTROOM_POLICY_GREYLIST_H
#define POSTROOM_POLICY_GREYLIST_H

#include "lib/base/text.h"
#include "policy/blocks.h"

/*
 * A full table loses its oldest.  Those that wait have one of their own, so
 * that a flood of them costs nobody who is known, and of it one network has a
 * share, so that a flood from there costs other networks nothing.
 */
#define GREY_WAITING_MOST	8192u
#define GREY_SHARE		512u
#define GREY_KNOWN_MOST		8192u
/* Of a sender, or a recipient; RFC 5321 4.5.3.1 has shorter ones. */
#define GREY_TEXT		320u
/* Who has not come again by then is forgotten. */
#define GREY_RETRY_MS		(INT64_C(2) * 24 * 3600 * 1000)
/* Who is known is so for as long after the last mail: a monthly one is. */
#define GREY_KEEP_MS		(INT64_C(35) * 24 * 3600 * 1000)
/* So many known of a network: then it is let through. */
#define GREY_NETWORK_LEAST	2u

enum grey {
	GREY_COMES,		/* it is known, or has waited */
	GREY_NEW,		/* it waits from now on */
	GREY_WAITS,		/* it still does */
	GREY_COUNT
};

/* What is remembered of one network. */
struct grey_net {
	const char	*net;		/* "192.0.2.0/24" */
	bool		 through;	/* whoever writes */
	unsigned	 waiting, known;
	struct slice	 sender, recipient;	/* of the oldest */
	int64_t		 since_utc_ms;	/* it waits, or was seen last */
};

struct greylist;		/* opaque; see greylist.c */

/* NULL when memory is out, or chance. */
struct greylist	*greylist_new(void);
void		 greylist_free(struct greylist *);
/* Nobody has come yet. */
void		 greylist_clear(struct greylist *);

/*
 * Mail of `sender` ("": a bounce) for `recipient` is brought from `net`; who is
 * new waits for `wait_ms`.  Out of memory all comes.
 */
enum grey	 greylist_ask(struct greylist *, struct slice net,
		    struct slice sender, struct slice recipient,
		    int64_t wait_ms, int64_t now_utc_ms);
/* Forget those whose time is over. */
void		 greylist_age(struct greylist *, int64_t now_utc_ms);
/* The networks of which somebody waits, or the others; false: no more. */
void		 greylist_each(const struct greylist *, bool waiting,
		    bool (*fn)(void *arg, const struct grey_net *), void *arg);

#define GREYLIST_FILE	"greylist"

/* The bytes of a file of it. */
void		 greylist_write(struct text *, const struct greylist *);
/* In place of what is known.  0; -EBADMSG: it is no such file, nobody is. */
int		 greylist_read(struct greylist *, struct slice bytes,
		    int64_t now_utc_ms);
/* The same with the file in that folder (kept_file.h).  0, -errno, -EBADMSG. */
int		 greylist_save(const struct greylist *, int folder_fd);
int		 greylist_load(struct greylist *, int folder_fd);

#endif
