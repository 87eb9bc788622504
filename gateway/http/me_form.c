/*
 * me_form.c - the form of one remote mailbox, to be added or changed
 *
 * The usual port is not shown, so that it follows the way of TLS; a password is
 * never shown, nor sent back with what was wrong.
 */
#include "gateway/http/me_inside.h"

#include <string.h>

#define USUAL_DAYS	"30"	/* of old mail */
#define USUAL_AFTER	"7"	/* days, before deleting */

static const struct {
	const char	*argument;
	enum sentence	 want;
} wants[] = {
	{ "label",	  SAY_WANT_LABEL },
	{ "rename",	  SAY_WANT_LABEL },
	{ "host",	  SAY_WANT_HOST },
	{ "port",	  SAY_WANT_PORT },
	{ "tls",	  SAY_ME_WANT_CHOICE },
	{ "user",	  SAY_WANT_USER },
	{ "password",	  SAY_WANT_SECRET },
	{ "pin",	  SAY_WANT_PIN },
	{ "from",	  SAY_WANT_DAYS },
	{ "delete_after", SAY_WANT_DELETE_AFTER },
};

enum sentence
me_want(const char *argument)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (strcmp(wants[i].argument, argument) == 0)
			return wants[i].want;
	return SAY_UNFIT;
}

/* ---- fields ------------------------------------------------------------ */

/* A field of one line, with its label above and a hint below. */
struct field {
	const char	*name;
	const char	*type;
	const char	*more;		/* attributes, our own markup */
	enum sentence	 label, hint;
	bool		 required;
};

static void
field(struct me_page *page, const struct field *f, struct slice value,
    bool is_fault)
{
	struct text *html = &page->html;

	html_markup(html, "<p class=\"field\"><label for=\"f-");
	html_add_str(html, HTML_VALUE, f->name);
	html_markup(html, "\">");
	me_text(page, f->label);
	html_markup(html, "</label>\n<input id=\"f-");
	html_add_str(html, HTML_VALUE, f->name);
	html_markup(html, "\" name=\"");
	html_add_str(html, HTML_VALUE, f->name);
	html_markup(html, "\" type=\"");
	html_add_str(html, HTML_VALUE, f->type);
	html_markup(html, "\" value=\"");
	html_add(html, HTML_VALUE, value);
	html_markup(html, "\" aria-describedby=\"h-");
	html_add_str(html, HTML_VALUE, f->name);
	html_markup(html, "\"");
	text_add_str(html, f->more);
	if (f->required)
		html_markup(html, " required");
	if (is_fault)
		html_markup(html, " aria-invalid=\"true\"");
	html_markup(html, ">\n<span class=\"hint\" id=\"h-");
	html_add_str(html, HTML_VALUE, f->name);
	html_markup(html, "\">");
	me_text(page, is_fault ? me_want(f->name) : f->hint);
	html_markup(html, "</span></p>\n");
}

static void
group_begin(struct me_page *page, enum sentence legend)
{
	html_markup(&page->html, "<fieldset><legend>");
	me_text(page, legend);
	html_markup(&page->html, "</legend>\n");
}

static void
group_end(struct me_page *page)
{
	html_markup(&page->html, "</fieldset>\n");
}

static void
radio(struct me_page *page, const char *name, const char *value, bool checked,
    enum sentence label)
{
	struct text *html = &page->html;

	html_markup(html, "<label class=\"choice\"><input type=\"radio\" "
	    "name=\"");
	html_add_str(html, HTML_VALUE, name);
	html_markup(html, "\" value=\"");
	html_add_str(html, HTML_VALUE, value);
	html_markup(html, "\"");
	if (checked)
		html_markup(html, " checked");
	html_markup(html, "> <span>");
	me_text(page, label);
	html_markup(html, "</span></label>\n");
}

/* A number of days that belongs to the choice above it. */
static void
days(struct me_page *page, const char *name, struct slice value,
    bool is_fault)
{
	struct text *html = &page->html;

	html_markup(html, "<label class=\"days\"><span>");
	me_text(page, SAY_ME_DAYS);
	html_markup(html, "</span> <input type=\"text\" inputmode=\"numeric\" "
	    "size=\"5\" name=\"");
	html_add_str(html, HTML_VALUE, name);
	html_markup(html, "\" value=\"");
	html_add(html, HTML_VALUE, value);
	html_markup(html, "\"");
	if (is_fault)
		html_markup(html, " aria-invalid=\"true\"");
	html_markup(html, "></label>\n");
}

