/*
 * rule_test.c - the tests in a rule file
 *
 * A table names them; a row's function reads what stands behind the name.
 */
#include <errno.h>
#include <string.h>

#include "filters/findings.h"
#include "filters/rule_inside.h"
#include "filters/rule_value.h"

static bool
read_flags(struct rule_reader *r, struct slice letters, unsigned *flags_out)
{
	static const char known[] = "imsx";
	unsigned flags = 0;

	for (size_t i = 0; i < letters.len; i++) {
		const char *at = letters.at[i] == '\0' ? NULL :
		    strchr(known, letters.at[i]);

		if (at == NULL)
			return rule_fault(r, r->token.line, "a pattern is "
			    "followed by i, m, s, x or a blank");
		/* PATTERN_ bits are in this order */
		flags |= 1u << (at - known);
	}
	*flags_out = flags;
	return true;
}

/* Compile the pattern that stands here and give it its number. */
static bool
read_pattern(struct rule_reader *r, struct rule_test *test)
{
	struct rules *rules = r->rules;
	struct prefilter_pattern *source = &r->sources[rules->pattern_count];
	TEXT_AUTO why = TEXT_INIT(512);
	int e;

	if (r->token.kind != RULE_TOKEN_PATTERN)
		return rule_token_fault(r, "is no pattern; write /.../");
	if (rules->pattern_count == RULE_PATTERNS_MOST)
		return rule_fault(r, r->token.line,
		    "there are more than %d patterns", RULE_PATTERNS_MOST);
	if (!read_flags(r, r->token.flags, &source->flags))
		return false;
	if (r->token.text.len == 0)
		return rule_fault(r, r->token.line, "the pattern is empty");
	e = pattern_new(r->token.text, source->flags,
	    &rules->patterns[rules->pattern_count], &why);
	if (e == -EINVAL)
		return rule_fault(r, r->token.line, "the pattern: %.*s",
		    SLICE_FMT(text_slice(&why)));
	if (e < 0)
		return rule_no_memory(r);
	test->pattern = rules->pattern_count++;
	if (!rule_keep(r, r->token.text, &source->source))
		return false;
	rule_next(r);
	return true;
}

static bool
is_pattern(const struct rule_reader *r)
{
	return r->token.kind == RULE_TOKEN_PATTERN;
}

/* A word that is not yet taken, or a fault that it is `wanted`. */
static bool
need_word(struct rule_reader *r, const char *wanted)
{
	return r->token.kind == RULE_TOKEN_WORD || rule_token_fault(r, wanted);
}

/* The word that stands here, if `is_it` says so; else the fault that it is not. */
static bool
read_name(struct rule_reader *r, bool (*is_it)(struct slice),
    const char *fault, struct rule_test *test)
{
	if (!need_word(r, fault))
		return false;
	if (!is_it(r->token.text))
		return rule_token_fault(r, fault);
	if (!rule_keep(r, r->token.text, &test->word))
		return false;
	rule_next(r);
	return true;
}

/* RFC 5322 3.6.8 */
static bool
is_field_name(struct slice s)
{
	return s.len > 0 && s.len <= RULE_NAME_MOST &&
	    slice_is_printable_ascii(s) && slice_find(s, ':') == SIZE_MAX &&
	    slice_find(s, ' ') == SIZE_MAX;
}

static bool
read_header(struct rule_reader *r, struct rule_test *test)
{
	if (!read_name(r, is_field_name, "is no name of a header field", test))
		return false;
	r->rules->kinds |= 1u << TEXTS_HEADER;
	if (!rule_takes(r, "exists"))
		return read_pattern(r, test);
	test->kind = RULE_HEADER_EXISTS;
	return true;
}

static bool
read_any_header(struct rule_reader *r, struct rule_test *test)
{
	r->rules->kinds |= 1u << TEXTS_HEADER;
	return read_pattern(r, test);
}

static bool
read_body(struct rule_reader *r, struct rule_test *test)
{
	r->rules->kinds |= 1u << TEXTS_BODY;
	return read_pattern(r, test);
}

/* RFC 2045 5.1: a token has none of these */
static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr("()<>@,;:\\\"[]/?= *", s.at[i]) != NULL)
			return false;
	return s.len > 0 && slice_is_printable_ascii(s);
}

/* TYPE/SUBTYPE, or any subtype of it */
static bool
is_type(struct slice s)
{
	struct slice type;

	return s.len <= RULE_NAME_MOST * 2 && slice_cut(&s, '/', &type) &&
	    is_token(type) && (is_token(s) || slice_is_str(s, "*"));
}

