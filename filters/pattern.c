/*
 * pattern.c - one regular expression of the postmaster's, within bounds
 *
 * What bounds a search.  PCRE2's match limit counts backtracking at one place
 * of the text and starts anew at the next; running along a text without going
 * back ((?:a|b)++\d) counts as nothing.  The square of a text's length is
 * therefore possible within every limit of PCRE2.  A search goes in stretches
 * of places, so short that a stretch cannot cost more than half a second or so
 * at its worst, and the time allowed is looked at between them.  The answer is
 * the same as that of one search: each stretch sees the whole text.
 */
#include "filters/pattern.h"

#include <errno.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/base/loop.h"

/*
 * Places times bytes of text in a stretch.  A place runs over the text at two
 * bytes a nanosecond where it goes slowly: 2^30 are half a second, and a text
 * of up to 32 KiB, which most are, is one stretch.
 */
#define STRETCH_COST	((uint64_t)1 << 30)

const struct pattern_limits pattern_default_limits = {
	.matches = 100000,	/* ClamAV has the same; PCRE2: 10,000,000 */
	.depth = 2000,		/* ClamAV */
	.heap_kib = 4096,
	.stack_kib = 1024,	/* JIT has no other bound on its memory */
};

struct pattern {
	pcre2_code	*code;
};

struct pattern_space {
	pcre2_match_context	*context;
	pcre2_match_data	*data;
	pcre2_jit_stack		*stack;
	const char		*why;
};

static uint32_t
options_of(unsigned flags)
{
	/* a text with broken characters is a text, not an error */
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF |
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;

	if (flags & PATTERN_CASELESS)
		options |= PCRE2_CASELESS;
	if (flags & PATTERN_LINES)
		options |= PCRE2_MULTILINE;
	if (flags & PATTERN_DOT_ALL)
		options |= PCRE2_DOTALL;
	if (flags & PATTERN_SPACED)
		options |= PCRE2_EXTENDED;
	return options;
}

/* Words for what PCRE2 has against it. */
static void
say_error(struct text *fault, int error, size_t at)
{
	PCRE2_UCHAR words[256];

	if (pcre2_get_error_message(error, words, sizeof(words)) < 0)
		text_addf(fault, "error %d", error);
	else
		text_add_str(fault, (const char *)words);
	if (at != SIZE_MAX)
		text_addf(fault, " (at its character %zu)", at + 1);
}

/*
 * What a search in stretches would change the meaning of: the place where a
 * search begins, and verbs that end it.
 */
static bool
is_forbidden(struct slice source, struct text *fault)
{
	for (size_t i = 0; i + 1 < source.len; i++) {
		char next = source.at[i + 1];

		if (source.at[i] == '\\' && next == 'G') {
			text_add_str(fault, "\\G means nothing here");
			return true;
		}
		if (source.at[i] == '(' && next == '*') {
			text_add_str(fault, "\"(*\" is not allowed; what "
			    "matches these two characters is \\(\\*");
			return true;
		}
		if (source.at[i] == '\\')
			i++;
	}
	return false;
}

static pcre2_compile_context *
compile_context(void)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);

	if (context == NULL)
		return NULL;
	/* texts.h: a line ends with LF.  These three take any such value. */
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	(void)pcre2_set_max_pattern_length(context, PATTERN_BYTES_MOST);
	(void)pcre2_set_parens_nest_limit(context, PATTERN_NEST_MOST);
	return context;
}

static int
compile(struct slice source, unsigned flags, struct pattern *pattern,
    struct text *fault)
{
	pcre2_compile_context *context = compile_context();
	PCRE2_SIZE at = 0;
	int error = 0;

	if (context == NULL)
		return -ENOMEM;
	pattern->code = pcre2_compile((PCRE2_SPTR)(source.len == 0 ? "" :
	    source.at), source.len, options_of(flags), &error, &at, context);
	pcre2_compile_context_free(context);
	if (pattern->code == NULL) {
		/* 121: "failed to allocate heap memory" */
		if (error == PCRE2_ERROR_HEAP_FAILED)
			return -ENOMEM;
		say_error(fault, error, at);
		return -EINVAL;
	}
	/* refused (no executable memory): the interpreter does it */
	(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
	return 0;
}

int
pattern_new(struct slice source, unsigned flags, struct pattern **pattern_out,
    struct text *fault)
{
	struct pattern *pattern;
	int r;

