/*
 * me_page.c - the page at /me: its frame, and the parts all of it is made of
 *
 * Plain HTML that reads well without its stylesheet and works without a script:
 * one heading, labelled fields, real buttons.
 */
#include "gateway/http/me_inside.h"

static const char *const language_codes[LANGUAGE_COUNT] = {
	[LANGUAGE_EN] = "en", [LANGUAGE_ID] = "id"
};

void
me_text(struct me_page *page, enum sentence sentence)
{
	html_add_str(&page->html, HTML_TEXT, say(page->language, sentence));
}

void
me_paragraph(struct me_page *page, enum sentence sentence)
{
	html_markup(&page->html, "<p>");
	me_text(page, sentence);
	html_markup(&page->html, "</p>\n");
}

void
me_alert(struct me_page *page, struct slice words)
{
	html_markup(&page->html, "<p class=\"alert\" role=\"alert\">");
	html_add(&page->html, HTML_TEXT, words);
	html_markup(&page->html, "</p>\n");
}

void
me_form_begin(struct me_page *page, const char *action)
{
	html_markup(&page->html, "<form method=\"post\" action=\"/me/");
	html_add_str(&page->html, HTML_VALUE, action);
	html_markup(&page->html, "\">");
	if (page->visit->token[0] != '\0')
		me_hidden(page, "token", slice_str(page->visit->token));
}

void
me_hidden(struct me_page *page, const char *name, struct slice value)
{
	html_markup(&page->html, "<input type=\"hidden\" name=\"");
	html_add_str(&page->html, HTML_VALUE, name);
	html_markup(&page->html, "\" value=\"");
	html_add(&page->html, HTML_VALUE, value);
	html_markup(&page->html, "\">");
}

void
me_button(struct me_page *page, enum sentence sentence, bool quiet)
{
	if (quiet)
		html_markup(&page->html, "<button class=\"quiet\">");
	else
		html_markup(&page->html, "<button>");
	me_text(page, sentence);
	html_markup(&page->html, "</button>");
}

void
me_link(struct me_page *page, const char *path, struct slice label,
    enum sentence sentence, bool quiet)
{
	if (quiet)
		html_markup(&page->html, "<a class=\"button\" href=\"");
	else
		html_markup(&page->html, "<a class=\"button first\" href=\"");
	html_add_str(&page->html, HTML_VALUE, path);
	if (label.len > 0) {
		html_markup(&page->html, "?label=");
		html_add(&page->html, HTML_QUERY, label);
	}
	html_markup(&page->html, "\">");
	me_text(page, sentence);
	html_markup(&page->html, "</a>\n");
}

void
me_link_out(struct me_page *page, struct slice url)
{
	/* the provider says where: nothing of it is run, and we are not named */
	bool is_link = slice_has_prefix(url, "https://");

	if (is_link) {
		html_markup(&page->html, "<a target=\"_blank\" "
		    "rel=\"noopener noreferrer\" href=\"");
		html_add(&page->html, HTML_VALUE, url);
		html_markup(&page->html, "\">");
	}
	html_add(&page->html, HTML_TEXT, url);
	if (is_link)
		html_markup(&page->html, "</a>");
}

/* Who is logged in, and the way out. */
static void
add_person(struct me_page *page)
{
	if (page->visit->token[0] == '\0')
		return;
	html_markup(&page->html, "<div class=\"who\"><span>");
	html_add_str(&page->html, HTML_TEXT, page->visit->address);
	html_markup(&page->html, "</span>\n");
	me_form_begin(page, "logout");
	me_button(page, SAY_ME_LOGOUT, true);
	html_markup(&page->html, "</form></div>\n");
}

void
me_page_begin(struct me_page *page, struct web_visit *visit,
    enum sentence title)
{
	*page = (struct me_page){ .visit = visit, .language = visit->language,
	    .html = TEXT_INIT(WEB_PAGE_BYTES) };
	html_markup(&page->html, "<!DOCTYPE html>\n<html lang=\"");
	html_add_str(&page->html, HTML_VALUE,
	    language_codes[page->language]);
	html_markup(&page->html, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n<title>");
	me_text(page, title);
	html_markup(&page->html, " - Postroom</title>\n"
	    "<link rel=\"stylesheet\" href=\"/me/style.css\">\n</head>\n"
	    "<body>\n<header><div class=\"inner\">\n"
	    "<p class=\"brand\">Postroom</p>\n");
	add_person(page);
	html_markup(&page->html, "</div></header>\n<main>\n<h1>");
	me_text(page, title);
	html_markup(&page->html, "</h1>\n");
}

void
me_page_end(struct me_page *page, unsigned status)
{
	html_markup(&page->html, "</main>\n</body>\n</html>\n");
	web_reply(page->visit, status, "text/html; charset=utf-8",
	    &page->html);
	text_free(&page->html);
}
