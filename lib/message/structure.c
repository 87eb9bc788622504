/*
 * structure.c - what IMAP tells of one message, read back
 *
 * Everything is checked once, when the blob is opened: lengths, order, count and
 * depth.  After that a fault in a record can only mean that the blob changed
 * while it was read, and ends the reading as if it were over.
 */
#include "lib/message/structure.h"

#include <errno.h>
#include <string.h>

#include "lib/base/pack.h"
#include "lib/message/structure_inside.h"

#define DAY_MINUTES	(24 * 60)
#define SENT_MOST	((int64_t)UINT32_MAX * 1000)	/* ms: the year 2106 */

/* One record: the part, and what only the writers want. */
struct record {
	struct structure_part	part;
	struct slice		id, description, encoding, md5, language,
				location, envelope;
};

static const struct slice nil = SLICE("NIL");

static struct slice
take_string(struct unpack *u, const struct structure_words *words)
{
	uint64_t n = unpack_varint(u);

	if (n == 0)
		return nil;
	if (n <= words->count)
		return words->words[n - 1];
	return unpack_bytes(u, n - words->count - 1);
}

static int64_t
take_signed(struct unpack *u)
{
	uint64_t n = unpack_varint(u);

	return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

/* A place `gap` bytes behind `at`, or a fault if that is behind `bytes`. */
static uint64_t
take_place(struct unpack *u, uint64_t at, uint64_t bytes)
{
	uint64_t gap = unpack_varint(u);

	if (gap > bytes || at > bytes - gap) {
		u->bad = true;
		return at;
	}
	return at + gap;
}

static void
take_strings(struct unpack *u, struct record *record, bool extra)
{
	struct structure_part *part = &record->part;

	part->type = take_string(u, &structure_types);
	part->params = take_string(u, &structure_params);
	if (part->kind != STRUCTURE_MULTIPART) {
		record->id = take_string(u, &structure_no_words);
		record->description = take_string(u, &structure_no_words);
		record->encoding = take_string(u, &structure_encodings);
	}
	record->md5 = part->disposition = nil;
	record->language = record->location = nil;
	if (extra) {
		record->md5 = take_string(u, &structure_no_words);
		part->disposition = take_string(u, &structure_no_words);
		record->language = take_string(u, &structure_no_words);
		record->location = take_string(u, &structure_no_words);
	}
	if (part->kind == STRUCTURE_MESSAGE)
		record->envelope = unpack_bytes(u, unpack_varint(u));
}

/* Read the record that begins `rest`; the one before has its body at `at`. */
static bool
take_record(struct slice rest, uint64_t at, uint64_t bytes,
    struct record *record_out)
{
	struct unpack u = unpack_of(rest);
	struct record record = { 0 };
	struct structure_part *part = &record.part;
	unsigned head = unpack_u8(&u), encoding = head >> 2 & 7;

	part->kind = head & 3;
	part->encoding = encoding;
	part->header = take_place(&u, at, bytes);
	part->body = take_place(&u, part->header, bytes);
	part->end = take_place(&u, part->body, bytes);
	if (part->kind != STRUCTURE_LEAF) {
		uint64_t n = unpack_varint(&u);

		if (part->kind == STRUCTURE_MULTIPART && n <= UINT32_MAX)
			part->children = (unsigned)n;
		else
			part->lines = n;
	}
	if (part->kind == STRUCTURE_MESSAGE)
		part->children = 1;
	take_strings(&u, &record, (head & STRUCTURE_EXTRA) != 0);
	part->rest = u.rest;
	if (u.bad || head > STRUCTURE_HEAD || encoding > MIME_UNKNOWN ||
	    (part->kind == STRUCTURE_MULTIPART && part->children == 0))
		return false;
	*record_out = record;
	return true;
}

/* An envelope is its ten strings and nothing else. */
static bool
envelope_is_whole(struct slice envelope)
{
	struct unpack u = unpack_of(envelope);

	for (unsigned i = 0; i < IMAP_ENVELOPE_FIELDS; i++)
		(void)take_string(&u, &structure_no_words);
	return unpack_is_done(&u);
}

/* Every record is whole and every container has the children it says. */
static bool
parts_are_whole(const struct structure *structure)
{
	unsigned missing[STRUCTURE_DEPTH + 1] = { 1 }, depth = 0;
	struct record record = { .part.rest = structure->parts };
	uint32_t count = 0;

	for (;;) {
		while (depth > 0 && missing[depth] == 0)
			depth--;
		if (missing[depth] == 0)
			break;
		if (!take_record(record.part.rest, record.part.body,
		    structure->bytes, &record))
			return false;
		if (record.part.kind == STRUCTURE_MESSAGE &&
		    !envelope_is_whole(record.envelope))
			return false;
		count++;
		missing[depth]--;
		if (record.part.children > 0) {
			if (depth == STRUCTURE_DEPTH)
				return false;
			missing[++depth] = record.part.children;
		}
	}
	return record.part.rest.len == 0 && count == structure->part_count;
}

static void
take_sent(struct unpack *u, struct structure *structure)
{
	int64_t zone, minutes;

	structure->has_sent = true;
	structure->sent_utc = take_signed(u);
	zone = take_signed(u);
	if (structure->sent_utc < 0 || structure->sent_utc > SENT_MOST ||
	    zone < -DAY_MINUTES || zone > DAY_MINUTES) {
		u->bad = true;
		return;
	}
	/* a day more, so that it is not negative west of 1970 */
	minutes = structure->sent_utc / 60 + zone + DAY_MINUTES;
	structure->sent_day = minutes / DAY_MINUTES - 1;
}

/* What stands before the parts. */
static int
open_head(struct slice packed, struct structure *structure_out)
{
	struct unpack u = unpack_of(packed);
	struct structure structure = { 0 };
	unsigned version = unpack_u8(&u), flags = unpack_u8(&u);
	uint64_t count;

	if (u.bad)
		return -EBADMSG;
	if (version != STRUCTURE_VERSION)
		return -ENOTSUP;
	structure.lacks_crlf = flags & STRUCTURE_LACKS_CRLF;
	structure.is_cut = flags & STRUCTURE_IS_CUT;
	structure.bytes = unpack_varint(&u);
	if (flags & STRUCTURE_SENT)
		take_sent(&u, &structure);
	if (flags & STRUCTURE_REFERS)
		structure.references = unpack_bytes(&u, unpack_varint(&u));
	structure.envelope = unpack_bytes(&u, unpack_varint(&u));
	count = unpack_varint(&u);
	structure.part_count = (uint32_t)count;
	structure.parts = u.rest;
	if (u.bad || (flags & ~STRUCTURE_FLAGS) != 0 || count > UINT32_MAX)
		return -EBADMSG;
	*structure_out = structure;
	return 0;
}

int
structure_open(struct slice packed, struct structure *structure_out)
{
	struct structure structure;
	int r = open_head(packed, &structure);

	if (r < 0)
		return r;
	if (!envelope_is_whole(structure.envelope) ||
	    !parts_are_whole(&structure))
		return -EBADMSG;
	*structure_out = structure;
	return 0;
}

int
structure_open_root(struct slice packed, struct structure *structure_out)
{
	struct structure structure;
	struct record root;
	int r = open_head(packed, &structure);

	if (r < 0)
		return r;
	if (!take_record(structure.parts, 0, structure.bytes, &root))
		return -EBADMSG;
	*structure_out = structure;
	return 0;
}

/* Field `wanted` of a packed envelope as it is told. */
static struct slice
envelope_field(struct slice envelope, enum imap_field wanted)
{
	struct unpack u = unpack_of(envelope);
	struct slice from = nil, s = nil;

	for (unsigned i = 0; i <= wanted; i++) {
		s = take_string(&u, &structure_no_words);
		if (i == IMAP_FROM)
			from = s;
	}
	/* RFC 9051 7.5.2: they are never NIL where there is a From */
	if ((wanted == IMAP_SENDER || wanted == IMAP_REPLY_TO) &&
	    slice_is(s, nil))
		return from;
	return s;
}

static void
write_envelope(struct text *text, struct slice envelope)
{
	for (unsigned i = 0; i < IMAP_ENVELOPE_FIELDS; i++) {
		text_add_byte(text, i == 0 ? '(' : ' ');
		text_add(text, envelope_field(envelope, i));
	}
	text_add_byte(text, ')');
}

void
structure_envelope(struct text *text, const struct structure *structure)
{
	write_envelope(text, structure->envelope);
}

struct slice
structure_field(const struct structure *structure, enum imap_field field)
{
	return envelope_field(structure->envelope, field);
}

/* A walk over the records that writes. */
struct writer {
	struct text	*text;
	struct slice	 rest;
	uint64_t	 at;		/* body of the last record */
	uint64_t	 bytes;
	bool		 extended;
};

static bool
write_next(struct writer *w, struct record *record)
{
	if (!take_record(w->rest, w->at, w->bytes, record))
		return false;
	w->rest = record->part.rest;
	w->at = record->part.body;
	return true;
}

/* " " and the value */
static void
write_string(struct writer *w, struct slice s)
{
	text_add_byte(w->text, ' ');
	text_add(w->text, s);
}

static void
write_number(struct writer *w, uint64_t n)
{
	text_add_byte(w->text, ' ');
	text_add_u64(w->text, n);
}

/* body-fields of RFC 9051 9 */
static void
write_fields(struct writer *w, const struct record *record)
{
	text_add(w->text, record->part.type);
	write_string(w, record->part.params);
	write_string(w, record->id);
	write_string(w, record->description);
	write_string(w, record->encoding);
	write_number(w, record->part.end - record->part.body);
}

static void	write_part(struct writer *);

static void
write_single(struct writer *w, const struct record *record)
{
	write_fields(w, record);
	if (record->part.kind == STRUCTURE_MESSAGE) {
		text_add_byte(w->text, ' ');
		write_envelope(w->text, record->envelope);
		text_add_byte(w->text, ' ');
		write_part(w);
	}
	if (record->part.kind != STRUCTURE_LEAF)
		write_number(w, record->part.lines);
	if (w->extended)
		write_string(w, record->md5);
}

static void
write_multipart(struct writer *w, const struct record *record)
{
	const struct slice type = SLICE("\"multipart\" ");

	for (unsigned i = 0; i < record->part.children; i++)
		write_part(w);
	write_string(w, slice_after(record->part.type, type.len));
	if (w->extended)
		write_string(w, record->part.params);
}

/* Parts are in each other no deeper than was checked. */
static void
write_part(struct writer *w)
{
	struct record record;

	if (!write_next(w, &record))
		return;
	text_add_byte(w->text, '(');
	if (record.part.kind == STRUCTURE_MULTIPART)
		write_multipart(w, &record);
	else
		write_single(w, &record);
	if (w->extended) {
		write_string(w, record.part.disposition);
		write_string(w, record.language);
		write_string(w, record.location);
	}
	text_add_byte(w->text, ')');
}

void
structure_body(struct text *text, const struct structure *structure,
    bool extended)
{
	struct writer w = {
		.text = text, .rest = structure->parts,
		.bytes = structure->bytes, .extended = extended,
	};

	write_part(&w);
}

void
structure_root(const struct structure *structure,
    struct structure_part *part_out)
{
	struct structure_part start = { .rest = structure->parts };

	*part_out = start;
	(void)structure_next(part_out);
}

bool
structure_next(struct structure_part *part)
{
	struct record record;

	if (part->rest.len == 0 || !take_record(part->rest, part->body,
	    UINT64_MAX, &record))
		return false;
	*part = record.part;
	return true;
}

bool
structure_child(const struct structure_part *part, uint32_t number,
    struct structure_part *child_out)
{
	struct structure_part child = *part;

	if (number == 0 || number > part->children)
		return false;
	for (uint32_t i = 1; i <= number; i++) {
		if (!structure_next(&child))
			return false;
		/* all that is in it stands between it and the one behind it */
		for (uint64_t inside = i < number ? child.children : 0;
		    inside > 0; inside--) {
			if (!structure_next(&child))
				return false;
			inside += child.children;
		}
	}
	*child_out = child;
	return true;
}

bool
structure_is(const struct structure_part *part, const char *type,
    const char *subtype)
{
	size_t len = strlen(type);
	struct slice s = slice_after(part->type, 1);

	if (!slice_has_prefix(s, type))
		return false;
	s = slice_after(s, len);
	if (!slice_has_prefix(s, "\" \""))
		return false;
	s = slice_after(s, 3);
	return subtype == NULL || (s.len == strlen(subtype) + 1 &&
	    slice_has_prefix(s, subtype));
}
