/*
 * features.c - what of a message the spam classifier looks at
 *
 * Everything that a feature can be said with is first written into one source:
 * header lines as they came, then decoded, those of parts, how it is built, the
 * text.  A feature is a hash and the place in the source that it is about.
 */
#include "filters/spam/features.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/spam/body.h"
#include "lib/message/header.h"
#include "lib/message/words.h"

#define SET_SLOTS	16384		/* a power of two, half as many again */
#define PIECE		5		/* bytes */
#define HEADER_PIECES	3000		/* bytes of the header cut in pieces */
#define TEXT_PIECES	1000		/* and of the text */
#define WORD_LEAST	2		/* bytes */
#define WORD_MOST	40		/* more of a word is not looked at */
#define FIELDS_MOST	200
#define FIELD_MOST	1000		/* bytes of a value, decoded */
#define HEADER_WORDS	2000
#define PART_WORDS	500
#define PARTS_MOST	64
#define SHAPES_MOST	300
/* Bytes of the source, and up to where headers and then those of parts go. */
#define SOURCE_MOST	(256 * 1024)
#define SOURCE_HEADER	(96 * 1024)
#define SOURCE_PARTS	(160 * 1024)
#define ARENA_MOST	(1024 * 1024)

/* What more than this has is read up to there, and that is no fault. */
static const struct mime_limits limits = {
	.parts = PARTS_MOST, .depth = 20, .params = 64, .header_fields = 1000,
	.header_bytes = SPAM_MESSAGE_MOST, .boundary_bytes = 256,
	.cuts = true,
};

struct spam_features {
	struct arena	*arena;
	struct text	 source;
	struct text	 value;			/* of the field in hand */
	size_t		 count;
	unsigned	 of_kind[SPAM_SHAPE + 1];
	uint32_t	 hashes[SPAM_FEATURES_MOST];
	struct spam_origin origins[SPAM_FEATURES_MOST];
	uint32_t	 set[SET_SLOTS];	/* hashes; 0: free */
};