/* ---- the form ---------------------------------------------------------- */

static bool
is_digits(struct slice s)
{
	uint64_t n;

	return slice_u64(s, UINT64_MAX, &n) == 0;
}

static bool
is_fault(const char *fault, const char *argument)
{
	return fault != NULL && strcmp(fault, argument) == 0;
}

static void
add_security(struct me_page *page, const struct me_mailbox *mailbox)
{
	bool none = slice_is_str(mailbox->tls, "none");
	bool starttls = slice_is_str(mailbox->tls, "starttls");

	group_begin(page, SAY_ME_SECURITY);
	radio(page, "tls", "implicit", !none && !starttls, SAY_ME_TLS);
	radio(page, "tls", "starttls", starttls, SAY_ME_STARTTLS);
	radio(page, "tls", "none", none, SAY_ME_CLEAR);
	group_end(page);
}

static void
add_old_mail(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct slice from = mailbox->from;
	bool all = slice_is_str(from, "all");
	bool new = from.len == 0 || slice_is_str(from, "new") ||
	    slice_is_str(from, "unsaid");

	group_begin(page, SAY_ME_OLD);
	radio(page, "old", "new", new, SAY_ME_OLD_NEW);
	radio(page, "old", "days", !all && !new, SAY_ME_OLD_DAYS);
	days(page, "old_days", !all && !new ? from : slice_str(USUAL_DAYS),
	    is_fault(fault, "from"));
	radio(page, "old", "all", all, SAY_ME_OLD_ALL);
	group_end(page);
}

static void
add_after(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct slice after = mailbox->delete_after;
	bool keep = after.len == 0 || slice_is_str(after, "keep");
	bool now = slice_is_str(after, "0");

	group_begin(page, SAY_ME_AFTER);
	radio(page, "after", "keep", keep, SAY_ME_AFTER_KEEP);
	radio(page, "after", "days", !keep && !now, SAY_ME_AFTER_DAYS);
	days(page, "after_days", !keep && !now ? after :
	    slice_str(USUAL_AFTER), is_fault(fault, "delete_after"));
	radio(page, "after", "0", now, SAY_ME_AFTER_NOW);
	group_end(page);
}

static void
add_enabled(struct me_page *page, const struct me_mailbox *mailbox)
{
	if (mailbox->is_new)
		return;
	html_markup(&page->html, "<p><label class=\"choice\"><input "
	    "type=\"checkbox\" name=\"enabled\" value=\"yes\"");
	if (mailbox->enabled)
		html_markup(&page->html, " checked");
	html_markup(&page->html, "> <span>");
	me_text(page, SAY_ME_ENABLED);
	html_markup(&page->html, "</span></label></p>\n");
}

/* What few people need; open when something in it is wrong. */
static void
add_more(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	static const struct field port = { "port", "text",
	    " inputmode=\"numeric\" autocomplete=\"off\"", SAY_ME_PORT,
	    SAY_ME_PORT_HINT, false };
	static const struct field pin = { "pin", "text",
	    " autocomplete=\"off\" autocapitalize=\"none\" "
	    "spellcheck=\"false\"", SAY_ME_PIN, SAY_ME_PIN_HINT, false };
	static const struct field pin_set = { "pin", "text",
	    " autocomplete=\"off\" autocapitalize=\"none\" "
	    "spellcheck=\"false\"", SAY_ME_PIN, SAY_ME_PIN_SET_HINT, false };

	html_markup(&page->html, "<details");
	if (is_fault(fault, "port") || is_fault(fault, "pin") ||
	    mailbox->port.len > 0 || mailbox->pin.len > 0)
		html_markup(&page->html, " open");
	html_markup(&page->html, "><summary>");
	me_text(page, SAY_ME_MORE);
	html_markup(&page->html, "</summary>\n");
	field(page, &port, mailbox->port, is_fault(fault, "port"));
	field(page, mailbox->has_pin ? &pin_set : &pin, mailbox->pin,
	    is_fault(fault, "pin"));
	html_markup(&page->html, "</details>\n");
}

