/*
 * lists.c - the mailing list that a message came through, if one
 */
#include "fetch/domain/lists.h"

#include <errno.h>
#include <string.h>

#include "fetch/domain/fields.h"
#include "lib/message/path.h"
#include "lib/message/received.h"
#include "policy/domain_rules.h"

#define NORMAL_MOST	(PATH_LOCAL_MAX + 1 + PATH_DOMAIN_MAX)
#define WORDS_MOST	32	/* of one field that are looked at */

/* Fields that name the list: Mailman, ezmlm, Yahoo, Debian, majordomo. */
static const char *const naming[] = { "list-post", "x-mailing-list",
	"x-beenthere", "mailing-list" };
/* Fields whose address is made of the list's. */
static const char *const sending[] = { "return-path", "sender", "errors-to",
	"resent-sender", "resent-from" };

/* What stands behind the list's own name there; more may follow. */
static const char *const behind[] = { "-bounces", "-bounce", "-owner",
	"-admin", "-request", "-errors", "-return", "-outgoing" };
static const char *const before[] = { "owner-", "bounce-", "bounces-" };

static int
add(struct arena *arena, struct domain_lists *lists, struct slice local,
    struct slice domain)
{
	TEXT_AUTO normal = TEXT_INIT(NORMAL_MOST);
	struct slice kept;

	if (lists->count == DOMAIN_LISTS_MOST ||
	    address_normal(&normal, local, domain) < 0)
		return 0;
	if (arena_copy(arena, text_slice(&normal), &kept) < 0)
		return -ENOBUFS;
	lists->address[lists->count++] = kept;
	return 0;
}

/* A word without what stands around an address. */
static struct slice
bare(struct slice s)
{
	static const char marks[] = "<>()[],;:\"'";

	while (s.len > 0 && s.at[0] != '\0' && strchr(marks, s.at[0]) != NULL)
		s = slice_after(s, 1);
	while (s.len > 0 && s.at[s.len - 1] != '\0' &&
	    strchr(marks, s.at[s.len - 1]) != NULL)
		s.len--;
	if (slice_has_prefix(s, "mailto:"))
		s = slice_after(s, 7);
	return slice_first(s, slice_find(s, '?'));
}

/* Each address in the words of a field, to one that takes it. */
typedef int	word_fn(struct arena *, struct domain_lists *,
		    const struct path *);

static int
each_address(struct arena *arena, struct domain_lists *lists,
    struct slice value, word_fn *fn)
{
	struct slice rest = value, word;
	struct path path;
	int r = 0;

	for (unsigned n = 0; r == 0 && n < WORDS_MOST &&
	    slice_word(&rest, &word); n++)
		if (address_parse(bare(slice_trim(word)), true, &path) == 0)
			r = fn(arena, lists, &path);
	return r;
}

static int
add_named(struct arena *arena, struct domain_lists *lists,
    const struct path *path)
{
	return add(arena, lists, path->local, path->domain);
}

/* "staff-bounces+ann=office.test": where the list's name ends; or SIZE_MAX. */
static size_t
end_of_name(struct slice local)
{
	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
		size_t len = strlen(behind[i]);

		for (size_t at = 1; at + len <= local.len; at++)
			if (slice_is_word(slice_of(local.at + at, len),
			    behind[i]) && (at + len == local.len ||
			    strchr("+-=", local.at[at + len]) != NULL))
				return at;
	}
	return SIZE_MAX;
}

/* The list that sends as this address; a plain one is nobody's list. */
static int
add_sending(struct arena *arena, struct domain_lists *lists,
    const struct path *path)
{
	struct slice local = path->local;
	size_t end = end_of_name(local);

	if (end != SIZE_MAX)
		return add(arena, lists, slice_first(local, end),
		    path->domain);
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		if (slice_has_prefix(local, before[i]))
			return add(arena, lists, slice_after(local,
			    strlen(before[i])), path->domain);
	return 0;
}