	if (is_forbidden(source, fault))
		return -EINVAL;
	pattern = calloc(1, sizeof(*pattern));
	if (pattern == NULL)
		return -ENOMEM;
	r = compile(source, flags, pattern, fault);
	if (r < 0) {
		pattern_free(pattern);
		return r;
	}
	*pattern_out = pattern;
	return 0;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	free(pattern);
}

int
pattern_space_new(const struct pattern_limits *limits,
    struct pattern_space **space_out)
{
	struct pattern_space *space = calloc(1, sizeof(*space));

	if (space == NULL)
		return -ENOMEM;
	space->context = pcre2_match_context_create(NULL);
	space->data = pcre2_match_data_create(1, NULL);
	space->stack = pcre2_jit_stack_create(32 * 1024,
	    (size_t)limits->stack_kib * 1024, NULL);
	/* no stack is no fault where PCRE2 was built without JIT */
	if (space->context == NULL || space->data == NULL) {
		pattern_space_free(space);
		return -ENOMEM;
	}
	(void)pcre2_set_match_limit(space->context, limits->matches);
	(void)pcre2_set_depth_limit(space->context, limits->depth);
	(void)pcre2_set_heap_limit(space->context, limits->heap_kib);
	pcre2_jit_stack_assign(space->context, NULL, space->stack);
	space->why = "";
	*space_out = space;
	return 0;
}

void
pattern_space_free(struct pattern_space *space)
{
	if (space == NULL)
		return;
	pcre2_jit_stack_free(space->stack);
	pcre2_match_data_free(space->data);
	pcre2_match_context_free(space->context);
	free(space);
}

const char *
pattern_why(const struct pattern_space *space)
{
	return space->why;
}

void
pattern_found(const struct pattern_space *space, size_t *from_out,
    size_t *end_out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(space->data);

	/* \K can put its beginning behind its end */
	*from_out = at[0] < at[1] ? at[0] : at[1];
	*end_out = at[1];
}

static enum pattern_answer
give_up(struct pattern_space *space, const char *why)
{
	space->why = why;
	return PATTERN_GAVE_UP;
}

/* Look at the places `from` to `last` of `text`. */
static enum pattern_answer
match_stretch(const struct pattern *pattern, struct slice text, size_t from,
    size_t last, struct pattern_space *space)
{
	int r;

	(void)pcre2_set_offset_limit(space->context, last);
	r = pcre2_match(pattern->code, (PCRE2_SPTR)text.at, text.len, from, 0,
	    space->data, space->context);
	if (r >= 0)
		return PATTERN_YES;
	switch (r) {
	case PCRE2_ERROR_NOMATCH:
		return PATTERN_NO;
	case PCRE2_ERROR_MATCHLIMIT:
		return give_up(space, "it goes back and forth too often");
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_JIT_STACKLIMIT:
	case PCRE2_ERROR_RECURSELOOP:
		return give_up(space, "it nests too deeply");
	case PCRE2_ERROR_NOMEMORY:
		return give_up(space, "memory is out");
	default:
		return give_up(space, "the pattern library failed");
	}
}

/* The first place behind `at` that is not inside a character. */
static size_t
next_place(struct slice text, size_t at)
{
	do
		at++;
	while (at < text.len && ((unsigned char)text.at[at] & 0xc0) == 0x80);
	return at;
}

enum pattern_answer
pattern_match(const struct pattern *pattern, struct slice text,
    struct pattern_space *space, uint64_t ends_at_ms)
{
	uint64_t stretch = STRETCH_COST / (text.len + 1);
	enum pattern_answer answer;
	size_t from = 0, last;

	space->why = "";
	if (text.at == NULL)
		text = slice_of("", 0);
	if (text.len > PATTERN_TEXT_MOST)
		return give_up(space, "the text is too long");
	/* the place behind the last byte is one too: /^$/ */
	while (from <= text.len) {
		if (clock_ms() >= ends_at_ms)
			return give_up(space, "it takes too long");
		last = text.len - from < stretch ? text.len :
		    from + (size_t)stretch;
		answer = match_stretch(pattern, text, from, last, space);
		if (answer != PATTERN_NO)
			return answer;
		from = next_place(text, last);
	}
	return PATTERN_NO;
}
