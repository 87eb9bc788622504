/*
 * found.c - what an import found, as text to be compared
 */
#include "tests/unit/fetch/import/found.h"

#include <string.h>

#include "tests/unit/unit.h"

static char result[16384];

static const char *const tls_words[] = { "none", "starttls", "implicit" };
static const char *const mechanism_words[] = { "auto", "plain", "login",
    "cram-md5", "apop" };

static void
add_named(struct text *text, const char *name, struct slice value)
{
	if (value.len > 0)
		text_addf(text, " %s=%.*s", name, SLICE_FMT(value));
}

static void
add_account(struct text *text, const struct import_account *a)
{
	text_addf(text, "%u: %s %.*s@%.*s", a->line,
	    import_protocol_words[a->protocol], SLICE_FMT(a->user),
	    SLICE_FMT(a->host));
	if (a->port != 0)
		text_addf(text, ":%u", (unsigned)a->port);
	text_addf(text, " %s", tls_words[a->tls]);
	if (a->mechanism != FETCH_AUTO)
		text_addf(text, " %s", mechanism_words[a->mechanism]);
	if (a->delete_after_days == FETCH_KEEP)
		text_add_str(text, " keep");
	else
		text_addf(text, " delete=%d", a->delete_after_days);
	if (a->largest_bytes > 0)
		text_addf(text, " largest=%llu",
		    (unsigned long long)a->largest_bytes);
	text_add_str(text, a->enabled ? "" : " off");
	add_named(text, "owner", a->owner);
	add_named(text, "label", a->label);
	add_named(text, "password", a->password);
	add_named(text, "also", a->other_host);
	add_named(text, "folders", a->folders);
	add_named(text, "pin", a->pin);
	text_add_str(text, a->is_domain ? " domain" : "");
	add_named(text, "of", a->domain);
	add_named(text, "envelope", a->envelope);
	add_named(text, "prefix", a->prefix);
	text_add_byte(text, '\n');
}

static void
add_list(struct text *text, const struct import_list *list)
{
	const struct import_id *id;

	if (list->account == NULL)
		text_add_str(text, "nobody's");
	else
		text_addf(text, "%.*s@%.*s", SLICE_FMT(list->account->user),
		    SLICE_FMT(list->account->host));
	add_named(text, "folder", list->folder);
	text_add_byte(text, ':');
	STAILQ_FOREACH(id, &list->ids, next)
		text_addf(text, " <%.*s>", SLICE_FMT(id->text));
	text_add_byte(text, '\n');
}

static void
add_remark(struct text *text, const struct import_remark *remark)
{
	TEXT_AUTO about = TEXT_INIT(1024);

	text_add(&about, remark->about);
	text_add_byte(&about, '\0');
	text_addf(text, "%s:%u:%s ", remark->file, remark->line,
	    remark->is_loss ? " LOSS" : "");
	text_say_as(text, LANGUAGE_EN, remark->words, about.at);
	text_add_byte(text, '\n');
}

static const char *
found(const struct import *import)
{
	const struct import_account *account;
	const struct import_list *list;
	const struct import_remark *remark;
	TEXT_AUTO text = TEXT_INIT(sizeof(result) - 1);

	STAILQ_FOREACH(account, &import->accounts, next)
		add_account(&text, account);
	STAILQ_FOREACH(list, &import->lists, next)
		add_list(&text, list);
	STAILQ_FOREACH(remark, &import->remarks, next)
		add_remark(&text, remark);
	ck_assert(!text_failed(&text));
	ck_assert_int_eq(slice_cstr(text_slice(&text), result,
	    sizeof(result)), 0);
	return result;
}

const char *
found_with(const char *settings, enum import_format format,
    const char *ids_file, const char *ids, size_t ids_len)
{
	ARENA_AUTO arena = arena_new(IMPORT_ARENA_BYTES(1 << 20));
	struct import import;

	ck_assert_ptr_nonnull(arena);
	import_begin(&import, arena);
	ck_assert_int_eq(import_read(&import, "rc", slice_str(settings),
	    format), 0);
	if (ids_file != NULL)
		ck_assert_int_eq(import_read_ids(&import, ids_file,
		    slice_of(ids, ids_len)), 0);
	ck_assert_int_eq(import_match(&import), 0);
	return found(&import);
}

const char *
found_in(const char *settings, enum import_format format)
{
	return found_with(settings, format, NULL, NULL, 0);
}
