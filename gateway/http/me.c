/*
 * me.c - the page at /me: what each address of it does
 *
 * What changes something is a form that is sent (POST) and answered with "see
 * there" (303), so that a page can be loaded again without doing it twice.
 */
#include "gateway/http/me_inside.h"

#include <stdio.h>
#include <string.h>

#define GO_SIZE		64	/* "/me/run?n=...&for=test" */
#define GO_LABEL_BYTES	512	/* a label of 64, each byte escaped */

/* Login, and what is wrong */

static void
login_page(struct web_visit *visit, unsigned status, enum sentence note)
{
	struct me_page page;

	me_page_begin(&page, visit, SAY_ME_LOGIN);
	if (note == SAY_ME_LOGIN_LEAD)
		me_paragraph(&page, note);
	else
		me_alert(&page, slice_str(say(page.language, note)));
	me_form_begin(&page, "login");
	html_markup(&page.html, "<p class=\"field\"><label for=\"user\">");
	me_text(&page, SAY_ME_LOGIN_USER);
	html_markup(&page.html, "</label>\n<input id=\"user\" name=\"user\" "
	    "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" "
	    "spellcheck=\"false\" required></p>\n"
	    "<p class=\"field\"><label for=\"password\">");
	me_text(&page, SAY_ME_LOGIN_PASSWORD);
	html_markup(&page.html, "</label>\n<input id=\"password\" "
	    "name=\"password\" type=\"password\" "
	    "autocomplete=\"current-password\" required></p>\n"
	    "<p class=\"acts\">");
	me_button(&page, SAY_ME_LOGIN_DO, false);
	html_markup(&page.html, "</p></form>\n");
	me_page_end(&page, status);
}

void
me_fault_page(struct web_visit *visit, unsigned status, enum sentence words)
{
	bool by_link = visit->route != NULL &&
	    (visit->route->needs & WEB_LINK) != 0;
	struct me_page page;

	me_page_begin(&page, visit, by_link ? SAY_HELD_ONE_TITLE :
	    SAY_ME_TITLE);
	me_alert(&page, slice_str(say(page.language, words)));
	if (by_link) {		/* who comes so need not log in */
		me_page_end(&page, status);
		return;
	}
	html_markup(&page.html, "<p class=\"acts\">");
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</p>\n");
	me_page_end(&page, status);
}

void
me_fail(struct web_visit *visit, enum web_fault fault)
{
	static const enum sentence words[WEB_FAULTS] = {
		[WEB_LATER] = SAY_LATER,
		[WEB_NO_PAGE] = SAY_ME_NO_PAGE,
		[WEB_NO_METHOD] = SAY_ME_NO_PAGE,
		[WEB_BROKEN] = SAY_ME_BROKEN,
		[WEB_FOREIGN] = SAY_ME_FOREIGN,
		[WEB_FORBIDDEN] = SAY_ME_FORBIDDEN,
		[WEB_TOO_MANY] = SAY_HELD_TOO_MANY_LINKS,
	};
	bool is_post = visit->route != NULL &&
	    (visit->route->needs & WEB_FORM) != 0;

	if (fault == WEB_STRANGER || fault == WEB_LOGGED_OUT)
		visit->token[0] = '\0';
	if (fault == WEB_STRANGER)
		login_page(visit, web_fault_status(fault), SAY_ME_STRANGER);
	else if (fault == WEB_LOGGED_OUT)
		login_page(visit, is_post ? web_fault_status(fault) : 200,
		    is_post ? SAY_ME_EXPIRED_POST : visit->had_cookie ?
		    SAY_ME_EXPIRED : SAY_ME_LOGIN_LEAD);
	else
		me_fault_page(visit, web_fault_status(fault), words[fault]);
}

void
me_root(struct web_visit *visit)
{
	web_go(visit, "/me", NULL);
}

/* A new token, whatever cookie came with it; that session ends. */
static void
welcomed(struct web_visit *visit)
{
	struct sessions *sessions = visit->web->sessions;
	char token[SESSION_TOKEN_SIZE];

	if (sessions_begin(sessions, visit->account, visit->stamp, clock_ms(),
	    token) < 0)
		web_fail(visit, WEB_LATER);
	else
		web_go(visit, "/me", token);
}

void
me_login(struct web_visit *visit)
{
	web_end_session(visit);
	web_login(visit, slice_trim(form_value(&visit->form, "user")),
	    form_value(&visit->form, "password"), welcomed);
}

void
me_logout(struct web_visit *visit)
{
	web_end_session(visit);
	web_go(visit, "/me", "");
}

