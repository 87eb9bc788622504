/*
 * dns_lists.c - lists of hosts and domains that are published in DNS (RFC 5782)
 */
#include "filters/dns_lists.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "lib/base/host.h"

/* 127.a.b.c */
#define LOOPBACK(a, b, c) \
	(UINT32_C(127) << 24 | (uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (c))

bool
dns_list_is_name(struct slice name)
{
	if (name.len == 0 || name.len > DNS_LIST_NAME_MOST ||
	    slice_is_word(name, "none"))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) &&
		    (i == 0 || strchr("-_.", name.at[i]) == NULL))
			return false;
	return true;
}

static bool
read_address(struct slice s, uint32_t *address_out)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	if (slice_cstr(s, text, sizeof(text)) < 0 ||
	    inet_pton(AF_INET, text, &address) != 1)
		return false;
	*address_out = ntohl(address.s_addr);
	return true;
}

/* "127.0.0.2" or "127.0.0.2-127.0.0.11" */
static const char *
read_range(struct dns_list *list, struct slice word)
{
	struct slice from = word, to = word;
	uint32_t first, last;

	(void)slice_cut(&to, '-', &from);
	if (!read_address(from, &first) || !read_address(to, &last))
		return "is no answer such as 127.0.0.2 or "
		    "127.0.0.2-127.0.0.11";
	if (first > last || first >> 24 != 127 || last >> 24 != 127)
		return "is none of the answers that a list may give, which "
		    "begin with 127 and go upward";
	if (list->range_count == DNS_LIST_RANGES)
		return "is one answer too many";
	list->ranges[list->range_count].from = first;
	list->ranges[list->range_count++].to = last;
	return NULL;
}

static const char *
read_bits(struct dns_list *list, struct slice *words, struct slice *word)
{
	uint64_t bits;

	if (!slice_word(words, word) || slice_u64(*word, 255, &bits) < 0 ||
	    bits == 0)
		return "is no number from 1 to 255, as behind bits";
	list->bits = (uint32_t)bits;
	return NULL;
}

/* One of the words behind the zone. */
static const char *
read_word(struct dns_list *list, struct slice *words, struct slice *word)
{
	enum verdict_action action = verdict_action_of(*word);

	if (isdigit((unsigned char)word->at[0]))
		return read_range(list, *word);
	if (slice_is_str(*word, "bits"))
		return read_bits(list, words, word);
	if (slice_is_str(*word, "domains"))
		list->is_domains = true;
	else if (slice_is_str(*word, "allow") || slice_is_str(*word, "block"))
		list->allows = slice_is_str(*word, "allow");
	else if (action == VERDICT_MARK || action == VERDICT_HOLD ||
	    action == VERDICT_REFUSE)
		list->action = action;
	else
		return "is none of allow, block, domains, mark, hold, refuse, "
		    "bits and an answer such as 127.0.0.2";
	return NULL;
}

static void
keep_lower(struct slice s, char *to)
{
	for (size_t i = 0; i < s.len; i++)
		to[i] = (char)tolower((unsigned char)s.at[i]);
	to[s.len] = '\0';
}

/* One list, all of `words`; `*where` is the word that is wrong. */
static const char *
read_list(struct slice words, struct dns_list *list, struct slice *where)
{
	const char *fault = NULL;

	memset(list, 0, sizeof(*list));
	if (!slice_word(&words, where) || !dns_list_is_name(*where))
		return "is no name of a list: letters, digits, dashes";
	keep_lower(*where, list->name);
	if (!slice_word(&words, where))
		return "is a list without a zone";
	if (!host_is_name(*where) || where->len > DNS_LIST_ZONE_MOST)
		return "is no zone such as zen.spamhaus.org";
	keep_lower(*where, list->zone);
	while (fault == NULL && slice_word(&words, where))
		fault = read_word(list, &words, where);
	if (fault == NULL && list->allows && list->action != VERDICT_ACCEPT)
		return "does something about what it allows";
	if (fault == NULL && list->allows && list->is_domains)
		return "would allow what anybody can write into a message";
	return fault;
}

static bool
has_name(const struct dns_lists *lists, const char *name)
{
	for (unsigned i = 0; i < lists->count; i++)
		if (strcmp(lists->list[i].name, name) == 0)
			return true;
	return false;
}

