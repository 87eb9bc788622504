/*
 * pattern.h - one regular expression of the postmaster's, within bounds
 *
 * PCRE2 with UTF and Unicode properties.  A pattern is compiled, JIT included,
 * when the rules are read: matching never asks for executable memory, so the
 * judge's wall can forbid it.  Where JIT is not to be had the interpreter runs
 * the same patterns.
 *
 * Whoever writes the message chooses the text, so every match is bounded
 * (HARDENING A63): PCRE2's own limits bound the work at one place of the text,
 * and since they begin anew at each place, a long text is searched in stretches
 * between which the clock is read.  A search that was given up is neither yes
 * nor no.
 */
#ifndef POSTROOM_FILTERS_PATTERN_H
#define POSTROOM_FILTERS_PATTERN_H

#include "lib/base/text.h"

#define PATTERN_BYTES_MOST	4096	/* of a pattern's source */
#define PATTERN_NEST_MOST	50	/* groups in groups: it recurses */
/* Of a text: a place costs at most its length, a text its square. */
#define PATTERN_TEXT_MOST	(1024u * 1024)

#define PATTERN_CASELESS	0x01u	/* i: case does not count */
#define PATTERN_LINES		0x02u	/* m: ^ and $ at each line */
#define PATTERN_DOT_ALL		0x04u	/* s: . takes a line end too */
#define PATTERN_SPACED		0x08u	/* x: blanks in it mean nothing */

struct pattern;			/* opaque; see pattern.c */
struct pattern_space;		/* what matching works in; one per thread */

/* What one place of a text may cost. */
struct pattern_limits {
	uint32_t	matches;	/* steps back and forth */
	uint32_t	depth;		/* interpreter only */
	uint32_t	heap_kib;	/* interpreter only */
	uint32_t	stack_kib;	/* JIT only */
};
extern const struct pattern_limits pattern_default_limits;

enum pattern_answer {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_GAVE_UP		/* a limit came first: pattern_why() */
};

/*
 * Compile `source`, what stands between the slashes.  0; -EINVAL with the
 * reason added to `fault`, words without a line end; -ENOMEM.
 */
int	pattern_new(struct slice source, unsigned flags,
	    struct pattern **pattern_out, struct text *fault);
void	pattern_free(struct pattern *);

/* Memory for matching, got once and kept.  0 or -ENOMEM. */
int	pattern_space_new(const struct pattern_limits *,
	    struct pattern_space **space_out);
void	pattern_space_free(struct pattern_space *);

/*
 * Does the pattern stand anywhere in `text`?  Bytes that are no UTF-8 match
 * nothing.  At `ends_at_ms` (clock_ms) it is given up, at the latest at the end
 * of the stretch begun by then; so are a text above PATTERN_TEXT_MOST and one
 * at a limit.
 */
enum pattern_answer	pattern_match(const struct pattern *,
			    struct slice text, struct pattern_space *,
			    uint64_t ends_at_ms);
/* Where the last PATTERN_YES in this space stands in its text. */
void	pattern_found(const struct pattern_space *, size_t *from_out,
	    size_t *end_out);
/* Why the last search in this space was given up, in words. */
const char	*pattern_why(const struct pattern_space *);

#endif
