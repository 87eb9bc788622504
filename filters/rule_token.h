/*
 * rule_token.h - the words of a rule file (rule_read.h has the grammar)
 *
 * A walk over borrowed bytes, which are UTF-8; every byte is looked at once.
 */
#ifndef POSTROOM_FILTERS_RULE_TOKEN_H
#define POSTROOM_FILTERS_RULE_TOKEN_H

#include "lib/base/text.h"

enum rule_token_kind {
	RULE_TOKEN_WORD,	/* `text`; "<", ">" and "<>" are words too */
	RULE_TOKEN_STRING,	/* `text`: between the quotes, as written */
	RULE_TOKEN_PATTERN,	/* `text`: between the slashes; `flags` */
	RULE_TOKEN_OPEN,	/* { */
	RULE_TOKEN_CLOSE,	/* } */
	RULE_TOKEN_SEMICOLON,
	RULE_TOKEN_LINE,	/* one or more line ends */
	RULE_TOKEN_END,		/* of the file; comes again and again */
	RULE_TOKEN_BAD		/* `fault` says why; the line is passed over */
};

struct rule_token {
	enum rule_token_kind	 kind;
	unsigned		 line;		/* from 1 */
	struct slice		 text;
	struct slice		 flags;
	const char		*fault;
};

struct rule_tokens {
	struct slice	rest;
	unsigned	line;
};

/* Before the first word of `bytes`; a byte order mark there is passed over. */
struct rule_tokens rule_tokens_of(struct slice bytes);
struct rule_token rule_token_take(struct rule_tokens *);
/* Add a string's characters, its escapes undone. */
void	rule_string(struct text *, struct slice between_quotes);

#endif
