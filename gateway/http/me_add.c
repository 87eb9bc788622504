/*
 * me_add.c - a remote mailbox is added or changed at /me
 *
 * First the provider, by its name or by the address there, then one form with
 * what is known of it filled in.  What is saved is tried at once; where no
 * password is kept, its owner says yes at the provider first (me_consent.c).
 */
#include "gateway/http/me_inside.h"

#include "policy/providers.h"

/* Which provider */

static void
add_option(struct me_page *page, struct slice value, struct slice words)
{
	html_markup(&page->html, "<option value=\"");
	html_add(&page->html, HTML_VALUE, value);
	html_markup(&page->html, "\">");
	html_add(&page->html, HTML_TEXT, words);
	html_markup(&page->html, "</option>\n");
}

static void
add_providers(struct me_page *page, struct answer *providers)
{
	struct text *html = &page->html;

	html_markup(html, "<p class=\"field\"><label for=\"f-provider\">");
	me_text(page, SAY_ME_PROVIDER);
	html_markup(html, "</label>\n<select id=\"f-provider\" "
	    "name=\"provider\">\n");
	add_option(page, slice_str(""), slice_str(say(page->language,
	    SAY_ME_PROVIDER_FIND)));
	while (answer_next(providers))
		add_option(page, answer_text(providers, "provider"),
		    answer_text(providers, "title"));
	add_option(page, slice_str("other"), slice_str(say(page->language,
	    SAY_ME_PROVIDER_OTHER)));
	html_markup(html, "</select></p>\n");
}

static void
choose_page(struct web_visit *visit, struct answer *providers)
{
	static const struct me_field who = { "who", "text",
	    " inputmode=\"email\" autocapitalize=\"none\" "
	    "spellcheck=\"false\" autocomplete=\"email\"", SAY_ME_WHO,
	    SAY_ME_WHO_HINT, false };
	struct me_page page;

	me_page_begin(&page, visit, SAY_ME_ADD);
	html_markup(&page.html, "<form action=\"/me/add\">\n");
	me_field(&page, &who, slice_of(NULL, 0), NULL);
	add_providers(&page, providers);
	me_group_begin(&page, SAY_ME_BY);
	me_radio(&page, "by", "imap", true, SAY_ME_BY_IMAP);
	me_radio(&page, "by", "pop3", false, SAY_ME_BY_POP3);
	me_group_end(&page);
	html_markup(&page.html, "<p class=\"acts\">");
	me_button(&page, SAY_ME_GO_ON, false);
	html_markup(&page.html, "\n");
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</p></form>\n");
	me_page_end(&page, 200);
}

/* The row of that provider; false: there is none. */
static bool
find_provider(struct answer *providers, struct slice name)
{
	while (name.len > 0 && answer_next(providers))
		if (slice_is(answer_text(providers, "provider"), name))
			return true;
	return false;
}

/* What is known of the provider that the mailbox names. */
static void
add_known(struct me_mailbox *mailbox, struct answer *providers)
{
	struct slice imap, pop3;
	bool by_imap;

	if (!find_provider(providers, mailbox->provider))
		return;
	imap = answer_text(providers, "imap");
	pop3 = answer_text(providers, "pop3");
	/* where there is only one of them, that one */
	if (imap.len > 0 && pop3.len == 0)
		mailbox->protocol = slice_str("imap");
	else if (pop3.len > 0 && imap.len == 0)
		mailbox->protocol = slice_str("pop3");
	by_imap = slice_is_str(mailbox->protocol, "imap");
	mailbox->title = answer_text(providers, "title");
	if (mailbox->host.len == 0)
		mailbox->host = by_imap ? imap : pop3;
	if (mailbox->host.len == 0)	/* only the postmaster knows it */
		mailbox->title = slice_of(NULL, 0);
	mailbox->wants_app_password = slice_is_str(answer_text(providers,
	    "app_password"), "yes");
	mailbox->may_consent = slice_is_str(answer_text(providers,
	    "consent"), "yes") && (by_imap || slice_is_str(answer_text(
	    providers, "pop3_consent"), "yes"));
}

