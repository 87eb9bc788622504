/*
 * rule_inside.h - what the readers of rule files share; for them alone
 *
 * rule_read.c reads files and rules, rule_test.c tests, rule_action.c what is
 * to be done.  A reader function that returns false has told its fault, or
 * memory was out.
 */
#ifndef POSTROOM_FILTERS_RULE_INSIDE_H
#define POSTROOM_FILTERS_RULE_INSIDE_H

#include "filters/rule_read.h"
#include "filters/rule_token.h"

struct rule_reader {
	struct rules			*rules;
	struct prefilter_pattern	*sources;	/* of rules->patterns */
	struct slice			 file;		/* its name */
	struct rule_tokens		 tokens;
	struct rule_token		 token;		/* not yet taken */
	struct text			*faults;
	unsigned			 fault_count;
	bool				 no_memory;
	unsigned			 test_count;	/* in this rule */
	unsigned			 action_count;
};

/* Go on to the next token. */
void	rule_next(struct rule_reader *);
/* The token is the word `word`; if so it is taken. */
bool	rule_takes(struct rule_reader *, const char *word);
/* "file:line: words"; false always. */
bool	rule_fault(struct rule_reader *, unsigned line, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* "file:line: "what the token is" words"; false always. */
bool	rule_token_fault(struct rule_reader *, const char *words);
/* Memory is out; false always. */
bool	rule_no_memory(struct rule_reader *);
/* The statement ends: ";", a line end (taken) or "}" or the end (not). */
bool	rule_end(struct rule_reader *);
/* After a fault: go to where the next statement begins. */
void	rule_skip_statement(struct rule_reader *);

/* Copy into the rules. */
bool	rule_keep(struct rule_reader *, struct slice, struct slice *kept_out);
/* Take a string of 1 to `most` bytes, of one line, into the rules. */
bool	rule_take_string(struct rule_reader *, size_t most,
	    struct slice *string_out);

/* Read a test and what is inside it, with the "not" before it. */
bool	rule_read_test(struct rule_reader *, unsigned depth,
	    struct rule_test **test_out);
/* Read an action, behind "do". */
bool	rule_read_action(struct rule_reader *, struct rule_action **action_out);

#endif
