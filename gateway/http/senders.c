/*
 * senders.c - whom a person wants to hear from, and whom not
 */
#include "gateway/http/me_inside.h"

/* The buttons: what each asks for. */
static const struct {
	const char	*word, *request;
} acts[] = {
	{ "allow", "sender allow" }, { "block", "sender block" },
	{ "remove", "sender remove" },
};

void
me_sender_act(struct me_page *page, const char *word, struct slice sender,
    enum sentence words)
{
	me_form_begin(page, "senders");
	me_hidden(page, "sender", sender);
	me_hidden(page, "do", slice_str(word));
	me_button(page, words, true);
	html_markup(&page->html, "</form>\n");
}

static void
add_row(struct me_page *page, const struct answer *row)
{
	struct slice name = answer_text(row, "sender");
	bool is_allowed = slice_is_str(answer_text(row, "wish"), "allowed");

	html_markup(&page->html, "<section class=\"box\">\n<h2>");
	html_add(&page->html, HTML_TEXT, name);
	html_markup(&page->html, "</h2>\n");
	me_paragraph(page, is_allowed ? SAY_SENDERS_ALLOWED :
	    SAY_SENDERS_BLOCKED);
	html_markup(&page->html, "<div class=\"acts\">\n");
	me_sender_act(page, "remove", name, SAY_SENDERS_REMOVE);
	html_markup(&page->html, "</div>\n</section>\n");
}

/* One more: a name, and what is to be done with it. */
static void
add_form(struct me_page *page)
{
	static const struct me_field field = { .name = "sender",
	    .type = "text", .more = "autocomplete=\"off\" spellcheck=\"false\"",
	    .label = SAY_SENDERS_NAME, .hint = SAY_SENDERS_NAME_HINT,
	    .required = true };

	html_markup(&page->html, "<section class=\"box\">\n");
	me_form_begin(page, "senders");
	me_field(page, &field, slice_of(NULL, 0), NULL);
	me_group_begin(page, SAY_SENDERS_DO);
	me_radio(page, "do", "block", true, SAY_SENDERS_BLOCKED);
	me_radio(page, "do", "allow", false, SAY_SENDERS_ALLOWED);
	me_group_end(page);
	html_markup(&page->html, "<div class=\"acts\">");
	me_button(page, SAY_SENDERS_ADD, false);
	html_markup(&page->html, "</div></form>\n</section>\n");
}

static void
refused(struct web_visit *visit, const struct answer *answer)
{
	switch (answer->status) {
	case ADMIN_UNFIT:
		me_fault_page(visit, 400, SAY_SENDERS_UNFIT);
		return;
	case ADMIN_NO_SUCH:
		me_fault_page(visit, 404, SAY_SENDERS_NO_SUCH);
		return;
	case ADMIN_TOO_MANY:
		me_fault_page(visit, 409, SAY_SENDERS_TOO_MANY);
		return;
	default:
		me_refused(visit, answer);
	}
}

static void
on_list(struct web_visit *visit, struct answer *list)
{
	struct me_page page;

	if (list->status != ADMIN_OK) {
		refused(visit, list);
		return;
	}
	me_page_begin(&page, visit, SAY_SENDERS_TITLE);
	me_paragraph(&page, SAY_SENDERS_LEAD);
	add_form(&page);
	while (answer_next(list))
		add_row(&page, list);
	html_markup(&page.html, "<p class=\"acts\">");
	if (list->rows == ADMIN_SENDER_PAGE) {
		html_markup(&page.html, "<a class=\"button\" "
		    "href=\"/me/senders?above=");
		html_add(&page.html, HTML_QUERY, answer_text(list, "sender"));
		html_markup(&page.html, "\">");
		me_text(&page, SAY_SENDERS_MORE);
		html_markup(&page.html, "</a>\n");
	}
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</p>\n");
	me_page_end(&page, 200);
}

void
me_senders(struct web_visit *visit)
{
	web_ask(visit, "sender list", (const struct web_value[]){
	    { "above", me_given(form_value(&visit->query, "above")) },
	    { 0 } }, on_list);
}

static void
on_changed(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		web_go(visit, "/me/senders", NULL);
	else
		refused(visit, answer);
}

void
me_senders_change(struct web_visit *visit)
{
	struct slice word = form_value(&visit->form, "do");

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (slice_is_str(word, acts[i].word)) {
			web_ask(visit, acts[i].request,
			    (const struct web_value[]){ { "sender",
			    form_value(&visit->form, "sender") }, { 0 } },
			    on_changed);
			return;
		}
	web_fail(visit, WEB_BROKEN);
}
