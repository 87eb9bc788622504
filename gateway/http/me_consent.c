/*
 * me_consent.c - the owner of a remote mailbox says yes at the provider
 *
 * Where the provider gives codes, one is shown, and where to type it; else its
 * page is opened, and the address it leads to is brought here by hand, for no
 * browser of a person can reach the hub as its own machine.  Nothing needs a
 * script: the person says when it is done.
 */
#include "gateway/http/me_inside.h"

#include "fetch/consent.h"
#include "fetch/oauth_answer.h"

/* Where nobody listens: the browser stops there, with the code in its address. */
#define COME_BACK	"http://127.0.0.1:49151/"
#define START_MS	250	/* between two tries, while its process comes */
#define START_TIMES	40	/* of them: ten seconds */

static const enum sentence ends[OAUTH_END_COUNT] = {
	[OAUTH_GRANTED]		= SAY_CONSENT_ENDED,
	[OAUTH_PENDING]		= SAY_CONSENT_ENDED,
	[OAUTH_SLOW_DOWN]	= SAY_CONSENT_UNANSWERED,
	[OAUTH_DECLINED]	= SAY_CONSENT_DECLINED,
	[OAUTH_EXPIRED]		= SAY_CONSENT_EXPIRED,
	[OAUTH_REVOKED]		= SAY_CONSENT_DECLINED,
	[OAUTH_MISCONFIGURED]	= SAY_ME_END_CLIENT,
	[OAUTH_LATER]		= SAY_CONSENT_UNANSWERED,
	[OAUTH_NONSENSE]	= SAY_CONSENT_UNKNOWN,
};

/* Of the query, or of the form that was sent. */
static struct slice
label_of(const struct web_visit *visit)
{
	return form_value((visit->route->needs & WEB_FORM) != 0 ?
	    &visit->form : &visit->query, "label");
}

static void
ask_step(struct web_visit *visit, const char *step, struct slice value,
    struct slice state, web_answer_fn *then)
{
	web_ask(visit, "fetch consent", (const struct web_value[]){
	    { "label", label_of(visit) }, { "step", slice_str(step) },
	    { "value", me_given(value) }, { "state", me_given(state) },
	    { 0 } }, then);
}

/* "fetch way", which says with whose consent; nothing is changed. */
static void
ask_way(struct web_visit *visit, web_answer_fn *then)
{
	web_ask(visit, "fetch way", (const struct web_value[]){
	    { "label", label_of(visit) }, { 0 } }, then);
}

static enum consent_stage
stage_of(const struct answer *row)
{
	struct slice word = answer_text(row, "stage");
	unsigned stage = 0;

	while (stage < CONSENT_STAGE_COUNT && !slice_is_str(word,
	    consent_stage_word((enum consent_stage)stage)))
		stage++;
	return (enum consent_stage)stage;
}

/* The page */

static void
add_failure(struct me_page *page, const struct answer *row)
{
	struct slice result = answer_text(row, "result");
	struct slice words = answer_text(row, "words");
	TEXT_AUTO text = TEXT_INIT(4096);
	unsigned end = 0;

	while (end < OAUTH_END_COUNT && !slice_is_str(result,
	    oauth_end_code((enum oauth_end)end)))
		end++;
	text_add_str(&text, say(page->language, end < OAUTH_END_COUNT ?
	    ends[end] : SAY_CONSENT_ENDED));
	if (words.len > 0) {
		text_add_byte(&text, ' ');
		text_add_str(&text, say(page->language, SAY_ME_DETAILS));
		text_add_byte(&text, ' ');
		text_add(&text, slice_first(words, CONSENT_WORDS_MOST));
	}
	me_alert(page, text_slice(&text));
}

/* A form that leads back here, and one that begins. */
static void
add_look_again(struct me_page *page, struct slice label)
{
	html_markup(&page->html, "<form action=\"/me/consent\">");
	me_hidden(page, "label", label);
	me_hidden(page, "done", slice_str("yes"));
	me_button(page, SAY_ME_CONSENT_DID, false);
	html_markup(&page->html, "</form>\n");
}

static void
add_begin(struct me_page *page, struct slice label, enum sentence words,
    bool quiet)
{
	me_form_begin(page, "consent");
	me_hidden(page, "label", label);
	me_button(page, words, quiet);
	html_markup(&page->html, "</form>\n");
}

static void
add_step(struct me_page *page, enum sentence words)
{
	html_markup(&page->html, "<li>");
	me_text(page, words);
}

