/*
 * judge.c - one message past every filter
 *
 * Filters find, and their verdicts are combined in one place; the rules come
 * last and see everything.
 */
#include "filters/judge.h"

#include <errno.h>
#include <string.h>

#include "filters/auth/results.h"
#include "filters/forged.h"
#include "filters/held_words.h"
#include "filters/hops.h"
#include "filters/mending.h"
#include "filters/rule_judge.h"
#include "filters/sender.h"
#include "filters/structure.h"
#include "filters/trusted_hop.h"
#include "filters/written.h"

#define RULES_BUDGET	(32u << 20)	/* bytes: decoded texts of a message */

/* It may be released, so whoever judges after this one has to see it. */
static void
hold_instead(struct verdict *verdict)
{
	char reason[VERDICT_REASON_MAX + 1];

	memcpy(reason, verdict->reason, sizeof(reason));
	verdict_set(verdict, VERDICT_HOLD, 250, "2.0.0", "%s", reason);
}

void
judge_add(struct verdict *verdict, struct verdict *one,
    enum envelope_source source)
{
	if (one->action == VERDICT_REFUSE && envelope_is_taken_on(source))
		hold_instead(one);
	/* lines that do not fit are left out: there are enough to say why */
	(void)verdict_combine(verdict, one);
}

/*
 * The postmaster's rules are for what others send.  A rule against forged
 * notices, or against mail without a sender, would keep from people what the hub
 * has to tell them, and nobody would be there to notice.
 */
static const struct rules *
rules_for(enum envelope_source source, const struct judge_options *options)
{
	return source == SOURCE_OWN ? NULL : options->rules;
}

/* In whose name it is sent: whose that is will be asked. */
static void
find_sender(struct judging *judging)
{
	struct verdict one;

	if (!sender_concerns(&judging->envelope))
		return;
	if (sender_find(judging->message, &judging->sender) < 0) {
		verdict_init(&one);
		verdict_set(&one, VERDICT_DEFER, 451, "4.3.0",
		    "the message could not be judged now");
		judge_add(&judging->verdict, &one, judging->envelope.source);
		return;
	}
	/* what a device leaves out is added (mending.h) */
	if (judging->envelope.trust == TRUST_DEVICE)
		sender_assume(&judging->sender, judging->envelope.sender);
	if (judging->sender.fault == NULL)
		return;
	sender_judge(&judging->sender, NULL, judging->envelope.login, &one);
	judge_add(&judging->verdict, &one, judging->envelope.source);
}

/* A Bcc that cannot be cut out must not be sent. */
static void
mend(struct judging *judging, const char *host)
{
	struct edits both = judging->verdict.edits;
	struct verdict one;

	mending_judge(judging->message, &judging->envelope, host, &one);
	if (edits_add_all(&both, &one.edits) < 0) {
		one.edits = (struct edits){ .count = 0 };
		verdict_set(&one, VERDICT_REFUSE, 554, "5.6.0",
		    "its header cannot be made ready to be sent");
	}
	judge_add(&judging->verdict, &one, judging->envelope.source);
}

void
judge_begin(struct arena *arena, struct slice message,
    const struct envelope *env, const struct judge_options *options,
    struct judging *judging_out)
{
	struct judging *judging = judging_out;
	struct verdict one;

	judging->message = message;
	judging->envelope = *env;
	findings_init(&judging->findings);
	structure_judge(arena, message, &mime_default_limits,
	    &judging->verdict, &judging->root);
	judging->sender = (struct sender_found){ .authors = 0 };
	find_sender(judging);
	hops_judge(message, options->hops, &one);
	judge_add(&judging->verdict, &one, env->source);
	if (env->source != SOURCE_OWN && options->host != NULL) {
		forged_judge(message, options->host, &one);
		judge_add(&judging->verdict, &one, env->source);
	}
	if (sender_concerns(env) && judging->sender.fault == NULL &&
	    options->host != NULL)
		mend(judging, options->host);
	if (envelope_is_taken_on(env->source)) {
		judging->envelope.hop = trusted_hop_find(message, env->helo);
		/* what cannot be written is not known */
		(void)verdict_set_hop(&judging->verdict,
		    judging->envelope.hop.peer, judging->envelope.hop.helo);
	}
	judging->findings.helo = helo_look(&judging->envelope,
	    options->host == NULL ? "" : options->host);
}