static bool
read_attachment(struct rule_reader *r, struct rule_test *test)
{
	bool is_real;

	if (rule_takes(r, "name")) {
		test->kind = RULE_ATTACHMENT_NAME;
		r->rules->kinds |= 1u << TEXTS_NAME;
		return read_pattern(r, test);
	}
	if (rule_takes(r, "inside")) {
		test->kind = RULE_ATTACHMENT_INSIDE;
		return read_pattern(r, test);
	}
	is_real = rule_takes(r, "real");
	if (!is_real && !rule_takes(r, "type"))
		return rule_token_fault(r,
		    "is none of \"name\", \"inside\", \"type\", \"real\"");
	r->rules->kinds |= 1u << (is_real ? TEXTS_REAL : TEXTS_TYPE);
	test->kind = is_real ? RULE_ATTACHMENT_REAL_LIKE :
	    RULE_ATTACHMENT_TYPE_LIKE;
	if (is_pattern(r))
		return read_pattern(r, test);
	test->kind = is_real ? RULE_ATTACHMENT_REAL : RULE_ATTACHMENT_TYPE;
	return read_name(r, is_type, "is no type; write application/pdf, "
	    "image/* or /.../", test);
}

static bool
read_address(struct rule_reader *r, struct rule_test *test)
{
	TEXT_AUTO normal = TEXT_INIT(1024);
	const char *why;

	if (is_pattern(r)) {
		test->kind = test->kind == RULE_SENDER ? RULE_SENDER_LIKE :
		    RULE_RECIPIENT_LIKE;
		return read_pattern(r, test);
	}
	if (!need_word(r, "is no address"))
		return false;
	why = rule_address_read(r->token.text, &normal, &test->whose);
	if (why != NULL)
		return rule_token_fault(r, why);
	if (!rule_keep(r, text_slice(&normal), &test->word))
		return false;
	rule_next(r);
	return true;
}

static bool
read_size(struct rule_reader *r, struct rule_test *test)
{
	const char *why;

	if (rule_takes(r, "<"))
		test->kind = RULE_SIZE_BELOW;
	else if (!rule_takes(r, ">"))
		return rule_token_fault(r, "is neither \">\" nor \"<\"");
	if (!need_word(r, "is no size"))
		return false;
	why = rule_size_read(r->token.text, &test->bytes);
	if (why != NULL)
		return rule_token_fault(r, why);
	rule_next(r);
	return true;
}

static bool
read_remote(struct rule_reader *r, struct rule_test *test)
{
	const char *why;

	if (!need_word(r, "is no net"))
		return false;
	why = rule_net_read(r->token.text, &test->net);
	if (why != NULL)
		return rule_token_fault(r, why);
	rule_next(r);
	return true;
}

