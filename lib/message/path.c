/*
 * path.c - mail addresses: what stands in MAIL, RCPT and what people type
 *
 * Each take_ function reads one rule of RFC 5321 4.1.2 off the front of `*rest`
 * and is false when the rule is not there.  Each byte is read a fixed number of
 * times and nothing calls itself.
 */
#include "lib/message/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <idn2.h>
#include <string.h>

#define LABEL_MAX	63	/* RFC 1035 2.3.4 */

static bool
is_ascii_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
is_high(char c)
{
	return ((unsigned char)c & 0x80) != 0;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* RFC 5322 3.2.3, and RFC 6531 3.3 for bytes above ASCII */
static bool
is_atext(char c)
{
	return is_alnum(c) || is_high(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
take_byte(struct slice *rest, char byte)
{
	if (rest->len == 0 || rest->at[0] != byte)
		return false;
	*rest = slice_after(*rest, 1);
	return true;
}

/* Dot-string = Atom *("."  Atom) */
static bool
take_dot_string(struct slice *rest)
{
	do {
		size_t n = 0;

		while (n < rest->len && is_atext(rest->at[n]))
			n++;
		if (n == 0)
			return false;
		*rest = slice_after(*rest, n);
	} while (take_byte(rest, '.'));
	return true;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE */
static bool
take_quoted_string(struct slice *rest)
{
	if (!take_byte(rest, '"'))
		return false;
	while (rest->len > 0 && rest->at[0] != '"') {
		/* quoted-pairSMTP = %d92 %d32-126 */
		if (take_byte(rest, '\\') &&
		    (rest->len == 0 || is_high(rest->at[0])))
			return false;
		if (is_ascii_control(rest->at[0]))
			return false;
		*rest = slice_after(*rest, 1);
	}
	return take_byte(rest, '"');
}

/* Domain = sub-domain *("." sub-domain), and the U-labels of RFC 6531 */
static bool
take_domain(struct slice *rest)
{
	do {
		size_t n = 0;

		while (n < rest->len && (is_alnum(rest->at[n]) ||
		    is_high(rest->at[n]) || rest->at[n] == '-'))
			n++;
		if (n == 0 || rest->at[0] == '-' || rest->at[n - 1] == '-')
			return false;
		*rest = slice_after(*rest, n);
	} while (take_byte(rest, '.'));
	return true;
}

/*
 * An address literal with its brackets that is all of `s` (RFC 5321 4.1.3), as
 * inet_ntop writes it.  No tag but IPv6 has ever been registered.
 */
static bool
literal_read(struct slice s, char name_out[INET6_ADDRSTRLEN],
    bool *is_v6_out)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char name[INET6_ADDRSTRLEN];
	bool is_v6;
	int family;

	if (s.len < 2 || s.at[0] != '[' || s.at[s.len - 1] != ']')
		return false;
	s = slice_of(s.at + 1, s.len - 2);
	is_v6 = slice_has_prefix(s, "IPv6:");
	family = is_v6 ? AF_INET6 : AF_INET;
	if (is_v6)
		s = slice_after(s, strlen("IPv6:"));
	if (slice_cstr(s, name, sizeof(name)) < 0 ||
	    inet_pton(family, name, bytes) != 1)
		return false;
	if (inet_ntop(family, bytes, name_out, INET6_ADDRSTRLEN) == NULL)
		return false;
	*is_v6_out = is_v6;
	return true;
}

static bool
take_literal(struct slice *rest)
{
	size_t end = slice_find(*rest, ']');
	char name[INET6_ADDRSTRLEN];
	bool is_v6;

	if (end == SIZE_MAX ||
	    !literal_read(slice_first(*rest, end + 1), name, &is_v6))
		return false;
	*rest = slice_after(*rest, end + 1);
	return true;
}

/* A-d-l ":" with A-d-l = "@" Domain *("," "@" Domain) */
static bool
take_source_route(struct slice *rest)
{
	do {
		if (!take_byte(rest, '@') || !take_domain(rest))
			return false;
	} while (take_byte(rest, ','));
	return take_byte(rest, ':');
}

/* What lies between the old and the new `rest`. */
static struct slice
taken(struct slice before, struct slice after)
{
	return slice_first(before, before.len - after.len);
}

/* Mailbox = Local-part "@" ( Domain / address-literal ) */
static bool
take_mailbox(struct slice *rest, struct path *path)
{
	struct slice start = *rest, domain;

	path->quoted = rest->len > 0 && rest->at[0] == '"';
	if (path->quoted ? !take_quoted_string(rest) : !take_dot_string(rest))
		return false;
	path->local = taken(start, *rest);
	if (!take_byte(rest, '@'))
		return false;
	domain = *rest;
	path->literal = rest->len > 0 && rest->at[0] == '[';
	if (path->literal ? !take_literal(rest) : !take_domain(rest))
		return false;
	path->domain = taken(domain, *rest);
	path->address = taken(start, *rest);
	return true;
}

/* RFC 5321 4.5.3.1, and 63 octets to a label. */
static bool
is_too_long(const struct path *path)
{
	struct slice rest = path->domain, label;

	if (path->local.len > PATH_LOCAL_MAX ||
	    path->domain.len > PATH_DOMAIN_MAX ||
	    path->address.len > PATH_MAX_BYTES - 2)
		return true;
	while (slice_cut(&rest, '.', &label))
		if (label.len > LABEL_MAX)
			return true;
	return !path->literal && rest.len > LABEL_MAX;
}

/*
 * Bytes above ASCII need leave and must be UTF-8 without the controls that
 * Unicode has beyond ASCII's (U+0080 to U+009F).
 */
static int
high_bytes_judge(struct slice s, bool utf8)
{
	bool high = false;

	for (size_t i = 0; i < s.len; i++)
		high = high || is_high(s.at[i]);
	if (!high)
		return 0;
	if (!utf8)
		return -EILSEQ;
	for (size_t i = 1; i < s.len; i++)
		if ((unsigned char)s.at[i - 1] == 0xc2 &&
		    (unsigned char)s.at[i] < 0xa0)
			return -EINVAL;
	return slice_is_utf8(s) ? 0 : -EINVAL;
}

/* What stands between the angle brackets of a path. */
static bool
take_path_inside(struct slice *rest, enum path_kind kind, struct path *path)
{
	const size_t postmaster = strlen("Postmaster");

	if (kind == PATH_REVERSE && rest->len > 0 && rest->at[0] == '>') {
		path->address = slice_first(*rest, 0);
		return true;
	}
	/* RFC 5321 4.5.1: the one mailbox that needs no domain */
	if (kind == PATH_FORWARD && slice_has_prefix(*rest, "Postmaster>")) {
		path->local = slice_first(*rest, postmaster);
		path->address = path->local;
		*rest = slice_after(*rest, postmaster);
		return true;
	}
	if (rest->len > 0 && rest->at[0] == '@' && !take_source_route(rest))
		return false;
	return take_mailbox(rest, path);
}

int
path_parse(struct slice *rest, enum path_kind kind, bool utf8,
    struct path *path_out)
{
	struct path path = { 0 };
	struct slice s = *rest, whole;
	int r;

	if (!take_byte(&s, '<') || !take_path_inside(&s, kind, &path) ||
	    !take_byte(&s, '>'))
		return -EINVAL;
	whole = taken(*rest, s);
	r = high_bytes_judge(whole, utf8);
	if (r < 0)
		return r;
	if (whole.len > PATH_MAX_BYTES || is_too_long(&path))
		return -E2BIG;
	*path_out = path;
	*rest = s;
	return 0;
}

int
address_parse(struct slice s, bool utf8, struct path *path_out)
{
	struct path path = { 0 };
	int r;

	s = slice_trim(s);
	if (!take_mailbox(&s, &path) || s.len > 0)
		return -EINVAL;
	r = high_bytes_judge(path.address, utf8);
	if (r < 0)
		return r;
	if (is_too_long(&path))
		return -E2BIG;
	*path_out = path;
	return 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The local part's one form.  Its bytes, or -1 when it names nothing. */
static int
local_normal(struct slice local, char out[PATH_LOCAL_MAX])
{
	struct slice rest = local;
	int n = 0;
	bool quoted = local.len > 0 && local.at[0] == '"';

	if (local.len > PATH_LOCAL_MAX || (quoted ?
	    !take_quoted_string(&rest) : !take_dot_string(&rest)) ||
	    rest.len > 0)
		return -1;
	if (quoted)
		local = slice_of(local.at + 1, local.len - 2);
	for (size_t i = 0; i < local.len; i++) {
		if (quoted && local.at[i] == '\\')
			i++;
		out[n++] = lower(local.at[i]);
	}
	return n == 0 ? -1 : n;
}

/* A name in letters beyond ASCII as A-labels. */
static bool
domain_to_ascii(struct slice domain, char out[PATH_DOMAIN_MAX + 1])
{
	char name[PATH_DOMAIN_MAX + 1];
	uint8_t *ascii;
	bool fits;

	if (slice_cstr(domain, name, sizeof(name)) < 0 ||
	    idn2_lookup_u8((const uint8_t *)name, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	fits = slice_cstr(slice_str((const char *)ascii), out,
	    PATH_DOMAIN_MAX + 1) == 0;
	idn2_free(ascii);
	return fits;
}

/* The name of a host in lower-case A-labels. */
static bool
domain_normal(struct slice domain, char out[PATH_DOMAIN_MAX + 1])
{
	struct path path = { 0 };

	/* names in ASCII stand as they are: IDNA refuses some that exist */
	if (high_bytes_judge(domain, false) == 0 ?
	    slice_cstr(domain, out, PATH_DOMAIN_MAX + 1) < 0 :
	    !domain_to_ascii(domain, out))
		return false;
	for (char *c = out; *c != '\0'; c++)
		*c = lower(*c);
	/* IDNA's mapping makes dots and more out of other characters */
	path.domain = domain = slice_str(out);
	return slice_is_printable_ascii(domain) && take_domain(&domain) &&
	    domain.len == 0 && !is_too_long(&path);
}

/* The domain or address literal in its one form. */
static bool
host_normal(struct slice domain, struct text *host)
{
	char name[PATH_DOMAIN_MAX + 1];
	bool is_v6;

	if (domain.len > 0 && domain.at[0] == '[') {
		if (!literal_read(domain, name, &is_v6))
			return false;
		text_addf(host, "[%s%s]", is_v6 ? "ipv6:" : "", name);
		return true;
	}
	if (!domain_normal(domain, name))
		return false;
	text_add_str(host, name);
	return true;
}

/* The same of one that has no quotes any more. */
static int
local_meant(struct slice local, char out[PATH_LOCAL_MAX])
{
	if (local.len > PATH_LOCAL_MAX)
		return -1;
	for (size_t i = 0; i < local.len; i++) {
		if (is_ascii_control(local.at[i]))
			return -1;
		out[i] = lower(local.at[i]);
	}
	return local.len == 0 ? -1 : (int)local.len;
}

/* `len` is -1 when there is no name. */
static int
add_normal(struct text *text, const char *name, int len, struct slice domain)
{
	TEXT_AUTO whole = TEXT_INIT(PATH_LOCAL_MAX + PATH_DOMAIN_MAX + 1);

	if (len < 0 || high_bytes_judge(slice_of(name, (size_t)len),
	    true) < 0)
		return -EINVAL;
	text_add(&whole, slice_of(name, (size_t)len));
	text_add_byte(&whole, '@');
	if (!host_normal(domain, &whole))
		return -EINVAL;
	if (text_failed(&whole))
		return -ENOBUFS;
	text_add(text, text_slice(&whole));
	return text_failed(text) ? -ENOBUFS : 0;
}

int
address_normal(struct text *text, struct slice local, struct slice domain)
{
	char name[PATH_LOCAL_MAX];

	return add_normal(text, name, local_normal(local, name), domain);
}

int
address_meant(struct text *text, struct slice local, struct slice domain)
{
	char name[PATH_LOCAL_MAX];

	return add_normal(text, name, local_meant(local, name), domain);
}
