/*
 * before_fuzz.c - any rules and any header: what is done before a download, and
 * a note that can be read
 *
 * The input is rules in their text form, an empty line, and a header.  Rules
 * that are read are written and read back the same; what they say of the
 * header is the same too.
 */
#include <assert.h>
#include <errno.h>

#include "fetch/note.h"
#include "lib/message/header.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW_MS	1795000000000

static void
check_note(struct slice header, const struct before_rule *rule)
{
	static const unsigned char digest[DIGEST_BYTES] = { 0xab };
	const struct note_of of = {
		.language = LANGUAGE_EN, .header = header, .bytes = 12345,
		.header_digest = digest, .to = SLICE("ann@office.test"),
		.rule = rule, .now_utc_ms = NOW_MS,
		.is_placed = rule->action == BEFORE_PLACEHOLDER
	};
	struct slice rest, line;
	struct note *note;

	assert(note_new(&of, &note) == 0);
	assert(note_end(note, false) == 0);
	rest = text_slice(&note->bytes);
	assert(rest.len <= NOTE_MOST && slice_is_utf8(rest));
	while (rest.len > 0) {
		assert(slice_cut(&rest, '\n', &line));
		/* RFC 5322 2.1.1 */
		assert(line.len > 0 && line.len <= 999);
		for (size_t i = 0; i + 1 < line.len; i++)
			assert((unsigned char)line.at[i] >= 0x20 &&
			    line.at[i] != 0x7f);
		assert(line.at[line.len - 1] == '\r');
	}
	note_free(note);
}

static void
check_rules(struct before_rules *rules, struct slice header)
{
	ARENA_AUTO arena = arena_new(BEFORE_ARENA);
	TEXT_AUTO one = TEXT_INIT(BEFORE_TEXT_MOST);
	TEXT_AUTO two = TEXT_INIT(BEFORE_TEXT_MOST);
	struct before_message message = { .bytes = 12345, .has_header = true,
	    .header = header, .now_utc_s = NOW_MS / 1000 };
	const struct before_rule *rule, *other;
	enum before_action action, others;
	struct before_rules again;
	struct before_fault fault;

	assert(before_rules_judge(rules, &message, &action, &rule) ==
	    BEFORE_DECIDED);
	if (rule != NULL && header.len > 0)
		check_note(header, rule);
	before_rules_write(&one, rules);
	if (text_failed(&one))	/* longer than it was typed */
		return;
	assert(before_rules_read(arena, text_slice(&one), &again,
	    &fault) == 0);
	before_rules_write(&two, &again);
	assert(slice_is(text_slice(&one), text_slice(&two)));
	assert(before_rules_judge(&again, &message, &others, &other) ==
	    BEFORE_DECIDED);
	assert(others == action);
	assert(rule == NULL ? other == NULL :
	    other - again.rules == rule - rules->rules);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(BEFORE_ARENA);
	struct slice input = slice_of(bytes, len);
	size_t at = slice_find_str(input, "\n\n");
	struct slice form = slice_first(input, at == SIZE_MAX ? len : at + 1);
	struct slice header = slice_after(input, at == SIZE_MAX ? len : at + 2);
	struct before_rules rules;
	struct before_fault fault;
	static bool is_open;
	int r;

	if (!is_open)
		is_open = words_open() == 0;
	if (arena == NULL)
		return 0;
	r = before_rules_read(arena, form, &rules, &fault);
	assert(r == 0 || r == -EINVAL || r == -ENOBUFS);
	if (r == 0) {
		assert(rules.rule_count <= BEFORE_RULES_MOST);
		check_rules(&rules, header);
	} else if (r == -EINVAL) {
		assert(fault.line <= form.len + 1);
	}
	return 0;
}
