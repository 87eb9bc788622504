/*
 * arc_results.c - what the one who sealed a message had found of it
 *
 * RFC 8601 2.2 as far as one method of it goes: quotes and comments are skipped,
 * and what is not understood says nothing.  What never ends is looked for once in
 * a text: its address_list remembers that, so that a value costs what it is long.
 */
#include "filters/auth/arc.h"

#include "lib/message/addresses.h"

/* Cut up to the next ";" that stands in no quotes and no comment. */
static bool
cut_part(struct address_list *list, struct slice *rest,
    struct slice *part_out)
{
	struct slice s = *rest;
	size_t at = 0;

	if (s.len == 0)
		return false;
	while (at < s.len && s.at[at] != ';') {
		size_t hidden = addresses_hidden(list, slice_after(s, at));

		at += hidden > 0 ? hidden : 1;
	}
	*part_out = slice_trim(slice_first(s, at));
	*rest = slice_after(s, at + 1);
	return true;
}

/* What follows blanks, comments and strings. */
static struct slice
skip_hidden(struct address_list *list, struct slice s)
{
	size_t hidden;

	do {
		s = slice_trim(s);
		hidden = addresses_hidden(list, s);
		s = slice_after(s, hidden);
	} while (hidden > 0);
	return s;
}

/* Cut the next "name = value" off; comments before it are skipped. */
static bool
cut_pair(struct address_list *list, struct slice *rest,
    struct slice *name_out, struct slice *value_out)
{
	size_t at;

	*rest = skip_hidden(list, *rest);
	if (!slice_cut(rest, '=', name_out))
		return false;
	*name_out = slice_trim(*name_out);
	*rest = slice_trim(*rest);
	at = rest->len > 0 && rest->at[0] == '"' ?
	    addresses_hidden(list, *rest) : 0;
	if (at > 0) {
		*value_out = slice_of(rest->at + 1, at - 2);
	} else {
		while (at < rest->len && rest->at[at] != '(' &&
		    (unsigned char)rest->at[at] > ' ')
			at++;
		*value_out = slice_first(*rest, at);
	}
	*rest = slice_after(*rest, at);
	return true;
}

/* "dmarc=pass (p=none) header.from=a.example" */
static bool
is_pass_of(struct slice part, const char *author)
{
	struct address_list list;
	struct slice name, value;

	addresses_begin(&list, part);
	if (!cut_pair(&list, &part, &name, &value) ||
	    !slice_is_word(name, "dmarc") || !slice_is_word(value, "pass"))
		return false;
	while (cut_pair(&list, &part, &name, &value))
		if (slice_is_word(name, "header.from"))
			return slice_is_word(value, author);
	return false;
}

bool
arc_results_read(struct slice value, const char *author,
    unsigned *instance_out, bool *passed_out)
{
	struct slice part, name, number;
	struct address_list list, of_part;
	uint64_t instance;
	bool passed = false;

	/* RFC 8617 4.1.1: the number comes first, then who says it */
	addresses_begin(&list, value);
	if (!cut_part(&list, &value, &part))
		return false;
	addresses_begin(&of_part, part);
	if (!cut_pair(&of_part, &part, &name, &number) ||
	    !slice_is_word(name, "i") || skip_hidden(&of_part, part).len > 0 ||
	    slice_u64(number, ARC_SETS, &instance) < 0 || instance == 0 ||
	    !cut_part(&list, &value, &part))
		return false;
	while (cut_part(&list, &value, &part))
		passed = passed || is_pass_of(part, author);
	*instance_out = (unsigned)instance;
	*passed_out = passed;
	return true;
}