void
me_form(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	static const struct field host = { "host", "text",
	    " autocapitalize=\"none\" spellcheck=\"false\" "
	    "autocomplete=\"off\"", SAY_ME_HOST, SAY_ME_HOST_HINT, true };
	static const struct field user = { "user", "text",
	    " autocapitalize=\"none\" spellcheck=\"false\" "
	    "autocomplete=\"off\"", SAY_ME_USER, SAY_ME_USER_HINT, true };
	static const struct field password = { "password", "password",
	    " autocomplete=\"new-password\"", SAY_ME_PASSWORD,
	    SAY_ME_PASSWORD_HINT, true };
	static const struct field unchanged = { "password", "password",
	    " autocomplete=\"new-password\"", SAY_ME_PASSWORD,
	    SAY_ME_PASSWORD_KEPT, false };
	static const struct field label = { "label", "text",
	    " autocomplete=\"off\"", SAY_ME_LABEL, SAY_ME_LABEL_HINT, false };

	me_form_begin(page, mailbox->is_new ? "add" : "change");
	if (!mailbox->is_new)
		me_hidden(page, "was", mailbox->was);
	field(page, &host, mailbox->host, is_fault(fault, "host"));
	field(page, &user, mailbox->user, is_fault(fault, "user"));
	field(page, mailbox->is_new ? &password : &unchanged,
	    slice_of(NULL, 0), is_fault(fault, "password"));
	add_security(page, mailbox);
	add_old_mail(page, mailbox, fault);
	add_after(page, mailbox, fault);
	field(page, &label, mailbox->label, is_fault(fault, "label") ||
	    is_fault(fault, "rename"));
	add_more(page, mailbox, fault);
	add_enabled(page, mailbox);
	html_markup(&page->html, "<p class=\"acts\">");
	me_button(page, mailbox->is_new ? SAY_ME_ADD_DO : SAY_ME_CHANGE_DO,
	    false);
	html_markup(&page->html, "\n");
	me_link(page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page->html, "</p></form>\n");
}

/* ---- what stands in it ------------------------------------------------- */

/* A port that is usual for its way of TLS is not shown. */
static struct slice
unusual(uint64_t port, struct slice tls, struct slice digits)
{
	return port == (slice_is_str(tls, "implicit") ? 995 : 110) ?
	    slice_of(NULL, 0) : digits;
}

void
me_mailbox_of_row(const struct answer *row, struct me_mailbox *mailbox,
    char port[ME_PORT_SIZE])
{
	*mailbox = (struct me_mailbox){
		.was = answer_text(row, "label"),
		.label = answer_text(row, "label"),
		.host = answer_text(row, "host"),
		.tls = answer_text(row, "tls"),
		.user = answer_text(row, "user"),
		.from = answer_text(row, "from"),
		.delete_after = answer_text(row, "delete_after"),
		.enabled = slice_is_str(answer_text(row, "enabled"), "yes"),
		.has_pin = slice_is_str(answer_text(row, "pin"), "yes"),
	};
	(void)snprintf(port, ME_PORT_SIZE, "%u",
	    (unsigned)answer_number(row, "port"));
	mailbox->port = unusual(answer_number(row, "port"), mailbox->tls,
	    slice_str(port));
}

/* Words where a number of days may not stand, lest it be taken for a word. */
static struct slice
days_of(const struct form *form, const char *choice, const char *count)
{
	struct slice chosen = form_value(form, choice);
	struct slice n = form_value(form, count);

	if (!slice_is_str(chosen, "days"))
		return chosen;
	return is_digits(n) ? n : slice_str("?");
}

void
me_mailbox_of_form(const struct form *form, struct me_mailbox *mailbox)
{
	*mailbox = (struct me_mailbox){
		.was = form_value(form, "was"),
		.label = form_value(form, "label"),
		.host = slice_trim(form_value(form, "host")),
		.port = slice_trim(form_value(form, "port")),
		.tls = form_value(form, "tls"),
		.user = form_value(form, "user"),
		.from = days_of(form, "old", "old_days"),
		.delete_after = days_of(form, "after", "after_days"),
		.pin = slice_trim(form_value(form, "pin")),
		.enabled = form_has(form, "enabled"),
	};
}
