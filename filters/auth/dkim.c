/*
 * dkim.c - are the signatures of a message right, and whose are they?
 *
 * Of the header the hash that each signature signs is made as soon as it is
 * whole.  The body is put into at most two forms as it comes, and each hashed
 * once per length that signatures ask for.  What is found is kept apart (body,
 * key, header); the reason is worked out from that whenever somebody asks.
 */
#include "filters/auth/dkim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/dkim_tools.h"

/* One way to take the body that a signature asks for. */
struct portion {
	enum dkim_canon	 canon;
	uint64_t	 most;		/* l=, or UINT64_MAX */
	struct dkim_digest digest;
	unsigned char	 hash[DKIM_HASH_BYTES];
};

struct form {
	struct dkim	*dkim;
	bool		 is_needed;
	struct dkim_body body;
};

struct signature {
	struct dkim_signature says;
	enum dkim_reason read;		/* DKIM_VERIFIED: it could be */
	unsigned	 portion;
	unsigned char	 header_hash[DKIM_HASH_BYTES];
	enum dkim_match	 body, header;
	bool		 is_cut;	/* l= says more than there is */
	bool		 covers_body;
	bool		 is_asked, is_answered;
	enum dkim_reason key;		/* DKIM_VERIFIED: one was tried */
	unsigned	 key_bits;
	bool		 key_is_test, key_is_secure;
};

struct dkim {
	const struct dkim_tools *tools;
	struct dkim_options options;
	enum { IN_HEADER, IN_BODY, OVER } stage;
	int		 error;		/* it comes again */
	struct text	 header;
	size_t		 line_at;	/* where its last line begins */
	bool		 is_broken;	/* a line in it is no field */
	size_t		 from_count;
	unsigned	 count, skipped, portion_count;
	struct signature signature[DKIM_SIGNATURES];
	struct portion	 portion[DKIM_SIGNATURES];
	struct form	 form[DKIM_CANON_COUNT];
};

struct dkim *
dkim_new(const struct dkim_tools *tools, const struct dkim_options *options)
{
	struct dkim *dkim = calloc(1, sizeof(*dkim));

	if (dkim == NULL)
		return NULL;
	dkim->tools = tools;
	dkim->options = *options;
	dkim->header.limit = DKIM_HEADER_BYTES;
	return dkim;
}

void
dkim_free(struct dkim *dkim)
{
	if (dkim == NULL)
		return;
	for (unsigned i = 0; i < dkim->portion_count; i++)
		dkim_digest_free(&dkim->portion[i].digest);
	text_free(&dkim->header);
	free(dkim);
}

static void
want_portion(struct dkim *dkim, struct signature *signature)
{
	const struct dkim_signature *says = &signature->says;
	uint64_t most = says->has_length ? says->length : UINT64_MAX;
	struct portion *portion;
	unsigned i = 0;

	while (i < dkim->portion_count && (dkim->portion[i].most != most ||
	    dkim->portion[i].canon != says->body_canon))
		i++;
	signature->portion = i;
	if (i < dkim->portion_count)
		return;
	portion = &dkim->portion[dkim->portion_count++];
	portion->canon = says->body_canon;
	portion->most = most;
	dkim_digest_begin(&portion->digest, dkim->tools, most);
	dkim->form[says->body_canon].is_needed = true;
}

static int
read_signatures(struct dkim *dkim, struct dkim_fields *fields)
{
	struct signature *signature;
	int r = 0;

	for (size_t i = 0; r == 0 && i < fields->count; i++) {
		if (!slice_is_word(fields->field[i].name, "DKIM-Signature"))
			continue;
		if (dkim->count == DKIM_SIGNATURES) {
			dkim->skipped++;
			continue;
		}
		signature = &dkim->signature[dkim->count++];
		signature->read = dkim_signature_read(&fields->field[i],
		    &signature->says);
		if (signature->read != DKIM_VERIFIED)
			continue;
		want_portion(dkim, signature);
		r = dkim_fields_hash(fields, i, &signature->says, dkim->tools,
		    signature->header_hash);
	}
	return r;
}

/* A dkim_sink. */
static void
take_body(void *arg, struct slice s)
{
	struct form *form = arg;
	struct dkim *dkim = form->dkim;

	for (unsigned i = 0; i < dkim->portion_count; i++)
		if (dkim->portion[i].canon == form->body.canon)
			dkim_digest_add(&dkim->portion[i].digest, s);
}

static int
end_header(struct dkim *dkim)
{
	struct dkim_fields *fields = malloc(sizeof(*fields));
	int r;

	if (fields == NULL)
		return -ENOMEM;
	r = dkim_fields_read(text_slice(&dkim->header), fields);
	if (r == 0) {
		dkim->is_broken = fields->is_broken;
		dkim->from_count = fields->from_count;
		r = read_signatures(dkim, fields);
	}
	free(fields);
	for (unsigned i = 0; i < DKIM_CANON_COUNT; i++) {
		dkim->form[i].dkim = dkim;
		dkim_body_begin(&dkim->form[i].body, i, take_body,
		    &dkim->form[i]);
	}
	dkim->stage = IN_BODY;
	return r;
}