/* The list */

static void
add_policy(struct me_page *page, const struct answer *row)
{
	struct slice after = answer_text(row, "delete_after");
	char days[24];

	html_markup(&page->html, "<p class=\"quiet\">");
	if (slice_is_str(after, "keep"))
		me_text(page, SAY_ME_KEEPS);
	else if (slice_is_str(after, "0"))
		me_text(page, SAY_ME_DELETES_NOW);
	else if (slice_cstr(after, days, sizeof(days)) == 0)
		html_say(&page->html, page->language, ME_DELETES_AFTER, days);
	if (slice_is_str(answer_text(row, "tls"), "none")) {
		html_markup(&page->html, " ");
		me_text(page, SAY_ME_IS_CLEAR);
	}
	html_markup(&page->html, "</p>\n");
}

/* A button that does something with that mailbox. */
static void
add_act(struct me_page *page, const char *action, struct slice label,
    enum sentence words, bool quiet)
{
	me_form_begin(page, action);
	me_hidden(page, "label", label);
	me_button(page, words, quiet);
	html_markup(&page->html, "</form>\n");
}

static bool
is_by_consent(const struct answer *row)
{
	struct slice mechanism = answer_text(row, "mechanism");

	return slice_is_str(mechanism, "xoauth2") ||
	    slice_is_str(mechanism, "oauthbearer");
}

/* What can be done with it; first what its owner is waited for. */
static void
add_acts(struct me_page *page, const struct answer *row,
    const struct answer *health, bool enabled)
{
	struct slice label = answer_text(row, "label");
	bool wants_yes = health != NULL && slice_is_str(answer_text(health,
	    "result"), "consent");

	html_markup(&page->html, "<div class=\"acts\">\n");
	if (is_by_consent(row) && wants_yes)
		me_link(page, "/me/consent", label, SAY_ME_CONSENT_DO, false);
	if (enabled)
		add_act(page, "now", label, SAY_ME_NOW, wants_yes);
	add_act(page, "test", label, SAY_ME_TEST, true);
	if (is_by_consent(row) && !wants_yes)
		me_link(page, "/me/consent", label, SAY_ME_CONSENT_DO, true);
	me_link(page, "/me/change", label, SAY_ME_CHANGE, true);
	me_link(page, "/me/remove", label, SAY_ME_REMOVE, true);
	html_markup(&page->html, "</div>\n");
}

static void
add_mailbox(struct me_page *page, const struct answer *row,
    const struct answer *health)
{
	struct slice label = answer_text(row, "label");
	bool enabled = slice_is_str(answer_text(row, "enabled"), "yes");
	struct text *html = &page->html;

	text_addf(html, "<section class=\"box\" aria-labelledby=\"m%llu\">\n"
	    "<h2 id=\"m%llu\">", (unsigned long long)answer_number(row, "id"),
	    (unsigned long long)answer_number(row, "id"));
	html_add(html, HTML_TEXT, label);
	html_markup(html, "</h2>\n<p class=\"where\">");
	html_add(html, HTML_TEXT, answer_text(row, "user"));
	html_markup(html, " <span class=\"quiet\">");
	me_text(page, SAY_ME_AT);
	html_markup(html, "</span> ");
	html_add(html, HTML_TEXT, answer_text(row, "host"));
	html_markup(html, " <span class=\"quiet\">");
	html_add_str(html, HTML_TEXT, slice_is_str(answer_text(row,
	    "protocol"), "imap") ? "IMAP" : "POP3");
	html_markup(html, "</span></p>\n");
	me_health(page, health, enabled);
	add_policy(page, row);
	add_acts(page, row, health, enabled);
	html_markup(html, "</section>\n");
}

/* The row of the same number, both lists being in order; or NULL. */
static const struct answer *
health_of(struct answer *health, uint64_t id, bool *has_row)
{
	while (*has_row && answer_number(health, "id") < id)
		*has_row = answer_next(health);
	return *has_row && answer_number(health, "id") == id ? health : NULL;
}

/* The list goes on above that number. */
static void
add_more(struct me_page *page, uint64_t above)
{
	text_addf(&page->html, "<a class=\"button\" href=\"/me?above=%llu\">",
	    (unsigned long long)above);
	me_text(page, SAY_ME_MORE_MAILBOXES);
	html_markup(&page->html, "</a>\n");
}

static void
list_page(struct web_visit *visit, struct answer *list,
    struct answer *health)
{
	struct me_page page;
	bool has_row = health != NULL && answer_next(health);

