/*
 * structure_make.c - what IMAP tells of one message, made from its bytes
 *
 * The MIME scan finds the parts; their headers are then read once more, each in
 * one walk, for what IMAP tells of them.  What a blob may hold has a budget;
 * when it is spent the rest of the parts are told without their strings.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/pack.h"
#include "lib/message/date.h"
#include "lib/message/header.h"
#include "lib/message/imap_string.h"
#include "lib/message/mime_param.h"
#include "lib/message/structure_inside.h"

/* Half of STRUCTURE_MOST: the other half holds 5,000 parts without strings. */
#define STRINGS_MOST	(STRUCTURE_MOST / 2)
/* One list of addresses: 1,000 of usual length.  Else one To could spend all. */
#define FIELD_MOST	(64 * 1024)
/* One string and the quotes in it; parameters are the longest. */
#define SCRATCH_MOST	(2 * 1024 * 1024)
/* A part of mime.c and its boundary, 5,000 times. */
#define ARENA_BUDGET	(8 * 1024 * 1024)

/*
 * Lengths are no limit here, since all of the message is read anyway; what is
 * cut are parts beyond what anybody looks at.
 */
static struct mime_limits
limits(void)
{
	struct mime_limits limits = mime_default_limits;

	limits.params = UINT32_MAX;
	limits.header_fields = UINT32_MAX;
	limits.header_bytes = UINT32_MAX;
	limits.cuts = true;
	return limits;
}

struct maker {
	struct slice	 message;
	bool		 lacks_crlf;
	bool		 is_cut;
	struct text	 references;	/* on one line */
	struct text	 envelope;	/* of the message */
	struct text	 parts;
	struct text	 scratch;	/* one string, or an inner envelope */
	size_t		 left;		/* of STRINGS_MOST */
	uint64_t	 at;		/* body of the part before */
	uint32_t	 count;
};

/* Where `at` is once the message has its last CRLF. */
static uint64_t
place(const struct maker *m, size_t at)
{
	return at + (m->lacks_crlf && at == m->message.len ? 2 : 0);
}

/* Line ends from `body` to `end`. */
static uint64_t
count_lines(const struct maker *m, uint64_t body, uint64_t end)
{
	struct slice rest = slice_after(slice_first(m->message, end), body);
	uint64_t n = body <= m->message.len && end > m->message.len;
	size_t lf;

	while ((lf = slice_find(rest, '\n')) != SIZE_MAX) {
		rest = slice_after(rest, lf + 1);
		n++;
	}
	return n;
}

/*
 * Add the string in the scratch, as a word of the table if it is one.  False:
 * there is no room for it, and nothing was added.
 */
static bool
put(struct maker *m, struct text *to, const struct structure_words *words)
{
	struct slice s = text_slice(&m->scratch);
	bool is_nil = slice_is_str(s, "NIL"), fits;
	size_t i = 0;

	while (i < words->count && !slice_is(words->words[i], s))
		i++;
	fits = is_nil || i < words->count || s.len <= m->left;
	if (text_failed(&m->scratch) || !fits) {
		m->is_cut = true;
		text_clear(&m->scratch);
		return false;
	}
	if (is_nil) {
		pack_varint(to, 0);
	} else if (i < words->count) {
		pack_varint(to, i + 1);
	} else {
		pack_varint(to, words->count + 1 + s.len);
		text_add(to, s);
		m->left -= s.len;
	}
	text_clear(&m->scratch);
	return true;
}

/* The same of a string that may be NIL. */
static void
put_or_nil(struct maker *m, struct text *to,
    const struct structure_words *words)
{
	if (!put(m, to, words))
		pack_varint(to, 0);
}

/* The same of one that may not: word `i` of its table stands for it. */
static void
put_or_word(struct maker *m, const struct structure_words *words, size_t i)
{
	if (!put(m, &m->parts, words))
		pack_varint(&m->parts, i + 1);
}

static void
put_value(struct maker *m, const struct imap_fields *fields,
    enum imap_field field)
{
	struct slice value = fields->value[field];

	if (!fields->has[field])
		text_add_str(&m->scratch, "NIL");
	else
		imap_string_unfold(&m->scratch, slice_first(value,
		    FIELD_MOST));
	m->is_cut = m->is_cut || value.len > FIELD_MOST;
	put_or_nil(m, &m->parts, &structure_no_words);
}

static void
put_envelope(struct maker *m, struct text *to, const struct imap_fields *fields)
{
	for (unsigned i = 0; i < IMAP_ENVELOPE_FIELDS; i++) {
		if (!imap_envelope_field(&m->scratch, fields, i, FIELD_MOST))
			m->is_cut = true;
		put_or_nil(m, to, &structure_no_words);
	}
}