struct spam_features *
spam_features_new(void)
{
	struct spam_features *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->source.limit = SOURCE_MOST;
	f->value.limit = FIELD_MOST * 3;
	f->arena = arena_new(ARENA_MOST);
	if (f->arena == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void
spam_features_free(struct spam_features *f)
{
	if (f == NULL)
		return;
	arena_free(f->arena);
	text_free(&f->source);
	text_free(&f->value);
	free(f);
}

const uint32_t *
spam_features_hashes(const struct spam_features *f)
{
	return f->hashes;
}

size_t
spam_features_count(const struct spam_features *f)
{
	return f->count;
}

struct spam_origin
spam_features_origin(const struct spam_features *f, size_t n)
{
	return f->origins[n];
}

struct slice
spam_features_source(const struct spam_features *f)
{
	return text_slice(&f->source);
}

/*
 * Letters, digits, all that is not ASCII, and "!$%'-._": a bit for each byte, as
 * each byte of a text is asked about.
 */
static const uint64_t word_bytes[4] = {
	0x03ff60b200000000u, 0x07fffffe87fffffeu, UINT64_MAX, UINT64_MAX
};

bool
spam_is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return (word_bytes[u / 64] >> u % 64 & 1) != 0;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
	return h ^ h >> 32;
}

/* Eight bytes at once, so that a word costs one or two steps. */
static uint64_t
mix_bytes(uint64_t h, struct slice s)
{
	uint64_t v;

	h = mix(h, s.len);
	while (s.len > 8) {
		memcpy(&v, s.at, 8);
		h = mix(h, v);
		s = slice_after(s, 8);
	}
	v = 0;
	if (s.len > 0)
		memcpy(&v, s.at, s.len);
	return mix(h, v);
}

static uint64_t
seed(enum spam_kind kind)
{
	return mix(UINT64_C(0xa0761d6478bd642f), (uint64_t)kind + 1);
}

/* Take a feature in, if it is not there; what is in excess is left out. */
static inline void
add(struct spam_features *f, enum spam_kind kind, uint64_t h, size_t at,
    size_t bytes)
{
	uint32_t hash = (uint32_t)(mix(h, 0) >> 32);
	size_t slot = hash & (SET_SLOTS - 1);

	hash = hash == 0 ? 1 : hash;
	while (f->set[slot] != 0 && f->set[slot] != hash)
		slot = (slot + 1) & (SET_SLOTS - 1);
	if (f->set[slot] == hash || f->count == SPAM_FEATURES_MOST)
		return;
	f->set[slot] = hash;
	f->hashes[f->count] = hash;
	f->origins[f->count++] = (struct spam_origin){
		(uint32_t)at, (uint16_t)bytes, (uint16_t)kind
	};
	f->of_kind[kind]++;
}

/* All pieces of the source from `at` to its end. */
static void
add_pieces(struct spam_features *f, enum spam_kind kind, size_t at, size_t end)
{
	const char *s = f->source.at;
	uint64_t window = 0, start = seed(kind);
	size_t i = at;

	for (; i < end && i < at + PIECE - 1; i++)
		window = window << 8 | (unsigned char)s[i];
	for (; i < end; i++) {
		window = (window << 8 | (unsigned char)s[i]) & 0xffffffffffu;
		add(f, kind, mix(start, window), i + 1 - PIECE, PIECE);
	}
}

/* Cut the next word off `*rest`; false: there is none. */
static bool
next_word(struct slice *rest, struct slice *word_out)
{
	size_t from = 0, n;

	for (;;) {
		while (from < rest->len && !spam_is_word(rest->at[from]))
			from++;
		for (n = from; n < rest->len && spam_is_word(rest->at[n]); n++)
			;
		if (n == from)
			return false;
		if (n - from >= WORD_LEAST)
			break;
		from = n;
	}
	*word_out = slice_of(rest->at + from,
	    n - from < WORD_MOST ? n - from : WORD_MOST);
	*rest = slice_after(*rest, n);
	return true;
}

/* The words of the source from `at` on, each mixed into `start`. */
static void
add_words(struct spam_features *f, enum spam_kind kind, uint64_t start,
    size_t at, unsigned most)
{
	struct slice rest = slice_after(text_slice(&f->source), at), word;

	while (f->of_kind[kind] < most && next_word(&rest, &word))
		add(f, kind, mix_bytes(start, word),
		    (size_t)(word.at - f->source.at), word.len);
}

/* Two words of the subject in a row. */
static void
add_pairs(struct spam_features *f, size_t at)
{
	struct slice rest = slice_after(text_slice(&f->source), at);
	struct slice before, word;
	uint64_t h;

	if (!next_word(&rest, &before))
		return;
	while (next_word(&rest, &word)) {
		h = mix_bytes(seed(SPAM_SUBJECT_PAIR), before);
		add(f, SPAM_SUBJECT_PAIR, mix_bytes(h, word),
		    (size_t)(before.at - f->source.at),
		    (size_t)(word.at + word.len - before.at));
		before = word;
	}
}

/*
 * Added here, or by a mail program that keeps its marks in a mailbox file: it
 * was not there when the message was scored.
 */
static bool
is_ours(struct slice name)
{
	static const char *const marks[] = {
		"Status", "X-Status", "X-UID", "X-Keywords", "X-IMAP",
		"X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2",
		"X-Mozilla-Keys",
	};

	/* most fields are none of them */
	if (name.len == 0 || ((name.at[0] | 0x20) != 's' &&
	    (name.at[0] | 0x20) != 'x'))
		return false;
	if (slice_has_prefix(name, "X-Postroom-"))
		return true;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (slice_is_word(name, marks[i]))
			return true;
	return false;
}

/* A shape is written into the source as it is to be read. */
static void
add_shape(struct spam_features *f, size_t at)
{
	struct slice shape = slice_after(text_slice(&f->source), at);

	if (f->of_kind[SPAM_SHAPE] < SHAPES_MOST)
		add(f, SPAM_SHAPE, mix_bytes(seed(SPAM_SHAPE), shape), at,
		    shape.len < UINT16_MAX ? shape.len : UINT16_MAX);
	text_add_byte(&f->source, '\n');
}

static void
add_lower(struct text *to, struct slice s)
{
	char *at = text_space(to, s.len);

	for (size_t i = 0; at != NULL && i < s.len; i++)
		at[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ?
		    (char)(s.at[i] | 0x20) : s.at[i];
}

/* The words of a field, under its name. */
static void
add_field(struct spam_features *f, enum spam_kind kind,
    const struct header_field *field, unsigned most)
{
	struct slice name = slice_first(field->name, WORD_MOST);
	size_t at = f->source.len;
	uint64_t start;

	if (f->of_kind[kind] >= most || at > (kind == SPAM_HEADER_WORD ?
	    SOURCE_HEADER : SOURCE_PARTS))
		return;
	add_lower(&f->source, name);
	start = mix_bytes(seed(kind), slice_after(text_slice(&f->source), at));
	text_add_str(&f->source, ": ");
	text_clear(&f->value);
	words_decode(&f->value, slice_first(field->value, FIELD_MOST));
	at = f->source.len;
	text_add(&f->source, text_slice(&f->value));
	add_words(f, kind, start, at, most);
	if (kind == SPAM_HEADER_WORD && slice_is_word(name, "Subject"))
		add_pairs(f, at);
	text_add_byte(&f->source, '\n');
}

/* The first bytes of the header as they came, whatever ends its lines. */
static size_t
copy_header(struct spam_features *f, struct slice header)
{
	struct header_field field;

	while (f->source.len < HEADER_PIECES && header_next(&header, &field)) {
		struct slice rest = is_ours(field.name) ?
		    slice_of(NULL, 0) : field.whole;

		while (rest.len > 0 && f->source.len < HEADER_PIECES) {
			struct slice piece = slice_first(rest,
			    slice_find(rest, '\r'));

			text_add(&f->source, slice_first(piece,
			    HEADER_PIECES - f->source.len));
			rest = slice_after(rest, piece.len + 1);
		}
	}
	return f->source.len;
}

static void
read_header(struct spam_features *f, struct slice header)
{
	size_t end = copy_header(f, header);
	struct header_field field;

	add_pieces(f, SPAM_HEADER_PIECE, 0, end);
	text_add_byte(&f->source, '\n');
	for (unsigned i = 0; i < FIELDS_MOST && header_next(&header, &field);
	    i++)
		if (!is_ours(field.name))
			add_field(f, SPAM_HEADER_WORD, &field, HEADER_WORDS);
}

static unsigned
log2_of(size_t n)
{
	unsigned log = 0;

	while (n > 1) {
		n >>= 1;
		log++;
	}
	return log;
}

static unsigned
depth_of(const struct mime_part *part)
{
	unsigned depth = 0;

	while ((part = mime_parent(part)) != NULL)
		depth++;
	return depth;
}

/* What a body is about as many bytes as, however it is encoded. */
static size_t
decoded_size(const struct mime_part *part)
{
	size_t bytes = mime_body(part).len;

	return mime_encoding(part) == MIME_BASE64 ? bytes / 78 * 57 : bytes;
}

static const char *
encoding_name(enum mime_encoding encoding)
{
	static const char *const names[] = {
		[MIME_7BIT] = "7bit", [MIME_8BIT] = "8bit",
		[MIME_BINARY] = "binary", [MIME_BASE64] = "base64",
		[MIME_QUOTED_PRINTABLE] = "quoted-printable",
		[MIME_UNKNOWN] = "unknown",
	};

	return names[encoding];
}

static void
add_part(struct spam_features *f, const struct mime_part *part)
{
	struct slice type = slice_first(mime_type(part), WORD_MOST);
	struct slice subtype = slice_first(mime_subtype(part), WORD_MOST);
	size_t at = f->source.len;

	text_addf(&f->source, "a part at depth %u is ", depth_of(part));
	add_lower(&f->source, type);
	text_add_byte(&f->source, '/');
	add_lower(&f->source, subtype);
	add_shape(f, at);
	at = f->source.len;
	text_addf(&f->source, "a part is encoded as %s",
	    encoding_name(mime_encoding(part)));
	add_shape(f, at);
	if (mime_child(part) != NULL)
		return;
	at = f->source.len;
	text_addf(&f->source, "a part of about 2^%u bytes is ",
	    log2_of(decoded_size(part)));
	add_lower(&f->source, type);
	add_shape(f, at);
}

static void
add_part_header(struct spam_features *f, const struct mime_part *part)
{
	struct slice rest = slice_first(mime_header(part), SPAM_MESSAGE_MOST);
	struct header_field field;

	for (unsigned i = 0; i < FIELDS_MOST && header_next(&rest, &field);
	    i++)
		add_field(f, SPAM_PART_WORD, &field, PART_WORDS);
}

static void
on_tag(void *arg, struct slice name)
{
	struct spam_features *f = arg;
	size_t at = f->source.len;

	if (f->of_kind[SPAM_SHAPE] >= SHAPES_MOST)
		return;
	text_add_str(&f->source, "HTML has <");
	add_lower(&f->source, slice_first(name, WORD_MOST));
	text_add_byte(&f->source, '>');
	add_shape(f, at);
	/* told a thousand times it is written down once */
	f->source.len = f->of_kind[SPAM_SHAPE] > 0 &&
	    f->origins[f->count - 1].at == at ? f->source.len : at;
}

/* The parts and their texts. */
static int
read_parts(struct spam_features *f, const struct mime_part *root)
{
	TEXT_AUTO text = TEXT_INIT(SPAM_TEXT_MOST);
	const struct mime_part *part;
	size_t at;
	int r;

	for (part = root; part != NULL; part = mime_after(part)) {
		add_part(f, part);
		if (part != root)
			add_part_header(f, part);
	}
	r = spam_body_read(root, on_tag, f, &text);
	if (r < 0)
		return r;
	at = f->source.len;
	text_add(&f->source, text_slice(&text));
	add_pieces(f, SPAM_TEXT_PIECE, at, at + (text.len < TEXT_PIECES ?
	    text.len : TEXT_PIECES));
	add_words(f, SPAM_TEXT_WORD, seed(SPAM_TEXT_WORD), at,
	    SPAM_FEATURES_MOST);
	return 0;
}

int
spam_features_read(struct spam_features *f, struct slice message)
{
	const struct mime_part *root;
	enum mime_limit limit;
	int r;

	arena_reset(f->arena);
	text_clear(&f->source);
	memset(f->set, 0, sizeof(f->set));
	memset(f->of_kind, 0, sizeof(f->of_kind));
	f->count = 0;
	(void)header_skip_mbox(&message);
	message = slice_first(message, SPAM_MESSAGE_MOST);
	add(f, SPAM_ALWAYS, seed(SPAM_ALWAYS), 0, 0);
	read_header(f, slice_first(message, header_bytes(message)));
	r = mime_parse(f->arena, message, &limits, &root, &limit);
	if (r == 0) {
		r = read_parts(f, root);
	} else {	/* a header without end: there is no more to see */
		size_t at = f->source.len;

		text_add_str(&f->source, "its parts cannot be read");
		add_shape(f, at);
		r = 0;
	}
	return r < 0 || text_failed(&f->source) ? -ENOMEM : 0;
}
