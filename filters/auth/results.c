/*
 * results.c - what we found of an identity, in a header line
 */
#include "filters/auth/results.h"

#include <ctype.h>

/* RFC 8601 2.2: a value is a token of RFC 2045, or stands in quotes */
static bool
is_token(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-' &&
		    *c != '_' && *c != '+')
			return false;
	return value[0] != '\0';
}

/* No value holds a quote or a backslash: origin.h makes none. */
static void
add_property(struct text *text, const char *name, const char *value)
{
	text_addf(text, is_token(value) ? " %s=%s" : " %s=\"%s\"", name, value);
}

/* One method with one property; nothing if there is nothing to show. */
static void
begin_method(struct text *one, const char *method, enum origin_result result,
    const char *property, const char *value)
{
	text_addf(one, "; %s=%s", method, origin_word(result));
	if (value[0] != '\0')
		add_property(one, property, value);
}

/*
 * What there is no room for is left out: behind three names of 253 bytes there
 * may be none.  False: it was.
 */
static bool
add_if_room(struct text *text, const struct text *one)
{
	if (text_failed(one) || text->len + one->len > VERDICT_VALUE_MAX)
		return false;
	text_add(text, text_slice(one));
	return true;
}

/* Without its property, if there is no room for that. */
static void
add_method(struct text *text, const char *method, enum origin_result result,
    const char *property, const char *value)
{
	TEXT_AUTO whole = TEXT_INIT(VERDICT_VALUE_MAX);
	TEXT_AUTO bare = TEXT_INIT(VERDICT_VALUE_MAX);

	begin_method(&whole, method, result, property, value);
	begin_method(&bare, method, result, "", "");
	if (!add_if_room(text, &whole))
		(void)add_if_room(text, &bare);
}

static void
add_signature(struct text *text, const struct origin_signature *signature)
{
	TEXT_AUTO one = TEXT_INIT(VERDICT_VALUE_MAX);

	begin_method(&one, "dkim", signature->result, "header.d",
	    signature->domain);
	if (signature->selector[0] != '\0')
		add_property(&one, "header.s", signature->selector);
	if (signature->data[0] != '\0')
		add_property(&one, "header.b", signature->data);
	(void)add_if_room(text, &one);
}

/* RFC 7489 11.1, RFC 8601 2.7: whose policy, and what it asks for */
static void
add_authors(struct text *text, const struct origin_found *found)
{
	TEXT_AUTO one = TEXT_INIT(VERDICT_VALUE_MAX);

	begin_method(&one, "dmarc", found->dmarc, "header.from",
	    found->author);
	if (found->policy != DMARC_UNSAID)
		add_property(&one, "policy.dmarc",
		    dmarc_policy_word(found->policy));
	/* RFC 8601 2.4: what we do is not what the result would have us do */
	if (found->is_excused)
		add_property(&one, "policy.override", "arc");
	if (!add_if_room(text, &one))
		add_method(text, "dmarc", found->dmarc, "", "");
}

void
results_write(struct text *text, const char *host,
    const struct origin_found *found)
{
	text_add_str(text, host);
	if (found->is_from_outside)
		add_authors(text, found);
	if (found->client[0] != '\0') {
		add_method(text, "spf", found->spf, "smtp.mailfrom",
		    found->spf_domain);
		add_method(text, "spf", found->helo, "smtp.helo",
		    found->helo_domain);
		add_method(text, "iprev", found->iprev, "policy.iprev",
		    found->client);
	}
	if (found->is_from_outside)
		add_method(text, "arc", found->arc, "header.d",
		    found->sealer);
	if (found->signature_count == 0)
		add_method(text, "dkim", found->dkim, "", "");
	for (unsigned i = 0; i < found->signature_count; i++)
		add_signature(text, &found->signatures[i]);
}

void
results_judge(const struct origin_found *found, const char *host,
    struct verdict *verdict_out)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	verdict_init(verdict_out);
	results_write(&value, host, found);
	if (!text_failed(&value))
		(void)verdict_add_line(verdict_out,
		    slice_str(VERDICT_RESULTS), text_slice(&value));
}
