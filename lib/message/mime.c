/*
 * mime.c - the part tree of one message
 *
 * One pass over the lines.  `open` is the part the current line belongs to, and
 * its parents are the stack: a line that begins "--" is compared with the
 * boundary of each multipart up to the root, of which there are at most as many
 * as the depth limit.  A boundary of an outer multipart ends the inner ones.
 */
#include "lib/message/mime.h"

#include <errno.h>
#include <string.h>

#include "lib/message/header.h"
#include "lib/message/mime_param.h"

const struct mime_limits mime_default_limits = {
	.parts = 5000,
	.depth = 50,
	.params = 64,
	.header_fields = 1000,
	.header_bytes = 1024 * 1024,
	.boundary_bytes = 256,
};

/* What all parts of one message share. */
struct tree {
	struct arena			*arena;
	struct slice			 msg;
	const struct mime_limits	*limits;
	struct mime_part		*root;
	struct mime_part		*open;	/* the innermost not ended */
	unsigned			 boundaries;	/* looked for now */
	unsigned			 parts;
	uint64_t			 steps;
	bool				 odd;
	bool				 is_cut;
	enum mime_limit			 limit;	/* reached, after -E2BIG */
};

enum kind {
	LEAF,
	MULTIPART,		/* its boundary is looked for */
	EPILOGUE,		/* a multipart after its last boundary */
	MESSAGE			/* its body is one more message */
};

struct mime_part {
	const struct tree	*tree;
	struct mime_part	*parent;
	struct mime_part	*child;		/* the first */
	struct mime_part	*last_child;
	struct mime_part	*next;
	size_t			 header;
	size_t			 body;
	size_t			 end;
	enum kind		 kind;
	unsigned		 depth;		/* containers around it */
	struct slice		 type;
	struct slice		 subtype;
	struct slice		 params;	/* of Content-Type, raw */
	enum mime_encoding	 encoding;
	struct slice		 boundary;	/* in the arena */
};

const char *
mime_limit_name(enum mime_limit limit)
{
	static const char *const names[MIME_LIMIT_COUNT] = {
		[MIME_LIMIT_PARTS] = "parts",
		[MIME_LIMIT_DEPTH] = "depth",
		[MIME_LIMIT_PARAMS] = "parameters",
		[MIME_LIMIT_FIELDS] = "fields",
		[MIME_LIMIT_HEADER] = "header",
	};

	return names[limit];
}

static int
reached(struct tree *tree, enum mime_limit limit)
{
	tree->limit = limit;
	return -E2BIG;
}

/* The line at `at` with its LF. */
static struct slice
line_at(const struct tree *tree, size_t at)
{
	struct slice rest = slice_after(tree->msg, at);
	size_t lf = slice_find(rest, '\n');

	return lf == SIZE_MAX ? rest : slice_first(rest, lf + 1);
}

static bool
starts_with_dashes(const struct tree *tree, size_t at)
{
	return tree->msg.len - at >= 2 && tree->msg.at[at] == '-' &&
	    tree->msg.at[at + 1] == '-';
}

/* `s` without blanks and line ends behind it. */
static struct slice
trim_end(struct slice s)
{
	while (s.len > 0 && (s.at[s.len - 1] == ' ' ||
	    s.at[s.len - 1] == '\t' || s.at[s.len - 1] == '\r' ||
	    s.at[s.len - 1] == '\n'))
		s.len--;
	return s;
}

/* A line that is a boundary of an open multipart. */
struct hit {
	struct mime_part	*part;
	bool			 is_last;	/* "--" follows the boundary */
};

/*
 * Compare `line`, which begins with "--", with every open boundary.  The
 * longest wins ("--b--" ends b, unless a multipart has the boundary "b--"), and
 * of two that are the same the innermost.
 */
