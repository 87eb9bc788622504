/*
 * traced.c - what the lines on top of a letter still say of how it came
 *
 * Nothing is guessed.  A line that results_judge() writes leaves out what there
 * is no room for, so in a long one what is missing is not known.
 */
#include "queue/traced.h"

#include <string.h>

#include "filters/verdict.h"
#include "lib/message/header.h"

/* A method and its property take less: what is missing was not left out. */
#define METHOD_MOST	300

static const struct findings_row *
find_row(const char *name, unsigned *number_out)
{
	const struct findings_row *row;

	for (unsigned i = 0; (row = findings_row(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0) {
			*number_out = i;
			return row;
		}
	return NULL;
}

/* The bit of that word in the row, or 0. */
static uint32_t
bit_of(const struct findings_row *row, struct slice word)
{
	for (unsigned value = 0; value < row->count; value++)
		if (slice_is_str(word, row->word(value)))
			return UINT32_C(1) << value;
	return 0;
}

void
traced_set(uint32_t may[TRACED_ROWS], const char *name, struct slice word)
{
	unsigned number = 0;
	const struct findings_row *row = find_row(name, &number);
	uint32_t bit = row == NULL ? 0 : bit_of(row, word);

	if (bit != 0)
		may[number] = bit;
}

/* Authentication-Results */

/* Cut at the next `byte` outside of quotes, or take the rest. */
static bool
cut_outside(struct slice *rest, char byte, struct slice *head_out)
{
	bool is_quoted = false;
	size_t n = 0;

	if (rest->len == 0)
		return false;
	for (; n < rest->len && (is_quoted || rest->at[n] != byte); n++)
		is_quoted ^= rest->at[n] == '"';
	*head_out = slice_first(*rest, n);
	*rest = slice_after(*rest, n < rest->len ? n + 1 : n);
	return true;
}

/* "spf=pass smtp.mailfrom=a.test" */
struct method {
	struct slice	name, result;
	struct slice	properties;
};

static bool
next_method(struct slice *rest, struct method *method_out)
{
	struct slice one, first;

	while (cut_outside(rest, ';', &one)) {
		one = slice_trim(one);
		if (!cut_outside(&one, ' ', &first) ||
		    !slice_cut(&first, '=', &method_out->name))
			continue;
		method_out->result = first;
		method_out->properties = one;
		return true;
	}
	return false;
}

/* The value of a property, or the empty slice. */
static struct slice
property(struct slice rest, const char *name)
{
	struct slice one, key;

	while (cut_outside(&rest, ' ', &one))
		if (slice_cut(&one, '=', &key) && slice_is_str(key, name))
			return one;
	return slice_of(NULL, 0);
}

/* What a row of results may be, while its line is read. */
struct results {
	uint32_t	*may;
	unsigned	 spf;		/* of those: sender, HELO name */
	unsigned	 signatures;
	uint32_t	 dkim;		/* what they came to */
	bool		 is_signed;	/* one passes */
	bool		 has_dmarc, has_arc, has_iprev;
};

static void
read_dmarc(struct results *results, const struct method *method)
{
	struct slice policy = property(method->properties, "policy.dmarc");

	results->has_dmarc = true;
	traced_set(results->may, "dmarc", method->result);
	if (policy.len > 0)
		traced_set(results->may, "dmarc-policy", policy);
}

static void
read_signature(struct results *results, struct slice result)
{
	unsigned number = 0;
	const struct findings_row *row = find_row("dkim", &number);

	results->signatures++;
	results->is_signed |= slice_is_str(result, "pass");
	if (row != NULL)
		results->dkim |= bit_of(row, result);
}

static void
read_method(struct results *results, const struct method *method)
{
	if (slice_is_str(method->name, "spf")) {
		traced_set(results->may, results->spf++ == 0 ? "spf" :
		    "spf-helo", method->result);
	} else if (slice_is_str(method->name, "iprev")) {
		results->has_iprev = true;
		traced_set(results->may, "iprev", method->result);
	} else if (slice_is_str(method->name, "arc")) {
		results->has_arc = true;
		traced_set(results->may, "arc", method->result);
	} else if (slice_is_str(method->name, "dmarc")) {
		read_dmarc(results, method);
	} else if (slice_is_str(method->name, "dkim")) {
		read_signature(results, method->result);
	}
}

/* The best of them counts, those that pass are told first, four at most. */
static void
end_signatures(const struct results *results)
{
	unsigned number = 0;

	if (find_row("dkim", &number) == NULL || results->signatures == 0)
		return;
	if (results->is_signed)
		traced_set(results->may, "dkim", slice_str("pass"));
	else if (results->signatures < ORIGIN_SIGNATURES)
		results->may[number] = results->dkim;
	else
		results->may[number] &= ~(UINT32_C(1) << ORIGIN_PASS);
}

/* What is not in a line with room for it was nothing to be told. */
static void
end_missing(const struct results *results)
{
	static const char *const names[] = { "spf", "spf-helo" };
	const struct slice none = SLICE("none");

	for (unsigned i = results->spf; i < 2; i++)
		traced_set(results->may, names[i], none);
	if (!results->has_iprev)
		traced_set(results->may, "iprev", none);
	if (!results->has_arc)
		traced_set(results->may, "arc", none);
	if (!results->has_dmarc)
		traced_set(results->may, "dmarc", none);
}

/* A policy that nobody published is not in the line. */
static void
end_policy(const struct results *results)
{
	unsigned number = 0;

	if (find_row("dmarc-policy", &number) != NULL &&
	    results->may[number] == UINT32_MAX)
		results->may[number] = UINT32_C(1) << DMARC_UNSAID;
}

static void
read_results(struct slice lines, const char *hostname, uint32_t *may)
{
	struct results results = { .may = may };
	struct header_field field;
	struct slice rest, host;
	struct method method;

	if (!header_find(lines, VERDICT_RESULTS, &field))
		return;
	rest = slice_trim(field.value);
	if (!cut_outside(&rest, ';', &host) ||
	    !slice_is_str(slice_trim(host), hostname))
		return;
	while (next_method(&rest, &method))
		read_method(&results, &method);
	end_signatures(&results);
	if (field.value.len > VERDICT_VALUE_MAX - METHOD_MOST)
		return;
	end_missing(&results);
	end_policy(&results);
}

/* The scanner */

/* "too much (Heuristics.Limits)": the word of a line, as a rule has it. */
static void
read_virus(struct slice lines, uint32_t *may)
{
	TEXT_AUTO word = TEXT_INIT(VERDICT_VALUE_MAX);
	struct header_field field;
	struct slice value, said;
	unsigned number = 0;

	if (find_row("scan", &number) == NULL)
		return;
	if (!header_find(lines, "X-Postroom-Virus", &field)) {
		/* whatever else was found has a line */
		may[number] = UINT32_C(1) << SCAN_CLEAN |
		    UINT32_C(1) << SCAN_NOT_SCANNED;
		return;
	}
	value = field.value;
	if (!slice_cut(&value, '(', &said))
		return;
	said = slice_trim(said);
	for (size_t i = 0; i < said.len; i++)
		text_add_byte(&word, said.at[i] == ' ' ? '-' : said.at[i]);
	if (!text_failed(&word))
		traced_set(may, "scan", text_slice(&word));
}

void
traced_findings(struct slice lines, const char *hostname,
    uint32_t may_out[TRACED_ROWS])
{
	struct header_field field;

	for (unsigned i = 0; i < TRACED_ROWS; i++)
		may_out[i] = UINT32_MAX;
	read_results(lines, hostname, may_out);
	read_virus(lines, may_out);
	/* without a line nobody may have asked for them */
	if (header_find(lines, "X-Postroom-Macros", &field))
		traced_set(may_out, "macro", slice_trim(field.value));
}

/* The envelope */

static struct slice
cut_word(struct slice *rest)
{
	struct slice word;

	return slice_word(rest, &word) ? slice_trim(word) : slice_of(NULL, 0);
}

/* "([192.0.2.1])", "([IPv6:2001:db8::1])" */
static bool
read_peer(struct slice word, struct slice *peer_out)
{
	if (!slice_has_prefix(word, "([") || !slice_has_suffix(word, "])"))
		return false;
	word = slice_first(slice_after(word, 2), word.len - 4);
	if (slice_has_prefix(word, "IPv6:"))
		word = slice_after(word, 5);
	*peer_out = word;
	return true;
}

/* "unknown" is written for no name, and "?" for what no name has in it. */
static struct slice
name_said(struct slice word)
{
	return slice_is_str(word, "unknown") ||
	    slice_find(word, '?') != SIZE_MAX ? slice_of(NULL, 0) : word;
}

/* RFC 3848, as stamp.c has it: "ESMTPSA", "UTF8LMTP", "POP3S". */
static bool
read_protocol(struct slice word, struct traced *traced)
{
	if (slice_has_prefix(word, "UTF8"))
		word = slice_after(word, 4);
	if (slice_has_prefix(word, "POP3") || slice_has_prefix(word, "IMAP")) {
		traced->source = SOURCE_FETCH;
		return true;
	}
	if (slice_has_prefix(word, "E"))
		word = slice_after(word, 1);
	traced->source = slice_has_prefix(word, "LMTP") ? SOURCE_LMTP :
	    SOURCE_SMTP;
	if (traced->source != SOURCE_LMTP && !slice_has_prefix(word, "SMTP"))
		return false;
	if (slice_has_suffix(word, "A"))
		traced->login = (struct slice)SLICE("?");
	return true;
}

/* As add_received() in stamp.c writes it. */
static bool
read_received(struct slice value, const char *hostname, struct traced *traced)
{
	struct slice word = cut_word(&value);
	bool is_own = slice_is_str(word, "by");

	traced->source = SOURCE_OWN;
	if (slice_is_str(word, "from")) {
		traced->helo = name_said(cut_word(&value));
		if (!read_peer(cut_word(&value), &traced->peer))
			return false;
		word = cut_word(&value);
	}
	if (!slice_is_str(word, "by") ||
	    !slice_is_str(cut_word(&value), hostname) ||
	    !slice_is_str(cut_word(&value), "(Postroom)"))
		return false;
	return is_own || (slice_is_str(cut_word(&value), "with") &&
	    read_protocol(cut_word(&value), traced));
}

bool
traced_read(struct slice lines, const char *hostname,
    struct traced *traced_out)
{
	struct traced traced = { .source = SOURCE_OWN };
	struct header_field field;
	struct slice path;

	if (!header_find(lines, "Return-Path", &field))
		return false;
	path = slice_trim(field.value);
	if (!slice_has_prefix(path, "<") || !slice_has_suffix(path, ">"))
		return false;
	traced.sender = slice_first(slice_after(path, 1), path.len - 2);
	if (!header_find(lines, "Delivered-To", &field))
		return false;
	traced.recipient = slice_trim(field.value);
	if (!header_find(lines, "Received", &field) ||
	    !read_received(field.value, hostname, &traced))
		return false;
	*traced_out = traced;
	return true;
}