/* The envelope of the message in the part, with its length. */
static void
put_inner_envelope(struct maker *m, const struct mime_part *part)
{
	TEXT_AUTO envelope = TEXT_INIT(STRUCTURE_MOST);
	struct imap_fields fields;

	imap_fields_read(mime_header(mime_child(part)), &fields);
	put_envelope(m, &envelope, &fields);
	pack_varint(&m->parts, envelope.len);
	text_add(&m->parts, text_slice(&envelope));
	m->parts.failed = m->parts.failed || text_failed(&envelope);
}

static bool
is_message(const struct mime_part *part)
{
	return mime_is(part, "message", "rfc822") ||
	    mime_is(part, "message", "global");
}

static enum structure_kind
kind_of(const struct mime_part *part)
{
	if (mime_is(part, "multipart", NULL))
		return STRUCTURE_MULTIPART;
	if (mime_is(part, "text", NULL))
		return STRUCTURE_TEXT;
	return is_message(part) && mime_child(part) != NULL ?
	    STRUCTURE_MESSAGE : STRUCTURE_LEAF;
}

/* The word that stands for a type in a structure with no room. */
static size_t
type_word(enum structure_kind kind)
{
	static const size_t words[] = {
		[STRUCTURE_TEXT] = 0,		/* text/plain */
		[STRUCTURE_LEAF] = 12,		/* application/octet-stream */
		[STRUCTURE_MULTIPART] = 3,	/* multipart/mixed */
		[STRUCTURE_MESSAGE] = 7,	/* message/rfc822 */
	};

	return words[kind];
}

/* type and parameters */
static void
put_type(struct maker *m, const struct mime_part *part,
    enum structure_kind kind, const struct imap_fields *fields)
{
	struct slice rest = fields->value[IMAP_TYPE], type, subtype;

	if (kind == STRUCTURE_LEAF && is_message(part)) {
		pack_varint(&m->parts, type_word(kind) + 1);
	} else {
		imap_string(&m->scratch, mime_type(part));
		text_add_byte(&m->scratch, ' ');
		imap_string(&m->scratch, mime_subtype(part));
		put_or_word(m, &structure_types, type_word(kind));
	}
	/* as mime.c: what names no type has no parameters either */
	if (!mime_type_cut(&rest, &type, &subtype) || subtype.len == 0)
		rest = slice_of(NULL, 0);
	imap_params(&m->scratch, rest, kind == STRUCTURE_TEXT);
	put_or_nil(m, &m->parts, &structure_params);
}

/* Nothing is said of how the body is encoded. */
static bool
no_encoding(const struct imap_fields *fields)
{
	return slice_trim(fields->value[IMAP_ENCODING]).len == 0;
}

static void
put_encoding(struct maker *m, enum mime_encoding encoding,
    const struct imap_fields *fields)
{
	if (encoding != MIME_UNKNOWN) {
		pack_varint(&m->parts, (uint64_t)encoding + 1);
		return;
	}
	imap_string_unfold(&m->scratch, slice_first(
	    fields->value[IMAP_ENCODING], FIELD_MOST));
	put_or_word(m, &structure_encodings, MIME_BINARY);
}

static void
put_extra(struct maker *m, const struct imap_fields *fields)
{
	put_value(m, fields, IMAP_MD5);
	imap_disposition(&m->scratch, fields);
	put_or_nil(m, &m->parts, &structure_no_words);
	imap_language(&m->scratch, fields);
	put_or_nil(m, &m->parts, &structure_no_words);
	put_value(m, fields, IMAP_LOCATION);
}

/* head and places */
static void
put_head(struct maker *m, unsigned head, uint64_t header, uint64_t body,
    uint64_t end)
{
	pack_u8(&m->parts, (uint8_t)head);
	pack_varint(&m->parts, header - m->at);
	pack_varint(&m->parts, body - header);
	pack_varint(&m->parts, end - body);
	m->at = body;
	m->count++;
}

static unsigned
count_children(const struct mime_part *part)
{
	unsigned n = 0;

	for (part = mime_child(part); part != NULL; part = mime_next(part))
		n++;
	return n;
}

/* The one part of a multipart that has none: all that stands in it, as text. */
static void
put_only_text(struct maker *m, uint64_t body, uint64_t end)
{
	put_head(m, STRUCTURE_TEXT, body, body, end);
	pack_varint(&m->parts, count_lines(m, body, end));
	pack_varint(&m->parts, type_word(STRUCTURE_TEXT) + 1);
	imap_params(&m->scratch, slice_of(NULL, 0), true);
	put_or_nil(m, &m->parts, &structure_params);
	pack_varint(&m->parts, 0);	/* id, description */
	pack_varint(&m->parts, 0);
	pack_varint(&m->parts, MIME_7BIT + 1);
}

