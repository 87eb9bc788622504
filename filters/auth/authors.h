/*
 * authors.h - do the domains in From vouch for a message?
 *
 * An honest message has one author; of another each domain that some program
 * shows as the author's (author.h) is asked about, each by a check of its own
 * (dmarc.h), and the worst of the results is that of the message: who forges a
 * name cannot hide it beside one that is his.
 */
#ifndef POSTROOM_FILTERS_AUTH_AUTHORS_H
#define POSTROOM_FILTERS_AUTH_AUTHORS_H

#include "filters/auth/dmarc.h"
#include "lib/message/author.h"

struct authors {		/* private but for its size */
	struct author	 author;
	struct dmarc	*checks[AUTHOR_DOMAINS];
	bool		 is_begun;
};

/* The authors of `message`.  0 or -ENOMEM (nothing stays then). */
int	authors_open(struct authors *, struct slice message);
/* A zeroed one is fine. */
void	authors_close(struct authors *);

/*
 * SPF, or a signature, passes for `domain`; where it is not sure, nobody could
 * say whether it does, and "" is for a domain that is not known.
 */
void	authors_add_spf(struct authors *, const char *domain, bool is_sure);
void	authors_add_dkim(struct authors *, const char *domain, bool is_sure);
/* All are added; only once. */
void	authors_begin(struct authors *);

/* What the check `which`, below AUTHOR_DOMAINS, asks; NULL: nothing. */
const struct dns_question *authors_wants(const struct authors *,
	    unsigned which);
void	authors_answer(struct authors *, unsigned which,
	    const struct dns_answer *);
/* Nobody will answer. */
void	authors_give_up(struct authors *);

struct authors_found {
	enum dmarc_result result;
	/* PERMERROR instead: more domains than are looked at */
	bool		 is_too_many;
	enum dmarc_policy policy;	/* of the one that it is about */
	const char	*domain;	/* which one; "": there is none */
	bool		 is_only;	/* no program shows another one */
};
/* Once they are decided; strings are good for as long as it. */
struct authors_found authors_end(const struct authors *);

#endif
