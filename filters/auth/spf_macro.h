/*
 * spf_macro.h - macros in domain names and explanations (RFC 7208 7)
 */
#ifndef POSTROOM_FILTERS_AUTH_SPF_MACRO_H
#define POSTROOM_FILTERS_AUTH_SPF_MACRO_H

#include "lib/base/text.h"

/* What the letters stand for, as text; `in_text` ones are empty elsewhere. */
struct spf_macros {
	struct slice	sender, local, sender_domain;	/* s l o */
	struct slice	domain;				/* d */
	struct slice	dotted, readable;		/* i, c */
	struct slice	family;				/* v */
	struct slice	validated;			/* p */
	struct slice	helo;				/* h */
	struct slice	host;				/* r */
	struct slice	time;				/* t */
};

/*
 * Is it a string with macros (7.1)?  c, r and t are allowed in an explanation
 * only, and so are blanks.
 */
bool	spf_macro_is_string(struct slice, bool is_text);
/* A string that ends in a macro or in a dot and a top label. */
bool	spf_macro_is_domain(struct slice);
/* The letter `p` is used in it. */
bool	spf_macro_wants_name(struct slice);
/* Add what such a string stands for. */
void	spf_macro_expand(struct text *, struct slice,
	    const struct spf_macros *);

#endif