/* A code to be typed on the provider's page (RFC 8628 3.3). */
static void
add_code(struct me_page *page, const struct answer *row, struct slice label)
{
	struct text *html = &page->html;
	uint64_t seconds = answer_number(row, "expires");
	char minutes[24];

	(void)snprintf(minutes, sizeof(minutes), "%llu",
	    (unsigned long long)(seconds + 59) / 60);
	html_markup(html, "<ol class=\"steps\">\n");
	add_step(page, SAY_ME_CONSENT_OPEN);
	html_markup(html, "<br>\n");
	me_link_out(page, answer_text(row, "url"));
	html_markup(html, "</li>\n");
	add_step(page, SAY_ME_CONSENT_TYPE);
	html_markup(html, "<br>\n<strong class=\"code\">");
	html_add(html, HTML_TEXT, answer_text(row, "code"));
	html_markup(html, "</strong></li>\n");
	add_step(page, SAY_ME_CONSENT_YES);
	html_markup(html, "</li>\n</ol>\n<p class=\"quiet\">");
	html_say(html, page->language, ME_CONSENT_LEFT, minutes);
	html_markup(html, "</p>\n<div class=\"acts\">\n");
	add_look_again(page, label);
}

/* The provider's page, and the address it leads to (RFC 8252 7.3). */
static void
add_browser(struct me_page *page, const struct answer *row,
    struct slice label, bool is_wrong)
{
	struct me_field address = { "address", "text",
	    " autocapitalize=\"none\" spellcheck=\"false\" "
	    "autocomplete=\"off\"", SAY_ME_CONSENT_ADDRESS, is_wrong ?
	    SAY_ME_CONSENT_WRONG : SAY_ME_CONSENT_ADDRESS_HINT, true };
	struct text *html = &page->html;

	html_markup(html, "<ol class=\"steps\">\n");
	add_step(page, SAY_ME_CONSENT_OPEN);
	html_markup(html, "<br>\n");
	me_link_out(page, answer_text(row, "url"));
	html_markup(html, "</li>\n");
	add_step(page, SAY_ME_CONSENT_COPY);
	html_markup(html, "</li>\n</ol>\n");
	me_form_begin(page, "consent/code");
	me_hidden(page, "label", label);
	me_field(page, &address, slice_of(NULL, 0), NULL);
	html_markup(html, "<div class=\"acts\">\n");
	me_button(page, SAY_ME_CONSENT_GIVE, false);
	html_markup(html, "</div></form>\n<div class=\"acts\">\n");
}

static void
add_waiting(struct me_page *page, const struct answer *row,
    struct slice label)
{
	struct web_visit *visit = page->visit;
	bool by_code = answer_text(row, "code").len > 0;

	if (by_code && form_has(&visit->query, "done"))
		me_alert(page, slice_str(say(page->language,
		    SAY_ME_CONSENT_NOT_YET)));
	if (by_code)
		add_code(page, row, label);
	else
		add_browser(page, row, label, form_has(&visit->query,
		    "wrong"));
}

/* Since when there is one, and until when. */
static void
add_given(struct me_page *page, const struct answer *way)
{
	struct text *html = &page->html;
	int64_t until = (int64_t)answer_number(way, "until");

	if (!slice_is_str(answer_text(way, "consent"), "yes"))
		return;
	html_markup(html, "<p class=\"health\">");
	me_text(page, SAY_ME_CONSENT_SINCE);
	html_markup(html, " ");
	me_time(page, (int64_t)answer_number(way, "consented"));
	html_markup(html, ".");
	if (until != 0) {
		html_markup(html, " ");
		me_text(page, SAY_ME_CONSENT_UNTIL);
		html_markup(html, " ");
		me_time(page, until);
		html_markup(html, ".");
	}
	html_markup(html, "</p>\n");
}

static void
add_stage(struct me_page *page, const struct answer *way,
    const struct answer *row, struct slice label)
{
	enum consent_stage stage = stage_of(row);
	bool has_one = slice_is_str(answer_text(way, "consent"), "yes");

	if (stage == CONSENT_FAILED)
		add_failure(page, row);
	if (stage == CONSENT_WAITING) {
		add_waiting(page, row, label);
		return;
	}
	if (stage == CONSENT_STARTING || stage == CONSENT_ASKING) {
		me_paragraph(page, SAY_ME_CONSENT_ASKED);
		page->visit->refreshes = true;
	}
	if (stage == CONSENT_DONE)
		me_paragraph(page, SAY_ME_CONSENT_THANKS);
	else
		add_given(page, way);
	html_markup(&page->html, "<div class=\"acts\">\n");
	if (stage == CONSENT_DONE) {
		me_form_begin(page, "test");
		me_hidden(page, "label", label);
		me_button(page, SAY_ME_TEST, false);
		html_markup(&page->html, "</form>\n");
	} else if (stage == CONSENT_NONE || stage == CONSENT_FAILED)
		add_begin(page, label, has_one ? SAY_ME_CONSENT_ANEW :
		    SAY_ME_CONSENT_BEGIN, has_one);
}

