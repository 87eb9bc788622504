/*
 * fetch_consent.c - the owner of a remote mailbox says yes at the provider's
 *
 * How a way goes on from step to step: fetch_way_inside.h.  Whoever looks is
 * told how it stands; what the person does not need to see is told to nobody.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "programs/fetch_way_inside.h"

#define KEPT_MS		60000	/* a consent that is over, for who looks */
#define BROWSER_MS	900000	/* a person reads what is asked for */
#define SLOWER_SECONDS	5	/* RFC 8628 3.5 */

/* A consent is over; how it ended is told for a while. */
void
consent_end(struct fetch_way *way, enum consent_stage stage,
    enum oauth_end end, const char *words)
{
	struct consent *consent = way->consent;

	if (way->asked != NULL)
		ipc_forget(way->asked, way);
	way->asked = NULL;
	way_hang_up(way);
	consent->stage = stage;
	consent->end = end;
	(void)snprintf(consent->words, sizeof(consent->words), "%s", words);
	consent->url[0] = consent->user_code[0] = '\0';
	OPENSSL_cleanse(&way->token, sizeof(way->token));
	OPENSSL_cleanse(&way->grant, sizeof(way->grant));
	OPENSSL_cleanse(consent->device_code, sizeof(consent->device_code));
	OPENSSL_cleanse(consent->verifier, sizeof(consent->verifier));
	OPENSSL_cleanse(consent->code, sizeof(consent->code));
	timer_set(way->timer, KEPT_MS);
}

/* Consent: tokens for a person's yes */

static void
on_consented(void *arg, const struct oauth_token *token)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	way_hang_up(way);
	way->token = *token;
	if (token->end == OAUTH_SLOW_DOWN)
		consent->interval_seconds += SLOWER_SECONDS;
	if (token->end == OAUTH_GRANTED && token->refresh[0] != '\0')
		way_save(way, way->token.refresh);
	else if (token->end == OAUTH_GRANTED)
		consent_end(way, CONSENT_FAILED, OAUTH_MISCONFIGURED,
		    "the provider gave no refresh token");
	else if (consent->by == CONSENT_DEVICE && (token->end ==
	    OAUTH_PENDING || token->end == OAUTH_SLOW_DOWN ||
	    /* RFC 8628 3.5: a line that failed is tried again, too */
	    token->end == OAUTH_LATER))
		timer_set(way->timer, consent->interval_seconds * 1000);
	else
		way_fail_by(way, token->end, way->token.words);
}

static void
ask_device(struct fetch_way *way)
{
	const struct oauth_route route = way_route(way);

	way_check_asked(way, oauth_device_poll(&route, &way->grant,
	    way->consent->device_code, on_consented, way, &way->oauth));
}

/* The timer of a consent: poll, let it expire, or forget it. */
void
consent_tick(void *arg)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	if (consent->stage == CONSENT_DONE ||
	    consent->stage == CONSENT_FAILED)
		fetch_way_free(way);
	else if (clock_ms() >= consent->until_ms)
		consent_end(way, CONSENT_FAILED, OAUTH_EXPIRED,
		    "nobody consented in time");
	else
		way_find_endpoint(way, way->grant.token_url, ask_device);
}

static void
on_device(void *arg, const struct oauth_device *device)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	way_hang_up(way);
	if (device->end != OAUTH_GRANTED) {
		way_fail_by(way, device->end, device->words);
		return;
	}
	(void)snprintf(consent->device_code, sizeof(consent->device_code),
	    "%s", device->device_code);
	(void)snprintf(consent->user_code, sizeof(consent->user_code), "%s",
	    device->user_code);
	(void)snprintf(consent->url, sizeof(consent->url), "%s", device->url);
	consent->interval_seconds = device->interval_seconds;
	consent->until_ms = clock_ms() + device->expires_seconds * 1000;
	consent->stage = CONSENT_WAITING;
	timer_set(way->timer, consent->interval_seconds * 1000);
}

static void
begin_device(struct fetch_way *way)
{
	const struct oauth_route route = way_route(way);

	way_check_asked(way, oauth_device_begin(&route, &way->grant, on_device,
	    way, &way->oauth));
}

static void
begin_browser(struct fetch_way *way)
{
	TEXT_AUTO url = TEXT_INIT(CONSENT_URL_MOST);
	struct consent *consent = way->consent;
	char challenge[OAUTH_VERIFIER_SIZE];

	if (oauth_secret_new(consent->verifier) < 0 ||
	    oauth_secret_new(consent->state) < 0 ||
	    oauth_challenge(consent->verifier, challenge) < 0) {
		way_fail(way, FETCH_END_LOCAL, "there are no random bytes");
		return;
	}
	oauth_authorize_url(&url, &way->grant, way->user, consent->redirect,
	    consent->state, challenge);
	if (text_failed(&url) || slice_cstr(text_slice(&url), consent->url,
	    sizeof(consent->url)) < 0) {
		way_fail_by(way, OAUTH_MISCONFIGURED, "its URL is too long");
		return;
	}
	consent->until_ms = clock_ms() + BROWSER_MS;
	consent->stage = CONSENT_WAITING;
	timer_set(way->timer, BROWSER_MS);
}

