/*
 * dkim_sign.c - a message on its way to be signed
 *
 * What is hashed is found by the code that checks signatures: the field that is
 * to come is put before the header with something in its b=, and read back.
 */
#include "filters/auth/dkim_sign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/dkim_fields.h"
#include "lib/base/sasl.h"

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

/* The message in its new shape: its header, and the hash of its body. */
struct shape {
	struct slice	 message;
	size_t		 body_at;	/* in the message */
	struct text	 header;
	struct dkim_body body;
};

static void
take(struct shape *shape, uint64_t from, uint64_t to)
{
	struct slice rest = slice_after(slice_first(shape->message,
	    (size_t)to), (size_t)from);

	if (from < shape->body_at) {
		struct slice head = slice_first(rest,
		    shape->body_at - (size_t)from);

		text_add(&shape->header, head);
		rest = slice_after(rest, head.len);
	}
	if (rest.len > 0)
		dkim_body_add(&shape->body, rest);
}

static int
read_shape(struct shape *shape, const struct edits *edits,
    const struct dkim_tools *tools, unsigned char hash_out[DKIM_HASH_BYTES])
{
	struct dkim_digest digest = { 0 };
	uint64_t at = 0;
	int r;

	dkim_digest_begin(&digest, tools, UINT64_MAX);
	dkim_body_begin(&shape->body, DKIM_RELAXED, dkim_digest_add, &digest);
	for (unsigned i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->list[i];
		struct slice put = slice_of(edits->text + edit->text_at,
		    edit->text_bytes);

		take(shape, at, edit->at);
		if (edit->at < shape->body_at)
			text_add(&shape->header, put);
		else
			dkim_body_add(&shape->body, put);
		at = edit->at + edit->bytes;
	}
	take(shape, at, shape->message.len);
	dkim_body_end(&shape->body);
	r = dkim_digest_end(&digest, hash_out);
	dkim_digest_free(&digest);
	return r < 0 ? r : text_failed(&shape->header) ? -E2BIG : 0;
}

static void
add_names(struct text *value, struct slice header, const char *name,
    size_t more)
{
	size_t count = header_count(header, name) + more;

	while (count-- > 0)
		text_addf(value, ":%s", name);
}

/* All of the field's value but the signature. */
static int
write_value(const struct shape *shape, const char *domain, int64_t now_utc,
    const unsigned char body_hash[DKIM_HASH_BYTES], struct dkim_draft *draft)
{
	struct slice header = text_slice(&shape->header);
	TEXT_AUTO names = TEXT_INIT(VERDICT_VALUE_MAX);
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		add_names(&names, header, closed[i], 1);
	for (size_t i = 0; i < sizeof(open_ended) / sizeof(open_ended[0]); i++)
		add_names(&names, header, open_ended[i], 0);
	text_addf(&value, "v=1; a=%s; c=relaxed/relaxed; d=%s; s=%s; t=%"
	    PRId64 "; x=%" PRId64 "; h=%.*s; bh=",
	    draft->algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" :
	    "ed25519-sha256", domain, draft->selector, now_utc,
	    now_utc + DKIM_SIGNATURE_SECONDS,
	    SLICE_FMT(slice_after(text_slice(&names), 1)));
	sasl_encode(&value, slice_of(body_hash, DKIM_HASH_BYTES));
	text_add_str(&value, "; b=");
	return text_failed(&names) || text_failed(&value) ||
	    slice_cstr(text_slice(&value), draft->value,
	    sizeof(draft->value)) < 0 ? -E2BIG : 0;
}

/* The hash of the header with the field that is to come. */
static int
hash_header(const struct shape *shape, const struct dkim_tools *tools,
    struct dkim_fields *fields, struct dkim_draft *draft)
{
	TEXT_AUTO all = TEXT_INIT(DKIM_HEADER_BYTES + 2048);
	struct dkim_signature signature;
	int r;

	text_addf(&all, "%s: %sAAAA\r\n", VERDICT_SIGNATURE, draft->value);
	text_add(&all, text_slice(&shape->header));
	if (text_failed(&all))
		return -ENOMEM;
	r = dkim_fields_read(text_slice(&all), fields);
	if (r < 0)
		return r;
	if (dkim_signature_read(&fields->field[0], &signature) !=
	    DKIM_VERIFIED)
		return -EINVAL;
	return dkim_fields_hash(fields, 0, &signature, tools, draft->hash);
}

int
dkim_draft(const struct dkim_tools *tools, struct slice message,
    const struct edits *edits, const char *domain, int64_t now_utc,
    struct dkim_draft *drafts, unsigned count)
{
	struct shape shape = { .message = message,
	    .body_at = header_bytes(message),
	    .header = TEXT_INIT(DKIM_HEADER_BYTES) };
	unsigned char body_hash[DKIM_HASH_BYTES];
	struct dkim_fields *fields;
	int r;

	if (edits_take_parts(edits))
		return -ENOTSUP;
	fields = malloc(sizeof(*fields));
	if (fields == NULL)
		return -ENOMEM;
	r = read_shape(&shape, edits, tools, body_hash);
	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = write_value(&shape, domain, now_utc, body_hash,
		    &drafts[i]);
		if (r == 0)
			r = hash_header(&shape, tools, fields, &drafts[i]);
	}
	text_free(&shape.header);
	free(fields);
	return r;
}

int
dkim_draft_add(const struct dkim_draft *draft, struct slice signature,
    struct verdict *verdict)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	text_add_str(&value, draft->value);
	sasl_encode(&value, signature);
	return text_failed(&value) ? -E2BIG : verdict_add_line(verdict,
	    slice_str(VERDICT_SIGNATURE), text_slice(&value));
}