static bool
boundary_find(struct tree *tree, struct slice line, struct hit *hit_out)
{
	struct mime_part *part;
	struct hit hit = { 0 };

	line = trim_end(slice_after(line, 2));
	for (part = tree->open; part != NULL; part = part->parent) {
		struct slice b = part->boundary;
		bool is_last = line.len == b.len + 2;

		if (part->kind != MULTIPART)
			continue;
		tree->steps++;
		if ((!is_last && line.len != b.len) ||
		    (hit.part != NULL && b.len <= hit.part->boundary.len) ||
		    memcmp(line.at, b.at, b.len) != 0 ||
		    (is_last && memcmp(line.at + b.len, "--", 2) != 0))
			continue;
		hit = (struct hit){ part, is_last };
	}
	*hit_out = hit;
	return hit.part != NULL;
}

static bool
is_boundary(struct tree *tree, size_t at)
{
	struct hit hit;

	return starts_with_dashes(tree, at) &&
	    boundary_find(tree, line_at(tree, at), &hit);
}

/*
 * Where the part ends if a boundary line begins at `at`: before the line end in
 * front of it, unless that is the empty line behind a header inside the part.
 */
static size_t
end_before(const struct tree *tree, const struct mime_part *part, size_t at)
{
	size_t least = part->last_child == NULL ? part->body :
	    part->last_child->end;
	const char *s = tree->msg.at;

	if (at == least || s[at - 1] != '\n')
		return at;
	at--;
	return at > least && s[at - 1] == '\r' ? at - 1 : at;
}

/* End every open part inside `upto` (NULL: all of them) at `at`. */
static void
close_inside(struct tree *tree, const struct mime_part *upto, size_t at,
    bool at_boundary)
{
	while (tree->open != upto) {
		struct mime_part *part = tree->open;

		part->end = at_boundary ? end_before(tree, part, at) : at;
		/* its last boundary never came */
		if (part->kind == MULTIPART) {
			tree->boundaries--;
			tree->odd = true;
		}
		tree->open = part->parent;
	}
}

static void
read_encoding(struct tree *tree, struct mime_part *part, struct slice value)
{
	static const char *const names[] = {
		[MIME_7BIT] = "7bit",
		[MIME_8BIT] = "8bit",
		[MIME_BINARY] = "binary",
		[MIME_QUOTED_PRINTABLE] = "quoted-printable",
		[MIME_BASE64] = "base64",
	};
	struct slice word, subtype;

	part->encoding = MIME_UNKNOWN;
	if (mime_type_cut(&value, &word, &subtype) && subtype.len == 0)
		for (unsigned i = 0; i < MIME_UNKNOWN; i++)
			if (slice_is_word(word, names[i]))
				part->encoding = i;
	if (part->encoding == MIME_UNKNOWN)
		tree->odd = true;
}

static void
read_type(struct tree *tree, struct mime_part *part, struct slice value)
{
	struct slice type, subtype;

	if (!mime_type_cut(&value, &type, &subtype) || subtype.len == 0) {
		tree->odd = true;	/* RFC 2045 5.2: it is text/plain */
		return;
	}
	part->type = type;
	part->subtype = subtype;
	part->params = value;
}

/* RFC 2045 5.2; RFC 2046 5.1.5: in a digest the parts are messages */
static void
type_default(struct mime_part *part)
{
	bool digest = part->parent != NULL &&
	    part->parent->kind == MULTIPART &&
	    mime_is(part->parent, "multipart", "digest");

	part->type = slice_str(digest ? "message" : "text");
	part->subtype = slice_str(digest ? "rfc822" : "plain");
}

/* The fields end at `at`: find out why.  `rest` is what the limit left. */
static int
header_end(struct tree *tree, struct mime_part *part, size_t at,
    struct slice rest)
{
	struct slice line = line_at(tree, at);

	part->body = at;
	if (slice_is_str(line, "\r\n") || slice_is_str(line, "\n")) {
		part->body = at + line.len;
		return 0;
	}
	/* the limit can fall into the name of a field */
	if (line.len > rest.len)
		return reached(tree, MIME_LIMIT_HEADER);
	if (line.len > 0)
		tree->odd = true;	/* text where a field should be */
	return 0;
}

/* It is a message, the one given or one in a part, and no mere part. */
static bool
is_top(const struct mime_part *part)
{
	return part->parent == NULL || part->parent->kind == MESSAGE;
}

/*
 * Read the header block of the part.  It ends with the empty line, with a
 * boundary, or before the first line that is no field.
 */
