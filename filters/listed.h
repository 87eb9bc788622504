/*
 * listed.h - what the lists in DNS say of who sent a message, and of its links
 *
 * Asked about is the host that came from outside: of what our provider brought,
 * the one that came to the provider, never the provider itself.  Nobody is
 * asked about who is logged in, about hosts that are trusted, of a private net
 * or this machine, nor about what the hub itself sends.  Lists of domains are
 * asked about those that the message points to (links.h).
 *
 * A list that does not answer, refuses or is broken has listed nothing.  Who
 * stands on a list that allows is excused from what other lists would do by
 * themselves; rules see all of it.
 */
#ifndef POSTROOM_FILTERS_LISTED_H
#define POSTROOM_FILTERS_LISTED_H

#include "filters/dns_lists.h"
#include "filters/links.h"
#include "lib/message/envelope.h"

#define LISTED_LINE	"X-Postroom-Lists"
/* Questions of one message: each list of hosts, and what is left for domains. */
#define LISTED_PARTS	40

struct listed_found {
	bool		is_wanted;	/* some list was asked */
	unsigned	count;
	struct listed_one {
		char	name[DNS_LIST_NAME_MOST + 1];
		bool	allows;
		enum verdict_action action;
		enum listed_result result;
		uint32_t answer;	/* of YES, REFUSED and BROKEN; or 0 */
		char	what[DNS_NAME_SIZE];	/* it is about */
	} list[DNS_LISTS_MOST];
};

/* Is the message on the list of that name? */
bool	listed_is(const struct listed_found *, struct slice name);
/*
 * A line that says what each list has said, the pieces between semicolons, and
 * what the lists do by themselves.
 *
 *	X-Postroom-Lists: zen lists 192.0.2.1 (127.0.0.4); wl: not listed
 */
void	listed_judge(const struct listed_found *,
	    struct verdict *verdict_out);

struct listed;			/* opaque; one message */

/* Is somebody asked about this message whom `trusted`, nets, lets be asked? */
bool	listed_concerns(const struct envelope *, const char *trusted);
/*
 * Begin; `trusted` are nets (config.h), `links` may be NULL, and the lists must
 * outlive it.  0 with NULL: there is nothing to ask.  Or -ENOMEM.
 */
int	listed_new(const struct dns_lists *, const char *trusted,
	    const struct envelope *, const struct links *links,
	    struct listed **listed_out);
/* NULL is fine. */
void	listed_free(struct listed *);

/* Which list part `part`, below LISTED_PARTS, asks. */
unsigned listed_list(const struct listed *, unsigned part);
/* What it asks; NULL: nothing (any more). */
const struct dns_question *listed_wants(const struct listed *,
	    unsigned part);
void	listed_answer(struct listed *, unsigned part,
	    const struct dns_answer *);
/* That list is not asked any more: whatever it says, this is the result. */
void	listed_skip(struct listed *, unsigned list, enum listed_result);
/* What is still asked nobody will answer. */
void	listed_give_up(struct listed *);
bool	listed_is_decided(const struct listed *);
/* Does that list take part? */
bool	listed_uses(const struct listed *, unsigned list);
/* Once it is decided. */
void	listed_end(const struct listed *, struct listed_found *found_out);

#endif
