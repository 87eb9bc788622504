/*
 * links.h - which domains a message points to
 *
 * The domains in From, and the hosts of the links in its texts (http, https, ftp,
 * and what begins with "www."), each cut to what its owner has registered.  Of
 * addresses in links nothing is kept.  HTML is looked at as it is written, and
 * as a browser reads it.  There are limits; what is behind one is not found.
 */
#ifndef POSTROOM_FILTERS_LINKS_H
#define POSTROOM_FILTERS_LINKS_H

#include "filters/auth/dns.h"
#include "lib/base/arena.h"
#include "lib/message/mime.h"

/* Each is a question to each list of domains; honest mail has two or three. */
#define LINKS_MOST	10
/* Hosts looked at to find them: a text may hold one every ten bytes. */
#define LINKS_LOOKED_MOST	1000
/* Tags of HTML; those of a long newsletter are 5,000. */
#define LINKS_TAGS_MOST		20000
/* An arena for links_find() has this. */
#define LINKS_BUDGET	(4u << 20)

struct links {
	unsigned	count, looked, tags;
	char		domain[LINKS_MOST][DNS_NAME_SIZE];
};

/* Add those that `text` points to. */
void	links_read(struct links *, struct slice text);
/* The same of HTML, which is UTF-8: of its tags, and of its words. */
void	links_read_html(struct links *, struct slice html);
/*
 * Add what a host's owner has registered: its last two labels, or three where
 * the second last is as short as in "co.id".
 */
void	links_add(struct links *, struct slice host);
/* Those of a message; `root` is its part tree, or NULL. */
void	links_find(struct slice message, const struct mime_part *root,
	    struct arena *, struct links *links_out);

#endif
