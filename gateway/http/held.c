/*
 * held.c - what is held for a person: looking at it, and having it delivered
 *
 * Two ways lead to the page of one message: a login, and the signed link of a
 * mail (queue/held_link.h).  To look changes nothing, however often a program
 * that looks at links does it; what delivers it, or calls it spam, is a button, a
 * form of this page.
 * What such a link cannot do, its person cannot do either: they have their own
 * share of what is held, and of that what is not the postmaster's to decide.
 */
#include "gateway/http/held_text.h"
#include "gateway/http/me_inside.h"

#include <stdio.h>

#define PAGE_ROWS	25	/* HOLD_PAGE: less of them is all */

/* It was not done, or there is nothing to see. */
static void
refused(struct web_visit *visit, const struct answer *answer)
{
	switch (answer->status) {
	case ADMIN_UNFIT:
		me_fault_page(visit, 404, SAY_HELD_NO_LINK);
		return;
	case ADMIN_NO_SUCH:
		me_fault_page(visit, 410, SAY_HELD_GONE);
		return;
	case ADMIN_EXPIRED:
		me_fault_page(visit, 410, SAY_HELD_LINK_OVER);
		return;
	case ADMIN_REFUSED:
		me_fault_page(visit, 403, SAY_HELD_KEPT);
		return;
	case ADMIN_FAILED:
		me_fault_page(visit, 409, SAY_HELD_DAMAGED);
		return;
	default:
		web_fail(visit, WEB_LATER);
	}
}

static void
link_refused(struct web_visit *visit, const struct answer *answer)
{
	struct web *web = visit->web;
	char line[128];

	if (answer->status == ADMIN_UNFIT) {
		tries_failed(web->tries, visit->request->peer, clock_ms());
		(void)snprintf(line, sizeof(line), "https from %s: a link to "
		    "held mail is none of ours", visit->request->peer);
		web->ports.log(web->ports.arg, line);
	}
	refused(visit, answer);
}

/* The page of one message */

static void
fact_begin(struct me_page *page, enum sentence name)
{
	html_markup(&page->html, "<dt>");
	me_text(page, name);
	html_markup(&page->html, "</dt>\n<dd>");
}

static void
add_fact(struct me_page *page, enum sentence name, struct slice value)
{
	if (value.len == 0)
		return;
	fact_begin(page, name);
	html_add(&page->html, HTML_TEXT, value);
	html_markup(&page->html, "</dd>\n");
}

static void
add_moment(struct me_page *page, enum sentence name, uint64_t utc_ms)
{
	if (utc_ms == 0)
		return;
	fact_begin(page, name);
	me_time(page, (int64_t)utc_ms);
	html_markup(&page->html, "</dd>\n");
}

static void
add_facts(struct me_page *page, const struct answer *row)
{
	html_markup(&page->html, "<dl class=\"facts\">\n");
	add_fact(page, SAY_HELD_FROM, answer_text(row, "from"));
	add_fact(page, SAY_HELD_SUBJECT, answer_text(row, "subject"));
	add_fact(page, SAY_HELD_FOR, answer_text(row, "recipients"));
	add_moment(page, SAY_HELD_CAME, answer_number(row, "since"));
	add_fact(page, SAY_HELD_WHY, answer_text(row, "reason"));
	add_fact(page, SAY_HELD_SCORE, answer_text(row, "score"));
	add_moment(page, SAY_HELD_ENDS, answer_number(row, "ends"));
	add_fact(page, SAY_HELD_ID, answer_text(row, "id"));
	html_markup(&page->html, "</dl>\n");
}

static void
add_text(struct me_page *page, struct slice bytes)
{
	TEXT_AUTO text = TEXT_INIT(HELD_TEXT_BYTES + 1);
	bool is_cut;

	held_text(&text, bytes, &is_cut);
	html_markup(&page->html, "<section class=\"box\">\n");
	if (text.len == 0) {
		me_paragraph(page, SAY_HELD_NO_TEXT);
	} else {
		html_markup(&page->html, "<h2>");
		me_text(page, SAY_HELD_TEXT);
		html_markup(&page->html, "</h2>\n<div class=\"held\">");
		html_add(&page->html, HTML_TEXT, text_slice(&text));
		html_markup(&page->html, "</div>\n");
	}
	if (is_cut)
		me_paragraph(page, SAY_HELD_TEXT_CUT);
	html_markup(&page->html, "</section>\n");
}