/* RFC 2919: what stands between the angle brackets, in lower case. */
static int
read_id(struct arena *arena, struct slice header, struct slice *id_out)
{
	struct header_field field;
	struct slice id, head;
	char *at;

	if (!domain_field_named(&header, slice_str("list-id"), &field))
		return 0;
	id = slice_trim(field.value);
	if (slice_cut(&id, '<', &head))
		id = slice_first(id, slice_find(id, '>'));
	id = slice_trim(id);
	if (id.len == 0 || id.len > DOMAIN_WORD_MOST ||
	    !slice_is_printable_ascii(id) || slice_find(id, ' ') != SIZE_MAX)
		return 0;
	at = arena_alloc(arena, id.len);
	if (at == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < id.len; i++)
		at[i] = id.at[i] >= 'A' && id.at[i] <= 'Z' ?
		    (char)(id.at[i] | 0x20) : id.at[i];
	*id_out = slice_of(at, id.len);
	return 0;
}

/* ezmlm: "Delivered-To: mailing list staff@lists.test" */
static int
read_delivered(struct arena *arena, struct slice header,
    struct domain_lists *lists)
{
	struct header_field field;
	int r = 0;

	while (r == 0 && domain_field_named(&header,
	    slice_str("delivered-to"), &field)) {
		struct slice value = slice_trim(field.value);

		if (slice_has_prefix(value, "mailing list "))
			r = each_address(arena, lists, value, add_named);
	}
	return r;
}

static int
read_fields(struct arena *arena, struct slice header,
    struct domain_lists *lists, const char *name, word_fn *fn)
{
	struct header_field field;
	int r = 0;

	while (r == 0 && domain_field_named(&header, slice_str(name), &field))
		r = each_address(arena, lists, field.value, fn);
	return r;
}

/* Sendmail, Exim: "(envelope-from owner-staff@lists.test)" in a Received line */
static int
read_received(struct arena *arena, struct slice header,
    struct domain_lists *lists)
{
	static const char mark[] = "envelope-from ";
	struct header_field field;
	int r = 0;

	while (r == 0 && domain_field_named(&header, slice_str("received"),
	    &field)) {
		size_t at = slice_find_str(field.value, mark);
		struct slice rest = at == SIZE_MAX ? slice_of(NULL, 0) :
		    slice_after(field.value, at + strlen(mark)), word;
		struct path path;

		if (slice_word(&rest, &word) && address_parse(bare(
		    slice_trim(word)), true, &path) == 0)
			r = add_sending(arena, lists, &path);
	}
	return r;
}

int
domain_lists_read(struct arena *arena, struct slice header,
    struct domain_lists *lists_out)
{
	struct domain_lists lists = { .count = 0 };
	int r = read_id(arena, header, &lists.id);

	for (size_t i = 0; r == 0 && i < sizeof(naming) / sizeof(*naming); i++)
		r = read_fields(arena, header, &lists, naming[i], add_named);
	if (r == 0)
		r = read_delivered(arena, header, &lists);
	lists.named = lists.count;
	for (size_t i = 0; r == 0 && i < sizeof(sending) / sizeof(*sending);
	    i++)
		r = read_fields(arena, header, &lists, sending[i],
		    add_sending);
	if (r == 0)
		r = read_received(arena, header, &lists);
	*lists_out = lists;
	return r;
}

/* "staff@lists.test" is what List-Id writes as "staff.lists.test". */
static bool
is_id(struct slice id, struct slice local, struct slice domain)
{
	return id.len == local.len + 1 + domain.len &&
	    id.at[local.len] == '.' &&
	    slice_is_nocase(slice_first(id, local.len), local) &&
	    slice_is_nocase(slice_after(id, local.len + 1), domain);
}

bool
domain_lists_has(const struct domain_lists *lists, struct slice address)
{
	size_t at = slice_find_last(address, '@');
	struct slice local = slice_first(address, at);
	struct slice domain = at == SIZE_MAX ? slice_of(NULL, 0) :
	    slice_after(address, at + 1);

	if (domain.len == 0)
		return false;
	for (unsigned i = 0; i < lists->count; i++) {
		struct slice one = lists->address[i];
		size_t one_at = slice_find_last(one, '@');

		/* staff@test sends as staff-bounces@lists.test */
		if (slice_is(slice_first(one, one_at), local) &&
		    received_same_site(slice_after(one, one_at + 1), domain))
			return true;
	}
	return is_id(lists->id, local, domain);
}
