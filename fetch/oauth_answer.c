/*
 * oauth_answer.c - what a token endpoint answers, read (RFC 6749 5, RFC 8628 3)
 */
#include "fetch/oauth_answer.h"

#include <jansson.h>
#include <string.h>

/* RFC 6749 5.1 only recommends expires_in: then it is asked for again soon. */
#define EXPIRES_USUAL		600
/* RFC 8628 3.2 */
#define INTERVAL_USUAL		5
#define INTERVAL_MOST		300

/* RFC 6749 5.2 and 4.1.2.1, RFC 8628 3.5; anything else is misconfigured. */
static const struct {
	const char	*error;
	enum oauth_end	 end;
} errors[] = {
	{ "authorization_pending",	OAUTH_PENDING },
	{ "slow_down",			OAUTH_SLOW_DOWN },
	{ "access_denied",		OAUTH_DECLINED },
	{ "authorization_declined",	OAUTH_DECLINED },	/* Microsoft */
	{ "expired_token",		OAUTH_EXPIRED },
	{ "code_expired",		OAUTH_EXPIRED },	/* Microsoft */
	{ "invalid_grant",		OAUTH_REVOKED },
	{ "interaction_required",	OAUTH_REVOKED },	/* Microsoft */
	{ "consent_required",		OAUTH_REVOKED },	/* Microsoft */
	{ "login_required",		OAUTH_REVOKED },	/* Microsoft */
	{ "temporarily_unavailable",	OAUTH_LATER },
	{ "server_error",		OAUTH_LATER },
	{ "rate_limit_exceeded",	OAUTH_LATER },	/* Google */
};

static const char *const codes[OAUTH_END_COUNT] = {
	[OAUTH_GRANTED]		= "granted",
	[OAUTH_PENDING]		= "pending",
	[OAUTH_SLOW_DOWN]	= "slow-down",
	[OAUTH_DECLINED]	= "declined",
	[OAUTH_EXPIRED]		= "expired",
	[OAUTH_REVOKED]		= "revoked",
	[OAUTH_MISCONFIGURED]	= "misconfigured",
	[OAUTH_LATER]		= "later",
	[OAUTH_NONSENSE]	= "nonsense",
};

const char *
oauth_end_code(enum oauth_end end)
{
	return codes[end];
}

/* RFC 6749 A: printable ASCII without a space; other bytes are no token. */
static bool
copy_token(const json_t *object, const char *name, char *buffer, size_t size)
{
	const json_t *value = json_object_get(object, name);
	struct slice s = slice_of(json_string_value(value),
	    json_string_length(value));

	if (s.len == 0 || s.len >= size)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return slice_cstr(s, buffer, size) == 0;
}

/* For people: cut, and what is not printable ASCII becomes '?'. */
static void
copy_words(const json_t *object, const char *name, char *buffer, size_t size)
{
	const json_t *value = json_object_get(object, name);
	struct slice s = slice_first(slice_of(json_string_value(value),
	    json_string_length(value)), size - 1);

	for (size_t i = 0; i < s.len; i++)
		buffer[i] = s.at[i] >= ' ' && s.at[i] <= '~' ? s.at[i] : '?';
	buffer[s.len] = '\0';
}

/* A number of seconds; some write it as a string. */
static uint64_t
seconds_of(const json_t *object, const char *name, uint64_t usual,
    uint64_t most)
{
	const json_t *value = json_object_get(object, name);
	uint64_t n = usual;

	if (json_is_integer(value))
		n = json_integer_value(value) < 0 ? 0 :
		    (uint64_t)json_integer_value(value);
	else if (json_is_string(value) && slice_u64(slice_of(
	    json_string_value(value), json_string_length(value)), UINT64_MAX,
	    &n) < 0)
		n = usual;
	return n > most ? most : n;
}

/* What it says went wrong, and `words_out` for people. */
static enum oauth_end
read_error(unsigned status, const json_t *object,
    char words_out[OAUTH_WORDS_SIZE])
{
	const char *error = json_string_value(json_object_get(object,
	    "error"));

	copy_words(object, "error_description", words_out, OAUTH_WORDS_SIZE);
	if (words_out[0] == '\0')
		copy_words(object, "error", words_out, OAUTH_WORDS_SIZE);
	for (size_t i = 0; error != NULL &&
	    i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].error, error) == 0)
			return errors[i].end;
	/* RFC 6585 4, RFC 9110 15.6: whatever the body says */
	if (status == 429 || status >= 500)
		return OAUTH_LATER;
	return error != NULL ? OAUTH_MISCONFIGURED : OAUTH_NONSENSE;
}

/* An object, or NULL. */
static json_t *
load(struct slice body)
{
	json_t *object;

	if (body.len == 0 || body.len > OAUTH_ANSWER_MOST)
		return NULL;
	object = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static bool
read_token(const json_t *object, struct oauth_token *token)
{
	const char *type = json_string_value(json_object_get(object,
	    "token_type"));

	/* RFC 6749 7.1: of another type we would not know how to show it */
	if (type == NULL || !slice_is_word(slice_str(type), "bearer") ||
	    !copy_token(object, "access_token", token->access,
	    sizeof(token->access)))
		return false;
	token->expires_seconds = seconds_of(object, "expires_in",
	    EXPIRES_USUAL, OAUTH_EXPIRES_MOST);
	token->refresh_seconds = seconds_of(object,
	    "refresh_token_expires_in", 0, OAUTH_EXPIRES_MOST);
	/* one that cannot be kept would be lost: better to say so now */
	return json_object_get(object, "refresh_token") == NULL ||
	    copy_token(object, "refresh_token", token->refresh,
	    sizeof(token->refresh));
}

void
oauth_token_read(unsigned status, struct slice body,
    struct oauth_token *token_out)
{
	json_t *object = load(body);

	memset(token_out, 0, sizeof(*token_out));
	if (status != 200)
		token_out->end = read_error(status, object, token_out->words);
	else if (!read_token(object, token_out))
		token_out->end = OAUTH_NONSENSE;
	if (token_out->end != OAUTH_GRANTED) {
		explicit_bzero(token_out->access, sizeof(token_out->access));
		explicit_bzero(token_out->refresh,
		    sizeof(token_out->refresh));
	}
	json_decref(object);
}

static bool
read_device(const json_t *object, struct oauth_device *device)
{
	/* Google's name for it is older than the RFC */
	const char *url = json_object_get(object, "verification_uri") != NULL ?
	    "verification_uri" : "verification_url";

	if (!copy_token(object, "device_code", device->device_code,
	    sizeof(device->device_code)) ||
	    !copy_token(object, "user_code", device->user_code,
	    sizeof(device->user_code)) ||
	    !copy_token(object, url, device->url, sizeof(device->url)) ||
	    !slice_has_prefix(slice_str(device->url), "https://"))
		return false;
	device->expires_seconds = seconds_of(object, "expires_in",
	    EXPIRES_USUAL, 86400);
	device->interval_seconds = seconds_of(object, "interval",
	    INTERVAL_USUAL, INTERVAL_MOST);
	if (device->interval_seconds == 0)
		device->interval_seconds = INTERVAL_USUAL;
	return true;
}

void
oauth_device_read(unsigned status, struct slice body,
    struct oauth_device *device_out)
{
	json_t *object = load(body);

	memset(device_out, 0, sizeof(*device_out));
	if (status != 200)
		device_out->end = read_error(status, object,
		    device_out->words);
	else if (!read_device(object, device_out))
		device_out->end = OAUTH_NONSENSE;
	json_decref(object);
}
