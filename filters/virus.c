/*
 * virus.c - what is asked of the scan role, what it answers, what follows
 *
 * The scan role has looked at hostile bytes with a large library: its answers
 * are read like a peer's.
 */
#include "filters/virus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_S	86400

/*
 * Row for row the results: their words, how much they weigh against another
 * look at the same message, and the reply when the policy is to refuse.
 */
static const struct {
	const char	*word;		/* in a header line */
	const char	*test;		/* in a rule: one word */
	unsigned	 weight;
	const char	*sentence;	/* what stands before the words */
} results[SCAN_RESULTS] = {
	[SCAN_CLEAN] = { "clean", "clean", 0, "" },
	[SCAN_VIRUS] = { "virus", "virus", 5,
	    "the message carries a virus" },
	/* another look might have found a virus: heavier than suspicion */
	[SCAN_NOT_SCANNED] = { "not scanned", "not-scanned", 4,
	    "the message could not be scanned for viruses" },
	[SCAN_ENCRYPTED] = { "encrypted", "encrypted", 3,
	    "the message has a part that cannot be looked into" },
	[SCAN_BROKEN] = { "broken", "broken", 2,
	    "the message has a broken program in it" },
	[SCAN_TOO_MUCH] = { "too much", "too-much", 1,
	    "the message is too much to scan to its end" },
};

const struct virus_policy virus_default_policy = {
	.virus = VERDICT_QUARANTINE,
	.suspect = VERDICT_HOLD,
	.not_scanned = VERDICT_DEFER,
};

/* What may stand where in a policy. */
#define MAY(action)	(1u << (action))

static const struct {
	unsigned	virus, suspect, not_scanned;
} may = {
	.virus = MAY(VERDICT_QUARANTINE) | MAY(VERDICT_REFUSE),
	.suspect = MAY(VERDICT_MARK) | MAY(VERDICT_HOLD) |
	    MAY(VERDICT_QUARANTINE) | MAY(VERDICT_REFUSE),
	.not_scanned = MAY(VERDICT_MARK) | MAY(VERDICT_HOLD) |
	    MAY(VERDICT_DEFER),
};

static void
make_printable(char *s)
{
	for (; *s != '\0'; s++)
		if (!slice_is_printable_ascii(slice_of(s, 1)))
			*s = '?';
}

struct scan_answer
scan_answer_of(enum scan_result result, const char *name, const char *format,
    ...)
{
	struct scan_answer answer = { .result = result };
	va_list args;

	(void)snprintf(answer.name, sizeof(answer.name), "%s", name);
	va_start(args, format);
	(void)vsnprintf(answer.words, sizeof(answer.words), format, args);
	va_end(args);
	make_printable(answer.name);
	make_printable(answer.words);
	return answer;
}

const struct scan_answer *
scan_answer_worse(const struct scan_answer *a, const struct scan_answer *b)
{
	return results[b->result].weight > results[a->result].weight ? b : a;
}

const char *
scan_result_word(enum scan_result result)
{
	return results[result].test;
}

void
scan_answer_pack(struct text *text, const struct scan_answer *answer)
{
	pack_u8(text, (uint8_t)answer->result);
	pack_slice(text, slice_str(answer->name));
	pack_slice(text, slice_str(answer->words));
}

/* Printable ASCII into a buffer, or spoil the reader. */
static void
words_unpack(struct unpack *u, char *buffer, size_t size)
{
	struct slice s = unpack_slice(u);

	if (!slice_is_printable_ascii(s) || slice_cstr(s, buffer, size) < 0)
		u->bad = true;
}

int
scan_answer_unpack(struct slice packed, struct scan_answer *answer_out)
{
	struct unpack u = unpack_of(packed);
	struct scan_answer answer = { 0 };

	answer.result = unpack_enum(&u, SCAN_RESULTS);
	words_unpack(&u, answer.name, sizeof(answer.name));
	words_unpack(&u, answer.words, sizeof(answer.words));
	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* clean has nothing to explain; a virus without a name is none */
	if (answer.result == SCAN_CLEAN &&
	    (answer.name[0] != '\0' || answer.words[0] != '\0'))
		return -EBADMSG;
	if (answer.result == SCAN_VIRUS && answer.name[0] == '\0')
		return -EBADMSG;
	*answer_out = answer;
	return 0;
}

void
scan_status_pack(struct text *text, const struct scan_status *status)
{
	pack_u8(text, (uint8_t)status->state);
	pack_u64(text, status->signatures);
	pack_i64(text, status->newest_utc_s);
	pack_u64(text, status->workers);
	pack_u64(text, status->scanned);
	pack_u64(text, status->failed);
	pack_slice(text, slice_str(status->words));
}