static void
exchange(struct fetch_way *way)
{
	const struct oauth_route route = way_route(way);
	struct consent *consent = way->consent;

	way_check_asked(way, oauth_exchange(&route, &way->grant,
	    slice_str(consent->code), consent->redirect, consent->verifier,
	    on_consented, way, &way->oauth));
}

void
consent_go(struct fetch_way *way)
{
	bool by_device = way->consent->by == CONSENT_DEVICE;
	const char *url = by_device ? way->grant.device_url :
	    way->grant.authorize_url;

	if (!way->has_grant)
		way_fail_by(way, OAUTH_MISCONFIGURED,
		    "it is not collected with a provider's consent");
	else if (url[0] == '\0')
		way_fail_by(way, OAUTH_MISCONFIGURED, by_device ?
		    "this provider gives no codes for mail: use a browser" :
		    "this provider has no page for browsers: use a code");
	else if (by_device)
		way_find_endpoint(way, url, begin_device);
	else
		begin_browser(way);
}

/* Consents, as they are asked for */

static struct fetch_way *
find_consent(const struct fetch_ways *ways, uint64_t id)
{
	struct fetch_way *way;

	LIST_FOREACH(way, &ways->consents, next)
		if (way->id == id)
			return way;
	return NULL;
}

static struct fetch_way *
consent_new(struct fetch_ways *ways, const struct consent_ask *asked)
{
	struct fetch_way *way = way_new(ways, asked->id);

	if (way == NULL)
		return NULL;
	LIST_INSERT_HEAD(&ways->consents, way, next);
	way->consent = calloc(1, sizeof(*way->consent));
	if (way->consent == NULL) {
		fetch_way_free(way);
		return NULL;
	}
	way->consent->by = asked->step;
	way->consent->stage = CONSENT_ASKING;
	/* a redirect that is not ours is looked at by consent_begin() */
	(void)slice_cstr(asked->value, way->consent->redirect,
	    sizeof(way->consent->redirect));
	return way;
}

/* Begin anew; an earlier one of this account is forgotten. */
static struct fetch_way *
consent_begin(struct fetch_ways *ways, const struct consent_ask *asked)
{
	struct fetch_way *way;
	int r;

	fetch_way_free(find_consent(ways, asked->id));
	way = consent_new(ways, asked);
	if (way == NULL)
		return NULL;
	if (asked->step == CONSENT_BROWSER &&
	    !oauth_is_loopback(slice_str(way->consent->redirect))) {
		way_fail_by(way, OAUTH_MISCONFIGURED,
		    "a browser comes back to this machine only");
		return way;
	}
	r = way_begin(way);
	if (r < 0)
		way_fail(way, FETCH_END_LOCAL, strerror(-r));
	return way;
}

/* The browser is back: ours, if the state is (RFC 6749 10.12). */
static void
consent_code(struct fetch_way *way, const struct consent_ask *asked)
{
	struct consent *consent = way->consent;

	if (consent->stage != CONSENT_WAITING ||
	    consent->by != CONSENT_BROWSER ||
	    !slice_is_secret(asked->state, slice_str(consent->state)))
		return;
	consent->stage = CONSENT_ASKING;
	if (asked->value.len == 0 || slice_cstr(asked->value, consent->code,
	    sizeof(consent->code)) < 0)
		way_fail_by(way, OAUTH_DECLINED, "the page gave no code");
	else
		way_find_endpoint(way, way->grant.token_url, exchange);
}

int
fetch_ways_consent(struct fetch_ways *ways, struct slice body,
    struct text *answer)
{
	struct consent_state state = { .stage = CONSENT_NONE };
	struct consent_ask asked;
	struct fetch_way *way;
	const struct consent *consent;

	if (consent_ask_unpack(body, &asked) < 0)
		return -EBADMSG;
	way = asked.step == CONSENT_DEVICE || asked.step == CONSENT_BROWSER ?
	    consent_begin(ways, &asked) : find_consent(ways, asked.id);
	if (way != NULL && asked.step == CONSENT_CODE)
		consent_code(way, &asked);
	if (way != NULL) {
		consent = way->consent;
		state.stage = consent->stage;
		state.url = slice_str(consent->url);
		state.code = slice_str(consent->user_code);
		if (consent->until_ms > clock_ms())
			state.expires_seconds =
			    (consent->until_ms - clock_ms()) / 1000;
		if (consent->stage == CONSENT_FAILED)
			state.result = oauth_end_code(consent->end);
		state.words = slice_str(consent->words);
	}
	consent_state_pack(answer, &state);
	return 0;
}

