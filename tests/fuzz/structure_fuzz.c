/*
 * structure_fuzz.c - every message has a structure, and it can be told
 *
 * The input is taken as a message and as a blob.  Of a message: the blob is
 * good, its parts lie in each other, every section lies in the letter, and what
 * IMAP is sent is what its grammar allows.  A blob is refused or told.
 */
#include <assert.h>
#include <errno.h>

#include "lib/message/decode.h"
#include "lib/message/imap_string.h"
#include "lib/message/section.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define TRACE_BYTES	7

/* Lists, strings, NIL and numbers, with one blank between; lists not always. */
static void
check_imap(struct slice s)
{
	TEXT_AUTO string = TEXT_INIT(8 * STRUCTURE_MOST);
	unsigned depth = 0;

	while (s.len > 0) {
		char c = s.at[0];

		text_clear(&string);
		if (c == '"' || c == '{' || c == 'N') {
			assert(imap_string_read(&s, &string) >= 0);
			assert(slice_find(text_slice(&string), '\n') ==
			    SIZE_MAX);
			assert(slice_find(text_slice(&string), '\0') ==
			    SIZE_MAX);
			assert(s.len > 0 && (s.at[0] == ' ' ||
			    s.at[0] == ')'));
			continue;
		}
		assert(c == '(' || c == ')' || c == ' ' ||
		    (c >= '0' && c <= '9'));
		depth += c == '(';
		assert(c != ')' || depth > 0);
		depth -= c == ')';
		s = slice_after(s, 1);
		assert(c != ' ' || (s.len > 0 && s.at[0] != ' ' &&
		    s.at[0] != ')'));
	}
	assert(depth == 0);
}

/* The parts are in `outer`, one behind the other. */
static void
check_section(const struct structure *structure, struct section *section)
{
	static const enum section_what whats[] = {
		SECTION_BODY, SECTION_HEADER, SECTION_TEXT, SECTION_MIME
	};
	struct section_range range;
	struct structure_part part;

	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		section->what = whats[i];
		if (section_find(structure, TRACE_BYTES, section, &range,
		    &part) < 0)
			continue;
		assert(range.at + range.bytes <= section_letter_bytes(
		    structure, TRACE_BYTES));
		assert(part.header <= part.body && part.body <= part.end &&
		    part.end <= structure->bytes);
	}
}

static void
check_children(const struct structure *structure,
    const struct structure_part *outer)
{
	struct structure_part part;
	uint64_t at = outer->body;

	for (unsigned i = 1; i <= outer->children && i < 10; i++) {
		assert(structure_child(outer, i, &part));
		assert(part.header >= at && part.end <= outer->end);
		at = part.end;
		check_children(structure, &part);
	}
	assert(!structure_child(outer, outer->children + 1, &part));
}

static void
check(const struct structure *structure, bool is_made)
{
	TEXT_AUTO text = TEXT_INIT(32 * STRUCTURE_MOST);
	struct structure_part part;
	struct section section = { 0 };
	uint32_t count = 1;

	structure_envelope(&text, structure);
	structure_body(&text, structure, false);
	structure_body(&text, structure, true);
	assert(!text_failed(&text));
	if (is_made)
		check_imap(text_slice(&text));
	structure_root(structure, &part);
	if (is_made)
		check_children(structure, &part);
	while (structure_next(&part))
		count++;
	assert(count == structure->part_count);
	check_section(structure, &section);
	for (uint32_t n = 1; n < 4; n++) {
		section.count = 1;
		section.numbers[0] = n;
		check_section(structure, &section);
		section.count = 2;
		section.numbers[1] = 2;
		check_section(structure, &section);
	}
}

/* However the body is cut, it decodes to the same. */
static void
check_decode(enum mime_encoding encoding, struct slice body)
{
	TEXT_AUTO once = TEXT_INIT(body.len + DECODER_KEPT);
	TEXT_AUTO twice = TEXT_INIT(body.len + 2 * DECODER_KEPT);
	struct decoder d;
	uint64_t bytes;

	assert(decoder_begin(&d, encoding) == 0);
	decoder_add(&d, body, &once);
	decoder_end(&d, &once);
	assert(!text_failed(&once) && once.len <= body.len);
	assert(decoder_begin(&d, encoding) == 0);
	decoder_add(&d, slice_first(body, body.len / 3), &twice);
	decoder_add(&d, slice_after(body, body.len / 3), &twice);
	decoder_end(&d, &twice);
	assert(slice_is(text_slice(&once), text_slice(&twice)));
	assert(decode_bytes(encoding, body, &bytes) == 0);
	assert(bytes == once.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct slice input = slice_of(bytes, len);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct section section;
	int r;

	assert(structure_make(input, &packed) == 0);
	assert(structure_open(text_slice(&packed), &structure) == 0);
	check(&structure, true);
	r = structure_open(input, &structure);
	assert(r == 0 || r == -EBADMSG || r == -ENOTSUP);
	if (r == 0)
		check(&structure, false);
	r = section_parse(slice_first(input, 100), &section);
	assert(r == 0 || r == -EINVAL || r == -ENOENT);
	check_decode(MIME_BASE64, input);
	check_decode(MIME_QUOTED_PRINTABLE, input);
	check_decode(MIME_8BIT, input);
	return 0;
}