	me_page_begin(&page, visit, SAY_ME_TITLE);
	html_markup(&page.html, "<p>");
	html_say(&page.html, page.language, ME_LEAD, visit->address);
	html_markup(&page.html, "</p>\n");
	if (list->rows == 0) {
		html_markup(&page.html, "<p class=\"empty\">");
		me_text(&page, SAY_ME_NONE);
		html_markup(&page.html, "</p>\n");
	}
	while (answer_next(list))
		add_mailbox(&page, list, health_of(health,
		    answer_number(list, "id"), &has_row));
	html_markup(&page.html, "<div class=\"acts\">\n");
	if (list->rows == ADMIN_PAGE)
		add_more(&page, answer_number(list, "id"));
	me_link(&page, "/me/add", slice_of(NULL, 0), SAY_ME_ADD,
	    list->rows > 0);
	me_link(&page, "/me/held", slice_of(NULL, 0), SAY_HELD_TITLE, true);
	me_link(&page, "/me/senders", slice_of(NULL, 0), SAY_SENDERS_TITLE,
	    true);
	me_link(&page, "/me/forward", slice_of(NULL, 0), SAY_FORWARD_TITLE,
	    true);
	if (list->rows > 1)
		add_act(&page, "now", slice_of(NULL, 0), SAY_ME_NOW_ALL,
		    true);
	html_markup(&page.html, "</div>\n");
	me_page_end(&page, 200);
}

/* Without the schedule the list still stands, with nothing known of it. */
static void
on_health(struct web_visit *visit, struct answer *health)
{
	struct answer list;

	if (answer_open(&list, admin_find(slice_str("fetch list")),
	    text_slice(&visit->kept)) < 0)
		web_fail(visit, WEB_LATER);
	else
		list_page(visit, &list, health->status == ADMIN_OK ? health :
		    NULL);
}

/* What the keeper or the schedule would not do. */
void
me_refused(struct web_visit *visit, const struct answer *answer)
{
	if (answer->status == ADMIN_LATER)
		web_fail(visit, WEB_LATER);
	else if (answer->status == ADMIN_REFUSED)
		web_fail(visit, WEB_FORBIDDEN);
	else if (answer->status == ADMIN_NO_SUCH)
		me_fault_page(visit, 404, SAY_ME_NO_MAILBOX);
	else
		me_fault_page(visit, 500, admin_status_sentence(answer->status));
}

/* Those above a number of the query, in the order of their numbers. */
static void
ask_page(struct web_visit *visit, const char *name, web_answer_fn *then)
{
	web_ask(visit, name, (const struct web_value[]){
	    { "above", me_given(form_value(&visit->query, "above")) },
	    { 0 } }, then);
}

static void
on_list(struct web_visit *visit, struct answer *list)
{
	if (list->status != ADMIN_OK) {
		me_refused(visit, list);
		return;
	}
	text_add(&visit->kept, list->packed);
	if (text_failed(&visit->kept))
		web_fail(visit, WEB_LATER);
	else
		ask_page(visit, "fetch health", on_health);
}

void
me_list(struct web_visit *visit)
{
	if (visit->may_fetch)
		ask_page(visit, "fetch list", on_list);
	else	/* held mail is what there is for everybody */
		web_go(visit, "/me/held", NULL);
}

/* One mailbox */

/* It runs: watch it. */
void
me_go_to_run(struct web_visit *visit, struct answer *answer, const char *what)
{
	char path[GO_SIZE];

	(void)answer_next(answer);
	(void)snprintf(path, sizeof(path), "/me/run?n=%llu&for=%s",
	    (unsigned long long)answer_number(answer, "run"), what);
	web_go(visit, path, NULL);
}

void
me_go_with(struct web_visit *visit, const char *path, struct slice label)
{
	TEXT_AUTO text = TEXT_INIT(GO_LABEL_BYTES);

	text_add_str(&text, path);
	text_add_byte(&text, strchr(path, '?') == NULL ? '?' : '&');
	text_add_str(&text, "label=");
	html_add(&text, HTML_QUERY, label);
	text_add_byte(&text, '\0');
	if (text_failed(&text))
		web_fail(visit, WEB_BROKEN);
	else
		web_go(visit, text.at, NULL);
}

void
me_ask_test(struct web_visit *visit, struct slice label, web_answer_fn *then)
{
	const struct web_value values[] = { { "label", label }, { 0 } };

	web_ask(visit, "fetch test", values, then);
}

struct slice
me_given(struct slice s)
{
	return s.len == 0 ? slice_of(NULL, 0) : s;
}

