/*
 * forward.c - a person sees, sets and ends where their mail goes besides
 */
#include "gateway/http/me_inside.h"

/* What there is now. */
static void
add_row(struct me_page *page, const struct answer *row)
{
	bool is_own = slice_is_str(answer_text(row, "by"), "owner");
	bool keeps = slice_is_str(answer_text(row, "keep"), "yes");
	int64_t since_utc_ms = (int64_t)answer_number(row, "since");

	html_markup(&page->html, "<section class=\"box\">\n<h2>");
	html_add(&page->html, HTML_TEXT, answer_text(row, "target"));
	html_markup(&page->html, "</h2>\n");
	me_paragraph(page, keeps ? SAY_FORWARD_TOO : SAY_FORWARD_AWAY);
	if (since_utc_ms != 0) {
		html_markup(&page->html, "<p class=\"quiet\">");
		me_text(page, SAY_COLUMN_SINCE);
		html_markup(&page->html, " ");
		me_time(page, since_utc_ms);
		html_markup(&page->html, "</p>\n");
	}
	if (is_own) {
		html_markup(&page->html, "<div class=\"acts\">\n");
		me_form_begin(page, "forward");
		me_hidden(page, "do", slice_str("end"));
		me_button(page, SAY_FORWARD_END, false);
		html_markup(&page->html, "</form>\n</div>\n");
	} else {
		me_paragraph(page, SAY_FORWARD_IS_POSTMASTERS);
	}
	html_markup(&page->html, "</section>\n");
}

static void
add_form(struct me_page *page)
{
	static const struct me_field field = { .name = "target",
	    .type = "email", .more = " autocomplete=\"off\" maxlength=\"320\"",
	    .label = SAY_FORWARD_TARGET, .hint = SAY_FORWARD_TARGET_HINT,
	    .required = true };

	html_markup(&page->html, "<section class=\"box\">\n");
	me_form_begin(page, "forward");
	me_hidden(page, "do", slice_str("set"));
	me_field(page, &field, slice_of(NULL, 0), NULL);
	me_group_begin(page, SAY_FORWARD_COPY);
	me_radio(page, "keep", "yes", true, SAY_FORWARD_TOO);
	me_radio(page, "keep", "no", false, SAY_FORWARD_AWAY);
	me_group_end(page);
	html_markup(&page->html, "<div class=\"acts\">");
	me_button(page, SAY_FORWARD_SET, false);
	html_markup(&page->html, "</div></form>\n</section>\n");
}

static void
refused(struct web_visit *visit, const struct answer *answer)
{
	switch (answer->status) {
	case ADMIN_UNFIT:
		me_fault_page(visit, 400, SAY_WANT_ELSEWHERE);
		return;
	case ADMIN_LOOP:
		me_fault_page(visit, 400, SAY_FORWARD_LOOPS);
		return;
	case ADMIN_REFUSED:
		me_fault_page(visit, 403, SAY_MAY_NOT_FORWARD);
		return;
	case ADMIN_EXISTS:
		me_fault_page(visit, 403, SAY_FORWARD_IS_POSTMASTERS);
		return;
	default:
		me_refused(visit, answer);
	}
}

static void
on_list(struct web_visit *visit, struct answer *list)
{
	bool may_change = visit->may_forward;
	struct me_page page;

	if (list->status != ADMIN_OK) {
		refused(visit, list);
		return;
	}
	me_page_begin(&page, visit, SAY_FORWARD_TITLE);
	me_paragraph(&page, list->rows > 0 ? SAY_FORWARD_GOES :
	    SAY_FORWARD_NONE);
	while (answer_next(list)) {
		may_change = may_change && slice_is_str(answer_text(list,
		    "by"), "owner");
		add_row(&page, list);
	}
	if (may_change)
		add_form(&page);
	else if (!visit->may_forward)
		me_paragraph(&page, SAY_MAY_NOT_FORWARD);
	html_markup(&page.html, "<p class=\"acts\">");
	me_link(&page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page.html, "</p>\n");
	me_page_end(&page, 200);
}

void
me_forward(struct web_visit *visit)
{
	static const struct web_value none[] = { { 0 } };

	web_ask(visit, "forward list", none, on_list);
}

static void
on_changed(struct web_visit *visit, struct answer *answer)
{
	/* ended on another page a moment ago: it is as it is to be */
	if (answer->status == ADMIN_OK || answer->status == ADMIN_NO_SUCH)
		web_go(visit, "/me/forward", NULL);
	else
		refused(visit, answer);
}

void
me_forward_change(struct web_visit *visit)
{
	struct slice word = form_value(&visit->form, "do");

	if (slice_is_str(word, "set"))
		web_ask(visit, "forward set", (const struct web_value[]){
		    { "target", form_value(&visit->form, "target") },
		    { "keep", me_given(form_value(&visit->form, "keep")) },
		    { 0 } }, on_changed);
	else if (slice_is_str(word, "end"))
		web_ask(visit, "forward remove", (const struct web_value[]){
		    { 0 } }, on_changed);
	else
		web_fail(visit, WEB_BROKEN);
}