static int
read_header(struct tree *tree, struct mime_part *part)
{
	const struct mime_limits *limits = tree->limits;
	/* one byte more, to see that there are too many */
	struct slice rest = slice_first(slice_after(tree->msg, part->header),
	    (size_t)limits->header_bytes + 1);
	bool has_type = false, has_encoding = false;
	size_t at = part->header, left = rest.len;
	struct header_field field;
	unsigned count = 0;

	if (is_top(part) && header_skip_mbox(&rest)) {
		at += left - rest.len;
		tree->odd = true;
	}
	while (!is_boundary(tree, at) && header_next(&rest, &field)) {
		at += field.whole.len;
		tree->steps++;
		if (at - part->header > limits->header_bytes)
			return reached(tree, MIME_LIMIT_HEADER);
		if (++count > limits->header_fields)
			return reached(tree, MIME_LIMIT_FIELDS);
		if (slice_is_word(field.name, "Content-Type")) {
			tree->odd = tree->odd || has_type;
			if (!has_type)
				read_type(tree, part, field.value);
			has_type = true;
		} else if (slice_is_word(field.name,
		    "Content-Transfer-Encoding")) {
			tree->odd = tree->odd || has_encoding;
			if (!has_encoding)
				read_encoding(tree, part, field.value);
			has_encoding = true;
		}
	}
	if (!is_boundary(tree, at))
		return header_end(tree, part, at, rest);
	part->body = at;
	return 0;
}

/* Find out whether the part holds parts, and the boundary between them. */
static int
read_kind(struct tree *tree, struct mime_part *part)
{
	const struct mime_limits *limits = tree->limits;
	TEXT_AUTO boundary = TEXT_INIT(limits->boundary_bytes);
	bool whole = part->encoding <= MIME_BINARY;
	struct slice charset, trimmed;
	int r;

	if (mime_is(part, "message", "rfc822") ||
	    mime_is(part, "message", "global")) {
		/* RFC 2046 5.2.1: only identity encodings are allowed */
		if (whole)
			part->kind = MESSAGE;
		else
			tree->odd = true;
	}
	if (!mime_is(part, "multipart", NULL))
		return 0;
	r = mime_param_raw(part->params, "boundary", limits->params, &boundary,
	    &charset);
	if (r == -E2BIG)
		return reached(tree, MIME_LIMIT_PARAMS);
	/* a boundary does not end in a blank (RFC 2046 5.1.1) */
	trimmed = trim_end(text_slice(&boundary));
	if (r < 0 || text_failed(&boundary) || trimmed.len == 0) {
		tree->odd = true;
		return 0;
	}
	tree->odd = tree->odd || !whole;
	part->kind = MULTIPART;
	tree->boundaries++;
	return arena_copy(tree->arena, trimmed, &part->boundary);
}

static int
part_add(struct tree *tree, size_t at, struct mime_part **part_out)
{
	struct mime_part *parent = tree->open, *part;

	if (tree->parts == tree->limits->parts)
		return reached(tree, MIME_LIMIT_PARTS);
	part = arena_alloc(tree->arena, sizeof(*part));
	if (part == NULL)
		return -ENOBUFS;
	tree->parts++;
	part->tree = tree;
	part->parent = parent;
	part->depth = parent == NULL ? 0 : parent->depth + 1;
	part->header = at;
	if (parent == NULL)
		tree->root = part;
	else if (parent->child == NULL)
		parent->child = part;
	else
		parent->last_child->next = part;
	if (parent != NULL)
		parent->last_child = part;
	*part_out = part;
	return 0;
}

/* The part holds parts that are not told: its bytes are all there is of it. */
static void
part_cut(struct tree *tree, struct mime_part *part)
{
	if (part->kind == MULTIPART)
		tree->boundaries--;
	part->kind = LEAF;
	tree->is_cut = true;
}

/*
 * Begin a part with its header at `at`, and, as long as the part is a message,
 * the one in its body; *body_out is where the innermost body starts.
 */
