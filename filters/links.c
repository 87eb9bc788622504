/*
 * links.c - which domains a message points to
 *
 * A program that opens a link takes more for a host than a standard would have
 * it: what stands before an "@" is passed over, a backslash is a slash, and what
 * is written with % is that byte.  In an attribute of HTML a browser decodes
 * references first, and then drops TAB, CR and LF from all of the link.
 */
#include "filters/links.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "filters/texts.h"
#include "lib/base/host.h"
#include "lib/message/author.h"
#include "lib/message/html.h"
#include "lib/message/html_reference.h"
#include "lib/message/html_tag.h"
#include "lib/message/path.h"
#include "lib/message/received.h"

/* Of the host in a link and its port; no name is as long. */
#define AUTHORITY_MOST	1024

/* Less than rules look at: it is to cost a few ms. */
static const struct texts_limits limits = {
	.one_bytes = 256 * 1024, .all_bytes = 1024 * 1024, .count = 200,
};

static bool
has(const struct links *links, struct slice host)
{
	for (unsigned i = 0; i < links->count; i++)
		if (received_same_site(slice_str(links->domain[i]), host))
			return true;
	return false;
}

/* The shortest end of `host` that is of one site with it. */
static struct slice
site_of(struct slice host)
{
	struct slice site = host;

	for (size_t i = host.len; i > 0; i--) {
		struct slice end = slice_after(host, i);

		if (host.at[i - 1] == '.' && slice_find(end, '.') != SIZE_MAX &&
		    received_same_site(end, host)) {
			site = end;
			break;
		}
	}
	return site;
}

void
links_add(struct links *links, struct slice host)
{
	char address[HOST_TEXT_SIZE], *to = links->domain[links->count];
	struct slice site;

	if (host.len > 0 && host.at[host.len - 1] == '.')
		host = slice_first(host, host.len - 1);
	if (!host_is_name(host) || slice_find(host, '.') == SIZE_MAX ||
	    host_address(host, false, address) != 0 || has(links, host) ||
	    links->count == LINKS_MOST)
		return;
	site = site_of(host);
	/* host_is_name() has its limit */
	for (size_t i = 0; i < site.len; i++)
		to[i] = (char)tolower((unsigned char)site.at[i]);
	to[site.len] = '\0';
	links->count++;
}

static bool
is_full(const struct links *links)
{
	return links->count >= LINKS_MOST ||
	    links->looked >= LINKS_LOOKED_MOST;
}

typedef bool	ends_fn(char c);

/* Of a link that is all of an attribute (WHATWG URL 4.4). */
static bool
ends_in_target(char c)
{
	return c == '/' || c == '\\' || c == '?' || c == '#';
}

/* Of one in a text. */
static bool
ends_in_text(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f ||
	    strchr("/\\?#\"'<>()", c) != NULL;
}

/* With no dot it is none; IDNA makes dots of these others (UTS 46). */
static bool
has_dot(struct slice host)
{
	static const char *const dots[] = {
		".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1",
		"\xef\xb9\x92", "\xe2\x80\xa4",
	};

	for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++)
		if (slice_find_str(host, dots[i]) != SIZE_MAX)
			return true;
	return false;
}

/* Up to its port, or the comma of a sentence; other letters as DNS has them. */
static void
add_host(struct links *links, struct slice s)
{
	TEXT_AUTO normal = TEXT_INIT(AUTHORITY_MOST);
	bool is_ascii = true;
	size_t len = 0;

	for (; len < s.len && (isalnum((unsigned char)s.at[len]) ||
	    strchr("-_.", s.at[len]) != NULL || (s.at[len] & 0x80) != 0);
	    len++)
		is_ascii &= (s.at[len] & 0x80) == 0;
	s = slice_first(s, len);
	if (is_ascii)
		links_add(links, s);
	else if (has_dot(s) &&
	    address_normal(&normal, slice_str("x"), s) == 0)
		links_add(links, slice_after(text_slice(&normal), 2));
}

/* The host of a link that begins behind "//"; how many bytes it takes. */
static size_t
read_authority(struct links *links, struct slice s, ends_fn *ends)
{
	char host[AUTHORITY_MOST];
	size_t used = 0, at;

	links->looked++;
	for (at = 0; at < s.len && !ends(s.at[at]); at++) {
		int byte = s.at[at] == '%' ?
		    slice_hex(slice_after(s, at + 1)) : -1;
		char c = byte >= 0 ? (char)byte : s.at[at];

		if (byte >= 0)
			at += 2;
		/* RFC 3986 3.2.1: who is logged in stands in front */
		if (c == '@')
			used = 0;
		else if (used < sizeof(host))
			host[used++] = c;
	}
	add_host(links, slice_of(host, used));
	return at;
}

