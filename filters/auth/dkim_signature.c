/*
 * dkim_signature.c - what one DKIM-Signature field says (RFC 6376 3.5)
 *
 * One function per tag, in the order of the table at the end.
 */
#include "filters/auth/dkim_signature.h"

#include <idn2.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filters/auth/dkim_tags.h"

/* RFC 6376 3.5: 1*76DIGIT and 1*12DIGIT */
#define LENGTH_DIGITS	76
#define TIME_DIGITS	12

typedef enum dkim_reason tag_fn(struct dkim_signature *, struct slice value);

static enum dkim_reason
read_version(struct dkim_signature *signature, struct slice value)
{
	(void)signature;
	return slice_is_str(value, "1") ? DKIM_VERIFIED : DKIM_VERSION;
}

static enum dkim_reason
read_algorithm(struct dkim_signature *signature, struct slice value)
{
	if (slice_is_word(value, "rsa-sha256"))
		signature->algorithm = DKIM_RSA_SHA256;
	else if (slice_is_word(value, "ed25519-sha256"))
		signature->algorithm = DKIM_ED25519_SHA256;
	else if (slice_is_word(value, "rsa-sha1"))
		signature->algorithm = DKIM_RSA_SHA1;
	if (signature->algorithm == DKIM_RSA_SHA1)
		return DKIM_SHA1;
	return signature->algorithm == DKIM_ALGORITHM_NONE ?
	    DKIM_ALGORITHM_UNKNOWN : DKIM_VERIFIED;
}

/* "simple" or "relaxed". */
static bool
canon_of(struct slice word, enum dkim_canon *canon_out)
{
	if (slice_is_word(word, "relaxed"))
		*canon_out = DKIM_RELAXED;
	else if (slice_is_word(word, "simple"))
		*canon_out = DKIM_SIMPLE;
	else
		return false;
	return true;
}

static enum dkim_reason
read_canon(struct dkim_signature *signature, struct slice value)
{
	struct slice header, body = value;

	signature->body_canon = DKIM_SIMPLE;
	if (!slice_cut(&body, '/', &header)) {
		header = value;
		body = slice_str("simple");
	}
	return canon_of(header, &signature->header_canon) &&
	    canon_of(body, &signature->body_canon) ? DKIM_VERIFIED :
	    DKIM_CANON_UNKNOWN;
}

/*
 * The ASCII form of a domain, and nothing that a host name may not hold; that
 * its last label is no number is asked of the whole name only.
 */
static bool
ascii_of(struct slice name, char text_out[DKIM_NAME_SIZE])
{
	char utf8[1024];
	uint8_t *ascii = NULL;
	bool fits;

	if (name.len == 0 || name.at[name.len - 1] == '.' ||
	    slice_cstr(name, utf8, sizeof(utf8)) < 0)
		return false;
	if (slice_is_printable_ascii(name))
		return slice_cstr(name, text_out, DKIM_NAME_SIZE) == 0;
	/* RFC 8616 4 */
	if (idn2_lookup_u8((const uint8_t *)utf8, &ascii, IDN2_NFC_INPUT |
	    IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	fits = slice_cstr(slice_str((const char *)ascii), text_out,
	    DKIM_NAME_SIZE) == 0;
	idn2_free(ascii);
	return fits;
}

/* A domain of two labels or more (RFC 6376 3.5: d=). */
static bool
domain_of(struct slice value, char text_out[DKIM_NAME_SIZE])
{
	return ascii_of(value, text_out) && host_is_name(slice_str(text_out)) &&
	    slice_find(slice_str(text_out), '.') != SIZE_MAX;
}

static enum dkim_reason
read_domain(struct dkim_signature *signature, struct slice value)
{
	if (domain_of(value, signature->domain))
		return DKIM_VERIFIED;
	signature->domain[0] = '\0';
	return DKIM_DOMAIN_BAD;
}

/* After d=: whether it is a name is seen with the domain behind it. */
static enum dkim_reason
read_selector(struct dkim_signature *signature, struct slice value)
{
	int len = -1;

	if (ascii_of(value, signature->selector))
		len = snprintf(signature->query, sizeof(signature->query),
		    "%s._domainkey.%s", signature->selector,
		    signature->domain);
	if (len > 0 && (size_t)len < sizeof(signature->query) &&
	    host_is_name(slice_str(signature->query)))
		return DKIM_VERIFIED;
	signature->selector[0] = signature->query[0] = '\0';
	return DKIM_DOMAIN_BAD;
}

/* RFC 6376 3.5: the domain of i= is that of d=, or below it. */
static bool
is_below(struct slice domain, struct slice top)
{
	return domain.len > top.len &&
	    domain.at[domain.len - top.len - 1] == '.' &&
	    slice_is_nocase(slice_after(domain, domain.len - top.len), top);
}

static enum dkim_reason
read_identity(struct dkim_signature *signature, struct slice value)
{
	struct slice identity, domain, top = slice_str(signature->domain);
	char ascii[DKIM_NAME_SIZE];
	size_t at;

	if (dkim_unquote(value, signature->identity,
	    sizeof(signature->identity)) < 0)
		goto bad;
	identity = slice_str(signature->identity);
	at = slice_find_last(identity, '@');
	if (at == SIZE_MAX || !domain_of(slice_after(identity, at + 1), ascii))
		goto bad;
	domain = slice_str(ascii);
	signature->is_of_domain = slice_is_nocase(domain, top);
	if (signature->is_of_domain || is_below(domain, top))
		return DKIM_VERIFIED;
bad:
	signature->identity[0] = '\0';
	return DKIM_IDENTITY_BAD;
}

/* RFC 5322 3.6.8; some write "from::to", where the middle names no field. */
static bool
is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= 0x20 || name.at[i] == 0x7f)
			return false;
	return true;
}

