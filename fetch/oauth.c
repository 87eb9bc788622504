/*
 * oauth.c - asking a provider's token endpoint (RFC 6749, 7636, 8252, 8628)
 */
#include "fetch/oauth.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES	32
#define FORM_MOST	(16u * 1024)	/* tokens thrice encoded, and more */

struct oauth {
	struct https	*https;
	oauth_token_fn	*token_fn;	/* one of these two */
	oauth_device_fn	*device_fn;
	void		*arg;
};

static const char device_grant[] =
    "urn:ietf:params:oauth:grant-type:device_code";

/* Answers */

static void
tell_token(struct oauth *oauth, struct oauth_token *token)
{
	oauth->token_fn(oauth->arg, token);
	OPENSSL_cleanse(token, sizeof(*token));
}

static void
tell_device(struct oauth *oauth, struct oauth_device *device)
{
	oauth->device_fn(oauth->arg, device);
	OPENSSL_cleanse(device, sizeof(*device));
}

/* There was no answer; only a certificate or a tongue is more than "later". */
static enum oauth_end
end_of(enum talk_fault fault)
{
	return fault == TALK_NONSENSE ? OAUTH_NONSENSE : OAUTH_LATER;
}

static void
copy_words(char words_out[OAUTH_WORDS_SIZE], const struct https_answer *answer)
{
	static const char *const faults[TALK_FAULT_COUNT] = {
		[TALK_UNREACHABLE] = "it cannot be reached",
		[TALK_TIMED_OUT] = "it does not answer",
		[TALK_TLS_FAILED] = "TLS failed",
		[TALK_DISTRUSTED] = "its certificate is not trusted",
		[TALK_NONSENSE] = "it does not speak HTTP",
		[TALK_CLOSED] = "it hung up",
	};
	const char *why = faults[answer->fault];

	(void)snprintf(words_out, OAUTH_WORDS_SIZE, "the provider's login "
	    "server: %s%s%.*s", why == NULL ? "no answer" : why,
	    answer->words.len > 0 ? ": " : "", SLICE_FMT(answer->words));
}

static void
on_answer(void *arg, const struct https_answer *answer)
{
	struct oauth *oauth = arg;
	struct oauth_token token = { 0 };
	struct oauth_device device = { 0 };

	if (oauth->device_fn != NULL) {
		device.end = end_of(answer->fault);
		if (answer->status != 0)
			oauth_device_read(answer->status, answer->body,
			    &device);
		else
			copy_words(device.words, answer);
		tell_device(oauth, &device);
		return;
	}
	token.end = end_of(answer->fault);
	if (answer->status != 0)
		oauth_token_read(answer->status, answer->body, &token);
	else
		copy_words(token.words, answer);
	tell_token(oauth, &token);
}

/* Questions */

/* A form with who we are; its room is taken at once and wiped by the caller. */
static int
form_begin(struct text *form, const struct grant *grant)
{
	if (text_space(form, FORM_MOST) == NULL)
		return -ENOMEM;
	text_clear(form);
	https_form_add(form, "client_id", slice_str(grant->client_id));
	/* RFC 8252 8.5: an installed program's is no secret, but asked for */
	if (grant->client_secret[0] != '\0')
		https_form_add(form, "client_secret",
		    slice_str(grant->client_secret));
	return 0;
}

static int
post(const struct oauth_route *route, const char *url_text,
    const struct text *form, struct oauth *oauth)
{
	struct slice body = text_slice(form);
	struct https_url url;
	const struct https_options options = {
		.url = &url, .addresses = route->addresses,
		.proxy = route->proxy, .form = &body,
		.deadline_ms = route->deadline_ms != 0 ? route->deadline_ms :
		    OAUTH_DEADLINE_MS,
		.answer_most = OAUTH_ANSWER_MOST, .counts = route->counts
	};

	if (text_failed(form) ||
	    https_url_read(slice_str(url_text), &url) < 0)
		return -EINVAL;
	return https_ask(route->hall, route->loop, &options, on_answer, oauth,
	    &oauth->https);
}

/* Ask, and wipe the form.  `r`: whether it could be made. */
static int
ask(const struct oauth_route *route, const char *url, struct text *form, int r,
    const struct oauth *hears, struct oauth **oauth_out)
{
	struct oauth *oauth = r < 0 ? NULL : malloc(sizeof(*oauth));

	if (oauth != NULL) {
		*oauth = *hears;
		r = post(route, url, form, oauth);
	} else if (r == 0) {
		r = -ENOMEM;
	}
	if (form->at != NULL)
		OPENSSL_cleanse(form->at, form->size);
	if (r < 0)
		free(oauth);
	else
		*oauth_out = oauth;
	return r;
}

static int
refresh_with(const struct oauth_route *route, const struct grant *grant,
    const char *token, oauth_token_fn *fn, void *arg,
    struct oauth **oauth_out)
{
	const struct oauth hears = { .token_fn = fn, .arg = arg };
	TEXT_AUTO form = TEXT_INIT(FORM_MOST);
	int r = form_begin(&form, grant);

