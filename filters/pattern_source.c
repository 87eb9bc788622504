/*
 * pattern_source.c - the source of a pattern, on the way through it
 */
#include "filters/pattern_source.h"

#define NEST_MOST	8	/* groups; each level has sets on the stack */

char
source_peek(const struct pattern_source *source)
{
	return source->rest.len == 0 ? '\0' : source->rest.at[0];
}

char
source_take(struct pattern_source *source)
{
	char c = source_peek(source);

	if (source->rest.len == 0)
		source->doubt = true;
	source->rest = slice_after(source->rest, 1);
	return c;
}

bool
source_goes_on(const struct pattern_source *source)
{
	char c = source_peek(source);

	return !source->doubt && source->rest.len > 0 && c != '|' && c != ')';
}

void
source_take_rest(struct pattern_source *source)
{
	while ((unsigned char)source_peek(source) >= 0x80 &&
	    (unsigned char)source_peek(source) < 0xc0)
		source_take(source);
}

void
source_skip_posix(struct pattern_source *source)
{
	source_take(source);
	while ((source_peek(source) >= 'a' && source_peek(source) <= 'z') ||
	    source_peek(source) == '^')
		source_take(source);
	if (source_take(source) != ':' || source_take(source) != ']')
		source->doubt = true;
}

bool
source_enter(struct pattern_source *source)
{
	if (slice_has_prefix(source->rest, "?i)")) {
		source->rest = slice_after(source->rest, 3);
		return false;
	}
	if (slice_has_prefix(source->rest, "?:"))
		source->rest = slice_after(source->rest, 2);
	else if (source_peek(source) == '?' || source_peek(source) == '*')
		source->doubt = true;
	if (source->doubt || source->depth == NEST_MOST) {
		source->doubt = true;
		return false;
	}
	source->depth++;
	return true;
}

void
source_leave(struct pattern_source *source)
{
	source->depth--;
	if (source_take(source) != ')')
		source->doubt = true;
}
