/*
 * section.c - BODY[...] and BINARY[...]: which bytes a section is
 */
#include "lib/message/section.h"

#include <errno.h>

#include "lib/message/header.h"

static const struct {
	const char		*name;
	enum section_what	 what;
} words[] = {
	{ "", SECTION_BODY },
	{ "HEADER", SECTION_HEADER },
	{ "HEADER.FIELDS", SECTION_FIELDS },
	{ "HEADER.FIELDS.NOT", SECTION_FIELDS_NOT },
	{ "TEXT", SECTION_TEXT },
	{ "MIME", SECTION_MIME },
};

#define WORDS	(sizeof(words) / sizeof(words[0]))

/* nz-number, at the start of a section */
static bool
is_number(struct slice s)
{
	return s.len > 0 && s.at[0] >= '1' && s.at[0] <= '9';
}

/* Cut what stands before the next dot off; all of it if there is none. */
static struct slice
cut_dot(struct slice *rest, bool *dot_out)
{
	struct slice head;

	*dot_out = slice_cut(rest, '.', &head);
	if (!*dot_out) {
		head = *rest;
		*rest = slice_after(*rest, rest->len);
	}
	return head;
}

int
section_parse(struct slice s, struct section *section_out)
{
	struct section section = { 0 };
	bool dot = false, deep = false;
	uint64_t number;
	size_t i;

	while (is_number(s)) {
		if (slice_u64(cut_dot(&s, &dot), UINT32_MAX, &number) < 0)
			return -EINVAL;
		deep = deep || section.count == SECTION_NUMBERS;
		if (!deep)
			section.numbers[section.count++] = (uint32_t)number;
		if (!dot)
			break;
	}
	for (i = 0; i < WORDS && !slice_is_word(s, words[i].name); i++)
		;
	if (i == WORDS || (s.len == 0 && dot))
		return -EINVAL;
	section.what = words[i].what;
	if (section.what == SECTION_MIME && section.count == 0)
		return -EINVAL;
	if (deep)
		return -ENOENT;
	*section_out = section;
	return 0;
}

void
section_write(struct text *text, const struct section *section)
{
	for (unsigned i = 0; i < section->count; i++)
		text_addf(text, "%s%u", i == 0 ? "" : ".",
		    section->numbers[i]);
	if (section->what != SECTION_BODY && section->count > 0)
		text_add_byte(text, '.');
	text_add_str(text, words[section->what].name);
}

uint64_t
section_letter_bytes(const struct structure *structure, uint64_t trace_bytes)
{
	return trace_bytes + structure->bytes;
}

/*
 * The part that `number` names in the message `root`, which is itself or in a
 * part: a message that is no multipart is its own part 1.
 */
static bool
part_of_message(const struct structure_part *root, uint32_t number,
    struct structure_part *part_out)
{
	if (root->kind == STRUCTURE_MULTIPART)
		return structure_child(root, number, part_out);
	*part_out = *root;
	return number == 1;
}

/* The part in the part `in`, which is not the message itself. */
static bool
part_of_part(const struct structure_part *in, uint32_t number,
    struct structure_part *part_out)
{
	struct structure_part root;

	if (in->kind != STRUCTURE_MESSAGE)
		return structure_child(in, number, part_out);
	return structure_child(in, 1, &root) &&
	    part_of_message(&root, number, part_out);
}

static bool
part_find(const struct structure *structure, const struct section *section,
    struct structure_part *part_out)
{
	structure_root(structure, part_out);
	if (section->count > 0 && !part_of_message(part_out,
	    section->numbers[0], part_out))
		return false;
	for (unsigned i = 1; i < section->count; i++)
		if (!part_of_part(part_out, section->numbers[i], part_out))
			return false;
	return true;
}

/* From the header of a part on; that of the message begins with the trace. */
static struct section_range
range_from_header(uint64_t trace_bytes, const struct structure_part *part,
    uint64_t to)
{
	if (part->header == 0)
		return (struct section_range){ 0, trace_bytes + to };
	return (struct section_range){ trace_bytes + part->header,
	    to - part->header };
}

int
section_find(const struct structure *structure, uint64_t trace_bytes,
    const struct section *section, struct section_range *range_out,
    struct structure_part *part_out)
{
	struct structure_part part, inner;

	if (!part_find(structure, section, &part))
		return -ENOENT;
	inner = part;
	if (section->count > 0 && section->what != SECTION_BODY &&
	    section->what != SECTION_MIME) {
		/* RFC 9051 6.4.5: only a message in the part has those */
		if (part.kind != STRUCTURE_MESSAGE ||
		    !structure_child(&part, 1, &inner))
			return -ENOENT;
	}
	if (section->what == SECTION_TEXT ||
	    (section->what == SECTION_BODY && section->count > 0)) {
		range_out->at = trace_bytes + inner.body;
		range_out->bytes = inner.end - inner.body;
	} else {
		*range_out = range_from_header(trace_bytes, &inner,
		    section->what == SECTION_BODY ? inner.end : inner.body);
	}
	if (part_out != NULL)
		*part_out = part;
	return 0;
}

struct section_range
section_partial(struct section_range range, uint64_t first, uint64_t most)
{
	if (first > range.bytes)
		first = range.bytes;
	range.at += first;
	range.bytes -= first;
	if (range.bytes > most)
		range.bytes = most;
	return range;
}

/*
 * A bit that names of one length and one first letter, of either case, share,
 * and few others have.
 */
static inline uint64_t
kind_of(struct slice name)
{
	return (uint64_t)1 << ((((unsigned char)name.at[0] & 0x1f) +
	    name.len * 5) & 63);
}

/* Most names differ in the first letter, or in their length. */
static bool
is_named(struct slice name, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].len == name.len &&
		    ((names[i].at[0] ^ name.at[0]) & 0x5f) == 0 &&
		    slice_is_nocase(name, names[i]))
			return true;
	return false;
}

void
section_fields(struct text *text, struct slice header,
    const struct slice *names, size_t count, bool others)
{
	struct slice name, whole;
	uint64_t kinds = 0;

	for (size_t i = 0; i < count; i++)
		if (names[i].len > 0)
			kinds |= kind_of(names[i]);
	(void)header_skip_mbox(&header);
	while (header_pass(&header, &name, &whole)) {
		if (((kinds & kind_of(name)) != 0 &&
		    is_named(name, names, count)) == others)
			continue;
		text_add(text, whole);
		/* the last line of a message may lack its end */
		if (whole.at[whole.len - 1] != '\n')
			text_add_str(text, "\r\n");
	}
}