static enum dkim_reason
read_names(struct dkim_signature *signature, struct slice value)
{
	struct slice rest = value, name;
	unsigned count = 0;

	while (dkim_list_next(&rest, &name))
		if (!is_field_name(name) || ++count > DKIM_NAMES)
			return DKIM_NAMES_BAD;
	signature->names = value;
	return dkim_list_has(value, "From") ? DKIM_VERIFIED :
	    DKIM_FROM_UNSIGNED;
}

static enum dkim_reason
read_hash(struct dkim_signature *signature, struct slice value)
{
	size_t len;

	return dkim_base64(value, signature->body_hash, DKIM_HASH_BYTES,
	    &len) == 0 && len == DKIM_HASH_BYTES ? DKIM_VERIFIED :
	    DKIM_DATA_BAD;
}

static enum dkim_reason
read_data(struct dkim_signature *signature, struct slice value)
{
	return dkim_base64(value, signature->data, DKIM_DATA_BYTES,
	    &signature->data_len) == 0 ? DKIM_VERIFIED : DKIM_DATA_BAD;
}

static enum dkim_reason
read_length(struct dkim_signature *signature, struct slice value)
{
	int r = slice_u64(value, UINT64_MAX, &signature->length);

	if (r == -EINVAL || value.len > LENGTH_DIGITS)
		return DKIM_LENGTH_BAD;
	if (r < 0)
		signature->length = UINT64_MAX;
	signature->has_length = true;
	return DKIM_VERIFIED;
}

static enum dkim_reason
read_query(struct dkim_signature *signature, struct slice value)
{
	(void)signature;
	return dkim_list_has(value, "dns/txt") ? DKIM_VERIFIED :
	    DKIM_QUERY_UNKNOWN;
}

static bool
time_of(struct slice value, int64_t *utc_out)
{
	uint64_t utc;

	if (value.len > TIME_DIGITS || slice_u64(value, INT64_MAX, &utc) < 0)
		return false;
	*utc_out = (int64_t)utc;
	return true;
}

static enum dkim_reason
read_time(struct dkim_signature *signature, struct slice value)
{
	signature->has_time = time_of(value, &signature->time_utc);
	return signature->has_time ? DKIM_VERIFIED : DKIM_TIMES_BAD;
}

/* After t= */
static enum dkim_reason
read_expiry(struct dkim_signature *signature, struct slice value)
{
	signature->has_expiry = time_of(value, &signature->expires_utc);
	if (!signature->has_expiry || (signature->has_time &&
	    signature->expires_utc <= signature->time_utc))
		return DKIM_TIMES_BAD;
	return DKIM_VERIFIED;
}