static size_t
slashes(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (s.at[n] == '/' || s.at[n] == '\\'))
		n++;
	return n;
}

/* Behind the scheme that ends at `colon`, or 0: it is none of a link. */
static size_t
behind_scheme(struct slice text, size_t colon)
{
	struct slice before = slice_first(text, colon);
	size_t n;

	if (!slice_has_suffix(before, "http") &&
	    !slice_has_suffix(before, "https") &&
	    !slice_has_suffix(before, "ftp"))
		return 0;
	n = slashes(slice_after(text, colon + 1));
	return n >= 2 ? colon + 1 + n : 0;
}

static bool
begins_word(struct slice text, size_t at)
{
	return at == 0 || (!isalnum((unsigned char)text.at[at - 1]) &&
	    strchr("-_.@/", text.at[at - 1]) == NULL);
}

void
links_read(struct links *links, struct slice text)
{
	for (size_t i = 0; i < text.len && !is_full(links); i++) {
		size_t at = 0;

		if (text.at[i] == ':')
			at = behind_scheme(text, i);
		else if ((text.at[i] == 'w' || text.at[i] == 'W') &&
		    slice_has_prefix(slice_after(text, i), "www.") &&
		    begins_word(text, i))
			at = i + strlen("www.");
		if (at > 0)
			i = at - 1 + read_authority(links,
			    slice_after(text, at), ends_in_text);
	}
}

/*
 * A link that is all of `s`: behind its scheme there may be any number of
 * slashes, and without one it begins with two.  How many bytes it takes.
 */
static size_t
read_target(struct links *links, struct slice s)
{
	static const char *const schemes[] = { "http:", "https:", "ftp:" };
	size_t scheme = 0, n;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (slice_has_prefix(s, schemes[i]))
			scheme = strlen(schemes[i]);
	n = slashes(slice_after(s, scheme));
	if ((scheme == 0 && n < 2) || is_full(links))
		return 0;
	return scheme + n + read_authority(links, slice_after(s, scheme + n),
	    ends_in_target);
}

/* Attributes that are one link. */
static bool
is_target(struct slice name)
{
	static const char *const targets[] = {
		"action", "background", "data", "formaction", "href",
		"poster", "src", "xlink:href",
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (slice_is_word(name, targets[i]))
			return true;
	return false;
}

/* What texts.h had for TAB and CR is a blank by now; hosts have none. */
static void
add_without_blanks(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] > ' ')
			text_add_byte(text, s.at[i]);
}

static void
read_attribute(struct links *links, const struct html_attribute *attribute)
{
	struct slice value = attribute->value;
	TEXT_AUTO decoded = TEXT_INIT(value.len);
	TEXT_AUTO target = TEXT_INIT(value.len);
	struct slice rest;

	html_value(&decoded, value);
	rest = text_slice(&decoded);
	if (is_target(attribute->name)) {
		add_without_blanks(&target, rest);
		rest = text_slice(&target);
		rest = slice_after(rest, read_target(links, rest));
	}
	/* others are in it: behind "url=", or handed on to a redirector */
	if (slice_find(value, '&') != SIZE_MAX)
		links_read(links, rest);
}

static bool
on_tag(void *arg, struct slice name, struct slice tag, struct text *words)
{
	struct links *links = arg;
	struct slice rest = html_attributes(tag);
	struct html_attribute attribute;

	(void)name;
	(void)words;
	while (!is_full(links) && html_attribute_next(&rest, &attribute))
		if (attribute.value.len > 0)
			read_attribute(links, &attribute);
	return ++links->tags < LINKS_TAGS_MOST && !is_full(links);
}

void
links_read_html(struct links *links, struct slice html)
{
	TEXT_AUTO words = TEXT_INIT(html.len);

	if (links->tags < LINKS_TAGS_MOST && !is_full(links)) {
		(void)html_read(&words, html, on_tag, links);
		links_read(links, text_slice(&words));
	}
}

void
links_find(struct slice message, const struct mime_part *root,
    struct arena *arena, struct links *links_out)
{
	const struct texts_one *one;
	struct author author;
	struct texts texts;

	links_out->count = links_out->looked = links_out->tags = 0;
	if (author_read(message, &author) == 0)
		for (unsigned i = 0; i < author.domain_count; i++)
			links_add(links_out, slice_str(author.domains[i]));
	texts_read(message, root, 1u << TEXTS_BODY | TEXTS_AS_WRITTEN, &limits,
	    arena, &texts);
	for (one = texts.first[TEXTS_BODY]; one != NULL; one = one->next) {
		if (one->is_html)
			links_read_html(links_out, one->text);
		links_read(links_out, one->text);
	}
}
