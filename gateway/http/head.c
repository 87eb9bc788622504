/*
 * head.c - what the head of an HTTP request says, and whether it says one thing
 */
#include "gateway/http/head.h"

#include <stddef.h>
#include <string.h>

/* Fields we read; each may stand there once. */
static const struct {
	const char	*name;
	size_t		 at;
} known[] = {
	{ "Host",		offsetof(struct http_head, host) },
	{ "Origin",		offsetof(struct http_head, origin) },
	{ "Authorization",	offsetof(struct http_head, authorization) },
	{ "Content-Type",	offsetof(struct http_head, content_type) },
	{ "Content-Length",	offsetof(struct http_head, length) },
	{ "X-Postroom-Token",	offsetof(struct http_head, token) },
	/* RFC 9110 and 6265bis allow these to be a list of several; ours do
	 * not come so from any browser, and one is enough */
	{ "Cookie",		offsetof(struct http_head, cookie) },
	{ "Accept-Language",	offsetof(struct http_head, accept_language) },
};

/* RFC 9110 5.6.2 */
static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z') &&
		    (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return s.len > 0;
}

/* No control character but the tab: no folded line, nothing hidden. */
static bool
is_value(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t') ||
		    s.at[i] == 0x7f)
			return false;
	return true;
}

void
http_head_add(struct http_head *head, struct slice name, struct slice value)
{
	if (++head->fields > HTTP_FIELDS_MOST || !is_token(name) ||
	    !is_value(value))
		head->is_bad = true;
	if (slice_is_word(name, "Transfer-Encoding"))
		head->has_coding = true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct slice *field =
		    (struct slice *)(void *)((char *)head + known[i].at);

		if (!slice_is_word(name, known[i].name))
			continue;
		if (field->at != NULL)
			head->is_bad = true;
		*field = slice_trim(value);
		if (field->at == NULL)
			field->at = "";
		if (field == &head->origin)
			head->has_origin = true;
	}
}

/* What a Host may be made of: a name or an address, and a port. */
static bool
is_host(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z') &&
		    (c == '\0' || strchr("-._:[]", c) == NULL))
			return false;
	}
	return s.len > 0 && s.len <= 255 + 6;
}

int
http_head_judge(const struct http_head *head, struct slice version,
    uint64_t most, uint64_t *body_bytes_out)
{
	uint64_t length = 0;

	if (head->is_bad || !is_host(head->host) ||
	    (!slice_is_str(version, "HTTP/1.1") &&
	    !slice_is_str(version, "HTTP/1.0")))
		return 400;
	if (head->has_coding)
		return head->length.at != NULL ||
		    slice_is_str(version, "HTTP/1.0") ? 400 : 411;
	if (head->length.at != NULL) {
		int r = slice_u64(head->length, UINT64_MAX, &length);

		if (r < 0 && head->length.len < 20)
			return 400;
		if (r < 0 || length > most)
			return 413;
	}
	*body_bytes_out = length;
	return 0;
}

bool
http_cookie(struct slice cookies, const char *name, struct slice *value_out)
{
	struct slice value = { NULL, 0 };
	unsigned found = 0;

	while (cookies.len > 0) {
		struct slice pair, key;

		if (!slice_cut(&cookies, ';', &pair)) {
			pair = cookies;
			cookies.len = 0;
		}
		pair = slice_trim(pair);
		if (!slice_cut(&pair, '=', &key) ||
		    !slice_is_str(key, name))
			continue;
		value = pair;
		found++;
	}
	if (found != 1)
		return false;
	*value_out = value;
	return true;
}

bool
http_is_type(struct slice content_type, const char *type)
{
	struct slice rest = content_type, media;

	if (!slice_cut(&rest, ';', &media))
		media = content_type;
	return slice_is_word(slice_trim(media), type);
}

bool
http_is_own_origin(const struct http_head *head)
{
	static const char scheme[] = "https://";

	return slice_has_prefix(head->origin, scheme) &&
	    slice_is_nocase(slice_after(head->origin, sizeof(scheme) - 1),
	    head->host);
}