static bool
read_source(struct rule_reader *r, struct rule_test *test)
{
	static const struct {
		const char		*word;
		enum envelope_source	 source;
	} sources[] = {
		{ "smtp", SOURCE_SMTP },
		{ "lmtp", SOURCE_LMTP },
		{ "fetch", SOURCE_FETCH },
		{ "upstream", SOURCE_UPSTREAM },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (rule_takes(r, sources[i].word)) {
			test->source = sources[i].source;
			return true;
		}
	return rule_token_fault(r, "is none of smtp, lmtp, fetch, upstream");
}

/* That there is such a list is seen where the configuration is known. */
static bool
read_listed(struct rule_reader *r, struct rule_test *test)
{
	return read_name(r, dns_list_is_name, "is no name of a list", test);
}

/* One of the words that this finding can be, below `count`. */
static bool
read_value(struct rule_reader *r, const struct findings_row *row,
    struct rule_test *test)
{
	TEXT_AUTO words = TEXT_INIT(512);

	for (test->value = 0; test->value < row->count; test->value++) {
		if (rule_takes(r, row->word(test->value)))
			return true;
		text_addf(&words, "%s%s", test->value == 0 ? "" : ", ",
		    row->word(test->value));
	}
	return text_failed(&words) ? rule_no_memory(r) :
	    rule_fault(r, r->token.line,
	    "behind \"%s\" stands one of %.*s", row->name,
	    SLICE_FMT(text_slice(&words)));
}

/* "scan virus": what a filter found.  False: it is no such test. */
static bool
takes_finding(struct rule_reader *r, struct rule_test *test,
    const struct findings_row **row_out)
{
	const struct findings_row *row;

	for (unsigned i = 0; (row = findings_row(i)) != NULL; i++)
		if (rule_takes(r, row->name)) {
			test->kind = RULE_FINDING;
			test->row = i;
			*row_out = row;
			return true;
		}
	return false;
}

/* "> 6.5", in hundredths. */
static bool
read_score(struct rule_reader *r, struct rule_test *test)
{
	if (rule_takes(r, "<"))
		test->kind = RULE_SCORE_BELOW;
	else if (!rule_takes(r, ">"))
		return rule_token_fault(r, "is neither \">\" nor \"<\"");
	if (!need_word(r, "is no score"))
		return false;
	if (!rule_score_read(r->token.text, &test->score))
		return rule_token_fault(r, "is no score; write 7 or 6.5");
	rule_next(r);
	return true;
}

static bool
is_symbol(struct slice s)
{
	return s.len <= RULE_NAME_MOST && is_token(s);
}

static bool
read_symbol(struct rule_reader *r, struct rule_test *test)
{
	return read_name(r, is_symbol, "is no symbol of rspamd's", test);
}

static const struct row {
	const char	*word;
	enum rule_kind	 kind;		/* unless the function knows better */
	bool		(*read)(struct rule_reader *, struct rule_test *);
} rows[] = {
	{ "header",	RULE_HEADER,		read_header },
	{ "any-header",	RULE_ANY_HEADER,	read_any_header },
	{ "body",	RULE_BODY,		read_body },
	{ "attachment",	RULE_ATTACHMENT_NAME,	read_attachment },
	{ "sender",	RULE_SENDER,		read_address },
	{ "recipient",	RULE_RECIPIENT,		read_address },
	{ "size",	RULE_SIZE_ABOVE,	read_size },
	{ "remote",	RULE_REMOTE,		read_remote },
	{ "source",	RULE_SOURCE,		read_source },
	{ "listed",	RULE_LISTED,		read_listed },
	{ "rspamd-score", RULE_SCORE_ABOVE,	read_score },
	{ "rspamd-symbol", RULE_SYMBOL,		read_symbol },
};

/* The tests between the braces of "any". */
static bool
read_any(struct rule_reader *r, struct rule_test *any, unsigned depth)
{
	struct rule_test **next = &any->inside;
	bool right = true;

	if (depth == RULE_NEST_MOST)
		return rule_fault(r, r->token.line,
		    "any in any is more than %d deep", RULE_NEST_MOST);
	while (r->token.kind == RULE_TOKEN_LINE)
		rule_next(r);
	if (r->token.kind != RULE_TOKEN_OPEN)
		return rule_token_fault(r, "is no \"{\"");
	rule_next(r);
	while (!r->no_memory) {
		if (r->token.kind == RULE_TOKEN_LINE ||
		    r->token.kind == RULE_TOKEN_SEMICOLON) {
			rule_next(r);
			continue;
		}
		if (r->token.kind == RULE_TOKEN_CLOSE ||
		    r->token.kind == RULE_TOKEN_END)
			break;
		if (rule_read_test(r, depth + 1, next) && rule_end(r)) {
			next = &(*next)->next;
			continue;
		}
		right = false;
		*next = NULL;
		rule_skip_statement(r);
	}
	if (r->token.kind == RULE_TOKEN_END)
		return rule_fault(r, any->line, "this any has no \"}\"");
	rule_next(r);
	if (right && any->inside == NULL)
		return rule_fault(r, any->line, "this any has no test in it");
	/* its faults are told; the rule goes on behind it */
	return true;
}

static bool
read_named(struct rule_reader *r, struct rule_test *test, unsigned depth)
{
	const struct findings_row *row;

	if (rule_takes(r, "any"))
		return read_any(r, test, depth);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rule_takes(r, rows[i].word)) {
			test->kind = rows[i].kind;
			return rows[i].read(r, test);
		}
	if (takes_finding(r, test, &row))
		return read_value(r, row, test);
	return rule_token_fault(r, "is no test, and neither \"do\" nor "
	    "\"stop\"");
}

bool
rule_read_test(struct rule_reader *r, unsigned depth,
    struct rule_test **test_out)
{
	struct rule_test *test = arena_alloc(r->rules->arena, sizeof(*test));

	if (test == NULL)
		return rule_no_memory(r);
	test->line = r->token.line;
	test->pattern = RULE_NO_PATTERN;
	if (++r->test_count == RULE_TESTS_MOST + 1)
		return rule_fault(r, test->line,
		    "this rule has more than %d tests", RULE_TESTS_MOST);
	test->negated = rule_takes(r, "not");
	if (!read_named(r, test, depth))
		return false;
	*test_out = test;
	return true;
}
