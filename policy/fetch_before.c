/*
 * fetch_before.c - rules before a download, kept beside their fetch account
 */
#include "policy/fetch_before.h"

#include <errno.h>

#include "policy/fetch_texts.h"

static const struct fetch_text before_text = {
	BEFORE_SWEEP, BEFORE_PUT, BEFORE_GET, BEFORE_TEXT_MOST
};

int
policy_fetch_before_put(struct policy *p, uint64_t fetch, struct slice rules)
{
	return fetch_text_put(p, &before_text, fetch, rules);
}

int
policy_fetch_before_get(struct policy *p, uint64_t fetch, struct text *rules)
{
	int r = fetch_text_get(p, &before_text, fetch, rules);

	return r == -ENOENT ? 0 : r;
}