int
scan_status_unpack(struct slice packed, struct scan_status *status_out)
{
	struct unpack u = unpack_of(packed);
	struct scan_status status = { 0 };

	status.state = unpack_enum(&u, SCAN_STATES);
	status.signatures = unpack_u64(&u);
	status.newest_utc_s = unpack_i64(&u);
	status.workers = unpack_u64(&u);
	status.scanned = unpack_u64(&u);
	status.failed = unpack_u64(&u);
	words_unpack(&u, status.words, sizeof(status.words));
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*status_out = status;
	return 0;
}

void
scan_status_say(struct text *text, enum language language,
    const struct scan_status *status, int64_t now_utc_s)
{
	int64_t age_s = now_utc_s > status->newest_utc_s ?
	    now_utc_s - status->newest_utc_s : 0;

	switch (status->state) {
	case SCAN_OFF:
		text_say(text, language, SCAN_OFF);
		return;
	case SCAN_LOADING:
		text_say(text, language, SCAN_LOADING);
		return;
	case SCAN_READY:
		text_say(text, language, SCAN_READY,
		    (unsigned long long)status->signatures,
		    (unsigned long long)(age_s / DAY_S),
		    (unsigned long long)status->scanned,
		    (unsigned long long)status->failed);
		break;
	case SCAN_NO_SIGNATURES:
		text_say(text, language, SCAN_NONE);
		break;
	case SCAN_STATES:
		return;
	}
	if (status->words[0] != '\0') {
		text_add_byte(text, ' ');
		text_say(text, language, SCAN_FAULT, status->words);
	}
}

/* What the policy says, or its default where that may not stand. */
static enum verdict_action
allowed(enum verdict_action action, enum verdict_action otherwise,
    unsigned allowed_bits)
{
	return (unsigned)action < VERDICT_ACTIONS &&
	    (allowed_bits & MAY(action)) != 0 ? action : otherwise;
}

static enum verdict_action
action_for(enum scan_result result, const struct virus_policy *policy)
{
	switch (result) {
	case SCAN_CLEAN:
		return VERDICT_ACCEPT;
	case SCAN_VIRUS:
		return allowed(policy->virus, virus_default_policy.virus,
		    may.virus);
	case SCAN_ENCRYPTED:
	case SCAN_BROKEN:
	case SCAN_TOO_MUCH:
		return allowed(policy->suspect, virus_default_policy.suspect,
		    may.suspect);
	case SCAN_NOT_SCANNED:
	case SCAN_RESULTS:
		break;
	}
	return allowed(policy->not_scanned, virus_default_policy.not_scanned,
	    may.not_scanned);
}

static void
say_reason(struct verdict *verdict, enum verdict_action action,
    const struct scan_answer *answer)
{
	static const struct {
		unsigned	 code;
		const char	*status;	/* RFC 3463 3.8: security */
	} replies[VERDICT_ACTIONS] = {
		[VERDICT_ACCEPT] = { 250, "2.0.0" },
		[VERDICT_MARK] = { 250, "2.0.0" },
		[VERDICT_HOLD] = { 250, "2.0.0" },
		[VERDICT_QUARANTINE] = { 250, "2.0.0" },
		[VERDICT_DEFER] = { 451, "4.7.1" },
		[VERDICT_REFUSE] = { 554, "5.7.1" },
	};
	const char *why = answer->name[0] != '\0' ? answer->name :
	    answer->words;

	verdict_set(verdict, action, replies[action].code,
	    replies[action].status, "%s%s%s%s",
	    results[answer->result].sentence, why[0] == '\0' ? "" : " (", why,
	    why[0] == '\0' ? "" : ")");
}

void
virus_judge(const struct scan_answer *answer,
    const struct virus_policy *policy, struct verdict *verdict_out)
{
	char value[VERDICT_VALUE_MAX + 1];
	const char *why;

	verdict_init(verdict_out);
	if (answer->result == SCAN_CLEAN)
		return;
	say_reason(verdict_out, action_for(answer->result, policy), answer);
	why = answer->name[0] != '\0' ? answer->name : answer->words;
	(void)snprintf(value, sizeof(value), "%s (%s)",
	    results[answer->result].word, why);
	/* fits, and is printable: scan_answer_of() and _unpack() saw to it */
	(void)verdict_add_line(verdict_out, slice_str("X-Postroom-Virus"),
	    slice_str(value));
}