/* What can be done with it, by a link and by a login. */
static const struct act {
	const char	*word, *by_link, *own;
	enum sentence	 button, done;
} acts[] = {
	{ "release", "held accept", "held release", SAY_HELD_TAKE,
	  SAY_HELD_TAKEN },
	{ "spam", "held disown", "held spam", SAY_HELD_SPAM,
	  SAY_HELD_SPAM_DONE },
};

#define ACTS	(sizeof(acts) / sizeof(acts[0]))

/* The button of that page that was pressed; NULL: none was. */
static const struct act *
act_of(const struct web_visit *visit)
{
	struct slice word = form_value(&visit->form, "do");

	for (size_t i = 0; i < ACTS; i++)
		if (slice_is_str(word, acts[i].word))
			return &acts[i];
	return NULL;
}

static void
add_act(struct me_page *page, const struct answer *row, const struct act *act)
{
	struct slice link = page->visit->link;

	if (link.len > 0) {
		html_markup(&page->html, "<form method=\"post\" "
		    "action=\"/held/");
		html_add(&page->html, HTML_VALUE, link);
		html_markup(&page->html, "\">");
	} else {
		me_form_begin(page, "held/one");
		me_hidden(page, "id", answer_text(row, "id"));
	}
	me_hidden(page, "do", slice_str(act->word));
	me_button(page, act->button, act != acts);
	html_markup(&page->html, "</form>\n");
}

/* The buttons, or who has them. */
static void
add_acts(struct me_page *page, const struct answer *row)
{
	if (slice_is_str(answer_text(row, "damaged"), "yes")) {
		me_alert(page, slice_str(say(page->language,
		    SAY_HELD_DAMAGED)));
		return;
	}
	if (!slice_is_str(answer_text(row, "may_take"), "yes")) {
		me_alert(page, slice_str(say(page->language, SAY_HELD_KEPT)));
		return;
	}
	html_markup(&page->html, "<div class=\"acts\">\n");
	for (size_t i = 0; i < ACTS; i++)
		add_act(page, row, &acts[i]);
	html_markup(&page->html, "</div>\n");
}

/*
 * What is done with all mail of its author from now on: of whoever is logged in,
 * for a link is about one message.
 */
static void
add_author(struct me_page *page, const struct answer *row)
{
	struct slice author = answer_text(row, "author");

	if (page->visit->link.len > 0 || author.len == 0)
		return;
	html_markup(&page->html, "<section class=\"box\">\n<h2>");
	html_add(&page->html, HTML_TEXT, author);
	html_markup(&page->html, "</h2>\n<div class=\"acts\">\n");
	me_sender_act(page, "block", author, SAY_SENDERS_BLOCK);
	me_sender_act(page, "allow", author, SAY_SENDERS_ALLOW);
	html_markup(&page->html, "</div>\n</section>\n");
}

/* Back to the list, which is for who is logged in. */
static void
add_back(struct me_page *page)
{
	if (page->visit->link.len > 0)
		return;
	html_markup(&page->html, "<p class=\"acts\">");
	me_link(page, "/me/held", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page->html, "</p>\n");
}

static void
one_page(struct web_visit *visit, const struct answer *row)
{
	struct me_page page;

	me_page_begin(&page, visit, SAY_HELD_ONE_TITLE);
	me_paragraph(&page, SAY_HELD_ONE_LEAD);
	html_markup(&page.html, "<section class=\"box\">\n");
	add_facts(&page, row);
	add_acts(&page, row);
	html_markup(&page.html, "</section>\n");
	/* of what is not theirs to take nothing is told but these facts */
	if (slice_is_str(answer_text(row, "may_take"), "yes"))
		add_text(&page, answer_text(row, "text"));
	add_author(&page, row);
	add_back(&page);
	me_page_end(&page, 200);
}

static void
done_page(struct web_visit *visit)
{
	struct me_page page;

	me_page_begin(&page, visit, SAY_HELD_ONE_TITLE);
	me_paragraph(&page, act_of(visit)->done);
	add_back(&page);
	me_page_end(&page, 200);
}

/* By a link */

/* Its person's language is known now. */
static void
opened(struct web_visit *visit)
{
	struct answer row;

	if (answer_open(&row, admin_find(slice_str("held open")),
	    text_slice(&visit->kept)) < 0 || !answer_next(&row))
		web_fail(visit, WEB_LATER);
	else
		one_page(visit, &row);
}

static void
on_opened(struct web_visit *visit, struct answer *answer)
{
	if (answer->status != ADMIN_OK) {
		link_refused(visit, answer);
		return;
	}
	text_add(&visit->kept, answer->packed);
	if (text_failed(&visit->kept) || !answer_next(answer))
		web_fail(visit, WEB_LATER);
	else
		web_know(visit, answer_number(answer, "account"), opened);
}