/* What somebody answers about held mail: the queue does it. */
static void
judge_reply(struct judging *judging)
{
	struct verdict one;

	if (!envelope_is_reply(&judging->envelope))
		return;
	held_words_judge(judging->message, &one);
	judge_add(&judging->verdict, &one, judging->envelope.source);
}

bool
judge_is_refused(const struct judging *judging)
{
	return judging->verdict.action == VERDICT_REFUSE;
}

bool
judge_may_be_spam(const struct judging *judging)
{
	const struct envelope *env = &judging->envelope;

	return env->source == SOURCE_FETCH ||
	    (env->source != SOURCE_OWN && env->login.len == 0);
}

static int
judge_spam(struct judging *judging, const struct spam_judge *spam)
{
	const struct envelope *env = &judging->envelope;
	struct verdict one;
	int r;

	if (spam == NULL || !judge_may_be_spam(judging) ||
	    judge_is_refused(judging))
		return 0;
	r = spam_judge(spam, judging->message, &one);
	if (r == 0)
		judge_add(&judging->verdict, &one, env->source);
	return r;
}

/* Those who look for spam, and what would be without them. */
static int
judge_if_spam(struct judging *judging, const struct judge_options *options)
{
	struct verdict *verdict = &judging->verdict, one;
	/* of two folders the first stays: the postmaster's */
	bool has_folder = verdict->folder[0] != '\0';
	int r;

	verdict->unless_spam = verdict->action;
	if (judging->findings.rspamd.result != RSPAMD_UNASKED) {
		rspamd_judge(&judging->findings.rspamd, &options->rspamd,
		    &one);
		judge_add(verdict, &one, judging->envelope.source);
	}
	r = judge_spam(judging, options->spam);
	verdict->is_junk = !has_folder && verdict->folder[0] != '\0';
	return r;
}

/* What is done about who sent it, and the line that says it. */
static void
judge_origin(struct judging *judging, const struct judge_options *options)
{
	enum envelope_source source = judging->envelope.source;
	struct origin_found *found = &judging->findings.origin;
	struct verdict one;

	if (options->arc_trusted != NULL)
		found->is_excused = enforce_is_excused(found,
		    slice_str(options->arc_trusted));
	results_judge(found, options->host, &one);
	judge_add(&judging->verdict, &one, source);
	enforce_judge(found, options->dmarc, source, &one);
	judge_add(&judging->verdict, &one, source);
}

/* Nothing was removed: no line says so. */
static void
drop_lines(struct verdict *verdict, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < verdict->line_count; i++)
		if (strcmp(verdict->lines[i].name, name) != 0)
			verdict->lines[left++] = verdict->lines[i];
	verdict->line_count = left;
}

/*
 * What a rule removes and what is forged may be in the same place of a message
 * that somebody has made for it.  Nothing of it goes to anybody then.
 */
static void
hold_if_crossed(const struct judging *judging, struct verdict *one)
{
	struct edits both = judging->verdict.edits;

	if (edits_add_all(&both, &one->edits) == 0)
		return;
	one->edits = (struct edits){ .count = 0 };
	drop_lines(one, EDITS_LINE);
	if (one->action < VERDICT_HOLD)
		verdict_set(one, VERDICT_HOLD, 250, "2.0.0",
		    "an attachment cannot be removed from it");
}

int
judge_end(struct judging *judging, const struct judge_options *options)
{
	ARENA_AUTO texts = arena_new(RULES_BUDGET);
	enum envelope_source source = judging->envelope.source;
	struct verdict one;
	int r;

	if (judge_is_refused(judging))
		return 0;
	if (texts == NULL)
		return -ENOMEM;
	if (judging->findings.scan_is_wanted) {
		virus_judge(&judging->findings.scan, &options->virus, &one);
		judge_add(&judging->verdict, &one, source);
	}
	if (judging->findings.origin.is_wanted)
		judge_origin(judging, options);
	if (judging->findings.listed.is_wanted) {
		listed_judge(&judging->findings.listed, &one);
		judge_add(&judging->verdict, &one, source);
	}
	r = rules_judge(rules_for(source, options), judging->message,
	    judging->root, &judging->envelope, &judging->findings,
	    options->trial, options->language, texts, &one);
	if (r < 0)
		return r;
	hold_if_crossed(judging, &one);
	judge_add(&judging->verdict, &one, source);
	judge_reply(judging);
	if (source != SOURCE_OWN)
		written_judge(judging->message, &judging->envelope,
		    &judging->findings.origin, &judging->verdict);
	return judge_if_spam(judging, options);
}