static enum dkim_reason
read_chain(struct dkim_signature *signature, struct slice value)
{
	if (slice_is_word(value, "pass"))
		signature->chain = DKIM_CHAIN_PASS;
	else if (slice_is_word(value, "fail"))
		signature->chain = DKIM_CHAIN_FAIL;
	else if (!slice_is_word(value, "none"))
		return DKIM_DATA_BAD;
	return DKIM_VERIFIED;
}

/* What is not for this field; a tag that nobody knows is passed by. */
enum need { PASSED_BY, MAY, MUST, NEVER };

/*
 * In the order in which they are judged: first who signed, so that it can be
 * said even of a signature that is none.
 */
static const struct {
	const char	*name;
	enum need	 need[DKIM_FIELD_COUNT];
	tag_fn		*read;
} tag_table[] = {
	{ "v",	{ MUST,	PASSED_BY, PASSED_BY },	read_version },
	{ "d",	{ MUST,	MUST,	MUST },		read_domain },
	{ "s",	{ MUST,	MUST,	MUST },		read_selector },
	{ "i",	{ MAY,	PASSED_BY, PASSED_BY },	read_identity },
	{ "a",	{ MUST,	MUST,	MUST },		read_algorithm },
	{ "c",	{ MAY,	MAY,	PASSED_BY },	read_canon },
	{ "q",	{ MAY,	MAY,	MAY },		read_query },
	/* RFC 8617 4.1.3: what a seal is over cannot be chosen */
	{ "h",	{ MUST,	MUST,	NEVER },	read_names },
	{ "l",	{ MAY,	NEVER,	PASSED_BY },	read_length },
	{ "t",	{ MAY,	MAY,	MAY },		read_time },
	{ "x",	{ MAY,	MAY,	PASSED_BY },	read_expiry },
	{ "bh",	{ MUST,	MUST,	NEVER },	read_hash },
	{ "b",	{ MUST,	MUST,	MUST },		read_data },
	{ "cv",	{ PASSED_BY, PASSED_BY, MUST },	read_chain },
};

/* One row of the table. */
static enum dkim_reason
read_tag(struct dkim_signature *signature, const struct dkim_tags *tags,
    size_t row, enum dkim_field kind)
{
	const struct dkim_tag *tag = dkim_tags_find(tags,
	    tag_table[row].name);
	enum need need = tag_table[row].need[kind];

	if (need == PASSED_BY)
		return DKIM_VERIFIED;
	if (tag == NULL)
		return need == MUST ? DKIM_TAG_MISSING : DKIM_VERIFIED;
	return need == NEVER ? DKIM_NO_LIST :
	    tag_table[row].read(signature, tag->value);
}

/* RFC 6376 3.5: where i= is missing it is "@" and the domain. */
static void
default_identity(struct dkim_signature *signature)
{
	signature->is_of_domain = true;
	(void)snprintf(signature->identity, sizeof(signature->identity),
	    "@%s", signature->domain);
}

enum dkim_reason
dkim_signature_read(const struct header_field *field,
    struct dkim_signature *signature)
{
	return dkim_signature_read_as(field, DKIM_FIELD_SIGNATURE, signature);
}

enum dkim_reason
dkim_signature_read_as(const struct header_field *field,
    enum dkim_field kind, struct dkim_signature *signature)
{
	enum dkim_reason reason = DKIM_VERIFIED;
	const struct dkim_tag *tag;
	struct dkim_tags tags;

	memset(signature, 0, sizeof(*signature));
	if (dkim_tags_read(field->value, &tags) < 0)
		return DKIM_NO_LIST;
	for (size_t i = 0; reason == DKIM_VERIFIED &&
	    i < sizeof(tag_table) / sizeof(*tag_table); i++)
		reason = read_tag(signature, &tags, i, kind);
	if ((kind != DKIM_FIELD_SIGNATURE ||
	    dkim_tags_find(&tags, "i") == NULL) &&
	    signature->domain[0] != '\0')
		default_identity(signature);
	if (kind == DKIM_FIELD_ARC_SEAL)	/* RFC 8617 5.1.1 */
		signature->header_canon = DKIM_RELAXED;
	tag = dkim_tags_find(&tags, "b");
	if (tag != NULL)
		signature->data_whole = tag->whole;
	return reason;
}
