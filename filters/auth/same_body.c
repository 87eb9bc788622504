/*
 * same_body.c - is the body that is here the one that another header signs?
 */
#include "filters/auth/same_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filters/auth/dkim_fields.h"

/* What a signature says that both copies must have. */
struct vouched {
	char		domain[DKIM_NAME_SIZE];
	unsigned char	hash[DKIM_HASH_BYTES];
	bool		is_whole;	/* it could be read, and has no l= */
};

/* Of all the signatures of a header that dkim.h looks at, in its order. */
struct vouching {
	struct vouched	of[DKIM_SIGNATURES];
	unsigned	count;
};

struct same_body {
	const struct dkim_tools *tools;
	struct slice	header, body;
	struct dkim	*dkim;
	struct vouching	here, there;
};

/* Between roles */

void
same_body_ask_pack(struct text *text, const struct same_body_ask *ask)
{
	pack_u64(text, ask->header_bytes);
	pack_u64(text, ask->whole_bytes);
	pack_u64(text, ask->body_at);
}

int
same_body_ask_unpack(struct slice packed, struct same_body_ask *ask_out)
{
	struct unpack u = unpack_of(packed);
	struct same_body_ask ask;

	ask.header_bytes = unpack_u64(&u);
	ask.whole_bytes = unpack_u64(&u);
	ask.body_at = unpack_u64(&u);
	if (!unpack_is_done(&u) || ask.header_bytes == 0 ||
	    ask.header_bytes > DKIM_HEADER_BYTES || ask.whole_bytes == 0 ||
	    ask.body_at > ask.whole_bytes)
		return -EBADMSG;
	*ask_out = ask;
	return 0;
}

void
same_body_answer_pack(struct text *text,
    const struct same_body_answer *answer)
{
	pack_u8(text, answer->is_same);
	pack_u8(text, (uint8_t)answer->reason);
	pack_bytes(text, slice_of(answer->digest, DKIM_HASH_BYTES));
	pack_slice(text, answer->domain);
}

int
same_body_answer_unpack(struct slice packed,
    struct same_body_answer *answer_out)
{
	struct unpack u = unpack_of(packed);
	struct same_body_answer answer = { 0 };
	struct slice digest;

	answer.is_same = unpack_bool(&u);
	answer.reason = unpack_enum(&u, DKIM_REASON_COUNT);
	digest = unpack_bytes(&u, DKIM_HASH_BYTES);
	answer.domain = unpack_slice(&u);
	if (!unpack_is_done(&u) || answer.domain.len >= DKIM_NAME_SIZE)
		return -EBADMSG;
	memcpy(answer.digest, digest.at, DKIM_HASH_BYTES);
	*answer_out = answer;
	return 0;
}

/* Who vouches for what */

static void
note_signature(struct vouching *vouching, const struct header_field *field)
{
	struct vouched *one = &vouching->of[vouching->count++];
	struct dkim_signature says;

	one->is_whole = dkim_signature_read(field, &says) == DKIM_VERIFIED &&
	    !says.has_length;
	memcpy(one->domain, says.domain, sizeof(one->domain));
	memcpy(one->hash, says.body_hash, sizeof(one->hash));
}

/* 0, -E2BIG or -ENOMEM. */
static int
read_vouching(struct slice header, struct vouching *vouching_out)
{
	struct dkim_fields *fields = malloc(sizeof(*fields));
	int r = fields == NULL ? -ENOMEM : dkim_fields_read(header, fields);

	vouching_out->count = 0;
	for (size_t i = 0; r == 0 && i < fields->count &&
	    vouching_out->count < DKIM_SIGNATURES; i++)
		if (slice_is_word(fields->field[i].name, "DKIM-Signature"))
			note_signature(vouching_out, &fields->field[i]);
	free(fields);
	return r;
}

/* The copy that is here has the word of the same domain for the same body. */
static bool
is_vouched(const struct vouching *all, const struct vouched *there)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct vouched *here = &all->of[i];

		if (here->is_whole && there->is_whole &&
		    strcasecmp(here->domain, there->domain) == 0 &&
		    memcmp(here->hash, there->hash, DKIM_HASH_BYTES) == 0)
			return true;
	}
	return false;
}

