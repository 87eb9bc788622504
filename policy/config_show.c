/*
 * config_show.c - the options of postroom.conf as a file and as a manual
 */
#include "policy/config_inside.h"

#include "policy/unit.h"

/* A string as libconfuse reads it back. */
static void
show_string(struct text *text, const char *value)
{
	text_add_byte(text, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			text_add_byte(text, '\\');
		text_add_byte(text, *value);
	}
	text_add_byte(text, '"');
}

static void
show_option(struct text *text, const struct config_option *o,
    const struct config *config)
{
	const char *field = (const char *)config + o->at;

	text_addf(text, "# %s\n%s = ", o->help, o->name);
	if (o->kind <= KIND_DAYS)
		unit_write(text, (enum unit)o->kind,
		    config_amount(field, o->size));
	else if (o->kind == KIND_BOOL)
		text_add_str(text, *(const bool *)field ? "yes" : "no");
	else
		show_string(text, field);
	text_add_str(text, "\n");
}

void
config_show(const struct config *config, struct text *text)
{
	for (size_t i = 0; i < config_option_count; i++)
		show_option(text, &config_options[i], config);
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listener *l = &config->listeners[i];

		text_addf(text, "listen %s { address = \"%s\" port = %u "
		    "tls = %s }\n", service_name(l->service), l->address,
		    l->port, config_tls_words[l->tls]);
	}
}

/* "64KiB to 2GiB" */
static void
manual_bounds(struct text *text, const struct config_option *o)
{
	text_add_str(text, "From ");
	unit_write(text, (enum unit)o->kind, o->min);
	text_add_str(text, " to ");
	unit_write(text, (enum unit)o->kind, o->max);
	text_add_str(text, ".\n");
}

/* Each sentence on a line of its own, as mdoc(7) wants it. */
static void
manual_help(struct text *text, const char *help)
{
	struct slice rest = slice_str(help);
	size_t at;

	while ((at = slice_find_str(rest, ". ")) != SIZE_MAX) {
		text_add(text, slice_first(rest, at + 1));
		text_add_byte(text, '\n');
		rest = slice_after(rest, at + 2);
	}
	text_add(text, rest);
	text_add_byte(text, '\n');
}

void
config_manual(struct text *text)
{
	static const char *const kinds[] = {
		[KIND_COUNT]		= "number",
		[KIND_BYTES]		= "size",
		[KIND_SECONDS]		= "time",
		[KIND_DAYS]		= "days",
		[KIND_BOOL]		= "yes | no",
		[KIND_HOST]		= "name",
		[KIND_PATH]		= "path",
		[KIND_PATH_OR_NONE]	= "path",
		[KIND_LANGUAGE]		= "en | id",
		[KIND_WORD]		= "word",
		[KIND_ADDRESS]		= "address",
		[KIND_RESOLVERS]	= "addresses",
		[KIND_NETS]		= "networks",
		[KIND_DOMAINS]		= "domains",
		[KIND_CLAMD]		= "path | address:port",
		[KIND_DNS_LISTS]	= "lists",
		[KIND_WINDOWS]		= "windows",
		[KIND_RETRIES]		= "times",
		[KIND_SMARTHOST]	= "name:port",
		[KIND_TLS]		= "none | starttls | implicit",
		[KIND_IF_SPENT]		= "on-demand | nothing",
		[KIND_IF_VIRUS]		= "quarantine | refuse",
		[KIND_IF_SUSPECT]	= "mark | hold | quarantine | refuse",
		[KIND_IF_MACROS]	= "accept | mark | hold | quarantine | refuse",
		[KIND_IF_UNSCANNED]	= "mark | hold | defer",
		[KIND_IF_SPAM]		= "off | mark | junk | hold",
		[KIND_IF_RSPAMD]	= "mark | junk | hold",
		[KIND_IF_FORGED]	= "mark | hold | enforce",
	};

	text_add_str(text, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];

		text_addf(text, ".It Ic %s No = Ar %s\n", o->name,
		    kinds[o->kind]);
		manual_help(text, o->help);
		if (o->kind <= KIND_DAYS)
			manual_bounds(text, o);
		if (o->by_default[0] != '\0')
			text_addf(text, "The default is\n.Ql %s .\n",
			    o->by_default);
	}
	text_add_str(text, ".It Ic listen Ar service No { ... }\n"
	    "An address and port that are opened for\n"
	    ".Ar service :\n");
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		text_addf(text, ".Cm %s%s\n", config_services[i].name,
		    i + 1 < SERVICE_COUNT ? " ," : " .");
	text_add_str(text, "Inside stand\n.Ic address ,\na numeric address,\n"
	    ".Ic port ,\nand\n.Ic tls :\n.Cm none ,\n.Cm starttls\nor\n"
	    ".Cm implicit .\n.El\n");
}
