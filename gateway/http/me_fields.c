/*
 * me_fields.c - the fields that forms of the page at /me are made of
 *
 * Each has its label above, a hint below that a screen reader reads with it, and
 * says itself what is wrong with it.
 */
#include "gateway/http/me_inside.h"

#include <string.h>

static const struct {
	const char	*argument;
	enum sentence	 want;
} wants[] = {
	{ "label",	  SAY_WANT_LABEL },
	{ "rename",	  SAY_WANT_LABEL },
	{ "host",	  SAY_WANT_HOST },
	{ "port",	  SAY_WANT_PORT },
	{ "tls",	  SAY_ME_WANT_CHOICE },
	{ "protocol",	  SAY_ME_WANT_CHOICE },
	{ "user",	  SAY_WANT_USER },
	{ "password",	  SAY_WANT_SECRET },
	{ "pin",	  SAY_WANT_PIN },
	{ "from",	  SAY_WANT_DAYS },
	{ "delete_after", SAY_WANT_DELETE_AFTER },
	{ "folders",	  SAY_ME_WANT_FOLDERS },
	{ "every",	  SAY_WANT_MINUTES },
};

enum sentence
me_want(const char *argument)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (strcmp(wants[i].argument, argument) == 0)
			return wants[i].want;
	return SAY_UNFIT;
}

bool
me_is_fault(const char *fault, const char *argument)
{
	return fault != NULL && strcmp(fault, argument) == 0;
}

/* `before`, a name, and `after`: ` id="f-` NAME `"`. */
static void
attribute(struct text *html, const char *before, const char *name)
{
	text_add_str(html, before);
	html_add_str(html, HTML_VALUE, name);
	html_markup(html, "\"");
}

void
me_field(struct me_page *page, const struct me_field *f, struct slice value,
    const char *fault)
{
	struct text *html = &page->html;
	bool is_fault = me_is_fault(fault, f->name);

	attribute(html, "<p class=\"field\"><label for=\"f-", f->name);
	html_markup(html, ">");
	me_text(page, f->label);
	attribute(html, "</label>\n<input id=\"f-", f->name);
	attribute(html, " name=\"", f->name);
	attribute(html, " type=\"", f->type);
	html_markup(html, " value=\"");
	html_add(html, HTML_VALUE, value);
	attribute(html, "\" aria-describedby=\"h-", f->name);
	text_add_str(html, f->more);
	if (f->required)
		html_markup(html, " required");
	if (is_fault)
		html_markup(html, " aria-invalid=\"true\"");
	attribute(html, ">\n<span class=\"hint\" id=\"h-", f->name);
	html_markup(html, ">");
	me_text(page, is_fault ? me_want(f->name) : f->hint);
	html_markup(html, "</span></p>\n");
}

void
me_group_begin(struct me_page *page, enum sentence legend)
{
	html_markup(&page->html, "<fieldset><legend>");
	me_text(page, legend);
	html_markup(&page->html, "</legend>\n");
}

void
me_group_end(struct me_page *page)
{
	html_markup(&page->html, "</fieldset>\n");
}

static void
choice(struct me_page *page, const char *type, const char *name,
    const char *value, bool checked, enum sentence label)
{
	struct text *html = &page->html;

	attribute(html, "<label class=\"choice\"><input type=\"", type);
	attribute(html, " name=\"", name);
	attribute(html, " value=\"", value);
	if (checked)
		html_markup(html, " checked");
	html_markup(html, "> <span>");
	me_text(page, label);
	html_markup(html, "</span></label>\n");
}

void
me_radio(struct me_page *page, const char *name, const char *value,
    bool checked, enum sentence label)
{
	choice(page, "radio", name, value, checked, label);
}

void
me_check(struct me_page *page, const char *name, bool checked,
    enum sentence label)
{
	choice(page, "checkbox", name, "yes", checked, label);
}

void
me_beside(struct me_page *page, const char *name, enum sentence label,
    struct slice value, enum me_size size, bool is_fault)
{
	struct text *html = &page->html;

	if (size == ME_NUMBER)
		html_markup(html, "<label class=\"beside number\"><span>");
	else
		html_markup(html, "<label class=\"beside\"><span>");
	me_text(page, label);
	html_markup(html, "</span> <input type=\"text\"");
	if (size == ME_NUMBER)
		html_markup(html, " inputmode=\"numeric\" size=\"5\"");
	attribute(html, " name=\"", name);
	html_markup(html, " value=\"");
	html_add(html, HTML_VALUE, value);
	html_markup(html, "\"");
	if (is_fault)
		html_markup(html, " aria-invalid=\"true\"");
	html_markup(html, "></label>\n");
}
