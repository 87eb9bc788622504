/*
 * dkim_shape.c - a message as it will be taken on, to be signed
 */
#include "filters/auth/dkim_shape.h"

#include <errno.h>
#include <stdlib.h>

#include "filters/auth/dkim_fields.h"

/* Signed once more often than they are there. */
static const char *const closed[] = {
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
	"Message-ID", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "Content-Disposition",
};
/* As often as they are there: a list may add its own. */
static const char *const open_ended[] = {
	"In-Reply-To", "References", "Content-ID", "Content-Description",
};

/* While it is read. */
struct reading {
	struct slice	 message;
	size_t		 body_at;	/* in the message */
	struct text	*header;
	struct dkim_body body;
};

static void
take(struct reading *reading, uint64_t from, uint64_t to)
{
	struct slice rest = slice_after(slice_first(reading->message,
	    (size_t)to), (size_t)from);

	if (from < reading->body_at) {
		struct slice head = slice_first(rest,
		    reading->body_at - (size_t)from);

		text_add(reading->header, head);
		rest = slice_after(rest, head.len);
	}
	if (rest.len > 0)
		dkim_body_add(&reading->body, rest);
}

static void
take_all(struct reading *reading, const struct edits *edits)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->list[i];
		struct slice put = slice_of(edits->text + edit->text_at,
		    edit->text_bytes);

		take(reading, at, edit->at);
		if (edit->at < reading->body_at)
			text_add(reading->header, put);
		else
			dkim_body_add(&reading->body, put);
		at = edit->at + edit->bytes;
	}
	take(reading, at, reading->message.len);
}

int
dkim_shape_read(const struct dkim_tools *tools, struct slice message,
    const struct edits *edits, struct dkim_shape *shape_out)
{
	struct dkim_shape shape = { .header = TEXT_INIT(DKIM_HEADER_BYTES) };
	struct reading reading = { .message = message,
	    .body_at = header_bytes(message), .header = &shape.header };
	struct dkim_digest digest = { 0 };
	int r;

	if (edits_take_parts(edits))
		return -ENOTSUP;
	dkim_digest_begin(&digest, tools, UINT64_MAX);
	dkim_body_begin(&reading.body, DKIM_RELAXED, dkim_digest_add, &digest);
	take_all(&reading, edits);
	dkim_body_end(&reading.body);
	r = dkim_digest_end(&digest, shape.body_hash);
	dkim_digest_free(&digest);
	if (r == 0 && text_failed(&shape.header))
		r = -E2BIG;
	if (r < 0)
		dkim_shape_free(&shape);
	else
		*shape_out = shape;
	return r;
}

void
dkim_shape_free(struct dkim_shape *shape)
{
	text_free(&shape->header);
}

static void
add_names(struct text *names, struct slice header, const char *name,
    size_t more)
{
	size_t count = header_count(header, name) + more;

	while (count-- > 0)
		text_addf(names, ":%s", name);
}

void
dkim_shape_names(const struct dkim_shape *shape, struct text *names)
{
	struct slice header = text_slice(&shape->header);

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		add_names(names, header, closed[i], 1);
	for (size_t i = 0; i < sizeof(open_ended) / sizeof(open_ended[0]); i++)
		add_names(names, header, open_ended[i], 0);
}

static int
hash_top(struct slice header, const struct dkim_tools *tools,
    enum dkim_field kind, struct dkim_fields *fields,
    unsigned char hash_out[DKIM_HASH_BYTES])
{
	struct dkim_signature signature;
	int r = dkim_fields_read(header, fields);

	if (r < 0)
		return r;
	if (dkim_signature_read_as(&fields->field[0], kind, &signature) !=
	    DKIM_VERIFIED)
		return -EINVAL;
	return dkim_fields_hash(fields, 0, &signature, tools, hash_out);
}

int
dkim_shape_hash(const struct dkim_shape *shape, const struct dkim_tools *tools,
    enum dkim_field kind, const char *name, const char *value,
    unsigned char hash_out[DKIM_HASH_BYTES])
{
	TEXT_AUTO all = TEXT_INIT(DKIM_HEADER_BYTES + 2048);
	struct dkim_fields *fields;
	int r;

	text_addf(&all, "%s: %sAAAA\r\n", name, value);
	text_add(&all, text_slice(&shape->header));
	fields = malloc(sizeof(*fields));
	r = fields == NULL || text_failed(&all) ? -ENOMEM :
	    hash_top(text_slice(&all), tools, kind, fields, hash_out);
	free(fields);
	return r;
}

const char *
dkim_shape_algorithm(enum dkim_algorithm algorithm)
{
	return algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" :
	    "ed25519-sha256";
}
