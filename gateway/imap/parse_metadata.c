/*
 * parse_metadata.c - what GETMETADATA and SETMETADATA ask for
 */
#include "gateway/imap/parse_metadata.h"

/* RFC 5464 3.2: no control, nothing above ASCII, no wildcard, no empty level. */
static bool
is_entry(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (c < ' ' || c > '~' || c == '*' || c == '%')
			return false;
		if (c == '/' && (i + 1 == name.len || name.at[i + 1] == '/'))
			return false;
	}
	return name.len <= METADATA_NAME_MOST;
}

/* Is it `root`, or below it? */
static bool
is_in(struct slice name, const char *root)
{
	struct slice top = slice_str(root);

	return slice_has_prefix(name, root) &&
	    (name.len == top.len || name.at[top.len] == '/');
}

/* An entry; `is_whole`: below a root, not a root itself. */
static bool
entry(struct imapd_parse *parse, bool is_whole, struct slice *name_out)
{
	struct slice raw, name;
	char *small;

	if (!imapd_astring(parse, &raw))
		return false;
	small = arena_alloc(parse->arena, raw.len + 1);
	if (small == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	for (size_t i = 0; i < raw.len; i++)
		small[i] = raw.at[i] >= 'A' && raw.at[i] <= 'Z' ?
		    (char)(raw.at[i] - 'A' + 'a') : raw.at[i];
	name = slice_of(small, raw.len);
	if (!is_entry(name))
		return imapd_parse_fault(parse, "that can be no entry's name");
	if (!is_in(name, "/private") && !is_in(name, "/shared"))
		return imapd_parse_fault(parse,
		    "an entry is in /private or in /shared");
	if (is_whole && slice_find_last(name, '/') == 0)
		return imapd_parse_fault(parse, "an entry has a name");
	*name_out = name;
	return true;
}

static bool
noted(struct imapd_parse *parse, struct imapd_noted *noted_out)
{
	struct imapd_parse trial = *parse;
	struct slice raw;

	/* one that can be no name comes out empty as well */
	noted_out->is_server = imapd_astring(&trial, &raw) && raw.len == 0;
	return imapd_mailbox(parse, &noted_out->name);
}

static bool
option(struct imapd_parse *parse, struct imapd_getmetadata *get)
{
	if (imapd_word(parse, "MAXSIZE"))
		return imapd_space(parse) &&
		    imapd_number(parse, UINT32_MAX, &get->value_most);
	if (!imapd_word(parse, "DEPTH") || !imapd_space(parse))
		return imapd_parse_fault(parse, "no such option");
	if (imapd_word(parse, "0"))
		get->depth = IMAPD_DEPTH_0;
	else if (imapd_word(parse, "1"))
		get->depth = IMAPD_DEPTH_1;
	else if (imapd_word(parse, "infinity"))
		get->depth = IMAPD_DEPTH_INFINITY;
	else
		return imapd_parse_fault(parse,
		    "DEPTH is 0, 1 or infinity");
	return true;
}

/* "(MAXSIZE 1024 DEPTH 1) ", or nothing: a list of entries begins otherwise. */
static bool
options(struct imapd_parse *parse, struct imapd_getmetadata *get)
{
	char first = parse->rest.len > 1 ? parse->rest.at[1] : '\0';

	if (imapd_peek(parse) != '(' || first == '/' || first == '"' ||
	    first == '{')
		return true;
	(void)imapd_byte(parse, '(');
	do {
		if (!option(parse, get))
			return false;
	} while (imapd_maybe(parse, ' '));
	return imapd_byte(parse, ')') && imapd_space(parse);
}

static bool
entries(struct imapd_parse *parse, struct imapd_getmetadata *get)
{
	bool is_list = imapd_maybe(parse, '(');

	do {
		if (get->count == IMAPD_ENTRIES_MOST)
			return imapd_parse_fault(parse,
			    "[LIMIT] too many entries");
		if (!entry(parse, false, &get->entries[get->count]))
			return false;
		get->count++;
	} while (is_list && imapd_maybe(parse, ' '));
	return (!is_list || imapd_byte(parse, ')')) && imapd_end(parse);
}

bool
imapd_getmetadata_read(struct imapd_parse *parse,
    struct imapd_getmetadata *get_out)
{
	struct imapd_getmetadata get = { .value_most = UINT64_MAX };

	get.entries = arena_array(parse->arena, IMAPD_ENTRIES_MOST,
	    sizeof(*get.entries));
	if (get.entries == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	if (!options(parse, &get) || !noted(parse, &get.noted) ||
	    !imapd_space(parse) || !options(parse, &get) ||
	    !entries(parse, &get))
		return false;
	*get_out = get;
	return true;
}

static bool
change(struct imapd_parse *parse, struct metadata_change *change_out)
{
	return entry(parse, true, &change_out->name) && imapd_space(parse) &&
	    imapd_nstring8(parse, &change_out->value, &change_out->removes);
}

bool
imapd_setmetadata_read(struct imapd_parse *parse,
    struct imapd_setmetadata *set_out)
{
	struct imapd_setmetadata set = { 0 };

	set.changes = arena_array(parse->arena, IMAPD_ENTRIES_MOST,
	    sizeof(*set.changes));
	if (set.changes == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	if (!noted(parse, &set.noted) || !imapd_space(parse) ||
	    !imapd_byte(parse, '('))
		return false;
	do {
		if (set.count == IMAPD_ENTRIES_MOST)
			return imapd_parse_fault(parse,
			    "[LIMIT] too many entries");
		if (!change(parse, &set.changes[set.count]))
			return false;
		set.count++;
	} while (imapd_maybe(parse, ' '));
	if (!imapd_byte(parse, ')') || !imapd_end(parse))
		return false;
	*set_out = set;
	return true;
}
