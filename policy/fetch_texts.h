/*
 * fetch_texts.h - a text of rules that is kept beside a fetch account
 *
 * For the files that make up the keeper's database.  Numbers of accounts are
 * never given twice: what an account that is gone left behind is swept with the
 * next one that is put.
 */
#ifndef POSTROOM_POLICY_FETCH_TEXTS_H
#define POSTROOM_POLICY_FETCH_TEXTS_H

#include "lib/base/text.h"
#include "policy/tables.h"

/* Where it is kept. */
struct fetch_text {
	enum statement	 sweep, put, get;
	size_t		 most;		/* bytes */
};

/* 0, -EINVAL (too long), -ENOENT (no such account), or what writing says. */
int	fetch_text_put(struct policy *, const struct fetch_text *,
	    uint64_t fetch, struct slice text);
/* Add it to `text`.  0, -ENOENT (it has none), -ENOMEM, what reading says. */
int	fetch_text_get(struct policy *, const struct fetch_text *,
	    uint64_t fetch, struct text *text);

#endif