/* The form, with what was sent and why it is not taken. */
static void
form_page(struct web_visit *visit, const struct me_mailbox *mailbox)
{
	bool is_told = visit->fault != NULL || visit->words != 0;
	struct me_page page;

	me_page_begin(&page, visit, mailbox->is_new ? SAY_ME_ADD :
	    SAY_ME_CHANGE_TITLE);
	if (is_told)
		me_alert(&page, slice_str(say(page.language, visit->words)));
	else if (mailbox->is_new && mailbox->title.len == 0)
		me_paragraph(&page, SAY_ME_ADD_LEAD);
	me_form(&page, mailbox, visit->fault);
	me_page_end(&page, is_told ? 422 : 200);
}

/* The provider was chosen, or is known by the address. */
static void
new_page(struct web_visit *visit, struct answer *providers)
{
	struct slice who = slice_trim(form_value(&visit->query, "who"));
	const struct mail_provider *known = provider_of_address(who);
	struct me_mailbox mailbox = { .is_new = true, .enabled = true,
	    .user = who, .by_consent = true,
	    .provider = form_value(&visit->query, "provider"),
	    .protocol = slice_str(slice_is_str(form_value(&visit->query,
	    "by"), "pop3") ? "pop3" : "imap") };

	if (mailbox.provider.len == 0)
		mailbox.provider = slice_str(known == NULL ? "other" :
		    known->name);
	add_known(&mailbox, providers);
	mailbox.by_consent = mailbox.may_consent;
	form_page(visit, &mailbox);
}

static void
on_providers(struct web_visit *visit, struct answer *providers)
{
	if (providers->status != ADMIN_OK)
		me_refused(visit, providers);
	else if (form_has(&visit->query, "by"))
		new_page(visit, providers);
	else
		choose_page(visit, providers);
}

static void
ask_providers(struct web_visit *visit, web_answer_fn *then)
{
	static const struct web_value none[] = { { 0 } };

	web_ask(visit, "fetch providers", none, then);
}

void
me_add_form(struct web_visit *visit)
{
	ask_providers(visit, on_providers);
}

/* Saving */

/* It is saved in any case: what the test is like, the list will show, too. */
static void
on_saved_test(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		me_go_to_run(visit, answer, "test");
	else
		web_go(visit, "/me", NULL);
}

/* What was sent, once more, with what is known of its provider. */
static void
on_form_again(struct web_visit *visit, struct answer *providers)
{
	struct me_mailbox mailbox;

	me_mailbox_of_form(&visit->form, &mailbox);
	mailbox.is_new = visit->route->handler == me_add;
	if (providers->status == ADMIN_OK && mailbox.is_new)
		add_known(&mailbox, providers);
	form_page(visit, &mailbox);
}

static void
form_again(struct web_visit *visit, const char *fault, enum sentence words)
{
	visit->fault = fault;
	visit->words = words;
	ask_providers(visit, on_form_again);
}

/* True: it was told why that is not taken. */
static bool
is_not_taken(struct web_visit *visit, const struct answer *answer)
{
	const char *fault = answer->field;

	switch (answer->status) {
	case ADMIN_OK:
		return false;
	case ADMIN_EXISTS:
		form_again(visit, "label", SAY_ME_LABEL_TAKEN);
		break;
	case ADMIN_TOO_MANY:
		form_again(visit, fault, SAY_TOO_MANY_OF_THEM);
		break;
	case ADMIN_UNFIT:
		form_again(visit, fault, fault == NULL ? SAY_UNFIT :
		    me_want(fault));
		break;
	default:
		me_refused(visit, answer);
		break;
	}
	return true;
}

static void
on_saved(struct web_visit *visit, struct answer *answer)
{
	if (is_not_taken(visit, answer))
		return;
	if (answer_next(answer))
		me_ask_test(visit, answer_text(answer, "label"),
		    on_saved_test);
	else
		web_fail(visit, WEB_LATER);
}

/* With the owner's consent */

/* It could not be said with whose: it is taken back. */
static void
on_taken_back(struct web_visit *visit, struct answer *answer)
{
	(void)answer;
	form_again(visit, NULL, SAY_ME_NO_CONSENT);
}