static void
put_part(struct maker *m, const struct mime_part *part,
    const struct imap_fields *fields)
{
	/* only an empty message has its header behind its end */
	uint64_t header = mime_parent(part) == NULL ? 0 :
	    place(m, mime_header_start(part));
	uint64_t body = place(m, mime_body_start(part));
	uint64_t end = place(m, mime_end(part));
	enum structure_kind kind = kind_of(part);
	enum mime_encoding encoding = no_encoding(fields) ? MIME_7BIT :
	    mime_encoding(part);
	unsigned children = count_children(part);
	bool extra = fields->has[IMAP_MD5] || fields->has[IMAP_DISPOSITION] ||
	    fields->has[IMAP_LANGUAGE] || fields->has[IMAP_LOCATION];

	put_head(m, (unsigned)kind | (unsigned)encoding << 2 |
	    (extra ? STRUCTURE_EXTRA : 0), header, body, end);
	if (kind == STRUCTURE_MULTIPART)
		pack_varint(&m->parts, children == 0 ? 1 : children);
	else if (kind != STRUCTURE_LEAF)
		pack_varint(&m->parts, count_lines(m, body, end));
	put_type(m, part, kind, fields);
	if (kind != STRUCTURE_MULTIPART) {
		put_value(m, fields, IMAP_ID);
		put_value(m, fields, IMAP_DESCRIPTION);
		put_encoding(m, encoding, fields);
	}
	if (extra)
		put_extra(m, fields);
	if (kind == STRUCTURE_MESSAGE)
		put_inner_envelope(m, part);
	if (kind == STRUCTURE_MULTIPART && children == 0)
		put_only_text(m, body, end);
}

static void
put_signed(struct text *text, int64_t n)
{
	pack_varint(text, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

/*
 * What the message answers (RFC 5256 3, REFERENCES).  Of a list beyond the
 * limit the end counts: there stands the message that is answered.
 */
static void
put_references(struct maker *m, struct slice header)
{
	struct header_field field;
	struct slice value;

	if (!header_find(header, "References", &field))
		return;
	value = slice_trim(field.value);
	if (value.len > FIELD_MOST)
		value = slice_after(value, value.len - FIELD_MOST);
	if (value.len > m->left)
		m->is_cut = true;
	else
		header_unfold(&m->references, value);
	m->left -= m->references.len;
}

/* Put the pieces together behind each other. */
static void
assemble(struct maker *m, struct slice date, struct text *packed)
{
	int64_t sent = 0;
	int zone = 0;
	bool has_sent = date_parse_zone(date, &sent, &zone) == 0;

	pack_u8(packed, STRUCTURE_VERSION);
	pack_u8(packed, (uint8_t)((m->lacks_crlf ? STRUCTURE_LACKS_CRLF : 0) |
	    (m->is_cut ? STRUCTURE_IS_CUT : 0) |
	    (has_sent ? STRUCTURE_SENT : 0) |
	    (m->references.len > 0 ? STRUCTURE_REFERS : 0)));
	pack_varint(packed, m->message.len + (m->lacks_crlf ? 2 : 0));
	if (has_sent) {
		put_signed(packed, sent);
		put_signed(packed, zone);
	}
	if (m->references.len > 0) {
		pack_varint(packed, m->references.len);
		text_add(packed, text_slice(&m->references));
	}
	pack_varint(packed, m->envelope.len);
	text_add(packed, text_slice(&m->envelope));
	pack_varint(packed, m->count);
	text_add(packed, text_slice(&m->parts));
}

static void
make(struct maker *m, const struct mime_part *root, struct text *packed)
{
	const struct mime_part *part;
	struct imap_fields fields;
	struct slice date;

	imap_fields_read(mime_header(root), &fields);
	date = fields.value[IMAP_DATE];
	put_envelope(m, &m->envelope, &fields);
	put_references(m, mime_header(root));
	for (part = root; part != NULL; part = mime_after(part)) {
		if (part != root)
			imap_fields_read(mime_header(part), &fields);
		put_part(m, part, &fields);
	}
	m->is_cut = m->is_cut || mime_is_cut(root);
	if (text_failed(&m->references) || text_failed(&m->envelope) ||
	    text_failed(&m->parts))
		packed->failed = true;
	else
		assemble(m, date, packed);
}

int
structure_make(struct slice message, struct text *packed)
{
	ARENA_AUTO arena = arena_new(ARENA_BUDGET);
	const struct mime_limits most = limits();
	const struct mime_part *root;
	enum mime_limit limit;
	struct maker m = {
		.message = message,
		.lacks_crlf = !slice_has_suffix(message, "\r\n"),
		.references = TEXT_INIT(FIELD_MOST),
		.envelope = TEXT_INIT(STRUCTURE_MOST),
		.parts = TEXT_INIT(STRUCTURE_MOST),
		.scratch = TEXT_INIT(SCRATCH_MOST),
		.left = STRINGS_MOST,
	};
	int r = arena == NULL ? -ENOMEM :
	    mime_parse(arena, message, &most, &root, &limit);

	if (r == 0)
		make(&m, root, packed);
	text_free(&m.references);
	text_free(&m.envelope);
	text_free(&m.parts);
	text_free(&m.scratch);
	return r < 0 || text_failed(packed) ? -ENOMEM : 0;
}