/* The header's last line has ended, and is empty. */
static bool
is_at_end(const struct dkim *dkim)
{
	struct slice line = slice_after(text_slice(&dkim->header),
	    dkim->line_at);

	return slice_is_str(line, "\n") || slice_is_str(line, "\r\n");
}

/* Take what of `*rest` is header. */
static int
add_header(struct dkim *dkim, struct slice *rest)
{
	while (rest->len > 0) {
		size_t lf = slice_find(*rest, '\n');
		size_t len = lf == SIZE_MAX ? rest->len : lf + 1;

		if (len > DKIM_HEADER_BYTES - dkim->header.len)
			return -E2BIG;
		text_add(&dkim->header, slice_first(*rest, len));
		if (text_failed(&dkim->header))
			return -ENOMEM;
		*rest = slice_after(*rest, len);
		if (lf == SIZE_MAX)
			continue;
		if (is_at_end(dkim))
			return end_header(dkim);
		dkim->line_at = dkim->header.len;
	}
	return 0;
}

int
dkim_add(struct dkim *dkim, struct slice s)
{
	if (dkim->error == 0 && dkim->stage == IN_HEADER)
		dkim->error = add_header(dkim, &s);
	if (dkim->error < 0 || dkim->stage != IN_BODY)
		return dkim->error;
	for (unsigned i = 0; i < DKIM_CANON_COUNT; i++)
		if (dkim->form[i].is_needed)
			dkim_body_add(&dkim->form[i].body, s);
	return 0;
}

int
dkim_end_header(struct dkim *dkim)
{
	if (dkim->error == 0 && dkim->stage == IN_HEADER)
		dkim->error = end_header(dkim);
	return dkim->error;
}

/* The body has `bytes` in the form that the signature asks for. */
static void
compare_body(struct dkim *dkim, struct signature *signature, uint64_t bytes)
{
	const struct dkim_signature *says = &signature->says;
	const struct portion *portion = &dkim->portion[signature->portion];

	/* RFC 6376 3.5: l= must not be more than there is */
	signature->is_cut = says->has_length && says->length > bytes;
	signature->covers_body = !says->has_length || says->length == bytes;
	signature->body = !signature->is_cut && memcmp(portion->hash,
	    says->body_hash, DKIM_HASH_BYTES) == 0 ? DKIM_MATCH_YES :
	    DKIM_MATCH_NO;
}

static int
end_body(struct dkim *dkim)
{
	int r = 0;

	for (unsigned i = 0; i < DKIM_CANON_COUNT; i++)
		dkim_body_end(&dkim->form[i].body);
	for (unsigned i = 0; r == 0 && i < dkim->portion_count; i++)
		r = dkim_digest_end(&dkim->portion[i].digest,
		    dkim->portion[i].hash);
	for (unsigned i = 0; r == 0 && i < dkim->count; i++)
		if (dkim->signature[i].read == DKIM_VERIFIED)
			compare_body(dkim, &dkim->signature[i], dkim->form
			    [dkim->signature[i].says.body_canon].body.bytes);
	dkim->stage = OVER;
	return r;
}

int
dkim_end(struct dkim *dkim)
{
	if (dkim_end_header(dkim) == 0 && dkim->stage == IN_BODY)
		dkim->error = end_body(dkim);
	return dkim->error;
}

unsigned
dkim_count(const struct dkim *dkim)
{
	return dkim->error < 0 ? 0 : dkim->count;
}

unsigned
dkim_skipped(const struct dkim *dkim)
{
	return dkim->error < 0 ? 0 : dkim->skipped;
}

/* It says l= where the caller takes none. */
static bool
is_unwanted(const struct dkim *dkim, const struct signature *signature)
{
	return dkim->options.whole_only && signature->says.has_length;
}

const char *
dkim_wants_key(struct dkim *dkim, unsigned *which_out)
{
	for (unsigned i = 0; i < dkim_count(dkim); i++) {
		struct signature *signature = &dkim->signature[i];

		if (signature->is_asked || signature->is_answered ||
		    signature->read != DKIM_VERIFIED ||
		    signature->body == DKIM_MATCH_NO ||
		    is_unwanted(dkim, signature))
			continue;
		signature->is_asked = true;
		*which_out = i;
		return signature->says.query;
	}
	return NULL;
}

static enum dkim_reason
try_key(const struct dkim *dkim, struct signature *signature,
    struct slice text)
{
	struct dkim_key key = { 0 };
	enum dkim_reason reason = dkim_key_read(text, &key);
	int r;