static void
on_way(struct web_visit *visit, struct answer *answer)
{
	struct slice label = text_slice(&visit->kept);

	if (answer->status == ADMIN_OK)
		me_go_with(visit, "/me/consent", label);
	else
		web_ask(visit, "fetch remove", (const struct web_value[]){
		    { "label", label }, { 0 } }, on_taken_back);
}

static void
on_added_for_consent(struct web_visit *visit, struct answer *answer)
{
	if (is_not_taken(visit, answer))
		return;
	if (answer_next(answer))
		text_add(&visit->kept, answer_text(answer, "label"));
	if (visit->kept.len == 0 || text_failed(&visit->kept))
		web_fail(visit, WEB_LATER);
	else
		web_ask(visit, "fetch way", (const struct web_value[]){
		    { "label", text_slice(&visit->kept) },
		    { "oauth", form_value(&visit->form, "provider") },
		    { 0 } }, on_way);
}

/* How that provider wants to be shown what it gave. */
static struct slice
mechanism_of(struct slice provider)
{
	const struct mail_provider *known = provider_find(provider);

	return slice_str(known != NULL &&
	    known->mechanism == FETCH_OAUTHBEARER ? "oauthbearer" :
	    "xoauth2");
}

/* Add, change */

static struct slice
yes_no(bool is_so)
{
	return slice_str(is_so ? "yes" : "no");
}

/* Named folders, and none is named. */
static bool
names_none(struct web_visit *visit, const struct me_mailbox *m)
{
	if (!m->some_folders || m->folders.len > 0)
		return false;
	form_again(visit, "folders", SAY_ME_WANT_FOLDERS);
	return true;
}

void
me_add(struct web_visit *visit)
{
	struct me_mailbox m;

	me_mailbox_of_form(&visit->form, &m);
	if (names_none(visit, &m))
		return;
	web_ask(visit, "fetch add", (const struct web_value[]){
	    { "label", me_given(m.label) }, { "host", m.host },
	    { "port", me_given(m.port) }, { "tls", me_given(m.tls) },
	    { "protocol", me_given(m.protocol) },
	    { "folders", me_given(m.folders) }, { "user", m.user },
	    { "mechanism", m.by_consent ? mechanism_of(m.provider) :
	      slice_of(NULL, 0) },
	    { "password", m.by_consent ? slice_str("") :
	      form_value(&visit->form, "password") },
	    { "pin", me_given(m.pin) }, { "from", me_given(m.from) },
	    { "delete_after", me_given(m.delete_after) },
	    { "every", me_given(m.every) }, { "on_read", yes_no(m.on_read) },
	    { "mirror", yes_no(m.mirror) }, { 0 } },
	    m.by_consent ? on_added_for_consent : on_saved);
}

void
me_change(struct web_visit *visit)
{
	struct me_mailbox m;

	me_mailbox_of_form(&visit->form, &m);
	if (names_none(visit, &m))
		return;
	web_ask(visit, "fetch set", (const struct web_value[]){
	    { "label", m.was },
	    { "rename", slice_is(m.label, m.was) ? slice_of(NULL, 0) :
	      me_given(m.label) },
	    { "host", m.host }, { "port", m.port.len > 0 ? m.port :
	      slice_str(me_usual_port(&m)) },
	    { "tls", me_given(m.tls) }, { "user", m.user },
	    { "folders", me_given(m.folders) },
	    { "password", me_given(form_value(&visit->form, "password")) },
	    { "pin", me_given(m.pin) }, { "from", me_given(m.from) },
	    { "delete_after", me_given(m.delete_after) },
	    { "every", m.every.len == 0 ? slice_str("0") : m.every },
	    { "on_read", yes_no(m.on_read) }, { "mirror", yes_no(m.mirror) },
	    { "enabled", yes_no(m.enabled) }, { 0 } }, on_saved);
}

static void
on_change_row(struct web_visit *visit, struct answer *list)
{
	struct me_mailbox mailbox;
	struct me_numbers numbers;

	if (!me_one_row(visit, list))
		return;
	me_mailbox_of_row(list, &mailbox, &numbers);
	form_page(visit, &mailbox);
}

void
me_change_form(struct web_visit *visit)
{
	me_ask_one(visit, on_change_row);
}
