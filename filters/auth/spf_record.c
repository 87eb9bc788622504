/*
 * spf_record.c - what an SPF record says
 *
 * A table names the mechanisms and says what may stand behind each.
 */
#include "filters/auth/spf_record.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "filters/auth/spf_macro.h"

enum argument { NO, MAY, MUST };

static const struct row {
	const char	*word;
	enum spf_kind	 kind;
	enum argument	 domain;	/* ":" and a domain-spec */
	bool		 has_bits;	/* "/24//64" */
} rows[] = {
	{ "all",	SPF_ALL,	NO,	false },
	{ "include",	SPF_INCLUDE,	MUST,	false },
	{ "a",		SPF_A,		MAY,	true },
	{ "mx",		SPF_MX,		MAY,	true },
	{ "ptr",	SPF_PTR,	MAY,	false },
	{ "ip4",	SPF_IP4,	MUST,	false },
	{ "ip6",	SPF_IP6,	MUST,	false },
	{ "exists",	SPF_EXISTS,	MUST,	false },
};

bool
spf_is_record(struct slice text)
{
	return slice_is_word(slice_first(text, 6), "v=spf1") &&
	    (text.len == 6 || text.at[6] == ' ');
}

/* "24": no sign, no zero before another digit. */
static bool
read_bits(struct slice s, unsigned most, unsigned *bits_out)
{
	uint64_t bits;

	if (slice_u64(s, most, &bits) < 0 || (s.len > 1 && s.at[0] == '0'))
		return false;
	*bits_out = (unsigned)bits;
	return true;
}

static bool
is_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)s.at[i]))
			return false;
	return s.len > 0;
}

/*
 * Cut "/24", "//64" or both off the end.  A slash before anything but digits
 * belongs to the domain.
 */
static bool
cut_bits(struct slice *s, unsigned bits[2])
{
	for (int six = 1; six >= 0; six--) {
		size_t slash = slice_find_last(*s, '/');
		bool is_double = slash != SIZE_MAX && slash > 0 &&
		    s->at[slash - 1] == '/';

		if (slash == SIZE_MAX || is_double != (six == 1) ||
		    !is_digits(slice_after(*s, slash + 1)))
			continue;
		if (!read_bits(slice_after(*s, slash + 1), six ? 128 : 32,
		    &bits[six]))
			return false;
		*s = slice_first(*s, slash - is_double);
	}
	return true;
}

static bool
read_network(struct slice s, int family, unsigned most, struct spf_term *term)
{
	unsigned *bits = &term->bits[family == AF_INET6];
	char text[INET6_ADDRSTRLEN];
	struct slice address;

	if (slice_cut(&s, '/', &address)) {
		if (!read_bits(s, most, bits))
			return false;
	} else {
		address = s;
	}
	return slice_cstr(address, text, sizeof(text)) == 0 &&
	    inet_pton(family, text, term->address) == 1;
}

/* What stands behind the name; *rest is all of it. */
static bool
read_arguments(const struct row *row, struct slice rest, struct spf_term *term)
{
	if (row->has_bits && !cut_bits(&rest, term->bits))
		return false;
	if (rest.len == 0)
		return row->domain != MUST;
	if (row->domain == NO || rest.at[0] != ':')
		return false;
	rest = slice_after(rest, 1);
	if (row->kind == SPF_IP4)
		return read_network(rest, AF_INET, 32, term);
	if (row->kind == SPF_IP6)
		return read_network(rest, AF_INET6, 128, term);
	term->domain = rest;
	return spf_macro_is_domain(rest);
}

static enum spf_result
take_qualifier(struct slice *s)
{
	static const struct {
		char		sign;
		enum spf_result	result;
	} signs[] = {
		{ '+', SPF_PASS }, { '-', SPF_FAIL }, { '~', SPF_SOFTFAIL },
		{ '?', SPF_NEUTRAL },
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (s->len > 0 && s->at[0] == signs[i].sign) {
			*s = slice_after(*s, 1);
			return signs[i].result;
		}
	return SPF_PASS;
}

static bool
read_mechanism(struct slice s, struct spf_term *term_out)
{
	struct spf_term term = { .bits = { 32, 128 } };
	struct slice name;
	size_t len = 0;

	term.result = take_qualifier(&s);
	while (len < s.len && s.at[len] != ':' && s.at[len] != '/')
		len++;
	name = slice_first(s, len);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (slice_is_word(name, rows[i].word)) {
			term.kind = rows[i].kind;
			*term_out = term;
			return read_arguments(&rows[i], slice_after(s, len),
			    term_out);
		}
	return false;
}

/* name "=": how long the name is; 0: it is no modifier. */
static size_t
modifier_name(struct slice s)
{
	size_t len = 0;

	while (len < s.len && (isalnum((unsigned char)s.at[len]) ||
	    (len > 0 && (s.at[len] == '-' || s.at[len] == '_' ||
	    s.at[len] == '.'))))
		len++;
	return len > 0 && len < s.len && s.at[len] == '=' &&
	    isalpha((unsigned char)s.at[0]) ? len : 0;
}

static bool
read_modifier(struct slice name, struct slice value,
    struct spf_record *record)
{
	struct slice *place = slice_is_word(name, "redirect") ?
	    &record->redirect : slice_is_word(name, "exp") ?
	    &record->explanation : NULL;

	if (place == NULL)
		return spf_macro_is_string(value, false);
	/* 6: each at most once; without a domain it is none */
	if (place->len > 0 || !spf_macro_is_domain(value))
		return false;
	*place = value;
	return true;
}

const char *
spf_record_read(struct slice text, struct spf_term *terms,
    struct spf_record *record_out)
{
	struct spf_record record = { .terms = terms };
	struct slice rest = slice_after(text, 6);	/* the version */

	if (text.len > SPF_RECORD_BYTES)
		return "the record is too long";
	while (rest.len > 0) {
		struct slice one;
		size_t len;

		if (!slice_cut(&rest, ' ', &one)) {
			one = rest;
			rest = slice_after(rest, rest.len);
		}
		if (one.len == 0)
			continue;
		len = modifier_name(one);
		if (len > 0) {
			if (!read_modifier(slice_first(one, len),
			    slice_after(one, len + 1), &record))
				return "a modifier of the record is wrong";
			continue;
		}
		if (record.count == SPF_TERMS)
			return "the record has too many terms";
		if (!read_mechanism(one, &terms[record.count++]))
			return "a mechanism of the record is wrong";
	}
	*record_out = record;
	return NULL;
}