static bool
is_vouched_here(const struct same_body *same, const struct vouched *there)
{
	return is_vouched(&same->here, there);
}

bool
same_body_may_be(struct slice header, struct slice other)
{
	struct vouching one, two;

	if (read_vouching(header, &one) < 0 || read_vouching(other, &two) < 0)
		return false;
	for (unsigned i = 0; i < two.count; i++)
		if (is_vouched(&one, &two.of[i]))
			return true;
	return false;
}

/* The question */

static int
begin(struct same_body *same, int64_t now_utc, struct slice whole,
    size_t body_at)
{
	const struct dkim_options options = { .received_utc = now_utc,
	    .whole_only = true };
	int r;

	same->dkim = dkim_new(same->tools, &options);
	if (same->dkim == NULL)
		return -ENOMEM;
	r = read_vouching(slice_first(whole, body_at), &same->here);
	if (r == 0)
		r = read_vouching(same->header, &same->there);
	if (r == 0)
		r = dkim_add(same->dkim, same->header);
	if (r == 0)
		r = dkim_end_header(same->dkim);
	if (r == 0)
		r = dkim_add(same->dkim, same->body);
	return r < 0 ? r : dkim_end(same->dkim);
}

int
same_body_new(const struct dkim_tools *tools, int64_t now_utc,
    struct slice header, struct slice whole, size_t body_at,
    struct same_body **same_out)
{
	struct same_body *same = calloc(1, sizeof(*same));
	int r;

	if (same == NULL)
		return -ENOMEM;
	same->tools = tools;
	same->header = header;
	same->body = slice_after(whole, body_at);
	r = begin(same, now_utc, whole, body_at);
	if (r < 0) {
		same_body_free(same);
		return r;
	}
	*same_out = same;
	return 0;
}

void
same_body_free(struct same_body *same)
{
	if (same == NULL)
		return;
	dkim_free(same->dkim);
	free(same);
}

const char *
same_body_wants_key(struct same_body *same, unsigned *which_out)
{
	const char *name;

	/* of one that could not count nothing is asked */
	while ((name = dkim_wants_key(same->dkim, which_out)) != NULL)
		if (is_vouched_here(same, &same->there.of[*which_out]))
			return name;
	return NULL;
}

void
same_body_key(struct same_body *same, unsigned which, enum dkim_lookup lookup,
    bool is_secure, const struct slice *texts, size_t count)
{
	dkim_key(same->dkim, which, lookup, is_secure, texts, count);
}

static bool
counts(const struct same_body *same, unsigned which)
{
	const struct dkim_finding found = dkim_finding(same->dkim, which);

	return found.result == DKIM_PASS && found.covers_body &&
	    !found.has_length && !found.key_is_test &&
	    is_vouched_here(same, &same->there.of[which]);
}

/* Of what does not count: whose body is the same comes closest. */
static void
explain(const struct same_body *same, struct same_body_answer *answer)
{
	answer->reason = DKIM_NO_LIST;	/* there is no signature at all */
	for (unsigned i = 0; i < dkim_count(same->dkim); i++) {
		const struct dkim_finding found = dkim_finding(same->dkim, i);

		if (i > 0 && found.body != DKIM_MATCH_YES)
			continue;
		answer->reason = found.reason;
		answer->domain = found.domain;
	}
}

static int
digest(const struct same_body *same, unsigned char digest_out[DKIM_HASH_BYTES])
{
	struct dkim_digest digest = { 0 };
	int r;

	dkim_digest_begin(&digest, same->tools, UINT64_MAX);
	dkim_digest_add(&digest, same->header);
	dkim_digest_add(&digest, same->body);
	r = dkim_digest_end(&digest, digest_out);
	dkim_digest_free(&digest);
	return r;
}

int
same_body_end(struct same_body *same, struct same_body_answer *answer_out)
{
	struct same_body_answer answer = { 0 };
	int r = 0;

	explain(same, &answer);
	for (unsigned i = 0; i < dkim_count(same->dkim) && !answer.is_same;
	    i++) {
		if (!counts(same, i))
			continue;
		answer.is_same = true;
		answer.reason = DKIM_VERIFIED;
		answer.domain = dkim_finding(same->dkim, i).domain;
		r = digest(same, answer.digest);
	}
	if (r == 0)
		*answer_out = answer;
	return r;
}