	if (reason == DKIM_VERIFIED)
		reason = dkim_key_fits(&key, &signature->says);
	if (reason == DKIM_VERIFIED) {
		r = dkim_is_signed(dkim->tools, &key, signature->header_hash,
		    slice_of(signature->says.data, signature->says.data_len));
		signature->header = r > 0 ? DKIM_MATCH_YES : r == 0 ?
		    DKIM_MATCH_NO : DKIM_MATCH_UNKNOWN;
		signature->key_bits = key.bits;
		signature->key_is_test = key.is_test;
		if (r < 0)
			reason = DKIM_OUR_FAULT;
	}
	dkim_key_free(&key);
	return reason;
}

/*
 * Of several texts the first that is a key for this signature counts; where
 * there is none, what was wrong with the first.
 */
static enum dkim_reason
try_texts(const struct dkim *dkim, struct signature *signature,
    const struct slice *texts, size_t count)
{
	enum dkim_reason first = DKIM_NO_KEY;

	for (size_t i = 0; i < count && i < DKIM_RECORDS; i++) {
		enum dkim_reason reason = try_key(dkim, signature, texts[i]);

		if (reason == DKIM_VERIFIED || reason == DKIM_OUR_FAULT)
			return reason;
		if (i == 0)
			first = reason;
	}
	return first;
}

void
dkim_key(struct dkim *dkim, unsigned which, enum dkim_lookup lookup,
    bool is_secure, const struct slice *texts, size_t count)
{
	struct signature *signature;

	if (which >= dkim_count(dkim))
		return;
	signature = &dkim->signature[which];
	if (signature->is_answered || signature->read != DKIM_VERIFIED)
		return;
	signature->is_answered = true;
	signature->key_is_secure = is_secure && lookup == DKIM_LOOKUP_FOUND;
	if (lookup == DKIM_LOOKUP_LATER)
		signature->key = DKIM_KEY_LATER;
	else if (lookup == DKIM_LOOKUP_NONE)
		signature->key = DKIM_NO_KEY;
	else
		signature->key = try_texts(dkim, signature, texts, count);
}

/* What a signature that is right in itself is worth. */
static enum dkim_reason
worth_of(const struct dkim *dkim, const struct signature *signature)
{
	const struct dkim_signature *says = &signature->says;
	int64_t received_utc = dkim->options.received_utc;

	if (dkim->is_broken)
		return DKIM_HEADER_BROKEN;
	if (dkim->from_count != 1)
		return DKIM_FROM_COUNT;
	if (signature->key_bits < DKIM_KEY_BITS_LEAST &&
	    says->algorithm == DKIM_RSA_SHA256)
		return DKIM_KEY_WEAK;
	if (says->has_expiry &&
	    received_utc - DKIM_DRIFT_SECONDS > says->expires_utc)
		return DKIM_EXPIRED;
	if (says->has_time &&
	    says->time_utc - DKIM_DRIFT_SECONDS > received_utc)
		return DKIM_FROM_FUTURE;
	return signature->covers_body ? DKIM_VERIFIED : DKIM_BODY_PARTLY;
}

static enum dkim_reason
reason_of(const struct dkim *dkim, const struct signature *signature)
{
	if (signature->read != DKIM_VERIFIED)
		return signature->read;
	if (is_unwanted(dkim, signature))
		return DKIM_LENGTH_UNWANTED;
	if (signature->body == DKIM_MATCH_NO)
		return signature->is_cut ? DKIM_BODY_CUT : DKIM_BODY_CHANGED;
	if (signature->body == DKIM_MATCH_UNKNOWN || !signature->is_answered)
		return DKIM_AWAITED;
	if (signature->key != DKIM_VERIFIED)
		return signature->key;
	return signature->header == DKIM_MATCH_YES ?
	    worth_of(dkim, signature) : DKIM_SIGNATURE_WRONG;
}

struct dkim_finding
dkim_finding(const struct dkim *dkim, unsigned which)
{
	const struct signature *signature = &dkim->signature[which];
	const struct dkim_signature *says = &signature->says;
	enum dkim_reason reason = reason_of(dkim, signature);

	return (struct dkim_finding) {
		.result = dkim_reason_result(reason),
		.reason = reason,
		.body = signature->body,
		.header = signature->header,
		.algorithm = says->algorithm,
		.key_bits = signature->key_bits,
		.key_is_test = signature->key_is_test,
		.key_is_secure = signature->key_is_secure,
		.has_length = says->has_length,
		.covers_body = signature->covers_body,
		.domain = slice_str(says->domain),
		.selector = slice_str(says->selector),
		.identity = slice_str(says->identity),
		.names = says->names,
		.data = slice_trim(says->data_whole),
	};
}