	/* RFC 6749 6: without a scope it is the one that was granted */
	https_form_add(&form, "grant_type", slice_str("refresh_token"));
	https_form_add(&form, "refresh_token", slice_str(token));
	return ask(route, grant->token_url, &form, r, &hears, oauth_out);
}

int
oauth_refresh(const struct oauth_route *route, const struct grant *grant,
    oauth_token_fn *fn, void *arg, struct oauth **oauth_out)
{
	return refresh_with(route, grant, grant->refresh, fn, arg, oauth_out);
}

int
oauth_refresh_before(const struct oauth_route *route,
    const struct grant *grant, oauth_token_fn *fn, void *arg,
    struct oauth **oauth_out)
{
	return refresh_with(route, grant, grant->before, fn, arg, oauth_out);
}

int
oauth_device_begin(const struct oauth_route *route, const struct grant *grant,
    oauth_device_fn *fn, void *arg, struct oauth **oauth_out)
{
	const struct oauth hears = { .device_fn = fn, .arg = arg };
	TEXT_AUTO form = TEXT_INIT(FORM_MOST);
	int r = form_begin(&form, grant);

	https_form_add(&form, "scope", slice_str(grant->scope));
	return ask(route, grant->device_url, &form, r, &hears, oauth_out);
}

int
oauth_device_poll(const struct oauth_route *route, const struct grant *grant,
    const char *device_code, oauth_token_fn *fn, void *arg,
    struct oauth **oauth_out)
{
	const struct oauth hears = { .token_fn = fn, .arg = arg };
	TEXT_AUTO form = TEXT_INIT(FORM_MOST);
	int r = form_begin(&form, grant);

	https_form_add(&form, "grant_type", slice_str(device_grant));
	https_form_add(&form, "device_code", slice_str(device_code));
	return ask(route, grant->token_url, &form, r, &hears, oauth_out);
}

int
oauth_exchange(const struct oauth_route *route, const struct grant *grant,
    struct slice code, const char *redirect, const char *verifier,
    oauth_token_fn *fn, void *arg, struct oauth **oauth_out)
{
	const struct oauth hears = { .token_fn = fn, .arg = arg };
	TEXT_AUTO form = TEXT_INIT(FORM_MOST);
	int r = form_begin(&form, grant);

	https_form_add(&form, "grant_type", slice_str("authorization_code"));
	https_form_add(&form, "code", code);
	https_form_add(&form, "redirect_uri", slice_str(redirect));
	https_form_add(&form, "code_verifier", slice_str(verifier));
	return ask(route, grant->token_url, &form, r, &hears, oauth_out);
}

void
oauth_free(struct oauth *oauth)
{
	if (oauth == NULL)
		return;
	https_free(oauth->https);
	free(oauth);
}

/* The browser's part */

/* base64url without padding (RFC 7636 A) of 32 bytes. */
static void
write_letters(const unsigned char bytes[SECRET_BYTES],
    char letters_out[OAUTH_VERIFIER_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (size_t i = 0; i < SECRET_BYTES; i++) {
		held = held << 8 | bytes[i];
		for (bits += 8; bits >= 6; bits -= 6)
			letters_out[n++] = letters[held >> (bits - 6) & 63];
	}
	letters_out[n++] = letters[held << (6 - bits) & 63];
	letters_out[n] = '\0';
}

int
oauth_secret_new(char secret_out[OAUTH_VERIFIER_SIZE])
{
	unsigned char bytes[SECRET_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	write_letters(bytes, secret_out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

int
oauth_challenge(const char *verifier, char challenge_out[OAUTH_VERIFIER_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(verifier, strlen(verifier), digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return -EIO;
	write_letters(digest, challenge_out);
	return 0;
}

void
oauth_authorize_url(struct text *url, const struct grant *grant,
    const char *login, const char *redirect, const char *state,
    const char *challenge)
{
	TEXT_AUTO query = TEXT_INIT(FORM_MOST);

	https_form_add(&query, "response_type", slice_str("code"));
	https_form_add(&query, "client_id", slice_str(grant->client_id));
	https_form_add(&query, "redirect_uri", slice_str(redirect));
	https_form_add(&query, "scope", slice_str(grant->scope));
	https_form_add(&query, "state", slice_str(state));
	https_form_add(&query, "code_challenge", slice_str(challenge));
	https_form_add(&query, "code_challenge_method", slice_str("S256"));
	https_form_add(&query, "login_hint", slice_str(login));
	text_add_str(url, grant->authorize_url);
	text_add_byte(url, strchr(grant->authorize_url, '?') == NULL ? '?' :
	    '&');
	text_add(url, text_slice(&query));
	url->failed = url->failed || text_failed(&query);
}

bool
oauth_is_loopback(struct slice redirect)
{
	static const char prefix[] = "http://127.0.0.1:";
	struct slice port;
	uint64_t n;

	if (!slice_has_prefix(redirect, prefix) ||
	    !slice_is_printable_ascii(redirect))
		return false;
	redirect = slice_after(redirect, sizeof(prefix) - 1);
	return slice_cut(&redirect, '/', &port) &&
	    slice_u64(port, UINT16_MAX, &n) == 0 && n > 0 &&
	    slice_find(redirect, ' ') == SIZE_MAX &&
	    slice_find(redirect, '#') == SIZE_MAX;
}
