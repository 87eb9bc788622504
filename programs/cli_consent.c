/*
 * cli_consent.c - asking a provider for the owner's consent, from a terminal
 *
 * The hub asks the provider and waits for its answer; here a person is told
 * where to say yes, and the hub is asked again and again how that stands.  Who
 * stops watching a code stops nothing: a consent that is given is kept.
 */
#include "programs/cli_consent.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "fetch/oauth_answer.h"
#include "programs/cli_browser.h"

#define LOOK_MS		500	/* between two questions to the hub */
#define START_TIMES	60	/* of those, until its process is there */

/* Where the arguments of "fetch consent" and "fetch way" stand (admin.c). */
enum { CONSENT_ADDRESS, CONSENT_LABEL, CONSENT_STEP, CONSENT_VALUE,
    CONSENT_STATE };
enum { WAY_ADDRESS, WAY_LABEL, WAY_OAUTH, WAY_PROXY, WAY_PROXY_USER,
    WAY_PROXY_PASSWORD };

struct asking {
	struct cli	*cli;
	const char	*address, *label;
	bool		 by_browser;
	struct browser	 browser;
	bool		 is_shown;	/* where to say yes */
	json_t		*row;		/* how it stood last */
};

static void
wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

/* One step; the row of the answer is in asking->row. */
static int
say_step(struct asking *asking, const char *step, const char *value,
    const char *state)
{
	const char *values[ADMIN_ARGS] = {
		[CONSENT_ADDRESS] = asking->address,
		[CONSENT_LABEL] = asking->label, [CONSENT_STEP] = step,
		[CONSENT_VALUE] = value, [CONSENT_STATE] = state
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(asking->cli, "fetch consent", values, &object);

	if (r != CLI_OK)
		return r;
	json_decref(asking->row);
	asking->row = json_incref(json_array_get(json_object_get(object,
	    "result"), 0));
	json_decref(object);
	return CLI_OK;
}

static bool
is_stage(const struct asking *asking, enum consent_stage stage)
{
	return strcmp(row_text(asking->row, "stage"),
	    consent_stage_word(stage)) == 0;
}

static const enum sentence ends[OAUTH_END_COUNT] = {
	[OAUTH_GRANTED]		= SAY_CONSENT_ENDED,
	[OAUTH_PENDING]		= SAY_CONSENT_ENDED,
	[OAUTH_SLOW_DOWN]	= SAY_CONSENT_UNANSWERED,
	[OAUTH_DECLINED]	= SAY_CONSENT_DECLINED,
	[OAUTH_EXPIRED]		= SAY_CONSENT_EXPIRED,
	[OAUTH_REVOKED]		= SAY_CONSENT_DECLINED,
	[OAUTH_MISCONFIGURED]	= SAY_END_CLIENT,
	[OAUTH_LATER]		= SAY_CONSENT_UNANSWERED,
	[OAUTH_NONSENSE]	= SAY_CONSENT_UNKNOWN,
};

/* It failed, or there is none any more. */
static int
tell_end(struct asking *asking)
{
	struct cli *cli = asking->cli;
	TEXT_AUTO visible = TEXT_INIT(1024);
	const char *result = row_text(asking->row, "result");
	unsigned end = 0;

	while (end < OAUTH_END_COUNT &&
	    strcmp(result, oauth_end_code((enum oauth_end)end)) != 0)
		end++;
	text_clear(&cli->words);
	text_add_str(&cli->words, say(cli->language, end < OAUTH_END_COUNT ?
	    ends[end] : SAY_CONSENT_ENDED));
	cli_add_visible(&visible, slice_str(row_text(asking->row, "words")));
	if (visible.len > 0) {
		text_add_byte(&visible, '\0');
		text_add_byte(&cli->words, ' ');
		text_say(&cli->words, cli->language, END_DETAILS,
		    text_failed(&visible) ? "" : visible.at);
	}
	return cli_failed(cli, CLI_FAILED);
}

/* Where to say yes.  The provider says that: nothing of it moves a cursor. */
static void
show(struct asking *asking)
{
	struct cli *cli = asking->cli;
	FILE *to = cli->json ? stderr : stdout;
	TEXT_AUTO url = TEXT_INIT(CONSENT_URL_MOST + 1);
	TEXT_AUTO code = TEXT_INIT(256);

	if (asking->is_shown)
		return;
	asking->is_shown = true;
	cli_add_visible(&url, slice_str(row_text(asking->row, "url")));
	cli_add_visible(&code, slice_str(row_text(asking->row, "code")));
	text_add_byte(&url, '\0');
	text_add_byte(&code, '\0');
	if (text_failed(&url) || text_failed(&code))
		return;
	if (asking->by_browser) {
		file_say(to, cli->language, CONSENT_PAGE);
		fprintf(to, "\n%s\n", url.at);
		browser_show(url.at);
	} else {
		file_say(to, cli->language, CONSENT_CODE, url.at, code.at);
		fputc('\n', to);
	}
	file_say(to, cli->language, CONSENT_WAITS);
	fputc('\n', to);
	(void)fflush(to);
}

/* Begin, as often as the process that asks is not there yet. */
static int
begin(struct asking *asking)
{
	int r = CLI_OK;

	for (unsigned i = 0; i < START_TIMES && r == CLI_OK; i++) {
		r = say_step(asking, asking->by_browser ? "browser" :
		    "device", asking->by_browser ? asking->browser.redirect :
		    NULL, NULL);
		if (r != CLI_OK || !is_stage(asking, CONSENT_STARTING))
			return r;
		wait_a_little();
	}
	return r != CLI_OK ? r : cli_fail(asking->cli, CLI_BUSY, LATER);
}

/* Until the browser is back, or a little while. */
static int
hear_browser(struct asking *asking)
{
	const char *words = say(asking->cli->language, SAY_CONSENT_BACK);
	struct browser_back back;
	int r = browser_wait(&asking->browser, LOOK_MS, words, &back);

	if (r > 0) {
		r = say_step(asking, "code", back.code, back.state);
		OPENSSL_cleanse(&back, sizeof(back));
		return r;
	}
	return r < 0 ? cli_fail(asking->cli, CLI_FAILED, CANNOT_OPEN,
	    asking->browser.redirect, strerror(-r)) :
	    say_step(asking, "look", NULL, NULL);
}

static int
watch(struct asking *asking)
{
	int r = CLI_OK;

	while (r == CLI_OK) {
		if (is_stage(asking, CONSENT_DONE))
			return CLI_OK;
		if (!is_stage(asking, CONSENT_ASKING) &&
		    !is_stage(asking, CONSENT_WAITING))
			return tell_end(asking);
		if (is_stage(asking, CONSENT_WAITING))
			show(asking);
		if (asking->by_browser) {
			r = hear_browser(asking);
		} else {
			wait_a_little();
			r = say_step(asking, "look", NULL, NULL);
		}
	}
	return r;
}

int
cli_way(struct cli *cli, const char *address, const char *label,
    const char *oauth, const char *proxy, const char *proxy_user,
    const char *proxy_password, json_t **row_out)
{
	const char *values[ADMIN_ARGS] = {
		[WAY_ADDRESS] = address, [WAY_LABEL] = label,
		[WAY_OAUTH] = oauth, [WAY_PROXY] = proxy,
		[WAY_PROXY_USER] = proxy_user,
		[WAY_PROXY_PASSWORD] = proxy_password
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(cli, "fetch way", values, &object);

	if (r != CLI_OK)
		return r;
	*row_out = json_incref(json_array_get(json_object_get(object,
	    "result"), 0));
	json_decref(object);
	return CLI_OK;
}

int
cli_consent(struct cli *cli, const char *address, const char *label,
    bool browser)
{
	struct asking asking = { .cli = cli, .browser.listener = -1 };
	json_t *way = NULL;
	int r = cli_way(cli, address, label, NULL, NULL, NULL, NULL, &way);

	asking.address = row_text(way, "address");
	asking.label = row_text(way, "label");
	asking.by_browser = browser ||
	    strcmp(row_text(way, "by_code"), "yes") != 0;
	if (r == CLI_OK && asking.by_browser &&
	    browser_open(&asking.browser) < 0)
		r = cli_fail(cli, CLI_FAILED, CANNOT_OPEN, "127.0.0.1",
		    strerror(errno));
	if (r == CLI_OK)
		r = begin(&asking);
	if (r == CLI_OK)
		r = watch(&asking);
	if (r == CLI_OK)
		cli_say(cli, CONSENT_IS_GIVEN, asking.address, asking.label);
	browser_close(&asking.browser);
	json_decref(asking.row);
	json_decref(way);
	return r;
}

/* Postroom fetch consent ADDRESS [LABEL] */

int
cli_fetch_consent(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--browser", false, NULL },
	    { "--label", true, NULL }, { NULL, false, NULL } };
	const char *words[2] = { NULL, NULL };
	const char *label;
	int r = cli_options(cli, argc, argv, options, "ADDRESS",
	    cli->login != NULL ? 0 : 1, 2, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	if (words[0] == NULL)
		words[0] = cli->login;
	label = options[1].value != NULL ? options[1].value : words[1];
	if (!cli_hub_runs(cli))
		return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	r = cli_consent(cli, words[0], label, options[0].value != NULL);
	if (r == CLI_OK && cli->json)
		puts("{\"ok\": true, \"result\": []}");
	return r;
}
