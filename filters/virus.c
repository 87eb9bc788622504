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

/* Actions as a set. */
#define MAY(action)	(1u << (action))
#define MAY_SUSPECT	(MAY(VERDICT_MARK) | MAY(VERDICT_HOLD) | \
			MAY(VERDICT_QUARANTINE) | MAY(VERDICT_REFUSE))

/*
 * Row for row the results: their words, how much they weigh against another
 * look at the same message, what may be done about them, and the reply when
 * that is to refuse.
 */
static const struct {
	const char	*word;		/* in a header line */
	const char	*test;		/* in a rule: one word */
	unsigned	 weight;
	unsigned	 may;
	const char	*sentence;	/* what stands before the words */
} results[SCAN_RESULTS] = {
	[SCAN_CLEAN] = { "clean", "clean", 0, MAY(VERDICT_ACCEPT), "" },
	[SCAN_VIRUS] = { "virus", "virus", 7,
	    MAY(VERDICT_QUARANTINE) | MAY(VERDICT_REFUSE),
	    "the message carries a virus" },
	/* another look might have found a virus: heavier than suspicion */
	[SCAN_NOT_SCANNED] = { "not scanned", "not-scanned", 6,
	    MAY(VERDICT_MARK) | MAY(VERDICT_HOLD) | MAY(VERDICT_DEFER),
	    "the message could not be scanned for viruses" },
	[SCAN_UNSCANNABLE] = { "unscannable", "unscannable", 5, MAY_SUSPECT,
	    "the virus scanner cannot read the message" },
	[SCAN_ENCRYPTED] = { "encrypted", "encrypted", 4, MAY_SUSPECT,
	    "the message has a part that cannot be looked into" },
	[SCAN_TOO_LONG] = { "too long", "too-long", 3, MAY_SUSPECT,
	    "the message takes too long to scan" },
	[SCAN_BROKEN] = { "broken", "broken", 2, MAY_SUSPECT,
	    "the message has a broken file in it" },
	[SCAN_TOO_MUCH] = { "too much", "too-much", 1, MAY_SUSPECT,
	    "the message is too much to scan to its end" },
};

const struct virus_policy virus_default_policy = { .action = {
	[SCAN_CLEAN] = VERDICT_ACCEPT,
	[SCAN_VIRUS] = VERDICT_QUARANTINE,
	[SCAN_ENCRYPTED] = VERDICT_HOLD,
	[SCAN_BROKEN] = VERDICT_HOLD,
	[SCAN_TOO_MUCH] = VERDICT_HOLD,
	[SCAN_TOO_LONG] = VERDICT_HOLD,
	[SCAN_UNSCANNABLE] = VERDICT_HOLD,
	[SCAN_NOT_SCANNED] = VERDICT_DEFER,
}, .macros = VERDICT_ACCEPT };

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

/* All its results as a set; empty when it is clean. */
static unsigned
results_of(const struct scan_answer *answer)
{
	return answer->result == SCAN_CLEAN ? 0 :
	    answer->also | 1u << answer->result;
}

void
scan_answer_add(struct scan_answer *into, const struct scan_answer *one)
{
	unsigned all = results_of(into) | results_of(one);

	if (results[one->result].weight > results[into->result].weight) {
		into->result = one->result;
		memcpy(into->name, one->name, sizeof(into->name));
		memcpy(into->words, one->words, sizeof(into->words));
	}
	into->also = all & ~(1u << into->result);
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
	pack_u16(text, (uint16_t)answer->also);
	pack_slice(text, slice_str(answer->name));
	pack_slice(text, slice_str(answer->words));
	packed_pack(text, &answer->packed);
}