static int
part_begin(struct tree *tree, size_t at, size_t *body_out)
{
	struct mime_part *part;
	int r;

	do {
		r = part_add(tree, at, &part);
		if (r == -E2BIG && tree->limits->cuts) {
			tree->is_cut = true;
			if (tree->open->kind == MESSAGE)
				part_cut(tree, tree->open);
			break;
		}
		if (r < 0)
			return r;
		type_default(part);
		r = read_header(tree, part);
		if (r < 0)
			return r;
		r = read_kind(tree, part);
		if (r < 0)
			return r;
		if (part->kind != LEAF && part->depth >= tree->limits->depth) {
			if (!tree->limits->cuts)
				return reached(tree, MIME_LIMIT_DEPTH);
			part_cut(tree, part);
		}
		tree->open = part;
		at = part->body;
	} while (part->kind == MESSAGE);
	*body_out = at;
	return 0;
}

static int
read_parts(struct tree *tree)
{
	struct slice line;
	struct hit hit;
	size_t at;
	int r = part_begin(tree, 0, &at);

	/* with no boundary to look for the rest is one run of bytes */
	while (r == 0 && at < tree->msg.len && tree->boundaries > 0) {
		line = line_at(tree, at);
		tree->steps++;
		if (!starts_with_dashes(tree, at) ||
		    !boundary_find(tree, line, &hit)) {
			at += line.len;
			continue;
		}
		close_inside(tree, hit.part, at, true);
		at += line.len;
		if (hit.is_last) {
			hit.part->kind = EPILOGUE;
			tree->boundaries--;
		} else {
			r = part_begin(tree, at, &at);
		}
	}
	if (r == 0)
		close_inside(tree, NULL, tree->msg.len, false);
	return r;
}

int
mime_parse(struct arena *arena, struct slice msg,
    const struct mime_limits *limits, const struct mime_part **root_out,
    enum mime_limit *limit_out)
{
	struct tree *tree = arena_alloc(arena, sizeof(*tree));
	int r;

	if (tree == NULL)
		return -ENOBUFS;
	tree->arena = arena;
	tree->msg = msg;
	tree->limits = limits;
	r = read_parts(tree);
	if (r == -E2BIG)
		*limit_out = tree->limit;
	if (r == 0)
		*root_out = tree->root;
	return r;
}

const struct mime_part *
mime_parent(const struct mime_part *part)
{
	return part->parent;
}

const struct mime_part *
mime_child(const struct mime_part *part)
{
	return part->child;
}

const struct mime_part *
mime_next(const struct mime_part *part)
{
	return part->next;
}

const struct mime_part *
mime_after(const struct mime_part *part)
{
	if (part->child != NULL)
		return part->child;
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part == NULL ? NULL : part->next;
}

size_t
mime_header_start(const struct mime_part *part)
{
	return part->header;
}

size_t
mime_body_start(const struct mime_part *part)
{
	return part->body;
}

size_t
mime_end(const struct mime_part *part)
{
	return part->end;
}

struct slice
mime_header(const struct mime_part *part)
{
	return slice_first(slice_after(part->tree->msg, part->header),
	    part->body - part->header);
}

struct slice
mime_body(const struct mime_part *part)
{
	return slice_first(slice_after(part->tree->msg, part->body),
	    part->end - part->body);
}

struct slice
mime_type(const struct mime_part *part)
{
	return part->type;
}

struct slice
mime_subtype(const struct mime_part *part)
{
	return part->subtype;
}

enum mime_encoding
mime_encoding(const struct mime_part *part)
{
	return part->encoding;
}

bool
mime_is(const struct mime_part *part, const char *type, const char *subtype)
{
	return slice_is_word(part->type, type) &&
	    (subtype == NULL || slice_is_word(part->subtype, subtype));
}

int
mime_type_param(const struct mime_part *part, const char *name,
    struct text *text)
{
	return mime_param(part->params, name, part->tree->limits->params, text);
}

bool
mime_is_odd(const struct mime_part *part)
{
	return part->tree->odd;
}

bool
mime_is_cut(const struct mime_part *part)
{
	return part->tree->is_cut;
}

unsigned
mime_part_count(const struct mime_part *part)
{
	return part->tree->parts;
}

uint64_t
mime_steps(const struct mime_part *part)
{
	return part->tree->steps;
}