const char *
dns_lists_read(struct slice text, struct dns_lists *lists_out,
    struct slice *where_out)
{
	struct dns_lists lists = { .count = 0 };
	const char *fault = NULL;
	struct slice one;

	*where_out = text;
	for (bool more = true; more && fault == NULL; ) {
		more = slice_cut(&text, ';', &one);
		if (!more)
			one = text;
		one = slice_trim(one);
		if (one.len == 0)
			continue;
		*where_out = one;
		if (lists.count == DNS_LISTS_MOST)
			return "is one list too many";
		fault = read_list(one, &lists.list[lists.count], where_out);
		if (fault == NULL && has_name(&lists,
		    lists.list[lists.count].name)) {
			*where_out = one;
			fault = "has the name of another list";
		}
		lists.count++;
	}
	if (fault == NULL)
		*lists_out = lists;
	return fault;
}

bool
dns_list_asks(const struct dns_list *list, struct slice address,
    struct dns_question *question_out)
{
	char text[HOST_TEXT_SIZE];
	int family = host_address(address, false, text);
	size_t size = sizeof(question_out->name), used = 0;
	unsigned char bytes[16];

	if (family == 0 || inet_pton(family, text, bytes) != 1)
		return false;
	question_out->kind = DNS_A;
	/* at most 16 * 4 bytes in front of DNS_LIST_ZONE_MOST: it fits */
	for (int i = family == AF_INET ? 3 : 15; i >= 0; i--) {
		unsigned byte = bytes[i];

		used += (size_t)(family == AF_INET ?
		    snprintf(question_out->name + used, size - used, "%u.",
		    byte) : snprintf(question_out->name + used, size - used,
		    "%x.%x.", byte & 15, byte >> 4));
	}
	(void)snprintf(question_out->name + used, size - used, "%s",
	    list->zone);
	return true;
}

bool
dns_list_asks_domain(const struct dns_list *list, const char *domain,
    struct dns_question *question_out)
{
	int len = snprintf(question_out->name, sizeof(question_out->name),
	    "%s.%s", domain, list->zone);

	question_out->kind = DNS_A;
	return len > 0 && (size_t)len < sizeof(question_out->name);
}

/*
 * The words of lists that do not serve whoever asks: Spamhaus (127.255.255.x,
 * and 127.0.1.255 for a question that is none), URIBL and SURBL (127.0.0.1),
 * DNSWL (127.0.0.255).  No list gives them for what it lists.
 */
static bool
is_refusal(uint32_t address)
{
	return (address & ~UINT32_C(255)) == LOOPBACK(255, 255, 0) ||
	    address == LOOPBACK(0, 0, 1) || address == LOOPBACK(0, 0, 255) ||
	    address == LOOPBACK(0, 1, 255);
}

static bool
counts(const struct dns_list *list, uint32_t address)
{
	bool is_in = list->range_count == 0;

	for (unsigned i = 0; i < list->range_count; i++)
		is_in |= address >= list->ranges[i].from &&
		    address <= list->ranges[i].to;
	return is_in && (list->bits == 0 || (address & list->bits) != 0);
}

/* What one record means. */
static enum listed_result
record_says(const struct dns_list *list, struct slice record,
    uint32_t *address_out)
{
	unsigned char bytes[4];

	if (record.len != sizeof(bytes))
		return LISTED_NO;
	memcpy(bytes, record.at, sizeof(bytes));
	*address_out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];
	if (bytes[0] != 127)	/* somebody sells the zone's name */
		return LISTED_BROKEN;
	if (is_refusal(*address_out))
		return LISTED_REFUSED;
	return counts(list, *address_out) ? LISTED_YES : LISTED_NO;
}

enum listed_result
dns_list_says(const struct dns_list *list, const struct dns_answer *answer,
    uint32_t *address_out)
{
	enum listed_result worst = LISTED_NO;

	if (answer->found == DNS_LATER)
		return LISTED_SILENT;
	for (size_t i = 0; answer->found == DNS_FOUND && i < answer->count;
	    i++) {
		uint32_t address = 0;
		enum listed_result one = record_says(list,
		    answer->records[i], &address);

		/* one that is none says that the others are none, too */
		if (one > worst) {
			worst = one;
			*address_out = address;
		}
	}
	return worst;
}