void
held_link_one(struct web_visit *visit)
{
	web_ask_by_link(visit, "held open", on_opened);
}

static void
on_ended_by_link(struct web_visit *visit, struct answer *answer)
{
	if (answer->status != ADMIN_OK)
		link_refused(visit, answer);
	else if (!answer_next(answer))
		web_fail(visit, WEB_LATER);
	else
		web_know(visit, answer_number(answer, "account"), done_page);
}

void
held_link_end(struct web_visit *visit)
{
	const struct act *act = act_of(visit);

	if (act != NULL)
		web_ask_by_link(visit, act->by_link, on_ended_by_link);
	else
		web_fail(visit, WEB_BROKEN);
}

/* By a login */

static void
on_one(struct web_visit *visit, struct answer *answer)
{
	if (answer->status != ADMIN_OK)
		refused(visit, answer);
	else if (!answer_next(answer))
		web_fail(visit, WEB_LATER);
	else
		one_page(visit, answer);
}

void
held_one(struct web_visit *visit)
{
	web_ask(visit, "held show", (const struct web_value[]){
	    { "id", form_value(&visit->query, "id") }, { 0 } }, on_one);
}

static void
on_ended(struct web_visit *visit, struct answer *answer)
{
	if (answer->status == ADMIN_OK)
		done_page(visit);
	else
		refused(visit, answer);
}

void
held_end(struct web_visit *visit)
{
	const struct act *act = act_of(visit);

	if (act != NULL)
		web_ask(visit, act->own, (const struct web_value[]){
		    { "id", form_value(&visit->form, "id") }, { 0 } },
		    on_ended);
	else
		web_fail(visit, WEB_BROKEN);
}

/* The list */

static void
add_link(struct me_page *page, const char *path, struct slice id,
    enum sentence words)
{
	html_markup(&page->html, "<p class=\"acts\"><a class=\"button\" "
	    "href=\"");
	html_add_str(&page->html, HTML_VALUE, path);
	html_add(&page->html, HTML_QUERY, id);
	html_markup(&page->html, "\">");
	me_text(page, words);
	html_markup(&page->html, "</a></p>\n");
}

static void
add_row(struct me_page *page, const struct answer *row)
{
	struct slice subject = answer_text(row, "subject");

	html_markup(&page->html, "<section class=\"box\">\n<h2>");
	if (subject.len > 0)
		html_add(&page->html, HTML_TEXT, subject);
	else
		me_text(page, SAY_HELD_NO_SUBJECT);
	html_markup(&page->html, "</h2>\n<dl class=\"facts\">\n");
	add_fact(page, SAY_HELD_FROM, answer_text(row, "from"));
	add_moment(page, SAY_HELD_CAME, answer_number(row, "since"));
	add_fact(page, SAY_HELD_WHY, answer_text(row, "reason"));
	add_moment(page, SAY_HELD_ENDS, answer_number(row, "ends"));
	html_markup(&page->html, "</dl>\n");
	add_link(page, "/me/held/one?id=", answer_text(row, "id"),
	    SAY_HELD_LOOK);
	html_markup(&page->html, "</section>\n");
}

static void
on_list(struct web_visit *visit, struct answer *list)
{
	struct me_page page;

	if (list->status != ADMIN_OK) {
		refused(visit, list);
		return;
	}
	me_page_begin(&page, visit, SAY_HELD_TITLE);
	me_paragraph(&page, list->rows == 0 ? SAY_HELD_NONE : SAY_HELD_LEAD);
	while (answer_next(list))
		add_row(&page, list);
	if (list->rows == PAGE_ROWS)
		add_link(&page, "/me/held?below=", answer_text(list, "id"),
		    SAY_HELD_OLDER);
	html_markup(&page.html, "<p class=\"acts\">");
	me_link(&page, "/me/senders", slice_of(NULL, 0), SAY_SENDERS_TITLE,
	    true);
	me_link(&page, "/me/forward", slice_of(NULL, 0), SAY_FORWARD_TITLE,
	    true);
	if (visit->may_fetch)
		me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_TITLE, true);
	html_markup(&page.html, "</p>\n");
	me_page_end(&page, 200);
}

void
held_list(struct web_visit *visit)
{
	web_ask(visit, "held list", (const struct web_value[]){
	    { "below", me_given(form_value(&visit->query, "below")) },
	    { 0 } }, on_list);
}