bool
me_one_row(struct web_visit *visit, struct answer *list)
{
	if (list->status != ADMIN_OK) {
		me_refused(visit, list);
		return false;
	}
	if (form_value(&visit->query, "label").len > 0 && answer_next(list))
		return true;
	me_fault_page(visit, 404, SAY_ME_NO_MAILBOX);
	return false;
}

void
me_ask_one(struct web_visit *visit, web_answer_fn *then)
{
	web_ask(visit, "fetch list", (const struct web_value[]){
	    { "label", me_given(form_value(&visit->query, "label")) },
	    { 0 } }, then);
}

/* Remove */

static void
on_remove_row(struct web_visit *visit, struct answer *list)
{
	struct slice label;
	struct me_page page;

	if (!me_one_row(visit, list))
		return;
	label = answer_text(list, "label");
	me_page_begin(&page, visit, SAY_ME_REMOVE_TITLE);
	html_markup(&page.html, "<section class=\"box\">\n<h2>");
	html_add(&page.html, HTML_TEXT, label);
	html_markup(&page.html, "</h2>\n<p class=\"where\">");
	html_add(&page.html, HTML_TEXT, answer_text(list, "user"));
	html_markup(&page.html, " <span class=\"quiet\">");
	me_text(&page, SAY_ME_AT);
	html_markup(&page.html, "</span> ");
	html_add(&page.html, HTML_TEXT, answer_text(list, "host"));
	html_markup(&page.html, "</p>\n");
	me_paragraph(&page, SAY_ME_REMOVE_LEAD);
	html_markup(&page.html, "<div class=\"acts\">\n");
	add_act(&page, "remove", label, SAY_ME_REMOVE_DO, false);
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</div>\n</section>\n");
	me_page_end(&page, 200);
}

void
me_remove_form(struct web_visit *visit)
{
	me_ask_one(visit, on_remove_row);
}

static void
on_removed(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		web_go(visit, "/me", NULL);
	else
		me_refused(visit, answer);
}

void
me_remove(struct web_visit *visit)
{
	struct slice label = form_value(&visit->form, "label");

	/* without a label it would be "the only one": nobody pressed that */
	if (label.len == 0)
		web_fail(visit, WEB_BROKEN);
	else
		web_ask(visit, "fetch remove", (const struct web_value[]){
		    { "label", label }, { 0 } }, on_removed);
}

/* Test, now */

static void
on_test(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		me_go_to_run(visit, answer, "test");
	else
		me_refused(visit, answer);
}

void
me_test(struct web_visit *visit)
{
	struct slice label = form_value(&visit->form, "label");

	if (label.len == 0)
		web_fail(visit, WEB_BROKEN);
	else
		me_ask_test(visit, label, on_test);
}

static void
on_now(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		me_go_to_run(visit, answer, "now");
	else
		me_refused(visit, answer);
}

void
me_now(struct web_visit *visit)
{
	web_ask(visit, "fetch now", (const struct web_value[]){
	    { "label", me_given(form_value(&visit->form, "label")) }, { 0 } },
	    on_now);
}

static void
on_run(struct web_visit *visit, struct answer *answer)
{
	bool is_test = slice_is_str(form_value(&visit->query, "for"), "test");
	bool is_over = true;
	struct me_page page;

	if (answer->status != ADMIN_OK) {
		/* it was long ago, or of another life: the list knows */
		web_go(visit, "/me", NULL);
		return;
	}
	me_page_begin(&page, visit, is_test ? SAY_ME_TESTING :
	    SAY_ME_COLLECTING);
	while (answer_next(answer)) {
		html_markup(&page.html, "<section class=\"box\">\n<h2>");
		html_add(&page.html, HTML_TEXT, answer_text(answer, "label"));
		html_markup(&page.html, "</h2>\n");
		me_progress(&page, answer, is_test);
		html_markup(&page.html, "</section>\n");
		is_over = is_over && slice_is_str(answer_text(answer,
		    "state"), "over");
	}
	if (!is_over)
		me_paragraph(&page, SAY_ME_AGAIN);
	visit->refreshes = !is_over;
	html_markup(&page.html, "<p class=\"acts\">");
	if (is_test && is_over)		/* it is of one mailbox */
		me_link(&page, "/me/change", answer_text(answer, "label"),
		    SAY_ME_CHANGE, true);
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</p>\n");
	me_page_end(&page, 200);
}

void
me_run(struct web_visit *visit)
{
	web_ask(visit, "fetch progress", (const struct web_value[]){
	    { "run", form_value(&visit->query, "n") },
	    { "seen", slice_str("0") }, { 0 } }, on_run);
}
