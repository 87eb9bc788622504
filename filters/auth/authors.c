/*
 * authors.c - do the domains in From vouch for a message?
 */
#include "filters/auth/authors.h"

#include <errno.h>
#include <string.h>

int
authors_open(struct authors *authors, struct slice message)
{
	int r;

	memset(authors, 0, sizeof(*authors));
	r = author_read(message, &authors->author);
	for (unsigned i = 0; r == 0 && i < authors->author.domain_count; i++) {
		authors->checks[i] = dmarc_new(authors->author.domains[i]);
		if (authors->checks[i] == NULL)
			r = -ENOMEM;
	}
	if (r < 0)
		authors_close(authors);
	return r;
}

void
authors_close(struct authors *authors)
{
	for (unsigned i = 0; i < AUTHOR_DOMAINS; i++)
		dmarc_free(authors->checks[i]);
	memset(authors, 0, sizeof(*authors));
}

/* One that is not known may be the author's own. */
static const char *
domain_for(const struct authors *authors, unsigned which, const char *domain)
{
	return domain[0] == '\0' ? authors->author.domains[which] : domain;
}

void
authors_add_spf(struct authors *authors, const char *domain, bool is_sure)
{
	for (unsigned i = 0; i < authors->author.domain_count; i++)
		dmarc_add_spf(authors->checks[i],
		    domain_for(authors, i, domain), is_sure);
}

void
authors_add_dkim(struct authors *authors, const char *domain, bool is_sure)
{
	for (unsigned i = 0; i < authors->author.domain_count; i++)
		dmarc_add_dkim(authors->checks[i],
		    domain_for(authors, i, domain), is_sure);
}

void
authors_begin(struct authors *authors)
{
	authors->is_begun = true;
	for (unsigned i = 0; i < authors->author.domain_count; i++)
		dmarc_begin(authors->checks[i]);
}

const struct dns_question *
authors_wants(const struct authors *authors, unsigned which)
{
	if (!authors->is_begun || which >= authors->author.domain_count)
		return NULL;
	return dmarc_wants(authors->checks[which]);
}

void
authors_answer(struct authors *authors, unsigned which,
    const struct dns_answer *answer)
{
	dmarc_answer(authors->checks[which], answer);
}

void
authors_give_up(struct authors *authors)
{
	for (unsigned i = 0; i < authors->author.domain_count; i++)
		if (authors_wants(authors, i) != NULL)
			dmarc_give_up(authors->checks[i]);
}

/* The higher, the worse. */
static unsigned
badness(const struct authors_found *found)
{
	static const unsigned failing[] = {
		[DMARC_UNSAID] = 2, [DMARC_NONE] = 2,
		[DMARC_QUARANTINE] = 4, [DMARC_REJECT] = 6,
	};

	if (found->is_too_many)
		return 5;
	switch (found->result) {
	case DMARC_RESULT_FAIL:
		return failing[found->policy];
	case DMARC_RESULT_TEMPERROR:
		return 3;
	case DMARC_RESULT_NONE:
		return 1;
	default:
		return 0;
	}
}

struct authors_found
authors_end(const struct authors *authors)
{
	struct authors_found worst = {
		.is_too_many = authors->author.has_more, .domain = "",
	};

	for (unsigned i = 0; i < authors->author.domain_count; i++) {
		const struct dmarc *check = authors->checks[i];
		const struct authors_found one = {
			.result = dmarc_result(check),
			.policy = dmarc_policy(check),
			.domain = authors->author.domains[i],
		};

		if ((i == 0 && !worst.is_too_many) ||
		    badness(&one) > badness(&worst))
			worst = one;
	}
	worst.is_only = authors->author.domain_count == 1 &&
	    !authors->author.has_more && !authors->author.is_unnamed;
	return worst;
}