/* `row`: of "fetch consent". */
static void
consent_page(struct web_visit *visit, const struct answer *way,
    const struct answer *row)
{
	struct slice label = answer_text(way, "label");
	struct me_page page;

	me_page_begin(&page, visit, SAY_ME_CONSENT_TITLE);
	html_markup(&page.html, "<section class=\"box\">\n<h2>");
	html_add(&page.html, HTML_TEXT, label);
	html_markup(&page.html, "</h2>\n");
	me_paragraph(&page, SAY_ME_CONSENT_LEAD);
	add_stage(&page, way, row, label);
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</div>\n</section>\n");
	me_page_end(&page, 200);
}

static void
on_look(struct web_visit *visit, struct answer *row)
{
	struct answer way;

	if (row->status != ADMIN_OK || !answer_next(row))
		me_refused(visit, row);
	else if (answer_open(&way, admin_find(slice_str("fetch way")),
	    text_slice(&visit->kept)) < 0 || !answer_next(&way))
		web_fail(visit, WEB_LATER);
	else
		consent_page(visit, &way, row);
}

/* True: it has its row, and is collected with a provider's consent. */
static bool
is_by_consent(struct web_visit *visit, struct answer *way)
{
	if (way->status != ADMIN_OK)
		me_refused(visit, way);
	else if (!answer_next(way) || answer_text(way, "oauth").len == 0)
		me_fault_page(visit, 404, SAY_ME_CONSENT_NONE);
	else
		return true;
	return false;
}

static void
on_page_way(struct web_visit *visit, struct answer *way)
{
	if (!is_by_consent(visit, way))
		return;
	text_add(&visit->kept, way->packed);
	if (text_failed(&visit->kept))
		web_fail(visit, WEB_LATER);
	else
		ask_step(visit, "look", slice_of(NULL, 0),
		    slice_of(NULL, 0), on_look);
}

void
me_consent_page(struct web_visit *visit)
{
	ask_way(visit, on_page_way);
}

/* Beginning */

static void	begin(void *);

/* Begun; or the process that asks comes up, and is asked again. */
static void
on_begun(struct web_visit *visit, struct answer *row)
{
	if (row->status != ADMIN_OK || !answer_next(row)) {
		me_refused(visit, row);
		return;
	}
	if (stage_of(row) != CONSENT_STARTING) {
		me_go_with(visit, "/me/consent", label_of(visit));
		return;
	}
	if (visit->again == NULL)
		visit->again = timer_new(visit->web->loop, begin, visit);
	if (visit->again == NULL || ++visit->times > START_TIMES)
		web_fail(visit, WEB_LATER);
	else
		timer_set(visit->again, START_MS);
}

/* visit->kept says whether by a code. */
static void
begin(void *arg)
{
	struct web_visit *visit = arg;
	bool by_code = slice_is_str(text_slice(&visit->kept), "yes");

	ask_step(visit, by_code ? "device" : "browser", by_code ?
	    slice_of(NULL, 0) : slice_str(COME_BACK), slice_of(NULL, 0),
	    on_begun);
}

static void
on_begin_way(struct web_visit *visit, struct answer *way)
{
	if (!is_by_consent(visit, way))
		return;
	text_add(&visit->kept, answer_text(way, "by_code"));
	if (text_failed(&visit->kept))
		web_fail(visit, WEB_LATER);
	else
		begin(visit);
}

void
me_consent(struct web_visit *visit)
{
	if (label_of(visit).len == 0)
		web_fail(visit, WEB_BROKEN);
	else
		ask_way(visit, on_begin_way);
}

/* The address that a browser was led to */

static void
on_code(struct web_visit *visit, struct answer *row)
{
	if (row->status == ADMIN_OK)
		me_go_with(visit, "/me/consent", label_of(visit));
	else
		me_refused(visit, row);
}

void
me_consent_code(struct web_visit *visit)
{
	struct slice rest = slice_trim(form_value(&visit->form, "address"));
	struct slice before;
	struct form given = { 0 };

	if (label_of(visit).len == 0) {
		web_fail(visit, WEB_BROKEN);
		return;
	}
	if (!slice_has_prefix(rest, COME_BACK) ||
	    !slice_cut(&rest, '?', &before) || form_read(rest, &given) < 0 ||
	    form_value(&given, "state").len == 0)
		me_go_with(visit, "/me/consent?wrong=yes", label_of(visit));
	else	/* without a code its owner has said no: that is told */
		ask_step(visit, "code", form_value(&given, "code"),
		    form_value(&given, "state"), on_code);
	form_free(&given);
}