const char *
scan_answer_unlisted(const struct scan_answer *answer)
{
	/* what is encrypted has its names outside, or `more` is told */
	const unsigned whole = 1u << SCAN_CLEAN | 1u << SCAN_ENCRYPTED;

	if (answer->result == SCAN_NOT_SCANNED)
		return "nobody has looked into its archives";
	if ((results_of(answer) & ~whole) != 0)
		return "its archives were not read to the end";
	return answer->packed.more ?
	    "its archives hold more names than are listed" : NULL;
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
	answer.also = unpack_u16(&u);
	words_unpack(&u, answer.name, sizeof(answer.name));
	words_unpack(&u, answer.words, sizeof(answer.words));
	packed_unpack(&u, &answer.packed);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* clean has nothing to explain; a virus without a name is none */
	if (answer.result == SCAN_CLEAN && (answer.also != 0 ||
	    answer.name[0] != '\0' || answer.words[0] != '\0'))
		return -EBADMSG;
	if (answer.also >> SCAN_RESULTS != 0 ||
	    (answer.also & (1u << SCAN_CLEAN | 1u << answer.result)) != 0)
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

uint64_t
scan_status_days(const struct scan_status *status, int64_t now_utc_s)
{
	return status->newest_utc_s > 0 && now_utc_s > status->newest_utc_s ?
	    (uint64_t)(now_utc_s - status->newest_utc_s) / DAY_S : 0;
}

void
scan_status_say(struct text *text, enum language language,
    const struct scan_status *status, int64_t now_utc_s, unsigned old_days)
{
	uint64_t days = scan_status_days(status, now_utc_s);

	switch (status->state) {
	case SCAN_OFF:
		text_say(text, language, SCAN_OFF);
		return;
	case SCAN_LOADING:
		text_say(text, language, SCAN_LOADING);
		return;
	case SCAN_READY:
		/* clamd does not say what it has */
		if (status->signatures == 0) {
			text_say(text, language, SCAN_CLAMD,
			    (unsigned long long)status->scanned,
			    (unsigned long long)status->failed);
			break;
		}
		text_say(text, language, SCAN_READY,
		    (unsigned long long)status->signatures,
		    (unsigned long long)days,
		    (unsigned long long)status->scanned,
		    (unsigned long long)status->failed);
		if (days >= old_days) {
			text_add_byte(text, ' ');
			text_say(text, language, SCAN_OLD, old_days);
		}
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
action_for(enum scan_result result, const struct virus_policy *policy)
{
	enum verdict_action action = policy->action[result];

	return (unsigned)action < VERDICT_ACTIONS &&
	    (results[result].may & MAY(action)) != 0 ? action :
	    virus_default_policy.action[result];
}

/* The result about which most is done; of several its heaviest. */
static enum scan_result
result_that_counts(const struct scan_answer *answer,
    const struct virus_policy *policy)
{
	enum scan_result counts = answer->result;
	unsigned all = results_of(answer);

	for (unsigned i = 0; i < SCAN_RESULTS; i++) {
		enum scan_result one = (enum scan_result)i;

		if ((all >> i & 1) != 0 &&
		    action_for(one, policy) > action_for(counts, policy))
			counts = one;
	}
	return counts;
}

static void
say_reason(struct verdict *verdict, enum verdict_action action,
    const char *sentence, const char *why)
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

	verdict_set(verdict, action, replies[action].code,
	    replies[action].status, "%s%s%s%s", sentence,
	    why[0] == '\0' ? "" : " (", why, why[0] == '\0' ? "" : ")");
}

/* Why its heaviest result holds. */
static const char *
why_of(const struct scan_answer *answer)
{
	return answer->name[0] != '\0' ? answer->name : answer->words;
}

/* The header line that tells all results. */
static void
add_line(struct verdict *verdict, const struct scan_answer *answer)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	text_addf(&value, "%s (%s)", results[answer->result].word,
	    why_of(answer));
	for (unsigned i = 0; i < SCAN_RESULTS; i++)
		if ((answer->also >> i & 1) != 0)
			text_addf(&value, ", %s", results[i].word);
	/* fits, and is printable: scan_answer_of() and _unpack() saw to it */
	(void)verdict_add_line(verdict, slice_str("X-Postroom-Virus"),
	    text_slice(&value));
}

/* A document with macros, where the postmaster wants to know of it. */
static void
judge_macros(const struct scan_answer *answer,
    const struct virus_policy *policy, struct verdict *verdict)
{
	bool may = (unsigned)policy->macros < VERDICT_ACTIONS &&
	    (MAY_SUSPECT & MAY(policy->macros)) != 0;
	struct verdict one;

	if (answer->packed.macros != PACKED_MACROS || !may)
		return;
	verdict_init(&one);
	say_reason(&one, policy->macros, "a document in it has macros", "");
	/* there is room: these are the first two lines */
	(void)verdict_add_line(&one, slice_str("X-Postroom-Macros"),
	    slice_str("found"));
	(void)verdict_combine(verdict, &one);
}

/* What the heaviest of its results asks for. */
static void
judge_results(const struct scan_answer *answer,
    const struct virus_policy *policy, struct verdict *verdict_out)
{
	enum scan_result counts;

	if (answer->result == SCAN_CLEAN)
		return;
	counts = result_that_counts(answer, policy);
	say_reason(verdict_out, action_for(counts, policy),
	    results[counts].sentence,
	    counts == answer->result ? why_of(answer) : "");
	add_line(verdict_out, answer);
}

void
virus_judge(const struct scan_answer *answer,
    const struct virus_policy *policy, struct verdict *verdict_out)
{
	verdict_init(verdict_out);
	judge_results(answer, policy, verdict_out);
	judge_macros(answer, policy, verdict_out);
}
